//! Reads a block with syntax errors in it, as it stands in an editor while it is being written, so that the rest of it
//! is a handler all the same.
//!
//! | in the block                     | read as                                                   |
//! |----------------------------------|-----------------------------------------------------------|
//! | a body that cannot be read       | a method whose body is these tokens                       |
//! | `fn do_`, and the next method    | tokens, and the next method                               |
//! | any other item that is not known | tokens, up to the end of a body or a `;`                  |
//!
//! The tokens are given back, so that the compiler shows the error where it is, and an editor completes what is there.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ImplItem, ImplItemFn, ItemImpl, Stmt, parse_quote};

/// The block, if its header can be read.
pub(super) fn block(tokens: &TokenStream) -> Option<ItemImpl> {
    let mut tokens: Vec<_> = tokens.clone().into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop() else { return None };
    tokens.push(emptied(&body));
    let mut block: ItemImpl = syn::parse2(tokens.into_iter().collect()).ok()?;
    let read_body = |input: ParseStream| {
        block.attrs.extend(Attribute::parse_inner(input)?);
        block.items = items(input)?;
        Ok(())
    };
    read_body.parse2(body.stream()).ok()?;
    Some(block)
}

fn items(input: ParseStream) -> syn::Result<Vec<ImplItem>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let ahead = input.fork();
        if let Ok(item) = ahead.parse() {
            input.advance_to(&ahead);
            items.push(item);
        } else {
            items.extend(with_errors(&tokens_of_item(input)?));
        }
    }
    Ok(items)
}

/// All tokens up to the end of a body or a `;`.
fn tokens_of_item(input: ParseStream) -> syn::Result<Vec<TokenTree>> {
    let mut tokens = Vec::new();
    while !input.is_empty() {
        let token = input.parse()?;
        let is_last = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tokens.push(token);
        if is_last {
            break;
        }
    }
    Ok(tokens)
}

fn with_errors(tokens: &[TokenTree]) -> Vec<ImplItem> {
    if let Some(method) = with_any_body(tokens) {
        return vec![ImplItem::Fn(method)];
    }
    let (front, rest) = tokens.split_at(start_of_method_inside(tokens).unwrap_or(tokens.len()));
    let mut items = vec![ImplItem::Verbatim(front.iter().cloned().collect())];
    if !rest.is_empty() {
        items.extend(with_errors(rest));
    }
    items
}

/// The method, if no error is outside its body.
///
/// ```text
/// // Input:
/// fn do_GET(&self, ex: &mut Exchange) -> Result { ex. }
/// // Output, so that any type that the compiler gives to the value will do:
/// #[allow(unreachable_code)]
/// fn do_GET(&self, ex: &mut Exchange) -> Result {
///     let _ = { ex. };
///     loop {}
/// }
/// ```
fn with_any_body(tokens: &[TokenTree]) -> Option<ImplItemFn> {
    if let Ok(method) = syn::parse2(tokens.iter().cloned().collect()) {
        return Some(method);
    }
    let (TokenTree::Group(body), signature) = tokens.split_last()? else { return None };
    let signature = signature.iter().cloned().chain([emptied(body)]);
    let mut method: ImplItemFn = syn::parse2(signature.collect()).ok()?;
    let value = if ends_in_the_middle(body) {
        method.attrs.push(parse_quote!(#[allow(unreachable_code)]));
        quote! {
            let _ = #body;
            loop {}
        }
    } else {
        body.stream()
    };
    method.block.stmts = vec![Stmt::Expr(Expr::Verbatim(value), None)];
    Some(method)
}

/// True if the value of the body is what is being typed: `ex.`
fn ends_in_the_middle(body: &Group) -> bool {
    let last = body.stream().into_iter().last();
    matches!(last, Some(TokenTree::Punct(punct)) if ['.', ':'].contains(&punct.as_char()))
}

/// Finds the beginning of a method behind other tokens.
fn start_of_method_inside(tokens: &[TokenTree]) -> Option<usize> {
    let keywords = tokens.iter().enumerate().filter(|(_, token)| is_word(token, &["fn"]));
    keywords.map(|(at, _)| start_of_method(tokens, at)).find(|start| *start > 0)
}

/// Finds the beginning of the attributes and keywords that belong to the `fn`: `#[inline] pub(crate) const unsafe
/// extern "C" fn`.
fn start_of_method(tokens: &[TokenTree], keyword: usize) -> usize {
    let mut start = keyword;
    loop {
        start -= match &tokens[..start] {
            [.., word] if is_word(word, &["pub", "const", "async", "unsafe", "extern"]) => 1,
            [.., word, TokenTree::Group(_)] if is_word(word, &["pub"]) => 2,
            [.., word, TokenTree::Literal(_)] if is_word(word, &["extern"]) => 2,
            [.., TokenTree::Punct(hash), TokenTree::Group(_)] if hash.as_char() == '#' => 2,
            _ => return start,
        };
    }
}

fn is_word(token: &TokenTree, words: &[&str]) -> bool {
    matches!(token, TokenTree::Ident(ident) if words.iter().any(|word| ident == word))
}

fn emptied(group: &Group) -> TokenTree {
    let mut empty = Group::new(group.delimiter(), TokenStream::new());
    empty.set_span(group.span());
    empty.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_read() {
        for (inside, expected) in [
            ("fn a(&self) { ex. } fn b(&self) {}", "a b"),
            ("fn a(&self) { let x = ; } const N: u8 = 1;", "a N"),
            ("fn a fn b(&self) {}", "? b"),
            ("fn a /// b\n #[cfg(unix)] pub(crate) fn b(&self) { 1 + }", "? b"),
            ("something fn a(&self) -> fn() -> u8 { 1 + }", "? a"),
            ("fn a(&self, ex: ) {} fn b(&self) {}", "? b"),
            ("fn a(&self) fn b(&self) {}", "? b"),
            ("fn a(&self) {} fn", "a ?"),
            ("pub", "?"),
            ("fn a(&self) { 1 + } ; fn b(&self) {}", "a ? b"),
            ("#![allow(dead_code)] fn a(&self) { 1 + }", "a"),
        ] {
            let block = block(&format!("impl Hello {{ {inside} }}").parse().expect("these are tokens"));
            let names = block.expect("the header can be read").items.into_iter().map(|item| match item {
                ImplItem::Fn(item) => item.sig.ident.to_string(),
                ImplItem::Const(item) => item.ident.to_string(),
                _ => "?".to_owned(),
            });
            assert_eq!(names.collect::<Vec<_>>().join(" "), expected, "{inside}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_none() {
        for tokens in ["impl Hello", "impl for {}", "impl {}", "", "{}"] {
            assert!(block(&tokens.parse().expect("these are tokens")).is_none(), "{tokens}");
        }
    }
}
