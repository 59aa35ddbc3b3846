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

fn main() {
    assert_eq!(<Everything as Handler>::METHODS, ["GET", "HEAD", "PUT", "OPTIONS"]);
    let reply = respond(&Everything::Here, b"OPTIONS / HTTP/1.0\r\n\r\n");
    let reply = ::std::string::String::from_utf8(reply).expect("the reply is text");
    assert!(reply.contains("\r\nAllow: GET, HEAD, PUT, OPTIONS\r\n"), "{reply}");
    let reply = respond(&Everything::Here, b"GET / HTTP/1.0\r\n\r\n");
    assert!(reply.ends_with(b"hello"));
}
