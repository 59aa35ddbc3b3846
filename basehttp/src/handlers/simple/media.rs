//! Guesses the media type of a file from its name and its first bytes, and encodes a file's name for clients. Pure.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use super::charset;
use super::media_table::MEDIA_TYPES;

/// Python's map. Compressed files are sent as compressed files, never as a coding of their content.
const EXTENSIONS: [(&str, &str); 4] = [
    (".gz", "application/gzip"),
    (".Z", "application/octet-stream"),
    (".bz2", "application/x-bzip2"),
    (".xz", "application/x-xz"),
];

/// First bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP_MAGIC: &[u8] = b"\x1f\x8b";

/// Python's `extensions_map` and `default_content_type`.
#[derive(Clone, Debug)]
pub(super) struct MediaTypes {
    extensions: HashMap<String, String>,
    default: String,
    /// The charset of text. If empty, none is sent.
    charset: String,
}

/// The type of a file's content, for all of its codings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    pub content_type: String,
    /// The file itself is compressed and browsers must unpack it, such as `.svgz`.
    pub is_gzipped: bool,
}

impl Default for MediaTypes {
    fn default() -> Self {
        let owned = |(extension, media_type): (&str, &str)| (extension.to_owned(), media_type.to_owned());
        let (default, charset) = ("application/octet-stream".into(), "utf-8".into());
        MediaTypes { extensions: EXTENSIONS.map(owned).into(), default, charset }
    }
}

impl MediaTypes {
    pub(super) fn add(&mut self, extension: String, media_type: String) {
        self.extensions.insert(extension, media_type);
    }

    pub(super) fn set_default(&mut self, media_type: String) {
        self.default = media_type;
    }

    pub(super) fn set_charset(&mut self, charset: String) {
        self.charset = charset;
    }

    pub(super) fn charset(&self) -> &str {
        &self.charset
    }

    /// Returns all types that a program gave, for a check.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.extensions.values().map(String::as_str).chain([self.default.as_str()])
    }

    /// Guesses the type from the name alone, in this order: the map with the extension as it is, the map with it in
    /// lower case, the table, the default.
    pub(super) fn guess(&self, path: &Path) -> String {
        match self.look_up(path) {
            (text, TypeSource::Table) if takes_charset(text) => self.with_charset(text),
            (media_type, _) => media_type.to_owned(),
        }
    }

    /// Guesses the type from the name and the first bytes. Calls `head` only if these bytes matter.
    pub(super) fn describe(&self, path: &Path, head: impl FnOnce() -> Vec<u8>) -> Description {
        let (media_type, source) = self.look_up(path);
        let is_plain = |content_type| Description { content_type, is_gzipped: false };
        match source {
            // Nearly all text is UTF-8, and without a charset browsers guess. The file may still name another one.
            TypeSource::Table if takes_charset(media_type) && !self.charset.is_empty() => {
                let may_be = charset::may_be(&self.charset, media_type, &head());
                is_plain(if may_be { self.with_charset(media_type) } else { media_type.to_owned() })
            }
            TypeSource::Table if lower_extension(path) == "svgz" => {
                Description { content_type: media_type.to_owned(), is_gzipped: head().starts_with(GZIP_MAGIC) }
            }
            _ => is_plain(media_type.to_owned()),
        }
    }

    fn look_up(&self, path: &Path) -> (&str, TypeSource) {
        let extension = path.extension().map_or(Some(""), |extension| extension.to_str()).unwrap_or("");
        let dotted = if extension.is_empty() { String::new() } else { format!(".{extension}") };
        let mapped = self.extensions.get(&dotted).or_else(|| self.extensions.get(&dotted.to_ascii_lowercase()));
        if let Some(media_type) = mapped {
            return (media_type, TypeSource::Map);
        }
        match MEDIA_TYPES.binary_search_by_key(&&*lower_extension(path), |(known, _)| known) {
            Ok(at) => (MEDIA_TYPES[at].1, TypeSource::Table),
            Err(_) => (&self.default, TypeSource::Default),
        }
    }

    fn with_charset(&self, media_type: &str) -> String {
        match &*self.charset {
            "" => media_type.to_owned(),
            charset => format!("{media_type}; charset={charset}"),
        }
    }
}

/// The origin of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TypeSource {
    /// A program or Python's map gave the type. It is sent unchanged.
    Map,
    Table,
    Default,
}

fn takes_charset(media_type: &str) -> bool {
    media_type.starts_with("text/")
}

/// Returns the extension in lower case. Empty if there is none.
fn lower_extension(path: &Path) -> String {
    path.extension().and_then(OsStr::to_str).unwrap_or("").to_ascii_lowercase()
}

