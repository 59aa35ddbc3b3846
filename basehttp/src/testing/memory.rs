//! Bytes in and bytes out: a handler's connection whose client is memory.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use crate::Connection;
use crate::server::BaseHTTPRequestHandler;
use crate::sys::lock;

/// Feeds `request` to the handler as one connection and returns everything that comes back.
///
/// The client ends its side after the last byte, as `printf … | nc` does. [`get`](super::get) and its like write the
/// request for you, and [`Response::parse`](super::Response::parse) takes the bytes apart.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let reply = basehttp::testing::respond(&Hello, b"GET / HTTP/1.0\r\n\r\n");
/// assert!(reply.starts_with(b"HTTP/1.0 200 OK\r\n"));
/// assert!(reply.ends_with(b"\r\n\r\nhi"));
/// ```
pub fn respond<H: BaseHTTPRequestHandler>(handler: &H, request: impl AsRef<[u8]>) -> Vec<u8> {
    respond_to_pieces(handler, [request])
}

/// Feeds a request in pieces to the handler: each read of the server gets one of them, or a part of it.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let reply = basehttp::testing::respond_to_pieces(&Hello, ["GET / HT", "TP/1.0\r\n\r", "\n"]);
/// assert!(reply.ends_with(b"hi"));
/// ```
pub fn respond_to_pieces<H: BaseHTTPRequestHandler>(
    handler: &H,
    pieces: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Vec<u8> {
    serve(handler, pieces).bytes
}

/// Everything that a handler has sent over one connection.
pub(super) struct Conversation {
    pub(super) bytes: Vec<u8>,
    /// The server has closed the connection in the middle of a response.
    pub(super) was_aborted: bool,
}

pub(super) fn serve<H: BaseHTTPRequestHandler>(
    handler: &H,
    pieces: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Conversation {
    let written = Arc::new(Mutex::new(Vec::new()));
    let pieces = pieces.into_iter().map(|piece| piece.as_ref().to_vec()).filter(|piece| !piece.is_empty()).collect();
    let mut connection = Connection::new(Memory { pieces, written: Arc::clone(&written) }, handler);
    connection.handle();
    let was_aborted = connection.was_aborted();
    drop(connection);
    let bytes = std::mem::take(&mut *lock(&written));
    Conversation { bytes, was_aborted }
}

/// The client's side as memory.
struct Memory {
    pieces: VecDeque<Vec<u8>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.pieces.pop_front() else { return Ok(0) };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        let rest = piece.split_off(count);
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        }
        Ok(count)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.written).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
