//! The parameters of the methods that serve: each has a source, and the path and the method name the same ones.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Ident, PatType};

use super::bodies::without_body;
use super::parameter_types::{self, is_exchange};
use crate::model::{
    Handler, Method, Parameter, Role, SOURCES, Source, TextSource, Token, is_source, is_unknown, token_and_word, typed,
};
use crate::parse::Template;
use crate::refusals::Refusals;
use crate::{grammar, similar, verbs};

/// `refused` are templates of which enough was said.
pub(super) fn check(handler: &Handler<'_>, refused: &[&Template], refusals: &mut Refusals) {
    for method in &handler.methods {
        if !matches!(method.role, Role::Route(_)) {
            no_sources(method, refusals);
            continue;
        }
        for parameter in &method.parameters {
            attributes(parameter.item, method, refusals);
            name(parameter, refusals);
            parameter_types::check(parameter, method, refusals);
        }
        let is_refused = |path: &Template| refused.iter().any(|refused| std::ptr::eq(*refused, path));
        if method.paths.iter().all(|path| path.is_sound && !is_refused(path)) {
            let unmatched = Unmatched::by(method);
            unmatched.sources(refusals);
            unmatched.of_the_paths(refusals);
        }
    }
}

/// A source is said of what `dispatch` makes, and it makes nothing for this method. A method with a path was meant to
/// serve.
fn no_sources(method: &Method<'_>, refusals: &mut Refusals) {
    let parameters = method.item.sig.inputs.iter().filter_map(typed).filter(|_| method.paths.is_empty());
    for (at, parameter) in parameters.enumerate() {
        // A second parameter was refused as one too many.
        let is_too_many = matches!(method.role, Role::Before) && at > 0;
        for attribute in parameter.attrs.iter().filter(|attribute| is_source(attribute) && !is_too_many) {
            let wrong = format!("`{}` serves no requests, so its caller gives it its parameters", method.name());
            refusals.refuse(attribute, wrong, "take it away, or write it in the `do_*` method");
        }
    }
}

fn attributes(item: &PatType, method: &Method<'_>, refusals: &mut Refusals) {
    for attribute in &item.attrs {
        let path = attribute.path();
        let name = path.to_token_stream().to_string().replace(' ', "");
        if is_conditional(attribute) {
            let wrong = format!("a `{name}` on a parameter cannot be copied onto the call");
            refusals.refuse(attribute, wrong, "write two methods, each with a `#[cfg(…)]`");
        } else if is_unknown(attribute) {
            let last = path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
            let meant = similar::in_another_style(&last, &SOURCES).or_else(|| similar::nearest(&last, &SOURCES));
            let given = item.attrs.iter().find(|attribute| is_source(attribute));
            let instead = match (name_of_the_path(item, method), meant) {
                _ if given.is_some() => "take it away: the parameter has a source already".to_owned(),
                (Some(name), _) => format!("take it away: `{name}` is the path's `{{{name}}}`"),
                (None, _) if UPLOADS.contains(&&*last) && without_body(method).is_none() => {
                    "take `ex: &mut Exchange`, and call `ex.read_multipart(…)` (feature `multipart`)".to_owned()
                }
                (None, Some(meant)) => format!("did you mean `{meant}`?"),
                (None, None) => format!("write {}", sources(method, "")),
            };
            refusals.refuse(attribute, format_args!("`{name}` is not a source of a parameter"), instead);
        }
    }
}

/// Words for a form with files, which no parameter takes: it is read part by part.
const UPLOADS: [&str; 6] = ["multipart", "upload", "file", "files", "part", "parts"];

/// The attributes to choose from, some of them with this `name` of what they take.
fn sources(method: &Method<'_>, name: &str) -> String {
    let end = match without_body(method) {
        Some(_) => " or `#[guard]`",
        None => ", `#[guard]`, or for the body `#[json]`, `#[form]` or `#[body]`",
    };
    format!("`#[query{name}]`, `#[header(\"…\")]`, `#[cookie{name}]`{end}")
}

fn is_conditional(attribute: &syn::Attribute) -> bool {
    ["cfg", "cfg_attr"].iter().any(|name| attribute.path().is_ident(name))
}

/// The name of the parameter, if it is also one of the path.
fn name_of_the_path(item: &PatType, method: &Method<'_>) -> Option<String> {
    let syn::Pat::Ident(pattern) = &*item.pat else { return None };
    let name = pattern.ident.unraw().to_string();
    method.paths.iter().any(|path| path.parameters().any(|known| known == name)).then_some(name)
}

/// A name in an attribute that no request has.
fn name(parameter: &Parameter<'_>, refusals: &mut Refusals) {
    let Source::Text(source, name) = &parameter.source else { return };
    let text = name.value();
    let instead = match source {
        TextSource::Header if !grammar::is_token(&text) => {
            "write one word such as \"X-Token\", without colon or spaces"
        }
        TextSource::Cookie if !grammar::is_token(&text) => "write one word such as \"session-id\"",
        TextSource::Query if text.is_empty() => "write one, or `#[query]` for the name of the parameter",
        _ => return,
    };
    refusals.refuse(name, format_args!("{text:?} is not a name that a request can have here"), instead);
}

/// The parameters that only a method has, or only its paths.
struct Unmatched<'m> {
    method: &'m Method<'m>,
    /// Parameters of the paths that the method does not take.
    free: Vec<&'m str>,
    /// Parameters of the method that have no source.
    unknown: Vec<&'m Parameter<'m>>,
}

