//! The conditions under which methods are there, from their `#[cfg(…)]` attributes.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Method;

/// The predicates that all have to hold.
#[derive(Clone)]
pub(super) struct Condition(Vec<TokenStream>);

impl Condition {
    pub(super) fn of(method: &Method<'_>) -> Self {
        Self(method.cfg_predicates().cloned().collect())
    }

    pub(super) fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// `#[cfg(unix)] #[cfg(feature = "locks")]`
    pub(super) fn attributes(&self) -> TokenStream {
        let predicates = &self.0;
        quote!(#(#[cfg(#predicates)])*)
    }

    /// `all(unix, feature = "locks")`, `None` if nothing has to hold.
    pub(super) fn predicate(&self) -> Option<TokenStream> {
        match &*self.0 {
            [] => None,
            [predicate] => Some(predicate.clone()),
            predicates => Some(quote!(all(#(#predicates),*))),
        }
    }
}

/// The condition that one of these holds.
pub(super) fn any_of(conditions: impl Iterator<Item = Condition>) -> Condition {
    let Some(predicates) = conditions.map(|condition| condition.predicate()).collect::<Option<Vec<_>>>() else {
        return Condition(Vec::new());
    };
    match &*without_doubles(predicates) {
        [predicate] => Condition(vec![predicate.clone()]),
        predicates => Condition(vec![quote!(any(#(#predicates),*))]),
    }
}

/// The condition that none of these holds. `None` if one always does.
pub(super) fn none_of(conditions: impl Iterator<Item = Condition>) -> Option<Condition> {
    let mut conditions = conditions.peekable();
    if conditions.peek().is_none() {
        return Some(Condition(Vec::new()));
    }
    let any = any_of(conditions).predicate()?;
    Some(Condition(vec![quote!(not(#any))]))
}

fn without_doubles(predicates: Vec<TokenStream>) -> Vec<TokenStream> {
    let mut seen = Vec::new();
    let is_new = |predicate: &TokenStream| {
        let text = predicate.to_string();
        let is_new = !seen.contains(&text);
        seen.push(text);
        is_new
    };
    predicates.into_iter().filter(is_new).collect()
}
