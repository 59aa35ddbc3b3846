//! A name and a password in the requests of tests (RFC 7617).

use super::request::Request;

impl Request {
    /// Adds a name and a password, in the place of an `Authorization` that is there (RFC 7617). They are sent as UTF-8.
    ///
    /// # Panics
    /// If the name has a colon, where the password would begin, or if either has a control character.
    ///
    /// ```
    /// use basehttp::{BasicAuth, BasicUser, Credentials, http_handler, testing};
    ///
    /// struct Site;
    ///
    /// impl BasicAuth for Site {
    ///     fn realm(&self) -> &str {
    ///         "the library"
    ///     }
    ///
    ///     fn knows(&self, credentials: &Credentials) -> bool {
    ///         credentials.are("ann", "open sesame")
    ///     }
    /// }
    ///
    /// #[http_handler]
    /// impl Site {
    ///     fn do_GET(&self, #[guard] user: BasicUser) -> String {
    ///         format!("hello {}", user.name())
    ///     }
    /// }
    ///
    /// assert_eq!(testing::get("/").basic_auth("ann", "open sesame").send(&Site).text(), "hello ann");
    /// testing::get("/").basic_auth("ann", "a guess").send(&Site).expect_status(401);
    /// ```
    #[track_caller]
    pub fn basic_auth(self, name: &str, password: &str) -> Self {
        assert!(!name.contains(':'), "the name {name:?} has a colon, which ends a name: leave it out");
        for (what, text) in [("name", name), ("password", password)] {
            if let Some(odd) = text.chars().find(|c| c.is_control()) {
                panic!("the {what} has {odd:?}: leave it out, since no control character can be sent");
            }
        }
        let token = base64(format!("{name}:{password}").as_bytes());
        self.without("Authorization").header("Authorization", format_args!("Basic {token}"))
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes in base64 with its padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        // One byte takes two digits, two bytes take three.
        let digits = [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]));
        text.extend(&digits[..=group.len()]);
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::super::request::get;
    use super::*;

    #[test]
    fn base64_has_the_texts_of_the_standard() {
        let table = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, expected) in table {
            assert_eq!(base64(bytes.as_bytes()), expected, "{bytes}");
        }
        assert_eq!(base64(b"\xfb\xff\xbf\x00"), "+/+/AA==");
    }

    #[test]
    fn credentials_are_written_as_in_the_examples_of_the_standard() {
        let table = [
            (("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "section 2"),
            (("test", "123\u{a3}"), "dGVzdDoxMjPCow==", "section 2.1, UTF-8"),
            (("", ""), "Og==", "neither has a character"),
            (("a", "b:c"), "YTpiOmM=", "a colon in the password"),
        ];
        for ((name, password), expected, why) in table {
            // The last one counts.
            let request = get("/").header("authorization", "Bearer x").basic_auth("a", "b").basic_auth(name, password);
            let text = String::from_utf8(request.to_bytes()).expect("text");
            let fields = text.lines().filter(|line| line.to_ascii_lowercase().starts_with("authorization"));
            assert_eq!(fields.collect::<Vec<_>>(), [format!("Authorization: Basic {expected}")], "{why}");
        }
    }

    #[test]
    fn credentials_that_cannot_be_sent_are_refused_without_showing_the_password() {
        let refused = |name: &'static str, password: &'static str| {
            let panic = catch_unwind(|| get("/").basic_auth(name, password)).expect_err("it cannot be sent");
            panic.downcast_ref::<String>().cloned().unwrap_or_default()
        };
        assert!(refused("a:b", "c").contains(r#"the name "a:b" has a colon"#));
        assert!(refused("a\n", "c").contains(r"the name has '\n'"));
        let text = refused("a", "secret\0");
        assert!(text.contains(r"the password has '\0'") && !text.contains("secret"), "{text}");
    }
}
