//! The names of the methods: one token each, none misspelt, and at least one to serve. Also the items that are not
//! methods: none may hide a method that should serve.
//!
//! A name that looks misspelt can be meant all the same:
//!
//! | refused                          | meant                                                          |
//! |----------------------------------|----------------------------------------------------------------|
//! | `do_PSOT`, `#[http_method("PSOT")]` | both together, which say the same                           |
//! | `log_mesage`, `Do_GET` as a helper | called by the block, or written in a block without the attribute |

use std::collections::HashMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Ident, ImplItem, LitStr};

use crate::grammar;
use crate::model::{
    Handler, Method, OWN, Parameter, Role, Token, brings, is_before, is_http_method, is_own, is_pace, token_and_word,
};
use crate::overridables::{OVERRIDABLES, Overridable};
use crate::refusals::Refusals;
use crate::{similar, verbs};

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    items_are_known(handler, refusals);
    something_is_served(handler, refusals);
    for (method, token) in handler.routes() {
        match token {
            Token::Named(token) => name(method, token, refusals),
            Token::Given(literal) => given(method.name(), literal, refusals),
        }
    }
    let helpers = handler.methods.iter().filter(|method| matches!(method.role, Role::Helper));
    for method in helpers.filter(|method| method.paths.is_empty()) {
        helper(method, handler, refusals);
    }
    one_method_a_token(handler, refusals);
    cfgs_are_visible(handler, refusals);
}

/// A macro that stands in the block is expanded after this one, so that a `do_*` method of its making would not be
/// served. Items of unknown syntax are refused in `expand::block`.
fn items_are_known(handler: &Handler<'_>, refusals: &mut Refusals) {
    misplaced(&handler.block.attrs, refusals);
    for item in &handler.block.items {
        match item {
            ImplItem::Const(item) => misplaced(&item.attrs, refusals),
            ImplItem::Type(item) => misplaced(&item.attrs, refusals),
            ImplItem::Macro(item) => {
                let path = &item.mac.path;
                let name = path.to_token_stream().to_string().replace(' ', "");
                refusals.refuse(
                    path,
                    format_args!(
                        "`{name}!` may make methods that cannot be seen here: a `do_*` among them would not be served"
                    ),
                    "write the methods out, or let the macro write the whole block with its attribute\n\
                     if it makes helpers alone, move it into a block without the attribute",
                );
            }
            _ => {}
        }
    }
}

/// One of the macro's own attributes where there is no method.
fn misplaced(attributes: &[Attribute], refusals: &mut Refusals) {
    for attribute in attributes.iter().filter(|attribute| is_own(attribute)) {
        let name = attribute.path().to_token_stream();
        let instead = if is_pace(attribute) {
            "write it above a `do_*` method, or `#[http_handler(pace = \"…\")]` for all of them"
        } else if is_before(attribute) {
            "write it above the method that looks at requests first"
        } else {
            "write it above the method that serves"
        };
        refusals.refuse(attribute, format_args!("`{name}` is said of a method"), instead);
    }
}

fn something_is_served(handler: &Handler<'_>, refusals: &mut Refusals) {
    let is_meant_to_serve = |method: &Method<'_>| {
        let has_attribute = || !method.paths.is_empty() || method.item.attrs.iter().any(is_http_method);
        matches!(method.role, Role::Route(_)) || has_attribute()
    };
    // What else the block has may be meant to serve, and is refused on its own.
    let is_known = |item: &ImplItem| !matches!(item, ImplItem::Macro(_) | ImplItem::Verbatim(_));
    if !handler.methods.iter().any(is_meant_to_serve) && handler.block.items.iter().all(is_known) {
        refusals.refuse(
            &handler.block.self_ty,
            "this block has no `do_*` method, so the server would have nothing to answer with",
            "write for example `fn do_GET(&self, ex: &mut Exchange) -> Result { … }`",
        );
    }
}

