//! The segments of a path as a pattern.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use crate::expand::names::Names;
use crate::model::{Handler, Shape};
use crate::parse::Piece;

/// The number of segments to split a path into. It is one more than the deepest shape has, so that longer paths fit
/// none.
pub(super) fn depth(handler: &Handler<'_>) -> usize {
    let paths = handler.routes().flat_map(|(method, _)| &method.paths);
    paths.map(|path| path.pieces.len()).max().unwrap_or(0) + 1
}

/// `&["users", id]`, or `&["static", _, ..]` for a rest, which is one segment or more.
pub(super) fn pattern(shape: &Shape<'_>, names: &Names) -> TokenStream {
    let pieces = shape.template.pieces.iter().map(|piece| match piece {
        Piece::Word(word) => quote!(#word),
        Piece::Parameter(name) => {
            let name = names.segment(name);
            quote!(#name)
        }
        Piece::Rest(_) => quote!(_, ..),
    });
    quote!(&[#(#pieces),*])
}

/// `if !id.is_empty()`: a parameter is never empty.
pub(super) fn guard(shape: &Shape<'_>, names: &Names) -> Option<TokenStream> {
    let parameters = parameters(shape, names);
    (!parameters.is_empty()).then(|| quote!(if #(!#parameters.is_empty())&&*))
}

/// The parameters of one segment each.
pub(super) fn parameters(shape: &Shape<'_>, names: &Names) -> Vec<Ident> {
    let names = shape.template.pieces.iter().filter_map(|piece| match piece {
        Piece::Parameter(name) => Some(names.segment(name)),
        _ => None,
    });
    names.collect()
}
