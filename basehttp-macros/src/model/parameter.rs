//! The parameters of a method that serves: each has a source, and a type that says how often its text may come.
//!
//! | parameter                          | source                                                     |
//! |------------------------------------|------------------------------------------------------------|
//! | `id: u64`, with `{id}` in the path | the segment                                                |
//! | `#[query] page: Option<usize>`     | the query's `page`, or the name in the attribute           |
//! | `#[header("X-Sep")] sep: &str`     | the field                                                  |
//! | `#[cookie] session: String`        | the cookie, or the name in the attribute                   |
//! | `#[guard] admin: Admin`            | `Guard::check`                                             |
//! | `#[json] user: User`               | the body; so do `#[form]` and `#[body]`                    |
//! | `ex: &mut Exchange`, `ex: &Exchange` | the exchange, wherever it stands                         |
//!
//! The type is taken as it is written, so that `Option` behind an alias is not seen.

use syn::ext::IdentExt;
use syn::{Attribute, FnArg, Ident, ImplItemFn, LitStr, Meta, MetaList, Pat, PatType, Type};

use super::body::BodySource;
use crate::grammar;
use crate::parse::Template;
use crate::refusals::{Refusals, refusal};
use crate::types;

/// One parameter after `&self`.
pub(crate) struct Parameter<'b> {
    pub item: &'b PatType,
    pub source: Source,
    pub form: Form,
}

/// The place where the value of a parameter comes from.
pub(crate) enum Source {
    Exchange,
    /// The parameter of the path that has the same name.
    Path(String),
    /// A text of this name in the request.
    Text(TextSource, LitStr),
    Guard,
    /// The body, and the size of the largest one in bytes.
    Body(BodySource, Option<usize>),
    /// The parameter has an attribute that was refused.
    Refused,
    /// Nothing says where it comes from.
    Unknown,
}

/// The part of a request that has texts with names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextSource {
    Query,
    Header,
    Cookie,
}

/// A type as far as its text shows how to make a value of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    /// `Result<…>`: the method gets the error that would have been sent.
    pub is_result: bool,
    pub count: Count,
    pub leaf: Leaf,
}

/// The number of texts that a parameter stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Count {
    One,
    /// `Option<…>`
    Optional,
    /// `Vec<…>`
    Many,
}

/// The innermost type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leaf {
    /// `&str`
    Str,
    /// `String`, for which an empty text is a value.
    String,
    /// A type that is made from a text.
    Parsed,
}

impl TextSource {
    /// The attribute, which is also the name of the runtime's function.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// The attributes of parameters that say the source.
pub(crate) const SOURCES: [&str; 7] = ["query", "header", "cookie", "guard", "json", "form", "body"];

/// The attributes that the compiler knows on a parameter. Others are most likely misspelt sources.
const KNOWN_TO_THE_COMPILER: [&str; 8] = ["allow", "warn", "deny", "forbid", "expect", "cfg", "cfg_attr", "doc"];

/// True if the attribute is neither a source nor one that the compiler knows on a parameter.
pub(crate) fn is_unknown(attribute: &Attribute) -> bool {
    !is_source(attribute) && !KNOWN_TO_THE_COMPILER.iter().any(|known| attribute.path().is_ident(known))
}

/// True if the attribute says the source of a parameter.
pub(crate) fn is_source(attribute: &Attribute) -> bool {
    SOURCES.iter().any(|source| attribute.path().is_ident(source))
}

/// The parameters of a method with these paths.
pub(super) fn all<'b>(method: &'b ImplItemFn, paths: &[Template], refusals: &mut Refusals) -> Vec<Parameter<'b>> {
    let mut has_exchange = false;
    let read = |item| {
        let source = given_source(item, refusals).unwrap_or_else(|| {
            let source = untold_source(item, paths, has_exchange);
            has_exchange |= matches!(source, Source::Exchange);
            source
        });
        Parameter { item, source, form: Form::of(&item.ty) }
    };
    method.sig.inputs.iter().filter_map(typed).map(read).collect()
}

impl<'b> Parameter<'b> {
    /// The name in the signature, unless the pattern is another.
    pub(crate) fn name(&self) -> Option<&'b Ident> {
        name_of(self.item)
    }

    /// The name, if nothing says where the value comes from.
    pub(crate) fn unknown_name(&self) -> Option<String> {
        let name = self.name().filter(|_| matches!(self.source, Source::Unknown));
        name.map(|name| name.unraw().to_string())
    }
}

