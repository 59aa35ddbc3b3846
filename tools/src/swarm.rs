//! Thousands of attackers on one thread. It starts them at a bounded rate, calls them when their sockets are ready or
//! their times have come, replaces those that have ended, and counts the results.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::attacker::{Attacker, End, Progress, ReceiveBuffer, Step};

/// Attackers of one kind.
pub struct Squad {
    pub name: &'static str,
    /// Number of attackers at a time.
    pub count: usize,
    /// Starts per second, replacements included.
    pub starts_a_second: u32,
    /// Whether an ended attacker is replaced.
    pub refill: Refill,
    pub receive_buffer: ReceiveBuffer,
    /// Returns the steps of the attacker with a number.
    pub script: fn(u64) -> Vec<Step>,
}

/// The policy for an attacker that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// Another one starts.
    Always,
    /// It is not replaced.
    Never,
}

/// The results of a squad.
#[derive(Clone, Debug, Default)]
pub struct SquadStats {
    pub name: &'static str,
    pub started: u64,
    pub connected: u64,
    /// Attackers by their end. Their steps were done, the server closed or reset, or they never connected.
    pub done: u64,
    pub closed: u64,
    pub reset: u64,
    pub unconnected: u64,
    /// Statuses that they received, with counts.
    pub statuses: BTreeMap<u16, u64>,
}

impl SquadStats {
    fn note(&mut self, attacker: &Attacker, end: Option<End>) {
        self.connected += u64::from(attacker.is_connected);
        match end {
            Some(End::Done) => self.done += 1,
            Some(End::Closed) => self.closed += 1,
            Some(End::Reset) => self.reset += 1,
            Some(End::NotConnected) => self.unconnected += 1,
            // Still present at the end.
            None => {}
        }
        for &status in &attacker.statuses {
            *self.statuses.entry(status).or_default() += 1;
        }
    }
}

/// The slot of an attacker. An event may come late, for its predecessor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SlotId {
    number: u32,
    generation: u32,
}

impl SlotId {
    fn token(self) -> Token {
        Token((self.generation as usize) << 32 | self.number as usize)
    }

    #[allow(clippy::cast_possible_truncation)] // The two halves.
    fn of(token: Token) -> Self {
        SlotId { number: token.0 as u32, generation: (token.0 >> 32) as u32 }
    }
}

struct Slot {
    generation: u32,
    squad: usize,
    attacker: Option<Attacker>,
    /// Time of the next call, if no event comes first.
    timer: Option<Instant>,
}

/// Runs squads of attackers.
pub struct Swarm<'s> {
    squads: &'s [Squad],
    addresses: &'s [SocketAddr],
    poll: Poll,
    slots: Vec<Slot>,
    free: Vec<u32>,
    timers: BinaryHeap<Reverse<(Instant, SlotId)>>,
    /// Present attackers of each squad, and the time of its next start.
    present: Vec<usize>,
    next_start: Vec<Instant>,
    stats: Vec<SquadStats>,
    scratch: Vec<u8>,
}

/// Interval at which the end is checked.
const LOOK: Duration = Duration::from_millis(20);

impl<'s> Swarm<'s> {
    pub fn new(squads: &'s [Squad], addresses: &'s [SocketAddr]) -> io::Result<Self> {
        let stats = squads.iter().map(|squad| SquadStats { name: squad.name, ..SquadStats::default() }).collect();
        Ok(Swarm {
            squads,
            addresses,
            poll: Poll::new()?,
            slots: Vec::new(),
            free: Vec::new(),
            timers: BinaryHeap::new(),
            present: vec![0; squads.len()],
            next_start: vec![Instant::now(); squads.len()],
            stats,
            scratch: vec![0; 64 * 1024],
        })
    }

    /// Runs until `is_over` is set. All attackers leave then.
    pub fn run(mut self, is_over: &AtomicBool) -> io::Result<Vec<SquadStats>> {
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
                self.call(SlotId::of(event.token()), now, event.is_read_closed() || event.is_error());
            }
            while self.timers.peek().is_some_and(|Reverse((time, _))| *time <= now) {
                let Some(Reverse((time, id))) = self.timers.pop() else { break };
                // The timer may belong to a predecessor in the slot.
                let slot = &mut self.slots[id.number as usize];
                if slot.generation == id.generation && slot.timer.take_if(|timer| *timer == time).is_some() {
                    self.call(id, now, false);
                }
            }
        }
        for slot in &self.slots {
            if let Some(attacker) = &slot.attacker {
                self.stats[slot.squad].note(attacker, None);
            }
        }
        Ok(self.stats)
    }

    fn sleep(&self, now: Instant) -> Duration {
        let timer = self.timers.peek().map(|Reverse((time, _))| *time);
        let starts = (0..self.squads.len()).filter(|&squad| self.wants_more(squad)).map(|squad| self.next_start[squad]);
        let next = starts.chain(timer).min().unwrap_or(now + LOOK);
        next.saturating_duration_since(now).min(LOOK)
    }

    fn wants_more(&self, squad: usize) -> bool {
        let Squad { count, refill, .. } = &self.squads[squad];
        match refill {
            Refill::Always => self.present[squad] < *count,
            Refill::Never => self.stats[squad].started < *count as u64,
        }
    }

    fn start_those_due(&mut self, now: Instant) -> io::Result<()> {
        for (number, squad) in self.squads.iter().enumerate() {
            let interval = Duration::from_secs(1) / squad.starts_a_second.max(1);
            // Missed starts are not made up for by a burst.
            self.next_start[number] = self.next_start[number].max(now.checked_sub(LOOK).unwrap_or(now));
            while self.next_start[number] <= now && self.wants_more(number) {
                self.next_start[number] += interval;
                self.start(number, now)?;
            }
        }
        Ok(())
    }

    fn start(&mut self, squad: usize, now: Instant) -> io::Result<()> {
        let order = self.stats[squad].started;
        self.stats[squad].started += 1;
        let address = self.addresses[usize::try_from(order).unwrap_or(0) % self.addresses.len()];
        let script = (self.squads[squad].script)(order);
        let Ok(mut attacker) = Attacker::new(address, self.squads[squad].receive_buffer, script) else {
            self.stats[squad].unconnected += 1;
            return Ok(());
        };
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, squad, attacker: None, timer: None });
            u32::try_from(self.slots.len() - 1).expect("some thousand")
        });
        let slot = &mut self.slots[number as usize];
        slot.generation += 1;
        (slot.squad, slot.timer) = (squad, None);
        let id = SlotId { number, generation: slot.generation };
        self.poll.registry().register(attacker.socket(), id.token(), Interest::READABLE | Interest::WRITABLE)?;
        slot.attacker = Some(attacker);
        self.present[squad] += 1;
        self.call(id, now, false);
        Ok(())
    }

    /// Calls the attacker in a slot, because of its socket or its timer.
    fn call(&mut self, id: SlotId, now: Instant, is_cut: bool) {
        let slot = &mut self.slots[id.number as usize];
        if slot.generation != id.generation {
            return;
        }
        let Some(attacker) = &mut slot.attacker else { return };
        match attacker.go(now, is_cut, &mut self.scratch) {
            Progress::Wait(None) => {}
            Progress::Wait(Some(time)) if slot.timer == Some(time) => {}
            Progress::Wait(Some(time)) => {
                slot.timer = Some(time);
                self.timers.push(Reverse((time, id)));
            }
            Progress::Ended(end) => {
                self.stats[slot.squad].note(attacker, Some(end));
                slot.attacker = None;
                self.present[slot.squad] -= 1;
                self.free.push(id.number);
            }
        }
    }
}
