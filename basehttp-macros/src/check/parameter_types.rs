//! The types of parameters, as they are written: those that no text can become, and texts that would have to live too
//! long. The compiler refuses the other types that cannot be made, by the message of a trait.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Lifetime, Type, TypeReference};

use crate::model::{Count, Leaf, Method, Parameter, Source, is_rest, is_source};
use crate::refusals::{Refusals, refusal};
use crate::types::{contradicts, inside, last_segment, may_borrow_exchange, target, type_argument, ungrouped, written};

pub(super) fn check(parameter: &Parameter<'_>, method: &Method<'_>, refusals: &mut Refusals) {
    let result = match &parameter.source {
        Source::Exchange => exchange(parameter, method),
        Source::Path(name) => segment(name, parameter, method).and_then(|()| value(parameter)),
        Source::Text(..) => known(parameter).and_then(|()| value(parameter)),
        Source::Guard => known(parameter),
        Source::Body(..) => known(parameter).and_then(|()| lifetime(parameter)),
        Source::Refused | Source::Unknown => Ok(()),
    };
    refusals.keep(result);
}

fn exchange(parameter: &Parameter<'_>, method: &Method<'_>) -> syn::Result<()> {
    let ty = &parameter.item.ty;
    if !may_borrow_exchange(ty) {
        let wrong = format!("the exchange of `{}` has to be `&mut Exchange`, or `&Exchange`", method.name());
        return Err(refusal(ty, wrong, "write `ex: &mut Exchange`"));
    }
    Ok(())
}

/// A parameter of the path: one segment, or all of the rest.
fn segment(name: &str, parameter: &Parameter<'_>, method: &Method<'_>) -> syn::Result<()> {
    let ty = &parameter.item.ty;
    // The path may not be the one that was meant.
    if method.paths.iter().any(|path| !path.is_sound) {
        return Ok(());
    }
    if is_exchange(ty) {
        let wrong = format!("`{name}` is the exchange, and the path's `{{{name}}}` too");
        return Err(refusal(ty, wrong, "give one of them another name"));
    }
    let is_a_rest = method.paths.iter().any(|path| path.rest() == Some(name));
    let count = parameter.form.count;
    if is_a_rest && !is_rest(ty) {
        let wrong = format!("`{{*{name}}}` is a list of segments");
        return Err(refusal(ty, wrong, format_args!("write `{name}: &[&str]`")));
    }
    if !is_a_rest && count == Count::Optional {
        let wrong = format!("`{{{name}}}` is never missing, since the path would be another one");
        let instead = "write the type without `Option`; a path without the parameter is another method's";
        return Err(refusal(ty, wrong, instead));
    }
    if !is_a_rest && (count == Count::Many || is_slice(ty)) {
        let wrong = format!("`{{{name}}}` is one segment of the path");
        let instead = format!("write the type of one, or `{{*{name}}}` in the path and `{name}: &[&str]`");
        return Err(refusal(ty, wrong, instead));
    }
    Ok(())
}

/// A value that an attribute asks for.
fn known(parameter: &Parameter<'_>) -> syn::Result<()> {
    let ty = &parameter.item.ty;
    let attribute = parameter.item.attrs.iter().find(|attribute| is_source(attribute));
    match attribute.filter(|_| is_exchange(ty)) {
        Some(attribute) => Err(refusal(attribute, "the exchange needs no source", "take the attribute away")),
        None => one_type(parameter),
    }
}

fn one_type(parameter: &Parameter<'_>) -> syn::Result<()> {
    let ty = &parameter.item.ty;
    if matches!(target(ty), Type::ImplTrait(_) | Type::TraitObject(_)) {
        let wrong = "the type of a parameter says what to make, so it has to be one type";
        return Err(refusal(ty, wrong, format_args!("write it out, for example `{}: u64`", named(parameter))));
    }
    Ok(())
}

/// A value that is made of a text.
fn value(parameter: &Parameter<'_>) -> syn::Result<()> {
    one_type(parameter)?;
    if !is_rest(&parameter.item.ty) || !matches!(parameter.source, Source::Path(_)) {
        owned(parameter)?;
        flat(parameter)?;
    }
    lifetime(parameter)
}

