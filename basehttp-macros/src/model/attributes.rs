//! The macro's own attributes, which have to go before the compiler sees the block.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::token::Comma;
use syn::{Attribute, ImplItemFn, LitStr, Meta};

use crate::refusals::{Refusals, refusal};
use crate::similar;

/// The attribute that names a method's token.
pub(crate) const HTTP_METHOD: &str = "http_method";

/// The attribute that says where a method runs.
pub(crate) const PACE: &str = "pace";

/// The attribute that says which paths a method serves.
pub(crate) const PATH: &str = "path";

/// The attribute of a method that runs before those that serve.
pub(crate) const BEFORE: &str = "before";

/// Those that stand above methods.
pub(crate) const OWN: [&str; 4] = [HTTP_METHOD, PACE, PATH, BEFORE];

/// True if the attribute is the macro's own and has to go before the compiler sees the block.
pub(crate) fn is_own(attribute: &Attribute) -> bool {
    OWN.iter().any(|own| is_named(attribute, own))
}

/// True if it would be the macro's own once the compiler has read it, which is too late.
pub(crate) fn becomes_own(attribute: &Attribute) -> bool {
    OWN.iter().any(|own| brings(&attribute.meta, own))
}

/// True if it is a `cfg_attr` with this one among its attributes. `cfg_attr(a, doc(cfg(b)))` brings no `cfg`.
pub(crate) fn brings(meta: &Meta, name: &str) -> bool {
    let Meta::List(list) = meta else { return false };
    // An attribute that cannot be read is not a `cfg`; the compiler refuses it.
    list.path.is_ident("cfg_attr")
        && list.parse_args_with(conditional_attributes).is_ok_and(|attributes| {
            attributes.iter().any(|attribute| attribute.path().is_ident(name) || brings(attribute, name))
        })
}

/// `inline, must_use` of `cfg_attr(unix, inline, must_use)`.
fn conditional_attributes(input: ParseStream<'_>) -> syn::Result<Punctuated<Meta, Comma>> {
    while !input.peek(Comma) {
        input.parse::<TokenTree>()?;
    }
    input.parse::<Comma>()?;
    Punctuated::parse_terminated(input)
}

pub(crate) fn is_pace(attribute: &Attribute) -> bool {
    is_named(attribute, PACE)
}

pub(crate) fn is_http_method(attribute: &Attribute) -> bool {
    is_named(attribute, HTTP_METHOD)
}

pub(crate) fn is_path(attribute: &Attribute) -> bool {
    is_named(attribute, PATH)
}

pub(crate) fn is_before(attribute: &Attribute) -> bool {
    is_named(attribute, BEFORE)
}

/// True for `#[paht("/users")]`, and for `#[get("/users")]` and its like, by which other libraries name paths.
pub(crate) fn is_meant_as_path(attribute: &Attribute) -> bool {
    const ELSEWHERE: [&str; 9] = ["route", "uri", "url", "get", "head", "post", "put", "delete", "patch"];
    let Meta::List(list) = &attribute.meta else { return false };
    let Some(name) = list.path.get_ident().map(ToString::to_string) else { return false };
    let is_like_one =
        || ELSEWHERE.contains(&&*name) || similar::nearest(&name.to_ascii_lowercase(), &OWN) == Some(PATH);
    name != PATH && is_like_one() && list.parse_args::<LitStr>().is_ok_and(|text| text.value().starts_with('/'))
}

fn is_named(attribute: &Attribute, name: &str) -> bool {
    attribute.path().is_ident(name)
}

/// Reads the attribute of that name. `second` is said of another one.
pub(super) fn given_once<T>(
    function: &ImplItemFn,
    name: &str,
    read: impl Fn(&Attribute) -> syn::Result<T>,
    second: (&str, &str),
    refusals: &mut Refusals,
) -> Option<T> {
    let mut given = function.attrs.iter().filter(|attribute| is_named(attribute, name));
    let value = refusals.keep(read(given.next()?));
    for attribute in given {
        refusals.push(refusal(attribute, second.0, second.1));
    }
    value
}
