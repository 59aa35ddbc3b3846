//! TLS that a proxy passes on without reading it: its PROXY header comes before the handshake.

use std::io::Write;
use std::net::TcpStream;
use std::thread;

use basehttp::testing::Server;
use basehttp::{HTTPServer, HTTPServerBuilder};
use rustls::version::{TLS12, TLS13};

use crate::secured::{Secured, TlsClient, VERSIONS, client_config, connect, secured};
use crate::support::PATIENCE;

const HEADER: &[u8] = b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n";

fn behind(builder: HTTPServerBuilder) -> Server {
    let builder = builder.trust_proxies(["127.0.0.1"]).proxy_protocol(true);
    Server::start_with(builder, Secured).expect("it binds")
}

#[test]
fn the_header_names_the_client_of_a_session() {
    let server = behind(secured());
    for (name, version) in VERSIONS {
        let mut stream = connect(&server);
        stream.write_all(HEADER).expect("it takes the header");
        let mut client = TlsClient::try_over(stream, client_config(&[version])).expect("a session");
        for _ in 0..2 {
            assert_eq!(client.ask("/client").text(), "203.0.113.7:4711 by https", "{name}");
        }
    }
}

#[test]
fn a_header_in_pieces_leaves_the_handshake_whole() {
    let server = behind(secured());
    for version in [&TLS12, &TLS13] {
        let mut stream = connect(&server);
        for byte in HEADER {
            stream.write_all(&[*byte]).expect("it takes the header");
        }
        let mut client = TlsClient::try_over(stream, client_config(&[version])).expect("a session");
        assert_eq!(client.ask("/client").text(), "203.0.113.7:4711 by https");
    }
}

#[test]
fn a_handshake_without_a_header_fails() {
    let server = behind(secured());
    assert!(TlsClient::try_over(connect(&server), client_config(&[&TLS13])).is_err());
    let elsewhere = HTTPServer::builder().tls(std::sync::Arc::new(crate::secured::config()));
    let server = elsewhere.trust_proxies(["192.0.2.1"]).proxy_protocol(true);
    let server = Server::start_with(server, Secured).expect("it binds");
    let mut stream = connect(&server);
    let sent = stream.write_all(HEADER);
    assert!(sent.is_err() || TlsClient::try_over(stream, client_config(&[&TLS13])).is_err(), "not a trusted peer");
}

/// A proxy sends its header at once, also for a client that begins no handshake.
#[test]
fn handle_request_passes_over_clients_that_have_a_header_and_no_session() {
    let builder = secured().head_timeout(PATIENCE * 3).timeout(PATIENCE);
    let builder = builder.trust_proxies(["127.0.0.1"]).proxy_protocol(true);
    let mut httpd = builder.bind(("127.0.0.1", 0), Secured).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("of TCP");
    let begin = || {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        stream.write_all(HEADER).expect("it takes the header");
        stream
    };
    let (silent, stream) = (begin(), begin());
    let asking = thread::spawn(move || {
        for stream in [stream, silent] {
            let mut client = TlsClient::try_over(stream, client_config(&[&TLS13])).expect("a session");
            assert_eq!(client.ask("/client").text(), "203.0.113.7:4711 by https");
        }
    });
    for _ in 0..2 {
        httpd.handle_request().expect("it serves");
    }
    asking.join().expect("no panic");
}
