//! The client: plays what the bytes of the input say, and knows what it has asked for.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::handler::DEEDS;
use crate::conn::Ready;
use crate::fuzzing::choices::Choices;
use crate::sys::lock;

/// A request that was begun.
#[derive(Debug)]
pub(super) struct ExpectedReply {
    pub number: usize,
    pub method: &'static str,
    pub deed: &'static str,
    pub body: Vec<u8>,
    pub expects_continue: bool,
    /// HTTP/1.0.
    pub is_old: bool,
    /// The client wants the connection to end behind it.
    pub is_last: bool,
    /// Bytes of it that were not sent.
    pub unsent: usize,
    /// Its end among the bytes of all requests.
    pub end: usize,
}

/// Conditions of a stream's calls, beside the client's acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Calm,
    /// Every second call is interrupted by a signal.
    Interrupted,
    /// One byte moves with each call.
    Short,
    /// Every second call outside of handlers moves nothing, and another event tells that it would.
    Blocked,
}

impl Weather {
    pub(super) const ALL: [Weather; 4] = [Weather::Calm, Weather::Interrupted, Weather::Short, Weather::Blocked];
}

/// Both ends of the connection's bytes.
#[allow(clippy::struct_excessive_bools)] // Independent facts.
pub(super) struct Play {
    script: Arc<[u8]>,
    /// So much of it is played.
    played: usize,
    /// Made, and not sent yet.
    pending: VecDeque<u8>,
    /// Sent, and not read by the server.
    to_server: VecDeque<u8>,
    /// Bytes that the server has read.
    read: usize,
    /// How many it had read when it wrote: what stands in `from_server` from the first number on.
    read_before: Vec<(usize, usize)>,
    /// Bytes of all requests.
    made: usize,
    /// Written by the server.
    pub from_server: Vec<u8>,
    /// Bytes of it that the client still takes for now.
    room: usize,
    pub has_ended: bool,
    pub has_reset: bool,
    /// The server waited, and the script was over.
    pub has_stalled: bool,
    pub asked: Vec<ExpectedReply>,
    /// From here on the client has sent what is no request.
    pub is_garbled: bool,
    /// The server blocks in a read or write: nothing else would make the client go on.
    pub in_handler: bool,
    weather: Weather,
    calls: usize,
    /// Events since the server last looked.
    news: Ready,
    waited: Duration,
    pub has_waited: bool,
}

/// The stream that the server reads from and writes to.
pub(super) struct End(pub Arc<Mutex<Play>>);

impl Play {
    pub(super) fn new(script: &[u8], weather: Weather) -> Self {
        Play {
            script: script.into(),
            played: 0,
            pending: VecDeque::new(),
            to_server: VecDeque::new(),
            read: 0,
            read_before: Vec::new(),
            made: 0,
            from_server: Vec::new(),
            room: 0,
            has_ended: false,
            has_reset: false,
            has_stalled: false,
            asked: Vec::new(),
            is_garbled: false,
            in_handler: false,
            weather,
            calls: 0,
            news: Ready::default(),
            waited: Duration::ZERO,
            has_waited: false,
        }
    }

    /// Returns the bytes that the server had read when it wrote the byte at `at`.
    pub(super) fn read_before(&self, at: usize) -> usize {
        let earlier = self.read_before.iter().take_while(|(start, _)| *start <= at);
        earlier.last().map_or(0, |(_, read)| *read)
    }

    /// True if something has happened that the server was not told of.
    pub(super) fn has_news(&self) -> bool {
        self.news.is_any() || !self.waited.is_zero()
    }

    pub(super) fn takes_everything(&self) -> bool {
        self.room > usize::MAX / 4
    }

    /// Events that the server is told of.
    pub(super) fn take_news(&mut self) -> (Ready, Duration) {
        (std::mem::take(&mut self.news), std::mem::take(&mut self.waited))
    }

    /// Does one thing. False: the script is over.
    pub(super) fn act(&mut self) -> bool {
        let script = Arc::clone(&self.script);
        let mut choices = Choices::new(&script[self.played..]);
        if choices.is_empty() {
            return false;
        }
        match choices.below(12) {
            0..=2 => self.ask(&mut choices),
            3..=5 => self.send(choices.below(256) * 8),
            6 | 7 => self.take((choices.below(256) + 1) * 32),
            8 => {
                let count = choices.below(24);
                self.garble(choices.take(count));
            }
            9 => {
                self.waited += Duration::from_secs(choices.byte().into());
                self.has_waited = true;
            }
            10 => {
                self.has_ended = true;
                self.news.closed = true;
            }
            _ => {
                self.has_reset |= choices.below(4) == 0;
                self.news.closed |= self.has_reset;
            }
        }
        self.played = script.len() - choices.rest().len();
        true
    }

    /// Takes so many bytes more.
    fn take(&mut self, count: usize) {
        self.room += count;
        self.news.writable = true;
    }

