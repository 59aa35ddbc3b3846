//! Last step: Rust out of the model. The block as the user wrote it, then the trait impl.
//!
//! ```text
//! // Input:
//! #[http_handler(server_version = "Hello/1.0")]
//! impl Hello {
//!     fn do_GET(&self, ex: &mut Exchange) -> Result { … }
//! }
//!
//! // Output, each path below `::basehttp::__private`:
//! #[allow(elided_lifetimes_in_paths)]
//! impl Hello {
//!     #[allow(non_snake_case, …)]
//!     fn do_GET(&self, ex: &mut Exchange) -> Result { … }
//! }
//! impl BaseHTTPRequestHandler for Hello where Hello: Send + Sync + 'static {
//!     type MessageClass<'c> = Headers<'c>;
//!     const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
//!     fn dispatch<'c>(&self, ex: &mut Exchange<'c, Self::MessageClass<'c>>) -> Option<Outcome> { … }
//!     fn pace(command: &str) -> Pace { … } // if anything was said
//!     const VERSION_STRING: &'static str = version_string!("Hello/1.0");
//!     const OVERRIDES: Overrides = Overrides::NONE;
//! }
//! ```
//!
//! Whole expansions are in `golden/`.

mod block;
mod call;
mod class_variables;
mod dispatch;
mod names;
mod overrides;
mod pace;
mod repair;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Generics, ItemImpl, parse_quote};

use self::call::site_of;
use self::names::Names;
use crate::model::Handler;
use crate::refusals::Refusals;

/// The expansion of a block without refusals.
pub fn handler(handler: &Handler<'_>) -> TokenStream {
    let names = Names::new(handler);
    let dispatch = dispatch::table_and_match(handler, &names);
    let pace = pace::function(handler, &names);
    let class_variables = class_variables::constants(handler.arguments, &names);
    let overrides = overrides::flags_and_forwarders(handler, &names);
    with_trait_impl(handler, &names, &block::annotated(handler), &quote!(#dispatch #pace #class_variables #overrides))
}

/// The expansion of a refused block: the block for the editor, a handler that serves nothing, so that the type can be
/// used as one without further errors, and the refusals.
pub fn refused(handler: &Handler<'_>, refusals: Refusals) -> TokenStream {
    let names = Names::new(handler);
    let expansion = with_trait_impl(handler, &names, &block::repaired(handler), &dispatch::nothing(&names));
    let errors = refusals.into_compile_errors();
    quote!(#expansion #errors)
}

/// What is no inherent impl block is given back as it is.
pub fn untouched(item: &TokenStream, refusals: Refusals) -> TokenStream {
    let errors = refusals.into_compile_errors();
    quote!(#item #errors)
}

/// The `block` to give back, and an impl of the trait with these `items`.
fn with_trait_impl(handler: &Handler<'_>, names: &Names, block: &ItemImpl, items: &TokenStream) -> TokenStream {
    let ty = &handler.block.self_ty;
    // The generics stand in the trait impl once more, and may need these.
    let allowed = handler.block.attrs.iter().filter(|attribute| attribute.path().is_ident("allow"));
    let generics = shareable(handler);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let runtime = &names.runtime;
    let message_class = class_variables::message_class(handler.arguments, names);
    quote! {
        #block

        #(#allowed)*
        #[automatically_derived]
        impl #impl_generics #runtime::BaseHTTPRequestHandler for #ty #where_clause {
            #message_class
            #items
        }
    }
}

/// The block's generics, for types that threads can share.
///
/// Of a generic type, the duty to be so then falls on `bind`. Of any other, the clause says nothing new, but without it
/// the compiler says of a handler that holds a `Cell` in half a dozen places what it now says once, at the type.
fn shareable(handler: &Handler<'_>) -> Generics {
    let ty = &handler.block.self_ty;
    let bounds = quote_spanned!(site_of(ty)=> ::core::marker::Send + ::core::marker::Sync + 'static);
    let mut generics = handler.block.generics.clone();
    generics.make_where_clause().predicates.push(parse_quote!(#ty: #bounds));
    generics
}
