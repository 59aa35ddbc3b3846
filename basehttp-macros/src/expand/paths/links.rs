//! A function for each word, which makes the link to its path.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, ImplItem};

use crate::expand::call::site_of;
use crate::expand::conditions::{Condition, any_of};
use crate::expand::names::Names;
use crate::model::{Handler, Method};
use crate::parse::{Piece, Template};

/// A word, with the methods that have it.
struct Link<'h> {
    word: String,
    template: &'h Template,
    methods: Vec<&'h Method<'h>>,
}

/// `path_WORD` for each word.
pub(super) fn all(handler: &Handler<'_>, names: &Names) -> TokenStream {
    let taken = item_names(handler);
    let links = links(handler);
    let free = links.iter().filter(|link| !taken.contains(&format!("path_{}", link.word)));
    free.map(|link| link.function(names)).collect()
}

fn links<'h>(handler: &'h Handler<'h>) -> Vec<Link<'h>> {
    let mut places = HashMap::new();
    let mut links: Vec<Link<'h>> = Vec::new();
    for method in &handler.methods {
        let (Some(template), Some(word)) = (method.paths.first(), method.likely_word()) else { continue };
        let place = *places.entry(word.clone()).or_insert(links.len());
        if place == links.len() {
            links.push(Link { word, template, methods: Vec::new() });
        }
        links[place].methods.push(method);
    }
    links
}

/// The names of the block's items. In a block that is not refused, the second impl gives none of them.
pub(super) fn item_names(handler: &Handler<'_>) -> HashSet<String> {
    let names = handler.block.items.iter().filter_map(|item| match item {
        ImplItem::Const(item) => Some(&item.ident),
        ImplItem::Fn(item) => Some(&item.sig.ident),
        _ => None,
    });
    names.map(|name| name.unraw().to_string()).collect()
}

impl Link<'_> {
    /// ```text
    /// /// The link to `/users/{id}`, which `do_GET_user` serves.
    /// #[must_use]
    /// pub fn path_user(id: impl Display) -> String {
    ///     link(&[Piece::Word("users"), Piece::Value(&id)])
    /// }
    /// ```
    fn function(&self, names: &Names) -> TokenStream {
        let runtime = &names.runtime;
        let cfgs = any_of(self.methods.iter().map(|method| Condition::of(method))).attributes();
        let served_by: Vec<_> = self.methods.iter().map(|method| format!("`{}`", method.name().unraw())).collect();
        let documentation =
            format!(" The link to `{}`, which {} serves.", self.template.text(), served_by.join(" or "));
        // If the type has a function of that name in another block, the compiler shows the method.
        let site = self.methods.first().map_or_else(Span::call_site, |method| site_of(method.name()));
        let name = format_ident!("path_{}", self.word);
        let mut parameters = Vec::new();
        let pieces = self.template.pieces.iter().map(|piece| match piece {
            Piece::Word(word) => quote!(#runtime::Piece::Word(#word)),
            Piece::Parameter(name) => {
                let name = named(name);
                parameters.push(quote!(#name: impl #runtime::fmt::Display));
                quote!(#runtime::Piece::Value(&#name))
            }
            Piece::Rest(name) => {
                let name = named(name);
                parameters.push(quote!(#name: &[&#runtime::str]));
                quote!(#runtime::Piece::Rest(#name))
            }
        });
        let pieces: Vec<_> = pieces.collect();
        quote_spanned! {site=>
            #cfgs
            #[doc = #documentation]
            #[must_use]
            pub fn #name(#(#parameters),*) -> #runtime::String {
                #runtime::link(&[#(#pieces),*])
            }
        }
    }
}

/// The parameter as the user called it, since the function is the user's to read. It may be a keyword.
fn named(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| format_ident!("r#{name}"))
}
