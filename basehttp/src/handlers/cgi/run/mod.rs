//! One script's run. The handler's thread waits for the script's three pipes and the client's socket together.
//!
//! ```text
//!   client --rfile--> feed --stdin--> script --stdout--> output --wfile--> client
//!                                       |
//!                                       +--stderr--> log
//! ```
//!
//! Only the client is ever waited for alone, in `wfile`, and only once it has sent its whole body. Until then the
//! response is sent as far as the socket takes it at once. So a script that answers while it reads never waits for a
//! client that waits for it.

mod streams;
mod wait;

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use basehttp::{Exchange, HTTPError, Result};
use rustix::event::PollFlags;
use rustix::io::ioctl_fionbio;

use super::body::Feed;
use super::builder::ScriptLimits;
use super::clock::{Clock, Due};
use super::output::{Client, Output, ScriptOutcome, broken};
use super::process::{Pipes, Process};
use super::stderr::Lines;

use self::wait::{ENDED, GONE, READABLE, RunEvents};

/// Bytes that are read from a pipe at once: 64 KiB, all that it holds.
const READ_BYTES: usize = 64 * 1024;

/// A running script with its streams, and the client that waits for its output.
#[derive(Debug)]
pub(super) struct Run<'r> {
    process: Process,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    feed: Feed<'r>,
    client: Option<OwnedFd>,
    output: Output,
    lines: Lines,
    clock: Clock,
    limits: &'r ScriptLimits,
    /// The name of the script in the log.
    name: &'r str,
    buffer: Vec<u8>,
    /// More of the body is to come from the client.
    body_left: bool,
    has_client_ended: bool,
    /// Nothing came during the last wait.
    was_idle: bool,
}

