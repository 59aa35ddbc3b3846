//! Tells the verbs of a standard from method names that look like a misspelt one.

use crate::similar;

/// RFC 9110 and 5789, then `WebDAV` and its family: what a misspelt name was most likely meant to be.
#[rustfmt::skip]
const COMMON: [&str; 23] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "MKCALENDAR", "ACL",
    "BIND", "UNBIND", "REBIND",
];

/// The number of those that are HTTP's own, in front of the others.
const OF_HTTP: usize = 9;

/// Others of the IANA registry, of `UPnP` and of caches. No message suggests them, but they are not misspellings.
#[rustfmt::skip]
const RARE: [&str; 20] = [
    "CHECKIN", "CHECKOUT", "LABEL", "LINK", "MERGE", "MKACTIVITY", "MKREDIRECTREF", "MKWORKSPACE", "ORDERPATCH", "PRI",
    "QUERY", "UNCHECKOUT", "UNLINK", "UPDATE", "UPDATEREDIRECTREF", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PURGE",
    "BAN",
];

/// Verbs of the IANA registry and of `UPnP` that no identifier can be.
const HYPHENATED: [&str; 3] = ["BASELINE-CONTROL", "VERSION-CONTROL", "M-SEARCH"];

/// Returns the verb that `do_<name>` was probably meant to end in, `POST` for `post` and `PSOT`. None for `SPAM` or
/// `POST`.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    if let Some(verb) = COMMON.iter().chain(&RARE).find(|verb| **verb == upper) {
        return (upper != name).then_some(verb);
    }
    let verb = similar::nearest(&upper, &COMMON)?;
    (!similar::is_another_word(&upper, verb)).then_some(verb)
}

/// Returns the verb that has a hyphen in the place of the underscore, `VERSION-CONTROL` for `VERSION_CONTROL`.
pub(crate) fn meant_with_hyphen(name: &str) -> Option<&'static str> {
    let with_hyphen = name.replace('_', "-");
    HYPHENATED.into_iter().find(|verb| *verb != name && verb.eq_ignore_ascii_case(&with_hyphen))
}

/// Returns the `do_*` method that was probably meant by a name without `do_`, such as `do_GET` for `Do_GET` and
/// `doGET`.
pub(crate) fn meant_method(name: &str) -> Option<String> {
    let rest = name.get(..2).filter(|start| start.eq_ignore_ascii_case("do")).map(|_| &name[2..])?;
    let verb = rest.strip_prefix('_').unwrap_or(rest);
    let is_known = COMMON.iter().chain(&RARE).any(|known| *known == verb);
    (is_known || is_well_formed(verb) && verb != rest).then(|| format!("do_{verb}"))
}

/// Returns the verb and the word that a name was most likely meant to have, such as `GET` and `user` of `do_get_user`,
/// `do_GET_User`, `doGETuser` and `getUser`. The word is empty if the name has none.
pub(crate) fn verb_and_word(name: &str) -> (Option<&'static str>, String) {
    let (rest, verbs) = match without_do(name) {
        Some(rest) => (rest, &COMMON[..]),
        // `copy_user` is most likely not `COPY`.
        None => (name, &COMMON[..OF_HTTP]),
    };
    let ends_at = |verb: &&&str| {
        let start = rest.get(..verb.len()).filter(|start| start.eq_ignore_ascii_case(verb));
        start.is_some_and(|start| is_boundary(start, &rest[verb.len()..]))
    };
    let (verb, word) = match verbs.iter().filter(ends_at).max_by_key(|verb| verb.len()) {
        Some(verb) => (Some(*verb), &rest[verb.len()..]),
        None => match rest.split_once('_').unwrap_or((rest, "")) {
            (first, word) if rest != name && meant(first).is_some() => (meant(first), word),
            _ => (None, rest),
        },
    };
    let word = in_snake_case(word.trim_matches('_'));
    (verb, Some(word).filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase())).unwrap_or_default())
}

/// `GET_user` of `do_GET_user`, `Do_GET_user` and `doGET_user`, but nothing of `download`.
fn without_do(name: &str) -> Option<&str> {
    let rest = name.get(..2).filter(|start| start.eq_ignore_ascii_case("do")).map(|_| &name[2..])?;
    rest.strip_prefix('_').or((rest.starts_with(|letter: char| letter.is_ascii_uppercase())).then_some(rest))
}

/// Returns whether a word ends here, as in `get|_user`, `get|User`, `GET|user` and `GET|User`.
fn is_boundary(start: &str, rest: &str) -> bool {
    let is_upper_case = start.ends_with(|last: char| last.is_ascii_uppercase());
    let mut letters = rest.chars();
    match letters.next() {
        None => true,
        Some(first) if !first.is_ascii_alphabetic() => true,
        Some(first) if is_upper_case => {
            first.is_ascii_lowercase() || letters.next().is_some_and(|second| second.is_ascii_lowercase())
        }
        Some(first) => first.is_ascii_uppercase(),
    }
}

/// `user_name` of `userName`.
pub(crate) fn in_snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut was_lower = false;
    for letter in name.chars() {
        if was_lower && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        was_lower = letter.is_ascii_lowercase();
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// True if `rest` may follow `do_` in a method's name.
pub(crate) fn is_well_formed(rest: &str) -> bool {
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

    #[test]
    fn a_verb_and_a_word_are_found_in_names_of_other_styles() {
        for (name, verb, word) in [
            ("do_GET_user", Some("GET"), "user"),
            ("do_get_user", Some("GET"), "user"),
            ("do_Get_user", Some("GET"), "user"),
            ("do_GET_User", Some("GET"), "user"),
            ("do_GET_USER", Some("GET"), "user"),
            ("do_GET_userName", Some("GET"), "user_name"),
            ("do_GETuser", Some("GET"), "user"),
            ("do_GETUser", Some("GET"), "user"),
            ("do_GETS_user", Some("GET"), "user"),
            ("do_psot_user", Some("POST"), "user"),
            ("do_copy_user", Some("COPY"), "user"),
            ("do_GET__user", Some("GET"), "user"),
            ("do_GET_2", Some("GET"), ""),
            ("do_GET_", Some("GET"), ""),
            ("do_PSOT", Some("POST"), ""),
            ("do_SPAM", None, "spam"),
            ("do_user", None, "user"),
            ("Do_GET_user", Some("GET"), "user"),
            ("doGET_user", Some("GET"), "user"),
            ("GET_user", Some("GET"), "user"),
            ("get_user", Some("GET"), "user"),
            ("getUser", Some("GET"), "user"),
            ("getter", None, "getter"),
            ("gets_user", None, "gets_user"),
            ("delete", Some("DELETE"), ""),
            ("copy_user", None, "copy_user"),
            ("posts", None, "posts"),
            ("download", None, "download"),
            ("gr\u{fc}n", None, "gr\u{fc}n"),
            ("_", None, ""),
        ] {
            assert_eq!(verb_and_word(name), (verb, word.to_owned()), "{name}");
        }
    }
}
