//! Items of the user's that are named like what the expansion names: none of them changes what it means.

#![allow(dead_code, unused_variables, unused_macros, non_camel_case_types, non_upper_case_globals)]

use ::std::borrow::Cow as Text;

use ::basehttp::testing::respond;
use ::basehttp::{
    BaseHTTPRequestHandler as Handler, Exchange as Ex, HandlerError as Error, Result as Outcome_, http_handler,
};

mod basehttp {}
mod core {}
mod std {}
mod __private {}

struct Some(u8);
struct None;
struct Ok(u8);
struct Err(u8);
struct Option;
struct Result;
struct String;
struct Cow;
struct SystemTime;
struct Exchange;
struct Headers;
struct Outcome;
struct Overrides;
struct Pace;
struct Version;
struct Address;
struct HandlerError;
struct ex;
struct bool;
struct str;
struct u8;
struct u16;
struct u64;
trait Send {}
trait Sync {}
trait Shared {}
trait BaseHTTPRequestHandler {}
fn outcome() {}
fn allow() {}
const command: Never = Never;
const message: Never = Never;
const parts: Never = Never;
const path: Never = Never;
const page: Never = Never;
static tags: Never = Never;
struct Into;
struct Default;
struct Decoded;
struct Display;
struct Piece;
struct Response;
struct Route;
struct Texts;
trait IntoResponse {}
fn segments() {}
fn query() {}
fn guard() {}
fn response() {}
fn link() {}
struct Never;
macro_rules! version_string {
    () => {};
}
macro_rules! responses {
    () => {};
}

/// With everything that the trait has, and its methods' names as variants.
enum Everything {
    MessageClass,
    METHODS,
    do_GET,
    log_request,
    Here,
}

impl Everything {
    const METHODS: [Never; 1] = [Never];
    const RESPONSES: Never = Never;
    const VERSION_STRING: Never = Never;
    const PROTOCOL_VERSION: Never = Never;
    const ERROR_MESSAGE_FORMAT: Never = Never;
    const ERROR_CONTENT_TYPE: Never = Never;
    const OVERRIDES: Never = Never;

    fn dispatch(&self) -> Never {
        Never
    }

    fn pace() -> Never {
        Never
    }
}

#[http_handler(
    server_version = "Shadowed/1.0",
    protocol_version = "HTTP/1.1",
    responses = { 299: ("Fine", "All is well.") },
    error_message_format = "%(code)d",
    error_content_type = "text/plain",
    pace = "inline"
)]
impl Everything {
    fn do_GET(&self, exchange: &mut Ex) -> Outcome_ {
        exchange.send_text(200, "hello")?;
        Outcome_::Ok(())
    }

    #[pace("pool")]
    fn do_PUT(&self, exchange: &mut Ex) {
        exchange.close_connection = true;
    }

    fn version_string(&self) -> Text<'_, ::std::primitive::str> {
        Text::Borrowed("Shadowed")
    }

    fn log_request(&self, exchange: &Ex, code: ::std::primitive::u16, size: ::std::option::Option<::std::primitive::u64>) {}

    fn handle_expect_100(&self, exchange: &Ex) -> Outcome_<::std::primitive::bool> {
        Outcome_::Ok(true)
    }

    fn handle_error(&self, client_address: &::basehttp::Address, error: &Error) {}
}

/// With a table of paths. A variant comes before the table and a link of the same name, which the program could not name then.
enum ByPath {
    METHODS,
    do_GET_user,
    dispatch,
    route,
    Here,
}

#[http_handler(pace = "inline")]
impl ByPath {
    #[path("/users/{id}/{*rest}")]
    #[path("/users/{id}")]
    #[pace("pool")]
    fn do_GET_user(
        &self,
        id: ::std::primitive::u64,
        rest: &[&::std::primitive::str],
        #[query("page")] number: ::std::option::Option<::std::primitive::u8>,
        #[query("tags")] all: ::std::vec::Vec<&::std::primitive::str>,
        #[query("parts")] some: ::std::result::Result<&::std::primitive::str, Error>,
        #[guard] passes: Passes,
        exchange: &mut Ex,
    ) -> ::std::string::String {
        let length = rest.len() + all.len();
        ::std::format!("{id} {length} {number:?} {} {}", some.is_ok(), exchange.command)
    }

    #[before]
    fn dispatch(&self, exchange: &Ex) -> Outcome_ {
        Outcome_::Ok(())
    }

    fn do_POST(&self) -> &'static ::std::primitive::str {
        "plain"
    }
}

/// Lets all pass.
struct Passes;

impl<'c> ::basehttp::Guard<'c, ByPath> for Passes {
    fn check(_: &ByPath, _: &Ex<'c>) -> Outcome_<Self> {
        Outcome_::Ok(Passes)
    }
}

fn main() {
    let reply = respond(&ByPath::Here, b"GET /users/7/a/b?page=1&tags=x&parts= HTTP/1.0\r\n\r\n");
    assert!(reply.ends_with(b"\r\n\r\n7 3 Some(1) true GET"), "{}", reply.escape_ascii());
    assert!(respond(&ByPath::Here, b"POST / HTTP/1.0\r\n\r\n").ends_with(b"plain"));
    assert_eq!((ByPath::path_user(7, &["a b"]), ByPath::ROUTES.len()), ("/users/7/a%20b".to_owned(), 3));

    assert_eq!(<Everything as Handler>::METHODS, ["GET", "HEAD", "PUT", "OPTIONS"]);
    let reply = respond(&Everything::Here, b"OPTIONS / HTTP/1.0\r\n\r\n");
    let reply = ::std::string::String::from_utf8(reply).expect("the reply is text");
    assert!(reply.contains("\r\nAllow: GET, HEAD, PUT, OPTIONS\r\n"), "{reply}");
    let reply = respond(&Everything::Here, b"GET / HTTP/1.0\r\n\r\n");
    assert!(reply.ends_with(b"hello"));
}
