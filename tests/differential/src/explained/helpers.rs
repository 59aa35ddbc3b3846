//! The questions that rules ask of a message. Each is a plain question about bytes, and none says who is right.

use std::net::Ipv6Addr;

use crate::anatomy::{ChunkFault, Message, token_length};

/// A host that every parser takes, of letters, digits, `-`, `.` and `_`, or an address in brackets, and perhaps a port.
pub fn is_plain_host(host: &[u8]) -> bool {
    let (name, port) = match host.iter().rposition(|byte| *byte == b':') {
        Some(colon) if !host.ends_with(b"]") => (&host[..colon], Some(&host[colon + 1..])),
        _ => (host, None),
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    let is_address = |name: &[u8]| {
        let inner = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]"));
        inner.is_some_and(|inner| str::from_utf8(inner).is_ok_and(|inner| inner.parse::<Ipv6Addr>().is_ok()))
    };
    let is_port = |port: &[u8]| {
        let text = str::from_utf8(port).unwrap_or_default();
        port.iter().all(u8::is_ascii_digit) && (port.is_empty() || text.parse::<u16>().is_ok())
    };
    !name.is_empty() && (name.iter().all(is_name) || is_address(name)) && port.is_none_or(is_port)
}

/// The authority of an absolute-form or authority-form target.
pub fn authority<'s>(message: &Message<'s>) -> Option<&'s [u8]> {
    let target = message.target();
    if message.method() == b"CONNECT" {
        return Some(target);
    }
    let at = target.windows(3).position(|window| window == b"://")? + 3;
    let end = target[at..].iter().position(|byte| b"/?#".contains(byte)).map_or(target.len(), |end| at + end);
    Some(&target[at..end])
}

/// Returns whether Host or the target's authority is one that some parser refuses.
pub fn has_odd_host(message: &Message<'_>) -> bool {
    message.values("host").into_iter().chain(authority(message)).any(|host| !is_plain_host(host))
}

/// Returns whether the target has another host than Host.
pub fn hosts_differ(message: &Message<'_>) -> bool {
    let hosts = message.values("host");
    authority(message).is_some_and(|authority| hosts.iter().any(|host| !host.eq_ignore_ascii_case(authority)))
}

/// Returns whether a field has two values or more.
pub fn has_two(message: &Message<'_>, name: &str) -> bool {
    message.values(name).len() > 1
}

/// Returns whether both fields that frame a body are there.
pub fn has_both_framings(message: &Message<'_>) -> bool {
    message.has("content-length") && message.has("transfer-encoding")
}

/// Returns whether this word stands somewhere in a field, but is not a member of its list.
pub fn hides_word(message: &Message<'_>, name: &str, word: &str) -> bool {
    let holds = |value: &[u8]| value.to_ascii_lowercase().windows(word.len()).any(|window| window == word.as_bytes());
    message.values(name).into_iter().any(holds) && !message.says(name, word)
}

/// Returns whether a coding is not `chunked`.
pub fn has_other_coding(message: &Message<'_>) -> bool {
    message.values("transfer-encoding").iter().any(|value| !value.eq_ignore_ascii_case(b"chunked"))
}

/// Returns whether a length is not made of digits.
pub fn has_odd_length(message: &Message<'_>) -> bool {
    let is_number = |value: &&[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    !message.values("content-length").iter().all(is_number)
}

/// Returns whether a length is a number above this one.
pub fn has_length_above(message: &Message<'_>, most: u64) -> bool {
    let is_above = |value: &&[u8]| {
        let digits = value.iter().skip_while(|byte| **byte == b'0').copied().collect::<Vec<_>>();
        let number = String::from_utf8(digits).unwrap_or_default();
        number.parse::<u64>().map_or(number.len() > 19, |number| number > most)
    };
    !has_odd_length(message) && message.values("content-length").iter().any(is_above)
}

/// Returns whether HTAB stands directly around the value of this field.
pub fn has_tab_around(message: &Message<'_>, name: &str) -> bool {
    message.any_line(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon =
            line.iter().position(|byte| *byte == b':').filter(|at| line[..*at].eq_ignore_ascii_case(name.as_bytes()));
        let Some(colon) = colon else { return false };
        let value = &line[colon + 1..];
        let blanks = value.len() - value.trim_ascii_start().len();
        let trailing = value.len() - value.trim_ascii_end().len();
        value[..blanks].contains(&b'\t') || value[value.len() - trailing..].contains(&b'\t')
    })
}

