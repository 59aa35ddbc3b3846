//! Parameters that are made from the body: one of them for a method, and none where requests have no body.

use crate::model::{Handler, Method, Source, Token, is_source};
use crate::refusals::Refusals;

/// The methods whose requests have no body that means anything (RFC 9110, sections 9.3.1 and 9.3.2).
const WITHOUT: [&str; 2] = ["GET", "HEAD"];

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    for method in &handler.methods {
        one_body(method, refusals);
    }
}

/// The method, if its requests have no body.
pub(super) fn without_body(method: &Method<'_>) -> Option<String> {
    method.token().map(Token::text).filter(|token| WITHOUT.contains(&&**token))
}

fn one_body(method: &Method<'_>, refusals: &mut Refusals) {
    let parameters = method.parameters.iter().filter(|parameter| matches!(parameter.source, Source::Body(..)));
    let attributes = parameters.filter_map(|parameter| parameter.item.attrs.iter().find(|at| is_source(at)));
    let without_body = without_body(method);
    for (at, attribute) in attributes.enumerate() {
        if let Some(token) = &without_body {
            let wrong = format!("{token} requests have no body");
            refusals.refuse(attribute, wrong, "take the value from the query, with `#[query]`, or serve POST");
        } else if at > 0 {
            let instead = "keep one of them; a `struct` can have several fields";
            refusals.refuse(attribute, "a request has one body, and another parameter takes it", instead);
        }
    }
}
