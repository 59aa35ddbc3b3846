//! The user's attributes that the trait impl needs too, and the lints that the user has no choice about.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token};

use crate::model::{Handler, Method, Role};

/// The attributes of the trait impl: the block's `cfg`s, what it allows, and calls of methods that are deprecated.
pub fn of_trait_impl<'h>(handler: &'h Handler<'h>) -> impl Iterator<Item = TokenStream> + 'h {
    let copied = handler.block.attrs.iter().filter_map(|attribute| match &attribute.meta {
        // The generics stand in the trait impl once more, and may need these.
        Meta::List(list) if list.path.is_ident("allow") || list.path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(quote!(#[allow(#lints)]))
        }
        meta if meta.path().is_ident("cfg") => Some(quote!(#[#meta])),
        _ => None,
    });
    let is_deprecated = |method: &Method<'_>| method.item.attrs.iter().any(|at| at.path().is_ident("deprecated"));
    let deprecated = handler.methods.iter().any(is_deprecated).then(|| quote!(#[allow(deprecated)]));
    copied.chain(deprecated)
}

/// The lints to allow on a method: what they would have changed is prescribed.
///
/// The receiver `&self` stands even where a method uses nothing of itself, and the return type of an overridable. A lint
/// that the user expects has to come, so it is not allowed here; on the method, the user's attribute comes last.
pub fn allowed_on(method: &Method<'_>, handler: &Handler<'_>) -> Option<TokenStream> {
    let mut lints = match method.role {
        Role::Helper => return None,
        Role::Route(_) => vec![quote!(clippy::unused_self), quote!(clippy::trivially_copy_pass_by_ref)],
        Role::Override(_) => vec![
            quote!(clippy::unused_self),
            quote!(clippy::trivially_copy_pass_by_ref),
            quote!(clippy::unnecessary_wraps),
        ],
    };
    lints.retain(|lint| !is_expected(&lint.to_string(), &handler.block.attrs));
    (!lints.is_empty()).then(|| quote!(#[allow(#(#lints),*)]))
}

/// Whether the user expects the lint about names: then it has to come.
pub fn expects_snake_case_lint(method: &Method<'_>, handler: &Handler<'_>) -> bool {
    [&method.item.attrs, &handler.block.attrs].into_iter().any(|attributes| is_expected("non_snake_case", attributes))
}

fn is_expected(lint: &str, attributes: &[Attribute]) -> bool {
    let expected = attributes.iter().filter(|attribute| attribute.path().is_ident("expect"));
    let lists = expected
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    lists.flatten().any(|meta| matches!(&meta, Meta::Path(path) if is_named(path, lint)))
}

fn is_named(path: &Path, lint: &str) -> bool {
    path.to_token_stream().to_string() == lint
}
