//! Accepts connections from the listeners, up to a budget a turn. When the system has no descriptor left, accepting
//! pauses and does not spin.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Engine;
use super::work::Work;
use crate::sys::{Accepted, Listener, is_transient_accept_error};

/// Connections accepted in one turn of the loop, from all listeners together: 64. Then parked connections have their
/// turn.
const ACCEPTS_A_TURN: usize = 64;

/// Accepts connections from all listeners of a server.
pub(super) struct Acceptor {
    listeners: Vec<ListenerState>,
    pause: AcceptPause,
    /// Accepting is tried again, even during a pause.
    is_due: bool,
    /// The listener that is tried first. It moves on, so that none is always the last to get a free place.
    first: usize,
    /// Connections that a shutdown still accepts, at most: as many as the system's queues hold. Later clients must not
    /// delay it.
    last_clients: usize,
    /// The last turn of a shutdown had no room for them and accepted none.
    was_full: bool,
}

struct ListenerState {
    listener: Arc<Listener>,
    /// Connections may be waiting that no event will report.
    is_pending: bool,
}

/// Why accepting pauses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AcceptPause {
    /// It does not pause.
    No,
    /// `max_connections` is reached. The pause lasts until there is room.
    Full,
    /// The system had no descriptor left when there were so many connections. The pause lasts until one of them closes.
    /// Each sweep tries as well, since the program may have closed files of its own.
    Exhausted(usize),
}

/// Why accepting at a listener stopped.
enum AcceptStop {
    /// No client is waiting. The poller reports the next one.
    Empty,
    /// The listener has had its share of the turn.
    Busy,
    /// `max_connections` is reached, for all listeners.
    Full,
    /// The system has no descriptor left.
    Exhausted,
}

impl Acceptor {
    /// Creates an acceptor. `backlog` is the number of connections that the system may keep for each listener.
    pub(super) fn new(listeners: Vec<Arc<Listener>>, backlog: usize) -> Self {
        let last_clients = backlog.saturating_mul(listeners.len());
        // Clients may have connected before the loop started.
        let listeners = listeners.into_iter().map(|listener| ListenerState { listener, is_pending: true }).collect();
        Acceptor { listeners, pause: AcceptPause::No, is_due: false, first: 0, last_clients, was_full: false }
    }

    /// Registers each listener at the poller. `token` makes its token from its number.
    pub(super) fn register(&self, registry: &Registry, token: impl Fn(usize) -> Token) -> io::Result<()> {
        self.listeners.iter().enumerate().try_for_each(|(number, listener)| {
            let descriptor = listener.listener.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&descriptor), token(number), Interest::READABLE)
        })
    }

    /// The poller has reported a listener.
    pub(super) fn note_event(&mut self, number: usize) {
        self.listeners[number].is_pending = true;
    }

    /// Has accepting tried again, also during a pause.
    pub(super) fn try_again(&mut self) {
        self.is_due = true;
        self.listeners.iter_mut().for_each(|listener| listener.is_pending = true);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.pause != AcceptPause::No
    }

    /// Accepts the connections of one turn. Returns whether more may be waiting.
    pub(super) fn accept(&mut self, ready: &mut VecDeque<Work>, engine: &Engine) -> bool {
        if !self.may_try(engine) {
            return false;
        }
        // Counted before the calls, so that a connection that closes during them ends the pause.
        let (connections, before) = (engine.connections(), ready.len());
        let left = self.accept_at_each_listener(ready, engine);
        let came = ready.len() - before;
        match left {
            AcceptStop::Empty | AcceptStop::Busy => {
                if self.is_paused() {
                    engine.await_room(false);
                }
                self.pause = AcceptPause::No;
                matches!(left, AcceptStop::Busy)
            }
            AcceptStop::Full => self.pause_until(AcceptPause::Full, engine),
            AcceptStop::Exhausted => {
                if came > 0 || !self.is_exhausted() {
                    engine.note_pause();
                }
                self.pause_until(AcceptPause::Exhausted(connections + came), engine)
            }
        }
    }

    /// Pauses. Returns whether the reason is gone already. A connection that closes from now on wakes the leader, and
    /// one that closed before is seen here.
    fn pause_until(&mut self, pause: AcceptPause, engine: &Engine) -> bool {
        self.pause = pause;
        engine.await_room(true);
        self.may_try(engine)
    }

    /// Accepts clients that connected before the server was asked to end. Returns whether more of them may be waiting.
    ///
    /// If there is no room, it tries once more after idle connections have been closed.
    pub(super) fn accept_last(&mut self, ready: &mut VecDeque<Work>, engine: &Engine) -> bool {
        self.listeners.iter_mut().for_each(|listener| listener.is_pending = true);
        let before = ready.len();
        let left = self.accept_at_each_listener(ready, engine);
        let came = ready.len() - before;
        self.last_clients = self.last_clients.saturating_sub(came);
        match left {
            AcceptStop::Empty => false,
            AcceptStop::Busy => self.last_clients > 0,
            AcceptStop::Full | AcceptStop::Exhausted => !std::mem::replace(&mut self.was_full, came == 0),
        }
    }

    /// Closes the listeners. One that another owner holds as well goes on listening, but is no longer watched.
    ///
    /// The system resets a client that it puts into the queue after the last accept. That is the case where another
    /// server shares the address. Therefore each listener is asked once more right before it is closed.
    pub(super) fn close(self, registry: &Registry, ready: &mut VecDeque<Work>, engine: &Engine) {
        for mut listener in self.listeners {
            // If this fails, the listener is closed with the poller.
            let _ = registry.deregister(&mut SourceFd(&listener.listener.as_fd().as_raw_fd()));
            listener.is_pending = true;
            listener.accept(ACCEPTS_A_TURN, ready, engine);
        }
    }

    fn may_try(&mut self, engine: &Engine) -> bool {
        std::mem::take(&mut self.is_due)
            || match self.pause {
                AcceptPause::No => self.listeners.iter().any(|listener| listener.is_pending),
                AcceptPause::Full => engine.has_room(),
                AcceptPause::Exhausted(connections) => engine.connections() < connections,
            }
    }

    /// Accepts at each listener in turn. Returns why the last one stopped, or `Busy` if any listener has more.
    fn accept_at_each_listener(&mut self, ready: &mut VecDeque<Work>, engine: &Engine) -> AcceptStop {
        let (count, first) = (self.listeners.len(), self.first);
        let share = (ACCEPTS_A_TURN / count.max(1)).max(1);
        let mut result = AcceptStop::Empty;
        for number in (first..count).chain(0..first) {
            match self.listeners[number].accept(share, ready, engine) {
                AcceptStop::Empty => {}
                AcceptStop::Busy => result = AcceptStop::Busy,
                left @ (AcceptStop::Full | AcceptStop::Exhausted) => {
                    self.first = (number + 1) % count;
                    return left;
                }
            }
        }
        result
    }

    fn is_exhausted(&self) -> bool {
        matches!(self.pause, AcceptPause::Exhausted(_))
    }
}

