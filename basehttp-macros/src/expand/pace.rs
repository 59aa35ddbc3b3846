//! The place where methods run, as the attribute's `pace` and `#[pace]` above methods say. Methods without one are left to the trait.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::LitStr;

use super::dispatch::{self, Row};
use super::names::Names;
use crate::model::Handler;
use crate::paces;

/// `pace`, if anything was said.
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
pub(super) fn function(handler: &Handler<'_>, names: &Names) -> Option<TokenStream> {
    let rows = dispatch::rows(handler);
    let mut arms = rows.iter().filter_map(|row| arm(row, names)).peekable();
    let given = handler.arguments.pace.as_ref();
    if arms.peek().is_none() {
        return given.map(|pace| one_for_all(&value(pace, names), names));
    }
    let runtime = &names.runtime;
    let otherwise = given.map_or_else(|| quote!(#runtime::Pace::Auto), |pace| value(pace, names));
    let command = names.parameter("command", Span::call_site());
    Some(quote! {
        fn pace(#command: &#runtime::str) -> #runtime::Pace {
            match #command {
                #(#arms)*
                _ => #otherwise,
            }
        }
    })
}

fn one_for_all(pace: &TokenStream, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    quote! {
        fn pace(_: &#runtime::str) -> #runtime::Pace {
            #pace
        }
    }
}

/// `"GET" | "HEAD" => Pace::Pool,` of a row whose method says so.
fn arm(row: &Row<'_>, names: &Names) -> Option<TokenStream> {
    let pace = row.method()?.pace.as_ref()?;
    Some(row.arm(&value(pace, names)))
}

/// `Pace::Pool`
fn value(pace: &LitStr, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let variant = paces::variant(&pace.value()).expect("other words were refused");
    let variant = format_ident!("{variant}");
    quote!(#runtime::Pace::#variant)
}
