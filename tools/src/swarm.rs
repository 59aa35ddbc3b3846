//! Thousands of besiegers on one thread: starts them at a bounded rate, calls them when their sockets or their times have
//! come, replaces those that have ended, and counts what became of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::besieger::{Besieger, Ear, End, Move, Turn};

/// Besiegers of one kind.
pub struct Squad {
    pub name: &'static str,
    /// How many there are at once.
    pub count: usize,
    /// How many may start in a second, those that replace others included.
    pub starts_a_second: u32,
    /// Whether one that has ended is replaced.
    pub refill: Refill,
    pub ear: Ear,
    /// The moves of each, by its number.
    pub script: fn(u64) -> Vec<Move>,
}

/// What follows a besieger that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// Another one.
    Always,
    /// Nobody.
    Never,
}

/// What became of a squad.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    pub name: &'static str,
    pub started: u64,
    pub connected: u64,
    /// By how they ended: their moves were made, the server closed or reset, they were never connected.
    pub done: u64,
    pub closed: u64,
    pub reset: u64,
    pub unconnected: u64,
    /// What they were told, and how often.
    pub statuses: BTreeMap<u16, u64>,
}

impl Toll {
    fn note(&mut self, besieger: &Besieger, end: Option<End>) {
        self.connected += u64::from(besieger.is_connected);
        match end {
            Some(End::Done) => self.done += 1,
            Some(End::Closed) => self.closed += 1,
            Some(End::Reset) => self.reset += 1,
            Some(End::NotConnected) => self.unconnected += 1,
            // Still there when it was over.
            None => {}
        }
        for &status in &besieger.statuses {
            *self.statuses.entry(status).or_default() += 1;
        }
    }
}

/// Where a besieger has its place. An event may come late, for one that had the place before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seat {
    number: u32,
    generation: u32,
}

impl Seat {
    fn token(self) -> Token {
        Token((self.generation as usize) << 32 | self.number as usize)
    }

    #[allow(clippy::cast_possible_truncation)] // The two halves.
    fn of(token: Token) -> Self {
        Seat { number: token.0 as u32, generation: (token.0 >> 32) as u32 }
    }
}

struct Place {
    generation: u32,
    squad: usize,
    besieger: Option<Besieger>,
    /// When it is called, if nothing else happens.
    alarm: Option<Instant>,
}

/// See the module.
pub struct Swarm<'s> {
    squads: &'s [Squad],
    addresses: &'s [SocketAddr],
    poll: Poll,
    places: Vec<Place>,
    free: Vec<u32>,
    alarms: BinaryHeap<Reverse<(Instant, Seat)>>,
    /// Of each squad: how many are there, and when the next one may start.
    present: Vec<usize>,
    next_start: Vec<Instant>,
    tolls: Vec<Toll>,
    scratch: Vec<u8>,
}

/// How often the end is looked for.
const LOOK: Duration = Duration::from_millis(20);

impl<'s> Swarm<'s> {
    pub fn new(squads: &'s [Squad], addresses: &'s [SocketAddr]) -> io::Result<Self> {
        let tolls = squads.iter().map(|squad| Toll { name: squad.name, ..Toll::default() }).collect();
        Ok(Swarm {
            squads,
            addresses,
            poll: Poll::new()?,
            places: Vec::new(),
            free: Vec::new(),
            alarms: BinaryHeap::new(),
            present: vec![0; squads.len()],
            next_start: vec![Instant::now(); squads.len()],
            tolls,
            scratch: vec![0; 64 * 1024],
        })
    }

    /// Goes on until `is_over`; then everybody leaves.
    pub fn besiege(mut self, is_over: &AtomicBool) -> io::Result<Vec<Toll>> {
        let mut events = Events::with_capacity(4096);
        while !is_over.load(Ordering::Relaxed) {
            let now = Instant::now();
            self.start_those_due(now)?;
            match self.poll.poll(&mut events, Some(self.sleep(now))) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            let now = Instant::now();
            for event in &events {
                self.call(Seat::of(event.token()), now, event.is_read_closed() || event.is_error());
            }
            while self.alarms.peek().is_some_and(|Reverse((time, _))| *time <= now) {
                let Some(Reverse((time, seat))) = self.alarms.pop() else { break };
                // It may be of one that had the place before.
                let place = &mut self.places[seat.number as usize];
                if place.generation == seat.generation && place.alarm.take_if(|alarm| *alarm == time).is_some() {
                    self.call(seat, now, false);
                }
            }
        }
        for place in &self.places {
            if let Some(besieger) = &place.besieger {
                self.tolls[place.squad].note(besieger, None);
            }
        }
        Ok(self.tolls)
    }

    fn sleep(&self, now: Instant) -> Duration {
        let alarm = self.alarms.peek().map(|Reverse((time, _))| *time);
        let starts = (0..self.squads.len()).filter(|&squad| self.wants_more(squad)).map(|squad| self.next_start[squad]);
        let next = starts.chain(alarm).min().unwrap_or(now + LOOK);
        next.saturating_duration_since(now).min(LOOK)
    }

    fn wants_more(&self, squad: usize) -> bool {
        let Squad { count, refill, .. } = &self.squads[squad];
        match refill {
            Refill::Always => self.present[squad] < *count,
            Refill::Never => self.tolls[squad].started < *count as u64,
        }
    }

    fn start_those_due(&mut self, now: Instant) -> io::Result<()> {
        for (number, squad) in self.squads.iter().enumerate() {
            let interval = Duration::from_secs(1) / squad.starts_a_second.max(1);
            // What was not started in time is not made up for by a burst.
            self.next_start[number] = self.next_start[number].max(now.checked_sub(LOOK).unwrap_or(now));
            while self.next_start[number] <= now && self.wants_more(number) {
                self.next_start[number] += interval;
                self.start(number, now)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, squad: usize, now: Instant) -> io::Result<()> {
        let order = self.tolls[squad].started;
        self.tolls[squad].started += 1;
        let address = self.addresses[usize::try_from(order).unwrap_or(0) % self.addresses.len()];
        let script = (self.squads[squad].script)(order);
        let Ok(mut besieger) = Besieger::new(address, self.squads[squad].ear, script) else {
            self.tolls[squad].unconnected += 1;
            return Ok(());
        };
        let number = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { generation: 0, squad, besieger: None, alarm: None });
            u32::try_from(self.places.len() - 1).expect("some thousand")
        });
        let place = &mut self.places[number as usize];
        place.generation += 1;
        (place.squad, place.alarm) = (squad, None);
        let seat = Seat { number, generation: place.generation };
        self.poll.registry().register(&mut besieger.stream, seat.token(), Interest::READABLE | Interest::WRITABLE)?;
        place.besieger = Some(besieger);
        self.present[squad] += 1;
        self.call(seat, now, false);
        Ok(())
    }

    /// Its socket or its time has come.
    fn call(&mut self, seat: Seat, now: Instant, is_cut: bool) {
        let place = &mut self.places[seat.number as usize];
        if place.generation != seat.generation {
            return;
        }
        let Some(besieger) = &mut place.besieger else { return };
        match besieger.go(now, is_cut, &mut self.scratch) {
            Turn::Wait(None) => {}
            Turn::Wait(Some(time)) if place.alarm == Some(time) => {}
            Turn::Wait(Some(time)) => {
                place.alarm = Some(time);
                self.alarms.push(Reverse((time, seat)));
            }
            Turn::Over(end) => {
                self.tolls[place.squad].note(besieger, Some(end));
                place.besieger = None;
                self.present[place.squad] -= 1;
                self.free.push(seat.number);
            }
        }
    }
}
