//! HTTPS as the clients of others speak it: curl, OpenSSL's own and Python's. The server's tests have rustls on both
//! sides, which would agree with itself on a mistake.

#![cfg(feature = "tls")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};

use basehttp::testing::Certificate;
use support::http::PATIENCE;
use support::http::needs::program;
use support::{Ended, Program, Scratch};

/// A server of one page, with a certificate for `localhost`.
struct Site {
    files: Scratch,
    address: SocketAddr,
    server: Program,
}

impl Site {
    fn start() -> Self {
        let certificate = Certificate::new();
        let files = Scratch::with(&[("www/a.txt", "over TLS")]);
        files.file("cert.pem", certificate.pem());
        files.file("key.pem", certificate.key_pem());
        files.file("request", "GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let [www, cert, key] = ["www", "cert.pem", "key.pem"].map(|name| files.path_of(name));
        let (server, address) = Program::serving(&["-d", &www, "--tls-cert", &cert, "--tls-key", &key]);
        Site { files, address, server }
    }

    /// Runs curl, which asks for the page. `further` are flags of its own.
    fn curl(&self, further: &[&str]) -> Ended {
        let url = format!("https://localhost:{}/a.txt", self.address.port());
        let mut curl = Command::new("curl");
        curl.args(["-q", "-4", "-sS", "--noproxy", "*", "--max-time", "60"]).args(further).arg(url);
        Program::start(curl).ended()
    }

    /// Runs OpenSSL's client, which sends `request` and reads to the end. `further` are flags of its own.
    fn openssl(&self, further: &[&str]) -> Ended {
        let cert = self.files.path_of("cert.pem");
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-connect", &self.address.to_string(), "-servername", "localhost", "-CAfile", &cert]);
        openssl.args(["-verify_return_error", "-verify_hostname", "localhost", "-ign_eof"]).args(further);
        let request = File::open(self.files.path_of("request")).expect("it was written");
        Program::start_with_input(openssl, Stdio::from(request)).ended()
    }

    /// Ends the server, which has served well to the last.
    fn end(self) -> Ended {
        let ended = self.server.stopped();
        assert_eq!(ended.how(), "exit 0");
        ended
    }
}

#[test]
fn curl_reads_by_both_versions_of_tls_and_by_http_1_1() {
    if !program("curl") {
        return;
    }
    let site = Site::start();
    let cert = site.files.path_of("cert.pem");
    let tell = ["-w", " %{response_code} %{http_version} %{ssl_verify_result}"];
    for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"], &["--http2"], &["--http1.0"]] {
        let ended = site.curl(&[&["--cacert", &cert], &tell[..], version].concat());
        assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 0", "over TLS 200 1.1 0"), "{ended:?}");
    }
    let unknown = site.curl(&[]);
    assert_eq!(unknown.how(), "exit 60", "curl does not know this certificate: {unknown:?}");
    site.end();
}

#[test]
fn curl_sends_the_next_request_on_the_same_connection() {
    if !program("curl") {
        return;
    }
    let site = Site::start();
    let cert = site.files.path_of("cert.pem");
    let url = format!("https://localhost:{}/missing", site.address.port());
    let ended = site.curl(&["--cacert", &cert, "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ", &url]);
    assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 0", "1 0 "), "{ended:?}");
    site.end();
}

#[test]
fn openssl_reads_by_both_versions_and_resumes_its_session() {
    if !program("openssl") {
        return;
    }
    let site = Site::start();
    for (flag, version) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let session = site.files.path_of(&format!("session{flag}"));
        let first = site.openssl(&[flag, "-alpn", "h2,http/1.1", "-sess_out", &session]);
        let second = site.openssl(&[flag, "-sess_in", &session]);
        for (ended, how) in [(&first, "New"), (&second, "Reused")] {
            assert_eq!(ended.how(), "exit 0", "{flag}: {ended:?}");
            assert!(ended.stdout.contains(&format!("{how}, {version}, Cipher is ")), "{flag}, {how}: {ended:?}");
            assert!(ended.stdout.contains("HTTP/1.1 200 OK\r\n"), "{flag}: {ended:?}");
            assert!(ended.stdout.contains("\r\n\r\nover TLS"), "{flag}: {ended:?}");
            assert!(ended.stdout.contains("Verify return code: 0 (ok)"), "{flag}: {ended:?}");
        }
        assert!(first.stdout.contains("ALPN protocol: http/1.1"), "{first:?}");
    }
    let again = site.openssl(&["-tls1_2", "-reconnect"]);
    let reused = again.stdout.matches("Reused, TLSv1.2, Cipher is ").count();
    assert_eq!(reused, 5, "it connects five times more: {again:?}");
    site.end();
}

