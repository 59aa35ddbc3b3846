//! One hostile connection: a list of moves, and how far it is. It never waits; the `swarm` calls it when its socket or its
//! time has come.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};

use super::reply::{self, Bodies};

/// What an attacker does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends all of it, as fast as it is taken.
    Send(Arc<[u8]>),
    /// Sends it in small pieces with pauses, over and over, and reads what comes meanwhile.
    Trickle { bytes: Arc<[u8]>, piece: usize, pause: Duration },
    /// Sends it over and over without reading, until the server has had enough.
    Flood(Arc<[u8]>),
    /// Reads so many whole replies.
    ReadReplies(u32),
    /// Reads a little, after each pause, until the server ends it.
    ReadSlowly { piece: usize, pause: Duration },
    /// Reads whatever comes until the server ends it.
    AwaitEnd,
    /// Neither sends nor reads.
    Pause(Duration),
    /// Ends its side, and goes on reading if it likes.
    EndSending,
    /// Closes so that the server finds a reset.
    Reset,
}

/// How an attacker's socket is made.
#[derive(Clone, Copy, Debug, Default)]
pub enum ReceiveBuffer {
    /// As the system makes them.
    #[default]
    Default,
    /// Takes a few kilobytes at a time, in segments as the internet has them, so that the server's system does not store
    /// megabytes for it.
    Small,
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
pub enum Progress {
    /// It waits for its socket, and until then if it says so.
    Wait(Option<Instant>),
    Ended(End),
}

/// See the module.
pub struct Attacker {
    pub stream: TcpStream,
    script: Vec<Step>,
    /// Which move it is at, and how many bytes or replies of it are done.
    step: usize,
    done: usize,
    wakes: Option<Instant>,
    pub is_connected: bool,
    /// What was read of the reply that is coming; of one that is only counted, the beginning.
    received: Vec<u8>,
    /// What the server said to it.
    pub statuses: Vec<u16>,
}

/// A receive buffer of 4 KiB, which the system doubles.
const SMALL_BUFFER_BYTES: usize = 4096;

/// The segments of an Ethernet.
const SMALL_SEGMENT_BYTES: u32 = 1460;

/// Between two writes of a flood: the others want their turn.
const FLOOD_PAUSE: Duration = Duration::from_millis(1);

/// So much of a reply is kept to see its status.
const BEGINNING: usize = 12;

impl Attacker {
    /// Begins to connect.
    pub fn new(address: SocketAddr, receive_buffer: ReceiveBuffer, script: Vec<Step>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if let ReceiveBuffer::Small = receive_buffer {
            socket.set_recv_buffer_size(SMALL_BUFFER_BYTES)?;
            socket.set_tcp_mss(SMALL_SEGMENT_BYTES)?;
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
        let (received, statuses) = (Vec::new(), Vec::new());
        Ok(Attacker { stream, script, step: 0, done: 0, wakes: None, is_connected: false, received, statuses })
    }

    /// Goes as far as it goes. `is_cut`: the poller has seen the server's end of the connection.
    pub fn go(&mut self, now: Instant, is_cut: bool, scratch: &mut [u8]) -> Progress {
        if !self.is_connected {
            match self.stream.peer_addr() {
                Ok(_) => self.is_connected = true,
                Err(error) if error.kind() == ErrorKind::NotConnected && !is_cut => return Progress::Wait(None),
                Err(_) => return Progress::Ended(End::NotConnected),
            }
        }
        match self.run_steps(now, is_cut, scratch) {
            Ok(turn) => turn,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Progress::Wait(self.wakes),
            // The answer may be here, although the server did not want to hear the rest.
            Err(_) => {
                let _ = self.discard(scratch);
                Progress::Ended(End::Reset)
            }
        }
    }

    fn run_steps(&mut self, now: Instant, is_cut: bool, scratch: &mut [u8]) -> io::Result<Progress> {
        loop {
            let Some(step) = self.script.get(self.step).cloned() else { return Ok(Progress::Ended(End::Done)) };
            let is_asleep = self.wakes.is_some_and(|wakes| wakes > now);
            match step {
                Step::Send(bytes) => {
                    while self.done < bytes.len() {
                        self.done += self.stream.write(&bytes[self.done..])?;
                    }
                    self.next_step();
                }
                Step::Trickle { bytes, piece, pause } => {
                    if let Some(end) = self.discard(scratch)? {
                        return Ok(Progress::Ended(end));
                    }
                    if is_asleep {
                        return Ok(Progress::Wait(self.wakes));
                    }
                    let start = self.done % bytes.len();
                    self.wakes = Some(now + pause);
                    self.done += self.stream.write(&bytes[start..(start + piece).min(bytes.len())])?;
                }
                Step::Flood(bytes) => {
                    if is_cut {
                        return Ok(Progress::Ended(End::Closed));
                    }
                    let start = self.done % bytes.len();
                    self.done += self.stream.write(&bytes[start..])?;
                    return Ok(Progress::Wait(Some(now + FLOOD_PAUSE)));
                }
                Step::ReadReplies(count) => {
                    if self.done < count as usize {
                        if let Some(end) = self.read_replies(scratch, count)? {
                            return Ok(Progress::Ended(end));
                        }
                    } else {
                        self.next_step();
                    }
                }
                Step::ReadSlowly { piece, pause } => {
                    if is_asleep {
                        return Ok(Progress::Wait(self.wakes));
                    }
                    self.wakes = Some(now + pause);
                    if let Some(end) = self.read_some(&mut scratch[..piece])? {
                        return Ok(Progress::Ended(end));
                    }
                }
                Step::AwaitEnd => match self.discard(scratch)? {
                    Some(end) => return Ok(Progress::Ended(end)),
                    None => return Ok(Progress::Wait(None)),
                },
                Step::Pause(time) => {
                    if is_cut {
                        return Ok(Progress::Ended(self.discard(scratch).ok().flatten().unwrap_or(End::Reset)));
                    }
                    match self.wakes {
                        Some(_) if is_asleep => return Ok(Progress::Wait(self.wakes)),
                        Some(_) => self.next_step(),
                        None => self.wakes = Some(now + time),
                    }
                }
                Step::EndSending => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.next_step();
                }
                Step::Reset => {
                    SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?;
                    return Ok(Progress::Ended(End::Done));
                }
            }
        }
    }

    fn next_step(&mut self) {
        (self.step, self.done, self.wakes) = (self.step + 1, 0, None);
    }

    /// Reads replies until there are `count`, or the connection ends.
    fn read_replies(&mut self, scratch: &mut [u8], count: u32) -> io::Result<Option<End>> {
        while self.done < count as usize {
            let read = self.stream.read(scratch)?;
            self.received.extend_from_slice(&scratch[..read]);
            while let Some(reply) = reply::first(&self.received, Bodies::Allowed, read == 0).ok().flatten() {
                self.received.drain(..reply.length);
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
        if self.received.len() < BEGINNING {
            let missing = (BEGINNING - self.received.len()).min(count);
            self.received.extend_from_slice(&scratch[..missing]);
            self.statuses.extend((self.received.len() == BEGINNING).then(|| reply::status(&self.received)).flatten());
        }
        Ok((count == 0).then_some(End::Closed))
    }
}
