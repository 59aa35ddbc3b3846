//! The names of the methods: one token each, none misspelt, and at least one to serve.

use std::collections::HashMap;

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::token::Comma;
use syn::{Ident, LitStr, Meta};

use super::verbs;
use crate::grammar;
use crate::model::{Handler, Method, Role, Token, is_http_method};
use crate::overridables::Overridable;
use crate::refusals::Refusals;

pub fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    something_is_served(handler, refusals);
    for (method, token) in handler.routes() {
        match token {
            Token::Named(rest) => name(method.name(), rest, refusals),
            Token::Given(literal) => given(method.name(), literal, refusals),
        }
    }
    one_method_a_token(handler, refusals);
    cfgs_are_visible(handler, refusals);
}

fn something_is_served(handler: &Handler<'_>, refusals: &mut Refusals) {
    let is_meant_to_serve =
        |method: &Method<'_>| matches!(method.role, Role::Route(_)) || method.item.attrs.iter().any(is_http_method);
    if !handler.methods.iter().any(is_meant_to_serve) {
        refusals.refuse(
            &handler.block.self_ty,
            "this block has no `do_*` method, so the server would have nothing to answer with",
            "write for example `fn do_GET(&self, ex: &mut Exchange) -> Result { … }`",
        );
    }
}

/// A method whose name begins with `do_` serves requests, so the rest has to be a method's name.
fn name(name: &Ident, rest: &str, refusals: &mut Refusals) {
    let is_well_formed = verbs::is_well_formed(rest);
    if let Some(verb) = verbs::meant(rest) {
        let instead = if is_well_formed {
            format!("did you mean `do_{verb}`? If not, write `#[http_method(\"{rest}\")]` above it")
        } else {
            format!("did you mean `do_{verb}`? A helper needs a name that does not begin with `do_`")
        };
        return refusals.refuse(name, format_args!("`{name}` serves no HTTP method that is known"), instead);
    }
    if !is_well_formed {
        let token = rest.to_ascii_uppercase();
        let example = if grammar::is_token(&token) { token.as_str() } else { "M-SEARCH" };
        refusals.refuse(
            name,
            format_args!("`{name}` begins with `do_`, but does not end in a method in upper case"),
            format_args!("rename it if it is a helper, or write `#[http_method(\"{example}\")]` above it"),
        );
    }
}

fn given(name: &Ident, literal: &LitStr, refusals: &mut Refusals) {
    if !grammar::is_token(&literal.value()) {
        refusals.refuse(
            literal,
            "the name of a method is one word of letters, digits and !#$%&'*+-.^_`|~",
            "write for example `#[http_method(\"M-SEARCH\")]`",
        );
    }
    if Overridable::named(name).is_some() {
        refusals.refuse(
            name,
            format_args!("`{name}` is a method that the runtime calls, so it cannot serve requests"),
            "give the method another name",
        );
    }
}

/// Two methods may share a token only if each has a `cfg`: whether they exclude each other is the compiler's to find.
fn one_method_a_token(handler: &Handler<'_>, refusals: &mut Refusals) {
    let mut seen = HashMap::<String, &Method<'_>>::new();
    for (method, token) in handler.routes() {
        let text = token.text();
        let Some(first) = seen.insert(text.clone(), method) else { continue };
        if first.cfgs().next().is_none() || method.cfgs().next().is_none() {
            let wrong = format!("{text} is already served by `{}`", first.name());
            let instead = "keep one of them, or give each a `#[cfg(…)]` that excludes the other";
            match token {
                Token::Named(_) => refusals.refuse(method.name(), wrong, instead),
                Token::Given(literal) => refusals.refuse(literal, wrong, instead),
            }
        }
    }
}

/// A `cfg` is copied wherever the expansion mentions the method; one that `cfg_attr` would bring cannot be.
fn cfgs_are_visible(handler: &Handler<'_>, refusals: &mut Refusals) {
    let methods = handler.methods.iter().filter(|method| !matches!(method.role, Role::Helper));
    for attribute in methods.flat_map(|method| &method.item.attrs) {
        if brings_cfg(&attribute.meta) {
            let wrong = "a `cfg` inside `cfg_attr` cannot be copied onto the table of methods";
            refusals.refuse(attribute, wrong, "write the condition as one `#[cfg(…)]`");
        }
    }
}

/// Whether it is a `cfg_attr` with a `cfg` among its attributes. `cfg_attr(a, doc(cfg(b)))` is none.
fn brings_cfg(meta: &Meta) -> bool {
    let Meta::List(list) = meta else { return false };
    // What cannot be read is no `cfg`; the compiler refuses it.
    list.path.is_ident("cfg_attr")
        && list.parse_args_with(conditional_attributes).is_ok_and(|attributes| {
            attributes.iter().any(|attribute| attribute.path().is_ident("cfg") || brings_cfg(attribute))
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