/// Makes `Content-Disposition: attachment` with the file's name (RFC 6266), once in plain ASCII for old clients, once
/// in full.
pub(super) fn attachment(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let mut value = String::from("attachment; filename=\"");
    value.extend(name.chars().map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' }));
    value.push_str("\"; filename*=UTF-8''");
    for byte in name.bytes() {
        // RFC 8187, section 3.2.1: attr-char.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            write!(value, "%{byte:02X}").expect("a string takes everything");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_follows_from_the_extension() {
        let mut types = MediaTypes::default();
        types.add(".foo".into(), "application/x-foo".into());
        types.add(".Bar".into(), "text/x-bar".into());
        types.add(".md".into(), "text/markdown".into());
        let table = [
            ("index.html", "text/html; charset=utf-8"),
            ("a/INDEX.HTM", "text/html; charset=utf-8"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.css", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.wasm", "application/wasm"),
            ("a.png", "image/png"),
            ("a.mp4", "video/mp4"),
            ("a.woff2", "font/woff2"),
            ("a.tar.gz", "application/gzip"),
            ("a.tgz", "application/gzip"),
            ("a.Z", "application/octet-stream"),
            ("a.bz2", "application/x-bzip2"),
            ("a.XZ", "application/x-xz"),
            ("a.foo", "application/x-foo"),
            ("a.FOO", "application/x-foo"),
            ("a.Bar", "text/x-bar"),
            ("a.bar", "application/octet-stream"),
            ("a.md", "text/markdown"),
            ("a", "application/octet-stream"),
            (".html", "application/octet-stream"),
            ("a.", "application/octet-stream"),
            ("a.nobody-knows", "application/octet-stream"),
            ("a.html/b", "application/octet-stream"),
        ];
        for (path, expected) in table {
            assert_eq!(types.guess(Path::new(path)), expected, "{path}");
        }
        types.set_default("text/plain".into());
        types.add(String::new(), "text/x-none".into());
        assert_eq!(types.guess(Path::new("a.nobody-knows")), "text/plain", "the default is sent as it was given");
        assert_eq!(types.guess(Path::new("README")), "text/x-none", "no extension is an extension, as in Python");
    }

    #[test]
    fn the_table_is_sorted_and_every_type_in_it_can_be_sent() {
        assert!(MEDIA_TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0), "binary search needs it");
        for (extension, media_type) in MEDIA_TYPES {
            let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(is_name(extension) && !extension.bytes().any(|byte| byte.is_ascii_uppercase()), "{extension}");
            let parts = media_type.split_once('/').filter(|(kind, subtype)| is_name(kind) && is_name(subtype));
            assert!(parts.is_some() && !media_type.contains(';'), "{extension}: {media_type}");
        }
    }

    #[test]
    fn extensions_mean_what_files_of_that_name_are_today() {
        let types = MediaTypes::default();
        let table = [
            ("rpm", "application/x-rpm"),
            ("otf", "font/otf"),
            ("obj", "model/obj"),
            ("stl", "model/stl"),
            ("yaml", "application/yaml"),
            ("yml", "application/yaml"),
            ("toml", "application/toml"),
            ("m4a", "audio/mp4"),
            ("mts", "video/mp2t"),
            ("usdz", "model/vnd.usdz+zip"),
            ("wgsl", "text/wgsl; charset=utf-8"),
            ("svgz", "image/svg+xml"),
            ("rs", "text/plain; charset=utf-8"),
            ("avif", "image/avif"),
            ("jxl", "image/jxl"),
            ("heic", "image/heic"),
            ("webmanifest", "application/manifest+json"),
            ("gltf", "model/gltf+json"),
            ("glb", "model/gltf-binary"),
            ("opus", "audio/ogg"),
            ("flac", "audio/flac"),
            ("mkv", "video/matroska"),
            ("webm", "video/webm"),
            ("m3u8", "application/vnd.apple.mpegurl"),
            ("ico", "image/vnd.microsoft.icon"),
            ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ("epub", "application/epub+zip"),
            ("zst", "application/zstd"),
            ("map", "application/json"),
        ];
        for (extension, expected) in table {
            assert_eq!(types.guess(Path::new(&format!("a.{extension}"))), expected, "{extension}");
        }
    }

    #[test]
    fn the_first_bytes_of_a_file_have_a_say_where_the_table_has_named_it() {
        let mut types = MediaTypes::default();
        types.add(".own".into(), "text/html; charset=koi8-r".into());
        let table: [(&str, &[u8], &str, bool, &str); 8] = [
            ("a.html", b"<p>caf\xc3\xa9", "text/html; charset=utf-8", false, "UTF-8"),
            ("a.html", b"<meta charset=shift_jis>", "text/html", false, "it names another encoding"),
            ("a.txt", b"caf\xe9", "text/plain", false, "it is not UTF-8"),
            ("a.own", b"<meta charset=shift_jis>", "text/html; charset=koi8-r", false, "the program's own type"),
            ("a.png", b"caf\xe9", "image/png", false, "no text"),
            ("a.svgz", b"\x1f\x8b\x08", "image/svg+xml", true, "compressed"),
            ("a.svgz", b"<svg/>", "image/svg+xml", false, "only said to be compressed"),
            ("a.gz", b"\x1f\x8b\x08", "application/gzip", false, "sent as what it is"),
        ];
        for (path, head, content_type, is_gzipped, why) in table {
            let expected = Description { content_type: content_type.into(), is_gzipped };
            assert_eq!(types.describe(Path::new(path), || head.to_vec()), expected, "{path}: {why}");
        }
        types.set_charset("shift_jis".into());
        assert_eq!(types.guess(Path::new("a.txt")), "text/plain; charset=shift_jis");
        assert_eq!(types.describe(Path::new("a.txt"), Vec::new).content_type, "text/plain; charset=shift_jis");
        types.set_charset(String::new());
        assert_eq!(types.describe(Path::new("a.txt"), || panic!("it is not asked")).content_type, "text/plain");
    }

    #[test]
    fn an_attachments_name_cannot_leave_its_quotes() {
        let table: [(&[u8], &str, &str); 5] = [
            (b"a.txt", "a.txt", "a.txt"),
            (b"a \"b\\.txt", "a _b_.txt", "a%20%22b%5C.txt"),
            ("caf\u{e9}".as_bytes(), "caf_", "caf%C3%A9"),
            (b"a\r\nX: y", "a__X: y", "a%0D%0AX%3A%20y"),
            (b"\xff%41", "__41", "%EF%BF%BD%2541"),
        ];
        for (name, plain, encoded) in table {
            assert_eq!(attachment(name), format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"));
        }
    }
}
