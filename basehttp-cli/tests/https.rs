//! HTTPS of the command: its certificate from files or made for a run, what it says of a wrong one, its renewal, and
//! the redirect from plain HTTP.

#![cfg(feature = "tls")]

mod support;

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use basehttp::testing::Certificate;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustix::process::Signal;
use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use support::http::transport::trusting_any;
use support::http::{Client, PATIENCE, expect_refused};
use support::{Manager, Program, Scratch, basehttp, run};

/// A directory with a page, and with the pair of `certificate` beside it.
fn site(certificate: &Certificate) -> Scratch {
    let scratch = Scratch::with(&[("www/a.txt", "over TLS")]);
    write(&scratch, certificate);
    scratch
}

fn write(scratch: &Scratch, certificate: &Certificate) {
    scratch.file("cert.pem", certificate.pem());
    scratch.file("key.pem", certificate.key_pem());
    scratch.file("both.pem", &[certificate.pem(), certificate.key_pem()].concat());
}

/// Sends a request with TLS and returns the reply, or the reason why the client refuses the server.
fn ask(address: SocketAddr, client: Arc<ClientConfig>, request: &str) -> io::Result<(String, ClientConnection)> {
    let mut client = connect(address, client)?;
    client.write_all(request.as_bytes())?;
    let mut reply = String::new();
    client.read_to_string(&mut reply)?;
    Ok((reply, client.conn))
}

fn connect(address: SocketAddr, client: Arc<ClientConfig>) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let session = ClientConnection::new(client, "localhost".try_into().expect("a name")).expect("a session");
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(StreamOwned::new(session, stream))
}

const REQUEST: &str = "GET /a.txt HTTP/1.0\r\n\r\n";

#[test]
fn a_certificate_and_its_key_are_served_from_two_files_or_from_one() {
    let certificate = Certificate::new();
    let scratch = site(&certificate);
    let [www, cert, key, both] = ["www", "cert.pem", "key.pem", "both.pem"].map(|name| scratch.path_of(name));
    for pair in [&["--tls-cert", &cert, "--tls-key", &key][..], &["--tls-cert", &both]] {
        let (program, address) = Program::serving(&[&["-d", &www], pair].concat());
        let (reply, _) = ask(address, certificate.client_config(), REQUEST).expect("the client trusts it");
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.ends_with("\r\n\r\nover TLS"), "{reply}");
        let port = address.port();
        let banner = format!("Serving HTTPS on 127.0.0.1 port {port} (https://127.0.0.1:{port}/) ...\n");
        let ended = program.stopped();
        assert!(ended.stdout.starts_with(&banner), "{ended:?}");
        assert_eq!(ended.how(), "exit 0");
    }
}

