//! Taking connections from the listeners: as many as there are, within a turn's budget, and never again in a tight loop
//! when the system has no descriptor left.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::control::{Control, Work};
use crate::sys::{Accepted, Listener, is_transient_accept_error};

/// How many connections are accepted in one turn of the loop, from all listeners together: 64. The others have their
/// turn, too.
const ACCEPTS_A_TURN: usize = 64;

/// The listeners, and what is known of them.
pub(super) struct Acceptor {
    listeners: Vec<ListenerState>,
    pause: AcceptPause,
    /// It is tried again, pause or not.
    is_due: bool,
    /// Which door is looked at first. It moves on, so that none is always the last to get a place.
    first: usize,
    last_call: LastCall,
}

/// The clients that have connected before the server was asked to end.
struct LastCall {
    /// How many more are accepted, at most: as many as the system's queues hold. Later ones must not keep the doors open.
    left: usize,
    /// The last turn had no room for them.
    was_full: bool,
}

struct ListenerState {
    listener: Arc<Listener>,
    /// There may be connections that no event will tell of.
    is_pending: bool,
}

/// Why nothing is accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AcceptPause {
    /// It is.
    No,
    /// There are as many connections as there may be. Until there is room.
    Full,
    /// The system had no descriptor to give when there were so many connections. Until one closes, and it is tried at each
    /// sweep: the program may have closed something of its own.
    Exhausted(usize),
}

/// Why a door is left.
enum AcceptStop {
    /// Nobody stands there any more; the poller will tell.
    Empty,
    /// It has had its share of the turn.
    Busy,
    /// No more connections may be had, at any door.
    Full,
    /// No more can be had.
    Exhausted,
}

impl Acceptor {
    /// `backlog` is how many connections the system may keep for each listener.
    pub(super) fn new(listeners: Vec<Arc<Listener>>, backlog: usize) -> Self {
        let last_call = LastCall { left: backlog.saturating_mul(listeners.len()), was_full: false };
        // Clients may have come before the loop did.
        let listeners = listeners.into_iter().map(|listener| ListenerState { listener, is_pending: true }).collect();
        Acceptor { listeners, pause: AcceptPause::No, is_due: false, first: 0, last_call }
    }

