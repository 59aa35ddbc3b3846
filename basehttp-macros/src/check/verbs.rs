//! Tells the verbs of a standard from method names that look like a misspelt one.

use crate::model::{Method, Token, token_and_word};
use crate::similar;

/// RFC 9110 and 5789, then `WebDAV` and its family: what a misspelt name was most likely meant to be.
#[rustfmt::skip]
const COMMON: [&str; 23] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "MKCALENDAR", "ACL",
    "BIND", "UNBIND", "REBIND",
];

/// Others of the IANA registry, of `UPnP` and of caches. No message suggests them, but they are not misspellings.
#[rustfmt::skip]
const RARE: [&str; 20] = [
    "CHECKIN", "CHECKOUT", "LABEL", "LINK", "MERGE", "MKACTIVITY", "MKREDIRECTREF", "MKWORKSPACE", "ORDERPATCH", "PRI",
    "QUERY", "UNCHECKOUT", "UNLINK", "UPDATE", "UPDATEREDIRECTREF", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PURGE",
    "BAN",
];

/// Verbs that no identifier can be: of the IANA registry, and of `UPnP`.
const HYPHENATED: [&str; 3] = ["BASELINE-CONTROL", "VERSION-CONTROL", "M-SEARCH"];

/// The verb that `do_<name>` was probably meant to end in: `POST` for `post` and `PSOT`, none for `SPAM` or `POST`.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    if let Some(verb) = COMMON.iter().chain(&RARE).find(|verb| **verb == upper) {
        return (upper != name).then_some(verb);
    }
    let verb = similar::nearest(&upper, &COMMON)?;
    (!similar::is_another_word(&upper, verb)).then_some(verb)
}

/// The verb that an underscore stands in the place of a hyphen of: `VERSION-CONTROL` for `VERSION_CONTROL`.
pub(super) fn meant_with_hyphen(name: &str) -> Option<&'static str> {
    let with_hyphen = name.replace('_', "-");
    HYPHENATED.into_iter().find(|verb| *verb != name && verb.eq_ignore_ascii_case(&with_hyphen))
}

/// The name of the `do_*` method that was probably meant by a name without `do_`: `do_GET` for `Do_GET` and `doGET`.
pub(super) fn meant_method(name: &str) -> Option<String> {
    let rest = name.get(..2).filter(|start| start.eq_ignore_ascii_case("do")).map(|_| &name[2..])?;
    let verb = rest.strip_prefix('_').unwrap_or(rest);
    let is_known = COMMON.iter().chain(&RARE).any(|known| *known == verb);
    (is_known || is_well_formed(verb) && verb != rest).then(|| format!("do_{verb}"))
}

/// The name that a method which serves requests was meant to have; none if it looks like a helper.
pub(super) fn meant_name(method: &Method<'_>) -> Option<String> {
    let name = method.name().to_string();
    match method.token()? {
        Token::Named(token) => match meant(token) {
            Some(verb) => Some(format!("do_{verb}{}", word_behind(&name))),
            None => is_well_formed(token).then_some(name),
        },
        Token::Given(_) => Some(name),
    }
}

/// `_user` of `do_GET_user`.
pub(super) fn word_behind(name: &str) -> String {
    token_and_word(name).map(|(_, word)| format!("_{word}")).unwrap_or_default()
}

/// True if `rest` may follow `do_` in a method's name.
pub(super) fn is_well_formed(rest: &str) -> bool {
    let is_upper_case = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !rest.is_empty() && rest.bytes().all(is_upper_case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_left_alone() {
        for (name, expected) in [
            ("GET", None),
            ("get", Some("GET")),
            ("Get", Some("GET")),
            ("GEET", Some("GET")),
            ("EGT", Some("GET")),
            ("PSOT", Some("POST")),
            ("psot", Some("POST")),
            ("OPTOINS", Some("OPTIONS")),
            ("DELTE", Some("DELETE")),
            ("PROFIND", Some("PROPFIND")),
            ("SPAM", None),
            ("SET", None),
            ("READ", None),
            ("PURGE", None),
            ("purge", Some("PURGE")),
            ("QUERY", None),
            ("something", None),
            ("", None),
        ] {
            assert_eq!(meant(name), expected, "{name}");
        }
    }
}
