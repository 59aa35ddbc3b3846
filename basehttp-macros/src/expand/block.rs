//! The user's block, given back with the lints allowed that its author has no choice about.

use quote::quote;
use syn::{Attribute, ImplItem, ImplItemFn, ItemImpl, parse_quote};

use super::repair::repair;
use crate::model::{Handler, Method, Role, is_own};

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
pub fn annotated(handler: &Handler<'_>) -> ItemImpl {
    annotated_with(handler, |_, _| {})
}

/// The block of a handler that is refused.
pub fn repaired(handler: &Handler<'_>) -> ItemImpl {
    annotated_with(handler, |function, method| repair(function, method, handler))
}

fn annotated_with(handler: &Handler<'_>, change: impl Fn(&mut ImplItemFn, &Method<'_>)) -> ItemImpl {
    let mut block = handler.block.clone();
    // `&mut Exchange` hides a lifetime, which `rust_2018_idioms` would have spelt out.
    block.attrs.push(parse_quote!(#[allow(elided_lifetimes_in_paths)]));
    let functions = block.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    });
    for (function, method) in functions.zip(&handler.methods) {
        function.attrs.retain(|attribute| !is_own(attribute));
        function.attrs.extend(allowed(method));
        change(function, method);
    }
    block
}

/// Lints about what is prescribed could not be followed: the name of a `do_GET`, its `&self` even if it uses nothing of
/// itself, and for an overridable the return type too.
fn allowed(method: &Method<'_>) -> Option<Attribute> {
    if matches!(method.role, Role::Helper) {
        return None;
    }
    let name = method.name().to_string().starts_with("do_").then(|| quote!(non_snake_case,));
    let output = matches!(method.role, Role::Override(_)).then(|| quote!(, clippy::unnecessary_wraps));
    Some(parse_quote!(#[allow(#name clippy::unused_self, clippy::trivially_copy_pass_by_ref #output)]))
}
