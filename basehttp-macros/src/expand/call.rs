//! Calls of the block's methods from the trait impl, placed so that the compiler speaks of the user's own signature.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, ReturnType};

use crate::model::Method;

/// `self.do_GET(ex)`, where an argument that does not fit is shown at its type in the signature.
///
/// A method of the block comes before the trait's of the same name, so `self.log_message` is the user's. `Self::do_GET`
/// could be a variant of an enum.
pub(super) fn call(method: &Method<'_>, arguments: impl Iterator<Item = TokenStream>) -> TokenStream {
    let name = method.name();
    quote_spanned!(returned_at(method)=> self.#name(#(#arguments),*))
}

/// The place of the type of each parameter.
pub(super) fn sites<'m>(method: &'m Method<'_>) -> impl Iterator<Item = Span> + 'm {
    method.item.sig.inputs.iter().skip(1).map(|input| match input {
        FnArg::Typed(parameter) => site_of(&parameter.ty),
        FnArg::Receiver(receiver) => site_of(receiver),
    })
}

/// Where the signature says what the method returns, for what the compiler has to say about that.
pub(super) fn returned_at(method: &Method<'_>) -> Span {
    match &method.item.sig.output {
        ReturnType::Type(_, ty) => site_of(ty),
        ReturnType::Default => site_of(method.name()),
    }
}

/// The place of the user's `tokens` for generated ones: errors of the compiler are shown there, but lints still see
/// generated code, and names are found as in the rest of the expansion.
pub(super) fn site_of(tokens: impl ToTokens) -> Span {
    let first = tokens.into_token_stream().into_iter().next();
    first.map_or_else(Span::call_site, |token| token.span().resolved_at(Span::call_site()))
}
