//! Cookies that a handler reads, and cookies that it sets before the response, with an error in its place, and once
//! each.

use std::fmt;
use std::time::Duration;

use crate::support::Reply;
use basehttp::testing::respond;
use basehttp::{Cookie, Exchange, Guard, HTTPError, Result, SameSite, SimpleHTTPRequestHandler, http_handler};

struct Baker {
    files: SimpleHTTPRequestHandler,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Baker {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.path {
            "/before" => {
                ex.send_cookie(Cookie::new("a", "1"));
                ex.send_text(200, "fine")?;
            }
            "/within" => {
                ex.send_response(200).send_cookie(Cookie::new("a", "1")).send_header("X-After", "1").end_headers()?;
            }
            "/twice" => {
                ex.send_cookie(Cookie::new("a", "1")).send_cookie(Cookie::new("b", "1").path("/b"));
                ex.send_cookie(Cookie::new("a", "2")).send_cookie(Cookie::new("b", "2"));
                ex.send_text(200, "fine")?;
            }
            "/interim" => {
                ex.send_cookie(Cookie::new("a", "1"));
                ex.send_response_only(103).send_header("Link", "</style.css>; rel=preload").end_headers()?;
                ex.send_text(200, "fine")?;
            }
            "/send_error" => {
                ex.send_cookie(Cookie::removal("a"));
                ex.send_error(401)?;
            }
            "/error" => {
                ex.send_cookie(Cookie::removal("a"));
                Err(HTTPError::from(401))?;
            }
            "/replaced" => {
                ex.send_response(200).send_cookie(Cookie::new("a", "1"));
                Err("the database is away")?;
            }
            "/late" => {
                ex.send_response(200).end_headers()?;
                ex.send_cookie(Cookie::new("a", "1"));
            }
            "/bad" => {
                ex.send_cookie(Cookie::new("a", "1; Domain=example.org"));
                ex.send_text(200, "fine")?;
            }
            "/shared" => {
                ex.send_cookie(Cookie::new("a", "1").same_site(SameSite::None).max_age(Duration::from_secs(60)));
                ex.redirect(303, "/")?;
            }
            _ => {
                ex.send_cookie(Cookie::new("visited", "yes"));
                self.files.do_GET(ex)?;
            }
        }
        Ok(())
    }

    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn baker() -> Baker {
    Baker { files: SimpleHTTPRequestHandler::new("tests").unwrap() }
}

/// The replies to requests on one connection, and the cookies of each.
fn ask(paths: &[&str]) -> Vec<(Reply, Vec<String>)> {
    let requests = paths.iter().map(|path| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).collect::<Vec<_>>();
    let replies = Reply::all(&respond(&baker(), requests.concat())).into_iter();
    let with_cookies = |reply: Reply| (reply.clone(), reply.fields_named("Set-Cookie").map(str::to_owned).collect());
    replies.map(with_cookies).collect()
}

const PLAIN: &str = "a=1; Path=/; HttpOnly; SameSite=Lax";
const REMOVED: &str = "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax";

#[test]
fn a_cookie_comes_with_the_response_whenever_it_was_given_and_whatever_that_is() {
    for (path, status, expected) in [
        ("/before", 200, PLAIN),
        ("/within", 200, PLAIN),
        ("/send_error", 401, REMOVED),
        ("/error", 401, REMOVED),
        ("/replaced", 500, PLAIN),
        ("/shared", 303, "a=1; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=None"),
        ("/handlers/main.rs", 200, "visited=yes; Path=/; HttpOnly; SameSite=Lax"),
        ("/handlers", 301, "visited=yes; Path=/; HttpOnly; SameSite=Lax"),
        ("/missing", 404, "visited=yes; Path=/; HttpOnly; SameSite=Lax"),
    ] {
        let replies = ask(&[path]);
        assert_eq!(replies.len(), 1, "{path}");
        assert_eq!((replies[0].0.status, &replies[0].1[..]), (status, &[expected.to_owned()][..]), "{path}");
    }
}

#[test]
fn an_interim_response_has_no_cookie_and_the_final_one_has() {
    let replies = ask(&["/interim"]);
    let seen: Vec<_> = replies.iter().map(|(reply, cookies)| (reply.status, cookies.len())).collect();
    assert_eq!(seen, [(103, 0), (200, 1)]);
}

#[test]
fn the_last_cookie_of_a_name_path_and_domain_is_sent_alone() {
    let expected = [
        "b=1; Path=/b; HttpOnly; SameSite=Lax",
        "a=2; Path=/; HttpOnly; SameSite=Lax",
        "b=2; Path=/; HttpOnly; SameSite=Lax",
    ];
    assert_eq!(ask(&["/twice"])[0].1, expected);
}

#[test]
fn a_cookie_that_is_wrong_or_comes_late_is_a_500_without_it() {
    for path in ["/bad", "/late"] {
        let replies = ask(&[path]);
        assert_eq!((replies[0].0.status, replies[0].1.len()), (500, 0), "{path}");
    }
}

#[test]
fn the_next_request_of_the_connection_knows_nothing_of_it() {
    let replies = ask(&["/before", "/bad", "/handlers/main.rs", "/within"]);
    let seen: Vec<_> = replies.iter().map(|(reply, cookies)| (reply.status, cookies.len())).collect();
    assert_eq!(seen, [(200, 1), (500, 0), (200, 1), (200, 1)]);
    assert!(replies[2].1[0].starts_with("visited="));
}

/// Returns its responses, and has a guard.
struct Returning;

struct Login(&'static str);

impl<'c> Guard<'c, Returning> for Login {
    fn check(_: &Returning, ex: &Exchange<'c>) -> Result<Self> {
        if ex.cookie("sid") == Some("31d4") {
            ex.insert(Login("ada"));
            return Ok(Login("ada"));
        }
        ex.send_cookie(Cookie::removal("sid")).send_header("Cache-Control", "max-age=60");
        Err(HTTPError::from(401).into())
    }
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Returning {
    #[path("/value")]
    fn do_GET_value(&self, ex: &Exchange) -> &'static str {
        ex.send_cookie(Cookie::new("a", "1"));
        "a value"
    }

    #[path("/none")]
    fn do_GET_none(&self, ex: &Exchange) -> Option<String> {
        ex.send_cookie(Cookie::new("a", "1"));
        None
    }

    #[path("/guarded")]
    fn do_GET_guarded(&self, #[guard] login: Login) -> &'static str {
        login.0
    }

    fn end_headers(&self, ex: &Exchange) -> std::io::Result<()> {
        ex.send_header("X-User", ex.get::<Login>().map_or("none", |login| login.0));
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_method_that_returns_its_response_and_a_guard_that_refuses_can_set_cookies() {
    for (path, fields, status, cookie, user) in [
        ("/value", "", 200, Some(PLAIN), "none"),
        ("/none", "", 404, Some(PLAIN), "none"),
        ("/guarded", "Cookie: sid=31d4\r\n", 200, None, "ada"),
        ("/guarded", "Cookie: sid=stale\r\n", 401, Some("sid=; "), "none"),
        ("/guarded", "", 401, Some("sid=; "), "none"),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let replies = Reply::all(&respond(&Returning, request));
        let reply = &replies[0];
        assert_eq!((replies.len(), reply.status, reply.field("X-User")), (1, status, Some(user)), "{path} {fields}");
        let cookies: Vec<_> = reply.fields_named("Set-Cookie").collect();
        assert_eq!(cookies.len(), usize::from(cookie.is_some()), "{path} {fields}");
        assert!(cookies.iter().all(|sent| sent.starts_with(cookie.unwrap_or_default())), "{path}: {cookies:?}");
        assert_eq!(reply.field("Cache-Control"), None, "a refusal is not to be cached");
    }
}

/// Whatever its `MessageClass`.
struct Nibbling;

struct NoFields;

impl<'c> basehttp::MessageClass<'c> for NoFields {
    fn parse(_: &'c [basehttp::Field<'c>]) -> Result<Self, HTTPError> {
        Ok(NoFields)
    }
}

#[http_handler(MessageClass = NoFields)]
impl Nibbling {
    fn do_GET(&self, ex: &mut Exchange<NoFields>) -> Result {
        Ok(ex.send_text(200, format!("{:?}", ex.cookie("sid")))?)
    }

    fn log_message(&self, _: &Exchange<NoFields>, _: fmt::Arguments) {}
}

#[test]
fn the_first_cookie_of_that_name_is_found_in_all_fields() {
    for (fields, expected) in [
        ("", "None"),
        ("Cookie: a=1; SID=2\r\n", "None"),
        ("Cookie: a=1; sid=2; sid=3\r\n", "Some(\"2\")"),
        ("cookie: a=1\r\nX: y\r\nCOOKIE: sid=\"2\"\r\n", "Some(\"2\")"),
        ("Cookie: sid=\r\n", "Some(\"\")"),
        ("Cookie: sid; =sid; sidx=1; xsid=2\r\n", "None"),
        ("Cookie: sid=\u{e9}%20\r\n", "Some(\"\u{e9}%20\")"),
    ] {
        let reply = respond(&Nibbling, format!("GET / HTTP/1.0\r\n{fields}\r\n"));
        assert_eq!(Reply::all(&reply)[0].text(), expected, "{fields}");
    }
    let reply = respond(&Nibbling, b"GET / HTTP/1.0\r\nCookie: sid=\xff; sid=1\r\n\r\n");
    assert_eq!(Reply::all(&reply)[0].text(), "Some(\"1\")", "one that is not UTF-8 does not hide the next");
}
