//! [`BasicUser`]: a guard for the name and password that a browser asks for (RFC 7617).
//!
//! | `Authorization`                                        |                      |
//! |--------------------------------------------------------|----------------------|
//! | `Basic` and base64 of `name:password`, which is right  | the guard is made    |
//! | missing, there twice, or of another scheme             | 401                  |
//! | not base64 as RFC 4648, section 4 writes it            | 401                  |
//! | not UTF-8, without a colon, or with a control character | 401                 |
//! | a name or password that is wrong                       | 401                  |

use std::fmt;

use super::error::{HTTPError, Result};
use super::{Exchange, Guard};

/// A handler that knows names and passwords, for the guard [`BasicUser`].
///
/// Browsers send the password in clear text, so serve it over TLS or on this computer alone. Tests send one by
/// [`Request::basic_auth`](crate::testing::Request::basic_auth).
///
/// ```
/// use basehttp::{BasicAuth, BasicUser, Credentials, http_handler};
///
/// struct Site {
///     password: String,
/// }
///
/// impl BasicAuth for Site {
///     fn realm(&self) -> &str {
///         "the library"
///     }
///
///     fn knows(&self, credentials: &Credentials) -> bool {
///         credentials.are("ann", &self.password)
///     }
/// }
///
/// #[http_handler]
/// impl Site {
///     fn do_GET(&self, #[guard] user: BasicUser) -> String {
///         format!("hello {}", user.name())
///     }
/// }
/// # let site = Site { password: "open sesame".into() };
/// # use basehttp::testing::get;
/// # let refused = get("/").send(&site).expect_status(401);
/// # assert_eq!(refused.header("WWW-Authenticate"), Some("Basic realm=\"the library\", charset=\"UTF-8\""));
/// # assert_eq!(get("/").basic_auth("ann", "open sesame").send(&site).text(), "hello ann");
/// ```
#[diagnostic::on_unimplemented(
    message = "the handler `{Self}` does not say which names and passwords it knows",
    label = "`{Self}` does not implement `BasicAuth`",
    note = "write `impl BasicAuth for {Self}` with the functions `realm` and `knows`"
)]
pub trait BasicAuth {
    /// Returns the name of the area that the password is for. Browsers show it, and ask once for each.
    fn realm(&self) -> &str;

    /// Returns whether these are a name and its password. It may block, as the method may.
    fn knows(&self, credentials: &Credentials) -> bool;
}

/// Name and password as a client has sent them. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    name: String,
    password: String,
}

/// A user whom the handler knows, by [`BasicAuth`]. A guard of every handler that implements it.
///
/// A method with such a parameter is called for known users alone. Any other request gets a 401 with
/// `WWW-Authenticate`, for which browsers ask for name and password (RFC 7617).
///
/// A guard of your own can call its `check`, for instance to keep the name for the log:
///
/// ```
/// use basehttp::{BasicAuth, BasicUser, Credentials, Exchange, Guard, Result, http_handler};
///
/// struct Site;
/// # impl BasicAuth for Site {
/// #     fn realm(&self) -> &str {
/// #         "x"
/// #     }
/// #     fn knows(&self, credentials: &Credentials) -> bool {
/// #         credentials.are("ann", "open sesame")
/// #     }
/// # }
///
/// struct User(BasicUser);
///
/// impl<'c> Guard<'c, Site> for User {
///     fn check(site: &Site, ex: &Exchange<'c>) -> Result<Self> {
///         let user = BasicUser::check(site, ex)?;
///         ex.insert(user.clone());
///         Ok(User(user))
///     }
/// }
///
/// #[http_handler]
/// impl Site {
///     fn do_GET(&self, #[guard] user: User) -> String {
///         format!("hello {}", user.0.name())
///     }
///
///     fn log_request(&self, ex: &Exchange, code: u16, _: Option<u64>) {
///         let user = ex.get::<BasicUser>().map_or("-", BasicUser::name);
///         ex.log_message(format_args!("{user} \"{}\" {code}", ex.requestline));
///     }
/// }
/// # let request = basehttp::testing::get("/").basic_auth("ann", "open sesame");
/// # assert_eq!(request.send(&Site).text(), "hello ann");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicUser {
    name: String,
}

impl BasicUser {
    /// Returns the user's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Credentials {
    /// Returns the user's name, which has no colon.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the password, for a comparison with its hash. Compare a password itself with [`are`](Self::are).
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns whether they are this name and this password.
    ///
    /// The time that it takes does not tell a client how many characters are right. It may tell the lengths.
    pub fn are(&self, name: &str, password: &str) -> bool {
        // Both, whatever the first one says.
        is_same(self.name.as_bytes(), name.as_bytes()) & is_same(self.password.as_bytes(), password.as_bytes())
    }

    /// Reads the value of an `Authorization` field.
    fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, rest) = value.split_at_checked(5)?;
        let token = rest.strip_prefix(b" ").filter(|_| scheme.eq_ignore_ascii_case(b"basic"))?.trim_ascii();
        let text = String::from_utf8(base64(token)?).ok().filter(|text| !text.contains(char::is_control))?;
        let (name, password) = text.split_once(':')?;
        Some(Credentials { name: name.to_owned(), password: password.to_owned() })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'c, H: BasicAuth, M> Guard<'c, H, M> for BasicUser {
    fn check(handler: &H, ex: &Exchange<'c, M>) -> Result<Self> {
        let mut fields = ex.fields.iter().filter(|field| field.name().eq_ignore_ascii_case("authorization"));
        let credentials = match (fields.next(), fields.next()) {
            (Some(field), None) => Credentials::parse(field.value()),
            _ => None,
        };
        match credentials.filter(|credentials| handler.knows(credentials)) {
            Some(credentials) => Ok(BasicUser { name: credentials.name }),
            None => Err(unauthorized(handler.realm()).into()),
        }
    }
}

