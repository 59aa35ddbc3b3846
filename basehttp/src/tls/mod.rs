//! TLS by rustls: certificates from PEM files, and what a server wants around them. Feature `tls`.
//!
//! [`HTTPSServer`] is the short way, and [`HTTPServerBuilder::tls`](crate::HTTPServerBuilder::tls) takes any
//! configuration.
//!
//! The library chooses no cryptography. rustls calls it a provider, and a program has one for all of its TLS. It
//! installs one before it loads certificates:
//!
//! ```toml
//! rustls = { version = "0.23", default-features = false, features = ["ring"] }
//! ```
//!
//! ```
//! rustls::crypto::ring::default_provider().install_default().expect("no provider is installed yet");
//! ```
//!
//! The crate is re-exported as `basehttp::rustls`, so that both name the same version. A library that serves by TLS
//! leaves both lines to its programs, or uses [`CertificateFiles::load_with_provider`].
//!
//! # Certificates of clients
//!
//! A configuration of rustls asks for them, with the roots that your program trusts. Requests then come with
//! [`Exchange::peer_certificates`](crate::Exchange::peer_certificates), and clients without a certificate do not get
//! in:
//!
//! ```no_run
//! # use basehttp::{Exchange, HTTPServer, http_handler};
//! # struct Doors;
//! # #[http_handler] impl Doors { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
//! use basehttp::rustls::pki_types::{CertificateDer, pem::PemObject};
//! use basehttp::rustls::server::WebPkiClientVerifier;
//! use basehttp::rustls::{RootCertStore, ServerConfig};
//! use basehttp::tls::CertificateFiles;
//! use std::sync::Arc;
//!
//! # fn main() -> basehttp::Result {
//! let mut roots = RootCertStore::empty();
//! roots.add(CertificateDer::from_pem_file("clients.pem")?)?;
//! let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build()?;
//! let certificate = Arc::new(CertificateFiles::load("fullchain.pem", "privkey.pem")?);
//! let config = ServerConfig::builder().with_client_cert_verifier(verifier).with_cert_resolver(certificate);
//! HTTPServer::builder().tls(Arc::new(config)).bind(("127.0.0.1", 8443), Doors)?.serve_forever()?;
//! # Ok(())
//! # }
//! ```

mod certificate_files;
mod config;
mod flaw;
mod https_server;
mod pem;
#[cfg(test)]
mod tests;
mod validity;

pub use self::certificate_files::CertificateFiles;
#[cfg(feature = "tls-testing")]
pub(crate) use self::config::config_with_provider;
pub use self::config::server_config;
pub use self::https_server::HTTPSServer;
