//! Reads the `Cookie` field of a request (RFC 6265, sections 4.2.1 and 5.4). It only splits. It does not make cookies.
//!
//! | in the field                          | is read as                                               |
//! |---------------------------------------|----------------------------------------------------------|
//! | `a=1; b=2`                            | two cookies                                              |
//! | `a=1;b=2`, `a=1 ;  b=2`, `;a=1;`      | the same: space around a cookie means nothing            |
//! | `a="1"`                               | `1`: the quotes are not part of the value                |
//! | `a=1=2`                               | `a` with the value `1=2`                                 |
//! | `a=`                                  | `a` with an empty value                                  |
//! | `a`, `=1`                             | nothing: a cookie has a name and `=`                     |
//!
//! Looser than section 4.2.1, since cookies come from scripts and other servers of the same host. One that is malformed
//! must not hide the others.

use super::field::trim_whitespace;

/// Iterates over the names and values of the cookies in one `Cookie` field, in order. It allocates nothing.
///
/// A name may come several times, for instance with different paths. Browsers send the one with the longest path
/// first, but no server should rely on it (section 5.4).
pub(crate) fn cookies(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|byte| *byte == b';').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (trim_whitespace(&pair[..equals]), trim_whitespace(&pair[equals + 1..]));
        (!name.is_empty()).then(|| (name, without_quotes(value)))
    })
}

fn without_quotes(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inside @ .., b'"'] => inside,
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs = &'static [(&'static str, &'static str)];

    fn read(field: &str) -> Vec<(&str, &str)> {
        let text = |bytes| str::from_utf8(bytes).expect("a part of a text");
        cookies(field.as_bytes()).map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn a_malformed_cookie_does_not_hide_the_others() {
        let table: [(&str, Pairs, &str); 13] = [
            ("a=1; b=2", &[("a", "1"), ("b", "2")], "as browsers send it"),
            ("a=1;b=2", &[("a", "1"), ("b", "2")], "without the space"),
            ("\t a = 1 ;  b=2 ", &[("a", "1"), ("b", "2")], "with more of it"),
            (";a=1;; ;", &[("a", "1")], "empty members"),
            ("a=\"1 2\"; b=\"\"", &[("a", "1 2"), ("b", "")], "quotes are not part of the value"),
            ("a=\"; b=\"1", &[("a", "\""), ("b", "\"1")], "one quote is"),
            ("a=1=2", &[("a", "1=2")], "the first = ends the name"),
            ("a=", &[("a", "")], "an empty value"),
            ("a; =1; ; b=2", &[("b", "2")], "no =, and no name"),
            ("a=1; a=2", &[("a", "1"), ("a", "2")], "the same name twice"),
            ("A=1; a=2", &[("A", "1"), ("a", "2")], "names have a case"),
            ("a[b]=caf\u{e9}", &[("a[b]", "caf\u{e9}")], "characters that section 4.2.1 does not allow"),
            ("", &[], "nothing"),
        ];
        for (field, expected, why) in table {
            assert_eq!(read(field), expected, "{why}: {field:?}");
        }
        assert_eq!(cookies(b"a=\xff; b=1").count(), 2, "bytes that are not UTF-8");
    }

    #[test]
    fn a_thousand_cookies_are_read() {
        let field = (0..1000).map(|number| format!("c{number}={number}")).collect::<Vec<_>>().join("; ");
        assert_eq!(read(&field).len(), 1000);
        assert_eq!(read(&field)[999], ("c999", "999"));
    }

    proptest! {
        #[test]
        fn cookies_that_were_joined_are_found_again(
            sent in prop::collection::vec(("[!#-+.0-:?-\\[\\]-~]{1,5}", "[!#-+.-:<-\\[\\]-~=]{0,5}"), 0..8),
        ) {
            let joined = sent.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            let expected: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(read(&joined), expected);
        }
    }
}
