//! Checks the pace of methods: one of three words, and only for methods that serve requests.

use syn::LitStr;

use crate::model::{Handler, Method, Role, is_pace};
use crate::paces::{self, PACES};
use crate::refusals::Refusals;
use crate::similar;

pub(super) fn check(handler: &Handler<'_>, refusals: &mut Refusals) {
    if let Some(pace) = &handler.arguments.pace {
        word(pace, refusals);
    }
    for method in &handler.methods {
        if matches!(method.role, Role::Route(_)) {
            method.pace.iter().for_each(|pace| word(pace, refusals));
        } else {
            nowhere(method, refusals);
        }
    }
}

fn word(pace: &LitStr, refusals: &mut Refusals) {
    let value = pace.value();
    if paces::variant(&value).is_some() {
        return;
    }
    let wrong = format!("{value:?} is not a pace");
    let [first, second, third] = PACES.map(|(word, _)| word);
    match similar::nearest(&value.to_ascii_lowercase(), &[first, second, third]) {
        Some(nearest) => {
            let instead = format!("did you mean {nearest:?}? There are {first:?}, {second:?} and {third:?}");
            refusals.refuse(pace, wrong, instead);
        }
        None => refusals.refuse(pace, wrong, format_args!("write {first:?}, {second:?} or {third:?}")),
    }
}

/// The runtime asks for the pace of a request, which an overridable or a helper is only a part of.
fn nowhere(method: &Method<'_>, refusals: &mut Refusals) {
    for attribute in method.item.attrs.iter().filter(|attribute| is_pace(attribute)) {
        let wrong = format!("`{}` serves no requests, so it has no pace of its own", method.name());
        refusals.refuse(attribute, wrong, "write it above the `do_*` method, or take it away");
    }
}
