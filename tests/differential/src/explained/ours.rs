//! Messages that we refuse and a peer takes or waits for. Each row compares our reason with the content of the message.

use super::Direction::{BothMay, PeerIsLax, WeAreStricter};
use super::Rule;
use super::helpers::{
    authority, has_both_framings, has_chunk_fault, has_control_in_fields, has_fold, has_formless_target,
    has_length_above, has_no_end, has_odd_host, has_odd_length, has_odd_name, has_other_coding, has_two, hides_word,
    hosts_differ, is_version_1, target_holds,
};
use crate::anatomy::{ChunkFault, Message, token_length};
use crate::reading::{End, Kind};

const ALL: &[&str] = &["hyper", "node", "h11", "nginx"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "an option beside a byte above ASCII",
        peers: &["hyper"],
        direction: PeerIsLax,
        section: "9.3, 9.6",
        why: "we find `close` in the list; hyper does not look at a Connection that is not all ASCII",
        applies: |case| {
            let is_raw = |value: &[u8]| !value.is_ascii();
            let hides =
                |it: &Message<'_>| it.values("connection").into_iter().any(is_raw) && it.says("connection", "close");
            case.we_close() && case.previous.as_ref().is_some_and(hides)
        },
    },
    Rule {
        name: "an option inside another word",
        peers: &["nginx"],
        direction: PeerIsLax,
        section: "9.3",
        why: "nginx looks for `keep-alive` and `close` anywhere in Connection, not for an option of that name",
        applies: |case| {
            let hides = |option| case.previous.as_ref().is_some_and(|it| hides_word(it, "connection", option));
            (case.we_close() && hides("keep-alive")) || (case.they_close() && hides("close"))
        },
    },
    Rule {
        name: "close wins over keep-alive",
        peers: &["node", "nginx"],
        direction: PeerIsLax,
        section: "9.3",
        why: "with both options a connection does not persist; node lets keep-alive win in HTTP/1.0, nginx the last \
            one",
        applies: |case| {
            case.we_close()
                && case
                    .previous
                    .as_ref()
                    .is_some_and(|it| it.says("connection", "close") && it.says("connection", "keep-alive"))
        },
    },
    Rule {
        name: "both framings",
        peers: &["hyper", "h11"],
        direction: WeAreStricter,
        section: "6.3",
        why: "Content-Length beside Transfer-Encoding may be refused; the peers let the coding win",
        applies: |case| case.we_refuse("both content-length and") && has_both_framings(&case.message),
    },
    Rule {
        name: "an empty coding beside a length",
        peers: &["node"],
        direction: PeerIsLax,
        section: "6.1, 6.3",
        why: "llhttp takes a Transfer-Encoding without a value for none at all, if the length comes behind it",
        applies: |case| {
            let is_empty = case.message.values("transfer-encoding").iter().any(|value| value.is_empty());
            case.we_refuse("both content-length and") && has_both_framings(&case.message) && is_empty
        },
    },
    Rule {
        name: "two lengths",
        peers: &["hyper", "h11"],
        direction: WeAreStricter,
        section: "6.3",
        why: "a second Content-Length may be refused even if it is equal; the peers make one of equal ones",
        applies: |case| case.we_refuse("two content-length") && has_two(&case.message, "content-length"),
    },
    Rule {
        name: "two codings",
        peers: &["hyper", "node"],
        direction: WeAreStricter,
        section: "6.1",
        why: "a second Transfer-Encoding is nothing that honest clients send; the peers make a list of the two, or \
            obey the last",
        applies: |case| case.we_refuse("two transfer-encoding") && has_two(&case.message, "transfer-encoding"),
    },
    Rule {
        name: "a coding in HTTP/1.0",
        peers: &["node", "h11"],
        direction: PeerIsLax,
        section: "6.1",
        why: "faulty framing, after which the connection must close; the peers read the chunks",
        applies: |case| {
            case.we_refuse("transfer-encoding in an HTTP/1.0")
                && case.message.version() == b"HTTP/1.0"
                && case.message.has("transfer-encoding")
        },
    },
    Rule {
        name: "a coding that is not chunked alone",
        peers: &["hyper", "node"],
        direction: PeerIsLax,
        section: "6.1, 6.3",
        why: "must be answered with 400 where chunked is not last, and should be with 501 where another coding is not \
            known; the peers look at the last word only, or read until the client closes",
        applies: |case| {
            (case.we_refuse("transfer-encoding is not chunked") || case.we_refuse("only transfer coding known"))
                && has_other_coding(&case.message)
        },
    },
    Rule {
        name: "a length that is no number",
        peers: &["h11"],
        direction: WeAreStricter,
        section: "6.3",
        why: "a list of equal lengths may be refused; h11 makes one of it",
        applies: |case| case.we_refuse("content-length is not one plain number") && has_odd_length(&case.message),
    },
    Rule {
        name: "a length beyond 64 bits",
        peers: &["h11"],
        direction: PeerIsLax,
        section: "RFC 9110, 8.6",
        why: "a number that cannot be counted to; in h11 numbers have no end, and it waits for that many bytes",
        applies: |case| case.we_refuse("beyond 64 bits") && has_length_above(&case.message, u64::MAX),
    },
    Rule {
        name: "a body with CONNECT",
        peers: &["hyper", "node", "h11"],
        direction: WeAreStricter,
        section: "RFC 9110, 9.3.6",
        why: "content of CONNECT has no meaning, and what is tunnel to one could be body to the other",
        applies: |case| case.we_refuse("CONNECT request has no body") && case.message.method() == b"CONNECT",
    },
    Rule {
        name: "a body with TRACE",
        peers: &["hyper", "node", "h11"],
        direction: WeAreStricter,
        section: "RFC 9110, 9.3.8",
        why: "a client must not send it; the peers read it as any other",
        applies: |case| case.we_refuse("TRACE request has no body") && case.message.method() == b"TRACE",
    },
    Rule {
        name: "no host",
        peers: &["hyper"],
        direction: PeerIsLax,
        section: "3.2",
        why: "must be answered with 400; hyper leaves Host to the handler",
        applies: |case| case.we_refuse("no host field") && !case.message.has("host"),
    },
    Rule {
        name: "no host with CONNECT or a later minor version",
        peers: &["node", "h11"],
        direction: PeerIsLax,
        section: "3.2; RFC 9110, 2.5",
        why: "must be answered with 400 like any other of HTTP/1.1; node does not ask it of tunnels, h11 only of \
            exactly HTTP/1.1",
        applies: |case| {
            case.we_refuse("no host field")
                && !case.message.has("host")
                && (case.message.method() == b"CONNECT" || case.message.version() != b"HTTP/1.1")
        },
    },
    Rule {
        name: "two hosts",
        peers: &["hyper", "node"],
        direction: PeerIsLax,
        section: "3.2",
        why: "must be answered with 400; node takes the first, hyper leaves both to the handler",
        applies: |case| case.we_refuse("two host fields") && has_two(&case.message, "host"),
    },
    Rule {
        name: "a host that is none",
        peers: ALL,
        direction: PeerIsLax,
        section: "3.2",
        why: "must be answered with 400; the peers look at it little or not at all",
        applies: |case| {
            (case.we_refuse("the host is not")
                || case.we_refuse("port of the host")
                || case.we_refuse("has an empty host"))
                && has_odd_host(&case.message)
        },
    },
    Rule {
        name: "another host in the target",
        peers: ALL,
        direction: WeAreStricter,
        section: "3.2.2",
        why: "Host is to be ignored then; we refuse, since something on the way may have believed it",
        applies: |case| case.we_refuse("different hosts") && hosts_differ(&case.message),
    },
    Rule {
        name: "a target in none of the forms",
        peers: ALL,
        direction: PeerIsLax,
        section: "3.2",
        why: "neither a path nor an http or https URI, or `*` without OPTIONS: should be answered with 400",
        applies: |case| {
            let message = &case.message;
            (case.we_refuse("neither a path nor") && has_formless_target(message))
                || (case.we_refuse("* is for OPTIONS only")
                    && message.target() == b"*"
                    && message.method() != b"OPTIONS")
                || (case.we_refuse("of CONNECT is host:port")
                    && authority(message).is_some()
                    && message.method() == b"CONNECT")
        },
    },
    Rule {
        name: "https over a connection that is not secured",
        peers: ALL,
        direction: PeerIsLax,
        section: "RFC 9110, 7.4",
        why: "must be refused (421); the peers leave that to whoever they call",
        applies: |case| {
            let target = case.message.target().to_ascii_lowercase();
            case.we_refuse("is an https uri") && target.starts_with(b"https://")
        },
    },
    Rule {
        name: "a character that no target has",
        peers: ALL,
        direction: PeerIsLax,
        section: "3.2",
        why: "a fragment, a blank or a control; a backslash, markup or a broken triplet in a path; a byte above ASCII in a \
            host; each peer takes some of them",
        applies: |case| {
            let odd = |byte: &u8| *byte <= b' ' || *byte >= 0x7f;
            (case.we_refuse("holds a fragment") && target_holds(&case.message, b"#"))
                || (case.we_refuse("a backslash") && target_holds(&case.message, b"\\"))
                || (case.we_refuse("a quotation mark, < or >") && target_holds(&case.message, b"\"<>"))
                || (case.we_refuse("without two hexadecimal digits") && target_holds(&case.message, b"%"))
                || (case.we_refuse("request-target holds a blank") && case.message.target().iter().any(odd))
                || (case.we_refuse("raw bytes above ascii") && !case.message.request_line.is_ascii())
        },
    },
    Rule {
        name: "another version",
        peers: &["node", "h11", "nginx"],
        direction: PeerIsLax,
        section: "2.3",
        why: "no HTTP/1: another major version, another protocol (node takes RTSP and ICE), or none (nginx speaks \
            HTTP/0.9)",
        applies: |case| {
            (case.we_refuse("speaks HTTP/1.0 and HTTP/1.1") || case.we_refuse("does not end in an http version"))
                && !is_version_1(case.message.version())
        },
    },
    Rule {
        name: "a line that ends in LF alone",
        peers: ALL,
        direction: WeAreStricter,
        section: "2.2",
        why: "a recipient may take it for a line's end; we do not, since another may not either",
        applies: |case| case.we_refuse("ends in lf alone") && case.message.has_bare_lf(),
    },
    Rule {
        name: "a CR that stands alone",
        peers: &["node", "nginx"],
        direction: PeerIsLax,
        section: "2.2",
        why: "must be refused or be taken for a blank; the peers ignore it in front of a request or of a line's end",
        applies: |case| case.we_refuse("carriage return stands alone in the head") && case.message.has_bare_cr(),
    },
    Rule {
        name: "a folded line",
        peers: &["h11"],
        direction: WeAreStricter,
        section: "5.2",
        why: "must be refused or unfolded; h11 unfolds it",
        applies: |case| case.we_refuse("folded lines are obsolete") && has_fold(&case.message),
    },
    Rule {
        name: "a field whose name is no token",
        peers: &["nginx"],
        direction: PeerIsLax,
        section: "5.1; RFC 9110, 5.1",
        why: "nginx leaves such a line out and goes on; nobody else need agree that the field is not there",
        applies: |case| {
            ["has no colon", "no token may", "between a field name", "name is empty"]
                .iter()
                .any(|why| case.we_refuse(why))
                && has_odd_name(&case.message)
        },
    },
    Rule {
        name: "a control character in a field",
        peers: &["h11", "nginx"],
        direction: PeerIsLax,
        section: "RFC 9110, 5.5",
        why: "CR, LF and NUL must be refused, others may be; each peer takes some of them",
        applies: |case| case.we_refuse("value holds a control") && has_control_in_fields(&case.message),
    },
    Rule {
        name: "a chunk extension that is none",
        peers: ALL,
        direction: PeerIsLax,
        section: "7.1.1",
        why: "extensions are ignored where they are well-formed; the peers skip anything up to the line's end as they \
            see it",
        applies: |case| {
            case.we_refuse("chunk extension is not") && has_chunk_fault(&case.message, ChunkFault::Extension)
        },
    },
    Rule {
        name: "a chunk size that is none",
        peers: ALL,
        direction: PeerIsLax,
        section: "7.1",
        why: "more than sixteen digits, or something behind them; the peers take some of it",
        applies: |case| case.we_refuse("chunk size is not") && has_chunk_fault(&case.message, ChunkFault::Size),
    },
    Rule {
        name: "a CR that stands alone in chunk framing",
        peers: &["h11"],
        direction: PeerIsLax,
        section: "2.2, 7.1",
        why: "h11 takes it for a part of an extension or of a trailer",
        applies: |case| {
            case.we_refuse("stands alone in the chunk framing") && has_chunk_fault(&case.message, ChunkFault::BareCr)
        },
    },
    Rule {
        name: "a chunk that does not end in CRLF",
        peers: &["nginx"],
        direction: PeerIsLax,
        section: "7.1",
        why: "nginx takes LF alone",
        applies: |case| {
            case.we_refuse("chunk does not end in cr lf") && has_chunk_fault(&case.message, ChunkFault::Content)
        },
    },
    Rule {
        name: "a trailer that is no field",
        peers: &["hyper", "h11", "nginx"],
        direction: PeerIsLax,
        section: "7.1.2",
        why: "trailers have the grammar of fields; the peers skip them as they see them",
        applies: |case| case.we_refuse("trailer field is not") && has_chunk_fault(&case.message, ChunkFault::Trailer),
    },
    Rule {
        name: "a trailer that frames or routes",
        peers: ALL,
        direction: WeAreStricter,
        section: "7.1.2; RFC 9110, 6.5.1",
        why: "must not be merged into the head; only an attack sends it, and the peers drop it or hand it on apart",
        applies: |case| case.we_refuse("frames or routes") && has_chunk_fault(&case.message, ChunkFault::Forbidden),
    },
    Rule {
        name: "a long method",
        peers: &["hyper", "h11"],
        direction: WeAreStricter,
        section: "3",
        why: "longer than any that is implemented: should be 501; ours is 64 bytes",
        applies: |case| case.we_refuse("method is longer") && token_length(case.message.request_line) > 64,
    },
    Rule {
        name: "many empty lines in front",
        peers: &["hyper", "node", "nginx"],
        direction: WeAreStricter,
        section: "2.2",
        why: "at least one should be ignored; we ignore eight",
        applies: |case| case.we_refuse("too many empty lines") && case.message.lead.len() > 16,
    },
    Rule {
        name: "another expectation",
        peers: ALL,
        direction: WeAreStricter,
        section: "RFC 9110, 10.1.1",
        why: "may be answered with 417; the peers ignore it",
        applies: |case| case.we_refuse("only expectation known") && case.message.has("expect"),
    },
    Rule {
        name: "refused before the head has ended",
        peers: ALL,
        direction: BothMay,
        section: "2.2",
        why: "the head is not complete: we answer the first wrong byte, the peer waits for the line or the head to end",
        applies: |case| {
            let waits = case.difference.kind == Kind::OtherEnd
                && matches!(case.ours, r if matches!(r.end, End::Refused { .. }));
            waits && case.theirs.end == End::More && has_no_end(&case.message)
        },
    },
];
