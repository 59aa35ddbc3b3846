//! Whole expansions, kept in `golden/` so that they can be read. `hello.rs` becomes `hello.expanded.rs`.
//!
//! After a change that is meant, `UPDATE_GOLDEN=1 cargo test -p basehttp-macros golden` writes them anew.

use std::fs;
use std::path::Path;

use quote::ToTokens;
use syn::{File, Item, Meta};

use crate::expanded;

#[test]
fn hello_expands_as_kept() {
    compare("hello");
}

#[test]
fn overridables_expand_as_kept() {
    compare("overridables");
}

#[test]
fn generics_and_cfg_expand_as_kept() {
    compare("generics_and_cfg");
}

#[test]
fn custom_tokens_expand_as_kept() {
    compare("custom_tokens");
}

#[test]
fn class_variables_expand_as_kept() {
    compare("class_variables");
}

#[test]
fn paths_expand_as_kept() {
    compare("paths");
}

#[test]
fn a_large_table_expands_as_kept() {
    compare("large_table");
}

#[test]
fn a_refused_block_expands_as_kept() {
    compare("refused");
}

fn compare(name: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let input = fs::read_to_string(golden.join(name).with_extension("rs")).expect("the input is there");
    let expansion = prettyplease::unparse(&expand_file(&input));
    let kept = golden.join(name).with_extension("expanded.rs");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&kept, &expansion).expect("the folder can be written to");
    }
    let expected = fs::read_to_string(&kept).expect("the expansion is there");
    assert!(expansion == expected, "{} would be:\n{expansion}", kept.display());
}

/// The inputs, each with its name.
pub(crate) fn inputs() -> Vec<(String, String)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files =
        fs::read_dir(golden).expect("the directory is there").map(|entry| entry.expect("it can be read").path());
    let name = |file: &Path| file.file_name().and_then(|name| name.to_str()).expect("the names are ASCII").to_owned();
    let is_input = |(name, _): &(String, String)| !name.ends_with(".expanded.rs");
    files.map(|file| (name(&file), fs::read_to_string(&file).expect("it can be read"))).filter(is_input).collect()
}

/// The file with each `#[http_handler]` block expanded.
pub(crate) fn expand_file(source: &str) -> File {
    let mut file: File = syn::parse_str(source).expect("the input is Rust");
    let items = file.items.into_iter().flat_map(|item| match item {
        Item::Impl(block) => expand_block(block).items,
        other => vec![other],
    });
    file.items = items.collect();
    file
}

fn expand_block(mut block: syn::ItemImpl) -> File {
    let attribute = block.attrs.remove(0);
    let arguments = match attribute.meta {
        Meta::List(list) => list.tokens,
        _ => proc_macro2::TokenStream::new(),
    };
    syn::parse2(expanded(arguments, &block.to_token_stream())).expect("the expansion is Rust")
}
