//! The order in which a method's parameters are made, with `#[before]` among them. The first failure answers, and
//! nothing behind it runs.

use std::str::FromStr;
use std::sync::Mutex;

use basehttp::testing::respond;
use basehttp::{Exchange, Guard, HTTPError, Result, http_handler};

/// Remembers who was asked.
#[derive(Default)]
struct Site {
    asked: Mutex<Vec<&'static str>>,
}

impl Site {
    fn ask(&self, who: &'static str, ex: &Exchange) -> Result {
        self.asked.lock().unwrap().push(who);
        match ex.headers.get("X-Refuse") {
            Some(refusing) if refusing.split(' ').any(|word| word == who) => Err(HTTPError::new(403, who).into()),
            _ => Ok(()),
        }
    }
}

struct First;
struct Second;

impl<'c> Guard<'c, Site> for First {
    fn check(site: &Site, ex: &Exchange<'c>) -> Result<Self> {
        site.ask("first", ex).map(|()| First)
    }
}

impl<'c> Guard<'c, Site> for Second {
    fn check(site: &Site, ex: &Exchange<'c>) -> Result<Self> {
        site.ask("second", ex).map(|()| Second)
    }
}

/// A number below ten.
struct Digit(u8);

impl FromStr for Digit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().filter(|digit| *digit < 10).map(Digit).ok_or(())
    }
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Site {
    // The order of the signature is that of the call, and not the order in which the values are made.
    #[path("/items/{id}")]
    fn do_GET_item(
        &self,
        #[header("X-Unit")] unit: &str,
        #[query] size: Digit,
        #[guard] _first: First,
        id: Digit,
        #[guard] _second: Second,
    ) -> String {
        self.asked.lock().unwrap().push("method");
        format!("{} {} {unit}", id.0, size.0)
    }

    #[before]
    fn before_all(&self, ex: &Exchange) -> Result {
        self.ask("before", ex)
    }

    #[before]
    fn and_then(&self, ex: &Exchange) -> Result {
        self.ask("then", ex)
    }

    fn do_POST(&self, #[query] n: Option<u8>) -> String {
        self.asked.lock().unwrap().push("plain");
        format!("{n:?}")
    }
}

/// The status with its phrase, the body, and who was asked.
fn ask(line: &str, fields: &str) -> (String, String, String) {
    let site = Site::default();
    let request = format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
    let reply = String::from_utf8(respond(&site, request)).unwrap();
    let status = reply[9..].split("\r\n").next().unwrap().to_owned();
    let body = reply.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status, body, site.asked.into_inner().unwrap().join(" "))
}

#[test]
fn the_first_failure_answers_and_nothing_behind_it_is_made() {
    let all = "X-Refuse: before then first second\r\n";
    for (target, fields, status, asked) in [
        ("/items/x?size=x", all, "404 Not Found", ""),
        ("/items/10", all, "404 Not Found", ""),
        ("/items/1?size=x", all, "403 before", "before"),
        ("/items/1?size=x", "X-Refuse: then first second\r\n", "403 then", "before then"),
        ("/items/1?size=x", "X-Refuse: second first\r\n", "403 first", "before then first"),
        ("/items/1?size=x", "X-Refuse: second\r\n", "403 second", "before then first second"),
        ("/items/1", "", "400 the field X-Unit is missing", "before then first second"),
        ("/items/1", "X-Unit: m\r\n", "400 the query parameter size is missing", "before then first second"),
        (
            "/items/1?size=10",
            "X-Unit: m\r\n",
            "400 the query parameter size cannot be read",
            "before then first second",
        ),
        (
            "/items/1?size=2&size=3",
            "X-Unit: m\r\n",
            "400 the query parameter size is there more than once",
            "before then first second",
        ),
    ] {
        let (given, _, by) = ask(&format!("GET {target}"), fields);
        assert_eq!((given.as_str(), by.as_str()), (status, asked), "{target} {fields}");
    }
}

#[test]
fn values_are_handed_over_in_the_order_of_the_signature() {
    let (status, body, asked) = ask("GET /items/1?size=2", "X-Unit: m\r\n");
    assert_eq!((status.as_str(), body.as_str()), ("200 OK", "1 2 m"));
    assert_eq!(asked, "before then first second method");
}

#[test]
fn before_runs_for_methods_of_the_block_and_for_nothing_else() {
    for (line, status, asked) in [
        ("HEAD /items/1?size=2", "400 the field X-Unit is missing", "before then first second"),
        ("POST /other?n=7", "200 OK", "before then plain"),
        ("OPTIONS /items/1", "204 No Content", ""),
        ("OPTIONS /other", "204 No Content", ""),
        ("OPTIONS *", "204 No Content", ""),
        ("POST /items/1", "405 Method Not Allowed", ""),
        ("GET /items/..", "404 Not Found", ""),
        ("GET /other", "405 Method Not Allowed", ""),
        ("PATCH /items/1", "501 Unsupported method ('PATCH')", ""),
    ] {
        let (given, _, by) = ask(line, "");
        assert_eq!((given.as_str(), by.as_str()), (status, asked), "{line}");
    }
}
