//! Request heads, malformed, extreme and merely unusual. A refused one gets exactly one reply and a clean close, in
//! whatever pieces it comes and whatever stands behind it. The others are served. RFC 9112, sections 2 to 6.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Client, Reply, bit_by_bit};
use basehttp::testing::{self, Server};
use basehttp::{Exchange, HTTPServer, http_handler};

/// Tells what it was asked, and counts how often.
#[derive(Default)]
struct Mirror {
    calls: AtomicUsize,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Mirror {
    fn do_GET(&self, ex: &mut Exchange) -> io::Result<()> {
        self.tell(ex, 200)
    }

    fn do_POST(&self, ex: &mut Exchange) -> io::Result<()> {
        self.tell(ex, 200)
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> io::Result<()> {
        self.tell(ex, 200)
    }

    fn do_TRACE(&self, ex: &mut Exchange) -> io::Result<()> {
        self.tell(ex, 200)
    }

    // A 2xx would begin a tunnel.
    fn do_CONNECT(&self, ex: &mut Exchange) -> io::Result<()> {
        self.tell(ex, 403)
    }

    fn tell(&self, ex: &Exchange, code: u16) -> io::Result<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let authority = ex.authority().unwrap_or("-");
        ex.send_text(code, format!("{} {} {} {authority}", ex.command, ex.path, ex.request_version))
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
}

/// The request that a smuggler hides behind a broken head.
const SMUGGLED: &[u8] = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_malformed_request_line_is_refused() {
    let table: &[(&[u8], u16, &str)] = &[
        (b"GET /", 400, "HTTP/0.9"),
        (b"GET", 400, "a method alone"),
        (b"GET  / HTTP/1.1", 400, "two blanks"),
        (b"GET /  HTTP/1.1", 400, "two blanks"),
        (b" GET / HTTP/1.1", 400, "a blank at the front"),
        (b"GET / HTTP/1.1 ", 400, "a blank at the end"),
        (b"GET\t/ HTTP/1.1", 400, "a tab for a blank"),
        (b"GET / \tHTTP/1.1", 400, "a tab beside a blank"),
        (b"GET / x HTTP/1.1", 400, "a word too many"),
        (b"G@T / HTTP/1.1", 400, "a method that is no token"),
        (b"GET\0 / HTTP/1.1", 400, "NUL in the method"),
        (b"G\xc9T / HTTP/1.1", 400, "a method above ASCII"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "a TLS client hello"),
        (b"GET / HTTP/0.9", 505, "another major version"),
        (b"GET / HTTP/2.0", 505, "another major version"),
        (b"PRI * HTTP/2.0", 505, "the preface of HTTP/2"),
        (b"GET / HTTP/1", 400, "no minor version"),
        (b"GET / HTTP/1.10", 400, "two digits"),
        (b"GET / HTTP/11.1", 400, "two digits"),
        (b"GET / HTTP/1.x", 400, "no digit"),
        (b"GET / HTTP/1,1", 400, "no dot"),
        (b"GET / http/1.1", 400, "the name is case-sensitive"),
        (b"GET / RTSP/1.0", 400, "another protocol"),
        (b"GET / HTTP/ 1.1", 400, "a blank inside"),
    ];
    check_refused(table, |line| [line, b"\r\nHost: h\r\n\r\n"].concat());
}

#[test]
fn a_target_that_is_none_of_the_four_forms_is_refused() {
    let table: &[(&[u8], u16, &str)] = &[
        (b"GET *", 400, "the asterisk is for OPTIONS"),
        (b"OPTIONS **", 400, "one asterisk"),
        (b"OPTIONS *?x", 400, "nothing behind the asterisk"),
        (b"GET x", 400, "a relative path"),
        (b"GET ?x", 400, "a query alone"),
        (b"GET h:80", 400, "the authority form is for CONNECT"),
        (b"GET ftp://h/", 400, "a scheme that is not ours"),
        (b"GET http:/x", 400, "one slash"),
        (b"GET http:///x", 400, "no host"),
        (b"GET http://u@h/", 400, "user information"),
        (b"GET http://h:99999/", 400, "a port beyond 65535"),
        (b"GET http://[::1/", 400, "an open bracket"),
        (b"GET http://other/", 400, "not the host that Host names"),
        (b"GET http://h:81/", 400, "not the port that Host names"),
        (b"GET /x#y", 400, "a fragment"),
        (b"GET /\x01", 400, "a control character"),
        (b"GET /\x7f", 400, "a control character"),
        (b"GET http://\xc3\xa9/", 400, "raw bytes above ASCII in a host"),
        (b"GET /a\"b", 400, "markup in a path"),
        (b"GET /<b>", 400, "markup in a path"),
        (b"GET /100%", 400, "a percent sign without its digits"),
        (b"GET /%zz", 400, "a percent sign without its digits"),
        (b"GET /\\evil", 400, "browsers read a backslash as a slash"),
        (b"CONNECT /", 400, "CONNECT has the authority form only"),
        (b"CONNECT h", 400, "no port"),
        (b"CONNECT h:", 400, "no port"),
        (b"CONNECT :443", 400, "no host"),
        (b"CONNECT http://h:80/", 400, "CONNECT has the authority form only"),
        (b"CONNECT other:443", 400, "not the host that Host names"),
    ];
    check_refused(table, |start| [start, b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat());
}

#[test]
fn a_host_outside_the_grammar_is_refused() {
    let table: &[(&[u8], u16, &str)] = &[
        (b"", 400, "missing in HTTP/1.1"),
        (b"Host: h\r\nHost: h\r\n", 400, "twice, although equal"),
        (b"Host: h\r\nHost: i\r\n", 400, "twice"),
        (b"Host: h\r\nhost: h\r\n", 400, "twice, in another case"),
        (b"Host: h, i\r\n", 400, "a list"),
        (b"Host: h,h\r\n", 400, "a list without blanks"),
        (b"Host: a b\r\n", 400, "a blank inside"),
        (b"Host: u@h\r\n", 400, "user information"),
        (b"Host: h/\r\n", 400, "a path"),
        (b"Host: h?x\r\n", 400, "a query"),
        (b"Host: h#x\r\n", 400, "a fragment"),
        (b"Host: http://h\r\n", 400, "a whole URI"),
        (b"Host: :80\r\n", 400, "a port alone"),
        (b"Host: h:65536\r\n", 400, "a port beyond 65535"),
        (b"Host: h:-1\r\n", 400, "a sign"),
        (b"Host: h:8a\r\n", 400, "no digits"),
        (b"Host: h:80:80\r\n", 400, "two ports"),
        (b"Host: ::1\r\n", 400, "IPv6 without brackets"),
        (b"Host: [::1\r\n", 400, "an open bracket"),
        (b"Host: [::1]x\r\n", 400, "text behind the bracket"),
        (b"Host: [::g]\r\n", 400, "no address in the brackets"),
        (b"Host: [v.x]\r\n", 400, "a future address without a version"),
        (b"Host: h%zz\r\n", 400, "a broken percent triplet"),
        (b"Host: h\xff\r\n", 400, "a raw byte above ASCII"),
        (b"Host: <h>\r\n", 400, "characters of no host"),
    ];
    check_refused(table, |fields| [b"GET / HTTP/1.1\r\n", fields, b"\r\n"].concat());
}

#[test]
fn a_malformed_field_line_is_refused() {
    let table: &[(&[u8], u16, &str)] = &[
        (b"X", 400, "no colon"),
        (b": x", 400, "no name"),
        (b"X : x", 400, "a blank before the colon"),
        (b"X\t: x", 400, "a tab before the colon"),
        (b" X: x", 400, "a folded line (obs-fold)"),
        (b"X: x\r\n\tfolded: y", 400, "a folded line (obs-fold)"),
        (b"X Y: x", 400, "a blank in the name"),
        (b"X(: x", 400, "a name that is no token"),
        (b"X\xe9: x", 400, "a name above ASCII"),
        (b"X: a\0b", 400, "NUL in the value"),
        (b"X: a\x01b", 400, "a control character in the value"),
        (b"X: a\x7fb", 400, "a control character in the value"),
        (b"X: a\rb", 400, "a bare CR in the value"),
        (b"X: a\r\rb: c", 400, "CR CR"),
        (b"X: a\nTransfer-Encoding: chunked", 400, "a bare LF between two lines"),
        (b"X: a\n", 400, "a bare LF before CRLF"),
        (b"\nX: a", 400, "a bare LF as an empty line"),
    ];
    check_refused(table, |line| [b"GET / HTTP/1.1\r\nHost: h\r\n", line, b"\r\n\r\n"].concat());
    let line_ends: &[(&[u8], u16, &str)] = &[
        (b"GET / HTTP/1.1\nHost: h\n\n", 400, "bare LF all over"),
        (b"GET / HTTP/1.1\rHost: h\r\r", 400, "bare CR all over"),
        (b"GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, "the first field line is folded"),
        (b"\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "a bare LF before the request line"),
        (b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400, "nine empty lines before it"),
    ];
    check_refused(line_ends, <[u8]>::to_vec);
}

#[test]
fn framing_that_two_parties_could_read_differently_is_refused() {
    let table: &[(&[u8], u16, &str)] = &[
        (b"Content-Length:", 400, "no number"),
        (b"Content-Length: five", 400, "no number"),
        (b"Content-Length: +5", 400, "a sign"),
        (b"Content-Length: -5", 400, "a sign"),
        (b"Content-Length: 0x5", 400, "hexadecimal"),
        (b"Content-Length: 5.0", 400, "a fraction"),
        (b"Content-Length: 5 5", 400, "two numbers"),
        (b"Content-Length: 5, 5", 400, "a list, although of equals"),
        (b"Content-Length: 5,", 400, "a list of one"),
        (b"Content-Length: 5;x", 400, "a parameter"),
        (b"Content-Length: \xd9\xa5", 400, "an Arabic five"),
        (b"Content-Length: 18446744073709551616", 400, "beyond 64 bits"),
        (b"Content-Length: 5\r\nContent-Length: 5", 400, "twice, although equal"),
        (b"Content-Length: 5\r\ncontent-length: 6", 400, "twice"),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", 400, "both"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5", 400, "both, the other way round"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, "two lines"),
        (b"Transfer-Encoding:", 400, "no coding"),
        (b"Transfer-Encoding: gzip", 400, "chunked is not there"),
        (b"Transfer-Encoding: identity", 400, "obsolete, and chunked is not there"),
        (b"Transfer-Encoding: chunked, gzip", 400, "chunked is not last"),
        (b"Transfer-Encoding: chunked, chunked", 400, "chunked twice"),
        (b"Transfer-Encoding: chunked,", 400, "an empty coding last"),
        (b"Transfer-Encoding: ,chunked", 400, "an empty coding first"),
        (b"Transfer-Encoding: xchunked", 400, "another word"),
        (b"Transfer-Encoding: \x0bchunked", 400, "a vertical tab is no blank"),
        (b"Transfer-Encoding: chunked;q=1", 400, "chunked has no parameters"),
        (b"Transfer-Encoding: gzip, chunked", 501, "a coding that is not known here"),
        (b"Expect: 200-ok", 417, "an expectation that is not known here"),
        (b"Expect: 100-continue, x=y", 417, "one that is known and one that is not"),
    ];
    check_refused(table, |field| [b"POST / HTTP/1.1\r\nHost: h\r\n", field, b"\r\n\r\n"].concat());
    let methods: &[(&[u8], u16, &str)] = &[
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "chunked is unknown to HTTP/1.0"),
        (b"TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 400, "TRACE has no body"),
        (b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nContent-Length: 5\r\n\r\n", 400, "CONNECT has no body"),
        (b"CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "CONNECT has no body"),
    ];
    check_refused(methods, <[u8]>::to_vec);
}

#[test]
fn what_is_beyond_a_limit_is_refused_as_soon_as_that_is_known() {
    let long = |count: usize| vec![b'a'; count];
    let start = b"GET / HTTP/1.1\r\nHost: h\r\n".as_slice();
    let table: [(Vec<u8>, u16, &str); 8] = [
        (long(100_000), 501, "a method of 100 kB"),
        ([&long(65), b" / HTTP/1.1\r\nHost: h\r\n\r\n".as_slice()].concat(), 501, "a method of 65 bytes"),
        ([b"GET /", long(64 * 1024).as_slice()].concat(), 414, "a target of 64 KiB, whose end is not awaited"),
        ([b"GET /", long(16 * 1024).as_slice(), b" HTTP/1.1\r\nHost: h\r\n\r\n"].concat(), 414, "a line above 16 KiB"),
        ([start, b"X: ", &long(100_000)].concat(), 431, "a value of 100 kB, whose end is not awaited"),
        ([start, &long(100_000)].concat(), 431, "a name of 100 kB"),
        ([start, &b"X: y\r\n".repeat(10_000)].concat(), 431, "10,000 fields"),
        ([start, &[b"X: ", long(20_000).as_slice(), b"\r\n"].concat().repeat(4)].concat(), 431, "a head above 64 KiB"),
    ];
    let table: Vec<(&[u8], u16, &str)> = table.iter().map(|(head, code, why)| (head.as_slice(), *code, *why)).collect();
    check_refused(&table, <[u8]>::to_vec);
}

#[test]
fn the_builder_sets_the_limits() {
    let builder =
        HTTPServer::builder().max_request_line_bytes(100).max_field_line_bytes(200).max_head_bytes(400).max_fields(3);
    let server = Server::start_with(builder, Mirror::default()).expect("a free port");
    let request = |path: &str, fields: &[usize]| {
        let fields: Vec<String> = fields.iter().map(|length| format!("X: {}\r\n", "x".repeat(length - 3))).collect();
        format!("GET /{path} HTTP/1.1\r\nHost: h\r\n{}\r\n", fields.concat())
    };
    let table = [
        (request(&"a".repeat(86), &[200]), 200, "each just fits"),
        (request(&"a".repeat(87), &[]), 414, "one byte more of a request line"),
        (request("", &[201]), 431, "one byte more of a field line"),
        (request("", &[190, 190]), 431, "more bytes of a head"),
        (request("", &[4, 4]), 200, "as many fields"),
        (request("", &[4, 4, 4]), 431, "one field more"),
    ];
    for (request, code, why) in table {
        assert_eq!(Client::sending(&server, request).read_reply().status, code, "{why}");
    }
}

#[test]
fn a_refused_client_that_goes_on_sending_can_read_the_reply() {
    let server = Server::start(Mirror::default()).expect("a free port");
    let mut client = Client::sending(&server, b"BROKEN\r\n\r\n");
    client.send(SMUGGLED.repeat(20_000));
    client.end_sending();
    assert_eq!(client.only_reply("700 kB behind a broken head").status, 400);
}

#[test]
fn a_well_formed_head_is_served_however_unusual() {
    let long = format!("/{}", "a".repeat(16 * 1024 - 14));
    let [long_head, long_told] = [format!("GET {long} HTTP/1.1\r\nHost: h"), format!("GET {long} HTTP/1.1 h")];
    let many = format!("GET / HTTP/1.1\r\nHost: h{}", "\r\nX: y".repeat(99));
    let table: &[(&str, &str, &str)] = &[
        ("GET / HTTP/1.1\r\nHost: h", "GET / HTTP/1.1 h", "the usual"),
        ("GET / HTTP/1.0", "GET / HTTP/1.0 -", "HTTP/1.0 needs no Host"),
        ("GET / HTTP/1.2\r\nHost: h", "GET / HTTP/1.2 h", "a higher minor version is served as ours"),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: h", "GET / HTTP/1.1 h", "empty lines before the request line"),
        ("GET /a?b=c|d\"<>{}^`[] HTTP/1.1\r\nHost: h", "GET /a?b=c|d\"<>{}^`[] HTTP/1.1 h", "what clients send raw"),
        ("GET //evil//x HTTP/1.1\r\nHost: h", "GET /evil//x HTTP/1.1 h", "leading slashes become one"),
        ("GET /%7a%41?%zz HTTP/1.1\r\nHost: h", "GET /%7a%41?%zz HTTP/1.1 h", "nothing is decoded"),
        ("GET http://h/x?y HTTP/1.1\r\nHost: h", "GET /x?y HTTP/1.1 h", "the absolute form"),
        ("GET http://h HTTP/1.1\r\nHost: h", "GET / HTTP/1.1 h", "an empty path"),
        ("GET http://h?y HTTP/1.1\r\nHost: h", "GET /?y HTTP/1.1 h", "an empty path before a query"),
        ("GET HTTP://EXAMPLE:80/ HTTP/1.1\r\nHost: example", "GET / HTTP/1.1 EXAMPLE:80", "case and default port"),
        ("GET http://h:443/ HTTP/1.0", "GET / HTTP/1.0 h:443", "the absolute form without Host"),
        ("OPTIONS * HTTP/1.1\r\nHost: h", "OPTIONS * HTTP/1.1 h", "the asterisk form"),
        ("OPTIONS http://h HTTP/1.1\r\nHost: h", "OPTIONS * HTTP/1.1 h", "the same through a proxy"),
        ("CONNECT h:443 HTTP/1.1\r\nHost: h:443", "CONNECT h:443 HTTP/1.1 h:443", "the authority form"),
        ("GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1 ", "an empty Host"),
        ("GET / HTTP/1.1\r\nHOST:\t h:80 \t", "GET / HTTP/1.1 h:80", "white space around a value"),
        ("GET / HTTP/1.1\r\nHost: h:", "GET / HTTP/1.1 h:", "a port without digits"),
        ("GET / HTTP/1.1\r\nHost: [::1]:8000", "GET / HTTP/1.1 [::1]:8000", "IPv6"),
        ("GET / HTTP/1.1\r\nHost: [v1.a:b]", "GET / HTTP/1.1 [v1.a:b]", "an address of the future"),
        ("GET / HTTP/1.1\r\nHost: a_b-c.%41~", "GET / HTTP/1.1 a_b-c.%41~", "a registered name"),
        ("GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~: \u{e9}\t\"", "GET / HTTP/1.1 h", "odd names and values"),
        ("GET / HTTP/1.1\r\nHost: h\r\nX:", "GET / HTTP/1.1 h", "an empty value"),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 000", "GET / HTTP/1.1 h", "leading zeros"),
        ("GET / HTTP/1.0\r\nExpect: the-unexpected", "GET / HTTP/1.0 -", "HTTP/1.0 has no expectations"),
        ("GET / HTTP/1.1\r\nHost: h\r\nConnection: ,,x , ,y", "GET / HTTP/1.1 h", "empty members of a list"),
        ("TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 0", "TRACE / HTTP/1.1 h", "no body, and said so"),
        (&long_head, &long_told, "a request line of 16 KiB"),
        (&many, "GET / HTTP/1.1 h", "100 fields"),
    ];
    for (head, told, why) in table {
        let request = format!("{head}\r\n\r\n");
        let whole = Reply::all(&testing::respond(&Mirror::default(), &request));
        let piecewise = Reply::all(&testing::respond_to_pieces(&Mirror::default(), bit_by_bit(request.as_bytes())));
        for replies in [whole, piecewise] {
            let texts: Vec<&str> = replies.iter().map(Reply::text).collect();
            assert_eq!(texts, [*told], "{head:?}: {why}");
        }
    }
}

#[test]
fn an_unknown_method_is_501_and_the_connection_goes_on() {
    let server = Server::start(Mirror::default()).expect("a free port");
    let mut client = Client::of(&server);
    for method in ["PATCH", "get", "M-SEARCH", "!#$%&'*+-.^_`|~", &"A".repeat(64)] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(client.read_reply().status, 501, "{method}");
    }
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(client.read_reply().status, 200);
}

#[test]
fn a_head_that_never_ends_is_closed_without_a_word() {
    let server = Server::start(Mirror::default()).expect("a free port");
    for start in ["", "\r\n", "G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r"]
    {
        let mut client = Client::sending(&server, start);
        client.end_sending();
        client.expect_end();
    }
}

/// Every row of the table, made a head by `head_of`, gets one reply with its code, and then a clean close. It is sent
/// on a real connection alone, behind a good request, before a smuggled one, and byte by byte.
fn check_refused(table: &[(&[u8], u16, &str)], head_of: impl Fn(&[u8]) -> Vec<u8>) {
    const GOOD: &[u8] = b"GET /first HTTP/1.1\r\nHost: h\r\n\r\n";
    let server = Server::start(Mirror::default()).expect("a free port");
    for (row, code, why) in table {
        let head = head_of(row);
        let about = format!("{} ({} bytes): {why}", row[..row.len().min(60)].escape_ascii(), head.len());

        // The client keeps its side open, so the reply must not wait for more.
        let reply = Client::sending(&server, &head).only_reply(&about);
        assert_eq!(reply.status, *code, "{about}");
        assert_eq!(reply.field("Connection"), Some("close"), "{about}");
        assert_eq!(Client::sending(&server, [&head, SMUGGLED].concat()).only_reply(&about), reply, "smuggled: {about}");
        let mut client = Client::sending(&server, [GOOD, &head, SMUGGLED].concat());
        assert_eq!(client.read_reply().text(), "GET /first HTTP/1.1 h", "{about}");
        assert_eq!(client.only_reply(&about), reply, "second: {about}");

        let mirror = Mirror::default();
        for pieces in [head.chunks(head.len()), bit_by_bit(&head)] {
            let replies = Reply::all(&testing::respond_to_pieces(&mirror, pieces.chain(SMUGGLED.chunks(1))));
            assert_eq!(replies.len(), 1, "{about}");
            if head.starts_with(b"\x16\x03") {
                // The first byte is refused at once, before the next two tell that it begins a TLS record.
                assert_eq!(
                    (replies[0].status, replies[0].field("Connection")),
                    (*code, Some("close")),
                    "in pieces: {about}"
                );
                continue;
            }
            assert_eq!(undated(replies[0].clone()), reply, "in pieces: {about}");
        }
        assert_eq!(mirror.calls.load(Ordering::SeqCst), 0, "{about}");
    }
}

impl Client {
    /// The reply without its date, after which there is only a clean end.
    fn only_reply(mut self, about: &str) -> Reply {
        let reply = self.try_read_reply("GET").unwrap_or_else(|error| panic!("{about}: {error}"));
        let rest = self.try_read_to_end().unwrap_or_else(|error| panic!("{about}: {error}"));
        assert_eq!(rest.escape_ascii().to_string(), "", "{about}: a second reply");
        undated(reply)
    }
}

fn undated(mut reply: Reply) -> Reply {
    reply.fields.retain(|(name, _)| name != "Date");
    reply
}
