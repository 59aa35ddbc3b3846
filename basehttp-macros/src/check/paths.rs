//! The paths of a block: each belongs to a method that serves, no request is served by two methods, and each word names
//! one link.

use std::collections::HashMap;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Ident, ImplItem, Meta};

use crate::model::{Handler, Method, Role, Shape, Token, is_before, is_meant_as_path, is_path};
use crate::parse::Template;
use crate::refusals::Refusals;
use crate::verbs;

/// Gives back the templates about whose parameters nothing more is to be said.
pub(super) fn check<'h>(handler: &'h Handler<'h>, refusals: &mut Refusals) -> Vec<&'h Template> {
    for method in &handler.methods {
        where_they_belong(method, refusals);
        before(method, refusals);
    }
    let mut refused = Vec::new();
    for shape in handler.shapes() {
        one_method_a_token(&shape, &mut refused, refusals);
        same_names(&shape, &mut refused, refusals);
    }
    one_path_a_word(handler, refusals);
    items_of_the_expansion(handler, refusals);
    refused
}

/// A path above a method that serves nothing, and an attribute that was meant to be one.
fn where_they_belong(method: &Method<'_>, refusals: &mut Refusals) {
    let name = method.name();
    for attribute in method.item.attrs.iter().filter(|attribute| is_meant_as_path(attribute)) {
        meant_as_path(attribute, method, refusals);
    }
    for attribute in method.item.attrs.iter().filter(|attribute| is_path(attribute)) {
        let (token, word) = method.likely_token_and_word();
        match method.role {
            Role::Route(_) => {}
            Role::Helper => refusals.refuse(
                attribute,
                format_args!("`{name}` has a path, but no HTTP method that it serves"),
                format_args!("name it `do_{token}_{word}`, or write `#[http_method(\"{token}\")]` above it"),
            ),
            Role::Before => refusals.refuse(
                attribute,
                format_args!("`{name}` runs before the methods of all paths, so it has none of its own"),
                "take it away, and look at `ex.path` in the method",
            ),
            Role::Override(_) => refusals.refuse(
                attribute,
                format_args!("`{name}` is a method that the runtime calls, so it cannot serve requests"),
                format_args!("name it `do_{token}_{word}`"),
            ),
        }
    }
}

/// `#[paht("/users")]`, `#[get("/users")]`
fn meant_as_path(attribute: &Attribute, method: &Method<'_>, refusals: &mut Refusals) {
    let name = attribute.path().to_token_stream().to_string();
    let path = Template::read(attribute, &mut Refusals::default()).likely_text();
    let (token, word) = method.likely_token_and_word();
    let token = verbs::meant(&name).filter(|verb| verb.eq_ignore_ascii_case(&name)).map_or(token, str::to_owned);
    let renamed =
        if method.word().is_some() { String::new() } else { format!(", and name the method `do_{token}_{word}`") };
    refusals.refuse(
        attribute,
        format_args!("`{name}` is not an attribute of `#[http_handler]`"),
        format_args!("write `#[path({path:?})]`{renamed}"),
    );
}

/// `#[before]` above a method that has another task.
fn before(method: &Method<'_>, refusals: &mut Refusals) {
    let name = method.name();
    let mut attributes = method.item.attrs.iter().filter(|attribute| is_before(attribute));
    let Some(attribute) = attributes.next() else { return };
    match method.role {
        Role::Route(_) => {
            let wrong = format!("`{name}` serves requests itself");
            refusals.refuse(attribute, wrong, "write `#[before]` above a method that looks at requests first");
        }
        Role::Override(_) => {
            let wrong = format!("`{name}` is a method that the runtime calls at other times");
            refusals.refuse(attribute, wrong, "give the method another name");
        }
        _ if !matches!(attribute.meta, Meta::Path(_)) => {
            let instead = "write `#[before]`, and look at `ex.path` in the method";
            refusals.refuse(attribute, "`before` takes no arguments", instead);
        }
        _ => {}
    }
    for second in attributes {
        refusals.refuse(second, format_args!("`{name}` has this attribute already"), "keep one of them");
    }
}

