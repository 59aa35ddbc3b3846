//! One script's run: its three pipes and the client's socket, waited for together on the handler's thread.
//!
//! ```text
//!   client --rfile--> feed --stdin--> script --stdout--> output --wfile--> client
//!                                       |
//!                                       +--stderr--> log
//! ```
//!
//! Only the client is ever waited for by itself, in `wfile`, and only once it has sent all of its body: until then the
//! reply is sent as far as the socket takes it at once. So a script that answers while it reads never waits for a client
//! that waits for it.

mod streams;
mod wait;

use std::io::{self, Read, Write};
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

/// How much is read from a pipe at once: 64 KiB, all that it holds.
const READ_BYTES: usize = 64 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Run<'r> {
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
    /// What the log calls the script.
    name: &'r str,
    buffer: Vec<u8>,
    /// More of the body is to come from the client.
    body_left: bool,
    has_client_ended: bool,
    /// Nothing came while it last waited.
    was_idle: bool,
}

impl<'r> Run<'r> {
    /// `feed` is what is here of the body; `body_left`: more of it comes from `client`.
    pub fn new(
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

    /// Runs it to its end. However this returns, nothing of the script's group goes on, but what a script that has exited
    /// well has left behind on purpose.
    pub fn finish(mut self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
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

    /// The script has exited, all its output was read, and what waits of it can be waited for.
    fn is_done(&mut self, ex: &Exchange<'_>) -> bool {
        if self.stdout.is_some() || self.process.status().is_none() {
            return false;
        }
        // From here on, only the client can be late.
        self.clock.output_ended = None;
        self.client_side(ex) == Client::Reads || !self.output.has_pending()
    }

    /// Whether what there is has to do. Looks at what no descriptor tells.
    ///
    /// # Errors
    /// Something has taken too long.
    fn is_over(&mut self, ex: &Exchange<'_>) -> Result<bool> {
        let now = Instant::now();
        if ex.server.is_shutting_down() {
            self.clock.server_ending.get_or_insert(now);
        }
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
                ex.log_error(format_args!("{}: the script has ended its output and goes on: it is ended", self.name));
                Ok(true)
            }
            Due::ServerEnds => Err(busy("the server ends").into()),
            Due::RunTimeout => Err(late(format!("the script ran for {} s", seconds(self.limits.run_timeout))).into()),
            Due::ClientEnded => {
                let grace = seconds(self.limits.client_end_grace);
                Err(late(format!("the client ended its side, and the script sent nothing for {grace} s")).into())
            }
            Due::Stall => Err(self.stalled(ex).into()),
        }
    }

    /// Nothing moves any more: whose fault that is.
    fn stalled(&self, ex: &Exchange<'_>) -> HTTPError {
        let is_client_s_turn = self.output.has_pending() || self.stdin.is_some() && self.feed.is_empty();
        if self.client_side(ex) == Client::Sends && is_client_s_turn {
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

    /// Does what can be done now.
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

    /// Sends what is due, to a client that reads.
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

    /// What was composed is on the wire. If the client is not there any more, its socket says so from now on.
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

    /// The output is whole, or there is none.
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

    /// The client is gone: there is nobody to answer.
    fn leave(self, ex: &mut Exchange<'_>) -> Result<ScriptOutcome> {
        if self.output.has_begun() {
            // So the wire learns it, too, and what there is of the reply is not taken for all of it.
            ex.wfile.flush()?;
            return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
        }
        ex.log_error(format_args!("{}: the client went away, and the script is ended", self.name));
        drop(ex.hijack()?);
        Ok(ScriptOutcome::Answered)
    }
}

/// RFC 9110, section 15.6.5.
fn late(what: String) -> HTTPError {
    HTTPError::from(504).with_source(what)
}

/// RFC 9110, section 15.6.4.
pub fn busy(what: &str) -> HTTPError {
    HTTPError::from(503).with_header("Retry-After", RETRY_AFTER_SECONDS).with_explain(what)
}

/// When a client that was turned away may come again: in 2 s, when some scripts will have ended.
const RETRY_AFTER_SECONDS: u64 = 2;
