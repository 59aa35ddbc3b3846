//! The log: lines go to standard error through a bounded buffer and a thread of its own, so that a blocked terminal or
//! pipe never stops a connection. Lines that do not fit into the buffer are dropped and counted, and a later line
//! reports the count.
//!
//! A leader serves many connections. It collects the lines of a turn and hands them over at the turn's end, so that the
//! writer is woken once for all of them. It also hands them over before another thread may have one of its connections,
//! so that the lines of a connection stay in order. The lines of a handler that may block go to the writer at once, so
//! that they are there while the handler waits, and after the process was killed.

use std::cell::RefCell;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::address::Address;
use super::clock;
use super::lock::{lock, unpoisoned};
use crate::proto::log_line;

/// Bytes of lines that may wait for a blocked sink: 1 MiB, some 10,000 requests.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// Bytes of lines that a thread collects before it hands them over: 8 KiB, about one turn's requests.
const MAX_COLLECTED_BYTES: usize = 8 * 1024;

/// The process's log. All servers of the process write to the same standard error.
static LOG: Log = Log {
    backlog: Mutex::new(Backlog { lines: Vec::new(), dropped: 0, writer: Writer::None }),
    changed: Condvar::new(),
};

struct Log {
    backlog: Mutex<Backlog>,
    /// Signals that lines came, or that the writer has written all that it took.
    changed: Condvar,
}

struct Backlog {
    lines: Vec<u8>,
    dropped: u64,
    writer: Writer,
}

/// State of the thread that writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// No thread has been started. Next: `Idle`.
    None,
    /// The thread waits for lines. Next: `Busy`.
    Idle,
    /// The thread was woken, or is writing the lines that it took. Next: `Idle`.
    Busy,
}

/// Lines of one thread's turn. Other threads may end the collecting for a thread that is stuck.
#[derive(Default)]
pub(crate) struct TurnLines {
    /// `None` while lines go to the log at once.
    collected: Mutex<Option<Vec<u8>>>,
}

/// Bytes of lines that are held back until their response is on its way: 4 KiB. Longer ones are not held.
const MAX_HELD_BYTES: usize = 4 * 1024;

thread_local! {
    /// The collection for this thread's lines, on a thread that has one.
    static TURN: RefCell<Option<Arc<TurnLines>>> = const { RefCell::new(None) };
    /// The lines that are held back at present.
    static HELD: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Gives this thread a collection for its lines, and returns it.
pub(crate) fn of_this_thread() -> Arc<TurnLines> {
    let turn = Arc::<TurnLines>::default();
    TURN.set(Some(Arc::clone(&turn)));
    turn
}

/// Hands over the lines of this thread's turn.
pub(crate) fn end_turn() {
    TURN.with_borrow(|turn| turn.iter().for_each(|turn| turn.hand_over()));
}

/// Hands over this thread's lines, and sends later ones to the log at once.
pub(crate) fn end_collecting() {
    TURN.with_borrow(|turn| turn.iter().for_each(|turn| turn.end_collecting()));
}

/// Holds back the lines that `log` adds, and returns them. The caller adds them later. Lines that are too long to be
/// held are added at once.
pub(crate) fn hold(log: impl FnOnce()) -> String {
    let outer = Outer(HELD.replace(Some(String::new())));
    log();
    let lines = HELD.take().unwrap_or_default();
    drop(outer);
    if lines.len() > MAX_HELD_BYTES {
        add_lines(&lines);
        return String::new();
    }
    lines
}

/// The lines that were held before. They are restored on drop, because a hook may serve requests of its own, or panic.
struct Outer(Option<String>);

impl Drop for Outer {
    fn drop(&mut self) {
        HELD.set(self.0.take());
    }
}

/// Adds one line, which ends with a line feed. Never waits for the sink.
pub(crate) fn add_line(line: &str) {
    let is_held = HELD.with_borrow_mut(|held| held.as_mut().map(|lines| lines.push_str(line)).is_some());
    if !is_held {
        add_lines(line);
    }
}

/// Adds whole lines, also while others are held back.
pub(crate) fn add_lines(lines: &str) {
    TURN.with_borrow(|turn| match turn {
        Some(turn) => turn.add(lines.as_bytes()),
        None => LOG.add(lines.as_bytes()),
    });
}

/// Returns a line in the format and with the time of `defaults::log_message`, where the handler's own cannot be asked.
pub(crate) fn default_line(client: &Address, message: &str) -> String {
    format!("{} - - [{}] {}\n", client.log_name(), clock::log_date(), log_line(message.as_bytes()))
}

/// Waits until every line handed over so far is written, or 0.5 s have passed.
pub(crate) fn flush() {
    const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
    let is_unwritten = |backlog: &mut Backlog| !backlog.lines.is_empty() || backlog.writer == Writer::Busy;
    // It makes no difference if the time ran out, since there is no way left to report it.
    let _ = LOG.changed.wait_timeout_while(LOG.lock(), PATIENCE, is_unwritten);
}

impl TurnLines {
    fn add(&self, more: &[u8]) {
        let mut collected = self.lock();
        let Some(lines) = &mut *collected else { return LOG.add(more) };
        if lines.len() + more.len() > MAX_COLLECTED_BYTES {
            LOG.add(lines);
            lines.clear();
        }
        if more.len() > MAX_COLLECTED_BYTES { LOG.add(more) } else { lines.extend_from_slice(more) }
    }

    /// Begins to collect lines.
    pub(crate) fn collect(&self) {
        self.lock().get_or_insert_default();
    }

    /// Gives the writer the collected lines.
    pub(crate) fn hand_over(&self) {
        if let Some(lines) = &mut *self.lock()
            && !lines.is_empty()
        {
            LOG.add(lines);
            lines.clear();
        }
    }

    /// Gives the writer the collected lines, and sends later ones there at once.
    pub(crate) fn end_collecting(&self) {
        let mut collected = self.lock();
        // Under the lock, since the thread's next line must not come before these.
        if let Some(lines) = collected.take()
            && !lines.is_empty()
        {
            LOG.add(&lines);
        }
    }

    /// Returns whether lines are collected, and do not go to the log at once.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_collecting(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        lock(&self.collected)
    }
}

