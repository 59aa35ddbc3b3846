//! The client: plays what the bytes of the input say, and knows what it has asked for.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use rustls::version::{TLS12, TLS13};

use super::handler::DEEDS;
use super::session::ClientSession;
use crate::conn::Ready;
use crate::exchange::MAX_BODY_AHEAD;
use crate::fuzzing::choices::Choices;

/// Bytes of records that move with a call when calls are short. A single one would take too long.
const SHORT_RECORD_BYTES: usize = 11;

/// A request that was begun.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts.
pub(super) struct ExpectedReply {
    pub number: usize,
    pub method: &'static str,
    pub deed: &'static str,
    pub body: Vec<u8>,
    pub expects_continue: bool,
    /// The handler may be called before all of it is here.
    pub is_streamed: bool,
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
    /// One byte moves with each call, or a few bytes of a record.
    Short,
    /// Every second call outside of handlers moves nothing, and another event tells that it would.
    Blocked,
}

impl Weather {
    pub(super) const ALL: [Weather; 4] = [Weather::Calm, Weather::Interrupted, Weather::Short, Weather::Blocked];
}

/// Kind of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// A stream that blocks by itself.
    Stream,
    /// A socket of the system.
    Socket,
    Tls13,
    Tls12,
}

impl Transport {
    pub(super) const ALL: [Transport; 4] = [Transport::Stream, Transport::Socket, Transport::Tls13, Transport::Tls12];
}

/// Both ends of the connection's bytes.
#[allow(clippy::struct_excessive_bools)] // Independent facts.
pub(super) struct Play {
    script: Arc<[u8]>,
    /// So much of it is played.
    played: usize,
    /// Made, and not sent yet.
    pending: VecDeque<u8>,
    /// The client's end of TLS.
    pub session: Option<Box<ClientSession>>,
    /// Bytes of records that are held up on their way, at the end of all that the client has sent.
    pub kept_back: usize,
    /// Sent, and not read by the server. Records, with TLS.
    pub to_server: VecDeque<u8>,
    /// Bytes that the server has read. Records, with TLS.
    pub read: usize,
    /// Bytes of requests that it had read when it wrote: what stands in `from_server` from the first number on.
    pub read_before: Vec<(usize, usize)>,
    /// Bytes of all requests.
    made: usize,
    /// Written by the server.
    pub from_server: Vec<u8>,
    /// Bytes of it that the client still takes for now.
    pub room: usize,
    /// The client sends no more.
    pub has_ended: bool,
    /// The server reads to the end of the socket.
    pub is_at_end: bool,
    pub has_reset: bool,
    /// The client has sent what is no record.
    pub is_broken: bool,
    /// The server has ended its side of the socket.
    pub is_shut: bool,
    /// The server has cut off a response.
    pub is_aborted: bool,
    /// The server waited, and the script was over.
    pub has_stalled: bool,
    pub asked: Vec<ExpectedReply>,
    /// From here on the client has sent what is no request.
    pub is_garbled: bool,
    /// The server blocks in a read or write: nothing else would make the client go on.
    pub in_handler: bool,
    pub weather: Weather,
    /// Reads, and writes. Counted apart, so that neither is the second one for ever.
    calls: [usize; 2],
    /// Events since the server last looked.
    pub news: Ready,
    waited: Duration,
    pub has_waited: bool,
}

impl Play {
    pub(super) fn new(script: &[u8], weather: Weather, transport: Transport) -> Self {
        let session = match transport {
            Transport::Stream | Transport::Socket => None,
            Transport::Tls13 => Some(Box::new(ClientSession::new(&TLS13))),
            Transport::Tls12 => Some(Box::new(ClientSession::new(&TLS12))),
        };
        let mut play = Play {
            script: script.into(),
            played: 0,
            pending: VecDeque::new(),
            session,
            kept_back: 0,
            to_server: VecDeque::new(),
            read: 0,
            read_before: Vec::new(),
            made: 0,
            from_server: Vec::new(),
            room: 0,
            has_ended: false,
            is_at_end: false,
            has_reset: false,
            is_broken: false,
            is_shut: false,
            is_aborted: false,
            has_stalled: false,
            asked: Vec::new(),
            is_garbled: false,
            in_handler: false,
            weather,
            calls: [0; 2],
            news: Ready::default(),
            waited: Duration::ZERO,
            has_waited: false,
        };
        play.move_records();
        play
    }

    /// Returns the bytes of requests that the server had read when it wrote the byte at `at`.
    pub(super) fn read_before(&self, at: usize) -> usize {
        let earlier = self.read_before.iter().take_while(|(start, _)| *start <= at);
        earlier.last().map_or(0, |(_, read)| *read)
    }

    /// True if something has happened that the server was not told of.
    pub(super) fn has_news(&self) -> bool {
        self.news.is_any() || !self.waited.is_zero()
    }

    /// How far both ends have come. It differs after each act, and after each byte in either direction.
    pub(super) fn progress(&self) -> [usize; 4] {
        [self.played, self.read, self.to_server.len(), self.room]
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
            return self.keep_back(0);
        }
        match choices.below(12) {
            0..=2 => self.ask(&mut choices),
            3..=5 => self.send(choices.below(256) * 8),
            6 | 7 => self.take((choices.below(256) + 1) * 32),
            8 => {
                let count = choices.below(24);
                let garbage = choices.take(count);
                self.garble(garbage, &mut choices);
            }
            9 => {
                self.waited += Duration::from_secs(choices.byte().into());
                self.has_waited = true;
            }
            10 => {
                self.end(&mut choices);
            }
            _ => {
                self.disturb(&mut choices);
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

    /// From here on the client takes whatever comes.
    pub(super) fn take_everything(&mut self) {
        self.take(usize::MAX / 2);
        self.keep_back(0);
    }

    /// Sends so much of what was asked.
    pub(super) fn send(&mut self, count: usize) {
        if self.sends_no_more() {
            return;
        }
        let count = count.min(self.pending.len());
        let bytes = self.pending.drain(..count).collect();
        let mut unsent = self.pending.len();
        for asked in self.asked.iter_mut().rev() {
            asked.unsent = unsent.min(asked.unsent);
            unsent -= asked.unsent;
        }
        self.put(bytes);
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
                is_streamed: expects_continue || unsent > MAX_BODY_AHEAD,
                is_old: !may_chunk,
                is_last,
                unsent,
                end: self.made,
            });
        }
    }

    /// Returns how many of so many bytes may move with this call. `event` tells of those that may not.
    pub(super) fn most(&mut self, count: usize, event: Ready) -> io::Result<usize> {
        let calls = &mut self.calls[usize::from(event.writable)];
        *calls += 1;
        let is_second = calls.is_multiple_of(2);
        match self.weather {
            Weather::Interrupted if is_second => Err(ErrorKind::Interrupted.into()),
            Weather::Blocked if is_second && !self.in_handler => {
                self.news = self.news.and(event);
                Err(ErrorKind::WouldBlock.into())
            }
            Weather::Short => Ok(count.min(if self.session.is_some() { SHORT_RECORD_BYTES } else { 1 })),
            Weather::Calm | Weather::Interrupted | Weather::Blocked => Ok(count),
        }
    }

    /// The server waits in the middle of a request. Whether anything changed.
    pub(super) fn is_waited_for(&mut self) -> bool {
        let goes_on = self.in_handler && self.act();
        self.has_stalled |= self.in_handler && !goes_on;
        goes_on
    }
}
