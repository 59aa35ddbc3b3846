//! The block's second impl: its table as data and as documentation, and the links to its paths.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Lit, Meta};

use super::links;
use crate::expand::attributes;
use crate::expand::conditions::Condition;
use crate::expand::names::Names;
use crate::expand::self_type;
use crate::model::{Handler, Method};
use crate::parse::Template;

/// ```text
/// // Input:
/// /// Lists users.
/// #[path("/users")]
/// fn do_GET_users(&self) -> String { … }
/// // Output:
/// /// | method | path | served by | |
/// /// |---|---|---|---|
/// /// | GET | `/users` | `do_GET_users` | Lists users. |
/// impl Users {
///     pub const ROUTES: &'static [Route] = &[Route::new("GET", "/users", "do_GET_users", "Lists users.")];
///     pub fn path_users() -> String {
///         link(&[Piece::Word("users")])
///     }
/// }
/// ```
pub(in crate::expand) fn table_and_links(handler: &Handler<'_>, names: &Names) -> TokenStream {
    if !handler.has_paths() {
        return TokenStream::new();
    }
    let runtime = &names.runtime;
    let attributes = attributes::of_trait_impl(handler);
    let (ty, generics) = self_type::named(handler, names);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let served = served(handler);
    let documented = served.iter().map(Served::documented);
    let routes = served.iter().map(|served| served.route(names));
    let table = (!links::item_names(handler).contains("ROUTES")).then(|| {
        quote! {
            /// The paths and methods that this handler serves, in the order of its block.
            pub const ROUTES: &'static [#runtime::Route] = &[#(#routes),*];
        }
    });
    let links = links::all(handler, names);
    quote! {
        #(#attributes)*
        /// The requests that the handler serves:
        ///
        /// | method | path | served by | |
        /// |---|---|---|---|
        #(#documented)*
        impl #impl_generics #ty #where_clause {
            #table
            #links
        }
    }
}

/// One row of the table.
struct Served<'h> {
    method: &'h Method<'h>,
    token: String,
    /// Empty if it serves what no path serves.
    path: String,
}

/// Each method once for each of its paths.
fn served<'h>(handler: &'h Handler<'h>) -> Vec<Served<'h>> {
    let routes = handler.routes().flat_map(|(method, token)| {
        let paths = method.paths.iter().map(Template::text);
        let none = method.paths.is_empty().then(String::new);
        paths.chain(none).map(move |path| Served { method, token: token.text(), path })
    });
    routes.collect()
}

impl Served<'_> {
    /// `Route::new("GET", "/users", "do_GET_users", "Lists users.")`
    fn route(&self, names: &Names) -> TokenStream {
        let runtime = &names.runtime;
        let cfgs = Condition::of(self.method).attributes();
        let (token, path, summary) = (&self.token, &self.path, summary(self.method));
        let name = self.name();
        quote!(#cfgs #runtime::Route::new(#token, #path, #name, #summary))
    }

    /// A line of the table in the documentation.
    fn documented(&self) -> TokenStream {
        let in_a_cell = |text: &str| text.replace('|', "\\|");
        let path = if self.path.is_empty() { "any other".to_owned() } else { format!("`{}`", in_a_cell(&self.path)) };
        let summary = in_a_cell(&summary(self.method));
        let line = format!(" | {} | {path} | `{}` | {summary} |", in_a_cell(&self.token), self.name());
        let conditional = Condition::of(self.method).predicate();
        conditional.map_or_else(|| quote!(#[doc = #line]), |predicate| quote!(#[cfg_attr(#predicate, doc = #line)]))
    }

    fn name(&self) -> String {
        self.method.name().unraw().to_string()
    }
}

/// The first line of the method's documentation.
fn summary(method: &Method<'_>) -> String {
    let lines = method.item.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let texts = lines.filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(value) => match &value.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let mut lines = texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>());
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}
