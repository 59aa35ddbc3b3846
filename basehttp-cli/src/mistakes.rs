//! Advice for flags that other servers have (Python's in other versions, npm's `serve` and `http-server`, miniserve,
//! simple-http-server, static-web-server, darkhttpd, caddy, `php -S`, `busybox httpd`), and for a word in place of the
//! port. Pure, except that it checks whether a file or directory of that name exists.

use std::net::IpAddr;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Returns what to write instead, if `error` is a known mistake. `arguments` is the whole command line.
pub(crate) fn advice(error: &clap::Error, arguments: &[String]) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg)?;
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let text = for_flag(argument, value_of(argument, arguments).unwrap_or_default())?;
            Some(format!("there is no flag {argument}: {text}"))
        }
        ErrorKind::UnknownArgument => for_word(argument, arguments),
        ErrorKind::ValueValidation if argument == "[PORT]" => for_word(value, arguments),
        ErrorKind::InvalidValue if argument.starts_with("--protocol") && is_number(value) => {
            Some(format!("-p is the version of the protocol, as in Python; write the port alone: basehttp {value}"))
        }
        _ => None,
    }
}

/// Returns the value of an unknown flag, which is joined to it or the next word.
fn value_of<'a>(flag: &str, arguments: &'a [String]) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument.split('=').next() == Some(flag))?;
    if let Some((_, value)) = arguments[at].split_once('=') {
        return Some(value);
    }
    arguments.get(at + 1).map(String::as_str).filter(|value| !value.starts_with('-'))
}

fn for_flag(flag: &str, value: &str) -> Option<String> {
    if ADDRESSES.contains(&flag) && is_credentials(value) {
        return Some(NO_PASSWORDS.into());
    }
    if PORTS.contains(&flag) && is_number(value) || ADDRESSES.contains(&flag) && is_number(value) {
        return Some(format!("write the port alone: basehttp {value}"));
    }
    if PORTS.contains(&flag) {
        return Some("write the port alone: basehttp 8080".into());
    }
    if ADDRESSES.contains(&flag) {
        return Some(for_address(value).unwrap_or_else(|| "name an address with --bind, as in --bind 0.0.0.0".into()));
    }
    if DIRECTORIES.contains(&flag) {
        let directory = if value.is_empty() { "DIRECTORY" } else { value };
        return Some(format!("name the directory with --directory {directory}"));
    }
    OTHERS.iter().find(|(flags, _)| flags.contains(&flag)).map(|(_, text)| (*text).to_owned())
}

/// Returns advice for a word in the place of the port.
fn for_word(word: &str, arguments: &[String]) -> Option<String> {
    let is_given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let path = Path::new(word);
    if word.contains("://") && is_given("--cors") {
        return Some("join an origin to its flag, as in --cors=https://example.org".into());
    }
    if is_given("--spa") && path.extension().is_some() {
        return Some(format!("join a page to its flag, as in --spa={word}"));
    }
    if path.is_dir() {
        return Some(format!("a port is a number; name a directory with --directory {word}"));
    }
    if path.is_file() {
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Some(format!(
            "a port is a number; to serve a file, name its directory with --directory {}",
            directory.display()
        ));
    }
    for_address(word)
}

/// Returns advice for an address, perhaps with a port, as other servers take it in one word.
fn for_address(word: &str) -> Option<String> {
    let authority = word.split_once("://").map_or(word, |(_, behind)| behind).split('/').next().unwrap_or_default();
    if let Some((host, port)) = authority.rsplit_once(':').filter(|(_, port)| is_number(port)) {
        let is_ipv6_alone = host.contains(':') && !host.ends_with(']');
        match host {
            "" => return Some(format!("write the port alone: basehttp {port}")),
            _ if !is_ipv6_alone => {
                return Some(format!("write address and port as two words: basehttp --bind {host} {port}"));
            }
            _ => {}
        }
    }
    let is_address = authority.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || authority == "localhost";
    is_address.then(|| format!("name an address with --bind {authority}"))
}

