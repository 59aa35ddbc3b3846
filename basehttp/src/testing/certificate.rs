//! A certificate that a test makes for itself, with both sides of TLS made ready around it.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::tls::config_with_provider;

/// A new certificate for `localhost`, `127.0.0.1` and `::1`, signed by itself, and its key. Feature `tls-testing`.
///
/// ```
/// # use basehttp::{Exchange, http_handler};
/// # use std::io::{Read, Write};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// use basehttp::rustls::{ClientConnection, StreamOwned};
/// use basehttp::testing::{self, Certificate, Server};
///
/// let certificate = Certificate::new();
/// let server = Server::start_tls(&certificate, Hello)?;
/// assert!(server.url("/").starts_with("https://127.0.0.1:"));
/// assert_eq!(testing::get("/").send_to_tls(&certificate, server.address())?.text(), "hi");
///
/// // Or any client that is told to trust `certificate.pem()`. One made of rustls:
/// let session = ClientConnection::new(certificate.client_config(), "localhost".try_into()?)?;
/// let mut client = StreamOwned::new(session, std::net::TcpStream::connect(server.address())?);
/// client.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
/// let mut reply = String::new();
/// client.read_to_string(&mut reply)?;
/// assert!(reply.ends_with("hi"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It uses ring for itself, and installs nothing for the rest of the program. Clients that check it against the roots
/// of the system refuse it, as they should.
#[derive(Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
    key_pem: String,
    certified_key: Arc<CertifiedKey>,
    provider: Arc<CryptoProvider>,
}

impl Certificate {
    /// Makes a certificate for `localhost`, `127.0.0.1` and `::1`.
    #[allow(clippy::new_without_default)] // Each one is another.
    pub fn new() -> Self {
        Certificate::for_names(["localhost", "127.0.0.1", "::1"])
    }

    /// Makes a certificate for these host names and IP addresses.
    ///
    /// # Panics
    /// If a name has a character above ASCII: write it as `xn--…`.
    #[track_caller]
    pub fn for_names<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let params = CertificateParams::new(names).expect("the names are ASCII; write others as xn--…");
        let key = KeyPair::generate().expect("the system has random bytes");
        let made = params.self_signed(&key).expect("a new key signs");
        let provider = Arc::new(ring::default_provider());
        let key_der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let certified_key = CertifiedKey::from_der(vec![made.der().clone()], key_der, &provider);
        Certificate {
            der: made.der().clone(),
            pem: made.pem(),
            key_pem: key.serialize_pem(),
            certified_key: Arc::new(certified_key.expect("ring reads the keys that it makes")),
            provider,
        }
    }

    /// The certificate as PEM, for clients to trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The key as PEM, for tests of programs that read both from files.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The certificate as DER, for clients to trust.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// A configuration for [`HTTPServerBuilder::tls`](crate::HTTPServerBuilder::tls) that shows this certificate.
    #[allow(clippy::missing_panics_doc)] // Nothing that a test says can make it panic.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let certificate = SingleCertAndKey::from(Arc::clone(&self.certified_key));
        let config = config_with_provider(Arc::clone(&self.provider), Arc::new(certificate));
        Arc::new(config.expect("ring knows TLS 1.2 and 1.3"))
    }

    /// A configuration for clients made of rustls. It trusts this certificate alone.
    #[allow(clippy::missing_panics_doc)] // Nothing that a test says can make it panic.
    pub fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a certificate of rcgen's is well-formed");
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions().expect("ring knows TLS 1.2 and 1.3");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}
