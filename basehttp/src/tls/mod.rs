//! TLS by rustls: certificates from PEM files. Feature `tls`.
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
mod flaw;
mod pem;
#[cfg(test)]
mod tests;
mod validity;

pub use self::certificate_files::CertificateFiles;
