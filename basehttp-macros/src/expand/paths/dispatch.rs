//! `dispatch` by path and method, grouped by path.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::pattern::{depth, guard, parameters, pattern};
use crate::expand::conditions::{Condition, any_of};
use crate::expand::dispatch::{match_on_command, plain_rows, rows_of};
use crate::expand::names::Names;
use crate::expand::rows::Row;
use crate::model::{Handler, Shape};

/// ```text
/// // Input:
/// #[path("/users")]
/// fn do_GET_users(&self) -> String { … }
/// #[path("/users/{id}")]
/// fn do_GET_user(&self, id: u64) -> String { … }
/// // Output:
/// let parts = &mut [""; 3];
/// let Ok(parts) = segments(ex, parts, |path| match path {
///     &["users"] => Some(0),
///     &["users", id] if !id.is_empty() => Some(1),
///     _ => None,
/// }) else {
///     return not_found(ex, METHODS);
/// };
/// match parts {
///     Some(&["users"]) => match ex.command {
///         "GET" | "HEAD" => response(self.do_GET_users()).send(ex),
///         "OPTIONS" => allow(ex, &["GET", "HEAD", "OPTIONS"]),
///         _ => return not_allowed(ex, &["GET", "HEAD", "OPTIONS"], METHODS),
///     },
///     Some(&["users", id]) if !id.is_empty() => {
///         if !is_value(id) {
///             return not_found(ex, METHODS);
///         }
///         match ex.command { … }
///     }
///     None if ex.command == "OPTIONS" => allow(ex, METHODS),
///     _ => return not_found(ex, METHODS),
/// }
/// ```
pub(in crate::expand) fn dispatch(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let methods = &names.methods;
    let [ex, parts] = ["ex", "parts"].map(|name| names.parameter(name, Span::call_site()));
    let shapes = handler.shapes();
    let row_of = row_of(&shapes, names);
    let arms = shapes.iter().map(|shape| arm(shape, handler, names));
    let plain = plain_rows(handler);
    let asterisk = asterisk(handler, &plain, names);
    let otherwise = otherwise(handler, &plain, names);
    let depth = proc_macro2::Literal::usize_unsuffixed(depth(handler));
    quote! {{
        let #parts = &mut [""; #depth];
        let #runtime::Ok(#parts) = #runtime::segments(#ex, #parts, #row_of) else {
            return #runtime::not_found(#ex, #methods);
        };
        match #parts {
            #(#arms)*
            #asterisk
            _ => #otherwise,
        }
    }}
}

/// The number of the shape that segments fit, for paths that can be read in two ways.
fn row_of(shapes: &[Shape<'_>], names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let path = names.parameter("path", Span::call_site());
    let arms = shapes.iter().enumerate().map(|(number, shape)| {
        let number = proc_macro2::Literal::usize_unsuffixed(number);
        let cfgs = any_of(shape.methods.iter().map(|(method, _)| Condition::of(method))).attributes();
        let (pattern, guard) = (pattern(shape, names), guard(shape, names));
        quote!(#cfgs #pattern #guard => #runtime::Some(#number),)
    });
    quote! {
        |#path| match #path {
            #(#arms)*
            _ => #runtime::None,
        }
    }
}

fn arm(shape: &Shape<'_>, handler: &Handler<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let methods = &names.methods;
    let cfgs = any_of(shape.methods.iter().map(|(method, _)| Condition::of(method))).attributes();
    let (pattern, guard) = (pattern(shape, names), guard(shape, names));
    let rows = rows_of(shape, handler);
    let allowed = allowed(&rows);
    let otherwise = quote!(return #runtime::not_allowed(#ex, #allowed, #methods));
    let served = match_on_command(&rows, Some(shape), &allowed, &otherwise, handler, names);
    let values = values(shape, names);
    let served = if values.is_empty() { quote!(#served,) } else { quote!({ #values #served }) };
    quote!(#cfgs #runtime::Some(#pattern) #guard => #served)
}

/// A shape that fits, with a value that is forbidden, ends in a 404.
fn values(shape: &Shape<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let methods = &names.methods;
    let parameters = parameters(shape, names);
    let segments = (!parameters.is_empty()).then(|| {
        quote! {
            if #(!#runtime::is_value(#parameters))||* {
                return #runtime::not_found(#ex, #methods);
            }
        }
    });
    let rest = shape.template.rest().map(|name| {
        let name = names.segment(name);
        let from = proc_macro2::Literal::usize_unsuffixed(shape.template.pieces.len() - 1);
        quote! {
            let #runtime::Some(#name) = #runtime::rest(#ex, #from) else {
                return #runtime::not_found(#ex, #methods);
            };
        }
    });
    quote!(#segments #rest)
}

/// `&["GET", "HEAD"]`
fn allowed(rows: &[Row<'_>]) -> TokenStream {
    let entries = rows.iter().flat_map(Row::entries);
    quote!(&[#(#entries),*])
}

/// `OPTIONS *` asks for the methods of the whole server (RFC 9110, section 9.3.7).
fn asterisk(handler: &Handler<'_>, plain: &[Row<'_>], names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let methods = &names.methods;
    let is_derived = handler.arguments.derive_options != Some(false);
    // A `do_OPTIONS` is asked first, where there is one.
    let derived = plain.iter().find(|row| row.method.is_none());
    derived.filter(|_| is_derived).map_or_else(TokenStream::new, |row| {
        let cfgs = row.condition.attributes();
        quote!(#cfgs #runtime::None if #ex.command == "OPTIONS" => #runtime::allow(#ex, #methods),)
    })
}

/// The last arm, which has the methods without a path, for paths that no shape fits.
fn otherwise(handler: &Handler<'_>, plain: &[Row<'_>], names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let methods = &names.methods;
    let not_found = quote!(return #runtime::not_found(#ex, #methods));
    let served = any_of(handler.plain().map(Condition::of));
    if handler.plain().next().is_none() {
        return not_found;
    }
    let allowed = allowed(plain);
    let not_allowed = quote!(return #runtime::not_allowed(#ex, #allowed, #methods));
    let served_plainly = match_on_command(plain, None, &allowed, &not_allowed, handler, names);
    let Some(predicate) = served.predicate() else { return served_plainly };
    // All of them may be away.
    quote! {{
        #[cfg(#predicate)]
        { #served_plainly }
        #[cfg(not(#predicate))]
        { #not_found }
    }}
}
