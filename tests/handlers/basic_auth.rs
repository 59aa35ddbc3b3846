//! The guard for name and password, as clients meet it.

use std::fmt;

use crate::support::Reply;
use basehttp::{
    BasicAuth, BasicUser, Credentials, Exchange, Field, HTTPError, MessageClass, Result, http_handler, testing,
};

struct Library;

impl BasicAuth for Library {
    fn realm(&self) -> &'static str {
        "the \"library\""
    }

    fn knows(&self, credentials: &Credentials) -> bool {
        credentials.are("ann", "open sesame") || credentials.name() == "guest" && credentials.password().is_empty()
    }
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Library {
    fn do_GET(&self) -> &'static str {
        "for all"
    }

    #[path("/shelf/{number}")]
    fn do_GET_shelf(&self, number: u32, #[guard] user: BasicUser) -> String {
        format!("{} at {number}", user.name())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn ask(request: &str) -> Reply {
    Reply::all(&testing::respond(&Library, request)).remove(0)
}

const SHELF: &str = "/shelf/7";

fn get(lines: &str) -> Reply {
    ask(&format!("GET {SHELF} HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
}

#[test]
fn a_method_with_the_guard_is_called_for_known_users_alone() {
    for (name, password) in [("ann", "open sesame"), ("guest", "")] {
        let response = testing::get(SHELF).basic_auth(name, password).send(&Library).expect_status(200);
        assert_eq!(response.text(), format!("{name} at 7"));
    }
    assert_eq!(get("Authorization: basic Z3Vlc3Q6\r\n").text(), "guest at 7");
    for (name, password) in [("ann", "open sesame!"), ("ann", "Open sesame"), ("Ann", "open sesame"), ("", "")] {
        testing::get(SHELF).basic_auth(name, password).send(&Library).expect_status(401);
    }
    let wrong = [
        "",
        "Authorization: Basic YW5uOg==\r\n",
        "Authorization: Basic YW5uOm9wZW4gc2VzYW1l=\r\n",
        "Authorization: Basic\r\n",
        "Authorization: Bearer YW5uOm9wZW4gc2VzYW1l\r\n",
        "Authorization: Basic YW5uOm9wZW4gc2VzYW1l\r\nAuthorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n",
        "Proxy-Authorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n",
    ];
    for lines in wrong {
        let reply = get(lines);
        assert_eq!(reply.status, 401, "{lines}");
        let expected = r#"Basic realm="the \"library\"", charset="UTF-8""#;
        assert_eq!(reply.fields_named("WWW-Authenticate").collect::<Vec<_>>(), [expected], "{lines}");
        assert!(!reply.text().contains("sesame"), "{lines}");
    }
    assert_eq!(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").text(), "for all");
}

/// Keeps no fields at all.
struct NoFields;

impl<'c> MessageClass<'c> for NoFields {
    fn parse(_: &'c [Field<'c>]) -> Result<Self, HTTPError> {
        Ok(NoFields)
    }
}

/// Has a password for each name.
struct Reading;

impl BasicAuth for Reading {
    fn realm(&self) -> &'static str {
        "all"
    }

    fn knows(&self, credentials: &Credentials) -> bool {
        credentials.password() == credentials.name().to_uppercase() + ":"
    }
}

#[http_handler]
impl Reading {
    fn do_GET(&self, #[guard] user: BasicUser) -> String {
        user.name().to_owned()
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn the_guard_reads_what_the_testing_kit_sends() {
    for name in ["", "a", "ab", "abc", "abcd", "two words", "caf\u{e9}", "\u{20ac}\u{1f600}", "+/=\"\\"] {
        let request = testing::get("/").basic_auth(name, &(name.to_uppercase() + ":"));
        assert_eq!(request.send(&Reading).expect_status(200).text(), name);
    }
}

struct Bare;

impl BasicAuth for Bare {
    fn realm(&self) -> &'static str {
        "bare"
    }

    fn knows(&self, credentials: &Credentials) -> bool {
        credentials.are("ann", "open sesame")
    }
}

#[http_handler(MessageClass = NoFields)]
impl Bare {
    fn do_GET(&self, #[guard] user: BasicUser) -> String {
        user.name().to_owned()
    }

    fn log_message(&self, _: &Exchange<NoFields>, _: fmt::Arguments) {}
}

#[test]
fn the_guard_reads_the_servers_own_fields() {
    assert_eq!(testing::get("/").basic_auth("ann", "open sesame").send(&Bare).text(), "ann");
    testing::get("/").send(&Bare).expect_status(401);
}