/// Connects without TLS, as a scanner of ports may, and reads to the end.
fn scan(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.write_all(&[0xff; 100]).expect("the server takes it");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    // An alert and the end, or a reset.
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn a_session_that_fails_has_a_line_in_local_time_and_none_with_quiet() {
    let certificate = Certificate::new();
    let scratch = site(&certificate);
    let [www, both] = ["www", "both.pem"].map(|name| scratch.path_of(name));
    for quiet in [&[][..], &["-q"]] {
        // Eleven and a half hours ahead, where it is another hour at any time.
        let mut command = basehttp([&["0", "-d", &www, "--tls-cert", &both], quiet].concat());
        command.env("TZ", "There-11:30");
        let program = Program::start(command);
        let address = program.address();
        scan(address);
        ask(address, certificate.client_config(), REQUEST).expect("it serves on");
        let log = program.stopped().stderr;
        if !quiet.is_empty() {
            assert_eq!(log, "");
            continue;
        }
        let [failure, request] = log.lines().collect::<Vec<_>>()[..] else { panic!("two lines: {log}") };
        assert!(failure.starts_with("127.0.0.1 - - [") && failure.contains("] TLS failed: "), "{log}");
        // The hour and its half are those of the request, or the next ones.
        let minutes = |line: &str| {
            let time = line.split(['[', ']']).nth(1).and_then(|time| time.split(' ').nth(1)).expect("a time");
            let parts: Vec<u32> = time.split(':').map(|part| part.parse().expect("a number")).collect();
            parts[0] * 60 + parts[1]
        };
        let apart = (minutes(request) + 24 * 60 - minutes(failure)) % (24 * 60);
        assert!(apart < 60, "both are local: {log}");
    }
}

#[test]
fn a_wrong_pair_is_refused_with_the_file_and_the_reason() {
    let scratch = site(&Certificate::new());
    scratch.file("other.pem", Certificate::new().key_pem());
    scratch.file("empty.pem", "");
    scratch.file("encrypted.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let key = KeyPair::generate().expect("a key");
    let mut expired = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    expired.not_after = date_time_ymd(2001, 2, 3);
    let expired = expired.self_signed(&key).expect("a certificate");
    scratch.file("expired.pem", &[expired.pem(), key.serialize_pem()].concat());
    let table = [
        ("missing.pem", "key.pem", "cannot read DIR/missing.pem: No such file or directory"),
        ("cert.pem", "missing.pem", "cannot read DIR/missing.pem: No such file or directory"),
        ("www", "key.pem", "cannot read DIR/www: Is a directory"),
        ("cert.pem", "other.pem", "the key in DIR/other.pem does not belong to the certificate in DIR/cert.pem"),
        ("key.pem", "cert.pem", "DIR/key.pem has a key and no certificate: were the two files swapped?"),
        ("empty.pem", "key.pem", "DIR/empty.pem is empty"),
        ("cert.pem", "encrypted.pem", "`openssl pkey -in DIR/encrypted.pem -out key.pem`"),
        ("expired.pem", "expired.pem", "DIR/expired.pem has expired: it was valid until Sat, 03 Feb 2001 00:00:00 GMT"),
    ];
    for (certificate, key, text) in table {
        let ended = run(&["0", "--tls-cert", &scratch.path_of(certificate), "--tls-key", &scratch.path_of(key)]);
        assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 1", ""), "{text}: {ended:?}");
        let stderr = ended.stderr.replace(scratch.as_str(), "DIR");
        assert!(stderr.contains(text), "expected {text:?}: {stderr}");
        assert!(stderr.starts_with("basehttp: ") && stderr.lines().count() == 1, "one line: {stderr}");
    }
}

#[test]
fn sighup_reads_a_renewed_certificate_and_keeps_the_old_one_if_it_is_wrong() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let scratch = site(&old);
    let [www, cert, key] = ["www", "cert.pem", "key.pem"].map(|name| scratch.path_of(name));
    let (program, address) = Program::serving(&["-d", &www, "-q", "--tls-cert", &cert, "--tls-key", &key]);
    scratch.file("key.pem", new.key_pem());
    program.signal(Signal::HUP);
    let text = program.stderr.wait_for("\n");
    let kept = "basehttp: the certificate stays as it was: the key in ";
    assert!(text.starts_with(kept) && text.contains("key.pem does not belong to the certificate in "), "{text}");
    ask(address, old.client_config(), REQUEST).expect("it is still the old one");

    write(&scratch, &new);
    program.signal(Signal::HUP);
    let text = program.stderr.wait_for("00Z\n");
    let renewed = "\nbasehttp: the certificate was read again, and is valid until 4096-01-01T00:00:00Z\n";
    assert!(text.ends_with(renewed), "{text}");
    ask(address, new.client_config(), REQUEST).expect("it is the new one");
    ask(address, old.client_config(), REQUEST).expect_err("it is no longer the old one");
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn a_service_manager_knows_when_a_renewal_begins_and_ends() {
    let certificate = Certificate::new();
    let scratch = site(&certificate);
    let [www, both, socket] = ["www", "both.pem", "notify"].map(|name| scratch.path_of(name));
    let manager = Manager::at(&socket);
    let mut command = basehttp(["0", "-d", &www, "-q", "--tls-cert", &both]);
    command.env("NOTIFY_SOCKET", &socket).env_remove("WATCHDOG_USEC");
    let program = Program::start(command);
    assert_eq!(manager.message(), "READY=1");
    // Whatever comes of it, it comes to an end.
    for pem in [certificate.pem(), "nothing of the kind"] {
        scratch.file("both.pem", &[pem, certificate.key_pem()].concat());
        program.signal(Signal::HUP);
        let reloading = manager.message();
        let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("what systemd waits for");
        assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{reloading}");
        assert_eq!(manager.message(), "READY=1");
    }
    program.signal(Signal::TERM);
    assert_eq!(manager.message(), "STOPPING=1");
    assert_eq!(program.ended().how(), "exit 0");
}

#[test]
fn a_certificate_for_one_run_has_the_fingerprint_that_is_printed() {
    let scratch = site(&Certificate::new());
    let (program, address) = Program::serving(&["-d", &scratch.path_of("www"), "-q", "--tls-self-signed"]);
    let (reply, session) = ask(address, trusting_any(), REQUEST).expect("the client takes it");
    assert!(reply.ends_with("over TLS"), "{reply}");
    let shown = &session.peer_certificates().expect("the server has shown one")[0];

    // A client that trusts this one certificate takes it for `localhost`: names and dates are right.
    let mut roots = rustls::RootCertStore::empty();
    roots.add(shown.clone().into_owned()).expect("it is well-formed");
    let strict = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let strict = strict.with_safe_default_protocol_versions().expect("both versions");
    ask(address, Arc::new(strict.with_root_certificates(roots).with_no_client_auth()), REQUEST).expect("it is right");

    let text = program.stdout.wait_for("fingerprint is ");
    let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().expect("it is a suite of TLS 1.3");
    let hash = suite.common.hash_provider.hash(shown);
    let expected = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
    let printed = text.trim_end().rsplit(' ').next().expect("there is a last word");
    assert_eq!(printed, expected, "{text}");
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn plain_http_is_sent_to_the_same_url_with_https() {
    let scratch = site(&Certificate::new());
    let flags = [
        "0",
        "-d",
        &scratch.path_of("www"),
        "--tls-self-signed",
        "--http-redirect",
        "0",
        "--host",
        "h.example",
        "--host",
        "h",
    ];
    let program = Program::start(basehttp(flags));
    let secure = program.address().port();
    let text = program.stdout.wait_for(" are sent to HTTPS.\n");
    let port = text.split("Clients of port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("it is printed");
    let plain = SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a number")));
    let table = [
        ("GET /a.txt?x=1&y HTTP/1.1", "h.example", 301, format!("https://h.example:{secure}/a.txt?x=1&y")),
        ("HEAD / HTTP/1.1", "h.example:8000", 301, format!("https://h.example:{secure}/")),
        ("POST /form HTTP/1.1", "[::1]:8000", 308, format!("https://[::1]:{secure}/form")),
        ("DELETE / HTTP/1.1", "127.0.0.1", 308, format!("https://127.0.0.1:{secure}/")),
        ("OPTIONS * HTTP/1.1", "h", 308, format!("https://h:{secure}/")),
        ("GET http://h.example/b HTTP/1.1", "h.example", 301, format!("https://h.example:{secure}/b")),
        ("GET //other.example/ HTTP/1.1", "h", 301, format!("https://h:{secure}/other.example/")),
        ("GET /%0d%0aX:y HTTP/1.1", "h", 301, format!("https://h:{secure}/%0d%0aX:y")),
        ("GET /{a}|b^c HTTP/1.1", "h", 301, format!("https://h:{secure}/%7Ba%7D%7Cb%5Ec")),
        ("GET /a HTTP/1.1", "h.example:", 301, format!("https://h.example:{secure}/a")),
        ("GET /a HTTP/1.1", "[::1]", 301, format!("https://[::1]:{secure}/a")),
        ("PROPFIND / HTTP/1.1", "h", 405, String::new()),
        ("GET / HTTP/1.1", "other.example", 421, String::new()),
        ("GET @other.example/ HTTP/1.1", "h", 400, String::new()),
        ("GET / HTTP/1.1", "user@other.example", 400, String::new()),
        ("GET / HTTP/1.1", "h/other.example", 400, String::new()),
        ("GET / HTTP/1.1", "", 421, String::new()),
        ("GET http://h.example/ HTTP/1.1", "other.example", 400, String::new()),
    ];
    for (line, host, status, location) in table {
        let mut client = Client::connect(plain);
        client.send(format!("{line}\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        let method = line.split(' ').next().expect("a method");
        let reply = client.try_read_reply(method).expect("a whole reply");
        assert_eq!(reply.status, status, "{line} {host:?}: {reply:?}");
        assert_eq!(reply.field("Location").unwrap_or_default(), location, "{line} {host:?}");
        let kept_for = if status >= 400 { None } else { Some("max-age=3600") };
        assert_eq!(reply.field("Cache-Control"), kept_for, "{line} {host:?}");
    }
    assert_eq!(program.stopped().how(), "exit 0");
}

/// A successor must find both ports free, and clients must not be sent to a port that is closed.
#[test]
fn the_port_of_plain_http_ends_with_that_of_https() {
    let certificate = Certificate::new();
    let scratch = site(&certificate);
    let large = File::create(scratch.path_of("www/large")).expect("a file");
    large.set_len(LARGE_BYTES).expect("a size");
    let [www, both] = ["www", "both.pem"].map(|name| scratch.path_of(name));
    let program =
        Program::start(basehttp(["0", "-d", &www, "--tls-cert", &both, "--http-redirect", "0", "--grace", "600"]));
    let text = program.stdout.wait_for(" are sent to HTTPS.\n");
    let [https, plain] = ports(&text)[..] else { panic!("two ports: {text}") };
    // As long as the download is not read, the end in order waits for it.
    let mut download = connect(([127, 0, 0, 1], https).into(), certificate.client_config()).expect("it listens");
    download.write_all(b"GET /large HTTP/1.0\r\n\r\n").expect("the server takes it");
    download.read_exact(&mut [0; 15]).expect("the reply begins");
    program.signal(Signal::TERM);
    for port in [https, plain] {
        expect_refused(("127.0.0.1", port), "the end has begun");
    }
    let rest = io::copy(&mut download, &mut io::sink()).expect("the rest comes");
    assert!(rest > LARGE_BYTES, "the server of HTTPS was still at work");
    assert_eq!(program.ended().how(), "exit 0");
}

/// More than the buffers of a socket hold.
const LARGE_BYTES: u64 = 16 * 1024 * 1024;

/// Asks a port of plain HTTP, and returns the field `Location`.
fn location(plain: (&str, u16)) -> String {
    let mut client = Client::connect(plain);
    client.send("GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n");
    client.read_reply().field("Location").unwrap_or_default().to_owned()
}

/// Returns the numbers behind the word `port` in the whole output, in their order.
fn ports(stdout: &str) -> Vec<u16> {
    let port = |line: &str| line.split("port ").nth(1)?.split(' ').next()?.parse().ok();
    stdout.lines().filter_map(port).collect()
}

#[test]
fn each_address_sends_clients_to_its_own_port_of_https() {
    let scratch = Scratch::new();
    let socket = format!("unix:{}", scratch.path_of("site.sock"));
    let flags = ["0", "--tls-self-signed", "--http-redirect", "0", "-d", scratch.as_str()];
    let addresses = ["-b", &socket, "-b", "127.0.0.1", "-b", "127.0.0.2"];
    let program = Program::start(basehttp([&flags[..], &addresses].concat()));
    let text = program.stdout.wait_for("Clients of 127.0.0.2 port ");
    // All lines are written at once.
    let [first, second, plain_first, plain_second] = ports(&text)[..] else { panic!("four ports: {text}") };
    assert_eq!(location(("127.0.0.1", plain_first)), format!("https://localhost:{first}/a"));
    assert_eq!(location(("127.0.0.2", plain_second)), format!("https://localhost:{second}/a"));
    assert_ne!(first, second, "the system picks another port for each");
    assert_eq!(program.stopped().how(), "exit 0");
    let ended = run(&["0", "-b", &socket, "--tls-self-signed", "--http-redirect", "0"]);
    assert_eq!(ended.how(), "exit 2");
    assert!(ended.stderr.contains("--http-redirect needs an address to listen on that is not a Unix"), "{ended:?}");
}

#[test]
fn the_port_of_plain_http_is_another_one_than_that_of_https() {
    // Another program may take the port that was free.
    let ended = std::iter::repeat_with(|| {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr());
        let port = free.expect("a free port").port().to_string();
        run(&[&port, "--tls-self-signed", "--http-redirect", &port])
    });
    let ended = ended.take(100).find(|ended| ended.how() == "exit 2").expect("a port that no other program takes");
    assert!(ended.stderr.contains(" is the port of HTTPS: choose another one, such as 80"), "{ended:?}");
}

#[test]
fn the_proxy_before_https_stands_before_the_port_of_plain_http_as_well() {
    let scratch = Scratch::new();
    let flags =
        ["0", "--tls-self-signed", "--http-redirect", "0", "-d", scratch.as_str(), "--trust-proxy", "127.0.0.1"];
    let fields = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n";
    let with_fields = format!("GET /a HTTP/1.1\r\nHost: localhost:8080\r\n{fields}\r\n");
    let with_header = "PROXY TCP4 192.0.2.7 127.0.0.1 4000 80\r\nGET /a HTTP/1.1\r\nHost: localhost:8080\r\n\r\n";
    for (further, request) in [(&[][..], with_fields.as_str()), (&["--proxy-protocol"], with_header)] {
        let program = Program::start(basehttp([&flags[..], further].concat()));
        let text = program.stdout.wait_for(" are sent to HTTPS.\n");
        let [https, plain] = ports(&text)[..] else { panic!("two ports: {text}") };
        let mut client = Client::connect(("127.0.0.1", plain));
        client.send(request);
        let reply = client.read_reply();
        assert_eq!(reply.field("Location"), Some(format!("https://localhost:{https}/a").as_str()), "{further:?}");
        // The client asks at port 80 of the proxy, which has its own port of HTTPS.
        client.send(request.trim_start_matches("PROXY TCP4 192.0.2.7 127.0.0.1 4000 80\r\n").replace(":8080", ""));
        assert_eq!(client.read_reply().field("Location"), Some("https://localhost/a"), "{further:?}");
        if !further.is_empty() {
            let mut client = Client::connect(("127.0.0.1", plain));
            client.send("GET /a HTTP/1.0\r\n\r\n");
            let answer = client.try_read_to_end().unwrap_or_default();
            assert!(answer.is_empty(), "it has no header: {:?}", String::from_utf8_lossy(&answer));
        }
        drop(client);
        let log = program.stopped().stderr;
        assert!(log.starts_with("192.0.2.7 - - "), "{further:?}: {log}");
    }
}
