//! Requests in a session, which are served as they are without TLS.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use basehttp::testing::Server;
use basehttp::{Exchange, Result, http_handler};
use rustls::version::{TLS12, TLS13};

use crate::secured::{LARGE_BYTES, Secured, TlsClient, VERSIONS, client_config, large_body, secured, server};
use crate::support::stage::wait_until;
use crate::support::{PATIENCE, Reply};

#[test]
fn requests_are_served_one_after_the_other_in_both_versions() {
    let server = server();
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        for path in ["/one", "/two", "/three"] {
            assert_eq!(client.ask(path).text(), path, "{name}");
        }
    }
}

#[test]
fn a_handler_learns_of_the_session() {
    let server = server();
    for (version, expected) in [(&TLS12, "Some(TLSv1_2)"), (&TLS13, "Some(TLSv1_3)")] {
        let mut config = client_config(&[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut client = TlsClient::with(&server, config);
        assert_eq!(client.ask("/session").text(), format!("https {expected} localhost http/1.1 0"));
    }
}

#[test]
fn requests_of_one_record_and_of_many_are_answered_in_order() {
    let server = server();
    let mut client = TlsClient::of(&server);
    let requests: String = (0..200).map(|number| TlsClient::get(&format!("/{number}"))).collect();
    let expect_all = |client: &mut TlsClient, why: &str| {
        for number in 0..200 {
            assert_eq!(client.read_reply().text(), format!("/{number}"), "{why}");
        }
    };
    client.send(&requests);
    expect_all(&mut client, "in one record");
    for piece in requests.as_bytes().chunks(7) {
        client.send(piece);
    }
    expect_all(&mut client, "seven bytes in each");
}

/// The largest record holds more than one read takes, so that a part of it stays behind in the session, where no poller
/// sees it.
#[test]
fn a_request_that_is_decrypted_and_not_read_is_not_left_waiting() {
    let server = server();
    let mut client = TlsClient::of(&server);
    for length in [8_000, 8_192, 12_000, 16_000, 16_300] {
        let filled = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{}", "a".repeat(length));
        client.send(filled + &TlsClient::get("/behind"));
        assert_eq!(client.read_reply().text(), format!("{length} {}", length * 97));
        assert_eq!(client.read_reply().text(), "/behind");
    }
}

#[test]
fn records_that_arrive_byte_by_byte_are_put_together() {
    let server = server();
    let mut client = TlsClient::of(&server);
    let records = client.encrypt(TlsClient::get("/slowly").as_bytes());
    for byte in records {
        client.stream().write_all(&[byte]).expect("the server takes it");
    }
    assert_eq!(client.read_reply().text(), "/slowly");
}

#[test]
fn large_bodies_arrive_whole_in_both_directions() {
    let server = server();
    let body = large_body();
    let sum = body.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        assert!(client.ask("/stream").body == body, "{name}");
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGE_BYTES}\r\n\r\n"));
        client.send(&body);
        assert_eq!(client.read_reply().text(), format!("{LARGE_BYTES} {sum}"), "{name}");
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(client.read_reply().text(), "3 294", "{name}: chunked");
    }
}

/// The response waits in the loop while the client does not read. It must neither be lost nor sent twice.
#[test]
fn a_client_that_reads_late_gets_the_whole_response() {
    let server = server();
    for path in ["/large", "/file"] {
        let mut client = TlsClient::of(&server);
        client.send(TlsClient::get(path) + &TlsClient::get("/next"));
        let handle = server.server_handle();
        wait_until(handle, "the response waits for its reader", |stats| stats.parked == 1 && stats.bytes_sent > 0);
        assert!(client.read_reply().body == large_body(), "{path}");
        assert_eq!(client.read_reply().text(), "/next");
        drop(client);
        wait_until(handle, "the connection ends", |stats| stats.connections == 0);
    }
}

