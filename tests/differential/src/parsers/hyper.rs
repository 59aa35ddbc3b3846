//! hyper, through its public API, polled by hand over memory and without a runtime.
//!
//! It tokenizes heads with the crate that basehttp uses, httparse; what it makes of the tokens, and its bodies, are its
//! own.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use hyper::body::{Body, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::Peer;
use crate::reading::{End, Reading, Taken};

/// hyper.
pub struct Hyper;

impl Peer for Hyper {
    fn name(&self) -> &'static str {
        "hyper"
    }

    fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>> {
        Ok(streams.iter().map(|stream| read(stream)).collect())
    }
}

fn read(stream: &[u8]) -> Reading {
    let seen = Rc::new(RefCell::new(Seen::default()));
    let written = Rc::new(RefCell::new(Vec::new()));
    let tape = Tape { bytes: stream.to_vec(), at: 0, written: Rc::clone(&written) };
    let service = service_fn(|request| take(request, Rc::clone(&seen)));
    let mut connection = pin!(http1::Builder::new().serve_connection(tape, service));
    let alarm = Arc::new(Alarm(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    let mut outcome = Poll::Pending;
    // It wakes only itself.
    while outcome.is_pending() && alarm.0.swap(false, Relaxed) {
        outcome = connection.as_mut().poll(&mut context);
    }
    let Seen { taken, broken } = seen.take();
    let end = match outcome {
        _ if broken.is_some() => End::refused(400, broken.unwrap_or_default()),
        Poll::Pending => End::More,
        Poll::Ready(Ok(())) => End::Closed,
        Poll::Ready(Err(error)) => End::refused(last_status(&written.borrow()), format!("{error:?}")),
    };
    Reading { taken, end }
}

#[derive(Default)]
struct Seen {
    taken: Vec<Taken>,
    /// The fault of a body.
    broken: Option<String>,
}

async fn take(request: Request<Incoming>, seen: Rc<RefCell<Seen>>) -> Result<Response<String>, Infallible> {
    let (head, mut incoming) = request.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        match frame {
            // A frame of trailers is none of data.
            Ok(frame) => body.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(error) => {
                seen.borrow_mut().broken = Some(format!("{error:?}"));
                return Ok(Response::new(String::new()));
            }
        }
    }
    seen.borrow_mut().taken.push(Taken::new(head.method.as_str(), head.uri.to_string(), body));
    Ok(Response::new(String::new()))
}

fn last_status(written: &[u8]) -> u16 {
    let written = String::from_utf8_lossy(written);
    let status = written.rsplit_once("HTTP/1.").and_then(|(_, line)| line.get(2..5)?.parse().ok());
    status.unwrap_or_default()
}

/// Remembers that it rang.
struct Alarm(AtomicBool);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// The client's side. Behind its last byte there is nothing to read, and no end either.
struct Tape {
    bytes: Vec<u8>,
    at: usize,
    written: Rc<RefCell<Vec<u8>>>,
}

impl Read for Tape {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let count = (self.bytes.len() - self.at).min(buffer.remaining());
        if count == 0 {
            return Poll::Pending;
        }
        buffer.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Poll::Ready(Ok(()))
    }
}

impl Write for Tape {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyper_takes_pipelined_requests_and_says_what_it_refuses() {
        let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let reading = read(format!("{get}{get}").as_bytes());
        assert_eq!((reading.taken.len(), reading.end), (2, End::More));
        let reading = read(format!("{get}G\0").as_bytes());
        assert_eq!(reading.taken.len(), 1);
        assert!(matches!(reading.end, End::Refused { status: 400, .. }), "{}", reading.end);
        let reading = read(b"GET / HTTP/1.0\r\n\r\n");
        assert_eq!((reading.taken.len(), reading.end), (1, End::Closed));
    }
}
