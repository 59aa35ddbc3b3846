//! The rows of a match on the method of a request, with the two methods that are derived: `HEAD` is served by what
//! serves `GET`, `OPTIONS` by the list of methods.
//!
//! | HEAD among the methods | derived row                               |
//! |------------------------|-------------------------------------------|
//! | no                     | `"GET" \| "HEAD" => do_GET`               |
//! | under `cfg(a)`         | `#[cfg(not(a))] "HEAD" => do_GET`         |
//! | yes                    | none                                      |
//!
//! Each path has rows of its own, and so have the methods without one.

use proc_macro2::TokenStream;
use quote::quote;

use super::conditions::{self, Condition};
use crate::model::{Method, Token};
use crate::parse::Arguments;

/// One arm of the match, and its entries in a table.
pub(super) struct Row<'h> {
    pub condition: Condition,
    pub tokens: Vec<String>,
    /// The method of the block that serves these tokens. `None` if the answer is the list of methods.
    pub method: Option<&'h Method<'h>>,
}

impl<'h> Row<'h> {
    fn new(tokens: &[&str], condition: Condition, method: Option<&'h Method<'h>>) -> Self {
        Self { condition, tokens: tokens.iter().map(|&token| token.to_owned()).collect(), method }
    }

    /// `"GET", "HEAD"`, each with its `cfg`s.
    pub(super) fn entries(&self) -> impl Iterator<Item = TokenStream> {
        let cfgs = self.condition.attributes();
        self.tokens.iter().map(move |token| quote!(#cfgs #token))
    }

    /// An arm of a match on the command, with this `value`.
    pub(super) fn arm(&self, value: &TokenStream) -> TokenStream {
        let (cfgs, tokens) = (self.condition.attributes(), &self.tokens);
        quote!(#cfgs #(#tokens)|* => #value,)
    }
}

/// The rows of these methods, in their order, the derived ones among them.
pub(super) fn rows<'h>(methods: &[&'h Method<'h>], arguments: &Arguments) -> Vec<Row<'h>> {
    let mut rows = Vec::new();
    for &method in methods {
        let Some(token) = method.token().map(Token::text) else { continue };
        let own = Condition::of(method);
        let head = if token == "GET" { derived("HEAD", arguments.derive_head, methods) } else { None };
        match head {
            None => rows.push(Row::new(&[&token], own, Some(method))),
            Some(condition) if condition.is_always() => rows.push(Row::new(&[&token, "HEAD"], own, Some(method))),
            Some(condition) => {
                rows.push(Row::new(&[&token], own.clone(), Some(method)));
                rows.push(Row::new(&["HEAD"], own.and(condition), Some(method)));
            }
        }
    }
    rows.extend(derived("OPTIONS", arguments.derive_options, methods).map(|when| Row::new(&["OPTIONS"], when, None)));
    rows
}

/// The condition under which a method gets an answer that no method of the block gives. It is the opposite of that of
/// the methods that do. `None` if there is no such answer.
fn derived(wanted: &str, switch: Option<bool>, methods: &[&Method<'_>]) -> Option<Condition> {
    if switch == Some(false) {
        return None;
    }
    let own = methods.iter().filter(|method| method.token().is_some_and(|token| token.text() == wanted));
    conditions::none_of(own.map(|method| Condition::of(method)))
}
