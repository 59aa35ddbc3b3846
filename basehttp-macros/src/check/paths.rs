//! The paths of a block: each belongs to a method that serves, no request is served by two methods, and each word names one
//! link.

use std::collections::HashMap;

use syn::ext::IdentExt;
use syn::{Ident, ImplItem};

use crate::model::{Handler, Method, Role, Shape, Token, is_before, is_path};
use crate::parse::Template;
use crate::refusals::Refusals;

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        where_they_belong(method, refusals);
        word(method, refusals);
    }
    for shape in handler.shapes() {
        one_method_a_token(&shape, refusals);
        same_names(&shape, refusals);
    }
    one_path_a_word(handler, refusals);
    items_of_the_expansion(handler, refusals);
}

/// A path above a method that serves nothing, and `#[before]` above one that does.
fn where_they_belong(method: &Method<'_>, refusals: &mut Refusals) {
    let name = method.name();
    let of_kind = |is: fn(&syn::Attribute) -> bool| method.item.attrs.iter().filter(move |attribute| is(attribute));
    match method.role {
        Role::Route(_) => {
            for attribute in of_kind(is_before) {
                let wrong = format!("`{name}` serves requests itself");
                refusals.refuse(attribute, wrong, "write `#[before]` above a method that looks at requests first");
            }
        }
        Role::Helper | Role::Before => {
            for attribute in of_kind(is_path) {
                let wrong = format!("`{name}` has a path, but no HTTP method that it serves");
                let instead = format!(
                    "name it `do_GET_{0}`, or write `#[http_method(\"GET\")]` above it",
                    name.unraw().to_string().to_ascii_lowercase()
                );
                refusals.refuse(attribute, wrong, instead);
            }
        }
        Role::Override(_) => {
            for attribute in method.item.attrs.iter().filter(|attribute| is_path(attribute) || is_before(attribute)) {
                let wrong = format!("`{name}` is a method that the runtime calls, so it cannot serve requests");
                refusals.refuse(attribute, wrong, "give the method another name");
            }
        }
    }
}

/// A method with a path has a word in its name, which the link to it is called by.
fn word(method: &Method<'_>, refusals: &mut Refusals) {
    let Some(token) = method.token().filter(|_| !method.paths.is_empty()) else { return };
    let text = token.text();
    if method.word().is_none() && super::verbs::is_well_formed(&text) {
        refusals.refuse(
            method.name(),
            format_args!("`{}` has a path, so its name needs a word that its link is called by", method.name()),
            format_args!("name it for example `do_{text}_{}`", likely_word(method)),
        );
    }
}

/// `users` of `/users/{id}`.
fn likely_word(method: &Method<'_>) -> String {
    let text = method.paths.first().map(Template::text).unwrap_or_default();
    let mut words = text.split('/').filter(|word| crate::parse::is_name(word));
    words.next_back().unwrap_or("index").to_owned()
}

/// Two methods may share a token and a shape only if each has a `cfg`: whether they exclude each other is the compiler's to
/// find.
fn one_method_a_token(shape: &Shape<'_>, refusals: &mut Refusals) {
    let mut seen = HashMap::<String, (&Method<'_>, &Template)>::new();
    for (method, template) in &shape.methods {
        let Some(token) = method.token().map(Token::text) else { continue };
        let Some((first, other)) = seen.insert(token.clone(), (method, template)) else { continue };
        if std::ptr::eq(first, *method) {
            let wrong = format!("`{}` has the path {:?} already", method.name(), other.text());
            refusals.refuse(template, wrong, "keep one of them");
        } else if first.cfgs().next().is_none() || method.cfgs().next().is_none() {
            let wrong = format!("{token} of {:?} is already served by `{}`", other.text(), first.name());
            let instead = if template.text() == other.text() {
                "keep one of them, or give each a `#[cfg(…)]` that excludes the other"
            } else {
                "no request can tell the two paths apart: keep one of them"
            };
            refusals.refuse(template, wrong, instead);
        }
    }
}

/// The parameters of one shape have the same names in all methods, so that a table of paths can be read.
fn same_names(shape: &Shape<'_>, refusals: &mut Refusals) {
    let first = shape.template;
    for (method, template) in shape.methods.iter().filter(|(_, template)| template.is_sound && first.is_sound) {
        let differing = first.parameters().zip(template.parameters()).find(|(left, right)| left != right);
        if let Some((left, right)) = differing {
            refusals.refuse(
                *template,
                format_args!(
                    "`{{{right}}}` of `{}` is `{{{left}}}` in {:?}, the same path",
                    method.name(),
                    first.text()
                ),
                "give a parameter one name in all methods of a path",
            );
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
