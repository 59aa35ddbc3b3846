//! A handler that remembers every request it was called for, so that a test can prove that there was no other.

use std::fmt;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use basehttp::testing::{self, Server};
use basehttp::{Exchange, Result, http_handler};

use super::{Client, Reply};

/// The request that a smuggler hides behind a refused one, or inside a body. It must never reach a handler.
pub(crate) const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

/// A request that is fine.
pub(crate) const GOOD: &str = "GET /good HTTP/1.1\r\nHost: h\r\n\r\n";

/// Reads the whole body and replies with method, path, authority and body. It speaks HTTP/1.1, and has no log.
///
/// With `/unread` it leaves the body to the server.
#[derive(Clone, Default)]
pub(crate) struct Witness {
    seen: Arc<Mutex<Vec<String>>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Witness {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.tell(ex, 200)
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.tell(ex, 200)
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        self.tell(ex, 200)
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        self.tell(ex, 200)
    }

    /// A 2xx would begin a tunnel.
    fn do_CONNECT(&self, ex: &mut Exchange) -> Result {
        self.tell(ex, 403)
    }

    fn tell(&self, ex: &mut Exchange, code: u16) -> Result {
        let asked = format!("{} {} {}", ex.command, ex.path, ex.authority().unwrap_or("-"));
        self.lock().push(asked.clone());
        let mut body = Vec::new();
        if ex.path != "/unread" {
            ex.rfile.read_to_end(&mut body)?;
        }
        Ok(ex.send_bytes(code, "text/plain", [asked.as_bytes(), b" ", &body].concat())?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}
}

impl Witness {
    /// A server of one.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.clone()).expect("a free port")
    }

    /// Takes the requests that it got so far, in order.
    pub(crate) fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    /// Everything that comes back for these bytes.
    pub(crate) fn ask(&self, bytes: impl AsRef<[u8]>) -> Vec<Reply> {
        Reply::all(&testing::respond(self, bytes))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The statuses of these replies.
pub(crate) fn codes(replies: &[Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

/// Sends `bytes`, which are refused, with a smuggled request behind them; then again with the smuggled request after
/// the replies. Both times exactly these replies come, the last one says `close`, and the connection ends cleanly.
#[track_caller]
pub(crate) fn check_last_words(server: &Server, witness: &Witness, bytes: &[u8], expected: &[u16], about: &str) {
    check_last_reply(server, witness, bytes, expected, about);
    let mut client = Client::sending(server, bytes);
    expect_last(&mut client, expected, about);
    // The server waits for the client's end for a while, but not for ever. It takes this for nothing either way.
    let _ = client.try_send(SMUGGLED);
    expect_nothing(&mut client, witness, about);
}

/// Sends `bytes` with a smuggled request behind them. Exactly these replies come, the last one says `close`, and the
/// connection ends cleanly.
#[track_caller]
pub(crate) fn check_last_reply(server: &Server, witness: &Witness, bytes: &[u8], expected: &[u16], about: &str) {
    let mut client = Client::sending(server, [bytes, SMUGGLED.as_bytes()].concat());
    expect_last(&mut client, expected, about);
    expect_nothing(&mut client, witness, about);
}

#[track_caller]
fn expect_last(client: &mut Client, expected: &[u16], about: &str) {
    let mut replies = Vec::new();
    for _ in expected {
        replies.push(client.try_read_reply("GET").unwrap_or_else(|error| panic!("{about}: {error}")));
    }
    assert_eq!(codes(&replies), expected, "{about}");
    let last = replies.last().and_then(|reply| reply.field("Connection"));
    assert_eq!(last, Some("close"), "{about}");
}

#[track_caller]
fn expect_nothing(client: &mut Client, witness: &Witness, about: &str) {
    let rest = client.try_read_to_end().unwrap_or_else(|error| panic!("{about}: {error}"));
    assert!(rest.is_empty(), "{about}: more than that: {}", rest.escape_ascii());
    let seen = witness.take_seen();
    assert!(!seen.iter().any(|asked| asked.contains("smuggled")), "{about}: {seen:?}");
}
