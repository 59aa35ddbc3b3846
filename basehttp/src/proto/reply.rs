//! Decides on the framing of a response, and whether the connection lives on. `write` and `exchange` make the bytes.
//!
//! | status, method          | body                                               |
//! |-------------------------|----------------------------------------------------|
//! | 1xx, 204, 304           | never                                              |
//! | 2xx to CONNECT          | never: what follows is a tunnel                    |
//! | 205                     | empty: `Content-Length: 0`                         |
//! | any other to HEAD       | fields as for GET, bytes dropped                   |
//! | any other               | allowed                                            |
//!
//! RFC 9110, sections 6.4.1, 9.3.2, 9.3.6 and 15.3.6; RFC 9112, sections 6.3 and 9.3.

use super::{head::ConnectionOptions, version::Version};

/// The body that a response may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// Bytes and framing fields.
    Allowed,
    /// The framing fields of the body that GET would get, but none of its bytes.
    HeadOnly,
    /// No bytes, and no framing fields that we would compute.
    Never,
    /// No bytes, and a length of zero that says so.
    Empty,
}

/// Returns the body that a response with this status to this method may carry.
pub(crate) fn body_allowed(status: u16, method: &str) -> BodyRule {
    match (status, method) {
        (100..=199 | 204 | 304, _) | (200..=299, "CONNECT") => BodyRule::Never,
        (205, _) => BodyRule::Empty,
        (_, "HEAD") => BodyRule::HeadOnly,
        _ => BodyRule::Allowed,
    }
}

/// Returns whether the connection may carry another request after this one.
///
/// `client` is the version of the request, `server` the version of our response. An HTTP/1.0 server closes after each
/// response, as Python's `http.server` does (RFC 9112, section 9.3).
pub(crate) const fn keeps_alive(client: Version, asked: ConnectionOptions, server: Version) -> bool {
    match (server, client) {
        (Version::Http10, _) => false,
        (Version::Http11, Version::Http11) => !asked.close,
        (Version::Http11, Version::Http10) => asked.keep_alive && !asked.close,
    }
}

/// Returns a bit for each field that a response has at most once, and 0 for the others. Two values of such a field say
/// nothing (RFC 9110, section 5.3). Fields that the server writes itself are not among them.
pub(crate) fn singleton(name: &str) -> u16 {
    let is = |one: &str| name.eq_ignore_ascii_case(one);
    // Each name is compared in an arm of its own, where its length is a constant, which makes the comparison short.
    match name.len() {
        3 if is("Age") => 1,
        4 if is("ETag") => 1 << 1,
        7 if is("Expires") => 1 << 2,
        8 if is("Location") => 1 << 3,
        11 if is("Retry-After") => 1 << 4,
        12 if is("Content-Type") => 1 << 5,
        13 if is("Content-Range") => 1 << 6,
        13 if is("Last-Modified") => 1 << 7,
        16 if is("Content-Location") => 1 << 8,
        _ => 0,
    }
}

/// The framing that marks the end of a response's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyFraming {
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The connection's end. Only for HTTP/1.0, and nothing may follow it.
    UntilClose,
    /// No body, and no field that speaks of one.
    NoBody,
}

