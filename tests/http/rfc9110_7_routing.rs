//! Requests whose target does not fit the connection that they came over. RFC 9110, section 7.

use std::io::{BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use crate::support::does::{Does, HEAD};
use crate::support::witness::{GOOD, Witness, check_last_words, codes};
use crate::support::{Client, Reply};
use basehttp::Connection;
use basehttp::testing::Server;

/// An `https` URI may not be asked for over a connection that is not secured (7.4), and 421 says so (15.5.20).
#[test]
fn an_https_target_over_a_plain_connection_is_misdirected() {
    let witness = Witness::default();
    let server = witness.serve();
    // Request line without version, and the fields behind it.
    let table = [
        ("GET https://h/", "Host: h\r\n", 421, "https"),
        ("GET hTTpS://h/", "Host: h\r\n", 421, "schemes have no case"),
        ("GET https://h", "Host: h\r\n", 421, "no path"),
        ("GET https://h?q", "Host: h\r\n", 421, "no path, and a query"),
        ("GET https://h:443/", "Host: h\r\n", 421, "the scheme's own port"),
        ("GET https://h/", "Host: h:443\r\n", 421, "the scheme's own port"),
        ("GET https://h:80/", "Host: h:80\r\n", 421, "another port"),
        ("OPTIONS https://h", "Host: h\r\n", 421, "the server as a whole"),
        ("DELETE https://h/x", "Host: h\r\n", 421, "any method"),
        ("SPAM https://h/x", "Host: h\r\n", 421, "any method"),
        ("POST https://h/", "Host: h\r\nContent-Length: 38\r\n", 421, "with a body"),
        ("POST https://h/", "Host: h\r\nTransfer-Encoding: chunked\r\n", 421, "with a body"),
        ("GET https://h/", "Host: h\r\nX-Forwarded-Proto: https\r\n", 421, "who says so may be anybody"),
        ("GET https://h/", "Host: h\r\nForwarded: proto=https\r\nVia: 1.1 p\r\n", 421, "who says so may be anybody"),
        ("GET https://h/", "Host: h\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n", 421, "not secured yet"),
        ("GET https://h/", "", 400, "no Host comes first"),
        ("GET https://h/", "Host: i\r\n", 400, "another host comes first"),
        ("GET https://h/", "Host: h:80\r\n", 400, "another port comes first"),
        ("GET https://u@h/", "Host: h\r\n", 400, "a malformed target comes first"),
        ("GET https:///", "Host: h\r\n", 400, "a malformed target comes first"),
        ("GET https:/h/", "Host: h\r\n", 400, "no form at all"),
        ("GET wss://h/", "Host: h\r\n", 400, "no scheme of HTTP"),
        ("GET httpss://h/", "Host: h\r\n", 400, "no scheme of HTTP"),
    ];
    for (start, fields, code, why) in table {
        let head = format!("{start} HTTP/1.1\r\n{fields}\r\n");
        check_last_words(&server, &witness, head.as_bytes(), &[code], why);
        let behind = format!("{GOOD}{head}");
        check_last_words(&server, &witness, behind.as_bytes(), &[200, code], why);
    }
    check_last_words(&server, &witness, b"GET https://h/ HTTP/1.0\r\n\r\n", &[421], "HTTP/1.0");
    for (start, why) in [
        ("GET http://h:443/", "a port says nothing of a scheme"),
        ("GET /https://h:443/", "a path"),
        ("GET //https://h:443/", "a path"),
        ("GET /?https://h:443/", "a query"),
        ("OPTIONS *", "no scheme"),
    ] {
        let replies = witness.ask(format!("{start} HTTP/1.1\r\nHost: h:443\r\n\r\n"));
        assert_eq!(codes(&replies), [200], "{start}: {why}");
    }
    let replies = witness.ask("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(codes(&replies), [403], "a tunnel secures itself: the handler decides");
}

/// The 421 explains itself (15.5.20), but not to HEAD (9.3.2).
#[test]
fn a_misdirected_request_is_told_why() {
    let server = Server::start(Does(|ex| Ok(ex.send_text(200, "")?))).expect("a free port");
    let mut client = Client::sending(&server, "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n");
    let reply = client.read_reply();
    assert_eq!((reply.status, &*reply.reason), (421, "Misdirected Request"));
    assert!(reply.text().contains("this connection is not secured"), "{}", reply.text());
    client.expect_end();
    let mut client = Client::sending(&server, HEAD.replace(" / ", " https://h/ "));
    assert_eq!(client.try_read_reply("HEAD").expect("a head").status, 421);
    client.expect_end();
}

/// Nor are other streams taken for a trusted gateway's.
#[test]
fn no_kind_of_connection_is_secured_by_itself() {
    let witness = Witness::default();
    assert_eq!(codes(&witness.ask("GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n")), [421], "memory");
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    (&theirs).write_all(b"GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n").expect("room for a head");
    theirs.shutdown(Shutdown::Write).expect("it is open");
    Connection::new(ours, &witness).handle();
    assert_eq!(Reply::read(&mut BufReader::new(theirs), "GET").expect("a reply").status, 421, "a pipe");
    assert!(witness.take_seen().is_empty());
}
