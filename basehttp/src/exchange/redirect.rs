//! `redirect` and `method_not_allowed`: responses whose field is the answer.

use std::io;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::Exchange;
use super::error::HTTPError;
use super::reply::misuse;
use super::status::IntoStatus;
use crate::proto;

/// The statuses that send a client to the `Location` by themselves (RFC 9110, section 15.4). 300 offers a choice, 304
/// is about a cache, and 305 and 306 are dead.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// The characters of a target that are percent-encoded: those that no URI has, and that a request's path may have here.
const ENCODED: &AsciiSet = &CONTROLS.add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

impl<M> Exchange<'_, M> {
    /// Sends a redirect to `target`, without a body. The status is 301, 302, 303, 307 or 308.
    ///
    /// 303 sends the client to a page after a form. 308 says that a page has moved for good, and 307 that it is
    /// elsewhere for now. In response to 301 and 302, clients may turn a POST into a GET. (RFC 9110, section 15.4.)
    ///
    /// `target` is a URI or a part of one, such as `/`, `/users?page=2` or `https://example.org/`. Characters above
    /// ASCII are percent-encoded. A target that comes from the client may lead to another site, also in the form
    /// `//site`.
    ///
    /// # Errors
    /// The status is another one, or the target is empty or has a control character, a space, `"`, `<`, `>` or `\`. The
    /// client then gets a 500.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Form;
    /// # #[http_handler] impl Form {
    /// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     ex.redirect(303, "/thanks")
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Form, b"POST / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.starts_with(b"HTTP/1.0 303 See Other\r\n"));
    /// # assert!(reply.ends_with(b"\r\nLocation: /thanks\r\nContent-Length: 0\r\n\r\n"));
    /// ```
    pub fn redirect<'s>(&self, status: impl IntoStatus<'s>, target: impl AsRef<str>) -> io::Result<()> {
        let status = status.into();
        let code = status.code();
        if !REDIRECTS.contains(&code) {
            return Err(misuse(&format!("{code} is not a redirect: write 301, 302, 303, 307 or 308")));
        }
        let location = location(target.as_ref()).map_err(|fault| misuse(&fault))?;
        self.send_response(status).send_header("Location", location).send_body("")
    }

    /// Sends a 405 (Method Not Allowed) with the page of `send_error`, and with `methods` in the field `Allow` (RFC
    /// 9110, section 15.5.6).
    ///
    /// # Errors
    /// Those of [`send_error`](Self::send_error), and an entry of `methods` that is not a method's name.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Page;
    /// # #[http_handler] impl Page {
    /// # fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "") }
    /// fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     match ex.segments()[..] {
    ///         ["form"] => ex.send_text(200, "thanks"),
    ///         _ => ex.method_not_allowed(&["GET", "HEAD"]),
    ///     }
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Page, b"POST / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.starts_with(b"HTTP/1.0 405 Method Not Allowed\r\n"));
    /// # assert!(String::from_utf8(reply).unwrap().contains("\r\nAllow: GET, HEAD\r\n"));
    /// ```
    pub fn method_not_allowed(&self, methods: &[&str]) -> io::Result<()> {
        match methods.iter().find(|method| !proto::is_token(method.as_bytes())) {
            Some(method) => Err(misuse(&format!("{method:?} is not the name of a method: write for example \"GET\""))),
            None => self.send_error(HTTPError::method_not_allowed(methods)),
        }
    }
}

/// Returns the value of `Location` for a target, or what is wrong with it.
fn location(target: &str) -> Result<String, String> {
    if target.is_empty() {
        return Err("an empty target leads to the same page: write for example \"/\"".to_owned());
    }
    // Browsers read `\` as `/`, and the others may end an attribute or a line.
    let is_forbidden = |character: char| character.is_control() || matches!(character, ' ' | '"' | '<' | '>' | '\\');
    match target.chars().find(|&character| is_forbidden(character)) {
        Some(offender) => Err(format!("the target of a redirect has {offender:?}: percent-encode it")),
        None => Ok(utf8_percent_encode(target, ENCODED).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_sent_as_it_is_but_for_what_no_uri_has() {
        for (target, expected) in [
            ("/", "/"),
            ("?page=2#top", "?page=2#top"),
            ("https://[::1]:8000/a%2Fb?c=d&e=%zz", "https://[::1]:8000/a%2Fb?c=d&e=%zz"),
            ("/caf\u{e9}/\u{4e2d}", "/caf%C3%A9/%E4%B8%AD"),
            ("/a|b^c{d}`", "/a%7Cb%5Ec%7Bd%7D%60"),
            ("//other.example/", "//other.example/"),
        ] {
            assert_eq!(location(target).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_target_cannot_split_the_response_or_leave_an_attribute() {
        for target in
            ["", "/\r\nSet-Cookie: a=b", "/\n", "/\0", "/\t", "/\u{7f}", "/\u{85}", "/a b", "/\"", "/<b>", "/\\host"]
        {
            assert!(location(target).is_err(), "{target:?}");
        }
    }

    proptest! {
        #[test]
        fn a_location_is_visible_ascii_that_ends_no_attribute(target in ".{0,20}|[\\x00-\\x7f]{0,4}") {
            if let Ok(location) = location(&target) {
                prop_assert!(location.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !b"\"<>\\".contains(&byte)));
            }
        }
    }
}
