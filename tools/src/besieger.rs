//! One hostile connection: a list of moves, and how far it is. It never waits; the `swarm` calls it when its socket or its
//! time has come.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};

use super::reply::{self, Bodies};

/// What a besieger does next.
#[derive(Clone, Debug)]
pub enum Move {
    /// Sends all of it, as fast as it is taken.
    Send(Arc<[u8]>),
    /// Sends it in small pieces with pauses, over and over, and reads what comes meanwhile.
    Trickle { bytes: Arc<[u8]>, piece: usize, pause: Duration },
    /// Sends it over and over without reading, until the server has had enough.
    Flood(Arc<[u8]>),
    /// Reads so many whole replies.
    Replies(u32),
    /// Reads a little, after each pause, until the server ends it.
    Sip { piece: usize, pause: Duration },
    /// Reads whatever comes until the server ends it.
    AwaitEnd,
    /// Neither sends nor reads.
    Rest(Duration),
    /// Ends its side, and goes on reading if it likes.
    EndSending,
    /// Closes so that the server finds a reset.
    Reset,
}

/// How a besieger's socket is made.
#[derive(Clone, Copy, Debug, Default)]
pub enum Ear {
    /// As the system makes them.
    #[default]
    Wide,
    /// Takes a few kilobytes at a time, in segments as the internet has them, so that the server's system does not store
    /// megabytes for it.
    Narrow,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It made all its moves.
    Done,
    /// The server closed.
    Closed,
    /// The server reset the connection.
    Reset,
    /// There never was a connection.
    NotConnected,
}

/// What becomes of it.
pub enum Turn {
    /// It waits for its socket, and until then if it says so.
    Wait(Option<Instant>),
    Over(End),
}

/// See the module.
pub struct Besieger {
    pub stream: TcpStream,
    script: Vec<Move>,
    /// Which move it is at, and how many bytes or replies of it are done.
    step: usize,
    done: usize,
    wakes: Option<Instant>,
    pub is_connected: bool,
    /// What was read of the reply that is coming; of one that is only counted, the beginning.
    came: Vec<u8>,
    /// What the server said to it.
    pub statuses: Vec<u16>,
}

/// A receive buffer of 4 KiB, which the system doubles.
const NARROW_BYTES: usize = 4096;

/// The segments of an Ethernet.
const NARROW_SEGMENT: u32 = 1460;

/// Between two writes of a flood: the others want their turn.
const FLOOD_PAUSE: Duration = Duration::from_millis(1);

/// So much of a reply is kept to see its status.
const BEGINNING: usize = 12;

impl Besieger {
    /// Begins to connect.
    pub fn new(address: SocketAddr, ear: Ear, script: Vec<Move>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if let Ear::Narrow = ear {
            socket.set_recv_buffer_size(NARROW_BYTES)?;
            socket.set_tcp_mss(NARROW_SEGMENT)?;
        }
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        match socket.connect(&address.into()) {
            Err(error) if error.raw_os_error() != Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {
                return Err(error);
            }
            _ => {}
        }
        let stream = TcpStream::from_std(socket.into());
        let (came, statuses) = (Vec::new(), Vec::new());
        Ok(Besieger { stream, script, step: 0, done: 0, wakes: None, is_connected: false, came, statuses })
    }

    /// Goes as far as it goes. `is_cut`: the poller has seen the server's end of the connection.
    pub fn go(&mut self, now: Instant, is_cut: bool, scratch: &mut [u8]) -> Turn {
        if !self.is_connected {
            match self.stream.peer_addr() {
                Ok(_) => self.is_connected = true,
                Err(error) if error.kind() == ErrorKind::NotConnected && !is_cut => return Turn::Wait(None),
                Err(_) => return Turn::Over(End::NotConnected),
            }
        }
        match self.make_moves(now, is_cut, scratch) {
            Ok(turn) => turn,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Turn::Wait(self.wakes),
            // The answer may be here, although the server did not want to hear the rest.
            Err(_) => {
                let _ = self.discard(scratch);
                Turn::Over(End::Reset)
            }
        }
    }

