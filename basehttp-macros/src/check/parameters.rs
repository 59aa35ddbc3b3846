//! The parameters of the methods that serve: each has a source, the path and the method name the same ones, and the type
//! can be made from what the source has.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{ImplItemFn, Lifetime, PatType, TypeReference};

use crate::model::{
    Count, Handler, Method, Parameter, Role, SOURCES, Source, TextSource, is_rest, is_source, is_unknown, typed,
};
use crate::parse::Template;
use crate::refusals::Refusals;
use crate::types::contradicts;
use crate::{grammar, similar};

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        if !matches!(method.role, Role::Route(_)) {
            no_sources(method.item, refusals);
            continue;
        }
        for parameter in &method.parameters {
            attributes(parameter.item, refusals);
            one(parameter, method, refusals);
        }
        of_the_paths(method, refusals);
    }
}

/// A source is said of what `dispatch` makes, and it makes nothing for this method.
fn no_sources(item: &ImplItemFn, refusals: &mut Refusals) {
    for parameter in item.sig.inputs.iter().filter_map(typed) {
        for attribute in parameter.attrs.iter().filter(|attribute| is_source(attribute)) {
            let wrong = format!("`{}` serves no requests, so its caller gives it its parameters", item.sig.ident);
            refusals.refuse(attribute, wrong, "take it away, or write it in the `do_*` method");
        }
    }
}

fn attributes(item: &PatType, refusals: &mut Refusals) {
    for attribute in &item.attrs {
        let name = attribute.path().to_token_stream().to_string().replace(' ', "");
        if ["cfg", "cfg_attr"].contains(&&*name) {
            let wrong = format!("a `{name}` on a parameter cannot be copied onto the call");
            refusals.refuse(attribute, wrong, "write two methods, each with a `#[cfg(…)]`");
        } else if is_unknown(attribute) {
            let wrong = format!("`{name}` is not a source of a parameter");
            let instead = match similar::nearest(&name, &SOURCES) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "write `#[query]`, `#[header(\"…\")]`, `#[cookie]` or `#[guard]`".to_owned(),
            };
            refusals.refuse(attribute, wrong, instead);
        }
    }
}

fn one(parameter: &Parameter<'_>, method: &Method<'_>, refusals: &mut Refusals) {
    match &parameter.source {
        Source::Exchange => exchange(parameter, method, refusals),
        Source::Path(name) => segment(name, parameter, method, refusals),
        Source::Text(TextSource::Header | TextSource::Cookie, name) if !grammar::is_token(&name.value()) => {
            let wrong = format!("{:?} is not a name that a request can have here", name.value());
            refusals.refuse(name, wrong, "write one word such as \"X-Token\", without colon or spaces");
        }
        Source::Text(..) | Source::Guard | Source::Refused => {}
        Source::Unknown => unknown(parameter, method, refusals),
    }
    if let Some(lifetime) = too_long(parameter) {
        let wrong = "the text is not there for so long";
        refusals.refuse(lifetime, wrong, "leave the lifetime out, as in `&str`, or take a `String`");
    }
}

fn exchange(parameter: &Parameter<'_>, method: &Method<'_>, refusals: &mut Refusals) {
    let ty = &parameter.item.ty;
    if contradicts(ty, "&mut Exchange") && contradicts(ty, "&Exchange") {
        let wrong = format!("the exchange of `{}` has to be `&mut Exchange`, or `&Exchange`", method.name());
        refusals.refuse(ty, wrong, "write `ex: &mut Exchange`");
    }
}

fn segment(name: &str, parameter: &Parameter<'_>, method: &Method<'_>, refusals: &mut Refusals) {
    let ty = &parameter.item.ty;
    let is_a_rest = method.paths.iter().any(|path| path.rest() == Some(name));
    if is_a_rest && !is_rest(ty) {
        let wrong = format!("`{{*{name}}}` is a list of segments");
        return refusals.refuse(ty, wrong, format_args!("write `{name}: &[&str]`"));
    }
    match parameter.form().count {
        Count::Optional if !is_a_rest => refusals.refuse(
            ty,
            format_args!("`{{{name}}}` is never missing, since the path would be another one"),
            "write the type without `Option`; a path without the parameter is another method's",
        ),
        Count::Many if !is_a_rest => refusals.refuse(
            ty,
            format_args!("`{{{name}}}` is one segment of the path"),
            format_args!("write the type without `Vec`, or `{{*{name}}}` in the path and `{name}: &[&str]`"),
        ),
        _ => {}
    }
}

