//! Second step: what the block means. Each method has a role, and a role is what the later steps ask for.
//!
//! | method                                              | role                                                |
//! |-----------------------------------------------------|-----------------------------------------------------|
//! | `#[http_method("M-SEARCH")] fn any`                 | `Route`, its token from the attribute               |
//! | `fn do_GET`, `#[path("/users")] fn do_GET_users`    | `Route`, its token from the name                    |
//! | `#[before] fn any`                                  | `Before`                                            |
//! | `fn log_message` and its like                       | `Override`                                          |
//! | any other                                           | `Helper`                                            |
//!
//! Names are compared without `r#`, which is not part of them. Nothing is judged here: `do_get` is a route too, whose
//! token `check` refuses.

mod attributes;
mod body;
mod parameter;
mod shape;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{AttrStyle, Attribute, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Meta, Pat, PatType};

use self::attributes::given_once;
pub(crate) use self::attributes::{
    HTTP_METHOD, OWN, PACE, becomes_own, brings, is_before, is_http_method, is_meant_as_path, is_own, is_pace, is_path,
};
pub(crate) use self::parameter::{
    Count, Form, Leaf, Parameter, SOURCES, Source, TextSource, is_rest, is_source, is_unknown, typed,
};
pub(crate) use self::shape::Shape;
use crate::overridables::Overridable;
use crate::parse::{self, Arguments, Piece, Template};
use crate::refusals::Refusals;
use crate::verbs;

/// An impl block with the arguments of its attribute.
pub(crate) struct Handler<'b> {
    pub arguments: &'b Arguments,
    pub block: &'b ItemImpl,
    /// Every method of the block, in its order.
    pub methods: Vec<Method<'b>>,
}

/// One method of the block.
pub(crate) struct Method<'b> {
    pub item: &'b ImplItemFn,
    pub role: Role,
    /// `#[pace("pool")]`, which goes before the argument `pace`.
    pub pace: Option<LitStr>,
    /// Each `#[path("…")]`, in order; the first one gives the link. A method without one serves what no path does.
    pub paths: Vec<Template>,
    /// The parameters of a route after `&self`. Empty for other methods.
    pub parameters: Vec<Parameter<'b>>,
}

/// The purpose of a method.
pub(crate) enum Role {
    /// It serves the requests whose method is this token.
    Route(Token),
    /// `dispatch` calls it before every route.
    Before,
    /// The runtime calls it in place of its own.
    Override(&'static Overridable),
    /// It is the user's own.
    Helper,
}

/// The name of an HTTP method (RFC 9110, section 9.1), and where the user wrote it.
pub(crate) enum Token {
    /// `GET`, the rest of `do_GET`, or of `do_GET_user` if it has a path.
    Named(String),
    /// `#[http_method("GET")]`.
    Given(LitStr),
}

impl<'b> Handler<'b> {
    pub(crate) fn new(arguments: &'b Arguments, block: &'b ItemImpl, refusals: &mut Refusals) -> Self {
        let functions = block.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function),
            _ => None,
        });
        let methods = functions.map(|item| Method::new(item, refusals)).collect();
        Self { arguments, block, methods }
    }

    /// The methods that serve requests, each with its token.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (&Method<'b>, &Token)> {
        self.methods.iter().filter_map(|method| Some((method, method.token()?)))
    }

    /// The methods that serve what no path serves.
    pub(crate) fn plain(&self) -> impl Iterator<Item = &Method<'b>> {
        self.routes().map(|(method, _)| method).filter(|method| method.paths.is_empty())
    }

    pub(crate) fn has_paths(&self) -> bool {
        self.methods.iter().any(|method| !method.paths.is_empty())
    }

    /// The shapes of the block's paths, in the order in which a request tries them.
    pub(crate) fn shapes(&self) -> Vec<Shape<'_>> {
        shape::all(self)
    }

    /// The methods that run before every route, in the order of the block.
    pub(crate) fn befores(&self) -> impl Iterator<Item = &Method<'b>> {
        self.methods.iter().filter(|method| matches!(method.role, Role::Before))
    }

    /// The methods that the runtime calls in place of its own.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = (&Method<'b>, &'static Overridable)> {
        self.methods.iter().filter_map(|method| match method.role {
            Role::Override(overridable) => Some((method, overridable)),
            _ => None,
        })
    }
}

impl<'b> Method<'b> {
    fn new(item: &'b ImplItemFn, refusals: &mut Refusals) -> Self {
        let paths = item.attrs.iter().filter(|attribute| is_path(attribute) || is_meant_as_path(attribute));
        let mut paths: Vec<_> = paths.map(|attribute| Template::read(attribute, refusals)).collect();
        let role = Role::of(item, !paths.is_empty(), refusals);
        let is_route = matches!(role, Role::Route(_));
        let parameters = if is_route { parameter::all(item, &paths, refusals) } else { Vec::new() };
        for path in &mut paths {
            path.guess(parameters.iter().filter_map(Parameter::unknown_name));
        }
        let pace = given_once(item, PACE, parse::pace, ("a method has one pace", "keep one of them"), refusals);
        Self { item, role, pace, paths, parameters }
    }

