//! [`CertificateFiles`]: a certificate and its key from two files, which can be read again while the server runs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::config::default_provider;
use super::flaw::Flaw;
use super::pem::{self, Reading};
use super::validity::{self, Validity};
use crate::sys::lock;

/// A certificate and its key, from two PEM files that can be read again while the server runs.
///
/// It is a [`ResolvesServerCert`]: each handshake gets the pair that was read last. A renewed certificate needs one
/// call of [`reload`](Self::reload) and no restart. Connections that are open keep the old one.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use basehttp::tls::{self, CertificateFiles};
/// use std::sync::Arc;
///
/// let certificate = Arc::new(CertificateFiles::load("fullchain.pem", "privkey.pem")?);
/// let config = tls::server_config(Arc::clone(&certificate) as _)?;
/// // Later, when the files are new:
/// if let Err(error) = certificate.reload() {
///     eprintln!("the old certificate stays: {error}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # The files
///
/// The certificate's file has the certificate of the server first, and then those that lead to a root that clients
/// know. Programs call it `fullchain.pem`. The key's file has one key, as PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE
/// KEY`) or SEC1 (`EC PRIVATE KEY`), and it is not encrypted. One file may have both; then name it twice. A file may
/// have up to 1 MiB. It may be a pipe, which is read once and cannot be reloaded.
pub struct CertificateFiles {
    certfile: PathBuf,
    keyfile: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Mutex<Pair>,
}

/// A certificate with its key, and the time in which clients accept it.
#[derive(Clone)]
struct Pair {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

impl CertificateFiles {
    /// Reads both files, with the process's [default provider](CryptoProvider::get_default).
    ///
    /// Blocks until the files are read. Paths that are not absolute are looked up from the working directory, in each
    /// [`reload`](Self::reload) again.
    ///
    /// # Errors
    /// * The system's, if a file cannot be read.
    /// * [`InvalidData`](io::ErrorKind::InvalidData) if a file does not have what it should have, if the key is not the
    ///   certificate's, or if the certificate is not valid now. The text names the file, the reason and the remedy.
    /// * [`InvalidInput`](io::ErrorKind::InvalidInput) if no provider is installed. The text has the two lines to
    ///   write.
    pub fn load(certfile: impl Into<PathBuf>, keyfile: impl Into<PathBuf>) -> io::Result<Self> {
        CertificateFiles::load_with_provider(default_provider()?, certfile, keyfile)
    }

    /// Reads both files, for a program that installs no default provider. Otherwise as [`load`](Self::load).
    ///
    /// # Errors
    /// Those of [`load`](Self::load), except for the last.
    pub fn load_with_provider(
        provider: Arc<CryptoProvider>,
        certfile: impl Into<PathBuf>,
        keyfile: impl Into<PathBuf>,
    ) -> io::Result<Self> {
        let (certfile, keyfile) = (certfile.into(), keyfile.into());
        let current = Mutex::new(read(&certfile, &keyfile, Reading::First, &provider, SystemTime::now())?);
        Ok(CertificateFiles { certfile, keyfile, provider, current })
    }

    /// Reads both files again. New connections get the new pair from now on.
    ///
    /// Blocks until the files are read; handshakes go on meanwhile, with the old pair.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), and [`InvalidData`](io::ErrorKind::InvalidData) for a pipe or a device. Then the
    /// old pair stays.
    pub fn reload(&self) -> io::Result<()> {
        let pair = read(&self.certfile, &self.keyfile, Reading::Again, &self.provider, SystemTime::now())?;
        *lock(&self.current) = pair;
        Ok(())
    }

    /// The path of the certificate's file.
    pub fn certfile(&self) -> &Path {
        &self.certfile
    }

    /// The path of the key's file.
    pub fn keyfile(&self) -> &Path {
        &self.keyfile
    }

    /// The certificate and its key, as they were read last.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&lock(&self.current).key)
    }

    /// The last moment at which clients accept the certificate.
    pub fn not_after(&self) -> SystemTime {
        lock(&self.current).validity.not_after()
    }
}

impl ResolvesServerCert for CertificateFiles {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified_key())
    }
}

/// Without the key.
impl fmt::Debug for CertificateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateFiles")
            .field("certfile", &self.certfile)
            .field("keyfile", &self.keyfile)
            .finish_non_exhaustive()
    }
}

/// Reads a pair that clients accept at the time `now`.
fn read(
    certfile: &Path,
    keyfile: &Path,
    reading: Reading,
    provider: &CryptoProvider,
    now: SystemTime,
) -> Result<Pair, Flaw> {
    let chain = pem::certificates(certfile, reading)?;
    let key = pem::private_key(keyfile, reading)?;
    let validity = Validity::of_certificate(&chain[0]).ok_or_else(|| Flaw::BrokenCertificate(certfile.into(), None))?;
    match validity::version(&chain[0]) {
        Some(3) | None => {}
        Some(version) => {
            return Err(Flaw::OldVersion { certfile: certfile.into(), keyfile: keyfile.into(), version });
        }
    }
    let key = provider.key_provider.load_private_key(key).map_err(|error| Flaw::UnusableKey(keyfile.into(), error))?;
    let key = CertifiedKey::new(chain, key);
    check_pair(&key, certfile, keyfile)?;
    validity.check(now).map_err(|when| Flaw::NotValidNow(certfile.into(), when))?;
    Ok(Pair { key: Arc::new(key), validity })
}

/// Refuses a key that is not the certificate's. A provider that cannot tell is trusted, as rustls does.
fn check_pair(key: &CertifiedKey, certfile: &Path, keyfile: &Path) -> Result<(), Flaw> {
    match key.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(()),
        Err(Error::InconsistentKeys(_)) => {
            let is_of_another =
                |at: &usize| CertifiedKey::new(vec![key.cert[*at].clone()], Arc::clone(&key.key)).keys_match().is_ok();
            match (1..key.cert.len()).find(is_of_another) {
                Some(at) => Err(Flaw::WrongOrder(certfile.into(), at + 1)),
                None => Err(Flaw::Mismatch { certfile: certfile.into(), keyfile: keyfile.into() }),
            }
        }
        Err(error) => Err(Flaw::BrokenCertificate(certfile.into(), Some(error))),
    }
}
