//! The common part of the integration tests, with a client that sends raw bytes and parses replies by their framing.

#![allow(dead_code)] // Each test program is a crate of its own and uses a part of this.

pub(crate) mod browser;
pub(crate) mod child;
pub(crate) mod does;
pub(crate) mod folder;
pub(crate) mod needs;
pub(crate) mod scripts;
pub(crate) mod slow_disk;
pub(crate) mod stage;
pub(crate) mod strict;
pub(crate) mod transport;
pub(crate) mod witness;

use std::fmt::Debug;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use basehttp::testing;

use self::transport::ClientStream;

/// Time that a client waits before a test is given up. It is a safety net, and nothing is measured by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until nothing listens at `address`. A program that another test of this process starts holds a copy of every
/// descriptor for a moment, between fork and exec, and with it the socket that listens.
#[track_caller]
pub(crate) fn expect_refused(address: impl ToSocketAddrs + Copy, what: &str) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            other => assert!(Instant::now() < give_up, "{what}: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Repeats an attempt to listen again while the address is in use, for the reason of [`expect_refused`].
pub(crate) fn when_free<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < give_up => {}
            result => return result,
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Leaves the file of a Unix socket at `path`, as a program that was killed does. Another test may start a program
/// meanwhile, as in [`expect_refused`].
pub(crate) fn leave_socket_file(path: &Path) {
    drop(UnixListener::bind(path).expect("a new file"));
    let give_up = Instant::now() + PATIENCE;
    while UnixStream::connect(path).is_ok() {
        assert!(Instant::now() < give_up, "another process listens there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One connection to a server, as a client sees it.
pub(crate) struct Client {
    reader: BufReader<ClientStream>,
}

impl Client {
    /// Connects to `address`.
    pub(crate) fn connect(address: impl ToSocketAddrs) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a fresh socket takes options");
        Client::of_stream(stream)
    }

    /// The client's end of a connection that was made elsewhere.
    pub(crate) fn of_stream(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
        Client { reader: BufReader::new(ClientStream::new(stream)) }
    }

    /// Connects to a test's server.
    pub(crate) fn of(server: &testing::Server) -> Self {
        Client::connect(server.address())
    }

    /// Connects and sends `bytes`.
    pub(crate) fn sending(server: &testing::Server, bytes: impl AsRef<[u8]>) -> Self {
        let mut client = Client::of(server);
        client.send(bytes);
        client
    }

    /// Sends `bytes`.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes the request");
    }

    /// Connects and sends `bytes` to a server that does not take the connection before an answer is read.
    pub(crate) fn sending_ahead(address: impl ToSocketAddrs, bytes: impl AsRef<[u8]>) -> Self {
        let mut client = Client::connect(address);
        client.reader.get_mut().send_ahead(bytes.as_ref()).expect("they fit the buffers");
        client
    }

    /// Sends `bytes` to a server that may have closed already.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.reader.get_mut().send(bytes.as_ref())
    }

    /// Ends the client's side; replies can still be read.
    pub(crate) fn end_sending(&mut self) {
        self.reader.get_mut().end_sending().expect("the connection is open");
    }

    /// Reads one reply to anything but HEAD.
    pub(crate) fn read_reply(&mut self) -> Reply {
        self.try_read_reply("GET").expect("a whole reply")
    }

    /// Reads one reply to `method`, which says whether a body can follow. Fails with `UnexpectedEof` or
    /// `ConnectionReset` if it is cut off.
    pub(crate) fn try_read_reply(&mut self, method: &str) -> io::Result<Reply> {
        Reply::read(&mut self.reader, method)
    }

    /// Reads until the server closes, and says what came. A reset is an error.
    pub(crate) fn try_read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_all_into(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads until the server closes. The bytes before a reset, which is an error, are in `bytes`.
    pub(crate) fn read_all_into(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.reader.read_to_end(bytes).map(drop)
    }

    /// Reads until the server closes.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        self.try_read_to_end().expect("the server closes cleanly")
    }

    /// Waits until a byte has come, and leaves it unread.
    #[track_caller]
    pub(crate) fn wait_for_a_byte(&mut self) {
        let peeked = loop {
            match self.stream().peek(&mut [0]) {
                // The process was stopped meanwhile.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                peeked => break peeked.expect("the connection is open"),
            }
        };
        assert_eq!(peeked, 1, "a byte was to come, and not the end");
    }

    /// The server closes without another byte.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let rest = self.read_to_end();
        assert!(rest.is_empty(), "nothing but the end was to come: {:?}", String::from_utf8_lossy(&rest));
    }

    /// Reads so many bytes, whatever they mean.
    pub(crate) fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    /// The stream below, for what the methods do not offer. Bytes that were read ahead are lost to it.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.reader.get_mut().socket
    }
}

