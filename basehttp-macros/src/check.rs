//! Third step: everything that is refused, with all refusals of a block collected. Each module is one subject.
//!
//! Mistakes that the compiler explains better are left to it: a return type that is no outcome, a name that does not
//! exist.

mod arguments;
mod bodies;
mod cors;
mod literals;
mod methods;
mod paces;
mod parameter_types;
mod parameters;
mod paths;
mod python;
mod signatures;

use crate::model::{Handler, Method};
use crate::refusals::Refusals;

/// Refuses whatever the expansion could not make a handler of, and literals that would fail at run time.
pub(crate) fn handler(handler: &Handler<'_>, refusals: &mut Refusals) {
    arguments::check(handler.arguments, refusals);
    cors::check(handler, refusals);
    methods::check(handler, refusals);
    paces::check(handler, refusals);
    let refused = paths::check(handler, refusals);
    signatures::check(handler, refusals);
    parameters::check(handler, &refused, refusals);
    bodies::check(handler, refusals);
    for method in &handler.methods {
        body(method, handler, refusals);
    }
}

/// Refuses what stands in the body of one method.
pub(crate) fn body(method: &Method<'_>, handler: &Handler<'_>, refusals: &mut Refusals) {
    literals::check(method, handler, refusals);
    python::check(method, handler, refusals);
}
