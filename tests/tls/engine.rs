//! Sessions in the engine: parked, on threads of the pool, with scripts, and at the end of the server.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};
use rustls::version::TLS13;

use crate::secured::{
    SHORT, Secured, TlsClient, VERSIONS, client_config, connect, read_to_any_end, secured, server, session,
};
use crate::support::scripts::Scripts;
use crate::support::stage::{ping, start, wait_until};

/// Every request needs a thread of the pool.
struct Pooled;

#[http_handler(protocol_version = "HTTP/1.1", pace = "pool")]
impl Pooled {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, ex.path)?)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let count = std::io::copy(&mut ex.rfile, &mut std::io::sink())?;
        Ok(ex.send_text(200, count.to_string())?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

/// A thread of the pool keeps such a connection, and its reads wait in the kernel.
#[test]
fn requests_that_need_a_thread_are_served_in_a_row() {
    let server = Server::start_with(secured(), Pooled).expect("a free port");
    let mut client = TlsClient::of(&server);
    for number in 0..20 {
        assert_eq!(client.ask(&format!("/{number}")).text(), format!("/{number}"));
    }
    let length = 9_000;
    let upload = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{}", "a".repeat(length));
    for _ in 0..20 {
        // In one record, of which the second request stays behind in the session.
        client.send(format!("{upload}{}", TlsClient::get("/behind")));
        assert_eq!(client.read_reply().text(), length.to_string());
        assert_eq!(client.read_reply().text(), "/behind");
        // In pieces of a record.
        let records = client.encrypt(TlsClient::get("/pieces").as_bytes());
        for piece in records.chunks(records.len() / 3) {
            client.stream().write_all(piece).expect("the server takes it");
        }
        assert_eq!(client.read_reply().text(), "/pieces");
    }
}

#[test]
fn idle_sessions_hold_no_thread() {
    let server = Server::start_with(secured().workers(1).max_threads(2), Secured).expect("a free port");
    let mut clients: Vec<_> = (0..40).map(|_| TlsClient::of(&server)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.ask(&format!("/{number}")).text(), format!("/{number}"));
    }
    // And handshakes that do not go on.
    let hello = {
        let mut bytes = Vec::new();
        session(client_config(&[&TLS13])).write_tls(&mut bytes).expect("memory takes everything");
        bytes
    };
    let halves: Vec<_> = (0..40)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(&hello[..hello.len() / 2]).expect("the server takes it");
            stream
        })
        .collect();
    wait_until(server.server_handle(), "all of them wait", |stats| stats.parked == 80);
    for client in &mut clients {
        assert_eq!(client.ask("/again").text(), "/again");
    }
    drop(halves);
}

/// Two steps of a handshake are all that the server has seen, and the queue has room, in which others would wait for
/// the only thread. It has two shards, so that threads are left for leaders that are preempted.
#[test]
fn handshakes_with_a_fresh_server_do_not_wait_for_a_pool_that_is_stuck() {
    let (server, stage) = start(secured().workers(2).max_threads(1));
    let mut held = TlsClient::of(&server);
    held.send(TlsClient::get("/hold/a"));
    stage.wait_for("a");
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        client.send(ping("/"));
        assert_eq!(client.read_reply().text(), "pong", "{name}");
    }
    assert!(stage.holds("a"), "they came while the thread was stuck");
    stage.open("a");
    assert_eq!(held.read_reply().text(), "a");
}

#[test]
fn the_end_of_the_server_waits_for_responses_and_not_for_handshakes() {
    let server = server();
    let mut reading = TlsClient::of(&server);
    reading.send(TlsClient::get("/large"));
    wait_until(server.server_handle(), "the response waits", |stats| stats.parked == 1 && stats.bytes_sent > 0);
    let (mut silent, mut half) = (connect(&server), connect(&server));
    half.write_all(&[0x16, 3, 1]).expect("the server takes it");
    wait_until(server.server_handle(), "they are there", |stats| stats.parked == 3);
    let handle = server.server_handle().clone();
    let draining = std::thread::spawn(move || handle.drain(Duration::from_secs(60)));
    read_to_any_end(&mut silent);
    read_to_any_end(&mut half);
    assert_eq!(reading.read_reply().body.len(), crate::secured::LARGE_BYTES);
    reading.expect_end();
    let report = draining.join().expect("no panic").expect("it was running");
    assert_eq!(report.cut, 0, "nothing was cut off");
}

#[test]
fn a_body_that_comes_slowly_is_refused_in_its_time() {
    let server = Server::start_with(secured().body_stall_timeout(SHORT), Secured).expect("a free port");
    for length in [100, 1_000_000] {
        let mut client = TlsClient::of(&server);
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nabc"));
        // A part of a record is no progress.
        let records = client.encrypt(b"defg");
        client.stream().write_all(&records[..7]).expect("the server takes it");
        assert_eq!(client.read_reply().status, 408, "{length}");
    }
}

#[test]
fn a_client_may_change_its_keys() {
    let server = server();
    let mut client = TlsClient::of(&server);
    for _ in 0..20 {
        client.tls().refresh_traffic_keys().expect("of TLS 1.3");
        assert_eq!(client.ask("/fresh").text(), "/fresh");
    }
}

