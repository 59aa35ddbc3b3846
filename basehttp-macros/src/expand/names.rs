//! The names in the expansion, none of which an item of the user's can shadow.
//!
//! | what is named                   | by                                                                        |
//! |---------------------------------|---------------------------------------------------------------------------|
//! | types, traits, functions        | a path into the runtime, primitive types and `Some` too                   |
//! | what the trait has              | `<Self as BaseHTTPRequestHandler>::METHODS`: the type may have a `METHODS` |
//! | what the block has              | `self.do_GET(…)`, for which the compiler looks in blocks of the type first |
//! | parameters                      | `__ex`, since a constant `ex` would make a pattern of it                  |
//! | lifetimes                       | a letter that the user's generics leave free                              |

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{GenericParam, Generics, Ident, Lifetime};

use crate::model::Handler;
use crate::overridables::FaceType;

pub(super) struct Names {
    /// `::basehttp::__private`, where everything is found.
    pub runtime: TokenStream,
    /// `<Self as BaseHTTPRequestHandler>::METHODS`
    pub methods: TokenStream,
    /// `'c`, the lifetime of the exchange.
    pub lifetime: Lifetime,
    /// The names of the block's generic parameters.
    taken: Vec<String>,
}

impl Names {
    pub(super) fn new(handler: &Handler<'_>) -> Self {
        let given = handler.arguments.runtime.as_ref().map(|path| quote!(#path::__private));
        let runtime = given.unwrap_or_else(|| quote!(::basehttp::__private));
        let taken = parameter_names(&handler.block.generics);
        let lifetime = Lifetime::new(&format!("'{}", free("c".to_owned(), &taken)), Span::call_site());
        let methods = quote!(<Self as #runtime::BaseHTTPRequestHandler>::METHODS);
        Self { runtime, methods, lifetime, taken }
    }

    /// The name of a parameter, shown at the user's tokens if the compiler has to speak of it.
    pub(super) fn parameter(&self, name: &str, at: Span) -> Ident {
        Ident::new(&free(format!("__{name}"), &self.taken), at)
    }

    /// The name of a parameter of the path, or of a value made for a method: none that the expansion gives itself.
    pub(super) fn segment(&self, name: &str) -> Ident {
        const TAKEN: [&str; 5] = ["ex", "parts", "command", "path", "decoded"];
        // `ex_` gets one more too, since a path may have both.
        let end = if TAKEN.contains(&name.trim_end_matches('_')) { "_" } else { "" };
        Ident::new(&free(format!("__{name}{end}"), &self.taken), Span::call_site())
    }

    /// A lifetime like `wish` that the user's generics leave free.
    pub(super) fn free_lifetime(&self, wish: &str) -> Lifetime {
        Lifetime::new(&format!("'{}", free(wish.to_owned(), &self.taken)), Span::call_site())
    }

    /// `<Self as BaseHTTPRequestHandler>`
    pub(super) fn handler(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(<Self as #runtime::BaseHTTPRequestHandler>)
    }

    /// `Exchange<'c, <Self as BaseHTTPRequestHandler>::MessageClass<'c>>`
    pub(super) fn exchange(&self) -> TokenStream {
        let Self { runtime, lifetime, .. } = self;
        let handler = self.handler();
        quote!(#runtime::Exchange<#lifetime, #handler::MessageClass<#lifetime>>)
    }

    /// `&'static str`
    pub(super) fn text(&self) -> TokenStream {
        let runtime = &self.runtime;
        quote!(&'static #runtime::str)
    }

    /// A type in the signature of an overridable.
    pub(super) fn face_type(&self, ty: FaceType) -> TokenStream {
        let runtime = &self.runtime;
        let exchange = self.exchange();
        match ty {
            FaceType::Address => quote!(&#runtime::Address),
            FaceType::Arguments => quote!(#runtime::fmt::Arguments<'_>),
            FaceType::Bool => quote!(#runtime::bool),
            FaceType::Code => quote!(#runtime::u16),
            FaceType::CowStr => quote!(#runtime::Cow<'_, #runtime::str>),
            FaceType::Error => quote!(&#runtime::HandlerError),
            FaceType::Exchange => quote!(&#exchange),
            FaceType::IoResult => quote!(#runtime::io::Result<()>),
            FaceType::ResultBool => quote!(#runtime::Result<#runtime::bool, #runtime::HandlerError>),
            FaceType::Size => quote!(#runtime::Option<#runtime::u64>),
            FaceType::Str => quote!(&#runtime::str),
            FaceType::String => quote!(#runtime::String),
            FaceType::SystemTime => quote!(#runtime::SystemTime),
            FaceType::Unit => quote!(()),
        }
    }
}

fn parameter_names(generics: &Generics) -> Vec<String> {
    let name = |parameter: &GenericParam| match parameter {
        GenericParam::Lifetime(parameter) => parameter.lifetime.ident.to_string(),
        GenericParam::Type(parameter) => parameter.ident.to_string(),
        GenericParam::Const(parameter) => parameter.ident.to_string(),
    };
    generics.params.iter().map(name).collect()
}

/// The name, with as many `_` behind it as it takes to be free.
fn free(mut name: String, taken: &[String]) -> String {
    while taken.contains(&name) {
        name.push('_');
    }
    name
}
