//! The option for TLS, and what a configuration may not say.

use std::io;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use super::{HTTPServerBuilder, refused};

/// Protocols that clients are offered by ALPN, unless the configuration names some.
const OFFERED: [&[u8]; 2] = [b"http/1.1", b"http/1.0"];

impl HTTPServerBuilder {
    /// Serves `https`: every connection, of every address of the server, is TLS with this configuration. Needs the
    /// feature `tls`.
    ///
    /// [`CertificateFiles`](crate::tls::CertificateFiles) reads certificates for it. Handlers learn of the session by
    /// [`Exchange::tls`](crate::Exchange::tls), and of the client by
    /// [`Exchange::peer_certificates`](crate::Exchange::peer_certificates).
    ///
    /// The handshake has the time of the first head, [`head_timeout`](Self::head_timeout), and holds no thread while it
    /// waits for the client. `verify_request` is asked before it. A resolver or a verifier of yours may block or panic
    /// as a handler may. Only while it is slow, handshakes need a thread of the pool. A client that sends plain HTTP
    /// gets a 400 in the clear that says so. A session that fails is one line in the log, by
    /// [`log_error`](crate::BaseHTTPRequestHandler::log_error), and so is a handshake that the client does not finish.
    /// A client that has sent nothing has no line.
    ///
    /// If `alpn_protocols` of the configuration is empty, `http/1.1` and `http/1.0` are offered. A client that offers
    /// only others, such as `h2`, is then refused by an alert (RFC 7301, section 3.2).
    ///
    /// An idle connection costs some 8 KiB with TLS. Files are encrypted in this process, without sendfile(2).
    ///
    /// [`bind`](Self::bind) refuses a configuration with early data, which an attacker may repeat (RFC 8470), and one
    /// that offers `h2`.
    ///
    /// ```no_run
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// use basehttp::rustls::ServerConfig;
    /// use basehttp::tls::CertificateFiles;
    /// use std::sync::Arc;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// rustls::crypto::ring::default_provider().install_default().expect("no provider is installed yet");
    /// let certificate = CertificateFiles::load("fullchain.pem", "privkey.pem")?;
    /// let config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(certificate));
    /// HTTPServer::builder().tls(Arc::new(config)).bind(("127.0.0.1", 8443), Hello)?.serve_forever()
    /// # }
    /// ```
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.settings.tls = Some(config);
        self
    }

    pub(super) fn prepare_tls(&mut self) -> io::Result<()> {
        if let Some(config) = &mut self.settings.tls {
            *config = checked_tls(Arc::clone(config))?;
        }
        Ok(())
    }
}

/// Checks a configuration that connections will rely on, and completes it.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput), with a text that says what to write.
pub(crate) fn checked_tls(config: Arc<ServerConfig>) -> io::Result<Arc<ServerConfig>> {
    if config.max_early_data_size > 0 {
        let text = "tls: max_early_data_size is not 0, and early data can be repeated by an attacker: write 0";
        return Err(refused(text.into()));
    }
    if config.alpn_protocols.iter().any(|protocol| protocol == b"h2") {
        return Err(refused("tls: alpn_protocols has h2, which this server does not speak: leave it out".into()));
    }
    let mut config = config;
    if config.alpn_protocols.is_empty() {
        let mut completed = ServerConfig::clone(&config);
        completed.alpn_protocols = OFFERED.map(<[u8]>::to_vec).to_vec();
        config = Arc::new(completed);
    }
    match ServerConnection::new(Arc::clone(&config)) {
        Ok(_) => Ok(config),
        Err(error) => Err(refused(format!("tls: the configuration cannot be used: {error}"))),
    }
}
