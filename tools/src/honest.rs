//! Well-behaved clients that measure how they are served. They form an open loop, in which requests are due at times
//! that are fixed beforehand. A late reply delays the next requests. The delay counts, since a request is timed from
//! when it was due, not from when it could be sent.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::reply::{self, Bodies, Reply};
use super::request::{MakeRequest, Persistence, Request};
use super::transport::Stream;

/// A client that connects when it needs to.
pub struct Client {
    address: SocketAddr,
    timeout: Duration,
    stream: Option<Stream<TcpStream>>,
    /// Bytes that were read and not yet used.
    received: Vec<u8>,
    /// Number of connections made so far.
    pub connections: u64,
}

impl Client {
    /// Creates a client of the server at `address`. No step may take longer than `timeout`.
    pub fn new(address: SocketAddr, timeout: Duration) -> Self {
        Client { address, timeout, stream: None, received: Vec::new(), connections: 0 }
    }

    /// Sends a request and checks the reply.
    pub fn run(&mut self, request: &Request) -> io::Result<()> {
        self.send(&request.bytes)?;
        self.expect(request)
    }

    /// Pipelines several requests.
    pub fn run_all(&mut self, requests: &[Request]) -> io::Result<()> {
        let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes.iter().copied()).collect();
        self.send(&bytes)?;
        requests.iter().try_for_each(|request| self.expect(request))
    }

    /// Sends one request and returns its reply, whatever it is.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Reply> {
        self.send(request)?;
        self.reply(Bodies::Allowed)
    }

    /// Sends bytes. Connects first if there is no connection, or if the last call failed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.connected().and_then(|stream| stream.write_all(bytes));
        sent.inspect_err(|_| self.hang_up())
    }

    /// Reads the reply to a request, and checks it.
    pub fn expect(&mut self, request: &Request) -> io::Result<()> {
        let reply = self.reply(request.bodies)?;
        request.check(&reply).map_err(|wrong| {
            self.hang_up();
            io::Error::new(io::ErrorKind::InvalidData, wrong)
        })
    }

    fn reply(&mut self, bodies: Bodies) -> io::Result<Reply> {
        let reply = self.read_reply(bodies).inspect_err(|_| self.hang_up())?;
        if !reply.keeps_alive {
            self.hang_up();
        }
        Ok(reply)
    }

    fn read_reply(&mut self, bodies: Bodies) -> io::Result<Reply> {
        let mut has_ended = false;
        loop {
            if let Some(reply) = reply::first(&self.received, bodies, has_ended)? {
                self.received.drain(..reply.length);
                return Ok(reply);
            }
            has_ended = self.read_more(256 * 1024)? == 0;
        }
    }

    /// Reads exactly `count` bytes.
    pub fn read_exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.received.len() < count {
            if self.read_more(count)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.received.drain(..count).collect())
    }

    /// Reads until the server ends the connection.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.read_more(256 * 1024)? > 0 {}
        Ok(std::mem::take(&mut self.received))
    }

    fn read_more(&mut self, most: usize) -> io::Result<usize> {
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let length = self.received.len();
        self.received.resize(length + most, 0);
        let read = stream.read(&mut self.received[length..]);
        self.received.truncate(length + *read.as_ref().unwrap_or(&0));
        read
    }

    fn connected(&mut self) -> io::Result<&mut Stream<TcpStream>> {
        if self.stream.is_none() {
            let stream = TcpStream::connect_timeout(&self.address, self.timeout)?;
            self.connections += 1;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.timeout))?;
            stream.set_write_timeout(Some(self.timeout))?;
            self.stream = Some(Stream::new(stream)?);
        }
        self.stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Shuts down the sending side while replies are still to come.
    pub fn end_sending(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.end_sending()?;
        stream.socket.shutdown(Shutdown::Write)
    }

    /// Closes the connection.
    pub fn hang_up(&mut self) {
        self.stream = None;
        self.received.clear();
    }
}

/// A function that a client runs. It gets its turn's number.
pub type CustomAction = fn(&mut Client, u64) -> io::Result<()>;

/// The action that a client repeats.
#[derive(Clone, Copy)]
pub enum Action {
    /// One request.
    Request(MakeRequest, Persistence),
    /// Several requests, or bytes of its own.
    Custom(CustomAction),
}

impl Action {
    /// True if each request has a connection of its own.
    pub fn is_fresh(self) -> bool {
        matches!(self, Action::Request(_, Persistence::Fresh))
    }

    fn carry_out(self, client: &mut Client, number: u64) -> io::Result<()> {
        match self {
            Action::Request(make, persistence) => client.run(&make(number, persistence)),
            Action::Custom(special) => special(client, number),
        }
    }
}

/// A client that measures.
pub struct Probe {
    /// The name in the report.
    pub name: &'static str,
    pub action: Action,
    /// Time between two requests.
    pub interval: Duration,
    /// Timeout of each step of a request.
    pub timeout: Duration,
}

/// The measurements.
#[derive(Default)]
pub struct Record {
    /// Times from when a request was due until its whole reply was here, for those that succeeded.
    pub latencies: Vec<Duration>,
    pub failed: u64,
    /// The first few failures.
    pub failures: Vec<String>,
    pub connections: u64,
}

impl Record {
    /// Takes the measurements so far.
    pub fn take(record: &Mutex<Record>) -> Record {
        std::mem::take(&mut *record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The latency at this quantile.
    pub fn quantile(&self, part: f64) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        quantile(&sorted, part)
    }

    fn note(&mut self, name: &str, result: io::Result<Duration>) {
        match result {
            Ok(latency) => self.latencies.push(latency),
            Err(error) => {
                self.failed += 1;
                if self.failures.len() < MOST_FAILURES {
                    self.failures.push(format!("{name}: {error}"));
                }
            }
        }
    }
}

/// Failures that are reported. There may be thousands with one cause.
const MOST_FAILURES: usize = 6;

impl Probe {
    /// A probe that sends nothing, and so measures the delay that the machine itself causes.
    pub fn of_machine() -> Self {
        let interval = Duration::from_millis(2);
        Probe { name: "the machine", action: Action::Custom(|_, _| Ok(())), interval, timeout: interval }
    }

    /// Runs until `is_over` is set. The last request is completed.
    pub fn run(&self, addresses: &[SocketAddr], is_over: &AtomicBool, record: &Mutex<Record>) {
        let mut clients: Vec<_> = addresses.iter().map(|&address| Client::new(address, self.timeout)).collect();
        let count = if self.action.is_fresh() { clients.len() } else { 1 };
        let mut due = Instant::now();
        for number in 0.. {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let client = &mut clients[usize::try_from(number).unwrap_or(0) % count];
            let result = self.action.carry_out(client, number).map(|()| due.elapsed());
            record.lock().unwrap_or_else(PoisonError::into_inner).note(self.name, result);
            due += self.interval;
        }
        let connections: u64 = clients.iter().map(|client| client.connections).sum();
        record.lock().unwrap_or_else(PoisonError::into_inner).connections += connections;
    }
}

/// Sets the flag when it is dropped, so that the other threads stop even after an error.
pub struct StopOnDrop<'o>(pub &'o AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Number of times a thread is woken for one request. The client is woken when the request is due, then a leader, a
/// pool thread, and the client again. A shared machine may delay each of them.
pub const WAKES: u32 = 4;

/// The value at a quantile of sorted values. 0.99 gives the p99. Zero if there are no values.
pub fn quantile(sorted: &[Duration], part: f64) -> Duration {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // Of small counts.
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}
