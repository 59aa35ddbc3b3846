//! A form as values of serde: each name once, with all its texts, which a type is made from.
//!
//! | type                   | texts                                                                          |
//! |------------------------|--------------------------------------------------------------------------------|
//! | a number, a character  | one, as [`str::parse`] reads it                                                |
//! | `bool`                 | one: `true` or `false`, or `on`, which browsers send for a ticked box           |
//! | a text                 | one, which may be empty                                                        |
//! | `Option`               | an empty one is `None`, since browsers send it for a field that is left empty   |
//! | `Vec`, a tuple         | any number, in order                                                           |
//! | an enum                | one: the name of a variant without content                                     |

use std::fmt;
use std::str::FromStr;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::error::HTTPError;
use super::form::Form;
use super::misfit::misfit;

/// Makes a value from a form, which may borrow from it.
pub(crate) fn from_fields<'b, T: Deserialize<'b>>(form: &'b Form) -> Result<T, HTTPError> {
    let names = MapDeserializer::new(grouped(form).into_iter());
    serde_path_to_error::deserialize(names).map_err(|error| misfit(error.path(), &error.inner().0))
}

/// The texts of each name. Names are in the order of the alphabet, and the texts of one in the order they came.
fn grouped(form: &Form) -> Vec<(BorrowedStrDeserializer<'_, FormError>, FieldTexts<'_>)> {
    let mut fields: Vec<_> = form.iter().collect();
    // The sort is stable, and costs no client's thousand names the square of them.
    fields.sort_by_key(|(name, _)| *name);
    let same_name = fields.chunk_by(|(name, _), (next, _)| name == next);
    let texts = |fields: &[(_, _)]| FieldTexts(fields.iter().map(|(_, text)| *text).collect());
    same_name.map(|fields| (BorrowedStrDeserializer::new(fields[0].0), texts(fields))).collect()
}

/// The texts of one name, at least one.
struct FieldTexts<'b>(Vec<&'b str>);

/// Says why a type cannot be made.
#[derive(Debug)]
pub(super) struct FormError(String);

impl<'b> FieldTexts<'b> {
    fn one(&self) -> Result<&'b str, FormError> {
        match self.0[..] {
            [text] => Ok(text),
            _ => Err(FormError::custom("the field is there more than once")),
        }
    }

    fn parsed<N: FromStr>(&self, expected: &dyn Expected) -> Result<N, FormError> {
        let text = self.one()?;
        text.parse().map_err(|_| FormError::invalid_value(Unexpected::Str(text), expected))
    }
}

// Input:
//     deserialize_u8 visit_u8;
// Output:
//     fn deserialize_u8<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
//         let value = self.parsed(&visitor)?;
//         visitor.visit_u8(value)
//     }
macro_rules! parsed {
    ($b:lifetime: $($deserialize:ident $visit:ident;)*) => {
        $(
            fn $deserialize<V: Visitor<$b>>(self, visitor: V) -> Result<V::Value, FormError> {
                let value = self.parsed(&visitor)?;
                visitor.$visit(value)
            }
        )*
    };
}

impl<'b> Deserializer<'b> for FieldTexts<'b> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_borrowed_str(self.one()?)
    }

    parsed! { 'b:
        deserialize_i8 visit_i8;
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_i128 visit_i128;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_u128 visit_u128;
        deserialize_f32 visit_f32;
        deserialize_f64 visit_f64;
    }

    fn deserialize_bool<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
        let value = self.one()? == "on" || self.parsed(&visitor)?;
        visitor.visit_bool(value)
    }

    fn deserialize_option<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
        if self.0 == [""] { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'b>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
        SeqDeserializer::new(self.0.into_iter().map(|text| FieldTexts(vec![text]))).deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'b>>(self, _: usize, visitor: V) -> Result<V::Value, FormError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, FormError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'b>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        BorrowedStrDeserializer::new(self.one()?).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'b>>
        char str string bytes byte_buf unit unit_struct map struct identifier
    }
}

impl<'b> IntoDeserializer<'b, FormError> for FieldTexts<'b> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        FormError(message.to_string())
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(default)]
    struct Order<'b> {
        name: &'b str,
        count: u8,
        price: Option<f64>,
        note: Option<Cow<'b, str>>,
        topping: Vec<Topping>,
        gift: bool,
        letter: char,
        id: Id,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Topping {
        Olives,
        Cheese,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Id(u64);

    impl Default for Order<'_> {
        fn default() -> Self {
            let (name, count, price, note, topping) = ("", 1, None, None, Vec::new());
            Order { name, count, price, note, topping, gift: false, letter: 'x', id: Id(0) }
        }
    }

    fn read(body: &str, check: impl FnOnce(Result<Order<'_>, String>)) {
        let form = Form::parse(body).expect("a form");
        let said = |error: HTTPError| format!("{} {}", error.code(), error.explain().unwrap_or_default());
        check(from_fields(&form).map_err(said));
    }

    #[test]
    fn types_are_made_from_texts() {
        let order = Order::default;
        for (body, expected) in [
            ("", order()),
            ("name=caf%C3%A9+x", Order { name: "caf\u{e9} x", ..order() }),
            ("name=&price=&note=&count=7", Order { count: 7, ..order() }),
            ("price=1.5&note=a", Order { price: Some(1.5), note: Some("a".into()), ..order() }),
            (
                "topping=olives&name=a&topping=cheese",
                Order { name: "a", topping: vec![Topping::Olives, Topping::Cheese], ..order() },
            ),
            ("gift=on&letter=%C3%A9&id=7", Order { gift: true, letter: '\u{e9}', id: Id(7), ..order() }),
            ("gift=true&other=1&other=2", Order { gift: true, ..order() }),
        ] {
            read(body, |order| assert_eq!(order, Ok(expected), "{body}"));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (body, expected) in [
            ("count=300", "422 count: invalid value: string \"300\", expected an integer from 0 to 255"),
            ("count=", "422 count: invalid value: string \"\", expected an integer from 0 to 255"),
            ("count=1&count=1", "422 count: the field is there more than once"),
            ("name=a&name=b", "422 name: the field is there more than once"),
            ("gift=yes", "422 gift: invalid value: string \"yes\", expected a boolean"),
            ("price=a", "422 price: invalid value: string \"a\", expected a number"),
            ("topping=cheese&topping=tin", "422 topping[1]: unknown variant `tin`, expected `olives` or `cheese`"),
            ("letter=ab", "422 letter: invalid value: string \"ab\", expected a character"),
        ] {
            read(body, |order| assert_eq!(order, Err(expected.to_owned()), "{body}"));
        }
    }

    #[test]
    fn maps_take_every_name() {
        let form = Form::parse("b=&a=2&a=1").expect("a form");
        let lists: BTreeMap<&str, Vec<Option<u8>>> = from_fields(&form).expect("it fits");
        assert_eq!(lists, BTreeMap::from([("a", vec![Some(2), Some(1)]), ("b", vec![None])]));
    }
}