/// A method whose name begins with `do_` serves requests, so the rest has to be a method's name, with a word behind it
/// if there is a path.
fn name(method: &Method<'_>, rest: &str, refusals: &mut Refusals) {
    let name = method.name();
    if !method.paths.is_empty() && method.word().is_none() {
        return without_word(method, rest, refusals);
    }
    let is_well_formed = verbs::is_well_formed(rest);
    if let Some(verb) = verbs::meant(rest) {
        let word = word_behind(&name.to_string());
        let instead = if is_well_formed {
            format!("did you mean `do_{verb}{word}`? If not, write `#[http_method(\"{rest}\")]` above it")
        } else {
            format!("did you mean `do_{verb}{word}`? A helper needs a name that does not begin with `do_`")
        };
        return refusals.refuse(name, format_args!("`{name}` serves no HTTP method that is known"), instead);
    }
    if let Some(verb) = verbs::meant_with_hyphen(rest) {
        return refusals.refuse(
            name,
            format_args!("`{name}` serves {rest}, which no client sends"),
            format_args!(
                "write `#[http_method(\"{verb}\")]` above it; if {rest} is meant, `#[http_method(\"{rest}\")]`"
            ),
        );
    }
    if let Some((token, word)) = token_and_word(&name.to_string()).filter(|_| method.paths.is_empty()) {
        return without_path(method, token, word, refusals);
    }
    if is_well_formed {
        return;
    }
    if let (Some(verb), word) = verbs::verb_and_word(&name.to_string()) {
        let word = if word.is_empty() { word } else { format!("_{word}") };
        let with_path = if word.is_empty() { "" } else { ", with a `#[path(\"/…\")]` above it" };
        return refusals.refuse(
            name,
            format_args!("`{name}` is not a method in upper case with a word in lower case behind it"),
            format_args!(
                "did you mean `do_{verb}{word}`{with_path}? A helper needs a name that does not begin with `do_`"
            ),
        );
    }
    let token = rest.to_ascii_uppercase();
    let example = if grammar::is_token(&token) { token.as_str() } else { "M-SEARCH" };
    refusals.refuse(
        name,
        format_args!("`{name}` begins with `do_`, but does not end in a method in upper case"),
        format_args!("rename it if it is a helper, or write `#[http_method(\"{example}\")]` above it"),
    );
}

/// A method with a path has a word in its name, which the link to it is called by.
fn without_word(method: &Method<'_>, rest: &str, refusals: &mut Refusals) {
    let name = method.name();
    let (token, word) = method.likely_token_and_word();
    if verbs::is_well_formed(rest) {
        let wrong = format!("`{name}` has a path, so its name needs a word that its link is called by");
        refusals.refuse(name, wrong, format_args!("name it for example `do_{token}_{word}`"));
    } else {
        let wrong = format!("`{name}` is not a method in upper case with a word in lower case behind it");
        refusals.refuse(name, wrong, format_args!("did you mean `do_{token}_{word}`?"));
    }
}

fn without_path(method: &Method<'_>, token: &str, word: &str, refusals: &mut Refusals) {
    let unknown = method.parameters.iter().filter_map(Parameter::unknown_name);
    let segments: Vec<_> = unknown.map(|name| format!("/{{{name}}}")).collect();
    let segments = segments.concat();
    refusals.refuse(
        method.name(),
        format_args!("`{}` has no path, and only a method with a path has a word behind `{token}`", method.name()),
        format_args!(
            "write `#[path(\"/{word}{segments}\")]` above it, or name it `do_{token}` to serve all other paths"
        ),
    );
}

/// The name that a method which serves requests was meant to have; none if it looks like a helper.
pub(super) fn meant_name(method: &Method<'_>) -> Option<String> {
    let name = method.name().to_string();
    match method.token()? {
        Token::Named(token) => match verbs::meant(token) {
            Some(verb) => Some(format!("do_{verb}{}", word_behind(&name))),
            None => verbs::is_well_formed(token).then_some(name),
        },
        Token::Given(_) => Some(name),
    }
}

/// `_user` of `do_GET_user`.
fn word_behind(name: &str) -> String {
    token_and_word(name).map(|(_, word)| format!("_{word}")).unwrap_or_default()
}

