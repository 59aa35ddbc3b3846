//! The user's attributes that the trait impl needs too, and the lints that the user has no choice about.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::token::{Bracket, Paren, Pound};
use syn::{AttrStyle, Attribute, ImplItem, ItemImpl, MacroDelimiter, Meta, MetaList, Path, ReturnType, Token};

use crate::model::{Handler, Method, Role, Source};

/// The attributes of the trait impl: the block's `cfg`s, what it allows, and calls of methods that are deprecated.
pub(super) fn of_trait_impl<'h>(handler: &'h Handler<'h>) -> impl Iterator<Item = TokenStream> + 'h {
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

/// True if a lifetime is left out as in `&mut Exchange`, which `rust_2018_idioms` would have spelt out. If none is, the
/// lint may be forbidden, and to allow it would be an error.
pub(super) fn hides_lifetimes(block: &ItemImpl) -> bool {
    let in_signature = |item: &ImplItem| match item {
        ImplItem::Fn(function) => has_bare_name(function.sig.to_token_stream()),
        _ => false,
    };
    // Nearly always the first signature tells.
    block.items.iter().any(in_signature) || block.items.iter().any(|item| has_bare_name(item.to_token_stream()))
}

/// True if the tokens have an `Exchange` or `fmt::Arguments` without `<…>` behind it.
fn has_bare_name(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_bare = match token {
            TokenTree::Group(group) => has_bare_name(group.stream()),
            TokenTree::Ident(name) if name == "Exchange" || name == "Arguments" => {
                !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if ['<', ':'].contains(&next.as_char()))
            }
            _ => false,
        };
        if is_bare {
            return true;
        }
    }
    false
}

/// The lints to allow on a method, because its signature is prescribed.
///
/// The receiver `&self` stands even where a method uses nothing of itself, and the return type of an overridable. A
/// lint that the user expects has to come, so it is not allowed here; on the method, the user's attribute comes last.
pub(super) fn allowed_on(method: &Method<'_>, handler: &Handler<'_>) -> Option<Attribute> {
    let mut lints = match method.role {
        Role::Helper => return None,
        Role::Route(_) => vec![quote!(clippy::unused_self), quote!(clippy::trivially_copy_pass_by_ref)],
        Role::Before | Role::Override(_) => vec![
            quote!(clippy::unused_self),
            quote!(clippy::trivially_copy_pass_by_ref),
            quote!(clippy::unnecessary_wraps),
        ],
    };
    // The types say how the values are made, and the request how many there are.
    if method.parameters.iter().any(|parameter| !matches!(parameter.source, Source::Exchange)) {
        lints.extend([
            quote!(clippy::needless_pass_by_value),
            quote!(clippy::too_many_arguments),
            quote!(clippy::fn_params_excessive_bools),
            quote!(clippy::large_types_passed_by_value),
        ]);
    }
    // A status with fields and a body, `(u16, [(&str, String); 1], Json<Vec<User>>)`, is too complex for the lint.
    if matches!(&method.item.sig.output, ReturnType::Type(_, ty) if ty.to_token_stream().to_string().contains('[')) {
        lints.push(quote!(clippy::type_complexity));
    }
    lints.retain(|lint| !is_expected(lint, &handler.block.attrs));
    (!lints.is_empty()).then(|| attribute("allow", quote!(#(#lints),*)))
}

/// `#[allow(…)]`. Nearly every method gets one, and to have it parsed would take longer than all the rest of them.
pub(super) fn attribute(name: &str, arguments: TokenStream) -> Attribute {
    let path = Ident::new(name, Span::call_site()).into();
    let meta = Meta::List(MetaList { path, delimiter: MacroDelimiter::Paren(Paren::default()), tokens: arguments });
    Attribute { pound_token: Pound::default(), style: AttrStyle::Outer, bracket_token: Bracket::default(), meta }
}

/// Returns whether the user expects the lint about names, which then has to come.
pub(super) fn expects_snake_case_lint(method: &Method<'_>, handler: &Handler<'_>) -> bool {
    [&method.item.attrs, &handler.block.attrs].into_iter().any(|attributes| is_expected("non_snake_case", attributes))
}

fn is_expected(lint: impl Display, attributes: &[Attribute]) -> bool {
    let expected = attributes.iter().filter(|attribute| attribute.path().is_ident("expect"));
    let lists = expected
        .filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    lists.flatten().any(|meta| matches!(&meta, Meta::Path(path) if is_named(path, &lint.to_string())))
}

fn is_named(path: &Path, lint: &str) -> bool {
    path.to_token_stream().to_string() == lint
}
