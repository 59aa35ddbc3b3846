//! Compares a request's preconditions with a file's validators. Pure decisions, in the order of RFC 9110, section
//! 13.2.2.
//!
//! | step | field                 | evaluated                          | false |
//! |------|-----------------------|------------------------------------|-------|
//! | 1    | `If-Match`            | always, by strong comparison       | 412   |
//! | 2    | `If-Unmodified-Since` | without `If-Match`                 | 412   |
//! | 3    | `If-None-Match`       | always, by weak comparison         | 304   |
//! | 4    | `If-Modified-Since`   | without `If-None-Match`            | 304   |
//! | 5    | `If-Range`            | with `Range`, by strong comparison | whole |
//!
//! An invalid date is ignored, and so is a date in a list.

use std::time::{Duration, SystemTime};

use basehttp::Headers;

/// The validators of a file's state (RFC 9110, section 8.8).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validators<'v> {
    /// The entity tag with its quotes, and `W/` if it is weak.
    pub etag: Option<&'v str>,
    /// The date of `Last-Modified`, in whole seconds. Without it dates are ignored (RFC 9110, sections 13.1.3 and
    /// 13.1.4).
    pub modified: Option<SystemTime>,
}

/// The result of the preconditions of a GET or HEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send the file, as without preconditions.
    Send,
    /// Send 304, since the client has the file.
    NotModified,
    /// Send 412.
    Failed,
}

/// Judges a request by its preconditions, except `If-Range`.
pub(crate) fn judge(headers: Headers<'_>, validators: Validators<'_>) -> Verdict {
    let has_passed = if headers.contains("If-Match") {
        matches_any(headers, "If-Match", |tag| is_strong_match(tag, validators.etag))
    } else {
        is_unmodified(headers, "If-Unmodified-Since", validators).unwrap_or(true)
    };
    if !has_passed {
        return Verdict::Failed;
    }
    let is_known = if headers.contains("If-None-Match") {
        matches_any(headers, "If-None-Match", |tag| is_weak_match(tag, validators.etag))
    } else {
        is_unmodified(headers, "If-Modified-Since", validators).unwrap_or(false)
    };
    if is_known { Verdict::NotModified } else { Verdict::Send }
}

/// Age after which a file's date counts as a strong validator: 2 s. Within the second of its date the file may be
/// written again (RFC 9110, section 8.8.2.2).
const DATE_IS_STRONG_AFTER: Duration = Duration::from_secs(2);

/// Returns true if `Range` counts: the request has no `If-Range`, or one that names the file's state.
pub(crate) fn allows_range(headers: Headers<'_>, validators: Validators<'_>, now: impl FnOnce() -> SystemTime) -> bool {
    match headers.get_bytes("If-Range") {
        None => true,
        Some(_) if is_repeated(headers, "If-Range") => false,
        Some(tag) if tag.starts_with(b"\"") || tag.starts_with(b"W/") => {
            str::from_utf8(tag).is_ok_and(|tag| is_strong_match(tag, validators.etag))
        }
        Some(_) => {
            let Some(modified) = validators.modified else { return false };
            let is_settled = now().duration_since(modified).is_ok_and(|age| age >= DATE_IS_STRONG_AFTER);
            is_settled && date(headers, "If-Range") == Some(modified)
        }
    }
}

/// Returns true if the file was not modified since the date in the field `name`. `None` if one of the dates is missing.
fn is_unmodified(headers: Headers<'_>, name: &str, validators: Validators<'_>) -> Option<bool> {
    let date = date(headers, name)?;
    validators.modified.map(|modified| modified <= date)
}

/// Returns true if a field of that name is `*`, or lists an entity tag that matches.
fn matches_any(headers: Headers<'_>, name: &str, is_match: impl Fn(&str) -> bool) -> bool {
    headers.get_all(name).any(|list| list.trim() == "*" || tags(list).any(&is_match))
}

/// Splits a list into its entity tags, up to the first malformed one.
fn tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let opaque = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let end = rest.len() - opaque.len() + opaque.find('"')? + 1;
        let (tag, behind) = rest.split_at(end);
        rest = behind;
        Some(tag)
    })
}

/// Strong comparison (RFC 9110, section 8.8.3.2): both tags are strong and equal.
fn is_strong_match(tag: &str, own: Option<&str>) -> bool {
    own.is_some_and(|own| own == tag && !own.starts_with("W/"))
}

