//! Certificates and keys out of PEM files (RFC 7468). A file that has none says what it has instead.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::flaw::{Flaw, Instead, Wanted};

/// The largest file, 1 MiB. A long chain has 20 KiB; this keeps a wrong path, such as that of a disk, from filling
/// memory.
const MAX_BYTES: u64 = 1024 * 1024;

/// The time at which a file is read.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// By the program that begins. The file may be a pipe, such as the output of a program that decrypts it.
    First,
    /// By a program that serves. A pipe has nothing more, and would be waited for without end.
    Again,
}

/// Reads the certificates of a file, one at least.
pub(super) fn certificates(path: &Path, reading: Reading) -> Result<Vec<CertificateDer<'static>>, Flaw> {
    let text = contents(path, reading)?;
    let of_certificate = |(kind, der)| <CertificateDer<'_> as PemObject>::from_pem(kind, der);
    let certificates: Vec<_> = sections(path, &text)?.into_iter().filter_map(of_certificate).collect();
    if certificates.is_empty() {
        return Err(missing(path, Wanted::Certificate, &text));
    }
    Ok(certificates)
}

/// Reads the key of a file.
pub(super) fn private_key(path: &Path, reading: Reading) -> Result<PrivateKeyDer<'static>, Flaw> {
    let text = contents(path, reading)?;
    // Keys with a password in the form of OpenSSL before 1.0 have a field in the section, which is not base64.
    if has(&text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || has(&text, "Proc-Type: 4,ENCRYPTED") {
        return Err(Flaw::EncryptedKey(path.into()));
    }
    let mut keys: Vec<_> =
        sections(path, &text)?.into_iter().filter_map(|(kind, der)| PrivateKeyDer::from_pem(kind, der)).collect();
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(Flaw::ManyKeys(path.into(), others + 1)),
        (None, _) => Err(missing(path, Wanted::Key, &text)),
    }
}

type Section = (SectionKind, Vec<u8>);

fn sections(path: &Path, text: &[u8]) -> Result<Vec<Section>, Flaw> {
    let broken = |error: pem::Error| {
        Flaw::BrokenPem(
            path.into(),
            match error {
                pem::Error::MissingSectionEnd { .. } => {
                    "its last section has no END line; is it a part of a file?".into()
                }
                pem::Error::IllegalSectionStart { .. } => "a BEGIN line does not end with five hyphens".into(),
                error => error.to_string(),
            },
        )
    };
    Section::pem_slice_iter(text).collect::<Result<_, _>>().map_err(broken)
}

/// Bytes that editors of Windows put before text in UTF-8 and UTF-16.
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// Reads a file of some bytes, without the mark of UTF-8.
fn contents(path: &Path, reading: Reading) -> Result<Vec<u8>, Flaw> {
    let file = match reading {
        Reading::First => File::open(path).map_err(|error| Flaw::Unreadable(path.into(), error))?,
        Reading::Again => open_again(path)?,
    };
    let mut text = Vec::new();
    match file.take(MAX_BYTES + 1).read_to_end(&mut text) {
        Err(error) => Err(Flaw::Unreadable(path.into(), error)),
        Ok(0) => Err(Flaw::Empty(path.into())),
        Ok(_) if text.len() as u64 > MAX_BYTES => Err(Flaw::TooLarge(path.into())),
        Ok(_) => Ok(text.strip_prefix(UTF8_MARK).map(<[u8]>::to_vec).unwrap_or(text)),
    }
}

/// Opens a file without waiting for the other end of a pipe. A directory is refused when it is read.
fn open_again(path: &Path) -> Result<File, Flaw> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let with_kind = opened.and_then(|file| Ok((file.metadata()?.file_type(), file)));
    match with_kind.map_err(|error| Flaw::Unreadable(path.into(), error))? {
        (kind, file) if kind.is_file() || kind.is_dir() => Ok(file),
        _ => Err(Flaw::ReadOnce(path.into())),
    }
}

fn missing(path: &Path, wanted: Wanted, text: &[u8]) -> Flaw {
    let other = match wanted {
        Wanted::Certificate => "PRIVATE KEY-----",
        Wanted::Key => "-----BEGIN CERTIFICATE-----",
    };
    let instead = match text {
        _ if has(text, other) => Instead::TheOther,
        _ if UTF16_MARKS.iter().any(|mark| text.starts_with(mark)) => Instead::Utf16,
        _ if is_pkcs12(text) => Instead::Pkcs12,
        _ if std::str::from_utf8(text).is_err() => Instead::Binary,
        _ => Instead::Text,
    };
    Flaw::Missing { path: path.into(), wanted, instead }
}

/// Returns whether it begins like PKCS#12: a sequence with a length in one to four bytes or an open end, and the number
/// 3 (RFC 7292, section 4). Certificates and keys begin in other ways.
fn is_pkcs12(text: &[u8]) -> bool {
    let [0x30, length @ 0x80..=0x84, rest @ ..] = text else { return false };
    rest.get(usize::from(length - 0x80)..).is_some_and(|content| content.starts_with(&[0x02, 0x01, 0x03]))
}

fn has(text: &[u8], words: &str) -> bool {
    text.windows(words.len()).any(|window| window == words.as_bytes())
}
