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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_means_what_it_says_after_decoding_and_never_more_than_the_root() {
        let table: [(&str, Option<&[u8]>, &str); 41] = [
            ("/", Some(b""), "the root"),
            ("/a", Some(b"a"), "a name"),
            ("/a/", Some(b"a/"), "a directory's form"),
            ("/a/b.txt?x=/../y", Some(b"a/b.txt"), "the query is cut off"),
            ("/a#b?c", Some(b"a"), "the fragment is cut off"),
            ("/a%3Fb", Some(b"a?b"), "an encoded question mark is a name's"),
            ("/a%23b", Some(b"a#b"), "an encoded hash is a name's"),
            ("/a%20b+c", Some(b"a b+c"), "plus is plus in a path"),
            ("/caf%C3%A9", Some(b"caf\xc3\xa9"), "UTF-8"),
            ("/%FF", Some(b"\xff"), "no UTF-8: the byte itself"),
            ("/%zz%", Some(b"%zz%"), "no triplet: as it stands"),
            ("/%2541", Some(b"%41"), "decoded once"),
            ("/..", Some(b""), "above the root"),
            ("/../../a", Some(b"a"), "above the root"),
            ("/a/../../../b", Some(b"b"), "above the root"),
            ("/%2e%2e/a", Some(b"a"), "encoded dots"),
            ("/%2E./a", Some(b"a"), "half-encoded dots"),
            ("/.%2e/a", Some(b"a"), "half-encoded dots"),
            ("/..%2fa", Some(b"a"), "an encoded slash"),
            ("/..%2F..%2Fa", Some(b"a"), "encoded slashes"),
            ("/a%2fb", Some(b"a/b"), "an encoded slash is a slash, as in Python"),
            ("/a/b/..", Some(b"a"), "up"),
            ("/a/b/../", Some(b"a/"), "up, with a slash"),
            ("/a/.", Some(b"a"), "a dot"),
            ("/a/./", Some(b"a/"), "a dot, with a slash"),
            ("/./", Some(b""), "the root"),
            ("/..a", Some(b"..a"), "a name"),
            ("/...", Some(b"..."), "a name"),
            ("//a", Some(b"a"), "slashes"),
            ("/a//b", Some(b"a/b"), "slashes"),
            ("/a///", Some(b"a/"), "slashes"),
            ("/a%2f", Some(b"a/"), "an encoded slash at the end"),
            ("/a\\..\\..\\b", Some(b"a\\..\\..\\b"), "a backslash is a name's"),
            ("/..\\a", Some(b"..\\a"), "a backslash is a name's"),
            ("/%5c..%5c", Some(b"\\..\\"), "a backslash is a name's"),
            ("/%00", None, "a NUL"),
            ("/a%00.txt", None, "a NUL"),
            ("/a/../%00", None, "a NUL"),
            ("/%c0%ae%c0%ae/a", Some(b"\xc0\xae\xc0\xae/a"), "overlong dots are bytes of a name"),
            ("/%u002e%u002e/a", Some(b"%u002e%u002e/a"), "no triplets"),
            ("a", Some(b"a"), "without a slash"),
        ];
        for (raw, key, why) in table {
            assert_eq!(ServedPath::of_request(raw).as_ref().map(ServedPath::key), key, "{raw}: {why}");
        }
    }

    #[test]
    fn a_path_that_no_system_opens_is_none() {
        let longest = format!("/{}", "a".repeat(MAX_PATH_BYTES));
        assert!(ServedPath::of_request(&longest).is_some());
        assert_eq!(ServedPath::of_request(&format!("{longest}a")), None);
        assert_eq!(ServedPath::of_request(&format!("{longest}%61")), None);
    }

    #[test]
    fn the_short_cut_and_the_long_way_agree() {
        let pieces = ["a", "/", ".", "..", "%2f", "%2e", "b.c", "//"];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    let raw = format!("/{first}{second}{third}");
                    assert_eq!(
                        ServedPath::of_request(&raw).map(|served| served.key().to_vec()),
                        decoded(&raw),
                        "{raw}: the leading slash changes nothing, and the short cut neither"
                    );
                }
            }
        }
    }

    #[test]
    fn names_with_a_leading_dot_are_hidden_but_for_the_well_known() {
        let table = [
            ("/a", false),
            ("/a.b/c.d", false),
            ("/.git/config", true),
            ("/a/.env", true),
            ("/%2eenv", true),
            ("/...", true),
            ("/.well-known/acme-challenge/x", false),
            ("/.well-known/", false),
            ("/.well-known/.hidden", true),
            ("/a/.well-known/x", true),
            ("/.well-knownx", true),
            ("/a/../.env", true),
            ("/.env/../a", false),
        ];
        for (raw, is_hidden) in table {
            assert_eq!(ServedPath::of_request(raw).map(|served| served.is_hidden()), Some(is_hidden), "{raw}");
        }
    }

    #[test]
    fn a_folders_location_has_one_slash_in_front_and_nothing_that_browsers_bend() {
        let table = [
            ("/a", "/a/"),
            ("/a?x=/y", "/a/?x=/y"),
            ("/a#f", "/a/"),
            ("/a?x#f", "/a/?x"),
            ("//evil.example", "/evil.example/"),
            ("/\\evil.example", "/evil.example/"),
            ("\\\\evil.example/..", "/evil.example/../"),
            ("/%5cevil.example", "/%5cevil.example/"),
            ("/a\\b", "/a%5Cb/"),
            ("/a?x=\\\"<b>", "/a/?x=%5C%22%3Cb%3E"),
            ("/a\r\nSet-Cookie:x", "/a%0D%0ASet-Cookie:x/"),
            ("/a\tb\u{7f}\u{85}\u{2028}", "/a%09b%7F%C2%85%E2%80%A8/"),
            ("/caf%C3%A9", "/caf%C3%A9/"),
            ("/.", "/./"),
            ("/a%2f", "/a%2f/"),
            ("", "/"),
            ("//", "/"),
        ];
        for (raw, location) in table {
            assert_eq!(directory_location(raw), location, "{raw:?}");
        }
    }

    #[test]
    fn a_folders_relative_location_is_its_own_name_with_a_slash() {
        let table = [
            ("/a", "./a/"),
            ("/a/b", "./b/"),
            ("/a/b?x=/y", "./b/?x=/y"),
            ("/a:b", "./a:b/"),
            ("/http://evil.example", "./evil.example/"),
            ("//evil.example", "./evil.example/"),
            ("/\\\\evil.example", "./evil.example/"),
            ("/a/\\b", "./%5Cb/"),
            ("/a%2f", "./a%2f/"),
            ("/a/..", "./../"),
        ];
        for (raw, location) in table {
            assert_eq!(relative_directory_location(raw), location, "{raw:?}");
        }
    }

    #[test]
    fn what_is_mounted_has_a_boundary_that_no_spelling_crosses() {
        let table = [
            ("/static", "/static/a.txt", Some("a.txt"), "below"),
            ("/static", "/static/", Some(""), "the root"),
            ("/static", "/static", Some(""), "the root without its slash"),
            ("/static", "/statica.txt", None, "a name that begins alike"),
            ("/static", "/Static/a", None, "another name"),
            ("/static", "/a.txt", None, "not below"),
            ("/static", "/", None, "above"),
            ("/static", "/static/../a.txt", None, "dots lead out"),
            ("/static", "/static/%2e%2e/a.txt", None, "encoded dots lead out"),
            ("/static", "/static/../../static/a", Some("a"), "and in again"),
            ("/static", "/%73tatic/%61", Some("a"), "encoded"),
            ("/static", "//static//a//", Some("a/"), "slashes"),
            ("/static", "/static%2fa", Some("a"), "an encoded slash is a slash"),
            ("/a/b", "/a/b/c", Some("c"), "two segments"),
            ("/a/b", "/a/bc", None, "a name that begins alike"),
            ("/a/b/", "/a/b/c", Some("c"), "a slash at the end changes nothing"),
            ("//a/./b", "/a/b/c", Some("c"), "nor does another spelling"),
            ("/caf%C3%A9", "/caf%c3%a9/x", Some("x"), "encoded"),
            ("/", "/a", Some("a"), "the root of all"),
        ];
        for (mount, raw, expected, why) in table {
            let mount = Mount::at(mount).expect("a path");
            let served = ServedPath::of_request(raw).and_then(|served| served.below(&mount));
            assert_eq!(
                served.as_ref().map(ServedPath::key),
                expected.map(str::as_bytes),
                "{raw} below {mount:?}: {why}"
            );
        }
        for path in ["", "static", "/a?b", "/a#b", "/a%00"] {
            assert_eq!(Mount::at(path), None, "{path}");
        }
        let below = |raw| ServedPath::of_request(raw)?.below(&Mount::at("/static")?);
        assert!(below("/static/.well-known/x").is_some_and(|served| served.is_hidden()), "that is another URL");
    }

    #[test]
    fn a_path_of_the_programs_own_keeps_the_requests_slash() {
        let table = [
            ("a", "/x", Some("a")),
            ("a", "/x/", Some("a/")),
            ("/a/../../b", "/x", Some("b")),
            ("", "/x", Some("")),
            ("", "/x/?q", Some("")),
            ("a\0", "/x", None),
        ];
        for (path, request, key) in table {
            let served = ServedPath::of_path(path.as_bytes(), request);
            assert_eq!(served.as_ref().map(ServedPath::key), key.map(str::as_bytes), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn no_path_names_anything_but_names(raw in "/([a.%/\\\\?#]|%2[eEfF]|%00|%5c|\\.\\.|\\PC){0,12}") {
            if let Some(served) = ServedPath::of_request(&raw) {
                let names: Vec<_> = served.path().split(|byte| *byte == b'/').collect();
                let is_name = |name: &&[u8]| !matches!(*name, b"" | b"." | b"..") && !name.contains(&0);
                prop_assert!(served.path().is_empty() || names.iter().all(is_name), "{:?}", served);
                prop_assert_eq!(served.is_hidden(), names[0].starts_with(b".") && names[0] != b".well-known"
                    || names[1..].iter().any(|name| name.starts_with(b".")));
            }
        }

        #[test]
        fn what_is_below_a_mount_is_what_its_path_says_behind_it(
            raw in "(/|s|st|a|\\.\\.|%2[eEfF]|\\.|%73){0,10}",
        ) {
            let served = ServedPath::of_request(&raw).expect("it is short");
            let below = served.clone().below(&Mount::at("/s").expect("a path"));
            let is_below = served.path() == b"s" || served.key().starts_with(b"s/");
            prop_assert_eq!(below.is_some(), is_below, "{}", raw);
            if let Some(below) = below {
                let rest = served.key().strip_prefix(b"s").map(|rest| rest.strip_prefix(b"/").unwrap_or(rest));
                prop_assert_eq!(Some(below.key()), rest);
            }
        }

        #[test]
        fn no_location_leads_elsewhere(raw in "([/\\\\@:.?#a%]|\\PC|[\\x00-\\x20]){0,12}") {
            let location = directory_location(&raw);
            prop_assert!(location.starts_with('/') && !location.starts_with("//"), "{}", location);
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{}", location);
            prop_assert_eq!(location.split('?').next().map(|path| path.ends_with('/')), Some(true));
        }
    }
}
