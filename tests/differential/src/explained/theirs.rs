//! Messages that a peer refuses and we take, and connections that it closes and we keep. These rows come first, since a
//! peer that has closed has not looked at the message at all.

use super::Direction::{BothMay, PeerIsStricter};
use super::Rule;
use super::helpers::{
    has_blank_in_extension, has_cut_trailer, has_large_chunk, has_length_above, has_long_length, has_no_end,
    has_odd_escape, has_tab_around, has_two, is_later_minor, target_holds,
};
use crate::reading::{End, Kind};

/// The longest length that hyper takes. It uses two numbers for bodies of another kind.
const HYPER_MOST: u64 = u64::MAX - 2;

/// nginx counts in signed file offsets.
const NGINX_MOST: u64 = i64::MAX as u64;

/// The methods among those of our streams that llhttp knows.
const NODE_METHODS: [&[u8]; 12] = [
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
    b"M-SEARCH",
    b"REPORT",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "h11 keeps no connection of HTTP/1.0",
        peers: &["h11"],
        direction: BothMay,
        section: "9.3",
        why: "a server may close whenever it likes; we keep the connection where `keep-alive` asks for it",
        applies: |case| case.they_close() && case.previous.as_ref().is_some_and(|it| it.version() != b"HTTP/1.1"),
    },
    Rule {
        name: "h11 takes no empty line in front",
        peers: &["h11"],
        direction: PeerIsStricter,
        section: "2.2",
        why: "at least one should be ignored",
        applies: |case| case.they_refuse(400, "no request line received") && !case.message.lead.is_empty(),
    },
    Rule {
        name: "a tab beside a connection option",
        peers: &["node"],
        direction: PeerIsStricter,
        section: "RFC 9110, 5.6.3",
        why: "HTAB is white space like a blank; llhttp does not find the option",
        applies: |case| {
            let closes = case.they_close() || case.we_close() || case.they_refuse(400, "HPE_CLOSED_CONNECTION");
            closes && case.previous.as_ref().is_some_and(|it| has_tab_around(it, "connection"))
        },
    },
    Rule {
        name: "a tab beside a length or a coding",
        peers: &["node", "nginx"],
        direction: PeerIsStricter,
        section: "RFC 9110, 5.6.3",
        why: "HTAB is white space like a blank; the peers take it for a part of the value",
        applies: |case| {
            let is_length = case.they_refuse(400, "Content-Length") || case.they_refuse(400, "Bad Request");
            let is_coding = case.they_refuse(400, "Transfer-Encoding") || case.they_refuse(501, "");
            (is_length && has_tab_around(&case.message, "content-length"))
                || (is_coding && has_tab_around(&case.message, "transfer-encoding"))
        },
    },
    Rule {
        name: "a tab beside a host",
        peers: &["nginx"],
        direction: PeerIsStricter,
        section: "RFC 9110, 5.6.3",
        why: "HTAB is white space like a blank; nginx takes it for a part of the host",
        applies: |case| case.they_refuse(400, "") && has_tab_around(&case.message, "host"),
    },
    Rule {
        name: "two expectations",
        peers: &["nginx"],
        direction: BothMay,
        section: "RFC 9110, 10.1.1",
        why: "nginx refuses a second Expect; in HTTP/1.0, which has none, we ignore both",
        applies: |case| case.they_refuse(400, "") && has_two(&case.message, "expect"),
    },
    Rule {
        name: "an empty host",
        peers: &["nginx"],
        direction: PeerIsStricter,
        section: "3.2",
        why: "what a client must send where the target has no authority",
        applies: |case| case.they_refuse(400, "") && case.message.values("host").iter().any(|host| host.is_empty()),
    },
    Rule {
        name: "behind an upgrade that nobody takes",
        peers: &["node"],
        direction: PeerIsStricter,
        section: "RFC 9110, 7.8",
        why: "Upgrade may be ignored, and then the connection goes on; node drops what came with it in one piece",
        applies: |case| {
            let drops = case.difference.kind == Kind::OnlyOurs && case.theirs.end == End::More;
            drops && case.previous.as_ref().is_some_and(|it| it.has("upgrade") && it.says("connection", "upgrade"))
        },
    },
    Rule {
        name: "data behind the last request",
        peers: &["node"],
        direction: BothMay,
        section: "9.6",
        why: "nothing behind it is processed; node tells of an error, we say nothing",
        applies: |case| {
            let is_data =
                matches!(&case.theirs.end, End::Refused { reason, .. } if reason.contains("HPE_CLOSED_CONNECTION"));
            is_data && case.difference.kind == Kind::OtherEnd && case.ours.end == End::Closed
        },
    },
    Rule {
        name: "a later minor version",
        peers: &["hyper", "node", "h11", "nginx"],
        direction: PeerIsStricter,
        section: "RFC 9110, 2.5",
        why: "should be served as the highest minor version that one knows",
        applies: |case| {
            let refuses = case.they_refuse(400, "") || case.they_refuse(505, "");
            refuses && is_later_minor(&case.message)
        },
    },
    Rule {
        name: "a raw character in a target",
        peers: &["hyper"],
        direction: PeerIsStricter,
        section: "3.2",
        why: "no URI has it, but browsers and curl send it as it was typed; hyper refuses some",
        applies: |case| case.they_refuse(400, "Parse(Uri)") && target_holds(&case.message, b"\"<>[]{}|^`"),
    },
    Rule {
        name: "a byte above ASCII in a target",
        peers: &["node", "h11"],
        direction: BothMay,
        section: "3.2",
        why: "no URI has it, but wget of busybox sends it, and who follows a careless Location; we take it as if it were \
            percent-encoded, the peers refuse it",
        applies: |case| {
            let refuses = case.they_refuse(400, "HPE_INVALID_URL") || case.they_refuse(400, "illegal request line");
            refuses && !case.message.target().is_ascii()
        },
    },
    Rule {
        name: "a method that llhttp does not know",
        peers: &["node"],
        direction: PeerIsStricter,
        section: "RFC 9110, 9.1",
        why: "any token is a method, and 501 the answer to an unknown one; llhttp has a list",
        applies: |case| {
            let is_unknown =
                case.they_refuse(400, "HPE_INVALID_METHOD") || case.they_refuse(400, "HTTP/2 Connection Preface");
            is_unknown && !NODE_METHODS.contains(&case.message.method())
        },
    },
    Rule {
        name: "the preface of HTTP/2 begins so",
        peers: &["node"],
        direction: PeerIsStricter,
        section: "RFC 9110, 9.1",
        why: "any token is a method; llhttp leaves the connection to another protocol at PRI, and node says nothing",
        applies: |case| {
            let says_nothing = matches!(case.theirs.end, End::More | End::Closed);
            says_nothing && case.difference.kind == Kind::OnlyOurs && case.message.method() == b"PRI"
        },
    },
    Rule {
        name: "an expectation of nothing",
        peers: &["node"],
        direction: PeerIsStricter,
        section: "RFC 9110, 5.6.1.2",
        why: "an empty list asks for nothing; node answers 417",
        applies: |case| case.they_refuse(417, "") && case.message.values("expect").iter().all(|value| value.is_empty()),
    },
    Rule {
        name: "blanks in a chunk extension",
        peers: &["node", "h11", "nginx"],
        direction: PeerIsStricter,
        section: "7.1.1",
        why: "bad white space around `;` and `=` is to be parsed; the peers refuse some of it",
        applies: |case| {
            let refuse = ["HPE_INVALID_CHUNK_SIZE", "chunk extensions", "illegal chunk header", "Bad Request"];
            refuse.iter().any(|why| case.they_refuse(400, why)) && has_blank_in_extension(&case.message)
        },
    },
    Rule {
        name: "a length that the peer cannot count to",
        peers: &["hyper", "nginx"],
        direction: PeerIsStricter,
        section: "RFC 9110, 8.6",
        why: "large numbers are to be expected, and a limit is one's own: ours is 64 bits, hyper's two less, nginx's \
            63 bits",
        applies: |case| {
            (case.they_refuse(431, "TooLarge") && has_length_above(&case.message, HYPER_MOST))
                || (case.peer == "nginx" && case.they_refuse(400, "") && has_length_above(&case.message, NGINX_MOST))
        },
    },
    Rule {
        name: "a length with many zeros",
        peers: &["h11"],
        direction: PeerIsStricter,
        section: "RFC 9110, 8.6",
        why: "leading zeros change nothing; h11 takes twenty digits",
        applies: |case| case.they_refuse(400, "bad Content-Length") && has_long_length(&case.message),
    },
    Rule {
        name: "a chunk that the peer cannot count to",
        peers: &["nginx"],
        direction: PeerIsStricter,
        section: "7.1",
        why: "large numbers are to be expected; nginx has 63 bits",
        applies: |case| case.they_refuse(400, "") && has_large_chunk(&case.message),
    },
    Rule {
        name: "what nginx does not serve",
        peers: &["nginx"],
        direction: PeerIsStricter,
        section: "RFC 9110, 9.1",
        why: "no CONNECT, no TRACE, no `OPTIONS *`, and methods of capitals, `-` and `_` only",
        applies: |case| {
            let message = &case.message;
            let is_method = |byte: &u8| byte.is_ascii_uppercase() || b"-_".contains(byte);
            let is_odd = matches!(message.method(), b"CONNECT" | b"TRACE")
                || message.target() == b"*"
                || !message.method().iter().all(is_method);
            is_odd && (case.they_refuse(400, "") || case.they_refuse(405, ""))
        },
    },
    Rule {
        name: "a path that nginx does not decode",
        peers: &["nginx"],
        direction: BothMay,
        section: "3.2",
        why: "a percent sign without two digits in a query, or an escaped NUL: we hand them on as they are, nginx does not",
        applies: |case| case.they_refuse(400, "") && has_odd_escape(case.message.target()),
    },
    Rule {
        name: "a host with two dots in a row",
        peers: &["nginx"],
        direction: BothMay,
        section: "3.2",
        why: "within the grammar of a host, though no name has it",
        applies: |case| {
            case.they_refuse(400, "")
                && case.message.values("host").iter().any(|host| host.windows(2).any(|pair| pair == b".."))
        },
    },
    Rule {
        name: "refused before the head or a trailer has ended, by the peer",
        peers: &["hyper", "node", "h11", "nginx"],
        direction: BothMay,
        section: "2.2",
        why: "what comes is not complete: the peer looks at each word or line, we wait for the line or the head to end",
        applies: |case| {
            let refuses = matches!(case.theirs.end, End::Refused { .. });
            let is_cut = has_no_end(&case.message) || has_cut_trailer(&case.message);
            refuses && case.difference.kind == Kind::OtherEnd && case.ours.end == End::More && is_cut
        },
    },
];
