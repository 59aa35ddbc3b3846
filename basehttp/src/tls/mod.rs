//! TLS by rustls: certificates from PEM files, and what a server wants around them. Feature `tls`.
//!
//! [`HTTPSServer`] is the short way, and [`HTTPServerBuilder::tls`](crate::HTTPServerBuilder::tls) takes any configuration.
//!
//! The library chooses no cryptography. rustls calls it a provider, and a program has one for all of its TLS. It installs
//! one before it loads certificates:
//!
//! ```toml
//! rustls = { version = "0.23", default-features = false, features = ["ring"] }
//! ```
//!
//! ```
//! rustls::crypto::ring::default_provider().install_default().expect("no provider is installed yet");
//! ```
//!
//! The crate is re-exported as `basehttp::rustls`, so that both name the same version.

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
