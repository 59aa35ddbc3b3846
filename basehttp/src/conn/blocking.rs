//! Drives a connection on one thread that waits for it, for `handle_request` and for connections without a server.

use std::io;
use std::time::Instant;

use super::buffers::Buffers;
use super::connection::{Conn, Ready, Wait};
use super::scheduler::{ConnectionCode, RunOn, Scheduler};
use crate::exchange::{Context, Service};
use crate::proto::Head;
use crate::sys::Direction;

/// A scheduler that serves everything on this thread, one request at a time.
struct Alone {
    has_served: bool,
}

impl Scheduler for Alone {
    fn run_on(&mut self, _request: &Head<'_>, _may_wait: bool) -> RunOn {
        RunOn::ThisThread
    }

    fn place_refusal(&mut self) -> RunOn {
        RunOn::ThisThread
    }

    fn place_code(&mut self, _code: ConnectionCode) -> RunOn {
        RunOn::ThisThread
    }

    fn begin_code(&mut self) {}

    fn end_code(&mut self, _code: ConnectionCode) {}

    fn look_at_clock(&mut self) {}

    fn begin(&mut self) {
        self.has_served = true;
    }

    fn end(&mut self) {}

    fn send_file_on(&mut self, _was_slow: bool) -> RunOn {
        RunOn::ThisThread
    }

    fn begin_blocking(&mut self) {}

    fn end_blocking(&mut self) -> bool {
        false
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn is_turn_over(&self) -> bool {
        self.has_served
    }
}

/// Serves one request and sends its response. Returns whether the connection stays open.
pub(crate) fn handle_one_request(
    conn: &mut Conn,
    buffers: &mut Buffers,
    service: &dyn Service,
    context: &Context,
) -> bool {
    let mut scheduler = Alone { has_served: false };
    let mut ready = Ready::default();
    loop {
        ready = match buffers.drive(conn, service, context, &mut scheduler, ready) {
            Wait::Closed => return false,
            Wait::Turn if conn.is_ending_a_reply() => Ready::default(),
            Wait::Turn | Wait::Thread => return true,
            Wait::For(direction) => wait_for(conn, direction),
        };
    }
}

/// Goes on with what comes before the first request: the PROXY header, or the TLS handshake. Returns whether the
/// connection is open. Behind a header the client may be silent for long, so that a handshake is left for another call.
/// A request that has come is left for [`handle_one_request`].
pub(crate) fn go_on_with_beginning(
    conn: &mut Conn,
    buffers: &mut Buffers,
    service: &dyn Service,
    context: &Context,
) -> bool {
    conn.restart_clock(Instant::now(), &context.settings);
    let awaited_proxy = conn.awaits_proxy();
    // The turn is over before a request.
    let mut scheduler = Alone { has_served: true };
    let mut ready = Ready::default();
    loop {
        match buffers.drive(conn, service, context, &mut scheduler, ready) {
            Wait::Closed => return false,
            Wait::For(Direction::Read) if awaited_proxy && conn.is_beginning() && !conn.awaits_proxy() => break,
            Wait::For(direction) if conn.is_beginning() || conn.is_ending_a_reply() => {
                ready = wait_for(conn, direction);
            }
            Wait::Turn if conn.is_ending_a_reply() => ready = Ready::default(),
            Wait::Turn | Wait::Thread | Wait::For(_) => break,
        }
    }
    conn.restart_clock(Instant::now(), &context.settings);
    true
}

fn wait_for(conn: &Conn, direction: Direction) -> Ready {
    let wait = conn.deadline().saturating_duration_since(Instant::now());
    match conn.socket.wait(direction, Some(wait)) {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ready { expired: true, ..Ready::default() },
        // The next read reports any other error.
        _ => Ready {
            readable: direction == Direction::Read,
            writable: direction == Direction::Write,
            ..Ready::default()
        },
    }
}
