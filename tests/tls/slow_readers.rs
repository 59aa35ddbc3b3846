//! Readers that are slow over TLS. One that reads on all the time gets on with every kind of response, and one that
//! reads too little is given up, however much of the response the system has taken for it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServerBuilder, Result, http_handler};
use rustls::version::TLS12;
use socket2::{Domain, SockRef, Socket, Type};

use crate::secured::{Secured, TlsClient, client_config, large_body, secured};
use crate::support::PATIENCE;
use crate::support::stage::wait_until;

/// Longest pause of a reader. A machine may halt for a part of it.
const STALL: Duration = Duration::from_secs(1);

/// Bytes that the server's system takes for each client, before it doubles them.
const SEND_BUFFER_BYTES: usize = 200_000;

/// A slow reader takes a piece after each pause, which makes some 50 KB a second.
const PIECE_BYTES: usize = 2_500;
const PAUSE: Duration = Duration::from_millis(50);

/// Starts a server with large buffers towards the client. The system tells of room in one when a third is free.
fn start(builder: HTTPServerBuilder, handler: impl basehttp::BaseHTTPRequestHandler) -> (Server, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    SockRef::from(&listener).set_send_buffer_size(SEND_BUFFER_BYTES).expect("a fresh socket takes options");
    let address = listener.local_addr().expect("it listens");
    let builder = builder.write_stall_timeout(STALL).also_listen(listener);
    (Server::start_with(builder, handler).expect("a free port"), address)
}

/// A client whose own buffer is small, so that the server's system sees what it reads. With TLS 1.2, nothing comes
/// before the response.
fn connect(address: SocketAddr) -> TlsClient {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.set_tcp_mss(1460).expect("an Ethernet's segments");
    socket.connect(&address.into()).expect("the server listens");
    TlsClient::try_over(TcpStream::from(socket), client_config(&[&TLS12])).expect("the handshake succeeds")
}

/// Reads slowly for this time after the first byte, without a look at the records. Returns the error that ends it.
fn sip(stream: &mut TcpStream, time: Duration) -> Option<ErrorKind> {
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut piece = [0; PIECE_BYTES];
    stream.read_exact(&mut piece[..1]).expect("the response begins");
    let began = Instant::now();
    while began.elapsed() < time {
        match stream.read(&mut piece) {
            Ok(0) => return Some(ErrorKind::UnexpectedEof),
            Ok(_) => thread::sleep(PAUSE),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Some(error.kind()),
        }
    }
    None
}

/// Sends a long answer on a connection that it has taken.
struct Pouring;

#[http_handler(protocol_version = "HTTP/1.1", pace = "pool")]
impl Pouring {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let body = large_body();
        ex.send_response(101).send_header("Upgrade", "x").send_header("Connection", "Upgrade").end_headers()?;
        let mut line = ex.hijack()?;
        line.write_all(&body)?;
        line.shutdown(Shutdown::Write)?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn a_reader_that_never_pauses_may_be_slow() {
    let readers = ["/stream", "/large", "/file", "/hijacked"].map(|path| {
        thread::spawn(move || {
            let (server, address) =
                if path == "/hijacked" { start(secured(), Pouring) } else { start(secured(), Secured) };
            let mut client = connect(address);
            client.send(TlsClient::get(path));
            assert_eq!(sip(client.stream(), 2 * STALL), None, "{path}");
            let stats = server.server_handle().stats();
            assert_eq!((stats.connections, stats.errors.slow_readers), (1, 0), "{path} is being sent");
        })
    });
    for reader in readers {
        reader.join().expect("the server sends on");
    }
}

#[test]
fn what_the_system_has_taken_for_a_slow_reader_buys_it_no_time() {
    // With those bytes it would be fast enough for some 15 s.
    let (server, address) = start(secured().min_body_bytes_per_second(60_000), Secured);
    let readers = ["/stream", "/large", "/file"].map(|path| {
        thread::spawn(move || {
            let mut client = connect(address);
            client.send(TlsClient::get(path));
            assert_eq!(sip(client.stream(), PATIENCE), Some(ErrorKind::ConnectionReset), "{path}");
        })
    });
    for reader in readers {
        reader.join().expect("it is given up");
    }
    let are_blamed = |stats: &basehttp::Stats| stats.errors.slow_readers == 3 && stats.connections == 0;
    wait_until(server.server_handle(), "all of them are counted", are_blamed);
}