impl ListenerState {
    fn accept(&mut self, most: usize, ready: &mut VecDeque<Work>, engine: &Engine) -> AcceptStop {
        if !self.is_pending {
            return AcceptStop::Empty;
        }
        let listener = Arc::clone(&self.listener);
        let left = accept_from(|| listener.accept(), most, ready, engine);
        self.is_pending = !matches!(left, AcceptStop::Empty);
        left
    }
}

/// Accepts up to `most` connections.
///
/// A failure that concerns one client alone is skipped, but only so many times. A system that refuses every connection,
/// as a filter of system calls may, counts as one without descriptors.
fn accept_from(
    mut accept: impl FnMut() -> io::Result<Accepted>,
    most: usize,
    ready: &mut VecDeque<Work>,
    engine: &Engine,
) -> AcceptStop {
    let (mut count, mut failures) = (0, 0);
    while count < most {
        if !engine.has_room() {
            return AcceptStop::Full;
        }
        match accept() {
            Ok(accepted) => {
                count += 1;
                ready.push_back(Work::Accepted(engine.count(accepted)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return AcceptStop::Empty,
            Err(error) if is_transient_accept_error(&error) && failures < ACCEPTS_A_TURN => failures += 1,
            Err(_) => return AcceptStop::Exhausted,
        }
    }
    AcceptStop::Busy
}

#[cfg(all(test, not(loom)))]
mod tests {
    use rustix::io::Errno;

    use super::*;
    use crate::sys::{Address, Settings, Socket};

    /// Accepts at most four connections from a system that gives these answers, one after the other.
    fn accepted(says: &[Result<(), Errno>], places: usize) -> (AcceptStop, usize) {
        let settings = Settings { max_connections: places, ..Settings::default() };
        let (mut says, mut ready, engine) = (says.iter().copied(), VecDeque::new(), Engine::idle(1, settings));
        let accept = || match says.next().unwrap_or(Err(Errno::AGAIN)) {
            Ok(()) => Ok(Accepted { socket: Socket::Taken, address: Address::Unnamed }),
            Err(error) => Err(error.into()),
        };
        (accept_from(accept, 4, &mut ready, &engine), ready.len())
    }

    #[test]
    fn a_failure_of_one_client_does_not_keep_the_next_one_waiting() {
        let of_one_client = [
            Errno::CONNABORTED,
            Errno::PROTO,
            Errno::PERM,
            Errno::NOPROTOOPT,
            Errno::HOSTDOWN,
            Errno::HOSTUNREACH,
            Errno::NETDOWN,
            Errno::NETUNREACH,
            Errno::OPNOTSUPP,
            Errno::TIMEDOUT,
            Errno::INTR,
        ];
        for error in of_one_client {
            let (left, count) = accepted(&[Err(error), Ok(()), Err(error), Ok(())], 9);
            assert!(matches!(left, AcceptStop::Empty) && count == 2, "{error}");
        }
    }

    #[test]
    fn accepting_pauses_where_the_system_gives_nothing() {
        for error in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::INVAL] {
            let (left, count) = accepted(&[Ok(()), Err(error), Ok(())], 9);
            assert!(matches!(left, AcceptStop::Exhausted) && count == 1, "{error}");
        }
        let (left, _) = accepted(&[Err(Errno::PERM); 1000], 9);
        assert!(matches!(left, AcceptStop::Exhausted), "it must not be asked without end");
    }

    #[test]
    fn a_turn_takes_its_share_and_no_more_than_there_is_room_for() {
        let (left, count) = accepted(&[Ok(()); 9], 9);
        assert!(matches!(left, AcceptStop::Busy) && count == 4);
        let (left, count) = accepted(&[Ok(()); 9], 3);
        assert!(matches!(left, AcceptStop::Full) && count == 3);
    }
}
