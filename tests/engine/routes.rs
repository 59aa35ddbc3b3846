//! The pace of a route. All values of a parameter are one route, and `#[pace]` of a route goes before the block's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::stage::{Stage, get, one_worker, wait_until};
use crate::support::{Client, expect_undisturbed};
use basehttp::testing::Server;
use basehttp::{Exchange, http_handler};

/// A route that waits at the stage, and one that is never taken for slow, however busy the machine is.
struct Routed(Arc<Stage>);

/// Time that the slow route takes at least (3 ms), so that none of its runs counts as fast.
const WORK: Duration = Duration::from_millis(3);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Routed {
    #[path("/slow/{id}")]
    fn do_GET_slow(&self, id: &str) -> String {
        std::thread::sleep(WORK);
        self.0.hold("slow");
        Routed::path_slow(id)
    }

    #[path("/fast/{id}")]
    #[pace("inline")]
    fn do_GET_fast(&self, id: &str) -> String {
        Routed::path_fast(id)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

/// All methods run on the pool, except for one route.
struct Placed;

#[http_handler(protocol_version = "HTTP/1.1", pace = "pool")]
impl Placed {
    #[path("/fast/{id}")]
    #[pace("inline")]
    fn do_GET_fast(&self, id: &str) -> String {
        Placed::path_fast(id)
    }

    #[path("/other")]
    fn do_GET_other(&self) -> String {
        Placed::path_other()
    }

    fn do_GET(&self, ex: &mut Exchange) -> String {
        ex.path.to_owned()
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[track_caller]
fn expect_reply(client: &mut Client, path: &str) {
    assert_eq!(client.read_reply().text(), path);
}

#[test]
fn ever_new_values_of_a_slow_route_cost_one_rescue_and_hold_up_no_other_route() {
    /// Four times as long as unproven requests stay away from a leader after a rescue.
    const LONG_ENOUGH: Duration = Duration::from_secs(4);
    expect_undisturbed("one rescue for the slow route, and at most one where the machine stalls", || {
        let stage = Arc::new(Stage::default());
        let server = Server::start_with(one_worker(), Routed(Arc::clone(&stage))).expect("a free port");
        let mut fast = Client::of(&server);
        let began = Instant::now();
        for number in 0.. {
            let (slow_path, fast_path) = (format!("/slow/{number}"), format!("/fast/{number}"));
            stage.close("slow");
            // A thread of the pool would keep a connection that only blocks.
            let mut slow = Client::sending(&server, get(&slow_path));
            stage.wait_for("slow");
            if number == 0 {
                wait_until(server.server_handle(), "the first one has cost a leader", |stats| stats.rescues >= 1);
            }
            fast.send(get(&fast_path));
            expect_reply(&mut fast, &fast_path);
            stage.open("slow");
            expect_reply(&mut slow, &slow_path);
            if began.elapsed() > LONG_ENOUGH {
                break;
            }
        }
        server.server_handle().stats().rescues <= 2
    });
}

#[test]
fn the_pace_of_a_route_goes_before_that_of_the_block() {
    let server = Server::start_with(one_worker(), Placed).expect("a free port");
    let mut client = Client::of(&server);
    // Over TLS, the first request may be served where its handshake was made.
    client.send(get("/fast/first"));
    expect_reply(&mut client, "/fast/first");
    wait_until(server.server_handle(), "it is parked", |stats| stats.parked == 1);
    let before = server.server_handle().stats().pooled;
    for number in 0..20 {
        let path = format!("/fast/{number}");
        client.send(get(&path));
        expect_reply(&mut client, &path);
    }
    assert_eq!(server.server_handle().stats().pooled, before, "the route says inline");
    for (number, path) in ["/other", "/none"].into_iter().enumerate() {
        client.send(get(path));
        expect_reply(&mut client, path);
        wait_until(server.server_handle(), "the block says pool", |stats| stats.pooled == before + number as u64 + 1);
    }
}
