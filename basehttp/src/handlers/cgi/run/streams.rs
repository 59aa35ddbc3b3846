//! The streams into the script and into the log. The body goes from the client to standard input, and standard error to
//! the log.

use std::io::{self, BufRead, Read, Write};
use std::process::ChildStderr;
use std::time::{Duration, Instant};

use basehttp::Exchange;
use rustix::event::{PollFd, PollFlags, poll};

use super::super::process::timespec;
use super::Run;

impl Run<'_> {
    /// Reads what the client has sent of the body, and feeds it to the script.
    pub(super) fn read_body(&mut self, ex: &mut Exchange<'_>) -> io::Result<()> {
        let bytes = ex.rfile.fill_buf()?;
        let count = bytes.len();
        if self.stdin.is_some() {
            self.feed.push(bytes)?;
        }
        ex.rfile.consume(count);
        self.body_left = ex.rfile.remaining().is_some_and(|left| left > 0);
        self.clock.moved = Instant::now();
        self.feed_script()
    }

    /// Gives the script as much of the body as it takes now, and closes its input behind the last byte.
    pub(super) fn feed_script(&mut self) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        let bytes = self.feed.next()?;
        if !bytes.is_empty() {
            match stdin.write(bytes) {
                Ok(count) => {
                    self.feed.consume(count);
                    self.clock.moved = Instant::now();
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                // The script reads no more, as it may.
                Err(_) => self.close_stdin(),
            }
        }
        if self.feed.is_empty() && !self.body_left {
            self.close_stdin();
        }
        Ok(())
    }

    pub(super) fn close_stdin(&mut self) {
        self.stdin = None;
        self.feed.clear();
    }

    pub(super) fn read_stderr(&mut self, ex: &Exchange<'_>) {
        let Some(stderr) = &mut self.stderr else { return };
        match stderr.read(&mut self.buffer) {
            Ok(count @ 1..) => {
                let name = self.name;
                self.lines.push(&self.buffer[..count], |line| ex.log_error(format_args!("{name}: {line}")));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.stderr = None,
        }
    }

    /// Logs the rest of standard error. Other processes may hold it open and write to it, so no more is read than a
    /// pipe holds.
    pub(super) fn read_last_stderr(&mut self, ex: &Exchange<'_>) {
        let now = timespec(Duration::ZERO);
        let is_readable = |stderr: &ChildStderr| poll(&mut [PollFd::new(stderr, PollFlags::IN)], Some(&now)) == Ok(1);
        if self.stderr.as_ref().is_some_and(is_readable) {
            self.read_stderr(ex);
        }
        let name = self.name;
        self.lines.finish(|line| ex.log_error(format_args!("{name}: {line}")));
    }
}
