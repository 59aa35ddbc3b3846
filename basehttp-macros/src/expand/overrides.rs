//! The overridables that the block defines: `OVERRIDES`, which tells the runtime which these are, and for each one a
//! method of the trait that forwards to the one in the block.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};

use super::call::{call, sites};
use super::names::Names;
use crate::model::{Handler, Method};
use crate::overridables::{FaceType, OVERRIDABLES, Overridable};

/// `OVERRIDES` and the forwarding methods.
pub(super) fn flags_and_forwarders(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let flags = flags(handler, names);
    let forwarders = handler.overrides().map(|(method, overridable)| forwarder(method, overridable, names));
    quote!(#flags #(#forwarders)*)
}

fn flags(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let runtime = &names.runtime;
    let certain = handler.overrides().filter(|(method, _)| method.cfgs().next().is_none()).count();
    let value = if handler.overrides().next().is_none() {
        quote!(#runtime::Overrides::NONE)
    } else if certain == OVERRIDABLES.len() {
        quote!(#runtime::Overrides::ALL)
    } else {
        let flags = handler.overrides().map(flag);
        quote!(#runtime::Overrides { #(#flags)* ..#runtime::Overrides::NONE })
    };
    quote!(const OVERRIDES: #runtime::Overrides = #value;)
}

fn flag((method, overridable): (&Method<'_>, &Overridable)) -> TokenStream {
    let cfgs = method.cfgs();
    let name = format_ident!("{}", overridable.name);
    quote!(#(#cfgs)* #name: true,)
}

/// ```text
/// // Input:
/// fn log_message(&self, ex: &Exchange, message: fmt::Arguments) { … }
/// // Output:
/// fn log_message<'c>(&self, ex: &Exchange<'c, …>, message: fmt::Arguments<'_>) {
///     self.log_message(ex, message)
/// }
/// ```
fn forwarder(method: &Method<'_>, overridable: &Overridable, names: &Names) -> TokenStream {
    let cfgs = method.cfgs();
    let name = format_ident!("{}", overridable.name);
    let lifetime = &names.lifetime;
    let generics = overridable.takes_exchange().then(|| quote!(<#lifetime>));
    let parameters = overridable.parameters.iter().map(|(name, ty)| {
        let (name, ty) = (names.parameter(name, Span::call_site()), names.face_type(*ty));
        quote!(#name: #ty)
    });
    let output = (overridable.output != FaceType::Unit).then(|| {
        let ty = names.face_type(overridable.output);
        quote!(-> #ty)
    });
    let arguments = overridable.parameters.iter().zip(sites(method)).map(|((name, _), site)| {
        let argument = names.parameter(name, site);
        quote!(#argument)
    });
    let call = call(method, arguments);
    quote! {
        #(#cfgs)*
        fn #name #generics (&self, #(#parameters),*) #output {
            #call
        }
    }
}
