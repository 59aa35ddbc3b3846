//! The grammar of field names, values and lists, for both directions (RFC 9110, sections 5.1, 5.5 and 5.6).
//!
//! `head/framing_fields.rs` says which fields the server itself obeys.

use std::borrow::Cow;

/// Returns whether a byte may stand in a token (RFC 9110, section 5.6.2).
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES[byte as usize]
}

/// Returns whether these bytes are a token, as methods, field names and parameter names are. An empty one is not.
pub(crate) const fn is_token(bytes: &[u8]) -> bool {
    let (mut at, mut are_all) = (0, !bytes.is_empty());
    while at < bytes.len() {
        // Without an early end, since names are short and nearly always right.
        are_all &= is_token_byte(bytes[at]);
        at += 1;
    }
    are_all
}

/// Returns whether a byte may stand in a field value: HTAB, space, visible ASCII or the upper half (RFC 9110, section
/// 5.5).
pub(crate) const fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7F)
}

/// Checks a field name. The error says what is wrong.
pub(crate) const fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("a field name is empty: write a token such as Content-Type");
    }
    if !is_token(name) {
        return Err("a field name holds a character that no token may: write letters, digits and - only");
    }
    Ok(())
}

/// Checks the bytes of a field value. The error says what is wrong.
pub(crate) const fn check_value(value: &[u8]) -> Result<(), &'static str> {
    let mut at = 0;
    while at < value.len() {
        match value[at] {
            b'\r' | b'\n' => return Err("a field value holds a line break: one line is one field"),
            byte if !is_value_byte(byte) => return Err("a field value holds a control character"),
            _ => at += 1,
        }
    }
    Ok(())
}

/// Appends text as Latin-1, the encoding of field values and reason phrases.
///
/// C1 controls (U+0080 to U+009F) pass, because Python programs send UTF-8 by writing each of its bytes as one
/// character.
///
/// # Errors
/// The first character that may not be sent: a control other than HTAB, or one above U+00FF. Then nothing is appended.
pub(crate) fn push_latin1(out: &mut Vec<u8>, text: &str) -> Result<(), char> {
    let before = out.len();
    // The usual text. The loop has no early end, so that it takes many bytes at a time.
    if text.bytes().fold(true, |is_plain, byte| is_plain & matches!(byte, b' '..=b'~')) {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) if is_value_byte(byte) => out.push(byte),
            _ => {
                out.truncate(before);
                return Err(c);
            }
        }
    }
    Ok(())
}

/// Reads bytes as Latin-1, one character a byte, as Python reads fields. Never fails.
pub(crate) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// Splits a comma-separated list of tokens into its members, without the white space around them. Skips empty members,
/// as RFC 9110, section 5.6.1.2 asks. Not for lists that may hold quoted strings.
pub(crate) fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim_whitespace).filter(|member| !member.is_empty())
}

/// Trims the optional white space (space and HTAB) at both ends.
pub(crate) const fn trim_whitespace(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns whether `text` is `lower` when case makes no difference. `lower` has no upper case. Compares eight bytes at
/// a time, where `eq_ignore_ascii_case` takes one.
// Always, since most callers compare with a constant, and nearly all of this is then known to the compiler.
#[allow(clippy::inline_always)]
#[inline(always)]
pub(crate) fn is_same_text(text: &[u8], lower: &[u8]) -> bool {
    if text.len() != lower.len() {
        return false;
    }
    match (text.last_chunk(), lower.last_chunk()) {
        (Some(text_end), Some(lower_end)) => {
            let (words, lower_words) = (text.as_chunks().0, lower.as_chunks().0);
            words
                .iter()
                .zip(lower_words)
                .all(|(word, lower)| is_same_word(u64::from_ne_bytes(*word), u64::from_ne_bytes(*lower)))
                && is_same_word(u64::from_ne_bytes(*text_end), u64::from_ne_bytes(*lower_end))
        }
        _ => match (both_ends(text), both_ends(lower)) {
            (Some(word), Some(lower)) => is_same_word(word, lower),
            _ => text.iter().zip(lower).all(|(byte, lower)| is_same_word(u64::from(*byte), u64::from(*lower))),
        },
    }
}

/// Returns the first four and the last four bytes as one word. They may overlap.
#[allow(clippy::inline_always)]
#[inline(always)]
fn both_ends(text: &[u8]) -> Option<u64> {
    let (first, last) = (text.first_chunk()?, text.last_chunk()?);
    Some(u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last)))
}

#[allow(clippy::inline_always)]
#[inline(always)]
const fn is_same_word(word: u64, lower: u64) -> bool {
    let differing = word ^ lower;
    // Words that differ in another bit than that of the case are the usual ones that are not the same.
    if differing & !repeated(0x20) != 0 {
        return false;
    }
    // In each byte: is it from `a` to `z`? The sums stay within their bytes.
    let low_bits = lower & repeated(0x7F);
    let is_letter = (low_bits + repeated(0x80 - b'a')) & !(low_bits + repeated(0x7F - b'z')) & !lower & repeated(0x80);
    differing & !(is_letter >> 2) == 0
}