/// Weak comparison (RFC 9110, section 8.8.3.2): the tags are equal without `W/`.
fn is_weak_match(tag: &str, own: Option<&str>) -> bool {
    own.is_some_and(|own| opaque(own) == opaque(tag))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// Parses the date in a field. Two dates are ignored, on two lines or in a list (RFC 9110, sections 13.1.3 and 13.1.4).
fn date(headers: Headers<'_>, name: &str) -> Option<SystemTime> {
    let date = headers.get(name).filter(|_| !is_repeated(headers, name))?;
    httpdate::parse_http_date(date).ok()
}

fn is_repeated(headers: Headers<'_>, name: &str) -> bool {
    headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use basehttp::Field;

    use super::*;
    use Verdict::{Failed, NotModified, Send};

    const BEFORE: &str = "Tue, 14 Nov 2023 22:13:19 GMT";
    const THEN: &str = "Tue, 14 Nov 2023 22:13:20 GMT";
    const AFTER: &str = "Tue, 14 Nov 2023 22:13:21 GMT";

    fn then() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    type Fields<'f> = &'f [(&'f str, &'f str)];

    fn validators(etag: &str) -> Validators<'_> {
        Validators { etag: Some(etag).filter(|etag| !etag.is_empty()), modified: Some(then()) }
    }

    #[test]
    fn dates_are_not_looked_at_where_the_file_has_none() {
        let undated = Validators { modified: None, ..validators("\"a\"") };
        let table: [(Fields<'_>, Verdict, bool); 5] = [
            (&[("If-Modified-Since", AFTER)], Send, true),
            (&[("If-Unmodified-Since", BEFORE)], Send, true),
            (&[("If-None-Match", "\"a\""), ("If-Modified-Since", AFTER)], NotModified, true),
            (&[("If-Range", THEN)], Send, false),
            (&[("If-Range", "\"a\"")], Send, true),
        ];
        for (fields, verdict, is_range_allowed) in table {
            let lines: Vec<_> = fields.iter().map(|(name, value)| Field::new(name, value.as_bytes())).collect();
            let headers = Headers::new(&lines);
            assert_eq!(judge(headers, undated), verdict, "{fields:?}");
            assert_eq!(allows_range(headers, undated, SystemTime::now), is_range_allowed, "{fields:?}");
        }
    }

    #[test]
    fn preconditions_are_judged_in_the_standards_order() {
        let (strong, weak, none) = ("\"a\"", "W/\"a\"", "");
        let (im, ius, inm, ims) = ("If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since");
        let table: [(Fields<'_>, &str, Verdict, &str); 42] = [
            (&[], strong, Send, "no precondition"),
            (&[(im, "\"a\"")], strong, Send, "the same"),
            (&[(im, "\"b\"")], strong, Failed, "another"),
            (&[(im, "\"b\", \"a\"")], strong, Send, "one of them"),
            (&[(im, "\"b\""), (im, "\"a\"")], strong, Send, "one of them, in two fields"),
            (&[(im, "*")], strong, Send, "any"),
            (&[(im, "*")], none, Send, "any"),
            (&[(im, "W/\"a\"")], strong, Failed, "a weak one never matches strongly"),
            (&[(im, "W/\"a\"")], weak, Failed, "nor does it match itself"),
            (&[(im, "\"a\"")], weak, Failed, "nor a strong one ours"),
            (&[(im, "\"a\"")], none, Failed, "we have none"),
            (&[(im, "a")], strong, Failed, "no entity tag"),
            (&[(im, "\"a\""), (ius, BEFORE)], strong, Send, "the date is not looked at"),
            (&[(ius, THEN)], strong, Send, "not modified since"),
            (&[(ius, AFTER)], strong, Send, "not modified since"),
            (&[(ius, BEFORE)], strong, Failed, "modified since"),
            (&[(ius, "yesterday")], strong, Send, "no date"),
            (&[(inm, "\"a\"")], strong, NotModified, "the same"),
            (&[(inm, "W/\"a\"")], strong, NotModified, "the same, weakly"),
            (&[(inm, "\"a\"")], weak, NotModified, "the same, weakly"),
            (&[(inm, "\"b\"")], strong, Send, "another"),
            (&[(inm, "\"b\" ,\t W/\"c\",\"a\"")], strong, NotModified, "one of them"),
            (&[(inm, "\"b, \"a\"")], strong, Send, "a quote that is not closed where it should be"),
            (&[(inm, "*")], strong, NotModified, "any"),
            (&[(inm, "\"*\"")], strong, Send, "not any: a tag of that name"),
            (&[(inm, "\"b\""), (ims, AFTER)], strong, Send, "the date is not looked at"),
            (&[(inm, "\"b\""), (ims, AFTER)], none, Send, "the date is not looked at"),
            (&[(ims, THEN)], strong, NotModified, "not modified since"),
            (&[(ims, AFTER)], none, NotModified, "not modified since"),
            (&[(ims, BEFORE)], strong, Send, "modified since"),
            (&[(ims, "Tuesday, 14-Nov-23 22:13:20 GMT")], strong, NotModified, "the date of RFC 850"),
            (&[(ims, "Tue Nov 14 22:13:20 2023")], strong, NotModified, "the date of asctime"),
            (&[(ims, "Tue, 14 Nov 2023 22:13:20 +0100")], strong, Send, "another zone is no date"),
            (
                &[(ims, "Sunday, 06-Nov-94 08:49:37 GMT")],
                strong,
                Send,
                "more than 50 years ahead is meant for the past",
            ),
            (&[(ims, "0")], strong, Send, "no date"),
            (&[(ims, "Tue, 14 Nov 2023 22:13:20 GMT, Tue, 14 Nov 2023 22:13:20 GMT")], strong, Send, "a list of dates"),
            (&[(ims, AFTER), (ims, AFTER)], strong, Send, "a list of dates, in two fields"),
            (&[(ius, "Tue, 14 Nov 2023 22:13:19 GMT, Tue, 14 Nov 2023 22:13:19 GMT")], strong, Send, "a list of dates"),
            (&[(ius, BEFORE), (ius, BEFORE)], strong, Send, "a list of dates, in two fields"),
            (&[(ius, "Sunday, 06-Nov-94 08:49:37 GMT")], strong, Failed, "that date is long past"),
            (&[(im, "\"b\""), (inm, "\"a\"")], strong, Failed, "If-Match comes first"),
            (&[(im, "\"a\""), (inm, "\"a\"")], strong, NotModified, "and then If-None-Match"),
        ];
        for (fields, etag, expected, why) in table {
            let fields: Vec<_> = fields.iter().map(|(name, value)| Field::new(name, value.as_bytes())).collect();
            assert_eq!(judge(Headers::new(&fields), validators(etag)), expected, "{fields:?} for {etag}: {why}");
        }
    }

    #[test]
    fn a_range_counts_only_for_the_state_that_if_range_names() {
        let table = [
            ("\"a\"", "\"a\"", true, "the same"),
            ("\"b\"", "\"a\"", false, "another"),
            ("W/\"a\"", "\"a\"", false, "weak"),
            ("W/\"a\"", "W/\"a\"", false, "weak"),
            ("\"a\"", "", false, "we have none"),
            (THEN, "\"a\"", true, "the same date"),
            (BEFORE, "\"a\"", false, "another date"),
            (AFTER, "\"a\"", false, "another date, if a later one"),
            ("soon", "\"a\"", false, "no date"),
            ("*", "\"a\"", false, "no tag"),
        ];
        for (value, etag, expected, why) in table {
            let fields = [Field::new("If-Range", value.as_bytes())];
            let later = || then() + Duration::from_secs(60);
            assert_eq!(allows_range(Headers::new(&fields), validators(etag), later), expected, "{value}: {why}");
        }
        assert!(allows_range(Headers::new(&[]), validators(""), then), "without If-Range");
        for second in ["\"a\"", "\"b\""] {
            let fields = ["\"a\"", second].map(|tag| Field::new("If-Range", tag.as_bytes()));
            assert!(!allows_range(Headers::new(&fields), validators("\"a\""), then), "two of them: {second}");
        }
        let fields = [Field::new("If-Range", THEN.as_bytes())];
        let (headers, validators) = (Headers::new(&fields), validators("\"a\""));
        assert!(!allows_range(headers, validators, || then() + Duration::from_secs(1)), "it may be written again yet");
        assert!(!allows_range(headers, validators, || then() - Duration::from_secs(1)), "a file of the future");
    }
}
