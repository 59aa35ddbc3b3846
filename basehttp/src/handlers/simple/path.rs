//! Translates a request's path to a path beneath the root, and a directory's path to its address. Pure; opens nothing.
//!
//! | in the path               | becomes                                                            |
//! |---------------------------|--------------------------------------------------------------------|
//! | `?…`, `#…`                | cut off                                                            |
//! | `%2e`, `%2F`, any `%XX`   | the byte, before anything else                                     |
//! | `//`, `/./`               | one slash                                                          |
//! | `/a/../`                  | `/`; nothing is above the root, so `/../a` is `/a`                 |
//! | `%00`, over 4,096 bytes   | `None`, no file has such a path                                    |
//!
//! Bytes that are not UTF-8 stay as they are, since file names may have them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The longest path beneath the root: 4,096 bytes, Linux's `PATH_MAX`. The system opens no file by a longer one.
const MAX_PATH_BYTES: usize = 4096;

/// The only name with a leading dot that is meant for the public (RFC 8615).
const WELL_KNOWN: &[u8] = b".well-known";

/// A path beneath the root, without dots, empty segments and NUL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServedPath<'p> {
    /// Segments joined by slashes, with a final slash if the request's decoded path had one. Empty for the root.
    key: Cow<'p, [u8]>,
    /// The request's path had a final slash as sent, not only after decoding.
    ends_in_slash: bool,
    /// The root of the files is also the root of the URLs, where `/.well-known/` is.
    is_unmounted: bool,
}

/// The URL path at which the root appears, such as `/static`. Nothing outside it is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Decoded segments joined by slashes. Empty for `/`.
    path: Vec<u8>,
}

impl Mount {
    /// Parses a mount. `None` if `path` does not begin with a slash, or is not the path of a URL.
    pub(crate) fn at(path: &str) -> Option<Self> {
        if !path.starts_with('/') || path.contains(['?', '#']) {
            return None;
        }
        let path = decoded(path)?;
        Some(Mount { path: path.strip_suffix(b"/").unwrap_or(&path).to_vec() })
    }

    /// Returns the decoded path, with a slash in front. Empty for `/`.
    #[cfg(feature = "cgi")]
    pub(crate) fn prefix(&self) -> Vec<u8> {
        if self.path.is_empty() { Vec::new() } else { [b"/", &*self.path].concat() }
    }

    /// Returns the number of segments.
    pub(crate) fn depth(&self) -> usize {
        if self.path.is_empty() { 0 } else { self.path.split(|&byte| byte == b'/').count() }
    }
}

impl<'p> ServedPath<'p> {
    /// Parses the path of a request, undecoded and with its query. `None` if no file can have it.
    pub(crate) fn of_request(raw: &'p str) -> Option<Self> {
        let raw = without_query(raw);
        let ends_in_slash = raw.ends_with('/');
        let relative = raw.strip_prefix('/').unwrap_or(raw);
        let key = if is_plain(relative) { Cow::Borrowed(relative.as_bytes()) } else { Cow::Owned(decoded(relative)?) };
        (key.len() <= MAX_PATH_BYTES).then_some(ServedPath { key, ends_in_slash, is_unmounted: true })
    }

    /// Takes `mount` off the front. Below `/static`, `/static/a` is `a`. `None` if the path is not below, such as
    /// `/statica`.
    pub(crate) fn below(self, mount: &Mount) -> Option<Self> {
        if mount.path.is_empty() {
            return Some(self);
        }
        let start = match self.key.strip_prefix(&*mount.path)? {
            b"" => mount.path.len(),
            [b'/', ..] => mount.path.len() + 1,
            _ => return None,
        };
        let key = match self.key {
            Cow::Borrowed(key) => Cow::Borrowed(&key[start..]),
            Cow::Owned(mut key) => Cow::Owned(key.split_off(start)),
        };
        Some(ServedPath { key, is_unmounted: false, ..self })
    }