/// RFC 7617, section 2.1: the charset is a hint that name and password are sent as UTF-8.
fn unauthorized(realm: &str) -> HTTPError {
    let realm = realm.replace('\\', "\\\\").replace('"', "\\\"");
    HTTPError::from(401).with_header("WWW-Authenticate", format!("Basic realm=\"{realm}\", charset=\"UTF-8\""))
}

/// Compares without an early end. The time depends on what was sent, and not on where it differs.
fn is_same(sent: &[u8], right: &[u8]) -> bool {
    let mut difference = sent.len() ^ right.len();
    for (at, byte) in sent.iter().enumerate() {
        difference |= usize::from(byte ^ right.get(at).copied().unwrap_or_default());
        // Otherwise the compiler may leave the loop when the result is known.
        difference = std::hint::black_box(difference);
    }
    difference == 0
}

/// Decodes base64 with its padding (RFC 4648, section 4). Each text has one spelling: unused bits are zero, and there
/// is no space.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let digits = &text[..text.len() - padding];
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for byte in group {
            bits = bits << 6 | digit(*byte)?;
        }
        // A group of two or three digits has 4 or 2 bits too many.
        let (count, unused) = match group.len() {
            4 => (3, 0),
            3 => (2, 2),
            2 => (1, 4),
            _ => return None,
        };
        if bits & ((1 << unused) - 1) != 0 {
            return None;
        }
        let bytes = (bits >> unused).to_be_bytes();
        decoded.extend_from_slice(&bytes[4 - count..]);
    }
    Some(decoded)
}

fn digit(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_has_one_spelling_for_each_text() {
        let table: [(&str, Option<&[u8]>); 18] = [
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==", Some(b"foob")),
            ("Zm9vYmFy", Some(b"foobar")),
            ("+/+/", Some(b"\xfb\xff\xbf")),
            ("", None),
            ("Zg", None),
            ("Zg=", None),
            ("Zg===", None),
            ("Z===", None),
            ("====", None),
            ("Zh==", None),
            ("Zm9=", None),
            ("Zg==Zg==", None),
            ("Zm 9v", None),
            ("Zm9\n", None),
            ("-_-_", None),
        ];
        for (text, expected) in table {
            assert_eq!(base64(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn credentials_are_read_strictly() {
        let table = [
            ("Basic YW5uOnNlY3JldA==", Some(("ann", "secret"))),
            ("basic YW5uOnNlY3JldA==", Some(("ann", "secret"))),
            ("BASIC  YW5uOnNlY3JldA== ", Some(("ann", "secret"))),
            ("Basic YW5uOg==", Some(("ann", ""))),
            ("Basic OnNlY3JldA==", Some(("", "secret"))),
            ("Basic YTpiOmM=", Some(("a", "b:c"))),
            ("Basic dGVzdDoxMjPCow==", Some(("test", "123\u{a3}"))),
            ("Basic YW5uOnNlY3JldA", None),
            ("BasicYW5uOnNlY3JldA==", None),
            ("Bearer YW5uOnNlY3JldA==", None),
            ("Basic", None),
            ("Basic ", None),
            ("", None),
            ("Basic YW5u", None),
            ("Basic YTpiCg==", None),
            ("Basic YTr/", None),
        ];
        for (value, expected) in table {
            let read = Credentials::parse(value.as_bytes());
            assert_eq!(read.as_ref().map(|read| (read.name(), read.password())), expected, "{value}");
        }
    }

    #[test]
    fn the_right_ones_are_both_right() {
        let sent = Credentials { name: "ann".into(), password: "secret".into() };
        assert!(sent.are("ann", "secret"));
        for (name, password) in [
            ("ann", "secre"),
            ("ann", "secret "),
            ("ann", "Secret"),
            ("an", "secret"),
            ("", ""),
            ("ann", ""),
            ("bob", "x"),
        ] {
            assert!(!sent.are(name, password), "{name} {password}");
        }
        assert!(!format!("{sent:?}").contains("secret"));
    }

    #[test]
    fn a_realm_stays_within_its_quotes() {
        let error = unauthorized("a \"b\" \\c");
        assert_eq!(error.code(), 401);
        let expected = r#"Basic realm="a \"b\" \\c", charset="UTF-8""#;
        assert_eq!(error.headers(), [("WWW-Authenticate".to_owned(), expected.to_owned())]);
    }

    proptest! {
        #[test]
        fn same_texts_alone_are_the_same(one in ".{0,8}", other in ".{0,8}") {
            prop_assert_eq!(is_same(one.as_bytes(), other.as_bytes()), one == other);
            prop_assert!(is_same(one.as_bytes(), one.as_bytes()));
        }

        #[test]
        fn what_is_decoded_was_encoded_so(text in "[A-Za-z0-9+/]{0,12}={0,3}") {
            const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            if let Some(decoded) = base64(text.as_bytes()) {
                // A plain encoder.
                let mut encoded = String::new();
                for group in decoded.chunks(3) {
                    let mut three = [0; 3];
                    three[..group.len()].copy_from_slice(group);
                    let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
                    for place in 0..4 {
                        let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
                        encoded.push(if place <= group.len() { char::from(digit) } else { '=' });
                    }
                }
                prop_assert_eq!(encoded, text);
            }
        }
    }
}
