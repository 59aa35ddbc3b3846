//! First step: tokens into syntax. Nothing is judged here but what cannot be read at all.

mod arguments;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Item, ItemImpl, LitStr};

pub use self::arguments::{Arguments, Response};
use crate::refusals::refusal;

/// The words that tell one kind of item from another.
const ITEM_KEYWORDS: [&str; 10] = ["struct", "enum", "union", "trait", "mod", "fn", "static", "type", "use", "const"];

/// Reads the item that the attribute stands on, which has to be an inherent impl block.
pub fn block(item: TokenStream) -> syn::Result<ItemImpl> {
    let keyword = item_keyword(&item);
    match syn::parse2(item)? {
        Item::Impl(block) => inherent(block),
        other => Err(match keyword {
            Some(keyword) => not_an_impl_block(&keyword, &format!("this `{keyword}`")),
            None => not_an_impl_block(&other, "this item"),
        }),
    }
}

fn inherent(block: ItemImpl) -> syn::Result<ItemImpl> {
    let Some((of_trait, _)) = &block.trait_ else { return Ok(block) };
    Err(refusal(
        of_trait,
        "`#[http_handler]` goes on a block of the type's own, and writes the trait impl itself",
        "write the methods in a block without `… for`, as in `impl Hello { … }`",
    ))
}

fn not_an_impl_block(tokens: impl quote::ToTokens, what: &str) -> syn::Error {
    refusal(
        tokens,
        format_args!("`#[http_handler]` goes on an impl block, not on {what}"),
        "write `#[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> Result { … } }`",
    )
}

/// `struct` of `#[derive(Debug)] pub(crate) struct Hello;`.
fn item_keyword(item: &TokenStream) -> Option<proc_macro2::Ident> {
    item.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if ITEM_KEYWORDS.iter().any(|keyword| word == keyword) => Some(word),
        _ => None,
    })
}

/// The name in `#[http_method("M-SEARCH")]`.
pub fn method_token(attribute: &Attribute) -> syn::Result<LitStr> {
    attribute.parse_args().map_err(|_| {
        refusal(
            attribute,
            "`http_method` takes the name of one method, as a string",
            "write for example `#[http_method(\"M-SEARCH\")]`",
        )
    })
}

/// The word in `#[pace("pool")]`.
pub fn pace(attribute: &Attribute) -> syn::Result<LitStr> {
    attribute.parse_args().map_err(|_| {
        let wrong = "`pace` takes one word, as a string";
        refusal(attribute, wrong, "write `#[pace(\"inline\")]`, `#[pace(\"pool\")]` or `#[pace(\"auto\")]`")
    })
}
