//! The grammar of `Forwarded` (RFC 7239). `fields` decides which of the elements tells the client.
//!
//! Each value is read where it stands, up to the first byte that is not its own. If that is the end of the token, which
//! is the usual case, no second look is needed. Any other value is delimited first, and then read as a whole.
//!
//! A quoted value with a backslash in it counts as not told. RFC 9110, section 5.6.4 lets senders escape nothing that
//! an address, a scheme or a host could have.

use super::super::{
    field::{TOKEN_BYTES, is_same_text, is_token_byte, is_value_byte, span, trim_whitespace},
    host::plain_name_len,
    refusal::Refusal,
    target::Scheme,
};
use super::node::{ClientAddress, ipv4};
use super::says::{ProxySays, authority, scheme};

/// Calls `each` for the elements of one `Forwarded` field, from the left.
///
/// # Errors
/// The field is malformed. `each` has then seen the elements before the fault.
pub(super) fn each_element<'b>(value: &'b [u8], mut each: impl FnMut(ProxySays<'b>)) -> Result<(), Refusal> {
    let mut rest = value;
    loop {
        rest = match rest {
            // An empty member of a list means nothing (RFC 9110, section 5.6.1.2).
            [b' ' | b'\t' | b',', behind @ ..] => behind,
            [] => return Ok(()),
            element => {
                let mut says = ProxySays::default();
                let behind = read_element(element, &mut says)?;
                each(says);
                behind
            }
        };
    }
}

/// The two faults of an element. A small type, since it is passed with every part.
#[derive(Clone, Copy)]
enum ElementFault {
    Malformed,
    Twice,
}

impl From<ElementFault> for Refusal {
    fn from(fault: ElementFault) -> Self {
        Refusal::bad_request(match fault {
            ElementFault::Malformed => "the forwarded field is not a list of name=value pairs with semicolons between",
            ElementFault::Twice => "the forwarded field has a parameter twice in one element",
        })
    }
}

/// Reads an element, and returns the text behind it, with the comma. RFC 7239, section 4: pairs with semicolons
/// between. Space around a semicolon is accepted.
fn read_element<'b>(text: &'b [u8], says: &mut ProxySays<'b>) -> Result<&'b [u8], ElementFault> {
    let mut rest = text;
    loop {
        rest = match rest {
            [b';' | b' ' | b'\t', behind @ ..] => behind,
            [b',', ..] | [] => return Ok(rest),
            _ => match pair(rest, says)? {
                [b';', behind @ ..] => behind,
                behind => end_of_pair(behind)?,
            },
        };
    }
}

/// Skips the space behind a pair.
fn end_of_pair(mut text: &[u8]) -> Result<&[u8], ElementFault> {
    while let [b' ' | b'\t', behind @ ..] = text {
        text = behind;
    }
    if matches!(text, [b';' | b',', ..] | []) { Ok(text) } else { Err(ElementFault::Malformed) }
}

/// Reads `token "=" ( token / quoted-string )`, and returns the text behind it.
fn pair<'b>(text: &'b [u8], says: &mut ProxySays<'b>) -> Result<&'b [u8], ElementFault> {
    if let Some(text) = behind(text, b"for=") {
        let (client, rest) = match ipv4(text) {
            Some((ip, rest)) if ends_token(rest) => (ClientAddress::Known((ip, 0).into()), rest),
            _ => value(text).map(|(text, rest)| (ClientAddress::of(trim_whitespace(text)), rest))?,
        };
        return once(&mut says.client, client).map(|()| rest);
    }
    if let Some(text) = behind(text, b"proto=") {
        let (scheme, rest) = match behind(text, b"https") {
            Some(rest) if ends_token(rest) => (Some(Scheme::Https), rest),
            _ => value(text).map(|(text, rest)| (scheme(text), rest))?,
        };
        return once(&mut says.scheme, scheme).map(|()| rest);
    }
    if let Some(text) = behind(text, b"host=") {
        let (name, rest) = text.split_at(plain_name_len(text));
        let (authority, rest) = match rest {
            rest if !name.is_empty() && ends_token(rest) => (Some(name), rest),
            _ => value(text).map(|(text, rest)| (authority(text), rest))?,
        };
        return once(&mut says.authority, authority).map(|()| rest);
    }
    let (_, rest) = token(text)?;
    value(rest.strip_prefix(b"=").ok_or(ElementFault::Malformed)?).map(|(_, rest)| rest)
}

/// RFC 7239, section 4: a parameter comes once in an element.
fn once<T>(part: &mut Option<T>, told: T) -> Result<(), ElementFault> {
    part.replace(told).map_or(Ok(()), |_| Err(ElementFault::Twice))
}

/// Returns the text behind `start`, which is in lower case.
fn behind<'b>(text: &'b [u8], start: &[u8]) -> Option<&'b [u8]> {
    let (begins, behind) = text.split_at_checked(start.len())?;
    is_same_text(begins, start).then_some(behind)
}

/// Returns whether a token that was read up to here has ended. Otherwise only its beginning was read.
fn ends_token(rest: &[u8]) -> bool {
    rest.first().is_none_or(|byte| !is_token_byte(*byte))
}

/// Splits a value, without its quotes, from the text behind it.
fn value(text: &[u8]) -> Result<(&[u8], &[u8]), ElementFault> {
    if let [b'"', inside @ ..] = text { quoted(inside) } else { token(text) }
}

fn token(text: &[u8]) -> Result<(&[u8], &[u8]), ElementFault> {
    let end = span(text, &TOKEN_BYTES);
    if end == 0 { Err(ElementFault::Malformed) } else { Ok(text.split_at(end)) }
}

