//! The number of the route that serves a request, by which the server learns its pace.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;

use super::numbered;
use super::pattern::{depth, guard, pattern};
use crate::expand::conditions::{Condition, any_of};
use crate::expand::dispatch::rows_of;
use crate::expand::names::Names;
use crate::model::{Handler, Shape};

/// `route`, if the block has paths.
///
/// ```text
/// fn route(command: &str, path: &str) -> Option<u16> {
///     let decoded = Decoded::new();
///     Some(match raw_segments(path, &decoded, &mut [""; 3])? {
///         &["users"] => match command {
///             "GET" | "HEAD" => 0,
///             _ => return None,
///         },
///         &["users", id] if !id.is_empty() => match command { … },
///         _ => return None,
///     })
/// }
/// ```
pub(in crate::expand) fn route(handler: &Handler<'_>, names: &Names) -> Option<TokenStream> {
    if !handler.has_paths() {
        return None;
    }
    let runtime = &names.runtime;
    let [command, path, decoded] = ["command", "path", "decoded"].map(|name| names.parameter(name, Span::call_site()));
    let numbers: Vec<_> = numbered(handler).collect();
    let number = |wanted: &crate::model::Method<'_>| {
        let found = numbers.iter().find(|(_, method)| std::ptr::eq(*method, wanted));
        found.map(|(number, _)| number.clone()).expect("every method with a path has a number")
    };
    let shapes = handler.shapes();
    let arms = shapes.iter().map(|shape| arm(shape, handler, &number, names));
    let depth = Literal::usize_unsuffixed(depth(handler));
    Some(quote! {
        fn route(#command: &#runtime::str, #path: &#runtime::str) -> #runtime::Option<#runtime::u16> {
            let #decoded = #runtime::Decoded::new();
            #runtime::Some(match #runtime::raw_segments(#path, &#decoded, &mut [""; #depth])? {
                #(#arms)*
                _ => return #runtime::None,
            })
        }
    })
}

fn arm(
    shape: &Shape<'_>,
    handler: &Handler<'_>,
    number: &impl Fn(&crate::model::Method<'_>) -> Literal,
    names: &Names,
) -> TokenStream {
    let runtime = &names.runtime;
    let command = names.parameter("command", Span::call_site());
    let cfgs = any_of(shape.methods.iter().map(|(method, _)| Condition::of(method))).attributes();
    let (pattern, guard) = (pattern(shape, names), guard(shape, names));
    let rows = rows_of(shape, handler);
    let arms = rows.iter().filter_map(|row| {
        let number = number(row.method?);
        Some(row.arm(&quote!(#number)))
    });
    quote! {
        #cfgs
        #pattern #guard => match #command {
            #(#arms)*
            _ => return #runtime::None,
        },
    }
}
