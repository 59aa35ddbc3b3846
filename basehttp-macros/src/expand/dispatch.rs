//! The table of methods, and the function that serves them: one match on the method, or with paths, one for each of
//! them.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use super::arguments;
use super::conditions::any_of;
use super::names::Names;
use super::paths;
use super::rows::{Row, rows};
use crate::model::{Handler, Shape};

/// `METHODS` and `dispatch`.
///
/// ```text
/// // Input:
/// fn do_GET(&self, ex: &mut Exchange) -> Result { … }
/// // Output:
/// const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
/// fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Outcome> {
///     Some(match ex.command {
///         "GET" | "HEAD" => response(self.do_GET(ex)).send(ex),
///         "OPTIONS" => allow(ex, <Self as BaseHTTPRequestHandler>::METHODS),
///         _ => return None,
///     })
/// }
/// ```
pub(super) fn table_and_match(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let (table, value): (Vec<_>, _) = if handler.has_paths() {
        (methods_of_all_paths(handler), paths::dispatch(handler, names))
    } else {
        let rows = plain_rows(handler);
        let otherwise = quote!(return #runtime::None);
        let value = match_on_command(&rows, None, &names.methods, &otherwise, handler, names);
        (rows.iter().flat_map(Row::entries).collect(), value)
    };
    with_body(names, &quote!(#(#table),*), &ex.into_token_stream(), &quote!(#runtime::Some(#value)))
}

/// The same for a handler that serves nothing.
pub(super) fn nothing(names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    with_body(names, &TokenStream::new(), &quote!(_), &quote!(#runtime::None))
}

fn with_body(names: &Names, table: &TokenStream, ex: &TokenStream, body: &TokenStream) -> TokenStream {
    let Names { runtime, lifetime, .. } = names;
    let (exchange, text) = (names.exchange(), names.text());
    quote! {
        const METHODS: &'static [#text] = &[#table];

        fn dispatch<#lifetime>(&self, #ex: &mut #exchange) -> #runtime::Option<#runtime::Outcome> {
            #body
        }
    }
}

/// The rows of the methods without a path.
pub(super) fn plain_rows<'h>(handler: &'h Handler<'h>) -> Vec<Row<'h>> {
    rows(&handler.plain().collect::<Vec<_>>(), handler.arguments)
}

/// The rows of one path.
pub(super) fn rows_of<'h>(shape: &Shape<'h>, handler: &Handler<'_>) -> Vec<Row<'h>> {
    rows(&shape.methods.iter().map(|(method, _)| *method).collect::<Vec<_>>(), handler.arguments)
}

/// `match ex.command { … }`, where OPTIONS is answered with the methods in `allowed`.
pub(super) fn match_on_command(
    rows: &[Row<'_>],
    shape: Option<&Shape<'_>>,
    allowed: &TokenStream,
    otherwise: &TokenStream,
    handler: &Handler<'_>,
    names: &Names,
) -> TokenStream {
    let runtime = &names.runtime;
    let ex = names.parameter("ex", Span::call_site());
    let arms = rows.iter().map(|row| {
        let served = row.method.map(|method| arguments::response(method, shape, handler, names));
        row.arm(&served.unwrap_or_else(|| quote!(#runtime::allow(#ex, #allowed))))
    });
    quote! {
        match #ex.command {
            #(#arms)*
            _ => #otherwise,
        }
    }
}

/// The methods of all paths and of none, each once, in the order of the block.
fn methods_of_all_paths(handler: &Handler<'_>) -> Vec<TokenStream> {
    let shapes = handler.shapes();
    let rows: Vec<_> = shapes.iter().flat_map(|shape| rows_of(shape, handler)).chain(plain_rows(handler)).collect();
    let mut tokens = Vec::new();
    for (_, token) in handler.routes() {
        tokens.push(token.text());
        tokens.extend((token.text() == "GET").then(|| "HEAD".to_owned()));
    }
    tokens.push("OPTIONS".to_owned());
    let mut seen = HashSet::new();
    tokens.retain(|token| seen.insert(token.clone()));
    let entries = tokens.iter().filter_map(|token| {
        let mut serving = rows.iter().filter(|row| row.tokens.contains(token)).peekable();
        serving.peek()?;
        let cfgs = any_of(serving.map(|row| row.condition.clone())).attributes();
        Some(quote!(#cfgs #token))
    });
    entries.collect()
}
