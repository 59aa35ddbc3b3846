//! A whole connection without a socket: a client that does whatever the bytes say, and replies that must be right all
//! the same.
//!
//! The first eight bytes say where requests are served. The highest bits of the first one tell what befalls the
//! stream's own calls (`Weather`), and those of the second one the kind of the connection (`Transport`). The rest is
//! played by `client`, one act after another: ask, send some of it, take some of the replies, send garbage, let time
//! pass, end one side, reset. `wire` carries the bytes. With TLS they are records, which the client may also cut
//! anywhere, change, send empty, and end without a word. The server is told of it as the engine would. `handler` is
//! what it calls. Whatever happens, `witness` sees to these:
//!
//! * every reply is well-formed and framed right, and nothing follows the last one;
//! * replies answer the requests in their order, each once, with the body that was sent for that request;
//! * a reply that lets the connection go on comes when all of its request has been read;
//! * interim replies come to those who may have them, 100 at most once;
//! * what was asked as a whole is answered, unless the client or a reply's own fault ends the connection;
//! * what a waiting connection holds is bounded, and is given back at its end;
//! * a request that has not arrived as a whole is refused;
//! * TLS ends well if and only if nothing is missing, and nothing follows a record that is wrong.

mod client;
mod handler;
mod session;
mod stream;
mod wire;
mod witness;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use self::client::{Play, Transport, Weather};
use self::handler::Handler;
use self::session::server_config;
use self::stream::{PlayedSocket, PlayedStream};
use self::witness::Witness;
use super::choices::Choices;
use crate::conn::{Buffers, Conn, ConnectionCode, Ready, RunOn, Scheduler, Wait};
use crate::exchange::{Context, Service};
use crate::proto::{Head, Limits};
use crate::sys::{Address, CountedError, ServerHandle, Settings, Socket, lock, log};

/// What a waiting connection may hold at most: the largest head and the largest small body, and a buffer for the rest
/// of what a read brought; replies up to what is buffered, and one more.
const MOST_HELD_BYTES: usize = 192 * 1024;

/// More than one connection's unfinished requests take. With less it may be sent away at any time.
const MUCH: usize = 1_000_000;

/// Visits of a thread to one connection in which neither end gets on, more than the requests that fit a buffer.
const MOST_IDLE_VISITS: usize = 100_000;

/// Bytes of an unread body that are thrown away to keep the connection.
const MAX_DRAINED_BYTES: usize = 600;

/// Plays one connection and asserts the properties listed above.
pub fn connection(bytes: &[u8]) {
    play(bytes, None);
}

/// Plays it on every kind of connection, in every weather.
#[cfg(test)]
pub(super) fn connection_of_every_kind(bytes: &[u8]) {
    for transport in Transport::ALL {
        for weather in Weather::ALL {
            println!("{transport:?} {weather:?}");
            play(bytes, Some((weather, transport)));
        }
    }
}

fn play(bytes: &[u8], conditions: Option<(Weather, Transport)>) {
    // Lines of the log are collected, and the next run forgets them.
    log::of_this_thread().collect();
    let mut choices = Choices::new(bytes);
    let mut settings = settings(&mut choices);
    let places = choices.take(8);
    let choice = |number: usize| usize::from(places.get(number).unwrap_or(&0) >> 6);
    let (weather, transport) = conditions.unwrap_or((Weather::ALL[choice(0)], Transport::ALL[choice(1)]));
    if matches!(transport, Transport::Tls13 | Transport::Tls12) {
        settings.tls = Some(server_config());
    }
    let context = Context::new(Handler.spec(), settings, ServerHandle::detached());
    let mut simulation = Simulation::new(&context, places, Play::new(choices.rest(), weather, transport), transport);
    let wait = simulation.play_to_the_end();
    if context.settings.max_unfinished_bytes == MUCH {
        simulation.witness.judge(&simulation.scheduler.play(), wait, simulation.scheduler.has_refused);
    }
    simulation.run_out_of_time();
    let (play, witness, failures) = simulation.leave();
    witness.judge_session(&lock(&play), failures);
    assert_eq!((context.unfinished.taken(), context.unsent.taken()), (0, 0), "all memory is given back");
}

/// Small ones, so that a few bytes reach them.
fn settings(choices: &mut Choices<'_>) -> Settings {
    // Those of a body stay as they are: one that is too long for the server may be broken off behind its reply.
    let Limits { max_fields, max_chunk_extension_bytes, max_trailer_bytes, .. } = Limits::default();
    Settings {
        limits: Limits { max_fields, max_chunk_extension_bytes, max_trailer_bytes, ..choices.limits() },
        max_buffered_reply_bytes: 1024,
        max_drained_bytes: MAX_DRAINED_BYTES as u64,
        max_unfinished_bytes: choices.of(&[MUCH, 2000]),
        max_unsent_bytes: MUCH,
        ..Settings::default()
    }
}

/// The connection, the client at its other end, the scheduler, and the witness that judges.
struct Simulation<'s> {
    context: &'s Context,
    conn: Conn,
    buffers: Buffers,
    scheduler: ScriptedScheduler,
    witness: Witness,
}

