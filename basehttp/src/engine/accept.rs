//! Taking connections from the listeners: as many as there are, within a turn's budget, and never again in a tight loop
//! when the system has no descriptor left.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::listener::{Listener, is_of_one_client};
use super::shard::{Control, Work};

/// How many connections are accepted in one turn of the loop, from all listeners together: 64. The others have their
/// turn, too.
const ACCEPTS_A_TURN: usize = 64;

/// The listeners, and what is known of them.
pub(super) struct Acceptor {
    doors: Vec<Door>,
    /// There is no room or descriptor: tried again when a connection closes, and at each sweep.
    is_paused: bool,
    /// Which door is looked at first. It moves on, so that none is always the last to get a place.
    first: usize,
}

struct Door {
    listener: Arc<Listener>,
    /// There may be connections that no event will tell of.
    is_pending: bool,
}

/// Why a door is left.
enum Left {
    /// Nobody stands there any more; the poller will tell.
    Empty,
    /// It has had its share of the turn.
    Busy,
    /// No more connections can be had, at any door.
    Paused,
}

impl Acceptor {
    pub fn new(listeners: Vec<Arc<Listener>>) -> Self {
        // Clients may have come before the loop did.
        let doors = listeners.into_iter().map(|listener| Door { listener, is_pending: true }).collect();
        Acceptor { doors, is_paused: false, first: 0 }
    }

    /// Registers each listener; `token` says under what, by its number.
    pub fn register(&self, registry: &Registry, token: impl Fn(usize) -> Token) -> io::Result<()> {
        self.doors.iter().enumerate().try_for_each(|(number, door)| {
            let descriptor = door.listener.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&descriptor), token(number), Interest::READABLE)
        })
    }

    /// The poller has told of a listener.
    pub fn note_event(&mut self, number: usize) {
        self.doors[number].is_pending = true;
    }

    /// It is time to try again.
    pub fn try_again(&mut self) {
        self.is_paused = false;
        self.doors.iter_mut().for_each(|door| door.is_pending = true);
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Accepts what there is. True if there may be more.
    pub fn accept(&mut self, ready: &mut VecDeque<Work>, control: &impl Control) -> bool {
        if self.is_paused && !control.has_room() {
            return false;
        }
        self.is_paused = false;
        let (count, first) = (self.doors.len(), self.first);
        let share = (ACCEPTS_A_TURN / count.max(1)).max(1);
        let mut is_more = false;
        for number in (first..count).chain(0..first) {
            match self.doors[number].accept(share, ready, control) {
                Left::Empty => {}
                Left::Busy => is_more = true,
                Left::Paused => {
                    self.is_paused = true;
                    self.first = (number + 1) % count;
                    return false;
                }
            }
        }
        is_more
    }
}

impl Door {
    fn accept(&mut self, most: usize, ready: &mut VecDeque<Work>, control: &impl Control) -> Left {
        if !self.is_pending {
            return Left::Empty;
        }
        for _ in 0..most {
            if !control.has_room() {
                return Left::Paused;
            }
            match self.listener.accept() {
                Ok(newcomer) => {
                    control.note_accepted();
                    ready.push_back(Work::Accepted { newcomer, is_crowded: false });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.is_pending = false;
                    return Left::Empty;
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(_) => {
                    control.note_pause();
                    return Left::Paused;
                }
            }
        }
        Left::Busy
    }
}
