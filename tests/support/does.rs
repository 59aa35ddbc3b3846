//! A handler that does what each test tells it, so that a table can hold a reply's making beside its look.

use std::fmt;

use basehttp::{Exchange, Result, http_handler, testing};

use super::Reply;

/// The action of a handler for a request.
pub(crate) type Act = fn(&mut Exchange) -> Result;

/// Does this for every request, whatever its method; HTTP/1.1, and no log.
pub(crate) struct Does(pub Act);

#[http_handler(protocol_version = "HTTP/1.1", server_version = "Does/1.0", sys_version = "")]
impl Does {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        (self.0)(ex)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        (self.0)(ex)
    }

    fn do_CONNECT(&self, ex: &mut Exchange) -> Result {
        (self.0)(ex)
    }

    fn log_message(&self, _ex: &Exchange, _message: fmt::Arguments) {}
    fn handle_error(&self, _client_address: &basehttp::Address, _error: &basehttp::HandlerError) {}
}

pub(crate) const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
pub(crate) const GET_10: &str = "GET / HTTP/1.0\r\n\r\n";
pub(crate) const HEAD: &str = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";

/// The bytes that come back for one request.
pub(crate) fn answer(act: Act, request: &str) -> Vec<u8> {
    testing::respond(&Does(act), request)
}

/// Returns the one reply to one GET. Panics if a second one, or anything else, is behind it.
#[track_caller]
pub(crate) fn reply(act: Act, request: &str) -> Reply {
    let mut replies = Reply::all(&answer(act, request));
    assert_eq!(replies.len(), 1, "one reply: {replies:?}");
    replies.remove(0)
}
