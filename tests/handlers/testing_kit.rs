//! The kit's requests and responses, on handlers that answer in every way there is.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use basehttp::testing::{self, Response, Server};
use basehttp::{Address, Exchange, HTTPError, HandlerError, Result, http_handler};

/// Answers in the way that the path names.
struct Ways;

/// Longer than any buffer of the server.
const LONG: usize = 300_000;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Ways {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        answer(ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let (kind, cookie) = (ex.headers.get("Content-Type"), ex.headers.get("Cookie"));
        let about = format!("{} {kind:?} {cookie:?} {:?} ", ex.requestline, ex.headers.get("Content-Length"));
        let body = ex.read_body(LONG)?;
        Ok(ex.send_bytes(200, "text/plain", [about.as_bytes(), &body].concat())?)
    }

    #[http_method("M-SEARCH")]
    fn search(&self, ex: &mut Exchange) -> Result {
        Ok(ex.send_text(200, ex.command)?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

/// Answers in the same ways, by the older protocol.
struct OldWays;

#[http_handler]
impl OldWays {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        answer(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}

fn answer(ex: &mut Exchange) -> Result {
    match ex.path {
        "/streamed" => {
            ex.send_response(200).end_headers()?;
            for _ in 0..LONG / 1000 {
                ex.wfile.write_all(&[b's'; 1000])?;
            }
        }
        "/cut" => {
            ex.send_response(200).end_headers()?;
            ex.wfile.write_all(b"a part")?;
            ex.wfile.flush()?;
            return Err("as the test wants".into());
        }
        "/hints" => {
            ex.send_response_only(103).send_header("Link", "</a.css>").end_headers()?;
            ex.send_text(200, "hinted")?;
        }
        "/switch" => {
            ex.send_response(101).send_header("Upgrade", "raw").send_header("Connection", "Upgrade").end_headers()?;
            ex.hijack()?.write_all(b"raw bytes")?;
        }
        "/nothing" => drop(ex.hijack()?),
        "/none" => ex.send_response(204).end_headers()?,
        "/cookies" => {
            ex.send_response(200).send_header("Set-Cookie", "sid=old").send_header("Set-Cookie", "other=1; Path=/");
            ex.send_header("Set-Cookie", "sid=new; HttpOnly").end_headers()?;
        }
        "/latin1" => ex.send_response((200, "tr\u{e8}s bien")).send_header("X", "caf\u{e9}").send_body("")?,
        "/missing" => return Err(HTTPError::new(404, "no such page").into()),
        path => ex.send_text(200, path)?,
    }
    Ok(())
}

#[test]
fn a_request_carries_what_the_builder_was_given() {
    let text = |request: testing::Request| request.send(&Ways).expect_status(200).text().to_owned();
    assert_eq!(text(testing::get("/here").query("a", "b c")), "/here?a=b+c");
    assert_eq!(text(testing::request("M-SEARCH", "/")), "M-SEARCH");
    assert_eq!(text(testing::post("/p")), "POST /p HTTP/1.1 None None Some(\"0\") ");
    let form = testing::post("/p").cookie("a", 1).cookie("b", 2).form([("name", "A & B")]);
    let kind = "Some(\"application/x-www-form-urlencoded\")";
    assert_eq!(text(form), format!("POST /p HTTP/1.1 {kind} Some(\"a=1; b=2\") Some(\"12\") name=A+%26+B"));
    let long = vec![b'l'; 200_000];
    assert!(testing::post("/p").body(long.clone()).send(&Ways).body().ends_with(&long));
    let options = testing::options("/").send(&Ways).expect_status(204);
    assert_eq!(options.header("Allow"), Some("GET, HEAD, POST, M-SEARCH, OPTIONS"));
    for request in [testing::put("/"), testing::patch("/"), testing::delete("/")] {
        request.send(&Ways).expect_status(501);
    }
}

#[test]
fn a_response_is_taken_apart_whatever_its_framing() {
    let streamed = testing::get("/streamed").send(&Ways);
    assert_eq!(streamed.header("Transfer-Encoding"), Some("chunked"));
    let until_close = testing::get("/streamed").send(&OldWays);
    assert_eq!((until_close.version(), until_close.header("Content-Length")), ("HTTP/1.0", None));
    for response in [streamed, until_close] {
        assert!(response.is_complete() && response.body() == vec![b's'; LONG], "{:?}", response.flaw());
    }
    let head = testing::head("/page").send(&Ways).expect_status(200);
    assert_eq!((head.header("Content-Length"), head.body()), (Some("5"), &b""[..]));
    assert!(testing::get("/none").send(&Ways).expect_status(204).body().is_empty());
    let latin1 = testing::get("/latin1").send(&Ways);
    assert_eq!((latin1.reason(), latin1.header("x")), ("tr\u{e8}s bien", Some("caf\u{e9}")));
    let cookies = testing::get("/cookies").send(&Ways);
    assert_eq!([cookies.cookie("sid"), cookies.cookie("other"), cookies.cookie("id")], [Some("new"), Some("1"), None]);
    assert_eq!(cookies.header_all("set-cookie").count(), 3);
    assert_eq!(testing::get("/missing").send(&Ways).expect_status(404).reason(), "no such page");
}

#[test]
fn interim_responses_and_other_protocols_are_kept_apart() {
    let hinted = testing::get("/hints").send(&Ways).expect_status(200);
    assert_eq!(hinted.interim().iter().map(Response::status).collect::<Vec<_>>(), [103]);
    assert_eq!((hinted.interim()[0].header("Link"), hinted.text()), (Some("</a.css>"), "hinted"));
    let switched = testing::get("/switch").send(&Ways).expect_status(101);
    assert_eq!((switched.body(), switched.rest()), (&b""[..], &b"raw bytes"[..]));
}

#[test]
fn a_response_that_is_cut_off_is_not_complete() {
    let cut = testing::get("/cut").send(&Ways);
    assert_eq!(cut.flaw(), Some("the body ended after 6 bytes: the server aborted it"));
    assert_eq!((cut.status(), cut.body()), (200, &b"a part"[..]));
    let by_the_old_protocol = testing::get("/cut").send(&OldWays);
    assert_eq!(by_the_old_protocol.flaw(), Some("the body ended after 6 bytes: the server aborted it"));
    for server in [Server::start(Ways).unwrap(), Server::start(OldWays).unwrap()] {
        let cut = testing::get("/cut").send_to(server.address()).expect("a head");
        assert!(!cut.is_complete() && cut.flaw().unwrap().contains("after 6 bytes"), "{cut:?}");
    }
}

#[test]
fn a_request_goes_to_a_real_server_and_back() {
    let server = Server::start(Ways).unwrap();
    let long = vec![b'l'; 250_000];
    let response = testing::post("/p").body(long.clone()).send_to(server.address()).unwrap().expect_status(200);
    assert!(response.body().ends_with(&long));
    let kept = testing::get("/page").header("Connection", "keep-alive").send_to(server.address()).unwrap();
    assert_eq!(kept.text(), "/page", "the end of the connection is not waited for");
    let host = testing::get("/page").send_to(server.address()).unwrap();
    assert_eq!(host.header("Connection"), Some("close"));
    let none = testing::get("/nothing").send_to(server.address()).unwrap_err();
    assert_eq!(
        (none.kind(), &*none.to_string()),
        (ErrorKind::UnexpectedEof, "no response came: the connection was closed")
    );
    let address = server.address();
    drop(server);
    assert_eq!(testing::get("/").send_to(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_failed_expectation_shows_the_whole_response() {
    let message = |failing: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(failing)).expect_err("it fails");
        panic.downcast_ref::<String>().cloned().expect("a text")
    };
    let status = message(&|| drop(testing::get("/missing").send(&Ways).expect_status(200)));
    assert!(status.starts_with("200 was expected, and this came:\nHTTP/1.1 404 no such page\nServer: "), "{status}");
    assert!(status.contains("\nConnection: close\n\n<!DOCTYPE html>\n"), "{status}");
    let cut = message(&|| drop(testing::get("/cut").send(&Ways).expect_status(200)));
    assert!(cut.contains("\n\na part\n[not complete: the body ended after 6 bytes: the server aborted it]\n"), "{cut}");
    let nothing = message(&|| drop(testing::get("/nothing").send(&Ways)));
    assert_eq!(nothing, "GET /nothing: no response came: the connection was closed");
}

#[test]
fn json_goes_out_and_comes_back_as_a_value() {
    struct Doubling;
    #[http_handler(protocol_version = "HTTP/1.1")]
    impl Doubling {
        fn do_POST(&self, ex: &mut Exchange) -> Result {
            let numbers: Vec<u32> = ex.read_json(LONG)?;
            Ok(ex.send_json(200, &numbers.repeat(2))?)
        }
        fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    }
    let request = testing::post("/").json(&[1, 2]);
    assert_eq!(request.send(&Doubling).expect_status(200).json::<Vec<u32>>(), [1, 2, 1, 2]);
    let server = Server::start(Doubling).unwrap();
    let wrong = testing::post("/").json(&"text").send_to(server.address()).unwrap().expect_status(422);
    let received = server.requests();
    assert_eq!((received[0].json::<&str>(), received[0].header("Content-Type")), ("text", Some("application/json")));
    let panic = catch_unwind(AssertUnwindSafe(|| wrong.json::<u32>())).expect_err("a page in HTML");
    let message = panic.downcast_ref::<String>().expect("a text");
    assert!(message.starts_with("expected value at line 1 column 1, and this came:\nHTTP/1.1 422 "), "{message}");
}