impl Log {
    /// Adds whole lines, as far as there is room for them.
    fn add(&self, lines: &[u8]) {
        let mut backlog = self.lock();
        backlog.add(lines);
        if backlog.writer == Writer::None {
            backlog.start_writer();
        }
        // A busy writer looks again before it sleeps.
        if backlog.writer == Writer::Idle {
            backlog.writer = Writer::Busy;
            drop(backlog);
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        lock(&self.backlog)
    }

    fn write_for_ever(&self) {
        let mut backlog = self.lock();
        loop {
            while backlog.lines.is_empty() {
                backlog.writer = Writer::Idle;
                self.changed.notify_all();
                backlog = unpoisoned(self.changed.wait(backlog));
            }
            backlog.writer = Writer::Busy;
            let lines = backlog.take();
            drop(backlog);
            let lost = write_waiting(&mut io::stderr(), &lines);
            backlog = self.lock();
            backlog.dropped += lost;
        }
    }
}

/// Writes whole lines, and waits for a sink that would block. Returns the number of lines that could not be written
/// because the sink is broken.
fn write_waiting(sink: &mut (impl Write + AsFd), lines: &[u8]) -> u64 {
    let mut rest = lines;
    while !rest.is_empty() {
        match sink.write(rest) {
            Ok(0) => break,
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut sink = [PollFd::new(sink, PollFlags::OUT)];
                if poll(&mut sink, None).is_err_and(|error| error != Errno::INTR) {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    rest.split_inclusive(|&byte| byte == b'\n').count() as u64
}

impl Backlog {
    fn add(&mut self, lines: &[u8]) {
        let room = MAX_WAITING_BYTES - self.lines.len();
        let fitting = match lines.get(..room) {
            None => lines.len(),
            Some(part) => part.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1),
        };
        self.lines.extend_from_slice(&lines[..fitting]);
        self.dropped += lines[fitting..].split_inclusive(|&byte| byte == b'\n').count() as u64;
    }

    fn start_writer(&mut self) {
        let started = thread::Builder::new().name("basehttp-log".into()).spawn(|| LOG.write_for_ever());
        match started {
            Ok(_) => self.writer = Writer::Idle,
            // Without a thread the lines wait for the next attempt, within their bound.
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

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn lines_are_held_for_whoever_asked_last_and_for_no_longer() {
        let outer = hold(|| {
            add_line("before\n");
            assert_eq!(hold(|| add_line("inside\n")), "inside\n");
            assert!(catch_unwind(|| hold(|| panic!("as the test wants"))).is_err());
            add_line("behind\n");
        });
        assert_eq!(outer, "before\nbehind\n");
        assert!(HELD.with_borrow(Option::is_none));
    }

    #[test]
    fn a_sink_that_does_not_block_gets_every_line() {
        let (mut sink, mut source) = std::os::unix::net::UnixStream::pair().expect("two sockets");
        sink.set_nonblocking(true).expect("a socket");
        let lines = b"a line of the log\n".repeat(100_000);
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            io::Read::read_to_end(&mut source, &mut read).map(|_| read)
        });
        assert_eq!(write_waiting(&mut sink, &lines), 0);
        drop(sink);
        assert!(reading.join().unwrap().expect("it reads to the end") == lines);
    }

    #[test]
    fn lines_that_a_broken_sink_does_not_take_are_counted() {
        let (mut sink, source) = std::os::unix::net::UnixStream::pair().expect("two sockets");
        drop(source);
        assert_eq!(write_waiting(&mut sink, b"one\ntwo\n"), 2);
    }

    #[test]
    fn lines_that_do_not_fit_are_counted_and_none_is_cut() {
        let mut backlog = Backlog { lines: Vec::new(), dropped: 0, writer: Writer::Idle };
        let line = [&[b'x'; 99][..], b"\n"].concat();
        for _ in 0..2 * MAX_WAITING_BYTES / 1000 {
            backlog.add(&line.repeat(10));
        }
        assert_eq!(backlog.lines.len(), MAX_WAITING_BYTES / 100 * 100);
        assert_eq!(
            backlog.lines.len() / 100 + usize::try_from(backlog.dropped).unwrap(),
            2 * MAX_WAITING_BYTES / 1000 * 10
        );
        let (lines, dropped) = (backlog.lines.len(), backlog.dropped);
        let taken = backlog.take();
        assert_eq!(taken[lines..], *format!("basehttp: {dropped} log lines dropped\n").as_bytes());
        backlog.add(&line);
        assert_eq!((backlog.lines.len(), backlog.dropped), (100, 0), "there is room again");
    }
}