/// Returns whether the version is `HTTP/1.` and a digit above 1.
pub fn is_later_minor(message: &Message<'_>) -> bool {
    matches!(message.version(), [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'])
}

/// Returns whether the version is HTTP/1.0 or HTTP/1.1.
pub fn is_version_1(version: &[u8]) -> bool {
    matches!(version, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0'..=b'9'])
}

/// Returns whether there is a head without an end.
pub fn has_no_end(message: &Message<'_>) -> bool {
    let ends = [&b"\n\r\n"[..], b"\n\n"];
    !message.head.is_empty() && !ends.iter().any(|end| message.head.ends_with(end))
}

/// Returns whether a field line begins with a space.
pub fn has_fold(message: &Message<'_>) -> bool {
    message.any_line(|line| matches!(line, [b' ' | b'\t', ..]))
}

/// Returns whether a field name is missing or not a token, or its colon is missing.
pub fn has_odd_name(message: &Message<'_>) -> bool {
    message.any_line(|line| {
        let name = token_length(line);
        name == 0 || line.get(name) != Some(&b':')
    })
}

/// Returns whether a field line holds a control character other than HTAB and the CR at its end.
pub fn has_control_in_fields(message: &Message<'_>) -> bool {
    message.any_line(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.iter().any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f)
    })
}

/// Returns whether a percent sign begins no byte, or NUL.
pub fn has_odd_escape(target: &[u8]) -> bool {
    let digits_behind = |at: usize| target.get(at + 1..at + 3).unwrap_or_default();
    let is_odd = |digits: &[u8]| digits.len() < 2 || digits == b"00" || !digits.iter().all(u8::is_ascii_hexdigit);
    target.iter().enumerate().any(|(at, byte)| *byte == b'%' && is_odd(digits_behind(at)))
}

/// Returns whether the target holds one of these.
pub fn target_holds(message: &Message<'_>, bytes: &[u8]) -> bool {
    message.target().iter().any(|byte| bytes.contains(byte))
}

/// Returns whether the target is neither a path, nor an http or https URI, nor `*`.
pub fn has_formless_target(message: &Message<'_>) -> bool {
    let target = message.target().to_ascii_lowercase();
    !target.starts_with(b"/") && !target.starts_with(b"http://") && !target.starts_with(b"https://") && target != b"*"
}

/// Returns whether this is the first fault in the chunks.
pub fn has_chunk_fault(message: &Message<'_>, fault: ChunkFault) -> bool {
    message.has("transfer-encoding") && message.chunk_fault() == Some(fault)
}

/// Returns whether a chunk extension has white space around its parts, which its grammar allows as bad. White space may
/// be all that has come of it.
pub fn has_blank_in_extension(message: &Message<'_>) -> bool {
    let has_blank = |line: &[u8]| {
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let rest = line[digits..].strip_suffix(b"\r").unwrap_or(&line[digits..]);
        let is_extension = rest.contains(&b';') || (message.body.ends_with(line) && rest.trim_ascii().is_empty());
        digits > 0 && is_extension && rest.iter().any(|byte| matches!(byte, b' ' | b'\t'))
    };
    message.has("transfer-encoding") && message.body.split(|byte| *byte == b'\n').any(has_blank)
}

/// Returns whether a length has more than twenty digits.
pub fn has_long_length(message: &Message<'_>) -> bool {
    !has_odd_length(message) && message.values("content-length").iter().any(|value| value.len() > 20)
}

/// Returns whether a chunk size needs all 64 bits.
pub fn has_large_chunk(message: &Message<'_>) -> bool {
    let mut lines = message.body.split(|byte| *byte == b'\n');
    message.has("transfer-encoding")
        && lines.any(|line| {
            let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            digits == 16 && line[0] >= b'8'
        })
}

/// Returns whether the stream ends inside a trailer section.
pub fn has_cut_trailer(message: &Message<'_>) -> bool {
    message.has("transfer-encoding") && message.ends_in_trailers()
}