/// Returns whether the value has the form `name:password`.
fn is_credentials(value: &str) -> bool {
    value.split_once(':').is_some_and(|(name, password)| {
        !name.is_empty() && !is_number(password) && value.parse::<IpAddr>().is_err() && !password.is_empty()
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const PORTS: [&str; 4] = ["--port", "--http-port", "-P", "--http"];

const ADDRESSES: [&str; 13] = [
    "--listen",
    "-l",
    "--address",
    "--addr",
    "-a",
    "--hostname",
    "--ip",
    "--interface",
    "--interfaces",
    "-i",
    "--bind-address",
    "-S",
    "--domain",
];

const DIRECTORIES: [&str; 11] = [
    "--root",
    "--dir",
    "--path",
    "--folder",
    "--docroot",
    "--document-root",
    "--web-root",
    "--public",
    "-r",
    "-t",
    "--www",
];

const NO_PASSWORDS: &str = "without --bind only this computer can connect, and a proxy in front can ask for passwords";

#[cfg(feature = "tls")]
const TLS: &str = "write --tls-cert PATH and --tls-key PATH, or --tls-self-signed for development";

#[cfg(not(feature = "tls"))]
const TLS: &str = "this basehttp was built without its feature tls: a proxy in front can speak https, as in \
                   caddy reverse-proxy --from example.org --to :8000";

const NO_KEY_PASSWORDS: &str = "keys with a password are not read: write it without one, as in \
                                openssl pkey -in key.pem -out plain.pem, and let only the server's user read it";

const NO_HTTP2: &str = "this server speaks HTTP/1.1: a proxy in front can speak HTTP/2";

/// Flags of other servers. The advice names the flag that does the same here, or says that there is none.
const OTHERS: [(&[&str], &str); 36] = [
    (&["--auth", "--auth-file", "--basic-auth", "--username", "--user", "--password"], NO_PASSWORDS),
    (&["--tls", "--ssl", "--https", "--cert", "--key", "--tls-cert", "--tls-key", "--tls-self-signed"], TLS),
    (&["--ssl-cert", "--ssl-key", "-C", "-K", "--http2-tls-cert", "--http2-tls-key", "--http-redirect"], TLS),
    (&["--tls-password-file", "--ssl-pass", "--password-file"], NO_KEY_PASSWORDS),
    (&["--http2", "--http3", "--h2"], NO_HTTP2),
    (&["--single", "--single-page", "--fallback", "--page-fallback", "--push-state", "--history"], "write --spa"),
    (&["-s"], "write --quiet to log nothing, --spa for a program that runs in the browser"),
    (&["--silent", "--no-log", "--no-request-logging", "-L", "--no-logging"], "write --quiet to log nothing"),
    (&["--verbose", "-v", "--debug"], "every request is logged without a flag; --version is -V"),
    (
        &["--log", "--access-log", "--log-file", "--log-level", "--logs", "--syslog"],
        "the log goes to standard error: basehttp 2> access.log",
    ),
    (&["--open", "-o", "--qrcode", "--show-qr"], "no browser is opened; the first line of the output has the address"),
    (
        &["--gzip", "-g", "--brotli", "--compress", "--compression", "--zstd", "--compress-response"],
        "FILE.gz, FILE.br or FILE.zst is sent for FILE if it is there; gzip -k FILE makes one",
    ),
    (&["--no-compression", "--no-gzip", "--no-compress"], "write --no-precompressed"),
    (&["--hidden", "--dotfiles", "--all", "-A", "--show-hidden", "--include-hidden"], "write --dot-files"),
    (
        &["--no-dotfiles", "--no-hidden", "--ignore-hidden-files"],
        "names with a leading dot are served only with --dot-files",
    ),
    (&["--symlinks", "--follow-symlinks", "--follow"], "write --follow-links"),
    (
        &["--no-symlinks", "--disable-symlinks"],
        "links that lead out of the directory are followed only with --follow-links",
    ),
    (&["-c", "--cache", "--cache-time", "--max-age"], "write --cache-control max-age=60, with the number of seconds"),
    (&["--no-cache", "--nocache", "--cache-control-headers"], "write --cache-control no-cache"),
    (
        &["--threads", "--jobs", "-j", "--threads-multiplier", "--maxconn"],
        "write --workers N for the threads that serve at once",
    ),
    (&["--index-file", "--index-files", "--index-page", "--default-page"], "write --index NAME"),
    (&["--no-index", "--disable-indexing", "--no-dir-listing", "--no-list"], "write --no-listing"),
    (
        &["--list", "--listing", "--browse", "--showdir", "--autoindex", "--directory-listing", "--dir-listing"],
        "directories without an index page are listed without a flag",
    ),
    (
        &["--mime", "--mimetypes", "--mime-types", "--mimetype", "--default-mimetype", "--default-type", "--ext", "-e"],
        "types follow from the extension; --content-type is for all others",
    ),
    (&["--error-page", "--404", "--page404", "--error-file"], "write --not-found PAGE"),
    (
        &["--upload", "--upload-files", "--uploads", "-u", "--mkdir", "--enable-upload"],
        "files cannot be uploaded; with --cgi a program of yours can accept them",
    ),
    (
        &["--route-prefix", "--prefix", "--base", "--base-url", "--base-path", "--url-prefix"],
        "the directory is served at /; put it into a directory of that name, and serve the outer one",
    ),
    (&["--daemon", "--background", "--detach", "-D"], "a service manager keeps it running; in a shell: basehttp &"),
    (
        &["--watch", "--live", "--livereload", "--live-reload", "--reload", "-w"],
        "changes are served at once, but pages do not reload themselves",
    ),
    (
        &["--timeout", "--keep-alive", "--idle-timeout", "--read-timeout", "--write-timeout"],
        "write --pause SECONDS for the time that a client may pause a download; other times are fixed",
    ),
    (&["--ipv6", "-6"], "write --bind :: for the whole network, --bind ::1 for this computer"),
    (&["--ipv4", "-4"], "write --bind 0.0.0.0 for the whole network; without --bind it is this computer alone"),
    (&["--no-etag", "--no-etags"], "write --etag off"),
    (&["--proxy", "--forward", "--reverse-proxy"], "requests are not passed on to other servers"),
    (&["--config", "--config-file", "-f", "--conf"], "there is no configuration file, only flags"),
    (
        &["--uid", "--gid", "--chroot", "--drop-privileges"],
        "start it as the user that it should run as; leave ports below 1024 to a service manager or a proxy",
    ),
];
