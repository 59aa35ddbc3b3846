//! The names in the expansion: paths into the runtime, and a lifetime and parameters that the user's generics leave
//! free.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericParam, Generics, Ident, Lifetime};

use crate::model::Handler;
use crate::overridables::FaceType;

pub struct Names {
    /// `::basehttp::__private`, where everything is found.
    pub runtime: TokenStream,
    /// `'c`, the lifetime of the exchange.
    pub lifetime: Lifetime,
    /// The names of the block's generic parameters.
    taken: Vec<String>,
}

impl Names {
    pub fn new(handler: &Handler<'_>) -> Self {
        let given = handler.arguments.runtime.as_ref().map(|path| quote!(#path::__private));
        let runtime = given.unwrap_or_else(|| quote!(::basehttp::__private));
        let taken = parameter_names(&handler.block.generics);
        let lifetime = Lifetime::new(&format!("'{}", free("c", &taken)), Span::call_site());
        Self { runtime, lifetime, taken }
    }

    /// The name of a parameter, shown at the user's tokens if the compiler has to speak of it.
    pub fn parameter(&self, name: &str, at: Span) -> Ident {
        format_ident!("{}", free(name, &self.taken), span = at)
    }

    /// `Exchange<'c, Self::MessageClass<'c>>`
    pub fn exchange(&self) -> TokenStream {
        let Self { runtime, lifetime, .. } = self;
        quote!(#runtime::Exchange<#lifetime, Self::MessageClass<#lifetime>>)
    }

    /// A type in the signature of an overridable.
    pub fn face_type(&self, ty: FaceType) -> TokenStream {
        let runtime = &self.runtime;
        let exchange = self.exchange();
        match ty {
            FaceType::Address => quote!(&#runtime::Address),
            FaceType::Arguments => quote!(#runtime::fmt::Arguments<'_>),
            FaceType::Bool => quote!(bool),
            FaceType::Code => quote!(u16),
            FaceType::CowStr => quote!(#runtime::Cow<'_, str>),
            FaceType::Error => quote!(&#runtime::HandlerError),
            FaceType::Exchange => quote!(&#exchange),
            FaceType::IoResult => quote!(#runtime::io::Result<()>),
            FaceType::ResultBool => quote!(#runtime::Result<bool, #runtime::HandlerError>),
            FaceType::Size => quote!(#runtime::Option<u64>),
            FaceType::Str => quote!(&str),
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

/// `wish`, with as many `_` behind it as it takes to be free.
fn free(wish: &str, taken: &[String]) -> String {
    let mut name = wish.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    name
}
