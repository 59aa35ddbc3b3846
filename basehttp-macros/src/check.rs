//! Third step: everything that is refused, with all refusals of a block collected. Each module is one subject.
//!
//! What the compiler explains better is left to it: a return type that is no outcome, a name that does not exist.

mod arguments;
mod literals;
mod methods;
mod paces;
mod signatures;
mod types;
mod verbs;

use crate::model::Handler;
use crate::refusals::Refusals;

/// Refuses whatever the expansion could not make a handler of, and literals that would fail at run time.
pub fn handler(handler: &Handler<'_>, refusals: &mut Refusals) {
    arguments::check(handler.arguments, refusals);
    methods::check(handler, refusals);
    paces::check(handler, refusals);
    signatures::check(handler, refusals);
    literals::check(handler, refusals);
}