fn given(name: &Ident, literal: &LitStr, refusals: &mut Refusals) {
    let token = literal.value();
    if !grammar::is_token(&token) {
        refusals.refuse(
            literal,
            "the name of a method is one word of letters, digits and !#$%&'*+-.^_`|~",
            "write for example `#[http_method(\"M-SEARCH\")]`",
        );
    } else if name.unraw() != confirming_name(&token) {
        likely(&token, literal, refusals);
    }
    if Overridable::named(name).is_some() {
        refusals.refuse(
            name,
            format_args!("`{name}` is a method that the runtime calls, so it cannot serve requests"),
            "give the method another name",
        );
    }
}

/// Returns the name of a method that says once more what its attribute says, such as `do_M_SEARCH` for `M-SEARCH`.
fn confirming_name(token: &str) -> String {
    format!("do_{}", token.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"))
}

/// Refuses a token that clients are not likely to send, such as `get`, `PSOT`, `*` or `GET|POST`.
fn likely(token: &str, literal: &LitStr, refusals: &mut Refusals) {
    let confirmed = format!("if it is meant, name the method `{}`", confirming_name(token));
    if token.contains(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter)) {
        refusals.refuse(
            literal,
            format_args!("{token:?} is the name of one method, which no client sends"),
            format_args!("write a method for each that is to be served; the others get 501\n{confirmed}"),
        );
    } else if let Some(verb) = verbs::meant(token).or_else(|| verbs::meant_with_hyphen(token)) {
        let wrong = format!("{token:?} is not an HTTP method that is known, and case counts");
        refusals.refuse(literal, wrong, format_args!("did you mean {verb:?}?\n{confirmed}"));
    }
}

/// A helper whose name is a slip away from one that the runtime calls would compile and do nothing.
fn helper(method: &Method<'_>, handler: &Handler<'_>, refusals: &mut Refusals) {
    let name = method.name().unraw().to_string();
    let overridable = || meant_overridable(&name).filter(|_| method.item.sig.receiver().is_some());
    let Some(meant) = verbs::meant_method(&name).or_else(|| overridable().map(str::to_owned)) else { return };
    if mentions(handler.block.to_token_stream(), &name) < 2 {
        refusals.refuse(
            method.name(),
            format_args!("`{name}` is not called by the runtime, nor in this block"),
            format_args!(
                "did you mean `{meant}`? If it is a helper of yours, move it into a block without the attribute"
            ),
        );
    }
}

fn meant_overridable(name: &str) -> Option<&'static str> {
    let known = OVERRIDABLES.each_ref().map(|overridable| overridable.name);
    similar::in_another_style(name, &known)
        .or_else(|| similar::nearest(name, &known))
        .filter(|known| !similar::is_another_word(name, known))
}

/// Counts the name among the tokens.
fn mentions(tokens: TokenStream, name: &str) -> usize {
    let count = |token| match token {
        TokenTree::Ident(ident) => usize::from(ident.unraw() == name),
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => 0,
    };
    tokens.into_iter().map(count).sum()
}

/// Two methods without a path may share a token only if each has a `cfg`. The compiler finds out whether these exclude
/// each other.
fn one_method_a_token(handler: &Handler<'_>, refusals: &mut Refusals) {
    let mut seen = HashMap::<String, &Method<'_>>::new();
    for (method, token) in handler.routes().filter(|(method, _)| method.paths.is_empty()) {
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
    for method in &handler.methods {
        let is_helper = matches!(method.role, Role::Helper);
        for attribute in &method.item.attrs {
            if !is_helper && brings(&attribute.meta, "cfg") {
                let wrong = "a `cfg` inside `cfg_attr` cannot be copied onto the table of methods";
                refusals.refuse(attribute, wrong, "write the condition as one `#[cfg(…)]`");
            }
            for own in OWN.into_iter().filter(|own| brings(&attribute.meta, own)) {
                let wrong = format!("a `{own}` inside `cfg_attr` comes too late for `#[http_handler]`");
                refusals.refuse(attribute, wrong, "write two methods, each with a `#[cfg(…)]`");
            }
        }
    }
    if let Some(attribute) = handler.block.attrs.iter().find(|attribute| brings(&attribute.meta, "cfg")) {
        let wrong = "a `cfg` inside `cfg_attr` cannot be copied onto the trait impl";
        refusals.refuse(attribute, wrong, "write the condition as one `#[cfg(…)]`");
    }
}
