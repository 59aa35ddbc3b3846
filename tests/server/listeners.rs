//! Several addresses for one server. Each is served, and all are bounded and stopped together.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::support::stage::{Stage, Staged, expect_all_served, expect_served, get, one_worker, wait_until};
use crate::support::{Client, PATIENCE, expect_refused, needs, when_free};
use basehttp::{AddressFamily, Exchange, HTTPServer, HTTPServerBuilder, http_handler};
use socket2::SockRef;

/// A server that listens as the builder says, and on one more free port.
fn bind(builder: HTTPServerBuilder) -> (HTTPServer, Vec<SocketAddr>, Arc<Stage>) {
    let stage = Arc::new(Stage::default());
    let httpd = builder.bind(("127.0.0.1", 0), Staged(Arc::clone(&stage))).expect("free ports");
    let addresses = httpd.server_addresses().iter().map(|address| address.socket_addr().expect("IP")).collect();
    (httpd, addresses, stage)
}

fn serve(mut httpd: HTTPServer) -> thread::JoinHandle<HTTPServer> {
    thread::spawn(move || {
        httpd.serve_forever().expect("a loop");
        httpd
    })
}

#[test]
fn every_address_is_served_and_the_first_is_the_servers_own() {
    let ready = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let ready_address = ready.local_addr().expect("it is bound");
    let mut builder = one_worker().also_listen("127.0.0.1:0").also_listen(ready);
    let has_ipv6 = needs::ipv6();
    if has_ipv6 {
        builder = builder.also_listen((Ipv6Addr::LOCALHOST, 0));
    }
    let (httpd, addresses, _stage) = bind(builder);
    assert_eq!(addresses.len(), 3 + usize::from(has_ipv6));
    assert_eq!(httpd.server_address().socket_addr(), Some(addresses[0]));
    assert_eq!(httpd.server_port(), addresses[0].port());
    assert_eq!(addresses[2], ready_address);
    let handle = httpd.server_handle();
    assert_eq!(handle.server_addresses(), httpd.server_addresses());
    let serving = serve(httpd);
    let mut clients: Vec<_> = addresses.iter().map(Client::connect).collect();
    for _ in 0..3 {
        expect_all_served(&mut clients, "/");
    }
    handle.shutdown();
    clients.iter_mut().for_each(Client::expect_end);
    serving.join().expect("serve_forever returns");
}

/// Says how its client's socket is asked whether the client is there.
struct Asks;