impl<'r> Run<'r> {
    /// Makes the run of a script that was started. `feed` has the part of the body that is here. If `body_left`, more
    /// of it comes from `client`.
    pub(super) fn new(
        (process, pipes): (Process, Pipes),
        (feed, body_left): (Feed<'r>, bool),
        client: Option<OwnedFd>,
        limits: &'r ScriptLimits,
        name: &'r str,
    ) -> io::Result<Self> {
        if let Some(stdin) = &pipes.stdin {
            ioctl_fionbio(stdin, true)?;
        }
        Ok(Run {
            process,
            stdin: pipes.stdin,
            stdout: Some(pipes.stdout),
            stderr: Some(pipes.stderr),
            feed,
            client,
            output: Output::new(limits.max_header_bytes),
            lines: Lines::default(),
            clock: Clock::new(Instant::now()),
            limits,
            name,
            buffer: vec![0; READ_BYTES],
            body_left,
            has_client_ended: false,
            was_idle: false,
        })
    }

    /// Runs the script to its end. However this returns, no process of the script's group goes on, except those that a
    /// script left behind on purpose before it exited well.
    pub(super) fn finish(mut self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        self.feed_script()?;
        loop {
            if self.is_done(ex) || self.is_over(ex)? {
                return self.conclude(ex);
            }
            let events = self.wait(ex)?;
            if events.client.intersects(GONE) {
                return self.leave(ex);
            }
            self.turn(ex, events)?;
        }
    }

    /// Returns whether the script has exited, its output was read, and the rest of it can be sent by waiting for the
    /// client.
    fn is_done(&mut self, ex: &Exchange<'_>) -> bool {
        if self.stdout.is_some() || self.process.status().is_none() {
            return false;
        }
        // From here on, only the client can be late.
        self.clock.output_ended = None;
        self.client_side(ex) == Client::Reads || !self.output.has_pending()
    }

    /// Checks the limits that no descriptor reports. Returns whether the run ends with the output that is here.
    ///
    /// # Errors
    /// A limit has passed, and the client gets an error.
    fn is_over(&mut self, ex: &Exchange<'_>) -> Result<bool> {
        let now = Instant::now();
        if ex.server.is_shutting_down() {
            self.clock.server_ending.get_or_insert(now);
        }
        // Only after an idle wait: output that is still in the pipe comes before the exit.
        if self.was_idle && self.stdout.is_some() && self.clock.exited.is_none() && self.process.has_ended() {
            self.clock.exited = Some(now);
        }
        let Some(due) = self.clock.due(now, self.limits) else { return Ok(false) };
        let seconds = |limit: Duration| limit.as_secs_f32();
        match due {
            Due::Orphaned => {
                self.end_output();
                Ok(false)
            }
            Due::Lingering => {
                ex.log_error(format_args!(
                    "{}: the script has ended its output but does not exit, and is ended",
                    self.name
                ));
                Ok(true)
            }
            Due::ServerEnds => Err(busy("the server is shutting down").into()),
            Due::RunTimeout => Err(late(format!("the script ran for {} s", seconds(self.limits.run_timeout))).into()),
            Due::ClientEnded => {
                let grace = seconds(self.limits.client_end_grace);
                Err(late(format!("the client closed its sending side, and the script sent nothing for {grace} s"))
                    .into())
            }
            Due::Stall => Err(self.stalled(ex).into()),
        }
    }

    /// Returns the error for a run in which nothing moves: 408 if it is the client's turn, 504 if it is the script's.
    fn stalled(&self, ex: &Exchange<'_>) -> HTTPError {
        let is_clients_turn = self.output.has_pending() || self.stdin.is_some() && self.feed.is_empty();
        if self.client_side(ex) == Client::Sends && is_clients_turn {
            return HTTPError::from(408).with_explain("the request's body came too slowly");
        }
        late(format!("the script sent nothing for {} s", self.limits.output_stall_timeout.as_secs_f32()))
    }

    fn client_side(&self, ex: &Exchange<'_>) -> Client {
        match (&self.client, ex.rfile.remaining()) {
            (Some(_), Some(1..)) => Client::Sends,
            _ => Client::Reads,
        }
    }

    /// Handles the events of one wait.
    fn turn(&mut self, ex: &mut Exchange<'_>, events: RunEvents) -> Result {
        if events.client.intersects(ENDED) && !self.has_client_ended {
            self.has_client_ended = true;
            self.clock.client_ended = Some(Instant::now());
        }
        if events.stderr.intersects(READABLE) {
            self.read_stderr(ex);
        }
        if events.stdin.intersects(PollFlags::ERR) {
            self.close_stdin();
        } else if events.stdin.intersects(PollFlags::OUT) {
            self.feed_script()?;
        }
        if events.client.intersects(PollFlags::IN) {
            self.read_body(ex)?;
        }
        if events.client.intersects(PollFlags::OUT) {
            self.output.send_piece(ex)?;
            self.note_sent();
        }
        if events.stdout.intersects(READABLE) {
            self.read_stdout(ex)?;
        }
        if self.client_side(ex) == Client::Reads {
            self.send(ex)?;
        }
        Ok(())
    }

    /// Sends output that is due, to a client that reads.
    fn send(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        if self.output.has_pending() {
            self.output.send_pending(ex)?;
        }
        if self.clock.until_flush(Instant::now()) == Some(Duration::ZERO) {
            ex.wfile.flush()?;
            self.note_sent();
        }
        Ok(())
    }

    /// Notes that the output is on the wire. If the client has gone away, its socket says so from now on.
    fn note_sent(&mut self) {
        let now = Instant::now();
        self.clock.unsent = self.output.has_pending().then_some(now);
        self.clock.client_ended = None;
        self.clock.moved = now;
    }

    fn read_stdout(&mut self, ex: &mut Exchange<'_>) -> Result {
        let side = self.client_side(ex);
        let Some(stdout) = &mut self.stdout else { return Ok(()) };
        match stdout.read(&mut self.buffer) {
            Ok(0) => self.end_output(),
            Ok(count) => {
                self.output.take(ex, &self.buffer[..count], side)?;
                let now = Instant::now();
                self.clock.moved = now;
                if self.output.has_begun() {
                    self.clock.unsent.get_or_insert(now);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn end_output(&mut self) {
        self.stdout = None;
        self.clock.output_ended = Some(Instant::now());
    }

    /// Ends the response, after the output has ended. Logs the exit code.
    fn conclude(mut self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        self.read_last_stderr(ex);
        if let Some(status) = self.process.status() {
            if let Some(signal) = status.signal() {
                return Err(broken(format!("{} was ended by signal {signal}", self.name)).into());
            }
            if let Some(code @ 1..) = status.code() {
                ex.log_error(format_args!("{}: CGI script exit code {code}", self.name));
            }
        }
        self.output.finish(ex)
    }

    /// Ends the run after the client has gone away.
    fn leave(self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        if self.output.has_begun() {
            // Flushing shows the connection that the client is gone, so that this part does not pass for the whole
            // response.
            ex.wfile.flush()?;
            return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
        }
        ex.log_error(format_args!("{}: the client went away, and the script is ended", self.name));
        drop(ex.hijack()?);
        Ok(ScriptOutcome::Answered)
    }
}

/// Returns a 504 (RFC 9110, section 15.6.5). The text is for the log.
fn late(what: String) -> HTTPError {
    HTTPError::from(504).with_source(what)
}

/// Returns a 503 (RFC 9110, section 15.6.4). The text is for the client.
pub(super) fn busy(what: &str) -> HTTPError {
    HTTPError::from(503).with_header("Retry-After", RETRY_AFTER_SECONDS).with_explain(what)
}

/// Time after which a refused client may try again: 2 s, when some scripts will have ended.
const RETRY_AFTER_SECONDS: u64 = 2;
