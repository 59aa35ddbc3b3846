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
//!     #[allow(clippy::unused_self, …)]
//!     fn do_GET(&self, ex: &mut Exchange) -> Result { … }
//! }
//! impl BaseHTTPRequestHandler for Hello where for<'s> Hello: Shared<'s> {
//!     type MessageClass<'c> = Headers<'c>;
//!     const METHODS: &'static [&'static str] = &["GET", "HEAD", "OPTIONS"];
//!     fn dispatch<'c>(&self, ex: &mut Exchange<'c, …>) -> Option<Outcome> { … }
//!     fn route(command: &str, path: &str) -> Option<u16> { … } // if there are paths
//!     fn pace(command: &str) -> Pace { … } // if anything was said
//!     const VERSION_STRING: &'static str = version_string!("Hello/1.0");
//!     const OVERRIDES: Overrides = Overrides::NONE;
//! }
//! impl Hello { … } // if there are paths: the table as data, and links
//! ```
//!
//! Whole expansions are in `golden/`.

mod arguments;
mod attributes;
mod block;
mod call;
mod class_variables;
mod conditions;
mod dispatch;
mod excluded;
mod names;
mod overrides;
mod pace;
mod paths;
mod repair;
mod rows;
mod self_type;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, WherePredicate, parse_quote};

use self::call::site_of;
use self::names::Names;
use crate::model::Handler;
use crate::refusals::Refusals;

/// The expansion of a block without refusals.
pub(crate) fn handler(handler: &Handler<'_>) -> TokenStream {
    let names = Names::new(handler);
    let dispatch = dispatch::table_and_match(handler, &names);
    let route = paths::route(handler, &names);
    let pace = pace::functions(handler, &names);
    let class_variables = class_variables::constants(handler.arguments, &names);
    let overrides = overrides::flags_and_forwarders(handler, &names);
    let block = block::annotated(handler, &names);
    let items = quote!(#dispatch #route #pace #class_variables #overrides);
    let (handler_impl, only_block) = (with_trait_impl(handler, &names, &block, &items), only_block(handler, &names));
    let table = paths::table_and_links(handler, &names);
    let excluded = excluded::asserted(handler);
    quote!(#handler_impl #only_block #table #excluded)
}

/// The expansion of a refused block: the block for the editor, a handler that serves nothing, so that the type can be
/// used as one without further errors, its links, and the refusals.
pub(crate) fn refused(handler: &Handler<'_>, refusals: Refusals) -> TokenStream {
    let names = Names::new(handler);
    let expansion = with_trait_impl(handler, &names, &block::repaired(handler, &names), &dispatch::nothing(&names));
    let table = paths::table_and_links(handler, &names);
    let errors = refusals.into_compile_errors();
    quote!(#expansion #table #errors)
}

/// The expansion of an item that is not an impl block but tells the type: the item as it is, and the rest as for a
/// block that is refused.
pub(crate) fn misplaced(item: &TokenStream, handler: &Handler<'_>, refusals: Refusals) -> TokenStream {
    let names = Names::new(handler);
    let expansion = with_trait_impl(handler, &names, item, &dispatch::nothing(&names));
    let errors = refusals.into_compile_errors();
    quote!(#expansion #errors)
}

/// An item that tells no type is given back as it is.
pub(crate) fn untouched(item: &TokenStream, refusals: Refusals) -> TokenStream {
    let errors = refusals.into_compile_errors();
    quote!(#item #errors)
}

/// The `item` to give back, and an impl of the trait with these `items`.
fn with_trait_impl(handler: &Handler<'_>, names: &Names, item: &impl ToTokens, items: &TokenStream) -> TokenStream {
    let attributes = attributes::of_trait_impl(handler);
    let (ty, mut generics) = self_type::named(handler, names);
    generics.make_where_clause().predicates.push(shared(&ty, names));
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let runtime = &names.runtime;
    let message_class = class_variables::message_class(handler.arguments, names);
    quote! {
        #item

        #(#attributes)*
        #[automatically_derived]
        impl #impl_generics #runtime::BaseHTTPRequestHandler for #ty #where_clause {
            #message_class
            #items
        }
    }
}

/// `impl AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for Hello {}`: the name is what the compiler says of two
/// blocks.
fn only_block(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let attributes = attributes::of_trait_impl(handler);
    let (ty, generics) = self_type::named(handler, names);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let runtime = &names.runtime;
    quote! {
        #(#attributes)*
        #[automatically_derived]
        impl #impl_generics #runtime::AllMethodsOfATypeGoIntoOneBlockWithHttpHandler for #ty #where_clause {}
    }
}

/// The clause that threads can share the handler, as the trait asks. It falls on `bind` to prove it.
///
/// A clause without a lifetime of its own would be proven here, if the type has no parameters, and again at `bind`: the
/// compiler would say four times that a handler holds an `Rc`.
fn shared(ty: &Type, names: &Names) -> WherePredicate {
    let (runtime, lifetime) = (&names.runtime, names.free_lifetime("s"));
    let bound = quote_spanned!(site_of(ty)=> #runtime::Shared<#lifetime>);
    parse_quote!(for<#lifetime> #ty: #bound)
}
