//! [`Flaw`]: the reasons why a certificate cannot be used, as texts that name the file, the reason and the remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::validity::NotNow;
use crate::proto::http_date;

/// A reason why a certificate or its key cannot be used.
#[derive(thiserror::Error)]
pub(super) enum Flaw {
    /// The system does not let the program read a file.
    #[error("cannot read {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file that is to be read again is a pipe or a device.
    #[error("{} is a pipe or a device, which is not read again: write a file", .0.display())]
    ReadOnce(PathBuf),
    /// A file is larger than any that is meant.
    #[error("{} is larger than 1 MiB: it is not a PEM file of certificates or a key", .0.display())]
    TooLarge(PathBuf),
    /// A file has no bytes, as those of a program that has just begun to write it.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// A section of a file ends early, or is not base64.
    #[error("{} is not well-formed PEM: {}", .0.display(), .1)]
    BrokenPem(PathBuf, String),
    /// No section of a file is the one that is looked for.
    #[error("{}", nothing_found(.path, *.wanted, *.instead))]
    Missing { path: PathBuf, wanted: Wanted, instead: Instead },
    /// The key needs a password, and nothing here decrypts.
    #[error("the key in {} is encrypted: write it without a password, as in `openssl pkey -in {} -out key.pem`, and let \
             only the server's user read it", .0.display(), .0.display())]
    EncryptedKey(PathBuf),
    /// The file has several keys, and the first need not be the right one.
    #[error("{} has {} keys: leave the one that belongs to the certificate", .0.display(), .1)]
    ManyKeys(PathBuf, usize),
    /// The provider refuses the key, mostly for a kind or a size that it does not know.
    #[error("the key in {} cannot be used: it is broken, or its kind or size is not known here; ECDSA with P-256 or P-384 and \
             RSA with 2048 to 4096 bits work everywhere", .0.display())]
    UnusableKey(PathBuf, #[source] rustls::Error),
    /// The bytes of the section are not a certificate.
    #[error("{} does not begin with a certificate that can be read: was it cut off or changed?", .0.display())]
    BrokenCertificate(PathBuf, #[source] Option<rustls::Error>),
    /// The certificate has a form from before 1996, without extensions and so without the names that clients compare.
    /// OpenSSL makes it of a request if no extension is asked for.
    #[error("the certificate in {} is of version {}, and clients take version 3: make it again with the names of this \
             server, as in `openssl req -x509 -key {} -subj /CN=example.org -addext subjectAltName=DNS:example.org -days 90 \
             -out certificate.pem`", .certfile.display(), .version, .keyfile.display())]
    OldVersion { certfile: PathBuf, keyfile: PathBuf, version: u8 },
    /// The key is another certificate's.
    #[error("the key in {} does not belong to the certificate in {}: name the two files that were made together",
            .keyfile.display(), .certfile.display())]
    Mismatch { certfile: PathBuf, keyfile: PathBuf },
    /// The server's own certificate is not the first.
    #[error("the key belongs to certificate {} of {}: put that one first, and those that lead to the root after it",
            .1, .0.display())]
    WrongOrder(PathBuf, usize),
    /// Clients would refuse the certificate today.
    #[error("the certificate in {} {}", .0.display(), when(.1))]
    NotValidNow(PathBuf, NotNow),
    /// The process has chosen no cryptography.
    #[error(
        "no cryptography is chosen: add `rustls = {{ version = \"0.23\", default-features = false, features = \
             [\"ring\"] }}` to Cargo.toml, and call `rustls::crypto::ring::default_provider().install_default()` first \
             thing in `main`"
    )]
    NoProvider,
}

/// The text, since a `main` that returns `io::Result` shows an error by its `Debug`.
impl fmt::Debug for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The section that a file should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Certificate,
    Key,
}

/// The content of a file instead of the wanted section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// The other file's section: the two may have been swapped.
    TheOther,
    /// Binary, as DER is.
    Binary,
    /// A certificate and its key in one binary file, usually with a password.
    Pkcs12,
    /// Text of two bytes a letter, as editors of Windows write it.
    Utf16,
    /// Another text.
    Text,
}

fn nothing_found(path: &Path, wanted: Wanted, instead: Instead) -> String {
    let (wanted, other, label, der) = match wanted {
        Wanted::Certificate => ("certificate", "key", "CERTIFICATE", "openssl x509 -inform der"),
        Wanted::Key => ("key", "certificate", "PRIVATE KEY", "openssl pkey -inform der"),
    };
    let path = path.display();
    match instead {
        Instead::TheOther => format!("{path} has a {other} and no {wanted}: were the two files swapped?"),
        Instead::Binary => {
            format!("{path} is not text: if it is a {wanted} as DER, `{der} -in {path} -out {wanted}.pem` makes it PEM")
        }
        Instead::Pkcs12 => {
            let part = if wanted == "key" { "-nocerts -nodes" } else { "-nokeys" };
            format!("{path} is PKCS#12 and not PEM: `openssl pkcs12 -in {path} {part} -out {wanted}.pem` makes it PEM")
        }
        Instead::Utf16 => {
            format!("{path} is text in UTF-16: `iconv -f UTF-16 -t UTF-8 {path} > {wanted}.pem` makes it plain")
        }
        Instead::Text => format!("{path} has no {wanted}: it should have a line `-----BEGIN {label}-----`"),
    }
}

fn when(when: &NotNow) -> String {
    match when {
        NotNow::Expired { not_after, now } => {
            format!("has expired: it was valid until {}, and now is {}", http_date(*not_after), http_date(*now))
        }
        NotNow::NotYet { not_before, now } => {
            format!(
                "is not valid before {}, and now is {}: is the clock right?",
                http_date(*not_before),
                http_date(*now)
            )
        }
    }
}

/// The kind is the system's for a file that cannot be read.
impl From<Flaw> for io::Error {
    fn from(flaw: Flaw) -> Self {
        let kind = match &flaw {
            Flaw::Unreadable(_, error) => error.kind(),
            Flaw::NoProvider => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, flaw)
    }
}
