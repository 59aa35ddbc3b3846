//! A handler of ours that takes every method and remembers what it was called for.
//!
//! Written by hand, since `#[http_handler]` wants the methods named.

use std::fmt;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use basehttp::{Address, BaseHTTPRequestHandler, Exchange, HandlerError, Headers, Result, Version};

use crate::reading::{End, Taken};

/// The server's reason for a body whose end does not come. It does not refuse the bytes that came.
const ENDED_EARLY: &str = "the request's body ended early";

/// The treatment of bodies by the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// It reads each to its end.
    Read,
    /// It leaves them to the server.
    Leave,
}

/// The handler. Its clones remember together.
#[derive(Clone)]
pub struct Witness {
    bodies: Bodies,
    seen: Arc<Mutex<Seen>>,
    /// Bytes that the connection has read, where that is known.
    pub given: Arc<AtomicUsize>,
}

/// The requests that it remembers.
#[derive(Default)]
pub struct Seen {
    pub taken: Vec<Taken>,
    /// Bytes that were read when each of them was taken.
    pub ends: Vec<usize>,
    /// The last of them was of HTTP/1.0.
    pub is_old: bool,
    /// The first error reply.
    pub end: Option<End>,
}

impl Witness {
    /// One that has seen nothing.
    pub fn new(bodies: Bodies) -> Self {
        Self { bodies, seen: Arc::default(), given: Arc::default() }
    }

    /// Takes the requests since the last call.
    pub fn take_seen(&self) -> Seen {
        std::mem::take(&mut *self.lock())
    }

    /// The requests so far.
    pub fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, ex: &mut Exchange<'_>) -> Result {
        let mut body = Vec::new();
        if self.bodies == Bodies::Read {
            ex.rfile.read_to_end(&mut body)?;
        }
        let line = ex.requestline.as_bytes();
        let is_blank = |byte: &u8| *byte == b' ';
        let first = line.iter().position(is_blank).unwrap_or(line.len());
        let last = line.iter().rposition(is_blank).unwrap_or(line.len());
        let taken = Taken::new(&line[..first], line.get(first + 1..last).unwrap_or_default(), body);
        let mut seen = self.lock();
        seen.taken.push(taken);
        seen.is_old = ex.request_version == "HTTP/1.0";
        seen.ends.push(self.given.load(Relaxed));
        drop(seen);
        Ok(ex.send_response(200).end_headers()?)
    }
}

impl BaseHTTPRequestHandler for Witness {
    type MessageClass<'c> = Headers<'c>;

    const METHODS: &'static [&'static str] = &[];
    const PROTOCOL_VERSION: Version = Version::Http11;

    fn dispatch(&self, ex: &mut Exchange<'_>) -> Option<Result> {
        Some(self.take(ex))
    }

    fn send_error(&self, ex: &Exchange<'_>, code: u16, message: &str, explain: &str) -> io::Result<()> {
        let end = if explain == ENDED_EARLY { End::More } else { End::refused(code, explain) };
        self.lock().end.get_or_insert(end);
        basehttp::defaults::send_error(self, ex, code, message, explain)
    }

    fn log_message(&self, _: &Exchange<'_>, _: fmt::Arguments<'_>) {}

    fn handle_error(&self, _: &Address, _: &HandlerError) {}
}
