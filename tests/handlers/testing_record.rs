//! The record that a test's server keeps of the requests, whatever the handler makes of them.

use std::fmt;
use std::io::Read;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::support::{Client, PATIENCE};
use basehttp::testing::{self, ReceivedRequest, Response, Server};
use basehttp::{Exchange, HTTPServer, Result, http_handler};

/// Reads as much of a body as the path says.
#[derive(Default)]
struct Reader {
    go_on: Option<Mutex<Receiver<()>>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Reader {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if let Some(go_on) = &self.go_on {
            ex.send_response(200).end_headers()?;
            ex.wfile.write_all(b"begun")?;
            ex.wfile.flush()?;
            go_on.lock().unwrap().recv_timeout(PATIENCE)?;
            return Ok(());
        }
        Ok(ex.send_text(200, "read")?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/all" => drop(ex.rfile.read_to_end(&mut Vec::new())?),
            "/some" => ex.rfile.read_exact(&mut vec![0; 100_000])?,
            _ => {}
        }
        Ok(ex.send_text(200, "read")?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn lines(requests: &[ReceivedRequest]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {} {:?}", request.method(), request.target(), request.text())).collect()
}

/// Compressible by nothing, so that a shift by one byte shows.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

#[test]
fn every_request_is_in_the_record_in_the_order_it_came() {
    let server = Server::start(Reader::default()).unwrap();
    let mut client = Client::of(&server);
    let chunked = "2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nT: 1\r\n\r\n";
    client.send("GET //a%20b?x=1&x=2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.send("PUT /un HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=\"2\"; a=3\r\nContent-Length: 5\r\n\r\nroses");
    client.send(format!("PUT /un HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"));
    client.send("SPAM http://h/eggs HTTP/1.1\r\nHost: h\r\nX: caf\u{e9}\r\nx: 2\r\n\r\n");
    assert_eq!([200, 200, 200, 501].map(|_| client.read_reply().status), [200, 200, 200, 501]);
    client.send("nonsense\r\n\r\n");
    assert_eq!(client.read_reply().status, 400);
    let requests = server.requests();
    let expected =
        [r#"GET //a%20b?x=1&x=2 """#, r#"PUT /un "roses""#, r#"PUT /un "hello""#, r#"SPAM http://h/eggs """#];
    assert_eq!(lines(&requests), expected);
    assert!(requests.iter().all(ReceivedRequest::is_body_complete));
    let [get, .., spam] = &requests[..] else { unreachable!("four") };
    assert_eq!((get.version(), get.path()), ("HTTP/1.0", "/a%20b"));
    assert_eq!(get.query().get_all("x").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(spam.header_all("X").collect::<Vec<_>>(), ["caf\u{c3}\u{a9}", "2"], "one character a byte");
    assert_eq!((spam.path(), spam.headers().count()), ("/eggs", 3));
    assert_eq!(["a", "b", "c"].map(|name| requests[1].cookie(name)), [Some("1"), Some("2"), None]);
    let shown = format!("{:?}", requests[2]);
    assert_eq!(shown, "PUT /un HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nhello\n");
}

#[test]
fn a_body_is_in_the_record_as_far_as_it_was_read() {
    let server = Server::start(Reader::default()).unwrap();
    let put = |path: &str, body: &[u8]| {
        let response = testing::put(path).body(body).send_to(server.address());
        let mut requests = server.take_requests();
        (response, requests.pop().expect("one request"), requests.len())
    };
    let (small, large) = (noise(60_000), noise(3_000_000));
    let (response, request, others) = put("/none", &small);
    assert_eq!((response.unwrap().status(), others), (200, 0));
    assert!(request.is_body_complete() && request.body() == small, "it was here before the handler was called");
    let (response, request, _) = put("/all", &large);
    assert_eq!(response.unwrap().status(), 200);
    assert!(request.is_body_complete() && request.body() == large);
    // The handler leaves most of it, and the server closes.
    let (_, request, _) = put("/some", &large);
    assert!((100_000..large.len()).contains(&request.body().len()), "{}", request.body().len());
    assert!(!request.is_body_complete() && large.starts_with(request.body()));
    assert!(format!("{request:?}").ends_with("[the server has not read the whole body]\n"));
}

#[test]
fn a_body_that_waits_for_a_hundred_is_recorded_too() {
    let server = Server::start(Reader::default()).unwrap();
    let head = "PUT /all HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let mut client = Client::sending(&server, head);
    assert_eq!(client.read_reply().status, 100);
    client.send("roses");
    assert_eq!(client.read_reply().status, 200);
    assert_eq!(lines(&server.requests()), [r#"PUT /all "roses""#]);
}

#[test]
fn a_request_is_in_the_record_before_its_response_has_ended() {
    let (tell, go_on) = channel();
    let server = Server::start(Reader { go_on: Some(Mutex::new(go_on)) }).unwrap();
    let mut client = Client::sending(&server, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    let head = client.read_exactly(b"HTTP/1.1 200 OK\r\n".len());
    assert_eq!(lines(&server.requests()), [r#"GET /slow """#]);
    tell.send(()).unwrap();
    client.end_sending();
    let response = Response::parse("GET", &[head, client.read_to_end()].concat()).unwrap();
    assert_eq!(response.expect_status(200).text(), "begun");
}

#[test]
fn a_test_waits_for_a_client_on_another_thread() {
    // Also where one thread does everything.
    let server = Server::start_with(HTTPServer::builder().workers(1), Reader::default()).unwrap();
    let address = server.address();
    let client = thread::spawn(move || {
        for number in 0..5 {
            testing::get("/").query("n", number).send_to(address).unwrap().expect_status(200);
        }
    });
    let requests = server.wait_for_requests(5);
    assert_eq!(
        requests.iter().map(ReceivedRequest::target).collect::<Vec<_>>(),
        ["/?n=0", "/?n=1", "/?n=2", "/?n=3", "/?n=4"]
    );
    client.join().unwrap();
}
