//! One hostile connection, as a list of steps and a position in it. It never waits. The `swarm` calls it when its
//! socket is ready or its time has come.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use socket2::{Domain, SockRef, Socket, Type};

use super::reply::{self, Bodies};
use super::transport::Stream;

/// A step of an attacker.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends all of it, as fast as the server takes it.
    Send(Arc<[u8]>),
    /// Sends it in small pieces with pauses, over and over, and reads whatever arrives meanwhile.
    Trickle { bytes: Arc<[u8]>, piece: usize, pause: Duration },
    /// Speaks TLS 1.2 instead of the newest version. It is the first step.
    UseTls12,
    /// Makes a part of a TLS handshake: so many of our turns, and so many bytes of the next one.
    ShakeHands { turns: usize, bytes: usize },
    /// Sends the records of the handshake byte by byte, or after it records with these bytes. Reads what arrives.
    TrickleRecords { bytes: Arc<[u8]>, pause: Duration },
    /// Sends it over and over without reading, until the server closes.
    Flood(Arc<[u8]>),
    /// Reads so many complete replies.
    ReadReplies(u32),
    /// Reads a little, after each pause, until the server ends it.
    ReadSlowly { piece: usize, pause: Duration },
    /// Reads until the server ends it.
    AwaitEnd,
    /// Neither sends nor reads.
    Pause(Duration),
    /// Shuts down its sending side. Later steps may still read.
    EndSending,
    /// Closes with a reset.
    Reset,
}

/// The receive buffer of an attacker's socket.
#[derive(Clone, Copy, Debug, Default)]
pub enum ReceiveBuffer {
    /// The system's default.
    #[default]
    Default,
    /// A few kilobytes, with segments of an Ethernet's size. Otherwise the server's system would store megabytes for a
    /// client that reads nothing.
    Small,
}

/// How an attacker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All its steps were done.
    Done,
    /// The server closed.
    Closed,
    /// The server reset the connection.
    Reset,
    /// The connection was never established.
    NotConnected,
}

/// The state of an attacker after it was called.
pub enum Progress {
    /// It waits for its socket, and for that time if one is given.
    Wait(Option<Instant>),
    Ended(End),
}

/// A hostile connection. It is driven by [`Attacker::go`].
pub struct Attacker {
    stream: Stream<TcpStream>,
    script: Vec<Step>,
    /// The index of the current step, and the bytes or replies of it that are done.
    step: usize,
    done: usize,
    wakes: Option<Instant>,
    pub is_connected: bool,
    /// The unparsed part of the current reply. If replies are only counted, their first bytes.
    received: Vec<u8>,
    /// The statuses that the server sent.
    pub statuses: Vec<u16>,
}

/// A receive buffer of 4 KiB, which the system doubles.
const SMALL_BUFFER_BYTES: usize = 4096;

/// The segment size of an Ethernet.
const SMALL_SEGMENT_BYTES: u32 = 1460;

/// Pause between two writes of a flood, so that other attackers get their turn.
const FLOOD_PAUSE: Duration = Duration::from_millis(1);

/// Bytes of a reply that are kept to see its status.
const BEGINNING: usize = 12;

impl Attacker {
    /// Starts to connect.
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
        let stream = Stream::new(TcpStream::from_std(socket.into()))?;
        let (received, statuses) = (Vec::new(), Vec::new());
        Ok(Attacker { stream, script, step: 0, done: 0, wakes: None, is_connected: false, received, statuses })
    }

    /// The socket, for a poller.
    pub fn socket(&mut self) -> &mut TcpStream {
        &mut self.stream.socket
    }

    /// Runs steps until one has to wait. `is_cut` says that the poller has seen the server close the connection.
    pub fn go(&mut self, now: Instant, is_cut: bool, scratch: &mut [u8]) -> Progress {
        if !self.is_connected {
            match self.socket().peer_addr() {
                Ok(_) => self.is_connected = true,
                Err(error) if error.kind() == ErrorKind::NotConnected && !is_cut => return Progress::Wait(None),
                Err(_) => return Progress::Ended(End::NotConnected),
            }
        }
        match self.run_steps(now, is_cut, scratch) {
            Ok(turn) => turn,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Progress::Wait(self.wakes),
            // In a handshake.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Progress::Ended(End::Closed),
            // The server may have answered although it did not read the rest.
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
                Step::UseTls12 => {
                    self.stream.use_tls_12()?;
                    self.next_step();
                }
                Step::ShakeHands { turns, bytes } => {
                    while self.done < turns {
                        self.stream.send_flight(usize::MAX)?;
                        self.done += 1;
                    }
                    if bytes > 0 {
                        self.stream.send_flight(bytes)?;
                    }
                    self.next_step();
                }
                Step::TrickleRecords { bytes, pause } => {
                    if let Some(end) = self.discard(scratch)? {
                        return Ok(Progress::Ended(end));
                    }
                    if is_asleep {
                        return Ok(Progress::Wait(self.wakes));
                    }
                    self.wakes = Some(now + pause);
                    self.stream.trickle(&bytes, 1)?;
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
                    self.stream.end_sending()?;
                    self.socket().shutdown(Shutdown::Write)?;
                    self.next_step();
                }
                Step::Reset => {
                    SockRef::from(&self.stream.socket).set_linger(Some(Duration::ZERO))?;
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

    /// Reads all that has arrived, and keeps the first status.
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
