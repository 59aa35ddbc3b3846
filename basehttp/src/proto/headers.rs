//! A request's fields as a handler sees them. This only looks fields up; `head` has decided which of them the server
//! obeys.

use std::{borrow::Cow, fmt, slice};

use super::{content_type::ContentType, field::latin1, head::Field};

/// The fields of a request, in the order they came. Names are compared without regard to case.
///
/// Values are bytes on the wire, and almost all are ASCII. `get` and `get_all` return values that are UTF-8, `latin1`
/// any value, and `get_bytes` the bytes that were sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Headers<'c> {
    fields: &'c [Field<'c>],
}

impl<'c> Headers<'c> {
    /// Wraps these fields.
    pub const fn new(fields: &'c [Field<'c>]) -> Self {
        Self { fields }
    }

    /// Returns the value of the first field of this name, or `None` if there is none or its value is not UTF-8.
    pub fn get(self, name: &str) -> Option<&'c str> {
        self.get_bytes(name).and_then(|value| str::from_utf8(value).ok())
    }

    /// Iterates over the values of all fields of this name, in order, except those that are not UTF-8.
    pub fn get_all<'n>(self, name: &'n str) -> impl Iterator<Item = &'c str> + use<'c, 'n> {
        self.fields
            .iter()
            .filter(move |field| field.name().eq_ignore_ascii_case(name))
            .filter_map(|field| str::from_utf8(field.value()).ok())
    }

    /// Returns the bytes of the first field of this name.
    pub fn get_bytes(self, name: &str) -> Option<&'c [u8]> {
        self.fields.iter().find(|field| field.name().eq_ignore_ascii_case(name)).map(Field::value)
    }

    /// Returns the first field of this name, one character a byte, as Python reads fields. Never fails on a value.
    pub fn latin1(self, name: &str) -> Option<Cow<'c, str>> {
        self.get_bytes(name).map(latin1)
    }

    /// Returns whether there is a field of this name.
    pub fn contains(self, name: &str) -> bool {
        self.get_bytes(name).is_some()
    }

    /// Iterates over names and values, in the order they came.
    pub fn iter(self) -> HeadersIter<'c> {
        HeadersIter { fields: self.fields.iter() }
    }

    /// Returns the number of fields. Fields of the same name count each.
    pub const fn len(self) -> usize {
        self.fields.len()
    }

    /// Returns whether there are no fields.
    pub const fn is_empty(self) -> bool {
        self.fields.is_empty()
    }

    /// Returns the media type of the body, or `None` if there is none or it is malformed (RFC 9110, section 8.3).
    pub fn content_type(self) -> Option<ContentType<'c>> {
        self.get("content-type").and_then(ContentType::parse)
    }
}

/// Names and values of fields in the order they came, made by [`Headers::iter`].
#[derive(Clone, Debug)]
pub struct HeadersIter<'c> {
    fields: slice::Iter<'c, Field<'c>>,
}

impl<'c> Iterator for HeadersIter<'c> {
    type Item = (&'c str, &'c [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.fields.next().map(|field| (field.name(), field.value()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for HeadersIter<'_> {}

impl<'c> IntoIterator for Headers<'c> {
    type Item = (&'c str, &'c [u8]);
    type IntoIter = HeadersIter<'c>;

    fn into_iter(self) -> HeadersIter<'c> {
        self.iter()
    }
}

impl<'c> IntoIterator for &Headers<'c> {
    type Item = (&'c str, &'c [u8]);
    type IntoIter = HeadersIter<'c>;

    fn into_iter(self) -> HeadersIter<'c> {
        self.iter()
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_found_without_regard_to_case_the_first_of_several() {
        let fields = [
            Field::new("Host", b"a"),
            Field::new("X-Tag", b"one"),
            Field::new("x-tag", b"caf\xe9"),
            Field::new("X-TAG", b"three"),
        ];
        let headers = Headers::new(&fields);
        assert_eq!(headers.get("x-tag"), Some("one"));
        assert_eq!(headers.get("X-Other"), None);
        assert_eq!(headers.get_all("X-tag").collect::<Vec<_>>(), ["one", "three"], "without what is not UTF-8");
        assert_eq!(headers.get_bytes("HOST"), Some(&b"a"[..]));
        assert!(headers.contains("host") && !headers.contains("hos"));
        assert_eq!((headers.len(), headers.is_empty()), (4, false));
        assert_eq!(headers.iter().nth(1), Some(("X-Tag", &b"one"[..])));
        assert_eq!(headers.into_iter().len(), 4);
        assert_eq!(format!("{headers:?}"), "[Host: a, X-Tag: one, x-tag: caf\\xe9, X-TAG: three]");
    }

    #[test]
    fn a_value_that_is_not_utf8_is_there_but_only_as_bytes_or_latin1() {
        let fields = [Field::new("X", b"caf\xe9"), Field::new("Y", "caf\u{e9}".as_bytes()), Field::new("Z", b"plain")];
        let headers = Headers::new(&fields);
        assert_eq!((headers.get("X"), headers.contains("X")), (None, true));
        assert_eq!(headers.latin1("X").as_deref(), Some("caf\u{e9}"));
        assert_eq!(headers.latin1("Y").as_deref(), Some("caf\u{c3}\u{a9}"), "one character a byte, as Python");
        assert!(matches!(headers.latin1("Z"), Some(Cow::Borrowed("plain"))));
    }

    #[test]
    fn a_value_outlives_the_headers_it_was_got_from() {
        fn host<'c>(fields: &'c [Field<'c>]) -> Option<&'c str> {
            let headers = Headers::new(fields);
            headers.get_all("host").next().filter(|first| Some(*first) == headers.get("host"))
        }
        assert_eq!(host(&[Field::new("Host", b"a")]), Some("a"));
    }

    #[test]
    fn the_content_type_is_read_from_its_field() {
        let fields = [Field::new("Content-Type", b"Text/Plain; charset=utf-8")];
        assert_eq!(Headers::new(&fields).content_type().unwrap().essence(), "text/plain");
        assert_eq!(Headers::new(&[]).content_type(), None);
        assert_eq!(Headers::new(&[Field::new("Content-Type", b"nonsense")]).content_type(), None);
    }

    proptest! {
        #[test]
        fn lookup_agrees_with_lower_cased_comparison(
            sent in prop::collection::vec(("[aAbB-]{1,3}", "[a-z\u{e9}]{0,3}"), 0..8),
            asked in "[aAbB-]{1,3}",
        ) {
            let fields: Vec<Field<'_>> = sent.iter().map(|(name, value)| Field::new(name, value.as_bytes())).collect();
            let headers = Headers::new(&fields);
            let is_asked = |name: &str| name.to_lowercase() == asked.to_lowercase();
            let naive: Vec<&str> = sent.iter().filter(|(n, _)| is_asked(n)).map(|(_, value)| value.as_str()).collect();
            prop_assert_eq!(headers.get(&asked), naive.first().copied());
            prop_assert_eq!(headers.contains(&asked), !naive.is_empty());
            prop_assert_eq!(headers.get_all(&asked).collect::<Vec<_>>(), naive);
        }
    }
}
