//! The shortcuts of an exchange, with its facts about itself, values that travel with it, and one line in place of
//! five.

use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE, Reply};
use basehttp::testing::{Server, respond};
use basehttp::{Exchange, OrError, Result, http_handler};

struct Knowing;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Knowing {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/address" => Ok(ex.send_text(200, ex.local_address()?.to_string())?),
            "/blocking" => {
                thread::sleep(Duration::from_millis(20));
                Ok(ex.send_text(200, ex.elapsed().as_micros().to_string())?)
            }
            _ => Ok(ex.send_text(200, ex.elapsed().as_micros().to_string())?),
        }
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_client_is_told_the_address_that_it_has_reached() {
    let server = Server::start(Knowing).unwrap();
    let mut client = Client::sending(&server, "GET /address HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(client.read_reply().text(), server.address().to_string());
    let reply = respond(&Knowing, "GET /address HTTP/1.0\r\n\r\n");
    assert!(reply.ends_with(b"\r\n\r\n-"), "a connection in memory has none");
}

#[test]
fn a_request_counts_its_own_time_and_not_the_pause_before_it() {
    let server = Server::start(Knowing).unwrap();
    let mut client = Client::of(&server);
    // The blocking method is soon called in the pool, where a thread waits for the client's next request.
    for (path, least) in [("/", 0)].into_iter().chain([("/blocking", 20_000); 6]).chain([("/", 0)]) {
        thread::sleep(Duration::from_millis(30));
        let sent = Instant::now();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let elapsed: u128 = client.read_reply().text().parse().unwrap();
        assert!(elapsed >= least, "{path}: {elapsed} us, and the method slept");
        assert!(elapsed <= sent.elapsed().as_micros(), "{path}: {elapsed} us, longer than the client has waited");
    }
}

/// A value that only the hook sees, and one that tells of its end.
struct Seen(&'static str);

struct Farewell(Sender<&'static str>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.send("dropped").unwrap();
    }
}

struct Carrying {
    events: Sender<&'static str>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Carrying {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path == "/without" {
            return Ok(ex.send_text(200, "")?);
        }
        ex.insert(Farewell(self.events.clone()));
        let first = ex.insert(Seen("first"));
        ex.insert(Seen("second"));
        assert_eq!(first.0, "first");
        Err("the method failed".into())
    }

    fn log_request(&self, ex: &Exchange, _: u16, _: Option<u64>) {
        self.events.send(ex.get::<Seen>().map_or("nothing", |seen| seen.0)).unwrap();
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_hook_sees_the_values_of_its_own_exchange_alone() {
    let (events, seen) = channel();
    let server = Server::start(Carrying { events }).unwrap();
    let mut client = Client::of(&server);
    for (path, status, expected) in
        [("/", 500, &["second", "dropped"][..]), ("/without", 200, &["nothing"]), ("/", 500, &["second", "dropped"])]
    {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(client.read_reply().status, status, "{path}");
        for event in expected {
            assert_eq!(seen.recv_timeout(PATIENCE).as_ref(), Ok(event), "{path}");
        }
    }
}

struct Strict;

#[http_handler]
impl Strict {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let number: u8 = ex.query().get("n").or_error(404)?.parse().or_error((400, "a byte, please"))?;
        Ok(ex.send_text(200, number.to_string())?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_missing_or_wrong_value_becomes_the_error_that_was_named() {
    for (target, expected) in [
        ("/?n=7", "HTTP/1.0 200 OK\r\n"),
        ("/", "HTTP/1.0 404 Not Found\r\n"),
        ("/?n=256", "HTTP/1.0 400 a byte, please\r\n"),
    ] {
        let reply = respond(&Strict, format!("GET {target} HTTP/1.0\r\n\r\n"));
        assert!(reply.starts_with(expected.as_bytes()), "{target}: {}", String::from_utf8_lossy(&reply));
    }
}

/// Gives fields before the status line.
struct Eager;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Eager {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_header("X-Early", ex.path).send_header("Cache-Control", "max-age=60");
        match ex.path {
            "/text" => ex.send_text(200, "fine")?,
            "/stream" => {
                ex.send_response(200).send_header("X-Late", 1).end_headers()?;
                writeln!(ex.wfile, "fine")?;
            }
            "/interim" => {
                ex.send_response_only(103).end_headers()?;
                ex.send_text(200, "fine")?;
            }
            "/send_error" => ex.send_error(403)?,
            "/error" => Err(basehttp::HTTPError::from(404))?,
            "/framing" => {
                ex.send_header("Content-Length", 4).send_header("Connection", "close").send_header("Server", "own/1");
                ex.send_response(200).end_headers()?;
                ex.wfile.write_all(b"fine")?;
            }
            "/bad" => ex.send_header("X-Bad", format_args!("a\r\n{}", "b")).send_text(200, "fine")?,
            "/double" => ex.send_header("Content-Type", "text/html").send_text(200, "fine")?,
            "/file" => ex.send_header("Content-Type", "text/x-rust").send_file(std::fs::File::open(file!())?, ..)?,
            _ => {}
        }
        Ok(())
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_field_before_the_status_line_goes_with_the_response_that_the_method_sends() {
    for (path, status, is_there) in [
        ("/text", 200, true),
        ("/stream", 200, true),
        ("/send_error", 403, true),
        ("/framing", 200, true),
        ("/file", 200, true),
        ("/error", 404, false),
        ("/bad", 500, false),
        ("/double", 500, false),
        ("/none", 500, false),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        let replies = Reply::all(&respond(&Eager, request));
        assert_eq!(replies.len(), 1, "{path}");
        assert_eq!(replies[0].status, status, "{path}");
        assert_eq!(replies[0].fields_named("X-Early").collect::<Vec<_>>(), [path][..usize::from(is_there)], "{path}");
        assert_eq!(replies[0].field("Cache-Control").is_some(), is_there, "{path}: nor is a failure to be cached");
    }
}

#[test]
fn an_early_field_does_what_it_does_behind_the_status_line() {
    let bytes = respond(&Eager, "GET /framing HTTP/1.1\r\nHost: x\r\n\r\nGET /text HTTP/1.1\r\nHost: x\r\n\r\n");
    let replies = Reply::all(&bytes);
    assert_eq!(replies.len(), 1, "it closes");
    assert_eq!(replies[0].fields_named("Server").collect::<Vec<_>>(), ["own/1"]);
    assert_eq!(replies[0].fields_named("Content-Length").collect::<Vec<_>>(), ["4"]);
    let replies = Reply::all(&respond(&Eager, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_eq!(replies[0].fields_named("Content-Type").collect::<Vec<_>>(), ["text/x-rust"]);
}

#[test]
fn an_interim_response_takes_no_early_field_from_the_final_one() {
    let replies = Reply::all(&respond(&Eager, "GET /interim HTTP/1.1\r\nHost: x\r\n\r\n"));
    let seen: Vec<_> = replies.iter().map(|reply| (reply.status, reply.field("X-Early"))).collect();
    assert_eq!(seen, [(103, None), (200, Some("/interim"))]);
}

struct Redirecting;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Redirecting {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let status: u16 = ex.query().get("status").or_error(400)?.parse().or_error(400)?;
        Ok(ex.redirect(status, ex.query().get("to").or_error(400)?)?)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/none" => Ok(ex.method_not_allowed(&[])?),
            "/bad" => Ok(ex.method_not_allowed(&["GET", "a b"])?),
            _ => Ok(ex.method_not_allowed(&["GET", "HEAD"])?),
        }
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_redirect_has_its_target_and_no_body() {
    for (status, to, expected) in [
        (301, "/a", "/a"),
        (302, "/a?b=c", "/a?b=c"),
        (303, "https://example.org/", "https://example.org/"),
        (307, "/%C3%A9", "/%C3%A9"),
        (308, "?page=2", "?page=2"),
    ] {
        let to = to.replace('%', "%25").replace('?', "%3F").replace('=', "%3D");
        let request = format!("GET /?status={status}&to={to} HTTP/1.1\r\nHost: x\r\n\r\n");
        // The reply to HEAD is the same, since there is nothing to leave out.
        let replies = Reply::all(&respond(&Redirecting, request.repeat(2).replacen("GET", "HEAD", 1)));
        for reply in &replies {
            assert_eq!((reply.status, reply.field("Location")), (status, Some(expected)));
            assert_eq!((reply.field("Content-Length"), reply.body.len()), (Some("0"), 0));
        }
        assert_eq!(replies.len(), 2, "{expected}");
    }
}

#[test]
fn a_redirect_that_is_none_or_could_lead_astray_is_a_500() {
    for (status, to) in
        [(200, "/"), (300, "/"), (304, "/"), (305, "/"), (303, ""), (303, "/%0D%0ASet-Cookie:a=b"), (303, "/%5Chost")]
    {
        let request = format!("GET /?status={status}&to={to} HTTP/1.1\r\nHost: x\r\n\r\n");
        let replies = Reply::all(&respond(&Redirecting, request));
        assert_eq!((replies.len(), replies[0].status, replies[0].field("Location")), (1, 500, None), "{status} {to}");
        assert_eq!(replies[0].field("Set-Cookie"), None);
    }
}

#[test]
fn a_method_that_is_not_allowed_is_told_those_that_are() {
    for (path, status, allow) in [("/", 405, Some("GET, HEAD")), ("/none", 405, Some("")), ("/bad", 500, None)] {
        let replies = Reply::all(&respond(&Redirecting, format!("PUT {path} HTTP/1.1\r\nHost: x\r\n\r\n")));
        assert_eq!((replies[0].status, replies[0].field("Allow")), (status, allow), "{path}");
    }
}

struct Asking;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Asking {
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let form = ex.read_form(5_000)?;
        let fields: Vec<_> = form.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        Ok(ex.send_text(200, fields.join(","))?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_form_is_read_or_refused_with_the_status_that_says_why() {
    const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
    let many = "a&".repeat(1001);
    let long = format!("a={}", "v".repeat(5_000));
    let table = [
        (FORM, "a=1&b=x+y", 200, "a:1,b:x y"),
        ("content-type: Application/X-WWW-Form-Urlencoded ; charset=UTF-8\r\n", "a=%C3%A9", 200, "a:\u{e9}"),
        (FORM, "", 200, ""),
        ("", "a=1", 415, "no media type"),
        ("Content-Type: text/plain\r\n", "a=1", 415, "another"),
        ("Content-Type: multipart/form-data; boundary=x\r\n", "--x--", 415, "a form with files"),
        ("Content-Type: nonsense\r\n", "a=1", 415, "none at all"),
        (FORM, "a=%", 400, "a broken triplet"),
        (FORM, "a=%ff", 400, "not UTF-8 behind the triplets"),
        (FORM, &many, 413, "too many fields"),
        (FORM, &long, 413, "too long"),
    ];
    for (field, body, status, text) in table {
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{field}Content-Length: {length}\r\n\r\n{body}");
        let next = format!("POST / HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 1\r\n\r\nz");
        let replies = Reply::all(&respond(&Asking, request + &next));
        let seen: Vec<_> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(seen, [status, 200], "{text}");
        if status == 200 {
            assert_eq!(replies[0].text(), text);
        }
        assert_eq!(replies[1].text(), "z:", "the next request is found behind the body: {text}");
    }
    let request = format!("POST / HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 3\r\n\r\n");
    let reply = respond(&Asking, [request.as_bytes(), b"a=\xff"].concat());
    assert_eq!(Reply::all(&reply)[0].status, 400, "bytes that are not UTF-8");
}