    pub(crate) fn name(&self) -> &'b Ident {
        &self.item.sig.ident
    }

    /// The name of the HTTP method, if it serves one.
    pub(crate) fn token(&self) -> Option<&Token> {
        match &self.role {
            Role::Route(token) => Some(token),
            _ => None,
        }
    }

    /// Returns the name of its link, which is `user` of `do_GET_user`, or the whole name under `#[http_method]`. None
    /// if it has no path, or a name without a word.
    pub(crate) fn word(&self) -> Option<String> {
        let name = self.name().unraw().to_string();
        match self.token().filter(|_| !self.paths.is_empty())? {
            Token::Named(_) => token_and_word(&name).map(|(_, word)| word.to_owned()),
            Token::Given(_) => Some(name),
        }
    }

    /// Returns the word, or in a block that is refused, the one that was most likely meant, such as `user` of
    /// `do_get_user`.
    pub(crate) fn likely_word(&self) -> Option<String> {
        self.word().or_else(|| (!self.paths.is_empty()).then(|| self.likely_token_and_word().1))
    }

    /// What the name of a method with a path was most likely meant to say, where it does not.
    pub(crate) fn likely_token_and_word(&self) -> (String, String) {
        let name = self.name().unraw().to_string();
        let own = name.strip_prefix("do_").filter(|rest| verbs::is_well_formed(rest));
        let (verb, word) = verbs::verb_and_word(&name);
        match (verb, own) {
            (None, Some(own)) => (own.to_owned(), self.word_of_the_path()),
            _ if word.is_empty() => (verb.unwrap_or("GET").to_owned(), self.word_of_the_path()),
            _ => (verb.unwrap_or("GET").to_owned(), word),
        }
    }

    /// `users` of `/users/{id}`.
    fn word_of_the_path(&self) -> String {
        let words =
            self.paths.first().into_iter().flat_map(|path| path.pieces.iter().rev()).find_map(|piece| match piece {
                Piece::Word(word) if parse::is_name(word) => Some(word.clone()),
                _ => None,
            });
        words.unwrap_or_else(|| "index".to_owned())
    }

    /// The name that the signature gives to the exchange, if the method gets one.
    pub(crate) fn exchange(&self) -> Option<&'b Ident> {
        match self.role {
            Role::Route(_) => {
                self.parameters.iter().find(|parameter| matches!(parameter.source, Source::Exchange))?.name()
            }
            Role::Override(overridable) if !overridable.takes_exchange() => None,
            Role::Override(_) | Role::Before => match self.item.sig.inputs.get(1)? {
                FnArg::Typed(PatType { pat, .. }) => match &**pat {
                    Pat::Ident(pattern) => Some(&pattern.ident),
                    _ => None,
                },
                FnArg::Receiver(_) => None,
            },
            Role::Helper => None,
        }
    }

    /// The `#[cfg(…)]` attributes, which every mention of the method in the expansion needs too.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = Attribute> {
        // One that stands inside the method's body, `#![cfg(…)]`, cannot be copied as it is.
        self.written_cfgs().map(|attribute| Attribute { style: AttrStyle::Outer, ..attribute.clone() })
    }

    fn written_cfgs(&self) -> impl Iterator<Item = &'b Attribute> {
        self.item.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }

    /// The predicate of each `#[cfg(…)]`.
    pub(crate) fn cfg_predicates(&self) -> impl Iterator<Item = &'b TokenStream> {
        self.written_cfgs().filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(&list.tokens),
            _ => None,
        })
    }
}

impl Role {
    fn of(function: &ImplItemFn, has_path: bool, refusals: &mut Refusals) -> Self {
        let name = function.sig.ident.unraw();
        let second = ("a method serves one token", "write a second method that calls this one");
        if let Some(token) = given_once(function, HTTP_METHOD, parse::method_token, second, refusals) {
            return Self::Route(Token::Given(token));
        }
        if let Some(rest) = name.to_string().strip_prefix("do_") {
            let named = token_and_word(&name.to_string()).filter(|_| has_path).map(|(token, _)| token.to_owned());
            return Self::Route(Token::Named(named.unwrap_or_else(|| rest.to_owned())));
        }
        match Overridable::named(&name) {
            Some(overridable) => Self::Override(overridable),
            None if function.attrs.iter().any(is_before) => Self::Before,
            None => Self::Helper,
        }
    }
}

impl Token {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Named(text) => text.clone(),
            Self::Given(literal) => literal.value(),
        }
    }
}

/// Splits a name such as `do_GET_user` into a method in upper case and a word in lower case.
pub(crate) fn token_and_word(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("do_")?;
    let (token, word) = rest.split_at(rest.find(|letter: char| letter.is_ascii_lowercase())?);
    let token = token.strip_suffix('_')?;
    let is_token = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (!token.is_empty() && token.bytes().all(is_token) && word.bytes().all(is_word)).then_some((token, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_method_and_a_word() {
        for (name, expected) in [
            ("do_GET_user", Some(("GET", "user"))),
            ("do_GET_v2_users", Some(("GET", "v2_users"))),
            ("do_M_SEARCH_all", Some(("M_SEARCH", "all"))),
            ("do_GET", None),
            ("do_GET_", None),
            ("do_get_user", None),
            ("do_GETuser", None),
            ("do_GET_User", None),
            ("do_GET_userName", None),
            ("do__user", None),
            ("GET_user", None),
        ] {
            assert_eq!(token_and_word(name), expected, "{name}");
        }
    }
}
