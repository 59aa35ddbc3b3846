//! The refusals of one impl block, collected so that all of them are reported at once.
//!
//! Every message has the same form: its first line says what is wrong, the next what to write instead.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The refusals so far, in the order in which they were found.
#[derive(Default)]
pub(crate) struct Refusals(Option<syn::Error>);

impl Refusals {
    /// Refuses the user's `tokens`.
    pub(crate) fn refuse(&mut self, tokens: impl ToTokens, wrong: impl Display, instead: impl Display) {
        self.push(refusal(tokens, wrong, instead));
    }

    pub(crate) fn push(&mut self, refusal: syn::Error) {
        match &mut self.0 {
            Some(refusals) => refusals.combine(refusal),
            None => self.0 = Some(refusal),
        }
    }

    /// Keeps the value, or the refusal that stands in its place.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|refusal| self.push(refusal)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// One `compile_error!` for each refusal, at the refused tokens.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// A refusal of the user's `tokens`.
pub(crate) fn refusal(tokens: impl ToTokens, wrong: impl Display, instead: impl Display) -> syn::Error {
    syn::Error::new_spanned(tokens, format!("{wrong}\n{instead}"))
}
