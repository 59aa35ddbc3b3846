//! Forms: against a decoder written anew, encoded and decoded again, and as values of serde.

use std::collections::BTreeMap;

#[cfg(feature = "json")]
use super::misfit::expect_short;
use crate::Form;
#[cfg(feature = "json")]
use crate::exchange::from_fields;

/// Runs this target on `bytes`.
pub fn form(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let pairs = plain(text);
    let form = match (Form::parse(text), pairs) {
        (Ok(form), Some(pairs)) => {
            assert_eq!(form.clone().into_iter().collect::<Vec<_>>(), pairs, "{text}");
            form
        }
        (Err(error), pairs) => {
            let is_too_long = text.split('&').filter(|pair| !pair.is_empty()).count() > 1000;
            assert_eq!(error.code(), if is_too_long { 413 } else { 400 }, "{text}");
            assert!(is_too_long || pairs.is_none(), "{text}");
            return;
        }
        (Ok(_), None) => panic!("a broken form was read: {text}"),
    };
    let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    assert_eq!(Form::parse(&encoded).ok(), Some(form.clone()), "encoded and decoded again");
    #[cfg(feature = "json")]
    check_values(&form);
    check_names(&form);
}

/// The pairs, or nothing if one is broken.
fn plain(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let at = pair.find('=').unwrap_or(pair.len());
        pairs.push((decoded(&pair[..at])?, decoded(pair.get(at + 1..).unwrap_or_default())?));
    }
    Some(pairs)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn check_names(form: &Form) {
    for (name, first) in by_name(form).iter().map(|(name, values)| (*name, values[0])) {
        assert_eq!(form.get(name), Some(first));
        assert_eq!(form.get_all(name).collect::<Vec<_>>(), by_name(form)[name]);
    }
}

fn by_name(form: &Form) -> BTreeMap<&str, Vec<&str>> {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in form {
        names.entry(name).or_default().push(value);
    }
    names
}

/// What serde makes of the form: every value in its order, or a number of each.
#[cfg(feature = "json")]
fn check_values(form: &Form) {
    let lists: BTreeMap<&str, Vec<&str>> = from_fields(form).expect("all texts fit");
    assert_eq!(lists, by_name(form));
    let expected: Option<BTreeMap<&str, Option<u8>>> = by_name(form)
        .into_iter()
        .map(|(name, values)| match values[..] {
            [""] => Some((name, None)),
            [value] => Some((name, Some(value.parse().ok()?))),
            _ => None,
        })
        .collect();
    match from_fields::<BTreeMap<&str, Option<u8>>>(form) {
        Ok(numbers) => assert_eq!(Some(numbers), expected),
        Err(error) => {
            assert_eq!(expected, None, "a number of each");
            assert_eq!(expect_short(&error), 422);
        }
    }
}
