//! The media type of a file, guessed from its name alone, and how a name is given to a client. Pure.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

/// The original's map: what is compressed is sent as that, never as a coding of what is inside.
const EXTENSIONS: [(&str, &str); 4] = [
    (".gz", "application/gzip"),
    (".Z", "application/octet-stream"),
    (".bz2", "application/x-bzip2"),
    (".xz", "application/x-xz"),
];

/// Where the table of `mime_guess` is behind the registry of IANA, or browsers.
const CORRECTIONS: [(&str, &str); 10] = [
    ("br", "application/octet-stream"),
    ("cjs", "text/javascript"),
    ("m3u8", "application/vnd.apple.mpegurl"),
    ("map", "application/json"),
    ("mjs", "text/javascript"),
    ("tgz", "application/gzip"),
    ("ts", "video/mp2t"),
    ("vcf", "text/vcard"),
    ("woff", "font/woff"),
    ("zst", "application/zstd"),
];

/// The seed's `extensions_map` and `default_content_type`.
#[derive(Clone, Debug)]
pub struct MediaTypes {
    extensions: HashMap<String, String>,
    default: String,
}

impl Default for MediaTypes {
    fn default() -> Self {
        let owned = |(extension, media_type): (&str, &str)| (extension.to_owned(), media_type.to_owned());
        MediaTypes { extensions: EXTENSIONS.map(owned).into(), default: "application/octet-stream".into() }
    }
}

impl MediaTypes {
    pub fn add(&mut self, extension: String, media_type: String) {
        self.extensions.insert(extension, media_type);
    }

    pub fn set_default(&mut self, media_type: String) {
        self.default = media_type;
    }

    /// All types that a program gave, to be checked.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.extensions.values().map(String::as_str).chain([self.default.as_str()])
    }

    /// The extension as it is, then in lower case, in the map; then the table of known types; then the default.
    pub fn guess(&self, path: &Path) -> String {
        let extension = path.extension().map_or(Some(""), |extension| extension.to_str()).unwrap_or("");
        let dotted = if extension.is_empty() { String::new() } else { format!(".{extension}") };
        let lower = extension.to_ascii_lowercase();
        let mapped = self.extensions.get(&dotted).or_else(|| self.extensions.get(&dotted.to_ascii_lowercase()));
        let corrected = || CORRECTIONS.iter().find(|(known, _)| *known == lower).map(|(_, media_type)| *media_type);
        let known = || mime_guess::from_ext(&lower).first_raw();
        match mapped.map(String::as_str).or_else(corrected).or_else(known) {
            // The file may say otherwise itself, but nearly all text is UTF-8, and without a word browsers guess.
            Some(text) if mapped.is_none() && text.starts_with("text/") => format!("{text}; charset=utf-8"),
            Some(media_type) => media_type.to_owned(),
            None => self.default.clone(),
        }
    }
}

/// `Content-Disposition: attachment` with the name of the file (RFC 6266): plain for old clients, and as it is.
pub fn attachment(name: &[u8]) -> String {
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
        assert_eq!(types.guess(Path::new("README")), "text/x-none", "no extension is an extension, as in the original");
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