/// Chooses the framing of a response.
///
/// `declared` is the handler's own `Content-Length`. `complete` is the size of a body that is already whole in the
/// buffer. `version` is the lower of the client's version and ours.
///
/// In a response to HEAD the choice names the fields only. A body that would end with the connection has none, so that
/// the connection may live on.
pub(crate) fn reply_framing(
    rule: BodyRule,
    declared: Option<u64>,
    complete: Option<u64>,
    version: Version,
) -> ReplyFraming {
    match (rule, declared.or(complete), version) {
        (BodyRule::Never, _, _) | (BodyRule::HeadOnly, None, Version::Http10) => ReplyFraming::NoBody,
        (BodyRule::Empty, _, _) => ReplyFraming::Length(0),
        (_, Some(length), _) => ReplyFraming::Length(length),
        (_, None, Version::Http11) => ReplyFraming::Chunked,
        (BodyRule::Allowed, None, Version::Http10) => ReplyFraming::UntilClose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BodyRule::{Allowed, Empty, HeadOnly, Never};
    use Version::{Http10, Http11};

    #[test]
    fn status_and_method_say_whether_a_body_may_follow() {
        let table = [
            (100, "GET", Never, "interim"),
            (101, "GET", Never, "another protocol follows"),
            (103, "GET", Never, "interim"),
            (200, "GET", Allowed, "the usual"),
            (204, "GET", Never, "no content"),
            (204, "HEAD", Never, "no content wins over HEAD: no Content-Length either"),
            (205, "GET", Empty, "reset content says its length is zero"),
            (205, "HEAD", Empty, "and so it does to HEAD"),
            (304, "GET", Never, "not modified"),
            (200, "HEAD", HeadOnly, "fields as for GET"),
            (404, "HEAD", HeadOnly, "fields as for GET"),
            (200, "CONNECT", Never, "a tunnel"),
            (205, "CONNECT", Never, "a tunnel"),
            (407, "CONNECT", Allowed, "no tunnel"),
            (999, "GET", Allowed, "unknown codes are ordinary"),
            (200, "head", Allowed, "methods are case-sensitive"),
        ];
        for (status, method, expected, why) in table {
            assert_eq!(body_allowed(status, method), expected, "{status} to {method}: {why}");
        }
    }

    #[test]
    fn fields_that_come_once_have_a_bit_of_their_own() {
        let names = [
            "Age",
            "Content-Location",
            "Content-Range",
            "Content-Type",
            "ETag",
            "Expires",
            "Last-Modified",
            "Location",
            "Retry-After",
        ];
        let bits = names.map(singleton);
        assert_eq!(bits.iter().fold(0, |all, bit| all | bit).count_ones() as usize, names.len());
        assert_eq!(singleton("content-TYPE"), singleton("Content-Type"));
        for list in ["Link", "Set-Cookie", "Vary", "Via", "WWW-Authenticate", "X-Age", "Act", "Link-Now", ""] {
            assert_eq!(singleton(list), 0, "{list}");
        }
    }

    #[test]
    fn persistence_needs_both_sides() {
        let (none, close) = (ConnectionOptions::default(), ConnectionOptions { close: true, keep_alive: false });
        let (keep, both) =
            (ConnectionOptions { close: false, keep_alive: true }, ConnectionOptions { close: true, keep_alive: true });
        let table = [
            (Http11, none, Http11, true, "the default of 1.1"),
            (Http11, close, Http11, false, "the client closes"),
            (Http11, both, Http11, false, "close wins"),
            (Http10, none, Http11, false, "the default of 1.0"),
            (Http10, keep, Http11, true, "asked for"),
            (Http10, both, Http11, false, "close wins"),
            (Http11, keep, Http10, false, "a 1.0 server closes"),
            (Http10, keep, Http10, false, "a 1.0 server closes"),
        ];
        for (client, asked, server, expected, why) in table {
            assert_eq!(keeps_alive(client, asked, server), expected, "{client} {asked:?} at {server}: {why}");
        }
    }

    #[test]
    fn framing_follows_from_what_is_known_when_the_head_goes_out() {
        use ReplyFraming::{Chunked, Length, NoBody, UntilClose};
        let table = [
            (Allowed, Some(5), None, Http11, Length(5), "the handler's own"),
            (Allowed, Some(5), Some(3), Http11, Length(5), "the handler's own wins; writing less is found out later"),
            (Allowed, None, Some(3), Http10, Length(3), "it fits the buffer"),
            (Allowed, None, None, Http11, Chunked, "longer than the buffer"),
            (Allowed, None, None, Http10, UntilClose, "no chunks in 1.0"),
            (HeadOnly, Some(5), None, Http11, Length(5), "as GET"),
            (HeadOnly, None, Some(3), Http11, Length(3), "as GET"),
            (HeadOnly, None, None, Http11, Chunked, "as GET"),
            (HeadOnly, None, None, Http10, NoBody, "no byte comes: no need to close"),
            (Never, Some(5), Some(5), Http11, NoBody, "whatever the handler wrote"),
            (Empty, Some(5), Some(5), Http10, Length(0), "whatever the handler wrote"),
        ];
        for (rule, declared, complete, version, expected, why) in table {
            assert_eq!(reply_framing(rule, declared, complete, version), expected, "{rule:?} {version}: {why}");
        }
    }
}
