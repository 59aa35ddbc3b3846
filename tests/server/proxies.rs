//! Behind a proxy: the fields in which it names the client, and the peers that it is believed from.

use std::fmt;
use std::io;
use std::sync::mpsc::{Sender, channel};

use basehttp::testing::Server;
use basehttp::{Cookie, Exchange, HTTPServer, HTTPServerBuilder, http_handler};

use crate::support::{Client, Reply};

/// Says who asks, and sends its log lines to the test.
struct Mirror {
    lines: Sender<String>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Mirror {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        let (client, peer) = (&ex.client_address, ex.peer_address().ip().expect("over TCP"));
        let text = format!("{client} by {peer}: {}://{}", ex.scheme(), ex.authority().unwrap_or("-"));
        ex.send_cookie(Cookie::new("a", "b")).send_text(200, text)
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        let body = ex.read_text(1000)?;
        ex.send_text(200, format!("{} from {}", body.len(), ex.client_address))
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
        // The test may have ended.
        let _ = self.lines.send(format!("{} {message}", ex.address_string()));
    }
}

fn start(builder: HTTPServerBuilder) -> Server {
    Server::start_with(builder, Mirror { lines: channel().0 }).expect("it binds")
}

/// Believes clients on this computer and 10.0.0.0/8.
fn trusting(fields: &[&str]) -> HTTPServerBuilder {
    HTTPServer::builder().trust_proxies(["127.0.0.0/8", "10.0.0.0/8"]).forwarded_fields(fields)
}

const ALL_X: [&str; 3] = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];

/// The reply to a GET with these field lines.
fn get(server: &Server, lines: &str) -> Reply {
    Client::sending(server, format!("GET / HTTP/1.1\r\nHost: inner\r\n{lines}\r\n")).read_reply()
}

