//! Carries out a fault on the raw connection, byte by byte and pause by pause.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use socket2::SockRef;

use crate::exchange::{Exchange, Hijacked};
use crate::sys::{ServerHandle, timespec};

/// One step of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WireStep {
    Send(Vec<u8>),
    /// Pieces of so many bytes, with a pause between two of them.
    Drip(Vec<u8>, NonZeroUsize, Duration),
    Pause(Duration),
    /// The last step.
    End(Ending),
}

/// An end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Close,
    Reset,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ending::Close => "a close",
            Ending::Reset => "a reset",
        })
    }
}

/// Time between two looks at the server, which may shut down during a pause: 20 ms.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Longest time that a reset waits for the client to take the bytes before it: 10 s.
const DELIVERY_TIME: Duration = Duration::from_secs(10);

/// Longest time for which the rest of a request is read, so that a close is not a reset: 2 s.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// Takes the connection and carries out the steps. A client that leaves, or a server that shuts down, ends them.
///
/// # Errors
/// The connection cannot be taken, because the client is gone already.
pub(super) fn carry_out<M>(ex: &mut Exchange<'_, M>, steps: Vec<WireStep>) -> io::Result<()> {
    let server = ex.server;
    let is_request_read = ex.rfile.is_finished();
    let mut line = ex.hijack()?;
    for step in steps {
        let went = match step {
            WireStep::Send(bytes) => line.write_all(&bytes).is_ok(),
            WireStep::Drip(bytes, piece, pause) => drip(&mut line, &bytes, piece, || rest_for(pause, server)),
            WireStep::Pause(pause) => rest_for(pause, server),
            WireStep::End(Ending::Close) => {
                close(&mut line, is_request_read, server);
                true
            }
            WireStep::End(Ending::Reset) => {
                reset(&line, server);
                true
            }
        };
        if !went {
            break;
        }
    }
    Ok(())
}

/// Writes pieces and pauses between them. Returns `false` if the client is gone or a pause was ended.
fn drip(line: &mut Hijacked, bytes: &[u8], piece: NonZeroUsize, pause: impl Fn() -> bool) -> bool {
    bytes.chunks(piece.get()).enumerate().all(|(index, piece)| (index == 0 || pause()) && line.write_all(piece).is_ok())
}

/// Sleeps. Returns `false` at once if the server shuts down.
fn rest_for(pause: Duration, server: &ServerHandle) -> bool {
    let began = Instant::now();
    loop {
        let left = pause.saturating_sub(began.elapsed());
        if left.is_zero() || server.is_shutting_down() {
            return left.is_zero();
        }
        thread::sleep(left.min(LOOK_INTERVAL));
    }
}

/// Ends the connection so that the client reads to an end. While bytes of the request are unread, the system would
/// reset it.
fn close(line: &mut Hijacked, is_request_read: bool, server: &ServerHandle) {
    // An error means that the client is gone, and then there is nothing to tell it.
    if line.shutdown(Shutdown::Write).is_err() || is_request_read {
        return;
    }
    let (began, mut unread) = (Instant::now(), [0; 16 * 1024]);
    let is_set = line.set_read_timeout(Some(LOOK_INTERVAL)).is_ok();
    while is_set && began.elapsed() < LINGER_TIME && !server.is_shutting_down() {
        match line.read(&mut unread) {
            Ok(0) => break,
            Err(error) if error.kind() != io::ErrorKind::TimedOut => break,
            _ => {}
        }
    }
}

/// Makes the coming close a reset, once the system has sent everything that was written.
fn reset(line: &Hijacked, server: &ServerHandle) {
    let socket = SockRef::from(line);
    if tells_when_all_is_sent(&socket) {
        wait_until_sent(line, server);
    }
    // It fails for a connection that is not TCP, or whose client is gone. That one is closed without a reset.
    let _ = socket.set_linger(Some(Duration::ZERO));
}

/// Makes the socket ready for writing only while no written byte is unsent. Returns whether it can.
#[cfg(target_os = "linux")]
fn tells_when_all_is_sent(socket: &SockRef<'_>) -> bool {
    socket.set_tcp_notsent_lowat(1).is_ok()
}

/// Returns that the socket cannot tell. The reset may then overtake bytes that the client has no room for.
#[cfg(not(target_os = "linux"))]
fn tells_when_all_is_sent(_: &SockRef<'_>) -> bool {
    false
}

/// Waits until the socket is ready for writing, or for [`DELIVERY_TIME`].
fn wait_until_sent(line: &Hijacked, server: &ServerHandle) {
    let began = Instant::now();
    let mut watched = [PollFd::new(line, PollFlags::OUT)];
    while began.elapsed() < DELIVERY_TIME && !server.is_shutting_down() {
        if poll(&mut watched, Some(&timespec(LOOK_INTERVAL))).is_ok_and(|ready| ready > 0) {
            return;
        }
    }
}
