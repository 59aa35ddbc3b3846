//! The lease of a shard, which its leader alone uses: the poller, the list of ready work, and the listeners.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use mio::{Events, Poll, Token};

use super::accept::Acceptor;
use super::work::Work;
use crate::conn::Ready;

/// Events that one poll returns, at most: 1,024, some tens of kilobytes.
const EVENTS: usize = 1024;

/// The waker's token. It is not a key, since no key has the topmost bit of its slot set.
pub(super) const WAKER: Token = Token(usize::MAX);

/// The first listener's token. The tokens of the others are below it.
const FIRST_LISTENER: usize = usize::MAX - 1;

/// Listeners that one server may have, at most: 256. Their tokens are not keys of connections.
pub(crate) const MAX_LISTENERS: usize = 256;

/// The right to lead a shard.
pub(super) struct Lease {
    pub poll: Poll,
    pub events: Events,
    pub ready: VecDeque<Work>,
    pub next_sweep: Instant,
    /// The slot at which the current sweep goes on; `None` while there is no sweep.
    pub sweep_at: Option<usize>,
    pub acceptor: Option<Acceptor>,
    /// The epoch of the leader that had the last turn.
    pub last_epoch: u32,
}

impl Lease {
    pub(super) fn new(acceptor: Option<Acceptor>, next_sweep: Instant) -> io::Result<Self> {
        let poll = Poll::new()?;
        if let Some(acceptor) = &acceptor {
            acceptor.register(poll.registry(), |number| Token(FIRST_LISTENER - number))?;
        }
        let events = Events::with_capacity(EVENTS);
        Ok(Lease { poll, events, ready: VecDeque::new(), next_sweep, sweep_at: None, acceptor, last_epoch: 0 })
    }

    /// Moves the events of the last poll to the ready list. `wakes` counts the wake-ups.
    pub(super) fn take_events(&mut self, wakes: &AtomicU64) {
        for event in &self.events {
            match event.token() {
                WAKER => {
                    wakes.fetch_add(1, Ordering::Relaxed);
                }
                token => match listener_number(token) {
                    Some(number) => self.acceptor.iter_mut().for_each(|acceptor| acceptor.note_event(number)),
                    None => self.ready.push_back(Work::Event(token, ready_of(event))),
                },
            }
        }
    }

    /// Drops the listeners and the ready work: the server has ended.
    pub(super) fn close(&mut self) {
        self.acceptor = None;
        self.ready.clear();
    }
}

/// Returns the number of the listener that a token means, if it means one.
fn listener_number(token: Token) -> Option<usize> {
    FIRST_LISTENER.checked_sub(token.0).filter(|number| *number < MAX_LISTENERS)
}

fn ready_of(event: &mio::event::Event) -> Ready {
    Ready {
        readable: event.is_readable(),
        writable: event.is_writable(),
        closed: event.is_read_closed() || event.is_error(),
        expired: false,
    }
}
