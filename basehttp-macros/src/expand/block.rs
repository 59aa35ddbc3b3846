//! The user's block, given back with the lints allowed that its author has no choice about.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl};

use super::attributes::{allowed_on, attribute, expects_snake_case_lint, hides_lifetimes};
use super::call::site_of;
use super::names::Names;
use super::repair::repair;
use crate::model::{Handler, Method, Role, becomes_own, is_meant_as_path, is_own, is_source};

/// The block without the macro's own attributes, and with lints allowed.
///
/// ```text
/// // Input:
/// impl Device {
///     #[http_method("M-SEARCH")]
///     fn search(&self, ex: &mut Exchange) -> Result { … }
/// }
/// // Output:
/// #[allow(elided_lifetimes_in_paths)]
/// impl Device {
///     #[allow(clippy::unused_self, clippy::trivially_copy_pass_by_ref)]
///     fn search(&self, ex: &mut Exchange) -> Result { … }
/// }
/// ```
pub(super) fn annotated(handler: &Handler<'_>, names: &Names) -> ItemImpl {
    annotated_with(handler, names, |_, _| {})
}

/// The block of a handler that is refused.
pub(super) fn repaired(handler: &Handler<'_>, names: &Names) -> ItemImpl {
    annotated_with(handler, names, |function, method| repair(function, method, handler))
}

fn annotated_with(handler: &Handler<'_>, names: &Names, change: impl Fn(&mut ImplItemFn, &Method<'_>)) -> ItemImpl {
    let mut block = handler.block.clone();
    block.attrs.retain(|attribute| !is_own(attribute));
    if hides_lifetimes(&block) {
        block.attrs.insert(0, attribute("allow", quote!(elided_lifetimes_in_paths)));
    }
    let mut methods = handler.methods.iter();
    for item in &mut block.items {
        match item {
            ImplItem::Fn(function) => {
                let method = methods.next().expect("the model has every function of the block");
                annotate(function, method, handler);
                change(function, method);
            }
            ImplItem::Const(item) => item.attrs.retain(|attribute| !is_own(attribute)),
            ImplItem::Type(item) => item.attrs.retain(|attribute| !is_own(attribute)),
            ImplItem::Verbatim(tokens) => *tokens = refused_by_the_compiler(tokens, names),
            _ => {}
        }
    }
    block
}

fn annotate(function: &mut ImplItemFn, method: &Method<'_>, handler: &Handler<'_>) {
    function.attrs.retain(|at| !is_own(at) && !becomes_own(at) && !is_meant_as_path(at));
    for parameter in &mut function.sig.inputs {
        if let FnArg::Typed(parameter) = parameter {
            parameter.attrs.retain(|attribute| !is_source(attribute));
        }
    }
    if matches!(method.role, Role::Helper) {
        return;
    }
    if let Some(allowed) = allowed_on(method, handler) {
        function.attrs.insert(0, allowed);
    }
    let is_snake_case = !method.name().to_string().contains(|letter: char| letter.is_ascii_uppercase());
    if !is_snake_case && !expects_snake_case_lint(method, handler) {
        // Lints do not speak of names that a macro gave. To allow `non_snake_case` would be an error where it is
        // forbidden.
        function.sig.ident.set_span(site_of(&function.sig.ident));
        // Editors read neither spans nor `forbid`. This is the condition that they set and the compiler does not.
        function.attrs.insert(0, attribute("cfg_attr", quote!(miri, allow(non_snake_case))));
    }
}

/// Tokens of the block that are not an item this macro knows. The compiler has most likely refused them already, and
/// says nothing more; if it does know them, it refuses them here, since a `do_*` among them would not be served.
fn refused_by_the_compiler(tokens: &TokenStream, names: &Names) -> TokenStream {
    let is_whole = tokens.clone().into_iter().last().is_some_and(|last| match last {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    });
    // `fn do_`: items end with one of these, so that the compiler has refused it.
    if !is_whole {
        return TokenStream::new();
    }
    let site = site_of(tokens);
    let runtime = names.runtime.clone().into_iter().map(|mut token| {
        token.set_span(site);
        token
    });
    quote_spanned!(site=> #(#runtime)*::unknown_item! { #tokens })
}
