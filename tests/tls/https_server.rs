//! `HTTPSServer`, sessions that are resumed, and certificates that are replaced.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use basehttp::testing::{Certificate, Server};
use basehttp::tls::CertificateFiles;
use basehttp::{Cookie, Exchange, HTTPSServer, HTTPServer, Result, http_handler};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, StreamOwned};

use crate::secured::{Secured, provider};
use crate::support::PATIENCE;

/// Two files, gone when the value is.
struct Files(PathBuf);

impl Files {
    fn of(name: &str, certificate: &Certificate) -> Self {
        let files = Files(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id())));
        fs::create_dir_all(&files.0).expect("a scratch directory");
        files.write(certificate);
        files
    }

    fn write(&self, certificate: &Certificate) {
        fs::write(self.0.join("cert.pem"), certificate.pem()).expect("a file");
        fs::write(self.0.join("key.pem"), certificate.key_pem()).expect("a file");
    }

    fn load(&self) -> CertificateFiles {
        let (certfile, keyfile) = (self.0.join("cert.pem"), self.0.join("key.pem"));
        CertificateFiles::load_with_provider(provider(), certfile, keyfile).expect("a pair")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // The build clears its directory for temporary files some day.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Installs the provider that `HTTPSServer` takes. Another test may have done it before.
fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Sends a request over a new connection, and returns the reply and how the handshake went.
fn ask(port: u16, client: &Arc<ClientConfig>) -> std::io::Result<(String, HandshakeKind)> {
    let name = "localhost".try_into().expect("a name");
    let session = ClientConnection::new(Arc::clone(client), name).expect("a session");
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut client = StreamOwned::new(session, stream);
    client.write_all(b"GET /here HTTP/1.0\r\n\r\n")?;
    let mut reply = String::new();
    client.read_to_string(&mut reply)?;
    Ok((reply, client.conn.handshake_kind().expect("it has ended")))
}

#[test]
fn it_serves_the_pair_of_two_files_and_a_new_one_after_a_reload() {
    install_provider();
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = Files::of("https-server", &old);
    let bound = HTTPSServer::bind(("127.0.0.1", 0), Secured, files.0.join("cert.pem"), files.0.join("key.pem"));
    let mut httpd = bound.expect("a pair and a free port");
    let (port, handle, certificate) = (httpd.server_port(), httpd.server_handle(), Arc::clone(httpd.certificate()));
    let serving = thread::spawn(move || httpd.serve_forever());
    let (trusts_old, trusts_new) = (old.client_config(), new.client_config());

    assert!(ask(port, &trusts_old).expect("the old one").0.ends_with("/here"));
    ask(port, &trusts_new).expect_err("not yet the new one");

    fs::write(files.0.join("key.pem"), new.key_pem()).expect("a file");
    certificate.reload().expect_err("the certificate is still the old one");
    assert!(ask(port, &old.client_config()).expect("still the old one").0.ends_with("/here"));

    files.write(&new);
    certificate.reload().expect("the new pair");
    assert!(ask(port, &trusts_new).expect("the new one").0.ends_with("/here"));
    ask(port, &old.client_config()).expect_err("no longer the old one");

    handle.shutdown();
    serving.join().expect("no panic").expect("it ends in order");
}

#[test]
fn a_session_is_resumed_with_both_versions() {
    let certificate = Certificate::new();
    let server = Server::start_tls(&certificate, Secured).expect("a free port");
    assert!(server.url("/").starts_with("https://127.0.0.1:"), "{}", server.url("/"));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate.der().clone()).expect("it is well-formed");
        let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[version]);
        let client = Arc::new(builder.expect("ring knows it").with_root_certificates(roots).with_no_client_auth());
        let kinds = [0, 1, 2].map(|_| ask(server.address().port(), &client).expect("a reply").1);
        assert_eq!(kinds, [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed], "{version:?}");
    }
}

#[test]
fn options_and_a_loaded_certificate_can_be_given() {
    install_provider();
    let certificate = Certificate::new();
    let files = Files::of("https-options", &certificate);
    let builder = HTTPServer::builder().max_head_bytes(1000);
    let mut httpd =
        HTTPSServer::bind_with(builder, ("127.0.0.1", 0), Secured, files.load()).expect("a pair and a free port");
    let (port, client) = (httpd.server_port(), certificate.client_config());
    let asking = thread::spawn(move || ask(port, &client).expect("a reply").0);
    httpd.handle_request().expect("it serves one");
    assert!(asking.join().expect("no panic").ends_with("/here"));
}

struct Baker;

#[http_handler]
impl Baker {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        ex.send_cookie(Cookie::new("theme", "dark"));
        Ok(ex.send_text(200, ex.scheme())?)
    }
}

#[test]
fn a_cookie_over_tls_is_secure() {
    let certificate = Certificate::new();
    let server = Server::start_tls(&certificate, Baker).expect("a free port");
    let (reply, _) = ask(server.address().port(), &certificate.client_config()).expect("a reply");
    let field = "\r\nSet-Cookie: theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax\r\n";
    assert!(reply.contains(field) && reply.ends_with("\r\n\r\nhttps"), "{reply}");
}

#[test]
fn it_serves_in_the_background_and_its_certificate_is_reloaded_there() {
    install_provider();
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = Files::of("https-background", &old);
    let httpd = HTTPSServer::bind_with(HTTPServer::builder(), ("127.0.0.1", 0), Secured, files.load()).expect("a pair");
    let (port, certificate) = (httpd.server_port(), Arc::clone(httpd.certificate()));
    let serving = httpd.serve_in_background().expect("a thread");
    assert!(ask(port, &old.client_config()).expect("a reply").0.ends_with("/here"));
    files.write(&new);
    certificate.reload().expect("a pair");
    assert!(ask(port, &new.client_config()).expect("a reply").0.ends_with("/here"));
    serving.stop().expect("a loop");
}
