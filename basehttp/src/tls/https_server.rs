//! [`HTTPSServer`]: Python's class of this name, a server and the certificate that it shows.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;

use super::{CertificateFiles, server_config};
use crate::{BackgroundServer, BaseHTTPRequestHandler, HTTPServer, HTTPServerBuilder, ListenAddress};

/// An [`HTTPServer`] that serves `https`, with a certificate and a key from PEM files.
///
/// It is used like the server that it contains. The program installs rustls' cryptography first, for which its
/// `Cargo.toml` has `rustls = { version = "0.23", default-features = false, features = ["ring"] }`.
///
/// ```no_run
/// use basehttp::{HTTPSServer, http_handler};
///
/// struct Hello;
///
/// #[http_handler(protocol_version = "HTTP/1.1")]
/// impl Hello {
///     fn do_GET(&self) -> &'static str {
///         "hello over TLS\n"
///     }
/// }
///
/// fn main() -> basehttp::Result {
///     rustls::crypto::ring::default_provider().install_default().expect("no provider is installed yet");
///     Ok(HTTPSServer::bind(("127.0.0.1", 8443), Hello, "fullchain.pem", "privkey.pem")?.serve_forever()?)
/// }
/// ```
///
/// For a first try, this makes a certificate that only `curl --cacert fullchain.pem` trusts:
///
/// ```console
/// $ openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out fullchain.pem -keyout privkey.pem
/// $ curl --cacert fullchain.pem https://localhost:8443/
/// ```
///
/// A renewed certificate needs no restart. A thread of the program, or a handler, reads the files again:
///
/// ```no_run
/// # fn renew(httpd: &basehttp::HTTPSServer) {
/// let certificate = std::sync::Arc::clone(httpd.certificate());
/// std::thread::spawn(move || loop {
///     std::thread::sleep(std::time::Duration::from_secs(24 * 60 * 60));
///     if let Err(error) = certificate.reload() {
///         eprintln!("the old certificate stays: {error}");
///     }
/// });
/// # }
/// ```
///
/// All addresses of a server speak TLS. A second server sends clients of plain HTTP there:
///
/// ```no_run
/// use basehttp::{Exchange, HTTPServer, http_handler};
///
/// struct ToHttps;
///
/// #[http_handler]
/// impl ToHttps {
///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         ex.redirect(301, format!("https://example.org{}", ex.path))
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// // It serves until the value is dropped.
/// let plain = HTTPServer::bind(("0.0.0.0", 80), ToHttps)?.serve_in_background()?;
/// # Ok(())
/// # }
/// ```
///
/// # Unlike in Python
///
/// * There is no argument for ALPN, since this server speaks `http/1.1` and `http/1.0` only, and offers both.
/// * There is no argument for a password. An error says how to decrypt the key once.
/// * The handshake holds no thread and has a deadline. In Python it is a part of `accept`, and a silent client stops
///   the server.
#[derive(Debug)]
pub struct HTTPSServer {
    server: HTTPServer,
    certificate: Arc<CertificateFiles>,
}

impl HTTPSServer {
    /// Reads both files, binds `address` and listens, with every option at its default. For a key in the
    /// certificate's file, name the file twice.
    ///
    /// # Errors
    /// Those of [`CertificateFiles::load`] and of [`HTTPServer::bind`].
    pub fn bind<H: BaseHTTPRequestHandler>(
        address: impl ListenAddress,
        handler: H,
        certfile: impl Into<PathBuf>,
        keyfile: impl Into<PathBuf>,
    ) -> io::Result<Self> {
        HTTPSServer::bind_with(HTTPServer::builder(), address, handler, CertificateFiles::load(certfile, keyfile)?)
    }

    /// Binds with the options of a builder, and with a certificate that was loaded before.
    ///
    /// ```no_run
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// use basehttp::tls::CertificateFiles;
    /// use basehttp::{HTTPSServer, HTTPServer};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let certificate = CertificateFiles::load("fullchain.pem", "privkey.pem")?;
    /// let options = HTTPServer::builder().max_connections(500);
    /// HTTPSServer::bind_with(options, ("0.0.0.0", 443), Hello, certificate)?.serve_forever()
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`server_config`] and of [`HTTPServerBuilder::bind`].
    pub fn bind_with<H: BaseHTTPRequestHandler>(
        builder: HTTPServerBuilder,
        address: impl ListenAddress,
        handler: H,
        certificate: CertificateFiles,
    ) -> io::Result<Self> {
        let certificate = Arc::new(certificate);
        let config = server_config(Arc::clone(&certificate) as _)?;
        let server = builder.tls(Arc::new(config)).bind(address, handler)?;
        Ok(HTTPSServer { server, certificate })
    }

    /// Serves on a thread of its own, as [`HTTPServer::serve_in_background`] does. Take a clone of the
    /// [`certificate`](Self::certificate) before, to reload it.
    ///
    /// # Errors
    /// Those of [`HTTPServer::serve_in_background`].
    pub fn serve_in_background(self) -> io::Result<BackgroundServer> {
        self.server.serve_in_background()
    }

    /// The certificate, which can be [reloaded](CertificateFiles::reload) while the server runs.
    pub fn certificate(&self) -> &Arc<CertificateFiles> {
        &self.certificate
    }
}

/// As Python's class inherits from `HTTPServer`.
impl Deref for HTTPSServer {
    type Target = HTTPServer;

    fn deref(&self) -> &HTTPServer {
        &self.server
    }
}

impl DerefMut for HTTPSServer {
    fn deref_mut(&mut self) -> &mut HTTPServer {
        &mut self.server
    }
}