/// rustls counts them, and gives up. Without that they would be work without end.
#[test]
fn a_flood_of_messages_that_mean_nothing_ends_the_connection() {
    let server = server();
    let change_cipher_spec = [0x14, 3, 3, 0, 1, 1];
    let warning = [0x15, 3, 3, 0, 2, 1, 90];
    for record in [&change_cipher_spec[..], &warning[..]] {
        let (mut tls, mut stream) = (session(client_config(&[&TLS13])), connect(&server));
        tls.write_tls(&mut stream).expect("the server takes it");
        // The server may have closed before all of it is sent.
        let _ = (0..1000).try_for_each(|_| stream.write_all(record));
        read_to_any_end(&mut stream);
    }
    let mut client = TlsClient::of(&server);
    for _ in 0..1000 {
        client.tls().refresh_traffic_keys().expect("of TLS 1.3");
    }
    // It may go on or end, but it must not hang.
    let _ = client.try_send(TlsClient::get("/after"));
    let _ = client.try_read_reply("GET");
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
}

/// The memory of unfinished requests is shared, whatever layer they are unfinished in.
#[test]
fn unfinished_messages_together_hold_no_more_memory_than_they_may() {
    let server = Server::start_with(secured().max_unfinished_bytes(20_000), Secured).expect("a free port");
    let handle = server.server_handle();
    // The first record of a first message of 60,000 bytes, which takes 12 KiB of the memory.
    let mut first = vec![0x16, 3, 1, 0x3f, 0xfc, 1, 0, 0xea, 0x60];
    first.resize(5 + 0x3ffc, 0);
    let mut waiting = connect(&server);
    waiting.write_all(&first).expect("the server takes it");
    wait_until(handle, "it waits for more", |stats| stats.parked == 1 && stats.accepted == 1);
    let mut refused = Vec::new();
    while handle.stats().errors.resource_limit == 0 {
        let mut stream = connect(&server);
        // The server may close before all of it is sent.
        let _ = stream.write_all(&first);
        refused.push(stream);
        assert!(refused.len() < 50, "{:?}", handle.stats());
        wait_until(handle, "it is there", |stats| stats.accepted == refused.len() as u64 + 1);
    }
    // A usual client needs no memory beside its own.
    let mut client = TlsClient::of(&server);
    assert_eq!(client.ask("/well").text(), "/well");
    // A part of a large record takes memory, too.
    let records = client.encrypt(&[b'x'; 16_000]);
    client.stream().write_all(&records[..14_000]).expect("the server takes it");
    assert_eq!(client.read_reply().status, 503);
    client.expect_end();
    drop((waiting, refused, client));
    wait_until(handle, "it is given back", |stats| stats.connections == 0);
    assert_eq!(TlsClient::of(&server).ask("/after").text(), "/after");
}

/// A file takes no memory by itself. A part of it is encrypted for a client that does not read on.
#[test]
fn encrypted_parts_of_responses_together_hold_no_more_memory_than_they_may() {
    let server = Server::start_with(secured().max_unsent_bytes(1), Secured).expect("a free port");
    let handle = server.server_handle();
    let mut slow = Vec::new();
    while handle.stats().errors.resource_limit == 0 {
        let mut client = TlsClient::of(&server);
        client.send(TlsClient::get("/file"));
        slow.push(client);
        assert!(slow.len() < 50, "{:?}", handle.stats());
        wait_until(handle, "it waits for its reader, or is cut off", |stats| {
            stats.requests == slow.len() as u64 && stats.parked + stats.errors.resource_limit == stats.requests
        });
    }
    // Whichever asks for more than is left is cut off. The others get all of the file.
    let wholes = slow.into_iter().filter_map(|mut client| client.try_read_reply("GET").ok());
    let (mut whole, all) = (0, handle.stats().requests);
    for reply in wholes {
        assert_eq!(reply.body.len(), crate::secured::LARGE_BYTES);
        whole += 1;
    }
    assert_eq!(handle.stats().errors.resource_limit, all - whole);
    // What is sent is given back.
    assert_eq!(TlsClient::of(&server).ask("/file").body.len(), crate::secured::LARGE_BYTES);
}

/// Sends its input back, as it comes.
const CAT: &str = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; exec cat\n";

#[test]
fn a_script_gets_a_body_that_is_decrypted_already() {
    let scripts = Scripts::with(&[("cat", CAT)]);
    let server = Server::start_with(secured(), scripts.site()).expect("a free port");
    // Around the size up to which a body is read ahead, so that its end is in the session when the script starts.
    for length in [0, 1, 65_536, 65_537, 66_000, 70_000, 80_000, 200_000] {
        let body: Vec<u8> = (0..length).map(|number: u32| number.to_le_bytes()[1]).collect();
        let mut client = TlsClient::of(&server);
        client.send(format!("POST /cgi-bin/cat HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"));
        client.send(&body);
        let reply = client.read_reply();
        assert!(reply.status == 200 && reply.body == body, "{length}: {reply:.200?}");
    }
}

/// Takes the connection, and reads it by a poller as the documentation says.
struct Polled;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Polled {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(101).send_header("Upgrade", "x").send_header("Connection", "Upgrade").end_headers()?;
        let mut line = ex.hijack()?;
        let mut count = 0;
        while count < 100_000 {
            if line.buffer().is_empty() {
                let mut polled = [rustix::event::PollFd::new(&line, rustix::event::PollFlags::IN)];
                let time = rustix::event::Timespec { tv_sec: 10, tv_nsec: 0 };
                if rustix::event::poll(&mut polled, Some(&time))? == 0 {
                    return Err("the poller does not tell of what is there".into());
                }
            }
            count += line.read(&mut [0; 1000])?;
        }
        line.write_all(b"all of it")?;
        line.shutdown(Shutdown::Write)?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn a_hijacked_session_can_be_polled() {
    let server = Server::start_with(secured(), Polled).expect("a free port");
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        client.send(TlsClient::get("/") + &"x".repeat(100_000));
        assert_eq!(client.read_reply().status, 101, "{name}");
        assert_eq!(client.try_read_to_end().expect("a close_notify"), b"all of it", "{name}");
    }
}
