//! The place where methods run, as the attribute's `pace` and `#[pace]` above methods say. Methods without one are left
//! to the trait.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::LitStr;

use super::dispatch;
use super::names::Names;
use super::paths::numbered;
use super::rows::Row;
use crate::model::Handler;
use crate::paces::{self, PACES};

/// `pace`, if anything was said of methods without a path, or of all; then `route_pace` for those with one.
///
/// ```text
/// // Input:
/// #[http_handler(pace = "inline")]
/// …
/// #[pace("pool")]
/// fn do_GET(&self, ex: &mut Exchange) -> Result { … }
/// // Output:
/// fn pace(command: &str) -> Pace {
///     match command {
///         "GET" | "HEAD" => Pace::Pool,
///         _ => Pace::Inline,
///     }
/// }
/// ```
pub(super) fn functions(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let rows = dispatch::plain_rows(handler);
    let arms = rows.iter().filter_map(|row| arm(row, names)).collect::<Vec<_>>();
    let runtime = &names.runtime;
    let pace = function(&quote!(pace), "command", &quote!(&#runtime::str), &arms, handler, names);
    let route_pace = handler.has_paths().then(|| {
        let arms = PACES.iter().filter_map(|(word, _)| {
            let said =
                numbered(handler).filter(|(_, method)| method.pace.as_ref().is_some_and(|pace| pace.value() == *word));
            let (numbers, methods): (Vec<_>, Vec<_>) = said.unzip();
            let pace = value(methods.first()?.pace.as_ref()?, names);
            Some(quote!(#(#numbers)|* => #pace,))
        });
        function(&quote!(route_pace), "route", &quote!(#runtime::u16), &arms.collect::<Vec<_>>(), handler, names)
    });
    quote!(#pace #route_pace)
}

fn function(
    name: &TokenStream,
    parameter: &str,
    ty: &TokenStream,
    arms: &[TokenStream],
    handler: &Handler<'_>,
    names: &Names,
) -> Option<TokenStream> {
    let runtime = &names.runtime;
    let given = handler.arguments.pace.as_ref().map(|pace| value(pace, names));
    if arms.is_empty() {
        let given = given?;
        return Some(quote! {
            fn #name(_: #ty) -> #runtime::Pace {
                #given
            }
        });
    }
    let otherwise = given.unwrap_or_else(|| quote!(#runtime::Pace::Auto));
    let parameter = names.parameter(parameter, Span::call_site());
    Some(quote! {
        fn #name(#parameter: #ty) -> #runtime::Pace {
            match #parameter {
                #(#arms)*
                _ => #otherwise,
            }
        }
    })
}

/// `"GET" | "HEAD" => Pace::Pool,` of a row whose method says so.
fn arm(row: &Row<'_>, names: &Names) -> Option<TokenStream> {
    let pace = row.method?.pace.as_ref()?;
    Some(row.arm(&value(pace, names)))
}

/// `Pace::Pool`
fn value(pace: &LitStr, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let variant = paces::variant(&pace.value()).expect("other words were refused");
    let variant = format_ident!("{variant}");
    quote!(#runtime::Pace::#variant)
}
