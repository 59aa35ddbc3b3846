//! Calls of the block's methods from the trait impl, placed so that the compiler speaks of the user's own signature.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, ReturnType};

use super::names::Names;
use crate::model::Method;

/// `self.do_GET(ex)`, where an argument that does not fit is shown at its type in the signature.
///
/// A method of the block comes before the trait's of the same name, so `self.log_message` is the user's. `Self::do_GET`
/// could be a variant of an enum.
pub(super) fn call<'p>(method: &Method<'_>, parameters: impl Iterator<Item = &'p str>, names: &Names) -> TokenStream {
    let name = method.name();
    let taken = method.item.sig.inputs.iter().skip(1).map(|input| match input {
        FnArg::Typed(parameter) => site_of(&parameter.ty),
        FnArg::Receiver(receiver) => site_of(receiver),
    });
    let arguments = parameters.zip(taken).map(|(parameter, site)| names.parameter(parameter, site));
    quote_spanned!(returned_at(method)=> self.#name(#(#arguments),*))
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
