//! Where log lines go: standard error, through a bounded buffer and a thread of its own, so that a blocked terminal or
//! pipe never stops a connection. Lines that the buffer cannot take are dropped, counted, and owned up to later.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How many bytes of lines may wait for a sink that does not take them: 1 MiB, some 10,000 requests.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// The process's log: every server writes its lines to the same standard error.
static LOG: Log = Log {
    waiting: Mutex::new(Waiting { lines: Vec::new(), dropped: 0, writer: Writer::None }),
    changed: Condvar::new(),
};

struct Log {
    waiting: Mutex<Waiting>,
    /// Lines came, or the writer has written what it took.
    changed: Condvar,
}

struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    writer: Writer,
}

/// What the writing thread does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// There is none yet.
    None,
    /// It waits for lines.
    Idle,
    /// It has taken lines and writes them.
    Busy,
}

/// Adds one line, which ends with a line feed. Never waits for the sink.
pub(crate) fn add_line(line: &str) {
    let mut waiting = LOG.lock();
    if waiting.lines.len() + line.len() > MAX_WAITING_BYTES {
        waiting.dropped += 1;
        return;
    }
    waiting.lines.extend_from_slice(line.as_bytes());
    if waiting.writer == Writer::None {
        waiting.start_writer();
    }
    drop(waiting);
    LOG.changed.notify_all();
}

/// Waits until every line added so far is written, but no longer than a blocked sink deserves.
pub(crate) fn flush() {
    const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
    let is_unwritten = |waiting: &mut Waiting| !waiting.lines.is_empty() || waiting.writer == Writer::Busy;
    // Whether the time ran out makes no difference: there is nobody left to tell.
    let _ = LOG.changed.wait_timeout_while(LOG.lock(), PATIENCE, is_unwritten);
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self) {
        let mut waiting = self.lock();
        loop {
            while waiting.lines.is_empty() {
                waiting.writer = Writer::Idle;
                self.changed.notify_all();
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.writer = Writer::Busy;
            let lines = waiting.take();
            drop(waiting);
            // A closed standard error has nobody to be told either.
            let _ = io::stderr().write_all(&lines);
            waiting = self.lock();
        }
    }
}

impl Waiting {
    fn start_writer(&mut self) {
        let started = thread::Builder::new().name("basehttp-log".into()).spawn(|| LOG.write_for_ever());
        match started {
            Ok(_) => self.writer = Writer::Idle,
            // Without a thread the lines wait for the next try, within their bound.
            Err(_) => self.writer = Writer::None,
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let mut lines = std::mem::take(&mut self.lines);
        if self.dropped > 0 {
            lines.extend_from_slice(format!("basehttp: {} log lines dropped\n", self.dropped).as_bytes());
            self.dropped = 0;
        }
        lines
    }
}