/// Only `&str` is borrowed, from the request.
fn owned(parameter: &Parameter<'_>) -> syn::Result<()> {
    let (ty, name) = (&*parameter.item.ty, named(parameter));
    let Type::Reference(reference) = ungrouped(ty) else { return Ok(()) };
    let wrong = format!("`{name}` is made for this call, so it cannot be borrowed");
    let to = written(&reference.elem);
    if reference.mutability.is_some() {
        let to = if to == "str" { "String" } else { &to };
        return Err(refusal(ty, wrong, format_args!("write `mut {name}: {to}`")));
    }
    match ungrouped(&reference.elem) {
        Type::Slice(slice) if written(&slice.elem) == "u8" => {
            Err(refusal(ty, wrong, format_args!("write `{name}: &str`, which has `as_bytes()`")))
        }
        Type::Slice(slice) => {
            let instead = format!("write `{name}: Vec<{}>`", written(&slice.elem));
            Err(refusal(ty, "values that may come several times are a `Vec`", instead))
        }
        _ if to == "String" => Err(refusal(ty, wrong, format_args!("write `{name}: &str` or `{name}: String`"))),
        _ if parameter.form.leaf == Leaf::Str => Ok(()),
        _ => Err(refusal(ty, wrong, format_args!("write `{name}: {to}`"))),
    }
}

/// `Result` is outermost, and inside stands one `Option` or `Vec`.
fn flat(parameter: &Parameter<'_>) -> syn::Result<()> {
    let ty = &*parameter.item.ty;
    let mut around = Vec::new();
    let mut leaf = ty;
    while let Some((kind, inner)) =
        ["Result", "Option", "Vec"].iter().find_map(|kind| Some((*kind, inside(leaf, kind)?)))
    {
        around.push(kind);
        leaf = inner;
    }
    if matches!(&*around, [] | [_] | ["Result", "Option" | "Vec"]) {
        return error(parameter);
    }
    let leaf = written(leaf);
    let inner = if around.contains(&"Vec") { "Vec" } else { "Option" };
    let instead = match (around.contains(&"Result"), around.iter().any(|kind| *kind != "Result")) {
        (true, true) => format!("Result<{inner}<{leaf}>, HTTPError>"),
        (true, false) => format!("Result<{leaf}, HTTPError>"),
        _ => format!("{inner}<{leaf}>"),
    };
    let wrong = format!("`{}` says more than once how often a value may come", written(ty));
    Err(refusal(ty, wrong, format_args!("write `{}: {instead}`", named(parameter))))
}

/// The error that would have been sent, as the method takes it. Only errors that are surely no such ones are refused.
fn error(parameter: &Parameter<'_>) -> syn::Result<()> {
    let result = last_segment(&parameter.item.ty).filter(|last| last.ident == "Result");
    let Some(error) = result.and_then(|result| type_argument(result, 1)) else { return Ok(()) };
    let may_hold_any = last_segment(error).is_some_and(|last| ["Box", "Rc", "Arc"].iter().any(|any| last.ident == any));
    if may_hold_any || !contradicts(error, "HTTPError") {
        return Ok(());
    }
    let wrong =
        format!("the error of `{}` is made of an `HTTPError`, and `{}` is not", named(parameter), written(error));
    Err(refusal(error, wrong, "write `HTTPError`, or a type of yours with `From<HTTPError>`"))
}

/// `'static` of `&'static str`, and `'a` where the text lives for the call alone: a query may be decoded for it.
fn lifetime(parameter: &Parameter<'_>) -> syn::Result<()> {
    let lives_for_the_call = matches!(parameter.source, Source::Text(..) | Source::Body(..));
    let mut named = NamedLifetimes::default();
    named.visit_type(&parameter.item.ty);
    match named.0.into_iter().find(|lifetime| lives_for_the_call || lifetime.ident == "static") {
        None => Ok(()),
        Some(lifetime) => {
            let instead = "leave the lifetime out, as in `&str`, or take a `String`";
            Err(refusal(lifetime, "the text is not there for so long", instead))
        }
    }
}

/// The lifetimes of references, where they have names.
#[derive(Default)]
struct NamedLifetimes<'t>(Vec<&'t Lifetime>);

impl<'t> Visit<'t> for NamedLifetimes<'t> {
    fn visit_type_reference(&mut self, reference: &'t TypeReference) {
        self.0.extend(reference.lifetime.as_ref().filter(|lifetime| lifetime.ident != "_"));
        visit::visit_type_reference(self, reference);
    }
}

/// True for `Exchange` and references to it.
pub(super) fn is_exchange(ty: &Type) -> bool {
    last_segment(target(ty)).is_some_and(|last| last.ident == "Exchange")
}

fn is_slice(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Reference(reference) => matches!(ungrouped(&reference.elem), Type::Slice(_)),
        _ => false,
    }
}

fn named(parameter: &Parameter<'_>) -> String {
    parameter.name().map_or_else(|| parameter.item.pat.to_token_stream().to_string(), ToString::to_string)
}
