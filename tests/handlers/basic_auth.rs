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

fn get(lines: &str) -> Reply {
    ask(&format!("GET /shelf/7 HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
}

#[test]
fn a_method_with_the_guard_is_called_for_known_users_alone() {
    // ann:open sesame, guest:
    for (sent, name) in [("Basic YW5uOm9wZW4gc2VzYW1l", "ann"), ("basic Z3Vlc3Q6", "guest")] {
        let reply = get(&format!("Authorization: {sent}\r\n"));
        assert_eq!((reply.status, reply.text()), (200, &*format!("{name} at 7")));
    }
    let wrong = [
        "",
        "Authorization: Basic YW5uOm9wZW4gc2VzYW1lIQ==\r\n",
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
    let request = "GET / HTTP/1.0\r\nAuthorization: Basic YW5uOm9wZW4gc2VzYW1l\r\n\r\n";
    assert!(testing::respond(&Bare, request).ends_with(b"ann"));
    assert!(testing::respond(&Bare, "GET / HTTP/1.0\r\n\r\n").starts_with(b"HTTP/1.0 401 "));
}