#[http_handler]
impl Asks {
    fn do_GET(&self, ex: &mut Exchange) -> basehttp::Result {
        let socket = ex.socket_fd()?.expect("a socket");
        let socket = SockRef::from(&socket);
        let is_asked = socket.keepalive()?;
        let seconds = if is_asked { socket.tcp_keepalive_time()?.as_secs() } else { 0 };
        Ok(ex.send_text(200, format!("{is_asked} {seconds}"))?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

#[test]
fn a_silent_client_is_asked_whether_it_is_there() {
    let (hour, nothing) = (Duration::from_secs(3600), Duration::from_nanos(1));
    let table = [
        (HTTPServer::builder(), "true 60"),
        (HTTPServer::builder().tcp_keepalive(Some(hour)), "true 3600"),
        (HTTPServer::builder().tcp_keepalive(Some(nothing)), "true 1"),
        (HTTPServer::builder().tcp_keepalive(Some(Duration::MAX)), "true 32767"),
        (HTTPServer::builder().tcp_keepalive(None), "false 0"),
    ];
    for (builder, expected) in table {
        let ready = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let mut httpd = builder.also_listen(ready).bind(("127.0.0.1", 0), Asks).expect("free ports");
        let addresses = httpd.server_addresses().to_vec();
        for address in addresses {
            let mut client = Client::connect(address.socket_addr().expect("IP"));
            client.send("GET / HTTP/1.0\r\n\r\n");
            httpd.handle_request().expect("one has come");
            assert_eq!(client.read_reply().text(), expected, "at {address}");
        }
    }
}

/// `main() -> std::io::Result<()>` prints `Debug`.
#[test]
fn what_cannot_be_bound_is_said_in_one_sentence() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let errors = [
        HTTPServer::bind(address, Asks).err(),
        HTTPServer::bind("127.0.0.1", Asks).err(),
        HTTPServer::builder().also_listen("no port").bind(("127.0.0.1", 0), Asks).err(),
        HTTPServer::builder().workers(0).bind(("127.0.0.1", 0), Asks).err(),
        HTTPServer::bind(Path::new("/nowhere/socket"), Asks).err(),
    ];
    for error in errors {
        let error = error.expect("it cannot be bound");
        let (text, shown) = (error.to_string(), format!("{error:?}"));
        assert_eq!(shown, format!("Custom {{ kind: {:?}, error: {text} }}", error.kind()));
        let handed_on = basehttp::HandlerError::from(error);
        assert_eq!(format!("Error: {handed_on:?}"), format!("Error: {text}"), "from main() -> basehttp::Result");
    }
}

#[test]
fn handle_request_waits_for_all_of_them() {
    let (mut httpd, addresses, _stage) = bind(HTTPServer::builder().also_listen(("127.0.0.1", 0)));
    for address in addresses.iter().chain(addresses.iter().rev()).copied() {
        // A silent client at the other listener keeps no other client waiting.
        let silent: Vec<_> = addresses.iter().map(Client::connect).collect();
        let asking = thread::spawn(move || {
            let mut client = Client::connect(address);
            expect_served(&mut client, "/");
        });
        httpd.handle_request().expect("a request");
        asking.join().expect("it was served");
        drop(silent);
    }
}

#[test]
fn handle_request_gives_up_when_nobody_comes_to_any_door() {
    let builder = HTTPServer::builder().also_listen(("127.0.0.1", 0)).timeout(Some(Duration::from_millis(20)));
    let (mut httpd, _addresses, stage) = bind(builder);
    httpd.handle_request().expect("nobody comes");
    assert!(stage.served().is_empty());
}

#[test]
fn a_full_server_accepts_at_no_door_and_then_at_each_in_turn() {
    let (httpd, addresses, stage) = bind(one_worker().max_connections(1).also_listen(("127.0.0.1", 0)));
    let handle = httpd.server_handle();
    let serving = serve(httpd);
    let mut inside = Client::connect(addresses[0]);
    expect_served(&mut inside, "/inside");
    let asking = |door: usize, path: &str| {
        let mut client = Client::connect(addresses[door]);
        client.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
        client
    };
    let mut outside: Vec<_> = (0..5).map(|number| asking(0, &format!("/first/{number}"))).collect();
    outside.push(asking(1, "/second"));
    expect_served(&mut inside, "/inside");
    assert_eq!(handle.stats().accepted, 1, "at neither door");
    drop(inside);
    for client in &mut outside {
        assert_eq!(client.read_reply().status, 200);
    }
    let served = stage.served();
    let place = served.iter().position(|path| path == "/second").expect("it was served");
    assert!(place <= 3, "the crowd at the first door does not keep the second one closed: {served:?}");
    handle.shutdown();
    serving.join().expect("serve_forever returns");
}

#[test]
fn server_close_frees_every_port() {
    let (mut httpd, addresses, _stage) = bind(HTTPServer::builder().also_listen(("127.0.0.1", 0)));
    httpd.server_close();
    for address in addresses {
        expect_refused(address, "it does not listen");
        when_free(|| TcpListener::bind(address)).expect("the port is free");
    }
    assert_eq!(httpd.handle_request().unwrap_err().kind(), std::io::ErrorKind::NotConnected);
}

#[test]
fn a_drain_closes_what_came_through_any_door() {
    let (httpd, addresses, stage) = bind(one_worker().also_listen(("127.0.0.1", 0)));
    let handle = httpd.server_handle();
    let serving = serve(httpd);
    let mut clients: Vec<_> = addresses.iter().map(Client::connect).collect();
    expect_all_served(&mut clients, "/");
    clients[1].send(get("/hold/a"));
    stage.wait_for("a");
    // Requests that were answered before do not count as finished by the drain.
    wait_until(&handle, "two are counted", |stats| stats.requests == 2);
    let draining = {
        let handle = handle.clone();
        thread::spawn(move || handle.drain(PATIENCE))
    };
    clients[0].expect_end();
    stage.open("a");
    assert_eq!(clients[1].read_reply().field("Connection"), Some("close"));
    let report = draining.join().unwrap().expect("it was running");
    assert_eq!((report.finished, report.cut), (1, 0));
    serving.join().expect("serve_forever returns");
    for address in addresses {
        expect_refused(address, "every door is closed");
    }
}

#[test]
fn a_socket_that_was_handed_over_listens_through_a_shutdown() {
    let ready = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let handed_over = ready.local_addr().expect("it is bound");
    let (httpd, addresses, _stage) = bind(one_worker().also_listen(ready));
    let handle = httpd.server_handle();
    let serving = serve(httpd);
    expect_served(&mut Client::connect(handed_over), "/");
    handle.shutdown();
    let mut httpd = serving.join().expect("serve_forever returns");
    expect_refused(addresses[0], "the server has closed what it had bound");
    // The next one to accept serves it, which may be a successor with the same socket, or this server's next loop.
    let mut late = Client::connect(handed_over);
    late.send(get("/late"));
    let serving = serve(httpd);
    assert_eq!(late.read_reply().text(), "/late");
    handle.shutdown();
    httpd = serving.join().expect("serve_forever returns");
    httpd.server_close();
    expect_refused(handed_over, "it is closed with the server");
}

#[test]
fn what_is_wrong_with_one_address_is_told_by_bind() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let table = [
        (HTTPServer::builder().also_listen(("127.0.0.1", port)), std::io::ErrorKind::AddrInUse),
        (HTTPServer::builder().also_listen("127.0.0.1"), std::io::ErrorKind::InvalidInput),
        (
            (0..256)
                .fold(HTTPServer::builder(), |builder, _| builder.also_listen((IpAddr::from(Ipv4Addr::LOCALHOST), 0))),
            std::io::ErrorKind::InvalidInput,
        ),
    ];
    for (builder, expected) in table {
        let error = builder.bind(("127.0.0.1", 0), Staged(Arc::default())).unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
    }
}

#[test]
fn localhost_is_both_loopback_addresses_with_one_port() {
    if !needs::ipv6() {
        return;
    }
    let loopbacks = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    for (httpd, why) in [
        (HTTPServer::bind(("localhost", 0), Asks), "a pair"),
        (HTTPServer::bind("LocalHost:0", Asks), "one text"),
        (HTTPServer::builder().also_listen("localhost:0").bind(("127.0.0.1", 0), Asks), "one more address"),
    ] {
        let mut httpd = httpd.unwrap_or_else(|error| panic!("{why}: {error}"));
        let addresses = httpd.server_addresses().to_vec();
        let last_two = &addresses[addresses.len() - 2..];
        assert_eq!([0, 1].map(|at| last_two[at].ip()), loopbacks.map(Some), "{why}");
        assert_eq!(last_two[0].port(), last_two[1].port(), "{why}");
        for address in addresses {
            let mut client = Client::connect(address.socket_addr().expect("IP"));
            client.send("GET / HTTP/1.0\r\n\r\n");
            httpd.handle_request().expect("one has come");
            assert_eq!(client.read_reply().status, 200, "{why}, at {address}");
        }
    }
}

#[test]
fn localhost_finds_a_port_that_is_free_at_both_addresses() {
    if !needs::ipv6() {
        return;
    }
    // A port with another program at one of the two is an error, and not half a server.
    let (_taken, port) = loop {
        let taken = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("a free port");
        let port = taken.local_addr().expect("it is bound").port();
        // Another test may have the port at the other address.
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            break (taken, port);
        }
    };
    let error = HTTPServer::bind(("localhost", port), Asks).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&format!("cannot listen on [::1]:{port}")), "{error}");
    when_free(|| TcpListener::bind((Ipv4Addr::LOCALHOST, port))).expect("nothing is left at the other address");
    for (family, expected) in [(AddressFamily::Inet, "127.0.0.1"), (AddressFamily::Inet6, "::1")] {
        let httpd = HTTPServer::builder().address_family(Some(family)).bind("localhost:0", Asks).expect("a free port");
        let ips: Vec<_> =
            httpd.server_addresses().iter().map(|address| address.ip().expect("IP").to_string()).collect();
        assert_eq!(ips, [expected]);
    }
}

