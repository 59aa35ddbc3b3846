//! The certificate that the flags ask for, from two files or made for this run, and the configuration around it.
//!
//! # Cryptography
//!
//! The library leaves rustls' provider to the program. The command has ring. It runs on every computer that Rust's
//! tools run on, and costs the least to build; graviola ends the program on a Raspberry Pi 4. For aws-lc-rs speak its
//! upkeep and key exchanges that a quantum computer cannot break. The choice is this file and one line of `Cargo.toml`.
//!
//! | November 2026 | ring 0.17.14 | aws-lc-rs 1.19 | graviola 0.4.4 |
//! |---|---|---|---|
//! | full handshakes of TLS 1.3, server's CPU time: P-256, RSA-2048 | 1, 1 | 1.25, 1.65 | 1.3, 1.0 |
//! | bytes sent: AES-128-GCM, AES-256-GCM, `ChaCha20` | 1, 1, 1 | 1.25, 1.25, 1.0 | 1.1, 1.05, 0.55 |
//! | X25519MLKEM768 | no | yes | yes |
//! | a small program with it, with LTO: CPU time to build, size | 1, 2.1 MB | 2.8, 4.3 MB | 1.5, 3.3 MB |
//! | crates beside rustls' own; needs to build | 7; a C compiler | 11; a C compiler | 5; nothing |
//! | a static program for x86-64 with musl; needs to build | yes; `musl-gcc` | yes; `musl-gcc` | yes; nothing |
//! | processors | all of ours | all of ours | x86-64 with AVX2 and ADX, ARM with AES |
//! | releases in a year | 0, the last in March 2025 | 16 | 5 |
//! | licences | Apache-2.0 and ISC | these, MIT and BSD-3-Clause | one of Apache-2.0, ISC, MIT-0 |
//!
//! Keys with a password would bring 35 crates for a file that is decrypted once. The command refuses them and says how.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use basehttp::tls::{self, CertificateFiles};
use basehttp::{BackgroundServer, Endpoint, HTTPServer, HTTPServerBuilder};
use jiff::Timestamp;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::failure::Failure;
use crate::flags::Flags;
use crate::hangup::Renewal;
use crate::redirect;

/// A certificate in use.
pub(crate) struct Https {
    config: Arc<ServerConfig>,
    certificate: Certificate,
}

enum Certificate {
    /// From files, which may be renewed.
    Files(Arc<CertificateFiles>),
    /// Made for this run, with its SHA-256 fingerprint.
    SelfSigned { fingerprint: String },
}

/// Time for which a certificate is good that is made for this run: a year, longer than any run for development.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Time by which the clocks of other machines may be behind: a day.
const CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

impl Https {
    /// Reads or makes the certificate, if there is to be one. One that is made is for the sockets of `handed_over`,
    /// too.
    ///
    /// # Errors
    /// [`Failure::System`] for a pair that cannot be used.
    pub(crate) fn of(flags: &Flags, handed_over: &[Endpoint]) -> Result<Option<Self>, Failure> {
        // It fails if there is a provider already, and then this one would be the same.
        let _ = ring::default_provider().install_default();
        if let Some(certfile) = &flags.https.tls_cert {
            let keyfile = flags.https.tls_key.as_ref().unwrap_or(certfile);
            let files =
                CertificateFiles::load(certfile, keyfile).map_err(|error| Failure::System(error.to_string()))?;
            let files = Arc::new(files);
            return Https::with(Arc::clone(&files) as _, Certificate::Files(files)).map(Some);
        }
        if flags.https.tls_self_signed {
            let names = flags.bind.iter().chain(&flags.host).map(String::as_str);
            let pair = self_signed(names.chain(handed_over.iter().map(Endpoint::host)))
                .map_err(|error| Failure::cannot("make a certificate", &error))?;
            let fingerprint = fingerprint(&pair.cert[0]);
            let pair = SingleCertAndKey::from(pair);
            return Https::with(Arc::new(pair), Certificate::SelfSigned { fingerprint }).map(Some);
        }
        Ok(None)
    }

    fn with(resolver: Arc<dyn ResolvesServerCert>, certificate: Certificate) -> Result<Self, Failure> {
        let config = tls::server_config(resolver).map_err(|error| Failure::cannot("serve HTTPS", &error))?;
        Ok(Https { config: Arc::new(config), certificate })
    }

    /// Makes the server one of HTTPS.
    pub(crate) fn secure(&self, server: HTTPServerBuilder) -> HTTPServerBuilder {
        server.tls(Arc::clone(&self.config))
    }

    /// Starts all that runs beside the server. Returns lines for the user, and the server of `--http-redirect`, which
    /// is made of `redirect`.
    pub(crate) fn accompany(
        &self,
        flags: &Flags,
        redirect: HTTPServerBuilder,
        httpd: &HTTPServer,
    ) -> Result<(String, Option<BackgroundServer>), Failure> {
        let notice = match &self.certificate {
            Certificate::Files(_) => String::new(),
            Certificate::SelfSigned { fingerprint } => {
                format!("The certificate is made for this run. Its SHA-256 fingerprint is {fingerprint}\n")
            }
        };
        let Some(port) = flags.https.http_redirect else { return Ok((notice, None)) };
        let server = redirect::bind(redirect, flags, port, httpd)?;
        let notice = notice + &redirect::announcement(&server);
        let serving = server.serve_in_background().map_err(|error| Failure::cannot("serve", &error))?;
        Ok((notice, Some(serving)))
    }

    /// Returns what reads a certificate of files again.
    pub(crate) fn renewal(&self) -> Option<Renewal> {
        let Certificate::Files(files) = &self.certificate else { return None };
        let files = Arc::clone(files);
        Some(Box::new(move || match files.reload() {
            Ok(()) => format!("the certificate was read again, and is valid until {}", date(files.not_after())),
            Err(error) => format!("the certificate stays as it was: {error}"),
        }))
    }
}

fn date(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "a time beyond 9999".into(), |time| time.to_string())
}

/// Makes a certificate for `localhost`, the loopback addresses and `hosts`.
fn self_signed<'f>(hosts: impl Iterator<Item = &'f str>) -> io::Result<CertifiedKey> {
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    for host in hosts {
        let is_every_address = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
        let is_unix = host.is_empty() || host.starts_with("unix:");
        if !is_every_address && !is_unix && !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
    }
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, "basehttp, for development");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    let now = SystemTime::now();
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + LIFETIME).into();
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    CertifiedKey::from_der(vec![certificate.der().clone()], key, &ring::default_provider()).map_err(io::Error::other)
}

/// Returns the fingerprint as browsers and `openssl x509 -fingerprint -sha256` show it.
fn fingerprint(der: &[u8]) -> String {
    let suite = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().expect("it is a suite of TLS 1.3");
    let hash = suite.common.hash_provider.hash(der);
    hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
