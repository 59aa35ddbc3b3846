//! The bound on the connections of one address, with and without a proxy that names its clients.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use basehttp::testing::Server;
use basehttp::{HTTPServer, Stats, http_handler};
use socket2::{Domain, Socket, Type};

use crate::support::Client;
use crate::support::stage::wait_until;

struct Hello;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Hello {
    fn do_GET(&self) -> &'static str {
        "hi"
    }
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A client with this address of the loopback network.
fn from(last: u8, server: &Server) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let own = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(&own.into()).expect("an address of this computer");
    let IpAddr::V4(_) = server.address().ip() else { panic!("the server listens on IPv4") };
    socket.connect(&server.address().into()).expect("the server listens");
    Client::of_stream(socket.into())
}

/// Sends a request, and says whether it is answered.
#[track_caller]
fn is_served(client: &mut Client, request: &str) -> bool {
    // The server may have closed already.
    let _ = client.try_send(request);
    client.try_read_reply("GET").is_ok()
}

fn has_connections(count: u64) -> impl Fn(&Stats) -> bool {
    move |stats| stats.connections == count
}

#[test]
fn an_address_has_its_share_and_others_have_theirs() {
    let server = Server::start_with(HTTPServer::builder().max_connections_per_address(2), Hello).unwrap();
    let mut first = [from(1, &server), from(1, &server)];
    for client in &mut first {
        assert!(is_served(client, REQUEST));
    }
    assert!(!is_served(&mut from(1, &server), REQUEST), "it has two");
    assert!(is_served(&mut from(2, &server), REQUEST), "another address");
    assert!(is_served(&mut first[0], REQUEST), "and the two go on");
    drop(first);
    wait_until(server.server_handle(), "both are closed", has_connections(0));
    assert!(is_served(&mut from(1, &server), REQUEST), "there is room again");
    let handle = server.server_handle().clone();
    server.stop().unwrap();
    assert_eq!(handle.stats().errors.resource_limit, 1);
}

#[test]
fn a_trusted_proxy_is_not_counted_but_its_clients_are() {
    let builder = HTTPServer::builder().max_connections_per_address(1).trust_proxies(["127.0.0.1"]);
    let server = Server::start_with(builder.clone().forwarded_fields(["X-Forwarded-For"]), Hello).unwrap();
    let mut many: Vec<_> = (0..5).map(|_| from(1, &server)).collect();
    assert!(many.iter_mut().all(|client| is_served(client, REQUEST)), "it cannot know whose they are");
    let mut stranger = from(2, &server);
    assert!(is_served(&mut stranger, REQUEST) && !is_served(&mut from(2, &server), REQUEST));

    let server = Server::start_with(builder.proxy_protocol(true), Hello).unwrap();
    let request = |client: &str| format!("PROXY TCP4 {client} 198.51.100.1 1 2\r\n{REQUEST}");
    let mut clients = [from(1, &server), from(1, &server)];
    assert!(is_served(&mut clients[0], &request("203.0.113.7")));
    assert!(is_served(&mut clients[1], &request("203.0.113.8")));
    assert!(!is_served(&mut from(1, &server), &request("203.0.113.7")), "it has one");
    let local = format!("PROXY UNKNOWN\r\n{REQUEST}");
    let mut checks = [from(1, &server), from(1, &server)];
    assert!(checks.iter_mut().all(|check| is_served(check, &local)), "the proxy's own connections");
    drop(clients);
    wait_until(server.server_handle(), "they are closed", has_connections(2));
    assert!(is_served(&mut from(1, &server), &request("203.0.113.7")), "there is room again");
}