#[test]
fn openssl_is_refused_with_a_version_that_is_too_old_and_with_a_protocol_that_is_not_served() {
    if !program("openssl") {
        return;
    }
    let site = Site::start();
    for further in [&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"][..], &["-alpn", "h2"]] {
        let ended = site.openssl(further);
        assert_eq!(ended.how(), "exit 1", "{further:?}: {ended:?}");
        assert!(!ended.stdout.contains("HTTP/1.1 "), "{further:?}: {ended:?}");
    }
    assert!(site.openssl(&[]).stdout.contains("HTTP/1.1 200 OK\r\n"), "it serves on");
    site.end();
}

/// Returns the first bytes that OpenSSL's client sends.
fn hello() -> Vec<u8> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &address]);
    let client = Program::start(openssl);
    let (mut stream, _) = listener.accept().expect("it connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    let mut head = [0; 5];
    stream.read_exact(&mut head).expect("the head of a record");
    // RFC 8446, section 5.1: type 22, two bytes of version, and the length.
    assert_eq!(head[0], 22, "{head:?}");
    let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut record).expect("the rest of the record");
    drop(client);
    [&head[..], &record].concat()
}

#[test]
fn a_client_that_goes_in_the_middle_of_its_handshake_holds_up_no_other() {
    if !program("openssl") {
        return;
    }
    let hello = hello();
    let site = Site::start();
    let mut open = Vec::new();
    for length in [1, 5, hello.len() / 2, hello.len() - 1, hello.len()] {
        for stays in [true, false] {
            let mut stream = TcpStream::connect(site.address).expect("the server listens");
            stream.set_read_timeout(Some(PATIENCE)).expect("a time");
            stream.write_all(&hello[..length]).expect("the server takes it");
            if stays {
                open.push(stream);
                continue;
            }
            stream.shutdown(Shutdown::Write).expect("it is open");
            // The server's flight, if the hello was whole, and then the end in either form.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    assert!(site.openssl(&[]).stdout.contains("HTTP/1.1 200 OK\r\n"), "it serves beside those that stay");
    drop(open);
    let log = site.end().stderr;
    assert!(log.contains("\"GET /a.txt HTTP/1.1\" 200 -"), "{log}");
}

/// Asks twice on one connection, resumes the session on another one, and reads a response without a length to its end.
const PYTHON: &str = r#"
import http.client, socket, ssl, sys
port, cert = int(sys.argv[1]), sys.argv[2]
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    context = ssl.create_default_context(cafile=cert)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
    bodies = []
    for method in "GET", "HEAD", "GET":
        connection.request(method, "/a.txt")
        reply = connection.getresponse()
        bodies.append((reply.status, reply.read().decode()))
    assert bodies == [(200, "over TLS"), (200, ""), (200, "over TLS")], bodies
    assert connection.sock.version().replace(".", "_") == version.name, connection.sock.version()
    assert connection.sock.selected_alpn_protocol() == "http/1.1"
    session = connection.sock.session
    connection.close()
    plain = socket.create_connection(("localhost", port), 60)
    stream = context.wrap_socket(plain, server_hostname="localhost", session=session, suppress_ragged_eofs=False)
    assert stream.session_reused
    stream.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
    reply = b""
    # Without the alert that ends the session, this is an error and not the end.
    while part := stream.recv(65536):
        reply += part
    assert reply.endswith(b"\r\n\r\nover TLS"), reply
    stream.close()
print("all is well")
"#;

#[test]
fn python_keeps_its_connection_resumes_its_session_and_sees_where_a_response_ends() {
    if !program("python3") {
        return;
    }
    let site = Site::start();
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON, &site.address.port().to_string(), &site.files.path_of("cert.pem")]);
    let ended = Program::start(python).ended();
    assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 0", "all is well\n"), "{}", ended.stderr);
    site.end();
}
