//! Taking connections from the listener: as many as there are, within a turn's budget, and never again in a tight loop
//! when the system has no descriptor left.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::shard::{Control, Work};

/// How many connections are accepted in one turn of the loop: 64. The others have their turn, too.
const ACCEPTS_A_TURN: usize = 64;

/// A connection nobody has looked at.
pub(super) struct Newcomer {
    pub stream: TcpStream,
    pub address: SocketAddr,
}

/// The listener, and what is known of it.
pub(super) struct Acceptor {
    listener: Arc<TcpListener>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The poller will tell.
    Waiting,
    /// There may be connections that no event will tell of.
    Pending,
    /// There are, and no room or descriptor for them: tried again when a connection closes, and at each sweep.
    Paused,
}

impl Acceptor {
    pub fn new(listener: Arc<TcpListener>) -> Self {
        // Clients may have come before the loop did.
        Acceptor { listener, state: State::Pending }
    }

    pub fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.listener.as_raw_fd()), token, Interest::READABLE)
    }

    /// The poller has told, or it is time to try again.
    pub fn note_event(&mut self) {
        self.state = State::Pending;
    }

    pub fn is_paused(&self) -> bool {
        self.state == State::Paused
    }

    /// Accepts what there is. True if there may be more.
    pub fn accept(&mut self, ready: &mut VecDeque<Work>, control: &impl Control) -> bool {
        if self.state == State::Paused && control.has_room() {
            self.state = State::Pending;
        }
        if self.state != State::Pending {
            return false;
        }
        for _ in 0..ACCEPTS_A_TURN {
            if !control.has_room() {
                self.state = State::Paused;
                return false;
            }
            match self.listener.accept() {
                Ok((stream, address)) => {
                    control.note_accepted();
                    let stream = TcpStream::from(OwnedFd::from(stream));
                    let newcomer = Newcomer { stream, address };
                    ready.push_back(Work::Accepted { newcomer, is_crowded: false });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.state = State::Waiting;
                    return false;
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(_) => {
                    control.note_pause();
                    self.state = State::Paused;
                    return false;
                }
            }
        }
        true
    }
}

/// accept(2): what went wrong before the connection was ours.
pub(crate) fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown, NetworkUnreachable, TimedOut,
    };
    matches!(
        error.kind(),
        Interrupted
            | ConnectionAborted
            | ConnectionReset
            | TimedOut
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
    )
}