#[test]
fn a_trusted_proxy_says_who_the_client_is() {
    let x = start(trusting(&ALL_X));
    let standard = start(trusting(&["forwarded"]));
    let table = [
        (&x, "", "127.0.0.1:", "http://inner"),
        (&x, "X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7:0 by", "http://inner"),
        (&x, "X-Forwarded-For: 1.1.1.1, 203.0.113.7, 10.0.0.1\r\n", "203.0.113.7:0 by", "http://inner"),
        (&x, "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 10.0.0.1\r\n", "203.0.113.7:0 by", "http://inner"),
        (&x, "X-Forwarded-For: 1.1.1.1:_port, 203.0.113.7, 10.0.0.1\r\n", "203.0.113.7:0 by", "http://inner"),
        (&x, "X-Forwarded-For: unknown\r\n", "- by", "http://inner"),
        (&x, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n", "127.0.0.1:", "https://example.org"),
        (&x, "Forwarded: for=203.0.113.7\r\n", "127.0.0.1:", "http://inner"),
        (&standard, "Forwarded: for=203.0.113.7;proto=https;host=a\r\n", "203.0.113.7:0 by", "https://a"),
        (&standard, "Forwarded: for=203.0.113.7\r\nForwarded: for=10.0.0.1\r\n", "203.0.113.7:0 by", "http://inner"),
        (&standard, "Forwarded: for=\"[2001:db8::1]:4711\"\r\n", "[2001:db8::1]:4711 by", "http://inner"),
        (&standard, "X-Forwarded-For: 203.0.113.7\r\n", "127.0.0.1:", "http://inner"),
    ];
    for (server, lines, client, url) in table {
        let reply = get(server, lines);
        let text = reply.text();
        assert!(text.starts_with(client) && text.ends_with(&format!(" by 127.0.0.1: {url}")), "{lines}: {text}");
        let cookie = reply.field("Set-Cookie").expect("a cookie");
        assert_eq!(cookie.contains("Secure"), url.starts_with("https"), "{lines}: {cookie}");
    }
}

#[test]
fn a_stranger_says_nothing_whatever_it_writes() {
    let plain = start(HTTPServer::builder());
    let elsewhere = start(HTTPServer::builder().trust_proxies(["192.0.2.0/24", "::1"]).forwarded_fields(ALL_X));
    let standard = start(HTTPServer::builder().trust_proxies(["192.0.2.1"]).forwarded_fields(["Forwarded"]));
    for server in [&plain, &elsewhere, &standard] {
        let spoofed = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n\
                       Forwarded: for=192.0.2.1;proto=https;host=evil\r\nX-Real-IP: 192.0.2.1\r\n";
        let text = get(server, spoofed).text().to_owned();
        assert!(text.starts_with("127.0.0.1:") && text.ends_with("http://inner"), "{text}");
        let nonsense = "X-Forwarded-Proto: ftp\r\nForwarded: \"\r\n";
        assert_eq!(get(server, nonsense).status, 200, "it is not read");
    }
}

#[test]
fn a_trusted_proxy_that_says_nonsense_gets_400_and_the_log_tells() {
    let (lines, log) = channel();
    let server = Server::start_with(trusting(&["Forwarded"]), Mirror { lines }).unwrap();
    let table = [
        ("for=\"1.1.1.1, for=203.0.113.7", "127.0.0.1 "),
        ("for=203.0.113.7;proto=ftp", "203.0.113.7 "),
        ("host=\"a b\"", "- "),
        ("for=a;for=b", "127.0.0.1 "),
    ];
    for (nonsense, client) in table {
        let reply = get(&server, &format!("Forwarded: {nonsense}\r\n"));
        assert_eq!((reply.status, reply.field("Connection")), (400, Some("close")), "{nonsense}");
        for about in ["the fault", "the response"] {
            let line = log.recv().expect("a line");
            assert!(line.starts_with(client), "{about}, as far as the client can be read: {line}");
        }
    }
    let handle = server.server_handle().clone();
    server.stop().unwrap();
    assert_eq!(handle.stats().errors.bad_heads, 4);
}

#[test]
fn the_log_names_the_client() {
    let (lines, log) = channel();
    let server = Server::start_with(trusting(&ALL_X), Mirror { lines }).unwrap();
    get(&server, "X-Forwarded-For: 203.0.113.7\r\n");
    assert!(log.recv().expect("a line").starts_with("203.0.113.7 \"GET / HTTP/1.1\" 200"));
}

#[test]
fn each_request_of_a_connection_has_its_own_client() {
    let server = start(trusting(&ALL_X));
    let request = |client: u8| format!("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.{client}\r\n\r\n");
    let mut client = Client::sending(&server, [1, 2, 3].map(request).concat());
    for number in [1, 2, 3] {
        assert!(client.read_reply().text().starts_with(&format!("203.0.113.{number}:0 ")));
    }
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(client.read_reply().text().starts_with("127.0.0.1:"), "and none if the proxy says none");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.4\r\nContent-Length: 2\r\n\r\nh");
    client.send("i");
    assert_eq!(client.read_reply().text(), "2 from 203.0.113.4:0", "a body that comes later");
}

#[test]
fn an_https_target_is_served_for_a_proxy_that_has_ended_tls() {
    let server = start(trusting(&ALL_X));
    let ask = |lines: &str| {
        Client::sending(&server, format!("GET https://a/ HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).read_reply().status
    };
    assert_eq!(ask("X-Forwarded-Proto: https\r\n"), 200);
    assert_eq!(ask("X-Forwarded-Proto: http\r\n"), 421);
    assert_eq!(ask(""), 421);
    assert_eq!(ask("Forwarded: proto=https\r\n"), 421, "a field that is not read");
    let strangers = start(HTTPServer::builder().trust_proxies(["192.0.2.1"]).forwarded_fields(ALL_X));
    let request = "GET https://a/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n";
    assert_eq!(Client::sending(&strangers, request).read_reply().status, 421);
}

#[test]
fn a_chain_of_a_thousand_hops_is_read_or_refused_by_its_length() {
    let server = start(trusting(&ALL_X));
    let chain = |hops: usize| format!("X-Forwarded-For: 203.0.113.7{}\r\n", ", 10.0.0.1".repeat(hops));
    assert!(get(&server, &chain(1000)).text().starts_with("203.0.113.7:0 "));
    assert_eq!(get(&server, &chain(4000)).status, 431, "the line is too long");
}

#[test]
fn options_that_believe_too_much_or_nothing_are_refused_with_what_to_write() {
    let builder = HTTPServer::builder;
    let table = [
        (builder().trust_proxies(["10.0.0.0/8"]), "write forwarded_fields("),
        (builder().forwarded_fields(ALL_X), "write trust_proxies("),
        (trusting(&["Forwarded", "X-Forwarded-For"]), "write the ones that your proxies set"),
        (trusting(&["X-Real-IP"]), "write some of \"Forwarded\""),
        (trusting(&ALL_X).trust_proxies(["10.0.0.1/8"]), "trust_proxies: \"10.0.0.1/8\""),
        (trusting(&ALL_X).trust_proxies(["proxy.example"]), "is not a network: write"),
        (trusting(&["Nonsense"]).trust_proxies(["nonsense"]), "forwarded_fields: \"Nonsense\""),
    ];
    for (builder, expected) in table {
        let error = builder.bind(("127.0.0.1", 0), Mirror { lines: channel().0 }).expect_err(expected);
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
