//! Conditional requests: the verdict against the steps of RFC 9110, section 13.2.2, written anew.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::choices::Choices;
use crate::handlers::simple::conditions::{Validators, Verdict, allows_range, judge};
use crate::{Field, Headers};

const NAMES: [&str; 6] =
    ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "if-none-match"];

/// Runs this target on `bytes`.
pub fn conditions(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let etag = choices.of(&[Some("\"a\""), Some("W/\"a\""), None, Some("\"\"")]);
    // Around the years that a date of two digits may mean, and around now.
    let modified = UNIX_EPOCH + Duration::from_secs(choices.number() % 253_402_300_800);
    let told =
        Some(modified).filter(|_| modified.duration_since(UNIX_EPOCH).is_ok_and(|since| since.as_secs() % 8 != 7));
    let now = modified + Duration::from_secs(choices.below(5) as u64);
    let mut fields = Vec::new();
    while !choices.is_empty() && fields.len() < 8 {
        let name = choices.of(&NAMES);
        // One in four is the file's own date, or one beside it, which chance would not find.
        let value = match choices.below(4) {
            0 => httpdate::fmt_http_date(modified + Duration::from_secs(choices.below(2) as u64)).into_bytes(),
            _ => choices.line().iter().copied().filter(|byte| !byte.is_ascii_control()).collect(),
        };
        fields.push((name, value.trim_ascii().to_vec()));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| Field::new(name, value)).collect();
    let headers = Headers::new(&fields);
    let validators = Validators { etag, modified: told };

    assert_eq!(judge(headers, validators), expected(headers, etag, told), "{fields:?} {etag:?} {told:?}");
    let if_range = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("If-Range")).collect::<Vec<_>>();
    let is_state = match &if_range[..] {
        [] => true,
        [(_, asked)] => str::from_utf8(asked).is_ok_and(|asked| {
            let is_tag = etag == Some(asked) && !asked.starts_with("W/");
            let is_date = told.is_some() && httpdate::parse_http_date(asked).ok() == told;
            is_tag || is_date && now >= modified + Duration::from_secs(2)
        }),
        _ => false,
    };
    assert_eq!(allows_range(headers, validators, || now), is_state, "{if_range:?} {etag:?} {modified:?}");
}

fn expected(headers: Headers<'_>, etag: Option<&str>, modified: Option<SystemTime>) -> Verdict {
    // A date in a list is none, and two lines are a list.
    let is_one = |name: &str| headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count() == 1;
    let date = |name: &str| httpdate::parse_http_date(headers.get(name).filter(|_| is_one(name))?).ok();
    let names = |name: &str, is_strong: bool| {
        headers.get_all(name).any(|list| list.trim() == "*" || etag.is_some_and(|etag| lists(list, etag, is_strong)))
    };
    let has_failed = if headers.contains("If-Match") {
        !names("If-Match", true)
    } else {
        date("If-Unmodified-Since").zip(modified).is_some_and(|(date, modified)| modified > date)
    };
    let is_known = if headers.contains("If-None-Match") {
        names("If-None-Match", false)
    } else {
        date("If-Modified-Since").zip(modified).is_some_and(|(date, modified)| modified <= date)
    };
    match (has_failed, is_known) {
        (true, _) => Verdict::Failed,
        (false, true) => Verdict::NotModified,
        (false, false) => Verdict::Send,
    }
}

/// True if a list of entity tags has this one, read character by character.
fn lists(list: &str, etag: &str, is_strong: bool) -> bool {
    let opaque = etag.trim_start_matches("W/");
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches(|character| " \t,".contains(character));
        let is_weak = rest.starts_with("W/");
        let tag = if is_weak { &rest[2..] } else { rest };
        if !tag.starts_with('"') {
            return false;
        }
        let Some(end) = tag[1..].find('"') else { return false };
        let is_it = tag[..end + 2] == *opaque;
        if is_it && !(is_strong && (is_weak || etag.starts_with("W/"))) {
            return true;
        }
        rest = &tag[end + 2..];
    }
}