fn unknown(parameter: &Parameter<'_>, method: &Method<'_>, refusals: &mut Refusals) {
    if method.paths.iter().any(|path| !path.is_sound) {
        return;
    }
    let pattern = &parameter.item.pat;
    let Some(name) = parameter.name() else {
        let wrong = format!("this parameter of `{}` has no source", method.name());
        let instead = "write `#[query(\"…\")]`, `#[header(\"…\")]`, `#[cookie(\"…\")]` or `#[guard]` before it";
        return refusals.refuse(pattern, wrong, instead);
    };
    let text = name.unraw().to_string();
    let known: Vec<_> = method.paths.iter().flat_map(Template::parameters).collect();
    let free: Vec<_> = known.into_iter().filter(|known| !takes(method, known)).collect();
    if let Some(meant) = meant(&text, &free) {
        let wrong = format!("the path has no `{{{text}}}`");
        return refusals.refuse(name, wrong, format_args!("did you mean `{meant}`?"));
    }
    let sources = format!(
        "write `#[query]`, `#[header(\"…\")]`, `#[cookie]` or `#[guard]` before it{}",
        if method.paths.is_empty() { String::new() } else { format!(", or `{{{text}}}` into the path") }
    );
    refusals.refuse(name, format_args!("`{text}` of `{}` has no source", method.name()), sources);
}

/// The free parameter of the path that a name of the method was most likely meant to be.
fn meant<'n>(name: &str, free: &[&'n str]) -> Option<&'n str> {
    let behind_underscore = free.iter().find(|free| name.strip_prefix('_') == Some(free));
    behind_underscore
        .copied()
        .or_else(|| similar::in_another_style(name, free))
        .or_else(|| similar::nearest(name, free))
}

fn takes(method: &Method<'_>, wanted: &str) -> bool {
    method.parameters.iter().any(|parameter| matches!(&parameter.source, Source::Path(name) if name == wanted))
}

/// Every parameter of a path is one of the method's, in all its paths. Only the rest may be missing in further ones.
fn of_the_paths(method: &Method<'_>, refusals: &mut Refusals) {
    let Some(first) = method.paths.first() else { return };
    for template in method.paths.iter().filter(|template| template.is_sound) {
        for wanted in template.parameters().filter(|wanted| !takes(method, wanted)) {
            untaken(wanted, template, method, refusals);
        }
    }
    for template in method.paths.iter().skip(1).filter(|template| template.is_sound && first.is_sound) {
        let lacks = |name: &&str| !template.parameters().any(|known| known == *name) && first.rest() != Some(name);
        let missing = first.parameters().find(lacks);
        let surplus = template.parameters().find(|name| !first.parameters().any(|known| known == *name));
        if let Some(name) = missing.or(surplus) {
            let wrong = format!("only one of the paths of `{}` has `{{{name}}}`", method.name());
            refusals.refuse(template, wrong, "write a method for each, or give the paths the same parameters");
        }
    }
}

fn untaken(wanted: &str, template: &Template, method: &Method<'_>, refusals: &mut Refusals) {
    // The parameter that was meant says so itself.
    let unknown = method.parameters.iter().filter(|parameter| matches!(parameter.source, Source::Unknown));
    let names = unknown.filter_map(|parameter| Some(parameter.name()?.unraw().to_string()));
    if names.into_iter().any(|name| meant(&name, &[wanted]).is_some()) {
        return;
    }
    let given = method.parameters.iter().find(|parameter| {
        matches!(parameter.source, Source::Text(..) | Source::Guard)
            && parameter.name().is_some_and(|name| name.unraw() == wanted)
    });
    if let Some(given) = given {
        let wrong = format!("`{wanted}` has a source already: it is the path's `{{{wanted}}}`");
        return refusals.refuse(&given.item.pat, wrong, "take the attribute away, or give one of them another name");
    }
    let example = if template.rest() == Some(wanted) { "&[&str]" } else { "&str" };
    refusals.refuse(
        template,
        format_args!("`{}` does not take `{{{wanted}}}`", method.name()),
        format_args!("add the parameter, for example `{wanted}: {example}`, or write a word into the path"),
    );
}

/// `'static` of `&'static str`, and `'a` where the text lives for the call alone: a query may be decoded for it.
fn too_long<'p>(parameter: &'p Parameter<'_>) -> Option<&'p Lifetime> {
    let lives_for_the_call = match parameter.source {
        Source::Text(..) => true,
        Source::Path(_) => false,
        _ => return None,
    };
    let mut named = NamedLifetimes::default();
    named.visit_type(&parameter.item.ty);
    named.0.into_iter().find(|lifetime| lives_for_the_call || lifetime.ident == "static")
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