    /// Sends what is no request, behind all that was asked.
    fn garble(&mut self, garbage: &[u8]) {
        self.send(usize::MAX);
        if !self.has_ended && !garbage.is_empty() {
            self.is_garbled = true;
            self.to_server.extend(garbage);
            self.news.readable = true;
        }
    }

    /// From here on the client takes whatever comes.
    pub(super) fn take_everything(&mut self) {
        self.take(usize::MAX / 2);
    }

    /// Sends so much of what was asked.
    fn send(&mut self, count: usize) {
        if self.has_ended || self.has_reset {
            return;
        }
        let count = count.min(self.pending.len());
        self.to_server.extend(self.pending.drain(..count));
        let mut unsent = self.pending.len();
        for asked in self.asked.iter_mut().rev() {
            asked.unsent = unsent.min(asked.unsent);
            unsent -= asked.unsent;
        }
        self.news.readable |= count > 0;
    }

    fn ask(&mut self, choices: &mut Choices<'_>) {
        let number = self.asked.len();
        let method = choices.of(&["GET", "POST", "HEAD"]);
        let deed = choices.of(&DEEDS);
        let version = choices.of(&["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"]);
        let connection = choices.of(&["", "", "Connection: keep-alive\r\n", "Connection: close\r\n"]);
        let is_last = connection.contains("close") || version == "HTTP/1.0" && connection.is_empty();
        let mut request = format!("{method} /{number}/{deed} {version}\r\nHost: h\r\n{connection}");
        let body: Vec<u8> = (b'a'..=b'z').cycle().take(choices.below(256) * choices.of(&[0, 0, 1, 40])).collect();
        let may_chunk = version == "HTTP/1.1";
        let expects_continue = may_chunk && !body.is_empty() && choices.below(4) == 1;
        if expects_continue {
            request.push_str("Expect: 100-continue\r\n");
        }
        let mut bytes = Vec::new();
        match choices.below(3) {
            _ if body.is_empty() => bytes.extend_from_slice(format!("{request}\r\n").as_bytes()),
            1 if may_chunk => {
                bytes.extend_from_slice(format!("{request}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
                let size = choices.below(256) + 1;
                for chunk in body.chunks(size) {
                    bytes.extend_from_slice(format!("{:x};x=\"y\"\r\n", chunk.len()).as_bytes());
                    bytes.extend_from_slice(chunk);
                    bytes.extend_from_slice(b"\r\n");
                }
                bytes.extend_from_slice(b"0\r\nX-Sum: 1\r\n\r\n");
            }
            _ => {
                bytes.extend_from_slice(format!("{request}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                bytes.extend_from_slice(&body);
            }
        }
        let unsent = bytes.len();
        self.made += unsent;
        self.pending.extend(bytes);
        if !self.is_garbled {
            self.asked.push(ExpectedReply {
                number,
                method,
                deed,
                body,
                expects_continue,
                is_old: !may_chunk,
                is_last,
                unsent,
                end: self.made,
            });
        }
    }

    /// How many of so many bytes may move with this call; `event` is what tells of those that may not.
    fn most(&mut self, count: usize, event: Ready) -> io::Result<usize> {
        self.calls += 1;
        let is_second = self.calls.is_multiple_of(2);
        match self.weather {
            Weather::Interrupted if is_second => Err(ErrorKind::Interrupted.into()),
            Weather::Blocked if is_second && !self.in_handler => {
                self.news = self.news.and(event);
                Err(ErrorKind::WouldBlock.into())
            }
            Weather::Short => Ok(count.min(1)),
            Weather::Calm | Weather::Interrupted | Weather::Blocked => Ok(count),
        }
    }

    /// The server waits in the middle of a request. Whether anything changed.
    fn is_waited_for(&mut self) -> bool {
        let goes_on = self.in_handler && self.act();
        self.has_stalled |= self.in_handler && !goes_on;
        goes_on
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(buffer.len(), Ready { readable: true, ..Ready::default() })?;
        loop {
            if play.has_reset {
                return Err(ErrorKind::ConnectionReset.into());
            }
            if !play.to_server.is_empty() {
                let count = play.to_server.read(&mut buffer[..most])?;
                play.read += count;
                return Ok(count);
            }
            if play.has_ended {
                return Ok(0);
            }
            if !play.is_waited_for() {
                return Err(if play.in_handler { ErrorKind::TimedOut } else { ErrorKind::WouldBlock }.into());
            }
        }
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(bytes.len(), Ready { writable: true, ..Ready::default() })?;
        loop {
            if play.has_reset {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let count = most.min(play.room);
            if count > 0 {
                play.room -= count;
                let mark = (play.from_server.len(), play.read);
                play.read_before.push(mark);
                play.from_server.extend_from_slice(&bytes[..count]);
                return Ok(count);
            }
            if !play.is_waited_for() {
                return Err(if play.in_handler { ErrorKind::TimedOut } else { ErrorKind::WouldBlock }.into());
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
