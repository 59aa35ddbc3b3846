//! Parameters that are made from the body: `#[body]`, `#[json]` and `#[form]`, with the size of the largest body.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, MetaNameValue};

use crate::refusals::refusal;

/// The part of a body that a parameter is made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BodySource {
    /// Its bytes.
    Body,
    Json,
    Form,
}

/// The units of sizes, with their bytes.
const UNITS: [(&str, usize); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

impl BodySource {
    /// The source that an attribute says.
    pub(super) fn of(attribute: &Attribute) -> Option<Self> {
        [Self::Body, Self::Json, Self::Form].into_iter().find(|source| attribute.path().is_ident(source.name()))
    }

    /// The name of the attribute.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Json => "json",
            Self::Form => "form",
        }
    }

    /// The names of the runtime's functions that read the body and make the parameter.
    pub(crate) fn functions(self) -> (&'static str, &'static str) {
        match self {
            Self::Body => ("body_bytes", "of_body"),
            Self::Json => ("json_text", "of_json"),
            Self::Form => ("form_fields", "of_form"),
        }
    }

    /// The size in `#[json(max = "1 MiB")]`, in bytes.
    pub(super) fn max(self, attribute: &Attribute) -> syn::Result<Option<usize>> {
        if matches!(attribute.meta, Meta::Path(_)) {
            return Ok(None);
        }
        let name = self.name();
        let instead = format!("write `#[{name}]`, or `#[{name}(max = \"1 MiB\")]`");
        let wrong = format!("`{name}` takes only `max`, the size of the largest body");
        let argument: MetaNameValue = attribute.parse_args().map_err(|_| refusal(attribute, &wrong, &instead))?;
        if !argument.path.is_ident("max") {
            return Err(refusal(argument.path, wrong, instead));
        }
        match &argument.value {
            Expr::Lit(ExprLit { lit: Lit::Str(size), .. }) => in_bytes(size).map(Some),
            other => Err(refusal(other, "a size is a number and a unit, as a string", instead)),
        }
    }
}

/// 1048576 for `"1 MiB"`.
fn in_bytes(size: &LitStr) -> syn::Result<usize> {
    let text = size.value();
    let parts = text.split_once(' ').and_then(|(count, unit)| {
        let (_, bytes) = UNITS.into_iter().find(|(known, _)| *known == unit)?;
        let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some((count, bytes))
    });
    let Some((count, bytes)) = parts else {
        let wrong = format!("{text:?} is not a size");
        return Err(refusal(size, wrong, "write a number, a space, and `B`, `KiB`, `MiB` or `GiB`, as in \"1 MiB\""));
    };
    // The same on every machine, whatever the size of its addresses.
    let total = count.parse().ok().and_then(|count: u32| u32::try_from(bytes).ok()?.checked_mul(count));
    match total {
        Some(total) => Ok(total as usize),
        None => Err(refusal(
            size,
            "a body that is a parameter is less than 4 GiB",
            "take the exchange, and read the body from `ex.rfile`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        let read = |text| in_bytes(&LitStr::new(text, Span::call_site())).ok();
        for (text, expected) in [
            ("100 B", 100),
            ("0 B", 0),
            ("64 KiB", 65536),
            ("1 MiB", 1_048_576),
            ("3 GiB", 3_221_225_472),
            ("4294967295 B", 4_294_967_295),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "100",
            "B",
            " B",
            "100B",
            "1  MiB",
            "1 MB",
            "1 mib",
            "1 Mib",
            "1_000 B",
            "-1 B",
            "+1 B",
            "1.5 MiB",
            "1 MiB ",
            "4 GiB",
            "4294967296 B",
            "4194304 KiB",
            "99999999999999999999 B",
            "1 TiB",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
