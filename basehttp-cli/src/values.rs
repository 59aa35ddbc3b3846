//! Reads the values of flags. An error says what to write instead.

use std::env;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, PathBuf};
use std::time::Duration;

use basehttp::ContentType;

/// Reads a port number. `mistakes` has advice for users who meant something else.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number => Ok(port),
        _ if is_number => Err("the highest port is 65535".into()),
        _ => Err("a port is a number from 0 to 65535; 0 picks a free one; name a directory with --directory".into()),
    }
}

/// Reads an address or a name to listen on, and removes brackets.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if bare.is_empty() {
        return Err("write 127.0.0.1 for this computer alone, 0.0.0.0 or :: for the whole network".into());
    }
    if let Some(path) = bare.strip_prefix("unix:") {
        // As in the library, whose texts have a whole path.
        return match path.strip_prefix('/') {
            Some(name) if !name.is_empty() => Ok(bare.to_owned()),
            _ => Err("write the whole path of the socket's file, as in --bind unix:/run/basehttp.sock".into()),
        };
    }
    if bare.contains('/') {
        return Err("write the address alone, as in --bind 127.0.0.1".into());
    }
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("write the port alone: basehttp {bare}"));
    }
    match bare.rsplit_once(':') {
        Some(("", port)) => Err(format!("write the port alone: basehttp {port}")),
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            Err(format!("write the port alone: basehttp --bind {host} {port}"))
        }
        _ => Ok(bare.to_owned()),
    }
}

/// Reads a host to answer for: a name, perhaps with `*.` for all names below it, or an address.
pub(crate) fn served_host(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    match bare.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => return Err(format!("name an address with --bind {bare}")),
        Ok(_) => return Ok(bare.to_owned()),
        Err(_) => {}
    }
    let is_label = |label: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.bytes().all(is_letter)
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    if name.strip_prefix("*.").unwrap_or(name).split('.').all(is_label) {
        return Ok(name.to_owned());
    }
    if !name.is_ascii() {
        return Err("write it as browsers send it, in ASCII, as in --host xn--exmple-cua.org for exämple.org".into());
    }
    Err("write the name alone, as in --host example.org or --host '*.example.org'".into())
}

/// Reads `*`, `null`, or a scheme, a host and perhaps a port, as browsers put them into `Origin` (RFC 6454, section
/// 6.1).
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let host = text.split_once("://").map_or("", |(_, host)| host);
    let is_origin = !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ',', ' ']);
    match text {
        "*" | "null" => Ok(text.to_owned()),
        _ if is_origin => Ok(text.to_owned()),
        _ => Err("write * for all sites, or the scheme and host of one, as in --cors=https://example.org".into()),
    }
}

/// Reads a media type.
pub(crate) fn media_type(text: &str) -> Result<String, String> {
    match ContentType::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write type and subtype, as in text/plain or \"text/html; charset=utf-8\"".into()),
    }
}

/// Reads the name of an encoding, which may be empty.
pub(crate) fn charset(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte)) {
        return Ok(text.to_owned());
    }
    Err("write the name of an encoding, as in utf-8 or shift_jis; \"\" is none".into())
}

/// Reads the name of a file, without directories.
pub(crate) fn file_name(path: PathBuf) -> Result<PathBuf, &'static str> {
    match path.file_name() {
        Some(name) if name == path.as_os_str() => Ok(path),
        _ => Err("write the name alone, as in index.html; it is looked for in each directory"),
    }
}

/// Reads a page's path in the directory that is served.
pub(crate) fn page(path: PathBuf) -> Result<PathBuf, &'static str> {
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    match path.file_name() {
        Some(_) if is_inside => Ok(path),
        _ => Err("write its path within the directory that is served, as in errors/404.html"),
    }
}

/// Reads `NAME=VALUE`, or the name of a variable that is set here.
pub(crate) fn variable(text: &OsStr) -> Result<(OsString, OsString), String> {
    let bytes = text.as_bytes();
    let name = bytes.split(|&byte| byte == b'=').next().unwrap_or_default();
    let (name, value) = (OsStr::from_bytes(name), bytes.get(name.len() + 1..).map(OsStr::from_bytes));
    match value.map(OsStr::to_owned).or_else(|| env::var_os(name)) {
        _ if name.is_empty() => Err("write NAME=VALUE, or the name of a variable that is set here".into()),
        Some(value) => Ok((name.to_owned(), value)),
        None => Err(format!("the variable is not set here: write {}=VALUE", name.display())),
    }
}

/// Reads a number of seconds, 1 at least.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
        _ => Err("write the number of seconds in digits, as in 600".into()),
    }
}

/// Reads a number of seconds, which may be 0.
pub(crate) fn any_seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "write the number of seconds in digits, as in 10".into())
}

/// Reads the permissions of a file.
pub(crate) fn mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) => Ok(mode),
        _ => Err("write three octal digits, as in 660".into()),
    }
}

/// Reads the path of a request.
pub(crate) fn target(text: &str) -> Result<String, String> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%\"<>".contains(&byte));
    if text.starts_with('/') && is_plain {
        return Ok(text.to_owned());
    }
    Err("write a path with a leading slash, as in /healthz".into())
}

/// Reads a number of bytes.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write the number of bytes in digits, as in 1048576; 0 is none".into())
}