    /// Makes a path beneath the root from a program's own `path`, with the final slash of the `request`'s path.
    pub(crate) fn of_path(path: &[u8], request: &str) -> Option<ServedPath<'static>> {
        let ends_in_slash = without_query(request).ends_with('/');
        let mut key = normalized(path)?;
        if ends_in_slash && !key.is_empty() && !key.ends_with(b"/") {
            key.push(b'/');
        }
        let is_unmounted = true;
        (key.len() <= MAX_PATH_BYTES).then_some(ServedPath { key: Cow::Owned(key), ends_in_slash, is_unmounted })
    }

    /// Returns the key for the cache, which includes a final slash.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Returns the path, without a final slash.
    pub(crate) fn path(&self) -> &[u8] {
        self.key.strip_suffix(b"/").unwrap_or(&self.key)
    }

    /// Returns true if only a directory can be meant: the root, or a path with a final slash.
    pub(crate) fn is_directory_form(&self) -> bool {
        self.key().is_empty() || self.key().ends_with(b"/")
    }

    /// Returns true if the request had the final slash that relative links in a directory's page need.
    pub(crate) fn ends_in_slash(&self) -> bool {
        self.ends_in_slash
    }

    /// Returns true if a segment begins with a dot, unless it is `/.well-known/`.
    pub(crate) fn is_hidden(&self) -> bool {
        let is_public = |at, name: &[u8]| at == 0 && self.is_unmounted && name == WELL_KNOWN;
        let is_hidden = |(at, name): (usize, &[u8])| name.starts_with(b".") && !is_public(at, name);
        self.key.contains(&b'.') && self.path().split(|&byte| byte == b'/').enumerate().any(is_hidden)
    }
}

/// Returns the last segment of a path.
pub(crate) fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}

/// Cuts query and fragment off a request's path.
pub(crate) fn without_query(raw: &str) -> &str {
    raw.find(['?', '#']).map_or(raw, |end| &raw[..end])
}

/// Returns true if nothing needs decoding or collapsing. May be false for a path that needs neither.
fn is_plain(relative: &str) -> bool {
    let bytes = relative.as_bytes();
    let mut before = b'/';
    bytes.iter().all(|&byte| {
        let is_plain = !(byte == b'%' || byte == 0 || before == b'/' && matches!(byte, b'/' | b'.'));
        before = byte;
        is_plain
    })
}

/// Decodes and normalizes a path. `None` if it has a NUL.
fn decoded(relative: &str) -> Option<Vec<u8>> {
    let decoded: Cow<'_, [u8]> = percent_decode_str(relative).into();
    normalized(&decoded)
}

/// Collapses dots and slashes. `None` if the path has a NUL.
///
/// If you change this, change `means_another_row` in `exchange/segments.rs`, or files are served past the guard of a
/// `#[path]`. `tests/files/guarded.rs` holds the two together.
fn normalized(path: &[u8]) -> Option<Vec<u8>> {
    if path.contains(&0) {
        return None;
    }
    let mut names: Vec<&[u8]> = Vec::new();
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let mut key = names.join(&b'/');
    if path.ends_with(b"/") && !key.is_empty() {
        key.push(b'/');
    }
    Some(key)
}

/// Returns the address of a directory that was requested without a final slash: the path with it, and the query.
///
/// It never leads to another site. It begins with exactly one slash, and bytes that a browser would take for a slash,
/// or strip, are percent-encoded.
pub(crate) fn directory_location(raw: &str) -> String {
    let path = without_query(raw);
    let (query, _) = raw[path.len()..].split_once('#').unwrap_or((&raw[path.len()..], ""));
    let mut location = String::with_capacity(raw.len() + 2);
    location.push('/');
    push_encoded(&mut location, path.trim_start_matches(['/', '\\']));
    if !location.ends_with('/') {
        location.push('/');
    }
    push_encoded(&mut location, query);
    location
}

/// Returns the part of a path or URI behind its last slash, without the query.
pub(crate) fn last_segment(raw: &str) -> &str {
    let path = without_query(raw);
    path.rsplit_once('/').map_or(path, |(_, segment)| segment)
}

/// Returns the same address, relative to a path with the same last segment. It holds behind a proxy that has cut off
/// the front of the path, and no name in it is taken for a scheme.
pub(crate) fn relative_directory_location(raw: &str) -> String {
    let location = directory_location(raw);
    let end = without_query(&location).len() - 1;
    let start = location[..end].rfind('/').map_or(0, |at| at + 1);
    format!("./{}", &location[start..])
}

fn push_encoded(location: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}' | ..=b' ' | 0x7f.. => {
                location.push_str(percent_encoding::percent_encode_byte(byte));
            }
            _ => location.push(char::from(byte)),
        }
    }
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