    fn make_moves(&mut self, now: Instant, is_cut: bool, scratch: &mut [u8]) -> io::Result<Turn> {
        loop {
            let Some(step) = self.script.get(self.step).cloned() else { return Ok(Turn::Over(End::Done)) };
            let is_asleep = self.wakes.is_some_and(|wakes| wakes > now);
            match step {
                Move::Send(bytes) => {
                    while self.done < bytes.len() {
                        self.done += self.stream.write(&bytes[self.done..])?;
                    }
                    self.next_move();
                }
                Move::Trickle { bytes, piece, pause } => {
                    if let Some(end) = self.discard(scratch)? {
                        return Ok(Turn::Over(end));
                    }
                    if is_asleep {
                        return Ok(Turn::Wait(self.wakes));
                    }
                    let start = self.done % bytes.len();
                    self.wakes = Some(now + pause);
                    self.done += self.stream.write(&bytes[start..(start + piece).min(bytes.len())])?;
                }
                Move::Flood(bytes) => {
                    if is_cut {
                        return Ok(Turn::Over(End::Closed));
                    }
                    let start = self.done % bytes.len();
                    self.done += self.stream.write(&bytes[start..])?;
                    return Ok(Turn::Wait(Some(now + FLOOD_PAUSE)));
                }
                Move::Replies(count) => {
                    if self.done < count as usize {
                        if let Some(end) = self.read_replies(scratch, count)? {
                            return Ok(Turn::Over(end));
                        }
                    } else {
                        self.next_move();
                    }
                }
                Move::Sip { piece, pause } => {
                    if is_asleep {
                        return Ok(Turn::Wait(self.wakes));
                    }
                    self.wakes = Some(now + pause);
                    if let Some(end) = self.read_some(&mut scratch[..piece])? {
                        return Ok(Turn::Over(end));
                    }
                }
                Move::AwaitEnd => match self.discard(scratch)? {
                    Some(end) => return Ok(Turn::Over(end)),
                    None => return Ok(Turn::Wait(None)),
                },
                Move::Rest(time) => {
                    if is_cut {
                        return Ok(Turn::Over(self.discard(scratch).ok().flatten().unwrap_or(End::Reset)));
                    }
                    match self.wakes {
                        Some(_) if is_asleep => return Ok(Turn::Wait(self.wakes)),
                        Some(_) => self.next_move(),
                        None => self.wakes = Some(now + time),
                    }
                }
                Move::EndSending => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.next_move();
                }
                Move::Reset => {
                    SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
                    return Ok(Turn::Over(End::Done));
                }
            }
        }
    }

    fn next_move(&mut self) {
        (self.step, self.done, self.wakes) = (self.step + 1, 0, None);
    }

    /// Reads replies until there are `count`, or the connection ends.
    fn read_replies(&mut self, scratch: &mut [u8], count: u32) -> io::Result<Option<End>> {
        while self.done < count as usize {
            let read = self.stream.read(scratch)?;
            self.came.extend_from_slice(&scratch[..read]);
            while let Some(reply) = reply::first(&self.came, Bodies::Allowed, read == 0).ok().flatten() {
                self.came.drain(..reply.length);
                self.statuses.push(reply.status);
                self.done += 1;
            }
            if read == 0 {
                return Ok(Some(End::Closed));
            }
        }
        Ok(None)
    }

    /// Reads what there is; the first of it tells a status.
    fn discard(&mut self, scratch: &mut [u8]) -> io::Result<Option<End>> {
        loop {
            match self.read_some(scratch) {
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                end => return end,
            }
        }
    }

    fn read_some(&mut self, scratch: &mut [u8]) -> io::Result<Option<End>> {
        let count = self.stream.read(scratch)?;
        if self.came.len() < BEGINNING {
            let missing = (BEGINNING - self.came.len()).min(count);
            self.came.extend_from_slice(&scratch[..missing]);
            self.statuses.extend((self.came.len() == BEGINNING).then(|| reply::status(&self.came)).flatten());
        }
        Ok((count == 0).then_some(End::Closed))
    }
}