impl<'m> Unmatched<'m> {
    fn by(method: &'m Method<'m>) -> Self {
        let mut free: Vec<&str> = Vec::new();
        for name in method.paths.iter().flat_map(Template::parameters) {
            if !takes(method, name) && !free.contains(&name) {
                free.push(name);
            }
        }
        let is_unknown = |parameter: &&Parameter<'_>| {
            matches!(parameter.source, Source::Unknown) && !parameter.item.attrs.iter().any(is_conditional)
        };
        Self { method, free, unknown: method.parameters.iter().filter(is_unknown).collect() }
    }

    /// A parameter without a source.
    fn sources(&self, refusals: &mut Refusals) {
        let name = self.method.name();
        // The name of the method shows that it lacks a path, which would have the parameters.
        if self.method.paths.is_empty() && !serves_all(self.method) {
            return;
        }
        for &parameter in &self.unknown {
            if let Some(first) = self.method.exchange().filter(|_| is_exchange(&parameter.item.ty)) {
                let wrong = format!("`{name}` has the exchange already, as `{first}`");
                refusals.refuse(parameter.item, wrong, "take one of them away");
                continue;
            }
            match (parameter.name(), self.meant_by(parameter)) {
                (Some(unknown), Some(meant)) => {
                    let wrong = format!("the path has no `{{{}}}`", unknown.unraw());
                    refusals.refuse(unknown, wrong, format_args!("did you mean `{meant}`?"));
                }
                (None, Some(meant)) => {
                    let wrong = format!("the path's `{{{meant}}}` is found by its name, which this pattern hides");
                    let instead = format!("write `{meant}: …`, and take it apart in the method");
                    refusals.refuse(&parameter.item.pat, wrong, instead);
                }
                (Some(unknown), None) => self.without_a_source(unknown, refusals),
                (None, None) => {
                    let wrong = format!("this parameter of `{name}` has no source");
                    let instead = format!("write {} before it", sources(self.method, "(\"…\")"));
                    refusals.refuse(&parameter.item.pat, wrong, instead);
                }
            }
        }
    }

    fn without_a_source(&self, unknown: &Ident, refusals: &mut Refusals) {
        let text = unknown.unraw();
        let into =
            if self.method.paths.is_empty() { String::new() } else { format!(", or `{{{text}}}` into the path") };
        let sources = format!("write {} before it{into}", sources(self.method, ""));
        refusals.refuse(unknown, format_args!("`{text}` of `{}` has no source", self.method.name()), sources);
    }

    /// The free parameter of the path that one of the method's was most likely meant to be.
    fn meant_by(&self, parameter: &Parameter<'_>) -> Option<&'m str> {
        let only = match (&*self.free, &*self.unknown) {
            ([free], [_]) => Some(*free),
            _ => None,
        };
        let name = || Some(parameter.name()?.unraw().to_string());
        only.filter(|_| !is_exchange(&parameter.item.ty)).or_else(|| meant(&name()?, &self.free))
    }

    /// Every parameter of a path is one of the method's, in all its paths. Only the rest may be missing in further
    /// ones.
    fn of_the_paths(&self, refusals: &mut Refusals) {
        let Some((first, others)) = self.method.paths.split_first() else { return };
        self.untaken(first, refusals);
        for template in others {
            let has = |template: &Template, name: &str| template.parameters().any(|known| known == name);
            let missing = first.parameters().find(|name| !has(template, name) && first.rest() != Some(name));
            let surplus = template.parameters().find(|name| !has(first, name));
            let Some(name) = missing.or(surplus) else { continue };
            let wrong = format!("only one of the paths of `{}` has `{{{name}}}`", self.method.name());
            let instead = if template.rest() == Some(name) {
                "write the path with the rest first: further ones may lack it"
            } else {
                "write a method for each, or give the paths the same parameters"
            };
            refusals.refuse(template, wrong, instead);
        }
    }

    /// Parameters of the first path that the method does not take.
    fn untaken(&self, template: &Template, refusals: &mut Refusals) {
        let mut names = Vec::new();
        for wanted in template.parameters().filter(|wanted| self.free.contains(wanted)) {
            // The parameter that was meant says so itself.
            if self.unknown.iter().any(|parameter| self.meant_by(parameter) == Some(wanted)) {
                continue;
            }
            let has_name = |parameter: &&Parameter<'_>| parameter.name().is_some_and(|name| name.unraw() == wanted);
            match self.method.parameters.iter().find(has_name) {
                Some(Parameter { source: Source::Refused, .. }) => {}
                Some(given) => {
                    let wrong = format!("`{wanted}` has a source already: it is the path's `{{{wanted}}}`");
                    let instead = "take the attribute away, or give one of them another name";
                    refusals.refuse(&given.item.pat, wrong, instead);
                }
                None => names.push(wanted),
            }
        }
        if names.is_empty() {
            return;
        }
        let shown: Vec<_> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
        let ty = |name: &str| if template.rest() == Some(name) { "&[&str]" } else { "&str" };
        let examples: Vec<_> = names.iter().map(|name| format!("`{name}: {}`", ty(name))).collect();
        refusals.refuse(
            template,
            format_args!("`{}` does not take {}", self.method.name(), shown.join(" and ")),
            format_args!("add for example {} to its parameters, or write a word into the path", examples.join(" and ")),
        );
    }
}

/// True if nothing in the name shows that a path was meant.
fn serves_all(method: &Method<'_>) -> bool {
    match method.token() {
        Some(Token::Named(token)) => {
            verbs::is_well_formed(token) && token_and_word(&method.name().to_string()).is_none()
        }
        _ => true,
    }
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
