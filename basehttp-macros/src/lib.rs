//! The attribute of basehttp, [`macro@http_handler`]. Use it through that crate, which re-exports it.
//!
//! Four steps, one module each: `parse`, `model`, `check`, `expand`. Beside them stands what several steps ask: the
//! table of `overridables`, the words for `paces`, HTTP's `grammar`, the `calls` on an exchange, `types` as they are
//! spelt, `similar` words, the `verbs` of HTTP, and the `refusals` that all of them report. Whole expansions, to be
//! read, are in the folder `golden`. The documentation of the attribute is `http_handler.md`.

#![forbid(unsafe_code)]

mod calls;
mod check;
mod expand;
#[cfg(test)]
mod golden;
mod grammar;
mod model;
mod overridables;
mod paces;
mod parse;
#[cfg(test)]
mod promises;
mod refusals;
mod similar;
#[cfg(test)]
mod speed;
mod types;
mod verbs;

use proc_macro2::TokenStream;

use crate::model::Handler;
use crate::parse::{Arguments, Subject};
use crate::refusals::Refusals;

#[doc = include_str!("http_handler.md")]
#[proc_macro_attribute]
pub fn http_handler(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expanded(arguments.into(), &item.into()).into()
}

/// The four steps. They work on `proc_macro2`, so that tests can take them outside the compiler.
fn expanded(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut refusals = Refusals::default();
    let arguments = Arguments::parse(arguments, &mut refusals);
    let Some(subject) = Subject::read(item, &mut refusals) else {
        return expand::untouched(item, refusals);
    };
    let handler = Handler::new(&arguments, &subject.block, &mut refusals);
    if let Some(other) = &subject.other {
        return expand::misplaced(other, &handler, refusals);
    }
    check::handler(&handler, &mut refusals);
    if refusals.is_empty() { expand::handler(&handler) } else { expand::refused(&handler, refusals) }
}