impl<'s> Simulation<'s> {
    fn new(context: &'s Context, places: &[u8], play: Play, transport: Transport) -> Self {
        let play = Arc::new(Mutex::new(play));
        let now = Instant::now();
        let socket = match transport {
            Transport::Stream => Socket::other(PlayedStream(Arc::clone(&play))),
            _ => Socket::in_memory(PlayedSocket(Arc::clone(&play))),
        };
        let places = if places.is_empty() { vec![0] } else { places.to_vec() };
        Simulation {
            context,
            conn: Conn::new(socket, Address::Unnamed, &context.settings, now),
            buffers: Buffers::new(context),
            scheduler: ScriptedScheduler {
                play,
                now,
                places,
                next_place: 0,
                is_leader: true,
                served: 0,
                has_refused: false,
            },
            witness: Witness::default(),
        }
    }

    /// Goes on until the script is over and the server has done all that it can. Returns what it waits for then.
    fn play_to_the_end(&mut self) -> Wait {
        let mut ready = Ready { readable: true, ..Ready::default() };
        let (mut reached, mut idle_visits) = (None, 0);
        loop {
            let wait = self.drive(ready);
            let mut play = self.scheduler.play();
            idle_visits = if reached == Some(play.progress()) { idle_visits + 1 } else { 0 };
            assert!(idle_visits < MOST_IDLE_VISITS, "goes on and gets nowhere");
            reached = Some(play.progress());
            self.witness.look(&play, self.conn.has_ended_writing());
            match wait {
                Wait::Turn | Wait::Thread => {}
                Wait::For(_) if play.has_news() || play.act() => {}
                Wait::For(_) if !play.takes_everything() => play.take_everything(),
                Wait::For(_) | Wait::Closed => return wait,
            }
            drop(play);
            ready = match wait {
                Wait::Turn | Wait::Thread => Ready::default(),
                _ => self.scheduler.news(&self.conn),
            };
            self.scheduler.served = 0;
            self.scheduler.is_leader = wait != Wait::Thread;
        }
    }

    /// No state lasts for ever.
    fn run_out_of_time(&mut self) {
        for _ in 0..8 {
            self.scheduler.now += Duration::from_secs(3600);
            if !self.conn.is_closed() {
                let wait = self.drive(Ready { expired: true, ..Ready::default() });
                // A refusal may be a thread's to answer, too.
                self.scheduler.is_leader = wait != Wait::Thread;
            }
        }
        self.witness.look(&self.scheduler.play(), true);
        assert!(self.conn.is_closed(), "for ever");
    }

    fn drive(&mut self, ready: Ready) -> Wait {
        let wait = self.buffers.drive(&mut self.conn, &Handler, self.context, &mut self.scheduler, ready);
        assert!(self.conn.held_bytes() <= MOST_HELD_BYTES, "{} bytes held", self.conn.held_bytes());
        let in_records = self.conn.socket.held_input() + self.conn.socket.held_output();
        assert!(in_records <= MOST_HELD_BYTES, "{in_records} bytes held in the session");
        wait
    }

    /// Ends everything but the client. Returns the number of sessions that have failed, too.
    fn leave(mut self) -> (Arc<Mutex<Play>>, Witness, u32) {
        let faults = self.buffers.counts().take_faults();
        let failures = faults.map_or(0, |faults| faults[CountedError::Tls as usize]);
        (Arc::clone(&self.scheduler.play), self.witness, failures)
    }
}

/// Schedules as a leader or as a thread of the pool, as the script says.
struct ScriptedScheduler {
    play: Arc<Mutex<Play>>,
    now: Instant,
    /// Places to serve the next requests, over and over.
    places: Vec<u8>,
    next_place: usize,
    is_leader: bool,
    served: usize,
    has_refused: bool,
}

impl ScriptedScheduler {
    fn play(&self) -> MutexGuard<'_, Play> {
        lock(&self.play)
    }

    /// Events that the poller and the sweep would report.
    fn news(&mut self, conn: &Conn) -> Ready {
        let (ready, waited) = self.play().take_news();
        self.now += waited;
        Ready { expired: conn.deadline() <= self.now, ..ready }
    }
}

impl Scheduler for ScriptedScheduler {
    fn run_on(&mut self, _request: &Head<'_>, may_wait: bool) -> RunOn {
        let place = self.places[self.next_place % self.places.len()] % 8;
        if self.is_leader && place == 7 {
            self.next_place += 1;
            self.has_refused = true;
            return RunOn::Refused;
        }
        if self.is_leader && (may_wait || place > 4) {
            return RunOn::Pool;
        }
        self.next_place += 1;
        if place == 4 { RunOn::ThisThreadOnceSent } else { RunOn::ThisThread }
    }

    fn place_refusal(&mut self) -> RunOn {
        match self.places[self.next_place % self.places.len()] % 8 {
            6 if self.is_leader => RunOn::Pool,
            5 => RunOn::ThisThreadOnceSent,
            _ => RunOn::ThisThread,
        }
    }

    fn place_code(&mut self, _code: ConnectionCode) -> RunOn {
        let place = self.places[self.next_place % self.places.len()] % 8;
        if self.is_leader && place == 6 { RunOn::Pool } else { RunOn::ThisThread }
    }

    fn begin_code(&mut self) {}

    fn end_code(&mut self, _code: ConnectionCode) {}

    fn look_at_clock(&mut self) {}

    fn begin(&mut self) {
        self.play().in_handler = true;
    }

    fn end(&mut self) {
        self.play().in_handler = false;
        self.served += 1;
    }

    fn send_file_on(&mut self, _was_slow: bool) -> RunOn {
        RunOn::ThisThread
    }

    fn begin_blocking(&mut self) {}

    fn end_blocking(&mut self) -> bool {
        false
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn is_turn_over(&self) -> bool {
        self.served >= 3
    }
}
