//! HTTPS, with a certificate that can be renewed while the program runs: SIGHUP reads it again. Run
//! `cargo run --release --example https --features full` (or with another port) where `cert.pem` and `key.pem` are. The
//! first command makes a pair for this computer.
//!
//! ```console
//! $ openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -out cert.pem -keyout key.pem
//! $ curl --cacert cert.pem https://127.0.0.1:8000/
//! This came by https, in TLSv1_3.
//! ```

use std::sync::Arc;
use std::{io, thread};

use basehttp::tls::CertificateFiles;
use basehttp::{Exchange, HTTPSServer, http_handler};
use signal_hook::consts::SIGHUP;
use signal_hook::iterator::Signals;

struct Secure;

#[http_handler(server_version = "Secure/1.0", protocol_version = "HTTP/1.1")]
impl Secure {
    #[path("/")]
    fn do_GET_root(&self, ex: &Exchange) -> String {
        let version = ex.tls().and_then(|session| session.version());
        let version = version.and_then(|version| version.as_str()).unwrap_or("no TLS");
        format!("This came by {}, in {version}.\n", ex.scheme())
    }
}

/// Reads the files again at each SIGHUP, which the program that renews them sends. Connections that are open stay open.
fn reload_on_hangup(certificate: Arc<CertificateFiles>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP])?;
    thread::spawn(move || {
        for _ in &mut signals {
            match certificate.reload() {
                Ok(()) => println!("the certificate was read again"),
                Err(error) => println!("the certificate stays as it was: {error}"),
            }
        }
    });
    Ok(())
}

fn main() -> basehttp::Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    // rustls leaves the choice of its cryptography to the program, which makes it once.
    rustls::crypto::ring::default_provider().install_default().expect("nothing has made the choice before");
    let mut httpd = HTTPSServer::bind(("127.0.0.1", port), Secure, "cert.pem", "key.pem")?;
    reload_on_hangup(Arc::clone(httpd.certificate()))?;
    println!("serving on https://{}/", httpd.server_address());
    Ok(httpd.serve_forever()?)
}