#[test]
fn heads_hints_and_expectations_are_answered() {
    let server = server();
    let mut client = TlsClient::of(&server);
    client.send("HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n");
    let head = client.try_read_reply("HEAD").expect("a head");
    assert_eq!((head.status, head.field("Content-Length")), (200, Some(LARGE_BYTES.to_string().as_str())));
    client.send(TlsClient::get("/early"));
    assert_eq!(client.read_reply().status, 103);
    assert_eq!(client.read_reply().text(), "after a hint");
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.read_reply().status, 100, "before the body is sent");
    client.send("ab");
    assert_eq!(client.read_reply().text(), "2 195");
}

#[test]
fn a_target_may_name_https_and_no_other_scheme() {
    let server = server();
    let mut client = TlsClient::of(&server);
    client.send("GET https://localhost/named HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.read_reply().text(), "/named");
    client.send("GET http://localhost/named HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.read_reply().status, 421);
}

#[test]
fn a_panic_costs_one_exchange() {
    let server = server();
    let mut client = TlsClient::of(&server);
    assert_eq!(client.ask("/panic").status, 500);
    assert_eq!(TlsClient::of(&server).ask("/well").text(), "/well");
}

/// Returns each line in capitals, by two threads.
struct Shouting;

#[http_handler(protocol_version = "HTTP/1.1")]
impl Shouting {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_response(101).send_header("Upgrade", "shout").send_header("Connection", "Upgrade").end_headers()?;
        let (mut reader, mut writer) = ex.hijack()?.into_split();
        let (to_writer, lines) = std::sync::mpsc::channel::<Vec<u8>>();
        let writing = thread::spawn(move || {
            lines.iter().try_for_each(|line| writer.write_all(&line))?;
            writer.shutdown(Shutdown::Write)
        });
        let mut piece = [0; 5];
        loop {
            let count = reader.read(&mut piece)?;
            assert!(count > 0 || reader.buffer().is_empty(), "no byte is left behind the end");
            if count == 0 {
                break;
            }
            to_writer.send(piece[..count].to_ascii_uppercase())?;
        }
        drop(to_writer);
        writing.join().expect("it does not panic")?;
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn a_hijacked_session_is_read_and_written_by_two_threads() {
    let server = Server::start_with(secured(), Shouting).expect("a free port");
    for (name, version) in VERSIONS {
        let mut client = TlsClient::with(&server, client_config(&[version]));
        client.send(TlsClient::get("/") + "early bytes, ");
        assert_eq!(client.read_reply().status, 101, "{name}");
        let body = "x".repeat(300_000);
        let sending = body.clone();
        client.send("and late ones, ");
        client.send(&sending);
        client.tls().send_close_notify();
        client.send("");
        let heard = client.try_read_to_end().expect("the session ends with a close_notify");
        assert!(heard == format!("EARLY BYTES, AND LATE ONES, {}", body.to_uppercase()).as_bytes(), "{name}");
    }
}

#[test]
fn a_unix_socket_can_be_secured_as_well() {
    let path = std::env::temp_dir().join(format!("basehttp-tls-{}.sock", std::process::id()));
    let mut httpd = secured().bind(path.as_path(), Secured).expect("a fresh path");
    let handle = httpd.server_handle();
    let serving = thread::spawn(move || httpd.serve_forever());
    let stream = UnixStream::connect(&path).expect("the server listens");
    let mut stream = rustls::StreamOwned::new(crate::secured::session(client_config(&[&TLS13])), stream);
    stream.write_all(b"GET /unix HTTP/1.0\r\n\r\n").expect("the server takes it");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("the session ends with a close_notify");
    assert!(reply.ends_with("\r\n\r\n/unix"), "{reply}");
    handle.shutdown();
    serving.join().expect("no panic").expect("a loop");
}

#[test]
fn a_connection_without_a_server_speaks_tls() {
    for (name, version) in VERSIONS {
        let (ours, theirs) = UnixStream::pair().expect("two sockets");
        let serving = thread::spawn(move || {
            let connection = basehttp::Connection::with_tls(ours, Arc::new(crate::secured::config()), &Secured);
            connection.expect("a socket").handle();
        });
        let mut stream = rustls::StreamOwned::new(crate::secured::session(client_config(&[version])), theirs);
        stream.write_all(b"GET /session HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.0\r\n\r\n").expect("it reads");
        let mut replies = Vec::new();
        stream.read_to_end(&mut replies).expect("the session ends with a close_notify");
        let texts: Vec<_> = Reply::all(&replies).iter().map(|reply| reply.text().to_owned()).collect();
        assert!(texts.len() == 2 && texts[0].contains("localhost") && texts[1] == "/two", "{name}: {texts:?}");
        serving.join().expect("no panic");
    }
}

#[test]
fn a_descriptor_that_is_no_connection_is_refused_with_what_it_is() {
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let stranger = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    let (invalid, unconnected) = (ErrorKind::InvalidInput, ErrorKind::NotConnected);
    let descriptors: [(OwnedFd, ErrorKind, &str); 6] = [
        (std::fs::File::open("Cargo.toml").expect("a file").into(), invalid, "not a socket"),
        (reader.into(), invalid, "not a socket"),
        (std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("a free port").into(), invalid, "not a stream"),
        (std::os::unix::net::UnixDatagram::unbound().expect("a socket").into(), invalid, "not a stream"),
        (listener.into(), if cfg!(target_os = "linux") { invalid } else { unconnected }, ""),
        (stranger.into(), unconnected, ""),
    ];
    for (descriptor, kind, text) in descriptors {
        let refused = basehttp::Connection::with_tls(descriptor, Arc::new(crate::secured::config()), &Secured);
        let error = refused.map(drop).expect_err(text);
        assert!(error.kind() == kind && error.to_string().contains(text), "{text}: {error:?}");
    }
}

/// Browsers open spare sessions, and half of a handshake may never go on.
#[test]
fn handle_request_is_not_held_up_by_sessions_without_a_request() {
    let builder = secured().head_timeout(PATIENCE * 3);
    let mut httpd = builder.bind(("127.0.0.1", 0), Secured).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("of TCP");
    let begin = move || {
        let stream = std::net::TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        let mut stream = rustls::StreamOwned::new(crate::secured::session(client_config(&[&TLS13])), stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).expect("the handshake succeeds");
        }
        stream
    };
    let asking = thread::spawn(move || {
        let _silent = std::net::TcpStream::connect(address).expect("the server listens");
        let (mut first, mut second) = (begin(), begin());
        let replies = [&mut second, &mut first].map(|stream| {
            stream.write_all(b"GET /once HTTP/1.0\r\n\r\n").expect("the server takes it");
            let mut reply = String::new();
            stream.read_to_string(&mut reply).expect("the session ends with a close_notify");
            reply
        });
        assert!(replies.iter().all(|reply| reply.ends_with("\r\n\r\n/once")), "{replies:?}");
    });
    httpd.handle_request().expect("a request of the second session");
    httpd.handle_request().expect("a request of the first session");
    asking.join().expect("no panic");
}

#[test]
fn handle_request_speaks_tls_as_well() {
    let mut httpd = secured().bind(("127.0.0.1", 0), Secured).expect("a free port");
    let address = httpd.server_address().socket_addr().expect("of TCP");
    let asking = thread::spawn(move || {
        let stream = std::net::TcpStream::connect(address).expect("the server listens");
        let mut stream = rustls::StreamOwned::new(crate::secured::session(client_config(&[&TLS12])), stream);
        stream.write_all(b"GET /once HTTP/1.0\r\n\r\n").expect("the server takes it");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map(|_| reply)
    });
    httpd.handle_request().expect("a request");
    let reply = asking.join().expect("no panic").expect("the session ends with a close_notify");
    assert!(reply.ends_with("\r\n\r\n/once"), "{reply}");
}