/// One reply, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// `HTTP/1.1`.
    pub version: String,
    /// `200`.
    pub status: u16,
    /// `OK`.
    pub reason: String,
    /// Names as sent, values read as Latin-1.
    pub fields: Vec<(String, String)>,
    /// Without its framing.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads one reply to `method`.
    pub(crate) fn read(reader: &mut impl BufRead, method: &str) -> io::Result<Self> {
        let status_line = read_line(reader)?;
        let mut words = status_line.splitn(3, ' ');
        let mut word = || words.next().ok_or_else(|| malformed(&status_line));
        let (version, status, reason) = (word()?.to_owned(), word()?, word()?.to_owned());
        let status = status.parse().map_err(|_| malformed(&status_line))?;
        let fields = read_fields(reader)?;
        let mut reply = Reply { version, status, reason, fields, body: Vec::new() };
        reply.body = reply.read_body(reader, method)?;
        Ok(reply)
    }

    /// All replies in `bytes`, none of them to HEAD.
    pub(crate) fn all(bytes: &[u8]) -> Vec<Self> {
        Reply::all_to(bytes, |_| "GET")
    }

    /// All replies in `bytes`; `method` says what the final one of that number answers.
    pub(crate) fn all_to(mut bytes: &[u8], method: impl Fn(usize) -> &'static str) -> Vec<Self> {
        let (mut replies, mut number) = (Vec::new(), 0);
        while !bytes.is_empty() {
            let reply = Reply::read(&mut bytes, method(number)).expect("whole replies");
            number += usize::from(reply.status >= 200);
            replies.push(reply);
        }
        replies
    }

    /// The first field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields_named(name).next()
    }

    /// Every field of that name.
    pub(crate) fn fields_named(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("the body is text")
    }

    /// RFC 9112, section 6.3.
    fn read_body(&self, reader: &mut impl BufRead, method: &str) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if method == "HEAD" || matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(body);
        }
        if self.field("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return read_chunks(reader);
        }
        match self.field("Content-Length") {
            Some(length) => {
                body.resize(length.parse().map_err(|_| malformed(length))?, 0);
                reader.read_exact(&mut body)?;
            }
            None => drop(reader.read_to_end(&mut body)?),
        }
        Ok(body)
    }
}

impl Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        write!(f, "{} {} {} {:?} {body:?}", self.version, self.status, self.reason, self.fields)
    }
}

fn read_fields(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
        fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
    }
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let length = u64::from_str_radix(&line, 16).map_err(|_| malformed(&line))?;
        if length == 0 {
            read_fields(reader)?;
            return Ok(body);
        }
        if reader.by_ref().take(length).read_to_end(&mut body)? as u64 != length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let end = read_line(reader)?;
        if !end.is_empty() {
            return Err(malformed(&end));
        }
    }
}

/// One line, without its CRLF, as Latin-1.
fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.iter().map(|&byte| char::from(byte)).collect()),
        None if line.ends_with(b"\n") => Err(malformed(&String::from_utf8_lossy(&line))),
        None => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn malformed(text: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("not well-formed: {text:?}"))
}

/// Runs a scenario until it says that all was well, at most five times.
///
/// A machine that stalls can spoil such a scenario although the server is in order, because a stall makes a fast
/// handler look slow. A fault of the server, in contrast, shows in every run.
#[track_caller]
pub(crate) fn expect_undisturbed(what: &str, mut is_well: impl FnMut() -> bool) {
    assert!((0..5).any(|_| is_well()), "not once in five runs: {what}");
}

/// Returns `bytes` in pieces for `respond_to_pieces`, byte by byte, or a few bytes at a time if there are very many.
pub(crate) fn bit_by_bit(bytes: &[u8]) -> std::slice::Chunks<'_, u8> {
    bytes.chunks(bytes.len().div_ceil(2048).max(1))
}