const fn repeated(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Returns how many bytes at the start of the text are in the set. Four are looked up before a branch.
pub(crate) fn span(text: &[u8], set: &[bool; 256]) -> usize {
    let is_in = |byte: &u8| set[usize::from(*byte)];
    let mut rest = text;
    while let [a, b, c, d, behind @ ..] = rest
        && is_in(a) & is_in(b) & is_in(c) & is_in(d)
    {
        rest = behind;
    }
    while let [byte, behind @ ..] = rest
        && is_in(byte)
    {
        rest = behind;
    }
    text.len() - rest.len()
}

/// The bytes of a token, as a set for [`span`].
pub(crate) const TOKEN_BYTES: [bool; 256] = byte_set(b"!#$%&'*+-.^_`|~");

/// Makes a table of the ASCII letters, the digits and `others`, to be indexed by a byte.
pub(crate) const fn byte_set(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_what_the_standard_lists_and_not_empty() {
        let listed = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=255 {
            assert_eq!(is_token(&[byte]), listed.contains(&byte), "{byte:#x}");
        }
        assert!(!is_token(b""));
        assert!(is_token(b"M-SEARCH"));
        assert!(!is_token(b"a b"));
    }

    #[test]
    fn names_and_values_say_what_is_wrong_with_them() {
        assert_eq!(check_name(b"X-Y"), Ok(()));
        assert!(check_name(b"").is_err());
        assert!(check_name(b"X Y").is_err());
        assert!(check_name(b"X:").is_err());
        assert_eq!(check_value(b"a\tb \xff"), Ok(()));
        assert!(check_value(b"a\r\nSet-Cookie: b").unwrap_err().contains("line break"));
        assert!(check_value(b"a\0").unwrap_err().contains("control"));
        assert!(check_value(b"a\x7f").unwrap_err().contains("control"));
    }

    #[test]
    fn latin1_goes_out_as_one_byte_a_character() {
        let mut out = b"x".to_vec();
        assert_eq!(push_latin1(&mut out, "caf\u{e9}\tok\u{85}"), Ok(()));
        assert_eq!(out, b"xcaf\xe9\tok\x85");
    }

    #[test]
    fn a_text_is_the_same_in_any_case_and_no_other() {
        let table =
            ["", "a", "-", "wss", "proto", "x-y-zz{", "12345678", "x-forwarded-for", "transfer-encoding", "az[]@`_^~"];
        for lower in table {
            assert!(is_same_text(lower.as_bytes(), lower.as_bytes()), "{lower}");
            assert!(is_same_text(lower.to_ascii_uppercase().as_bytes(), lower.as_bytes()), "{lower} in upper case");
            assert!(!is_same_text(format!("{lower}x").as_bytes(), lower.as_bytes()), "{lower} and more");
            for (at, byte) in (0..lower.len()).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
                let mut text = lower.as_bytes().to_vec();
                text[at] = byte;
                assert_eq!(
                    is_same_text(&text, lower.as_bytes()),
                    text.eq_ignore_ascii_case(lower.as_bytes()),
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn a_span_ends_at_the_first_byte_that_is_not_in_the_set() {
        for len in 0..20 {
            for end in 0..=len {
                let mut text = vec![b'a'; len];
                text.iter_mut().skip(end).for_each(|byte| *byte = b',');
                text.iter_mut().skip(end + 1).for_each(|byte| *byte = b'b');
                assert_eq!(span(&text, &TOKEN_BYTES), end, "{text:?}");
            }
        }
    }

    #[test]
    fn an_unsendable_character_is_named_and_nothing_is_appended() {
        for (text, offender) in [("ab\r\n", '\r'), ("\u{e9}\n", '\n'), ("a\u{20ac}", '\u{20ac}'), ("a\u{7f}", '\u{7f}')]
        {
            let mut out = b"kept".to_vec();
            assert_eq!(push_latin1(&mut out, text), Err(offender));
            assert_eq!(out, b"kept");
        }
    }

    #[test]
    fn lists_skip_empty_members_and_blanks() {
        let members: Vec<&[u8]> = list_members(b" close ,, \tkeep-alive,").collect();
        assert_eq!(members, [&b"close"[..], b"keep-alive"]);
    }

    proptest! {
        #[test]
        fn the_same_text_is_what_eq_ignore_ascii_case_says(
            text in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'A'), Just(b'\0'), any::<u8>()], 0..20),
            lower in prop::collection::vec(prop_oneof![Just(b'a'), any::<u8>()], 0..20),
        ) {
            let lower = lower.to_ascii_lowercase();
            prop_assert_eq!(is_same_text(&text, &lower), text.eq_ignore_ascii_case(&lower));
        }

        #[test]
        fn what_push_latin1_accepts_is_a_legal_value(text in "\\PC{0,20}|[\\x00-\\xff]{0,20}") {
            let mut out = Vec::new();
            if push_latin1(&mut out, &text).is_ok() {
                prop_assert_eq!(check_value(&out), Ok(()));
                prop_assert_eq!(out.iter().map(|b| char::from(*b)).collect::<String>(), text);
            } else {
                prop_assert!(out.is_empty());
            }
        }
    }
}