fn name_of(item: &PatType) -> Option<&Ident> {
    match &*item.pat {
        Pat::Ident(pattern) => Some(&pattern.ident),
        _ => None,
    }
}

pub(crate) fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    }
}

/// The source that an attribute says.
fn given_source(item: &PatType, refusals: &mut Refusals) -> Option<Source> {
    let mut given = item.attrs.iter().filter(|attribute| is_source(attribute));
    let Some(first) = given.next() else {
        return item.attrs.iter().any(is_unknown).then_some(Source::Refused);
    };
    let source = source(first, item);
    for second in given {
        refusals.push(refusal(second, "a parameter has one source", "keep one of them"));
    }
    Some(refusals.keep(source).unwrap_or(Source::Refused))
}

fn source(attribute: &Attribute, item: &PatType) -> syn::Result<Source> {
    if let Some(body) = BodySource::of(attribute) {
        return Ok(Source::Body(body, body.max(attribute)?));
    }
    let text = match attribute.path() {
        path if path.is_ident("query") => TextSource::Query,
        path if path.is_ident("header") => TextSource::Header,
        path if path.is_ident("cookie") => TextSource::Cookie,
        _ => return guard(attribute),
    };
    Ok(Source::Text(text, given_name(attribute, text, item)?))
}

fn guard(attribute: &Attribute) -> syn::Result<Source> {
    match &attribute.meta {
        Meta::Path(_) => Ok(Source::Guard),
        _ => Err(refusal(attribute, "`guard` takes no arguments", "write `#[guard]`; the type says what is checked")),
    }
}

/// The name in `#[query("page-size")]`, or that of the parameter.
fn given_name(attribute: &Attribute, source: TextSource, item: &PatType) -> syn::Result<LitStr> {
    let example = match source {
        TextSource::Query => "`#[query]`, or `#[query(\"page-size\")]`",
        TextSource::Header => "`#[header(\"X-Token\")]`",
        TextSource::Cookie => "`#[cookie]`, or `#[cookie(\"session-id\")]`",
    };
    let (kind, instead) = (source.name(), format!("write {example}"));
    match &attribute.meta {
        Meta::Path(_) if source == TextSource::Header => {
            let field = name_of(item).and_then(field_of);
            let instead = field.map_or(instead, |field| format!("write `#[header({field:?})]`"));
            Err(refusal(attribute, "`header` takes the name of the field, as a string", instead))
        }
        Meta::Path(_) => {
            let wrong = format!("the parameter has no name that `{kind}` could take");
            let into = format!("write the name into the attribute: `#[{kind}(\"name\")]`");
            let name = name_of(item).ok_or_else(|| refusal(&item.pat, wrong, into))?;
            Ok(LitStr::new(&name.unraw().to_string(), name.span()))
        }
        Meta::List(list) if begins_with_default(list) => {
            let instead = "take an `Option<…>`, and write `.unwrap_or(…)` in the method";
            Err(refusal(attribute, format_args!("`{kind}` takes no default"), instead))
        }
        _ => attribute
            .parse_args()
            .map_err(|_| refusal(attribute, format_args!("`{kind}` takes one name, as a string"), instead)),
    }
}

fn begins_with_default(list: &MetaList) -> bool {
    list.tokens.clone().into_iter().next().is_some_and(|token| token.to_string() == "default")
}

/// The field that a parameter is most likely called after: `User-Agent` for `user_agent`.
fn field_of(parameter: &Ident) -> Option<String> {
    let name = parameter.unraw().to_string();
    let capital = |word: &str| Some(word.get(..1)?.to_ascii_uppercase() + &word[1..]);
    let words = name.split('_').filter(|word| !word.is_empty()).map(capital).collect::<Option<Vec<_>>>()?;
    Some(words.join("-")).filter(|field| grammar::is_token(field))
}

