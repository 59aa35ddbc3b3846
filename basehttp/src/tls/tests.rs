//! Pairs of files that are right, and each way in which they can be wrong.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustix::fs::{FileType, Mode};
use rustls::crypto::{CryptoProvider, ring};

use super::CertificateFiles;

/// A directory with `cert.pem` and `key.pem`, gone when the value is.
struct Files(PathBuf);

impl Files {
    fn with(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("basehttp-tls-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let files = Files(env::temp_dir().join(name));
        fs::create_dir_all(&files.0).expect("a scratch directory");
        files.write("cert.pem", certificate);
        files.write("key.pem", key);
        files
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), content).expect("a file");
    }

    fn load(&self) -> io::Result<CertificateFiles> {
        self.load_as("cert.pem", "key.pem")
    }

    fn load_as(&self, certfile: &str, keyfile: &str) -> io::Result<CertificateFiles> {
        CertificateFiles::load_with_provider(provider(), self.0.join(certfile), self.0.join(keyfile))
    }

    /// Loads, and returns the error with `DIR` for the directory.
    fn refusal(&self) -> (io::ErrorKind, String) {
        let error = self.load().expect_err("it is refused");
        (error.kind(), error.to_string().replace(self.0.to_str().expect("its name is text"), "DIR"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // The system clears its directory for temporary files some day.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A certificate of `localhost`, signed by itself, and its key.
fn pair() -> (String, String) {
    pair_of(|_| ())
}

fn pair_of(change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    change(&mut params);
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

/// A `main` that returns an error shows it by its `Debug`.
#[test]
fn a_program_that_ends_by_an_error_says_what_to_do() {
    let files = Files::with("", "");
    for (certfile, text) in [("cert.pem", "cert.pem is empty"), ("missing.pem", "cannot read ")] {
        let error = files.load_as(certfile, "key.pem").expect_err("it is refused");
        let shown = format!("{error:?}");
        assert!(shown.contains(text) && shown.contains(&error.to_string()), "{shown}");
    }
}

#[test]
fn a_pair_is_loaded_from_two_files_or_from_one() {
    let (certificate, key) = pair();
    let files = Files::with(&certificate, &key);
    files.write("both.pem", format!("some words before\n{key}{certificate}"));
    let two = files.load().expect("two files");
    let one = files.load_as("both.pem", "both.pem").expect("one file");
    assert_eq!(two.certified_key().cert, one.certified_key().cert);
    assert_eq!(two.certified_key().cert.len(), 1);
    assert_eq!(crate::proto::http_date(two.not_after()), "Sun, 01 Jan 4096 00:00:00 GMT");
    assert!(!format!("{two:?}").contains("PRIVATE"), "{two:?}");
}

#[test]
fn a_wrong_pair_is_refused_with_the_file_the_reason_and_the_remedy() {
    let (certificate, key) = pair();
    let (other_certificate, other_key) = pair();
    let (expired, expired_key) = pair_of(|params| params.not_after = date_time_ymd(2001, 2, 3));
    let (early, early_key) = pair_of(|params| params.not_before = date_time_ymd(4000, 1, 1));
    let cut = &key[..key.len() - 10];
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let old_encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
                         -----END RSA PRIVATE KEY-----\n";
    let not_a_certificate = key.replace("PRIVATE KEY", "CERTIFICATE");
    let not_a_key = certificate.replace("CERTIFICATE", "PRIVATE KEY");
    let wrong_order = format!("{other_certificate}{certificate}");
    let table: [(&[u8], &[u8], &str); 17] = [
        (b"", key.as_bytes(), "DIR/cert.pem is empty"),
        (certificate.as_bytes(), b"", "DIR/key.pem is empty"),
        (
            key.as_bytes(),
            certificate.as_bytes(),
            "DIR/cert.pem has a key and no certificate: were the two files swapped?",
        ),
        (
            certificate.as_bytes(),
            certificate.as_bytes(),
            "DIR/key.pem has a certificate and no key: were the two files",
        ),
        (
            b"hello",
            key.as_bytes(),
            "DIR/cert.pem has no certificate: it should have a line `-----BEGIN CERTIFICATE-----`",
        ),
        (
            certificate.as_bytes(),
            b"hello",
            "DIR/key.pem has no key: it should have a line `-----BEGIN PRIVATE KEY-----`",
        ),
        (
            b"\x30\x82\xff\x00",
            key.as_bytes(),
            "`openssl x509 -inform der -in DIR/cert.pem -out certificate.pem` makes it PEM",
        ),
        (
            certificate.as_bytes(),
            cut.as_bytes(),
            "DIR/key.pem is not well-formed PEM: its last section has no END line",
        ),
        (
            certificate.as_bytes(),
            encrypted.as_bytes(),
            "is encrypted: write it without a password, as in `openssl pkey -in DIR/key.pem",
        ),
        (certificate.as_bytes(), old_encrypted.as_bytes(), "the key in DIR/key.pem is encrypted"),
        (
            certificate.as_bytes(),
            other_key.as_bytes(),
            "the key in DIR/key.pem does not belong to the certificate in DIR/cert.pem",
        ),
        (
            wrong_order.as_bytes(),
            key.as_bytes(),
            "the key belongs to certificate 2 of DIR/cert.pem: put that one first",
        ),
        (
            not_a_certificate.as_bytes(),
            key.as_bytes(),
            "DIR/cert.pem does not begin with a certificate that can be read",
        ),
        (certificate.as_bytes(), not_a_key.as_bytes(), "the key in DIR/key.pem cannot be used: "),
        (
            expired.as_bytes(),
            expired_key.as_bytes(),
            "the certificate in DIR/cert.pem has expired: it was valid until Sat, 03 Feb 2001 00:00:00 GMT, and now is ",
        ),
        (
            early.as_bytes(),
            early_key.as_bytes(),
            "the certificate in DIR/cert.pem is not valid before Sat, 01 Jan 4000 00:00:00 GMT, and now is ",
        ),
        (&vec![b' '; 1024 * 1024 + 1], key.as_bytes(), "DIR/cert.pem is larger than 1 MiB"),
    ];
    for (certificate, key, expected) in table {
        let (kind, text) = Files::with(certificate, key).refusal();
        assert!(text.contains(expected), "expected {expected:?}, got {text:?}");
        assert_eq!(kind, io::ErrorKind::InvalidData, "{text}");
    }
    let keys = [key, other_key].concat();
    assert!(Files::with(certificate, keys).refusal().1.contains("DIR/key.pem has 2 keys: leave the one"));
}

/// Made by `openssl x509 -req -in request.pem -signkey key.pem -days 36500`, and its key.
const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBFDCBuwIUNFYXl97r1kStE2AaggHOO00CHpowCgYIKoZIzj0EAwIwDDEKMAgG
A1UEAwwBaDAgFw0yNjEyMDEwMTMwMDRaGA8yMTI2MTEwNzAxMzAwNFowDDEKMAgG
A1UEAwwBaDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK8Q57Jdw4SMyVfmgiDr
OhUTZ1ejJ9+t0OlAft1g96u77lmb3aJGWMnRerAT8OUZ6jQpc6mRQxomf9Ssys1r
FpAwCgYIKoZIzj0EAwIDSAAwRQIgMG7Iwye2P4+UgtlYWvfB3z33xkaeSSHaJO6j
YtGXdtQCIQCD9gA7QfxEI16msvoW7pGDpIQtsSf9rRUcV9PZlkry/A==
-----END CERTIFICATE-----
";
const KEY_OF_VERSION_1: &str = "\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIJXTPcvEvWtsbkTY0Won6CTS9j1L+1PUzJu74Q5DBnjmoAoGCCqGSM49
AwEHoUQDQgAErxDnsl3DhIzJV+aCIOs6FRNnV6Mn363Q6UB+3WD3q7vuWZvdokZY
ydF6sBPw5RnqNClzqZFDGiZ/1KzKzWsWkA==
-----END EC PRIVATE KEY-----
";

/// Made by `openssl genpkey -algorithm ed448`.
const ED448_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEObD1Rxc3YUHUXFixHeNn+NIkQwTGbdw5NdWLSXXoWxFj
yoJp/f1IJuD4A4gHKiZwby7c3nlpjzwg5A==
-----END PRIVATE KEY-----
";

/// Writes text as Notepad does.
fn utf16(text: &str) -> Vec<u8> {
    let words = std::iter::once(0xfeff).chain(text.encode_utf16());
    words.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_file_of_another_form_is_refused_with_what_makes_it_right() {
    let (certificate, key) = pair();
    // The head of a file by `openssl pkcs12 -export`, and one whose length is left open.
    let (pkcs12, open_end): (&[u8], &[u8]) = (b"\x30\x82\x03\xac\x02\x01\x03\x30\x82", b"\x30\x80\x02\x01\x03\x30\x80");
    let (certificate, key) = (certificate.as_bytes(), key.as_bytes());
    let table: [(&[u8], &[u8], &str); 7] = [
        (
            VERSION_1.as_bytes(),
            KEY_OF_VERSION_1.as_bytes(),
            "the certificate in DIR/cert.pem is of version 1, and clients take version 3: make it again with the names of \
             this server, as in `openssl req -x509 -key DIR/key.pem -subj /CN=example.org -addext ",
        ),
        (pkcs12, key, "`openssl pkcs12 -in DIR/cert.pem -nokeys -out certificate.pem` makes it PEM"),
        (open_end, key, "DIR/cert.pem is PKCS#12 and not PEM"),
        (certificate, pkcs12, "`openssl pkcs12 -in DIR/key.pem -nocerts -nodes -out key.pem` makes it PEM"),
        (
            &utf16(VERSION_1),
            key,
            "DIR/cert.pem is text in UTF-16: `iconv -f UTF-16 -t UTF-8 DIR/cert.pem > certificate.pem`",
        ),
        (certificate, &utf16(ED448_KEY), "DIR/key.pem is text in UTF-16"),
        (
            certificate,
            ED448_KEY.as_bytes(),
            "its kind or size is not known here; ECDSA with P-256 or P-384 and RSA with",
        ),
    ];
    for (certificate, key, expected) in table {
        let (kind, text) = Files::with(certificate, key).refusal();
        assert!(text.contains(expected), "expected {expected:?}, got {text:?}");
        assert_eq!(kind, io::ErrorKind::InvalidData, "{text}");
    }
}

#[test]
fn a_mark_of_utf_8_before_the_text_is_left_out() {
    let (certificate, key) = pair();
    Files::with(format!("\u{feff}{certificate}"), format!("\u{feff}{key}")).load().expect("they are as meant");
    let (_, text) = Files::with("\u{feff}", key).refusal();
    assert!(text.contains("it should have a line"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_systems_reason() {
    let (certificate, key) = pair();
    let files = Files::with(certificate, key);
    let missing = files.load_as("cert.pem", "nowhere.pem").expect_err("there is no such file");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    assert!(missing.to_string().starts_with("cannot read "), "{missing}");
    assert!(missing.to_string().contains("nowhere.pem: No such file"), "{missing}");
    let directory = files.load_as(".", "key.pem").expect_err("it is a directory");
    assert_eq!(directory.kind(), io::ErrorKind::IsADirectory);
}

#[test]
fn a_new_pair_takes_effect_with_a_reload_and_a_wrong_one_leaves_the_old() {
    let (old, old_key) = pair();
    let files = Files::with(old, old_key);
    let certificate = files.load().expect("the old pair");
    let before = certificate.certified_key();

    let (new, new_key) = pair();
    files.write("cert.pem", new);
    let error = certificate.reload().expect_err("the key is still the old one");
    assert!(error.to_string().contains("does not belong to the certificate"), "{error}");
    assert!(Arc::ptr_eq(&before, &certificate.certified_key()), "the old pair stays");

    files.write("key.pem", new_key);
    certificate.reload().expect("the new pair");
    assert_ne!(before.cert, certificate.certified_key().cert);
}

/// Opening a pipe waits for its other end.
#[test]
fn a_pipe_is_read_once_and_a_reload_does_not_wait_for_it() {
    let (certificate, key) = pair();
    let files = Files::with(&certificate, &key);
    let pipe = files.0.join("pipe.pem");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    thread::scope(|scope| {
        scope.spawn(|| fs::write(&pipe, &certificate).expect("it is read"));
        let loaded = files.load_as("pipe.pem", "key.pem").expect("its bytes come");
        let error = loaded.reload().expect_err("they come once");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("pipe.pem is a pipe or a device, which is not read again"), "{error}");
    });

    let loaded = files.load().expect("the pair");
    for name in ["cert.pem", "key.pem"] {
        let path = files.0.join(name);
        let content = fs::read(&path).expect("the file");
        fs::rename(&pipe, &path).expect("the pipe takes the name");
        loaded.reload().expect_err("a pipe");
        fs::rename(&path, &pipe).expect("it gives it back");
        fs::write(&path, content).expect("the file");
        loaded.reload().expect("the file is right again");
    }
}

#[test]
fn without_a_provider_the_error_has_the_two_lines_to_write() {
    // Tests of this package name their provider and install none, which would hold for all of them.
    assert!(CryptoProvider::get_default().is_none());
    let (certificate, key) = pair();
    let files = Files::with(certificate, key);
    let loaded = Arc::new(files.load().expect("with a provider it is right"));
    let errors = [
        CertificateFiles::load(files.0.join("cert.pem"), files.0.join("key.pem")).map(drop),
        super::server_config(loaded).map(drop),
    ];
    for error in errors.map(|result| result.expect_err("there is no provider")) {
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        for line in ["rustls = { version = \"0.23\", ", "rustls::crypto::ring::default_provider().install_default()"] {
            assert!(error.to_string().contains(line), "{error}");
        }
    }
}