/// Splits the inside of a quoted string, which keeps its backslashes, from the text behind the closing quote.
fn quoted(text: &[u8]) -> Result<(&[u8], &[u8]), ElementFault> {
    let mut at = 0;
    loop {
        match text.get(at..).unwrap_or_default() {
            [b'"', behind @ ..] => return Ok((&text[..at], behind)),
            [b'\\', escaped, ..] if is_value_byte(*escaped) => at += 2,
            [b'\\', ..] | [] => return Err(ElementFault::Malformed),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows the elements as `for|proto|host`, with `-` for a parameter that is missing and `?` for one that cannot be
    /// understood.
    fn read(value: &str) -> Result<Vec<String>, u16> {
        let mut elements = Vec::new();
        let read = each_element(value.as_bytes(), |says| {
            let client = says.client.map(|client| match client {
                ClientAddress::Known(address) => Some(address.to_string()),
                ClientAddress::Hidden => None,
            });
            let scheme = says.scheme.map(|scheme| scheme.map(|scheme| format!("{scheme:?}")));
            let authority = says.authority.map(|told| told.map(|text| text.escape_ascii().to_string()));
            let shown =
                |part: Option<Option<String>>| part.map_or("-".to_owned(), |part| part.unwrap_or("?".to_owned()));
            elements.push([client, scheme, authority].map(shown).join("|"));
        });
        read.map(|()| elements).map_err(|refusal| refusal.status)
    }

    #[test]
    fn elements_are_read_as_the_standard_writes_them() {
        let table: [(&str, &[&str], &str); 25] = [
            ("for=192.0.2.43", &["192.0.2.43:0|-|-"], "a token"),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                &["[2001:db8:cafe::17]:4711|-|-"],
                "a quoted string, and names in any case",
            ),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60:0|Http|-"], "three pairs, one unknown here"),
            ("for=192.0.2.43, for=198.51.100.17", &["192.0.2.43:0|-|-", "198.51.100.17:0|-|-"], "two elements"),
            ("for=_hidden, for=_SEVKISEK,for=unknown", &["?|-|-", "?|-|-", "?|-|-"], "hidden"),
            ("proto=https;host=\"a.example:8\"", &["-|Https|a.example:8"], "without a node"),
            ("for=a;secret=\"a;b, c=d\"", &["?|-|-"], "separators in a string separate nothing"),
            ("for=\"a\\\"b\\\\\";host=c", &["?|-|c"], "escapes end no string"),
            ("for=\"192.0.2.4\\3\";host=\"a\\b\"", &["?|-|?"], "and are not undone"),
            ("for=192.0.2.1 ; host=b", &["192.0.2.1:0|-|b"], "space around the semicolon"),
            ("for=192.0.2.1;;host=b;", &["192.0.2.1:0|-|b"], "empty pairs, which the grammar has"),
            (";", &["-|-|-"], "nothing but an empty pair"),
            (" , for=a,,\t, for=192.0.2.1 , ", &["?|-|-", "192.0.2.1:0|-|-"], "empty members"),
            ("for=\"\"", &["?|-|-"], "an empty string"),
            ("", &[], "nothing"),
            (" , ", &[], "nothing, twice"),
            ("x=1", &["-|-|-"], "unknown pairs alone"),
            ("for=192.0.2.43x, for=192.0.2.4.3", &["?|-|-", "?|-|-"], "a token that only begins with an address"),
            ("for=192.0.2.256, for=192.0.2, for=192.0.2.01", &["?|-|-", "?|-|-", "?|-|-"], "a token that is none"),
            (
                "proto=httpsx, proto=HTTPS, proto=wss",
                &["-|?|-", "-|Https|-", "-|Https|-"],
                "a scheme is the whole token",
            ),
            ("proto=\"https\"", &["-|Https|-"], "in quotes"),
            ("host=a^b, host=a%41, host=a%4", &["-|-|?", "-|-|a%41", "-|-|?"], "a token that is no plain name"),
            ("host=\"a,b\", host=\":8\"", &["-|-|?", "-|-|?"], "a host that cannot be one"),
            ("form=1;hosts=2;protos=3", &["-|-|-"], "names that only begin like others"),
            ("for=192.0.2.1 , for=192.0.2.2 ", &["192.0.2.1:0|-|-", "192.0.2.2:0|-|-"], "space behind an element"),
        ];
        for (value, expected, why) in table {
            assert_eq!(
                read(value).as_deref(),
                Ok(&expected.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>()[..]),
                "{why}"
            );
        }
    }

    #[test]
    fn a_malformed_field_is_refused_since_it_is_unknown_whose_part_is_wrong() {
        let table = [
            ("for=\"a, for=b", "a string without an end, which hides the next element"),
            ("for=\"a\\", "an escape of nothing"),
            ("for=\"a\"b", "a token behind a string"),
            ("for=a b", "a space inside"),
            ("for", "no value"),
            ("for=", "no value"),
            ("for =a", "a space before ="),
            ("for= a", "a space behind ="),
            ("=a", "no name"),
            ("for=[::1]", "brackets outside of a string"),
            ("for=192.0.2.1:80", "a colon outside of a string"),
            ("for=a;for=b", "twice in an element"),
            ("for=a;FOR=a", "twice in an element, and equal"),
            ("host=a;proto=http;host=a", "twice in an element"),
            ("192.0.2.1", "X-Forwarded-For's form"),
            ("for=caf\u{e9}", "raw bytes outside of a string"),
        ];
        for (value, why) in table {
            assert_eq!(read(value), Err(400), "{why}: {value}");
        }
    }
}