#[test]
fn a_server_at_localhost_serves_again_at_the_same_port() {
    let mut httpd = HTTPServer::bind(("localhost", 0), Asks).expect("a free port");
    let addresses = httpd.server_addresses().to_vec();
    httpd.server_handle().shutdown();
    httpd.serve_forever().expect("a loop");
    for address in &addresses {
        let mut client = {
            // The first call listens again.
            let address = address.socket_addr().expect("IP");
            let asking = thread::spawn(move || {
                loop {
                    if std::net::TcpStream::connect(address).is_ok() {
                        let mut client = Client::connect(address);
                        client.send("GET / HTTP/1.0\r\n\r\n");
                        return client;
                    }
                    thread::yield_now();
                }
            });
            httpd.handle_request().expect("one has come");
            asking.join().expect("no panic")
        };
        assert_eq!(client.read_reply().status, 200, "at {address}");
    }
}

#[test]
fn a_socket_that_does_not_listen_is_refused() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let datagrams = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
    let descriptors: [(OwnedFd, &str); 3] =
        [(socket.into(), "does not listen"), (reader.into(), "is not a socket"), (datagrams.into(), "is not a stream")];
    for (descriptor, expected) in descriptors {
        let again = descriptor.try_clone().expect("a descriptor");
        let errors = [
            HTTPServer::bind(TcpListener::from(descriptor), Asks).unwrap_err(),
            HTTPServer::bind(UnixListener::from(again), Asks).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{expected}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