/// The source of a parameter without an attribute that says it.
///
/// The exchange may be behind an alias. A method with a path has values among its parameters, so only a reference
/// counts there; a method without one had nothing but the exchange before there were paths.
fn untold_source(item: &PatType, paths: &[Template], has_exchange: bool) -> Source {
    let name = name_of(item).map(|name| name.unraw().to_string());
    if let Some(name) = name.filter(|name| paths.iter().any(|path| path.parameters().any(|known| known == name))) {
        return Source::Path(name);
    }
    let is_named_so = types::last_segment(types::target(&item.ty)).is_some_and(|last| last.ident == "Exchange");
    let (is_reference, is_mutable) = match types::ungrouped(&item.ty) {
        Type::Reference(reference) => (true, reference.mutability.is_some()),
        _ => (false, false),
    };
    let may_be = || (is_reference || paths.is_empty()) && types::may_borrow_exchange(&item.ty);
    // Only the exchange can be borrowed for writing, and `check` refuses any other type.
    if !has_exchange && (is_named_so || is_mutable || may_be()) { Source::Exchange } else { Source::Unknown }
}

impl Form {
    pub(crate) fn of(ty: &Type) -> Self {
        let (is_result, inside) = match types::inside(ty, "Result") {
            Some(inside) => (true, inside),
            None => (false, ty),
        };
        let (count, inside) = match (types::inside(inside, "Option"), types::inside(inside, "Vec")) {
            (Some(inside), _) => (Count::Optional, inside),
            (None, Some(inside)) => (Count::Many, inside),
            (None, None) => (Count::One, inside),
        };
        Self { is_result, count, leaf: Leaf::of(inside) }
    }
}

impl Leaf {
    fn of(ty: &Type) -> Self {
        match types::ungrouped(ty) {
            Type::Reference(reference) if is_named(&reference.elem, "str") => Self::Str,
            ty if is_named(ty, "String") => Self::String,
            _ => Self::Parsed,
        }
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    types::last_segment(ty).is_some_and(|last| last.ident.unraw() == name)
}

/// True for `&[&str]`, the type of a rest.
pub(crate) fn is_rest(ty: &Type) -> bool {
    let Type::Reference(reference) = types::ungrouped(ty) else { return false };
    let Type::Slice(slice) = types::ungrouped(&reference.elem) else { return false };
    reference.mutability.is_none() && Leaf::of(&slice.elem) == Leaf::Str
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_taken_as_it_is_written() {
        use {Count::*, Leaf::*};
        for (ty, is_result, count, leaf) in [
            ("u64", false, One, Parsed),
            ("&str", false, One, Str),
            ("&'static str", false, One, Str),
            ("String", false, One, String),
            ("std::string::String", false, One, String),
            ("Option<u64>", false, Optional, Parsed),
            ("std::option::Option<&str>", false, Optional, Str),
            ("r#Option<r#String>", false, Optional, String),
            ("Vec<String>", false, Many, String),
            ("Vec<&str>", false, Many, Str),
            ("Result<u8, HTTPError>", true, One, Parsed),
            ("Result<u8>", true, One, Parsed),
            ("Result<Vec<&str>, HTTPError>", true, Many, Str),
            ("Result<Option<String>, HTTPError>", true, Optional, String),
            ("(Option<u8>)", false, Optional, Parsed),
            ("&[&str]", false, One, Parsed),
            ("Option", false, One, Parsed),
            ("Options<u8>", false, One, Parsed),
        ] {
            let parsed = syn::parse_str(ty).expect("these are types");
            assert_eq!(Form::of(&parsed), Form { is_result, count, leaf }, "{ty}");
        }
    }

    #[test]
    fn a_parameter_is_called_after_its_field() {
        for (name, field) in [
            ("user_agent", Some("User-Agent")),
            ("_if_match", Some("If-Match")),
            ("r#type", Some("Type")),
            ("größe", None),
            ("änderung", None),
            ("__", None),
        ] {
            let name: Ident = syn::parse_str(name).expect("these are names");
            assert_eq!(field_of(&name).as_deref(), field, "{name}");
        }
    }

    #[test]
    fn a_rest_is_a_slice_of_texts() {
        for (ty, expected) in [
            ("&[&str]", true),
            ("&'a [&'a str]", true),
            ("&mut [&str]", false),
            ("&[String]", false),
            ("&str", false),
            ("Vec<&str>", false),
        ] {
            assert_eq!(is_rest(&syn::parse_str(ty).expect("these are types")), expected, "{ty}");
        }
    }
}
