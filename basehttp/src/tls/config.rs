//! [`server_config`]: what a server on the open internet wants of rustls, around a certificate.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ResolvesServerCert, ServerSessionMemoryCache};

use super::flaw::Flaw;

/// Sessions that clients may resume: 4,096, some 2 MB. A client of TLS 1.3 gets two of them for each handshake.
const SESSIONS: usize = 4096;

/// Returns a configuration with this certificate, for [`HTTPServerBuilder::tls`](crate::HTTPServerBuilder::tls).
///
/// It serves TLS 1.3 and 1.2 with the cipher suites of the process's [default provider](CryptoProvider::get_default),
/// and asks clients for no certificate. Fields of it, such as `ticketer`, can be changed afterwards. Versions, suites
/// and certificates of clients cannot; [`tls`](crate::tls) has a configuration with such certificates.
///
/// Clients resume their sessions, which spares both sides the signature. The last 4,096 are kept in the memory of this
/// process, so that no key exists that could decrypt tickets of the past. Sessions do not outlive a restart. Servers
/// that share clients can set a `ticketer` with a key of their own, and need to rotate it.
///
/// ```no_run
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// use basehttp::tls::{self, CertificateFiles};
/// use std::sync::Arc;
///
/// # fn main() -> std::io::Result<()> {
/// let certificate = Arc::new(CertificateFiles::load("fullchain.pem", "privkey.pem")?);
/// let config = tls::server_config(certificate)?;
/// HTTPServer::builder().tls(Arc::new(config)).bind(("127.0.0.1", 8443), Hello)?.serve_forever()
/// # }
/// ```
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if no provider is installed. The text has the two lines to write.
pub fn server_config(certificate: Arc<dyn ResolvesServerCert>) -> io::Result<ServerConfig> {
    config_with_provider(default_provider()?, certificate)
}

/// Returns the provider that the program has installed.
pub(super) fn default_provider() -> Result<Arc<CryptoProvider>, Flaw> {
    CryptoProvider::get_default().cloned().ok_or(Flaw::NoProvider)
}

pub(crate) fn config_with_provider(
    provider: Arc<CryptoProvider>,
    certificate: Arc<dyn ResolvesServerCert>,
) -> io::Result<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    // A provider that knows neither TLS 1.2 nor 1.3.
    let builder = builder.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificate);
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    Ok(config)
}
