//! First step: tokens into syntax. Nothing is judged here except what cannot be read at all, and items that are not
//! inherent impl blocks.
//!
//! | the attribute stands on                        | read as                                               |
//! |------------------------------------------------|-------------------------------------------------------|
//! | `impl Hello { … }`                             | the block                                             |
//! | the same with a syntax error inside            | the block, by [`tolerant`]                            |
//! | `impl BaseHTTPRequestHandler for Hello { … }`  | refused, and then as if it were `impl Hello { … }`    |
//! | `struct Hello`, `impl Debug for Hello { … }`   | refused, given back, and an empty block for the type  |
//! | anything else                                  | refused and given back                                |

mod arguments;
mod template;
mod tolerant;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Generics, Ident, ImplItem, Item, ItemImpl, LitStr, parse_quote};

pub(crate) use self::arguments::{Arguments, Response};
pub(crate) use self::template::{Piece, Template, is_name};
use crate::refusals::{Refusals, refusal};

/// The words that tell one kind of item from another.
const ITEM_KEYWORDS: [&str; 10] = ["struct", "enum", "union", "trait", "mod", "fn", "static", "type", "use", "const"];

/// The item that the attribute stands on.
pub(crate) struct Subject {
    /// The impl block; one without methods if the item is another, to tell the type.
    pub block: ItemImpl,
    /// The item that the expansion has to give back as it is, if it is not the block.
    pub other: Option<TokenStream>,
}

impl Subject {
    /// Reads the item. `None` if it says nothing about a type; then it was refused.
    pub(crate) fn read(item: &TokenStream, refusals: &mut Refusals) -> Option<Self> {
        let parsed = syn::parse2(item.clone()).or_else(|error| tolerant::block(item).map(Item::Impl).ok_or(error));
        match refusals.keep(parsed)? {
            Item::Impl(block) => Self::of_block(block, refusals),
            other => {
                refusals.push(not_an_impl_block(&other, item_keyword(item)));
                let block = match &other {
                    Item::Struct(item) => empty_block(&item.ident, &item.generics),
                    Item::Enum(item) => empty_block(&item.ident, &item.generics),
                    Item::Union(item) => empty_block(&item.ident, &item.generics),
                    _ => return None,
                };
                Some(Self { block, other: Some(item.clone()) })
            }
        }
    }

    fn of_block(mut block: ItemImpl, refusals: &mut Refusals) -> Option<Self> {
        let Some((of_trait, keyword)) = block.trait_.take() else { return Some(Self { block, other: None }) };
        refusals.refuse(
            &of_trait,
            "`#[http_handler]` goes on a block of the type's own, and writes the trait impl itself",
            "write the methods in a block without `… for`, as in `impl Hello { … }`",
        );
        let is_ours = of_trait.segments.last().is_some_and(|last| last.ident == "BaseHTTPRequestHandler");
        if !is_ours {
            let whole = ItemImpl { trait_: Some((of_trait, keyword)), ..block.clone() };
            block.items.clear();
            block.attrs.clear();
            return Some(Self { block, other: Some(whole.into_token_stream()) });
        }
        // A complete impl, written by hand, is one without the attribute.
        if block.items.iter().any(|item| matches!(item, ImplItem::Fn(function) if function.sig.ident == "dispatch")) {
            return None;
        }
        // Inherent impls have no types of their own yet.
        block.items.retain(|item| !matches!(item, ImplItem::Type(_)));
        Some(Self { block, other: None })
    }
}

fn empty_block(name: &Ident, generics: &Generics) -> ItemImpl {
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    parse_quote!(impl #impl_generics #name #type_generics #where_clause {})
}

fn not_an_impl_block(item: &Item, keyword: Option<Ident>) -> syn::Error {
    let instead = "write `#[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> Result { … } }`";
    match keyword {
        Some(keyword) => {
            refusal(&keyword, format_args!("`#[http_handler]` goes on an impl block, not on this `{keyword}`"), instead)
        }
        None => refusal(item, "`#[http_handler]` goes on an impl block, not on this item", instead),
    }
}

/// `struct` of `#[derive(Debug)] pub(crate) struct Hello;`.
fn item_keyword(item: &TokenStream) -> Option<Ident> {
    item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if ITEM_KEYWORDS.iter().any(|keyword| word == keyword) => Some(word),
        _ => None,
    })
}

/// The name in `#[http_method("M-SEARCH")]`.
pub(crate) fn method_token(attribute: &Attribute) -> syn::Result<LitStr> {
    attribute.parse_args().map_err(|_| {
        refusal(
            attribute,
            "`http_method` takes the name of one method, as a string",
            "write for example `#[http_method(\"M-SEARCH\")]`",
        )
    })
}

/// The word in `#[pace("pool")]`.
pub(crate) fn pace(attribute: &Attribute) -> syn::Result<LitStr> {
    attribute.parse_args().map_err(|_| {
        let wrong = "`pace` takes one word, as a string";
        refusal(attribute, wrong, "write `#[pace(\"inline\")]`, `#[pace(\"pool\")]` or `#[pace(\"auto\")]`")
    })
}
