//! The `Content-Disposition` of a part: the name of its field, and of its file (RFC 7578, section 4.2).
//!
//! | sent                              | read                                                                       |
//! |-----------------------------------|----------------------------------------------------------------------------|
//! | `name="a\"b\\c"`                  | `a"b\c`, the escapes of curl before 7.81                                    |
//! | `name="a\b"`                      | `a\b`, since browsers send a backslash as it is                            |
//! | `name="a%22b"`                    | `a%22b`. Browsers and curl send `"` so, and `%` as it is                    |
//! | `filename=x; filename*=UTF-8''y`  | `x`, since RFC 7578 has no `filename*`. .NET sends both                     |
//! | `filename*=UTF-8''caf%C3%A9`      | `café`, since Python's `email` sends it alone (RFC 8187, section 3.2)      |
//! | bytes that are not UTF-8          | U+FFFD                                                                      |

use percent_encoding::percent_decode_str;

use super::super::content_type::Params;

/// The names in the `Content-Disposition` of a part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Disposition {
    /// The name of the field, which may be empty.
    pub name: String,
    /// The name of the file, which may be empty.
    pub file_name: Option<String>,
}

impl Disposition {
    /// Reads the value of the field. The error says what is wrong with it.
    pub(crate) fn parse(value: &[u8]) -> Result<Self, &'static str> {
        let text = String::from_utf8_lossy(value);
        let (kind, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        if !kind.trim_matches([' ', '\t']).eq_ignore_ascii_case("form-data") {
            return Err("its content-disposition is not form-data");
        }
        let (mut name, mut file_name, mut extended) = (None, None, None);
        for param in Params::new(params) {
            let (key, value) = param.ok_or("its content-disposition is not form-data; name=\"...\"")?;
            let place = match key.to_ascii_lowercase().as_str() {
                "name" => &mut name,
                "filename" => &mut file_name,
                "filename*" => &mut extended,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err("its content-disposition has a name twice");
            }
        }
        let file_name = match (file_name, extended) {
            (Some(quoted), _) => Some(unquote(quoted)),
            (None, Some(extended)) => Some(decode(extended).ok_or("its filename* is not utf-8'' and percent-encoded")?),
            (None, None) => None,
        };
        Ok(Self { name: unquote(name.ok_or("it has no name")?), file_name })
    }
}

/// Takes the quotes off, and the backslash before a quote or another backslash.
fn unquote(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '"' | '\\'));
        text.push(escaped.unwrap_or(c));
    }
    text
}

/// Decodes a value with a character set and a language in front.
fn decode(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let text = percent_decode_str(encoded).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_clients_send_them() {
        let table: [(&str, &str, Option<&str>, &str); 22] = [
            ("form-data; name=\"a\"", "a", None, "a field"),
            ("form-data; name=a", "a", None, "a token"),
            ("Form-Data ;NAME=\"a\";FileName=\"b\" ;", "a", Some("b"), "case and spaces"),
            ("form-data; name=\"\"; filename=\"\"", "", Some(""), "no file was chosen"),
            ("form-data; name=\"a;b=c\"; size=3", "a;b=c", None, "quotes hide, and other parameters"),
            (r#"form-data; name="a\"b\\c""#, r#"a"b\c"#, None, "escapes"),
            (r#"form-data; name="a\b"; filename="C:\dir\x.txt""#, r"a\b", Some(r"C:\dir\x.txt"), "no escapes"),
            (r#"form-data; name="a%22b%0D%0A""#, "a%22b%0D%0A", None, "as browsers escape"),
            ("form-data; name=\"caf\u{e9}\"; filename=\"\u{4e2d}\"", "caf\u{e9}", Some("\u{4e2d}"), "UTF-8"),
            ("form-data; name=a; filename=\"../../x\"", "a", Some("../../x"), "a path"),
            ("form-data; name=a; filename=x; filename*=UTF-8''y", "a", Some("x"), "the plain one is taken"),
            ("form-data; name=a; filename*=UTF-8''y; filename=x", "a", Some("x"), "the plain one is taken"),
            ("form-data; name=a; filename=x; filename*=nonsense", "a", Some("x"), "the other one is not looked at"),
            ("form-data; name=a; filename*=utf-8'en'caf%C3%A9%20x", "a", Some("caf\u{e9} x"), "alone, it is decoded"),
            ("form-data; name=a; filename*=utf-8''%2e%2E%2fx", "a", Some("../x"), "a path"),
            ("form-data", "!it has no name", None, ""),
            ("form-data; filename=\"x\"", "!it has no name", None, ""),
            ("form-data; name=a; name=b", "!its content-disposition has a name twice", None, ""),
            ("form-data; name=a; filename=x; FILENAME=x", "!its content-disposition has a name twice", None, ""),
            ("attachment; name=\"a\"", "!its content-disposition is not form-data", None, ""),
            ("form-data; name=\"a", "!its content-disposition is not form-data; name=\"...\"", None, ""),
            ("form-data; name=a; filename*=x", "!its filename* is not utf-8'' and percent-encoded", None, ""),
        ];
        for (text, name, file_name, why) in table {
            let expected = match name.strip_prefix('!') {
                Some(error) => Err(error),
                None => Ok(Disposition { name: name.to_owned(), file_name: file_name.map(str::to_owned) }),
            };
            assert_eq!(Disposition::parse(text.as_bytes()), expected, "{why}: {text}");
        }
        for text in ["", ";", "form-data; name", "form-data; name=a b", "form-data name=a", "form-data; =a", "name=a"] {
            assert!(Disposition::parse(text.as_bytes()).is_err(), "{text}");
        }
        for extended in ["latin1''x", "utf-8''%ff", "utf-8'x", "''x"] {
            let text = format!("form-data; name=a; filename*={extended}");
            assert!(Disposition::parse(text.as_bytes()).is_err(), "{text}");
        }
        let latin1 = Disposition::parse(b"form-data; name=\"a\"; filename=\"caf\xe9\"").unwrap();
        assert_eq!(latin1.file_name.as_deref(), Some("caf\u{fffd}"));
    }
}
