//! The ends of sessions. They have a message when nothing is missing, and none when something is.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;

use basehttp::testing::Server;

use crate::secured::{LARGE_BYTES, Secured, TlsClient, VERSIONS, client_config, secured, server};
use crate::support::stage::wait_until;

#[test]
fn every_session_that_the_server_ends_has_a_close_notify() {
    let server = server();
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert_eq!(client.ask("/until-close").text(), "to the end", "{name}");
        client.expect_end();
        let mut client = TlsClient::with(&server, client_config(&[version]));
        client.send("GET / HTTP/1.0\r\n\r\n");
        assert_eq!(client.read_reply().text(), "/", "{name}");
        client.expect_end();
        let mut client = TlsClient::with(&server, client_config(&[version]));
        client.send("nonsense\r\n\r\n and more of it");
        assert_eq!(client.read_reply().status, 400, "{name}");
        client.expect_end();
    }
}

#[test]
fn idle_sessions_end_well_at_their_deadline_and_when_the_server_ends() {
    let builder = secured().idle_timeout(crate::secured::SHORT);
    let expiring = Server::start_with(builder, Secured).expect("a free port");
    let mut client = TlsClient::of(&expiring);
    assert_eq!(client.ask("/once").text(), "/once");
    client.expect_end();
    let server = server();
    let mut client = TlsClient::of(&server);
    assert_eq!(client.ask("/once").text(), "/once");
    server.stop().expect("it ends");
    client.expect_end();
}

#[test]
fn a_response_that_is_cut_off_ends_without_a_close_notify() {
    let server = server();
    let mut client = TlsClient::of(&server);
    client.send(TlsClient::get("/cut"));
    let error = client.try_read_to_end().expect_err("it must not look whole");
    assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
}

#[test]
fn a_body_that_ends_without_a_close_notify_is_refused() {
    let server = server();
    for head in ["Content-Length: 10", "Transfer-Encoding: chunked", "Content-Length: 1000000"] {
        let mut client = TlsClient::of(&server);
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n3\r\nabc\r\n"));
        client.stream().shutdown(Shutdown::Write).expect("the connection is open");
        let reply = client.read_reply();
        assert_eq!((reply.status, reply.field("Connection")), (400, Some("close")), "{head}");
    }
    wait_until(server.server_handle(), "each of them counts", |stats| stats.errors.bad_bodies == 3);
}

#[test]
fn a_client_that_ends_its_side_well_gets_its_response() {
    let server = server();
    let mut client = TlsClient::of(&server);
    client.send(TlsClient::get("/last"));
    client.tls().send_close_notify();
    client.send("");
    assert_eq!(client.read_reply().text(), "/last");
    client.expect_end();
}

#[test]
fn a_connection_that_ends_anywhere_leaves_nothing_behind() {
    let server = server();
    let handle = server.server_handle();
    for (part, why) in [
        ("", "idle"),
        ("GET / HT", "in a head"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", "in a body"),
    ] {
        let mut client = TlsClient::of(&server);
        assert_eq!(client.ask("/once").text(), "/once");
        if !part.is_empty() {
            client.send(part);
        }
        client.stream().shutdown(Shutdown::Both).expect("the connection is open");
        drop(client);
        wait_until(handle, why, |stats| stats.connections == 0);
    }
    assert_eq!(handle.stats().errors.tls, 0, "the end of a connection is not a fault of TLS");
}

#[test]
fn a_broken_record_ends_the_session_with_an_alert() {
    let server = server();
    for (name, version) in VERSIONS {
        let before = server.server_handle().stats().errors.tls;
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert_eq!(client.ask("/once").text(), "/once");
        let mut records = client.encrypt(TlsClient::get("/broken").as_bytes());
        *records.last_mut().expect("there is one") ^= 1;
        client.stream().write_all(&records).expect("the server takes it");
        let error = client.try_read_to_end().expect_err("an alert");
        assert!(error.to_string().contains("BadRecordMac"), "{name}: {error}");
        wait_until(server.server_handle(), "it is counted", |stats| stats.errors.tls == before + 1);
    }
}

#[test]
fn a_record_that_is_too_long_ends_the_session_with_an_alert() {
    let server = server();
    let mut client = TlsClient::of(&server);
    assert_eq!(client.ask("/once").text(), "/once");
    let mut record = vec![0x17, 3, 3, 0xff, 0xff];
    record.resize(5 + 0xffff, 0);
    // The server may have closed before all of it is sent.
    let _ = client.stream().write_all(&record);
    let error = client.try_read_to_end().expect_err("an alert, or a reset behind it");
    assert!(matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::ConnectionReset), "{error}");
    wait_until(server.server_handle(), "it is counted", |stats| stats.errors.tls == 1);
}

/// The client's message that it sends no more, and the end below it, may come at any time.
#[test]
fn a_client_that_has_ended_both_layers_gets_a_long_response() {
    let server = server();
    for (name, version) in VERSIONS {
        for (path, ending) in [("/stream", "HTTP/1.0"), ("/file", "HTTP/1.1")] {
            let mut client = TlsClient::with(&server, client_config(&[version]));
            client.send(format!("GET {path} {ending}\r\nHost: x\r\n\r\n"));
            client.tls().send_close_notify();
            client.send("");
            client.stream().shutdown(Shutdown::Write).expect("the connection is open");
            let reply = client.try_read_reply("GET");
            let length = reply.as_ref().map(|reply| reply.body.len()).map_err(std::io::Error::kind);
            assert_eq!(length, Ok(LARGE_BYTES), "{name} {path} {ending}");
            client.expect_end();
        }
    }
}
