//! The table of methods and the match that serves them, with the two methods that are derived: `HEAD` is served by what
//! serves `GET`, `OPTIONS` by the list of methods.
//!
//! | `do_HEAD` in the block | derived row                               |
//! |------------------------|-------------------------------------------|
//! | no                     | `"GET" \| "HEAD" => do_GET`               |
//! | under `cfg(a)`         | `#[cfg(not(a))] "HEAD" => do_GET`         |
//! | yes                    | none                                      |

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::call::{call, returned_at};
use super::names::Names;
use crate::model::{Handler, Method};

/// `METHODS` and `dispatch`.
///
/// ```text
/// // Input:
/// fn do_GET(&self, ex: &mut Exchange) -> Result { … }
/// // Output:
/// const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
/// fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Outcome> {
///     Some(match ex.command {
///         "GET" | "HEAD" => response(self.do_GET(ex)).send(ex),
///         "OPTIONS" => allow(ex, <Self as BaseHTTPRequestHandler>::METHODS),
///         _ => return None,
///     })
/// }
/// ```
pub(super) fn table_and_match(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let rows = rows(handler);
    let table = rows.iter().flat_map(Row::entries);
    let arms = rows.iter().map(|row| row.arm(&row.answer(names)));
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let body = quote! {
        #runtime::Some(match #ex.command {
            #(#arms)*
            _ => return #runtime::None,
        })
    };
    with_body(names, &quote!(#(#table),*), &ex.into_token_stream(), &body)
}

/// The same for a handler that serves nothing.
pub(super) fn nothing(names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    with_body(names, &TokenStream::new(), &quote!(_), &quote!(#runtime::None))
}

fn with_body(names: &Names, table: &TokenStream, ex: &TokenStream, body: &TokenStream) -> TokenStream {
    let Names { runtime, lifetime, .. } = names;
    let (exchange, text) = (names.exchange(), names.text());
    quote! {
        const METHODS: &'static [#text] = &[#table];

        fn dispatch<#lifetime>(&self, #ex: &mut #exchange) -> #runtime::Option<#runtime::Outcome> {
            #body
        }
    }
}

/// One arm of the match, and its entries in the table.
pub(super) struct Row<'h> {
    cfgs: Vec<TokenStream>,
    tokens: Vec<String>,
    answer: Answer<'h>,
}

enum Answer<'h> {
    /// A method of the block.
    Method(&'h Method<'h>),
    /// The list of methods.
    Allow,
}

impl<'h> Row<'h> {
    fn new(tokens: &[&str], cfgs: Vec<TokenStream>, answer: Answer<'h>) -> Self {
        Self { cfgs, tokens: tokens.iter().map(|&token| token.to_owned()).collect(), answer }
    }

    fn entries(&self) -> impl Iterator<Item = TokenStream> {
        let cfgs = &self.cfgs;
        self.tokens.iter().map(move |token| quote!(#(#cfgs)* #token))
    }

    fn answer(&self, names: &Names) -> TokenStream {
        match self.answer {
            Answer::Method(method) => response(method, names),
            Answer::Allow => allow(names),
        }
    }

    /// The method of the block that serves these tokens.
    pub(super) fn method(&self) -> Option<&'h Method<'h>> {
        match self.answer {
            Answer::Method(method) => Some(method),
            Answer::Allow => None,
        }
    }

    /// An arm of a match on the command, with this `value`.
    pub(super) fn arm(&self, value: &TokenStream) -> TokenStream {
        let Self { cfgs, tokens, .. } = self;
        quote!(#(#cfgs)* #(#tokens)|* => #value,)
    }
}

/// `response(self.do_GET(ex)).send(ex)`
fn response(method: &Method<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let call = call(method, ["ex"].into_iter(), names);
    let ex = names.parameter("ex", Span::call_site());
    quote_spanned!(returned_at(method)=> #runtime::response(#call).send(#ex))
}

/// `allow(ex, <Self as BaseHTTPRequestHandler>::METHODS)`
fn allow(names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let handler = names.handler();
    quote!(#runtime::allow(#ex, #handler::METHODS))
}

/// What is served, in the order of the block, the derived methods among it.
pub(super) fn rows<'h>(handler: &'h Handler<'h>) -> Vec<Row<'h>> {
    let mut rows = Vec::new();
    for (method, token) in handler.routes() {
        let token = token.text();
        let derived = if token == "GET" { head(handler) } else { Derived::Never };
        let answer = || Answer::Method(method);
        match derived {
            Derived::Never => rows.push(Row::new(&[&token], cfgs(method), answer())),
            Derived::Always => rows.push(Row::new(&[&token, "HEAD"], cfgs(method), answer())),
            Derived::When(cfg) => {
                rows.push(Row::new(&[&token], cfgs(method), answer()));
                rows.push(Row::new(&["HEAD"], cfgs(method).into_iter().chain([cfg]).collect(), answer()));
            }
        }
    }
    match options(handler) {
        Derived::Never => {}
        Derived::Always => rows.push(Row::new(&["OPTIONS"], Vec::new(), Answer::Allow)),
        Derived::When(cfg) => rows.push(Row::new(&["OPTIONS"], vec![cfg], Answer::Allow)),
    }
    rows
}

/// True if a method gets an answer that no method of the block gives.
enum Derived {
    Never,
    Always,
    /// Under this `#[cfg(…)]`, which is the opposite of those of the methods in the block.
    When(TokenStream),
}

fn head(handler: &Handler<'_>) -> Derived {
    Derived::unless_off(handler.arguments.derive_head, "HEAD", handler)
}

fn options(handler: &Handler<'_>) -> Derived {
    Derived::unless_off(handler.arguments.derive_options, "OPTIONS", handler)
}

impl Derived {
    fn unless_off(switch: Option<bool>, token: &str, handler: &Handler<'_>) -> Self {
        if switch == Some(false) { Self::Never } else { Self::in_place_of(token, handler) }
    }

    fn in_place_of(wanted: &str, handler: &Handler<'_>) -> Self {
        let own: Vec<_> =
            handler.routes().filter(|(_, token)| token.text() == wanted).map(|(method, _)| method).collect();
        if own.is_empty() {
            return Self::Always;
        }
        if own.iter().any(|method| method.cfgs().next().is_none()) {
            return Self::Never;
        }
        let condition = one_or("any", own.into_iter().map(condition).collect());
        Self::When(quote!(#[cfg(not(#condition))]))
    }
}

/// What has to hold for a method with `cfg`s to be there.
fn condition(method: &Method<'_>) -> TokenStream {
    one_or("all", method.cfg_predicates().cloned().collect())
}

/// A single predicate as it is, several within `all(…)` or `any(…)`.
fn one_or(combination: &str, predicates: Vec<TokenStream>) -> TokenStream {
    let combination = format_ident!("{combination}");
    match <[TokenStream; 1]>::try_from(predicates) {
        Ok([predicate]) => predicate,
        Err(predicates) => quote!(#combination(#(#predicates),*)),
    }
}

fn cfgs(method: &Method<'_>) -> Vec<TokenStream> {
    method.cfgs().map(ToTokens::into_token_stream).collect()
}
