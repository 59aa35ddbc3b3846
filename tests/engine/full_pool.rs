//! Fast handlers while every thread of the pool is taken, and the queue is full. They are served on the leader, also if
//! they were slow for a moment, and threads are left to replace the leader. The hooks that stand before them wait for
//! the pool as little.

use std::fmt;
use std::sync::Arc;
use std::thread;

use crate::support::Client;
use crate::support::stage::{NAP, Stage, expect_ping, expect_served, get, one_worker, ping, start, upload, wait_until};
use basehttp::testing::Server;
use basehttp::{Address, Exchange, http_handler};

/// Threads of the pool, and paths that a test asks for. On a busy machine a few of the paths may look slow, so that the
/// tests demand that one of them is served.
const THREADS: usize = 2;
const PATHS: usize = 10;

fn one_small_pool() -> (Server, Arc<Stage>) {
    start(one_worker().max_threads(THREADS).max_queued(1))
}

/// Connects clients that ask later. The machine may be so busy that handshakes look slow, and then there is none while
/// the last threads are left for what is known to be fast.
fn connected(server: &Server, count: usize) -> Vec<Client> {
    (0..count).map(|_| Client::sending(server, "")).collect()
}

/// Takes every thread of the pool, and the only place of the queue. So many other clients are connected.
fn fill_pool(server: &Server, stage: &Stage, known: usize) -> Vec<Client> {
    let known = known as u64;
    // A connection that comes back at once may stay with the thread it was on.
    wait_until(server.server_handle(), "all threads are free", |stats| {
        stats.connections == known && stats.parked == known
    });
    let mut held = Vec::new();
    for name in ["a", "b"] {
        held.push(Client::sending(server, upload(&format!("/hold/{name}"))));
        stage.wait_for(name);
    }
    held.push(Client::sending(server, upload("/hold/queued")));
    wait_until(server.server_handle(), "one waits in the queue", |stats| {
        stats.connections == known + 3 && stats.parked == known && stats.in_handlers == THREADS as u64
    });
    assert_eq!(Client::sending(server, upload("/")).read_reply().status, 503, "and there is no room for another one");
    held
}

/// Lets go of the requests of [`fill_pool`].
fn empty_pool(held: &mut [Client], stage: &Stage) {
    for name in ["a", "b", "queued"] {
        stage.open(name);
    }
    for client in held {
        assert_eq!(client.read_reply().status, 200);
    }
}

/// Asks for each path with a connection of its own. Returns how many were served.
fn count_served(clients: Vec<Client>, path: impl Fn(usize) -> String) -> usize {
    let statuses = clients.into_iter().enumerate().map(|(number, mut client)| {
        client.send(get(&path(number)));
        client.read_reply().status
    });
    statuses.filter(|status| *status == 200).count()
}

#[test]
fn a_fast_handler_that_was_slow_three_times_in_a_row_needs_no_thread() {
    let (server, stage) = one_small_pool();
    for number in 0..PATHS {
        let mut client = Client::of(&server);
        (0..8).for_each(|_| expect_served(&mut client, &format!("/nap/{number}")));
        for _ in 0..4 {
            client.send(get(&format!("/nap/{number}?long")));
            assert_eq!(client.read_reply().status, 200);
        }
    }
    let clients = connected(&server, PATHS);
    let mut held = fill_pool(&server, &stage, PATHS);
    let count = count_served(clients, |number| format!("/nap/{number}"));
    assert!(count > 0, "each of them had fast runs, too: {:?}", server.server_handle().stats());
    empty_pool(&mut held, &stage);
}

#[test]
fn handlers_that_block_at_times_leave_a_thread_for_a_leader_of_the_fast_ones() {
    const MOODY: usize = 3;
    let (server, stage) = one_small_pool();
    for number in 0..MOODY {
        let name = format!("moody{number}");
        let mut client = Client::of(&server);
        // Whether it runs on the leader or in the pool, it is slow three times, and then fast.
        for _ in 0..3 {
            client.send(get(&format!("/hold/{name}")));
            stage.wait_for(&name);
            thread::sleep(NAP);
            stage.open(&name);
            assert_eq!(client.read_reply().text(), name);
            stage.close(&name);
        }
        stage.open(&name);
        (0..2).for_each(|_| expect_served(&mut client, &format!("/hold/{name}")));
        stage.close(&name);
    }
    for number in 0..PATHS {
        let mut client = Client::of(&server);
        (0..10).for_each(|_| expect_served(&mut client, &format!("/{number}")));
    }
    let (clients, mut stuck) = (connected(&server, PATHS), connected(&server, MOODY));
    let mut held = fill_pool(&server, &stage, PATHS + MOODY);
    for (number, client) in stuck.iter_mut().enumerate() {
        let before = server.server_handle().stats();
        let name = format!("moody{number}");
        client.send(get(&format!("/hold/{name}")));
        wait_until(server.server_handle(), "it is refused, or blocks a leader that is replaced", |stats| {
            stats.busy > before.busy || stage.was_entered(&name) && stats.rescues > before.rescues
        });
    }
    let count = count_served(clients, |number| format!("/{number}"));
    assert!(count > 0, "the others wait for none of them: {:?}", server.server_handle().stats());
    (0..MOODY).for_each(|number| stage.open(&format!("moody{number}")));
    for client in &mut stuck {
        assert!(matches!(client.read_reply().status, 200 | 503));
    }
    empty_pool(&mut held, &stage);
}

/// Has hooks of its own, and waits at the stage.
struct Hooked(Arc<Stage>);

#[http_handler(protocol_version = "HTTP/1.1", pace = "inline")]
impl Hooked {
    fn do_PING(&self) -> &'static str {
        "pong"
    }

    #[pace("pool")]
    fn do_GET(&self) -> &'static str {
        self.0.hold("a");
        "held"
    }

    fn verify_request(&self, _: &Address) -> bool {
        true
    }

    fn log_error(&self, _: &Exchange, _: fmt::Arguments) {}
    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// The hooks have run once or never, and the queue has room, in which they would wait for the only thread.
#[test]
fn newcomers_and_refusals_of_a_fresh_server_do_not_wait_for_a_pool_that_is_stuck() {
    let stage = Arc::new(Stage::default());
    let server = Server::start_with(one_worker().max_threads(1), Hooked(Arc::clone(&stage))).expect("a free port");
    let mut held = Client::sending(&server, get("/"));
    stage.wait_for("a");
    expect_ping(&mut Client::of(&server));
    assert_eq!(Client::sending(&server, "nonsense\r\n\r\n").read_reply().status, 400);
    expect_ping(&mut Client::of(&server));
    assert!(stage.holds("a"), "they came while the thread was stuck");
    stage.open("a");
    assert_eq!(held.read_reply().text(), "held");
}

/// A leader that was replaced belongs to the pool from then on. It takes no job next while the last threads are left
/// for leaders, so that no request may be put into the full queue for it.
#[test]
fn a_request_behind_one_that_cost_a_leader_is_refused_like_any_other_if_the_queue_is_full() {
    let (server, stage) = one_small_pool();
    let mut held = fill_pool(&server, &stage, 0);
    let before = server.server_handle().stats().rescues;
    let mut client = Client::sending(&server, ping("/hold/leader") + &get("/never-seen"));
    stage.wait_for("leader");
    wait_until(server.server_handle(), "the leader is replaced", |stats| stats.rescues > before);
    stage.open("leader");
    assert_eq!(client.read_reply().text(), "leader");
    assert_eq!(client.read_reply().status, 503, "{:?}", server.server_handle().stats());
    empty_pool(&mut held, &stage);
}