    /// Registers each listener; `token` says under what, by its number.
    pub(super) fn register(&self, registry: &Registry, token: impl Fn(usize) -> Token) -> io::Result<()> {
        self.listeners.iter().enumerate().try_for_each(|(number, listener)| {
            let descriptor = listener.listener.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&descriptor), token(number), Interest::READABLE)
        })
    }

    /// The poller has told of a listener.
    pub(super) fn note_event(&mut self, number: usize) {
        self.listeners[number].is_pending = true;
    }

    /// It is time to try again.
    pub(super) fn try_again(&mut self) {
        self.is_due = true;
        self.listeners.iter_mut().for_each(|listener| listener.is_pending = true);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.pause != AcceptPause::No
    }

    /// Accepts what there is. True if there may be more.
    pub(super) fn accept(&mut self, ready: &mut VecDeque<Work>, control: &impl Control) -> bool {
        if !self.may_try(control) {
            return false;
        }
        // Looked at before it is tried: one that closes meanwhile makes a difference.
        let (connections, before) = (control.connections(), ready.len());
        let left = self.accept_at_each_listener(ready, control);
        let came = ready.len() - before;
        match left {
            AcceptStop::Empty | AcceptStop::Busy => {
                if self.is_paused() {
                    control.await_room(false);
                }
                self.pause = AcceptPause::No;
                matches!(left, AcceptStop::Busy)
            }
            AcceptStop::Full => self.pause_until(AcceptPause::Full, control),
            AcceptStop::Exhausted => {
                if came > 0 || !self.is_exhausted() {
                    control.note_pause();
                }
                self.pause_until(AcceptPause::Exhausted(connections + came), control)
            }
        }
    }

    /// Pauses. True if the reason for it is gone already: a connection that closes from now on wakes the leader, and one
    /// that closed before is seen here.
    fn pause_until(&mut self, pause: AcceptPause, control: &impl Control) -> bool {
        self.pause = pause;
        control.await_room(true);
        self.may_try(control)
    }

    /// Accepts those who have connected before the server was asked to end. True if there may be more of them.
    ///
    /// Where there is no room it is tried once more, when idle connections have been closed.
    pub(super) fn accept_last(&mut self, ready: &mut VecDeque<Work>, control: &impl Control) -> bool {
        self.listeners.iter_mut().for_each(|listener| listener.is_pending = true);
        let before = ready.len();
        let left = self.accept_at_each_listener(ready, control);
        let came = ready.len() - before;
        let LastCall { left: most, was_full } = &mut self.last_call;
        *most = most.saturating_sub(came);
        match left {
            AcceptStop::Empty => false,
            AcceptStop::Busy => *most > 0,
            AcceptStop::Full | AcceptStop::Exhausted => !std::mem::replace(was_full, came == 0),
        }
    }

    /// Closes the doors. A listener that others hold as well goes on listening, and is only watched no more.
    pub(super) fn close(self, registry: &Registry) {
        for listener in self.listeners {
            // One that cannot be forgotten is closed with the poller.
            let _ = registry.deregister(&mut SourceFd(&listener.listener.as_fd().as_raw_fd()));
        }
    }

    fn may_try(&mut self, control: &impl Control) -> bool {
        std::mem::take(&mut self.is_due)
            || match self.pause {
                AcceptPause::No => self.listeners.iter().any(|listener| listener.is_pending),
                AcceptPause::Full => control.has_room(),
                AcceptPause::Exhausted(connections) => control.connections() < connections,
            }
    }

    /// Why the last one was left; `Busy` if any was.
    fn accept_at_each_listener(&mut self, ready: &mut VecDeque<Work>, control: &impl Control) -> AcceptStop {
        let (count, first) = (self.listeners.len(), self.first);
        let share = (ACCEPTS_A_TURN / count.max(1)).max(1);
        let mut result = AcceptStop::Empty;
        for number in (first..count).chain(0..first) {
            match self.listeners[number].accept(share, ready, control) {
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
    fn accept(&mut self, most: usize, ready: &mut VecDeque<Work>, control: &impl Control) -> AcceptStop {
        if !self.is_pending {
            return AcceptStop::Empty;
        }
        let listener = Arc::clone(&self.listener);
        let left = accept_from(|| listener.accept(), most, ready, control);
        self.is_pending = !matches!(left, AcceptStop::Empty);
        left
    }
}

/// Accepts up to `most` connections.
///
/// A failure that concerns one client alone is passed over at once, but not for ever: a system that refuses every
/// connection, as a filter of system calls may, counts as one that has none to give.
fn accept_from(
    mut accept: impl FnMut() -> io::Result<Accepted>,
    most: usize,
    ready: &mut VecDeque<Work>,
    control: &impl Control,
) -> AcceptStop {
    let (mut count, mut failures) = (0, 0);
    while count < most {
        if !control.has_room() {
            return AcceptStop::Full;
        }
        match accept() {
            Ok(accepted) => {
                count += 1;
                ready.push_back(Work::Accepted(control.count(accepted)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return AcceptStop::Empty,
            Err(error) if is_transient_accept_error(&error) && failures < ACCEPTS_A_TURN => failures += 1,
            Err(_) => return AcceptStop::Exhausted,
        }
    }
    AcceptStop::Busy
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rustix::io::Errno;

    use super::*;
    use crate::conn::Conn;
    use crate::engine::control::Counted;
    use crate::sys::{Address, Load, Permit, Quota, ServerHandle, Socket};

    /// An engine with so many places.
    struct Places(Arc<Quota>);

    impl Places {
        fn new(count: usize) -> Self {
            Places(Quota::new(count, usize::MAX, ServerHandle::detached()))
        }
    }

    impl Control for Places {
        fn is_closing(&self) -> bool {
            false
        }

        fn has_ended(&self) -> bool {
            false
        }

        fn has_room(&self) -> bool {
            self.0.has_room()
        }

        fn count(&self, accepted: Accepted) -> Counted {
            Counted { accepted, shard: 0, permit: Permit::new(&self.0, &Load::default()) }
        }

        fn dismisses(&self, _: &Conn, _: Instant) -> bool {
            false
        }

        fn note_last_accepted(&self) {}

        fn connections(&self) -> usize {
            self.0.connections()
        }

        fn await_room(&self, _: bool) {}

        fn note_pause(&self) {}
    }

    /// What comes of accepting at most four connections from a system that says this, one after the other.
    fn accepted(says: &[Result<(), Errno>], places: usize) -> (AcceptStop, usize) {
        let (mut says, mut ready, control) = (says.iter().copied(), VecDeque::new(), Places::new(places));
        let accept = || match says.next().unwrap_or(Err(Errno::AGAIN)) {
            Ok(()) => Ok(Accepted { socket: Socket::Taken, address: Address::Unnamed }),
            Err(error) => Err(error.into()),
        };
        (accept_from(accept, 4, &mut ready, &control), ready.len())
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
