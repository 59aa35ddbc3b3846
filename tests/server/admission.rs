//! Requests that are refused before the handler is called: for another host, or sent by a page of another site.

use std::io;

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServer, http_handler};

use crate::support::{Client, Reply};

/// Serves everything that reaches it.
struct Open;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Open {
    fn do_GET(&self) -> &'static str {
        "read"
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        let body = ex.read_text(100_000)?;
        ex.send_text(200, format!("{} bytes", body.len()))
    }
}

/// The reply to one request, and that it is the last one if it is a refusal.
#[track_caller]
fn ask(server: &Server, request: &str) -> Reply {
    let mut client = Client::sending(server, request);
    let reply = client.read_reply();
    if reply.status >= 400 {
        assert_eq!(reply.field("Connection"), Some("close"), "{request}");
        client.expect_end();
    }
    reply
}

#[test]
fn a_host_that_is_not_served_gets_421() {
    let hosts = ["example.org", "*.example.org", "localhost", "127.0.0.1", "::1"];
    let server = Server::start_with(HTTPServer::builder().hosts(hosts), Open).unwrap();
    let table = [
        ("example.org", 200),
        ("Example.ORG:8080", 200),
        ("a.b.example.org.", 200),
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("[0::1]", 200),
        ("", 421),
        (":80", 400),
        ("evil.example", 421),
        ("example.org.evil.example", 421),
        ("badexample.org", 421),
        ("127.0.0.2", 421),
        ("[::2]", 421),
        ("2130706433", 421),
        ("example.org@evil.example", 400),
        ("evil.example, example.org", 400),
    ];
    for (host, status) in table {
        let reply = ask(&server, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(reply.status, status, "{host}");
    }
    let absolute = |host: &str| format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
    assert_eq!(ask(&server, &absolute("example.org")).status, 200);
    assert_eq!(ask(&server, &absolute("evil.example")).status, 421);
    assert_eq!(ask(&server, "GET / HTTP/1.0\r\n\r\n").status, 200, "no browser sends this");
    assert_eq!(ask(&server, "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n").status, 421);
    assert_eq!(ask(&server, "CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n").status, 421);
    assert_eq!(ask(&server, "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
}

#[test]
fn a_path_for_any_host_is_read_under_all_of_them_and_no_other_path_is() {
    let builder = HTTPServer::builder().hosts(["example.org"]).any_host_paths(["/healthz", "/cgi-bin/x"]);
    let server = Server::start_with(builder, Open).unwrap();
    let table = [
        ("GET /healthz", 200, "the path"),
        ("GET /healthz?probe=1", 200, "with a query"),
        ("HEAD /cgi-bin/x", 200, "another one, without its content"),
        ("POST /cgi-bin/x", 421, "acts"),
        ("OPTIONS /healthz", 421, "no probe asks this"),
        ("GET /healthz/", 421, "another path"),
        ("GET /healthz/../a", 421, "leads elsewhere"),
        ("GET /a/../healthz", 421, "leads there, spelt in another way"),
        ("GET /%68ealthz", 421, "leads there, encoded"),
        ("GET /HEALTHZ", 421, "another path"),
        ("GET /healthz%3Fa", 421, "another path"),
        ("GET /healthz;a", 421, "another path"),
        ("GET /", 421, "another path"),
        ("GET http://10.0.0.1:8000/healthz", 421, "names the host itself"),
    ];
    for (line, status, why) in table {
        let request = format!("{line} HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nContent-Length: 0\r\n\r\n");
        let method = line.split(' ').next().unwrap();
        let mut client = Client::sending(&server, request);
        assert_eq!(client.try_read_reply(method).unwrap().status, status, "{line} {why}");
    }
}

#[test]
fn the_host_that_a_proxy_names_counts() {
    let builder = HTTPServer::builder().hosts(["example.org"]).trust_proxies(["127.0.0.1"]);
    let server = Server::start_with(builder.forwarded_fields(["X-Forwarded-Host"]), Open).unwrap();
    for (host, forwarded, status) in [("inner", "example.org", 200), ("example.org", "evil.example", 421)] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: {forwarded}\r\n\r\n");
        assert_eq!(ask(&server, &request).status, status, "{host} {forwarded}");
    }
}

#[test]
fn a_refusal_does_not_wait_for_the_body() {
    let builder = HTTPServer::builder().hosts(["example.org"]).refuse_cross_site(true);
    let server = Server::start_with(builder, Open).unwrap();
    for (lines, status) in [("Host: evil.example\r\n", 421), ("Host: example.org\r\nOrigin: null\r\n", 403)] {
        for length in [100, 1_000_000] {
            let request = format!("POST / HTTP/1.1\r\n{lines}Content-Length: {length}\r\n\r\nonly this");
            let mut client = Client::sending(&server, request);
            assert_eq!(client.read_reply().status, status, "{length} bytes announced");
        }
    }
    // And what is admitted has its body read as ever.
    let request =
        format!("POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 70000\r\n\r\n{}", "x".repeat(70_000));
    assert_eq!(Client::sending(&server, request).read_reply().text(), "70000 bytes");
}

#[test]
fn a_page_of_another_site_may_read_and_not_act() {
    let builder = HTTPServer::builder().refuse_cross_site(true).trusted_origins(["https://app.example.org"]);
    let server = Server::start_with(builder, Open).unwrap();
    let table = [
        ("", 200),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://example.org\r\n", 200),
        ("Sec-Fetch-Site: none\r\n", 200),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\nOrigin: https://other.example.org\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example.org\r\n", 200),
        ("Origin: http://example.org\r\n", 200),
        ("Origin: http://example.org:8080\r\n", 403),
        ("Origin: null\r\n", 403),
    ];
    for (lines, status) in table {
        let request =
            |method: &str| format!("{method} / HTTP/1.1\r\nHost: example.org\r\n{lines}Content-Length: 0\r\n\r\n");
        assert_eq!(ask(&server, &request("POST")).status, status, "{lines}");
        assert_eq!(ask(&server, &request("GET")).status, 200, "{lines}");
    }
}

#[test]
fn without_these_options_every_host_and_page_is_served() {
    let server = Server::start(Open).unwrap();
    let request = "POST / HTTP/1.1\r\nHost: evil.example\r\nSec-Fetch-Site: cross-site\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(ask(&server, request).status, 200);
}

#[test]
fn a_wrong_host_or_origin_is_refused_with_what_to_write() {
    let builder = HTTPServer::builder;
    let none: [&str; 0] = [];
    let table = [
        (builder().hosts(none), "write [\"example.org\"]"),
        (builder().hosts(["example.org:80"]), "hosts: \"example.org:80\""),
        (builder().hosts(["a", "http://b/"]), "write its host alone"),
        (builder().any_host_paths(["/a"]), "write hosts([\"example.org\"])"),
        (builder().hosts(["a"]).any_host_paths(["a"]), "any_host_paths: \"a\" is not a path"),
        (builder().hosts(["a"]).any_host_paths(["/a?b"]), "any_host_paths: \"/a?b\" is not a path"),
        (builder().trusted_origins(["https://a"]), "write refuse_cross_site(true)"),
        (builder().refuse_cross_site(true).trusted_origins(["a"]), "trusted_origins: \"a\""),
    ];
    for (builder, expected) in table {
        let error = builder.bind(("127.0.0.1", 0), Open).expect_err(expected);
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
}