/// Two methods may share a token and a shape only if each has a `cfg`. The compiler finds out whether these exclude
/// each other.
fn one_method_a_token<'h>(shape: &Shape<'h>, refused: &mut Vec<&'h Template>, refusals: &mut Refusals) {
    let mut seen = HashMap::<String, (&Method<'_>, &Template)>::new();
    // One with a mistake in it may have been meant to be another path.
    for (method, template) in shape.methods.iter().filter(|(_, template)| template.is_sound) {
        let Some(token) = method.token().map(Token::text) else { continue };
        let Some((first, other)) = seen.insert(token.clone(), (method, template)) else { continue };
        let is_same_method = std::ptr::eq(first, *method);
        if !is_same_method && first.cfgs().next().is_some() && method.cfgs().next().is_some() {
            continue;
        }
        let is_same_text = template.text() == other.text();
        let (wrong, instead) = if is_same_method {
            (format!("`{}` has the path {:?} already", method.name(), other.text()), "keep one of them")
        } else if is_same_text {
            let instead = "keep one of them, or give each a `#[cfg(…)]` that excludes the other";
            (format!("{token} of {:?} is already served by `{}`", other.text(), first.name()), instead)
        } else {
            let instead = "no request can tell the two paths apart: keep one of them";
            (format!("{token} of {:?} is already served by `{}`", other.text(), first.name()), instead)
        };
        refusals.refuse(template, wrong, instead);
        refused.push(template);
    }
}

/// The parameters of one shape have the same names in all methods, so that a table of paths can be read.
fn same_names<'h>(shape: &Shape<'h>, refused: &mut Vec<&'h Template>, refusals: &mut Refusals) {
    let first = shape.template;
    for &(method, template) in shape.methods.iter().filter(|(_, template)| template.is_sound && first.is_sound) {
        let differing = first.parameters().zip(template.parameters()).find(|(left, right)| left != right);
        let is_refused = refused.iter().any(|refused| std::ptr::eq(*refused, template));
        if let Some((left, right)) = differing.filter(|_| !is_refused) {
            refusals.refuse(
                template,
                format_args!(
                    "`{{{right}}}` of `{}` is `{{{left}}}` in {:?}, the same path",
                    method.name(),
                    first.text()
                ),
                "give a parameter one name in all methods of a path",
            );
            refused.push(template);
        }
    }
}

/// The methods of one word are links to one path.
fn one_path_a_word(handler: &Handler<'_>, refusals: &mut Refusals) {
    let mut seen = HashMap::<String, (&Method<'_>, &Template)>::new();
    for (method, _) in handler.routes() {
        let (Some(word), Some(template)) = (method.word(), method.paths.first()) else { continue };
        let (first, other) = *seen.entry(word.clone()).or_insert((method, template));
        if !other.has_shape_of(template) && other.is_sound && template.is_sound {
            refusals.refuse(
                method.name(),
                format_args!(
                    "`path_{word}` is the link to {:?} already, which `{}` serves",
                    other.text(),
                    first.name()
                ),
                "give the method another word, or write the path that both have first",
            );
        }
    }
}

/// The block's second impl has these names.
fn items_of_the_expansion(handler: &Handler<'_>, refusals: &mut Refusals) {
    if !handler.has_paths() {
        return;
    }
    let words: Vec<_> = handler.routes().filter_map(|(method, _)| method.word()).collect();
    for name in handler.block.items.iter().filter_map(name_of) {
        let text = name.unraw().to_string();
        let is_link = text.strip_prefix("path_").is_some_and(|word| words.iter().any(|known| known == word));
        if is_link || text == "ROUTES" {
            refusals.refuse(
                name,
                format_args!("`{text}` is a name that `#[http_handler]` gives in a block with paths"),
                "give this item another name",
            );
        }
    }
}

fn name_of(item: &ImplItem) -> Option<&Ident> {
    match item {
        ImplItem::Const(item) => Some(&item.ident),
        ImplItem::Fn(item) => Some(&item.sig.ident),
        _ => None,
    }
}
