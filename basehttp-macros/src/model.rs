//! Second step: what the block means. Each method has a role, and a role is what the later steps ask for.
//!
//! | method                              | role                                        |
//! |-------------------------------------|---------------------------------------------|
//! | `#[http_method("M-SEARCH")] fn any` | `Route`, its token from the attribute       |
//! | `fn do_GET`                         | `Route`, its token from the name            |
//! | `fn log_message` and its like       | `Override`                                  |
//! | any other                           | `Helper`                                    |
//!
//! Names are compared without `r#`, which is not part of them. Nothing is judged here: `do_get` is a route too, whose
//! token `check` refuses.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::token::Comma;
use syn::{AttrStyle, Attribute, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Meta, Pat, PatType};

use crate::overridables::Overridable;
use crate::parse::{self, Arguments};
use crate::refusals::{Refusals, refusal};

/// The attribute that names a method's token.
pub(crate) const HTTP_METHOD: &str = "http_method";

/// The attribute that says where a method runs.
pub(crate) const PACE: &str = "pace";

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
}

/// The purpose of a method.
pub(crate) enum Role {
    /// It serves the requests whose method is this token.
    Route(Token),
    /// The runtime calls it in place of its own.
    Override(&'static Overridable),
    /// It is the user's own.
    Helper,
}

/// The name of an HTTP method (RFC 9110, section 9.1), and where the user wrote it.
pub(crate) enum Token {
    /// `GET`, the rest of `do_GET`.
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
        self.methods.iter().filter_map(|method| match &method.role {
            Role::Route(token) => Some((method, token)),
            _ => None,
        })
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
        Self { item, role: Role::of(item, refusals), pace: given_pace(item, refusals) }
    }

    pub(crate) fn name(&self) -> &'b Ident {
        &self.item.sig.ident
    }

    /// The name that the signature gives to the exchange, if the method gets one.
    pub(crate) fn exchange(&self) -> Option<&'b Ident> {
        let gets_exchange = match self.role {
            Role::Route(_) => true,
            Role::Override(overridable) => overridable.takes_exchange(),
            Role::Helper => false,
        };
        let parameter = self.item.sig.inputs.get(1).filter(|_| gets_exchange)?;
        match parameter {
            FnArg::Typed(PatType { pat, .. }) => match &**pat {
                Pat::Ident(pattern) => Some(&pattern.ident),
                _ => None,
            },
            FnArg::Receiver(_) => None,
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

    /// What stands inside each `#[cfg(…)]`.
    pub(crate) fn cfg_predicates(&self) -> impl Iterator<Item = &'b TokenStream> {
        self.written_cfgs().filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(&list.tokens),
            _ => None,
        })
    }
}

impl Role {
    fn of(function: &ImplItemFn, refusals: &mut Refusals) -> Self {
        let name = function.sig.ident.unraw();
        if let Some(token) = given_token(function, refusals) {
            return Self::Route(Token::Given(token));
        }
        if let Some(token) = name.to_string().strip_prefix("do_") {
            return Self::Route(Token::Named(token.to_owned()));
        }
        Overridable::named(&name).map_or(Self::Helper, Self::Override)
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

/// True if the attribute is the macro's own and has to go before the compiler sees the block.
pub(crate) fn is_own(attribute: &Attribute) -> bool {
    is_http_method(attribute) || is_pace(attribute)
}

/// True if it would be the macro's own once the compiler has read it, which is too late.
pub(crate) fn becomes_own(attribute: &Attribute) -> bool {
    brings(&attribute.meta, HTTP_METHOD) || brings(&attribute.meta, PACE)
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
    attribute.path().is_ident(PACE)
}

pub(crate) fn is_http_method(attribute: &Attribute) -> bool {
    attribute.path().is_ident(HTTP_METHOD)
}

fn given_token(function: &ImplItemFn, refusals: &mut Refusals) -> Option<LitStr> {
    let mut given = function.attrs.iter().filter(|attribute| is_http_method(attribute));
    let token = refusals.keep(parse::method_token(given.next()?));
    for second in given {
        let instead = "write a second method that calls this one";
        refusals.push(refusal(second, "a method serves one token", instead));
    }
    token
}

fn given_pace(function: &ImplItemFn, refusals: &mut Refusals) -> Option<LitStr> {
    let mut given = function.attrs.iter().filter(|attribute| is_pace(attribute));
    let pace = refusals.keep(parse::pace(given.next()?));
    for second in given {
        refusals.push(refusal(second, "a method has one pace", "keep one of them"));
    }
    pace
}
