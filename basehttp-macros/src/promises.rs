//! Rules that hold for every expansion, whatever stands in the block. Only tests.
//!
//! * A `do_*` method is served or refused, in whatever form it stands there.
//! * Nothing in the impls is named in a way that an item of the user's could shadow.

mod tables;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, File, FnArg, ImplItem, ImplItemFn, ImplItemType, Item, ItemImpl, Pat, PatIdent, Path};

use crate::expanded;
use crate::golden::{expand_file, inputs};
use crate::model::token_and_word;

/// The expansion of a block with these items.
fn expansion_of(items: &str) -> String {
    let block = format!("impl Hello {{ {items} }}").parse().unwrap_or_else(|error| panic!("{items}: {error}"));
    expanded("".parse().expect("nothing is tokens"), &block).to_string()
}

/// True if the expansion is refused, with words of ours.
fn is_refused(expansion: &str) -> bool {
    expansion.contains("compile_error") || expansion.contains("unknown_item")
}

/// True if the method is in the table, for a name such as `r#do_GET`, or `do_GET_user` with a path.
fn is_served(name: &str, expansion: &str) -> bool {
    let name = name.trim_start_matches("r#");
    let token = token_and_word(name).map(|(token, _)| token).or_else(|| name.strip_prefix("do_"));
    let table =
        expansion.split_once("const METHODS").and_then(|(_, rest)| rest.split_once("] ;")).map(|(table, _)| table);
    token.is_some_and(|token| table.is_some_and(|table| table.contains(&format!("{token:?}"))))
}

#[test]
fn a_method_that_may_be_meant_to_serve_is_served_or_refused() {
    let attributes = ["", "#[cfg(unix)]", "#[path(\"/users\")]"];
    let qualifiers = ["", "pub", "const", "pub(crate) async", "default"];
    let names = [
        "do_GET",
        "r#do_GET",
        "do_get",
        "Do_GET",
        "DO_GET",
        "doGET",
        "do_GET_user",
        "do_get_user",
        "do_PSOT",
        "do_SPAM",
        "do_VERSION_CONTROL",
        "do_",
        "do_gr\u{fc}n",
        "r#do_get",
    ];
    let signatures =
        ["(&self, ex: &mut Exchange)", "(self) -> !", "()", "<T>(&self, ex: T)", "(&self, ex: ) -> Result", "(&self"];
    let endings = ["{}", "{ ex. }", ";", "", "= 1;", "where { Ok(()) }"];
    let (mut served, mut refused) = (0, 0);
    for attribute in attributes {
        // What stands before `fn` says nothing of paths.
        let qualifiers = if attribute.contains("path") { &qualifiers[..1] } else { &qualifiers[..] };
        for qualifier in qualifiers {
            for name in names {
                for (signature, ending) in signatures.iter().flat_map(|s| endings.map(|ending| (s, ending))) {
                    let close = if signature.ends_with("(&self") { ")" } else { "" };
                    let item = format!("{attribute} {qualifier} fn {name}{signature}{close} {ending}");
                    for items in [
                        format!("{item} fn do_LAST(&self, ex: &mut Exchange) {{}}"),
                        format!("const A: u8 = 1; {item}"),
                    ] {
                        let expansion = expansion_of(&items);
                        // The compiler refuses a method that does not end.
                        let is_fine = (is_served(name, &expansion) || ending.is_empty())
                            && (is_served("do_LAST", &expansion) || !items.contains("do_LAST"));
                        assert!(is_fine || is_refused(&expansion), "passed on in silence: {items}\n{expansion}");
                        served += usize::from(is_fine);
                        refused += usize::from(is_refused(&expansion));
                    }
                }
            }
        }
    }
    assert!(served > 100 && refused > 1000, "both happen: {served} served, {refused} refused");
}

#[test]
fn an_item_that_is_not_a_method_a_constant_or_a_type_is_refused() {
    let method = "fn do_GET(&self, ex: &mut Exchange) {}";
    for item in [
        "post!();",
        "post! {}",
        "crate::post![];",
        "fn helper();",
        "static S: u8 = 1;",
        "mod inner { fn do_POST() {} }",
        "impl X { fn do_POST(&self) {} }",
        "trait X { fn do_POST(&self); }",
        "do_POST;",
        "{ fn do_POST(&self) {} }",
        ";",
        "enum E {}",
        "use a::do_POST;",
        "const N: u8;",
        "#[inline] ;",
        "fn fn do_POST(&self) {}",
    ] {
        for items in [format!("{method} {item}"), format!("{item} {method}")] {
            assert!(is_refused(&expansion_of(&items)), "passed on in silence: {items}");
        }
    }
    for item in ["const N: u8 = 1;", "pub type X = u8;", "fn helper(&self) -> u8 { 1 }", ""] {
        assert!(!is_refused(&expansion_of(&format!("{method} {item}"))), "{item}");
    }
}

/// Soups of tokens: wherever `fn do_X(…)` stands among them and ends, it is served or refused.
#[test]
fn no_neighbour_hides_a_method() {
    const WORDS: [&str; 24] = [
        "fn",
        "fn",
        "fn",
        "fn",
        "do_GET",
        "do_GET",
        "do_POST",
        "do_POST",
        "(&self, ex: &mut Exchange)",
        "(&self, ex: &mut Exchange)",
        "(&self, ex: &mut Exchange)",
        "{}",
        "{}",
        "{ ex. }",
        ";",
        "pub",
        "const",
        "post!",
        "#[http_method(\"GET\")]",
        "-> Result",
        "helper",
        "async",
        "type T = u8;",
        "#[cfg(unix)]",
    ];
    let mut state: u32 = 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        WORDS[(state >> 16) as usize % WORDS.len()]
    };
    let mut seen = 0;
    for _ in 0..3000 {
        let soup: Vec<_> = (0..12).map(|_| next()).collect();
        let expansion = expansion_of(&soup.join(" "));
        for (at, words) in soup.windows(3).enumerate() {
            // The compiler refuses a method that does not end.
            let mut rest = soup[at + 1..].iter().take_while(|word| **word != "fn");
            let ends = rest.any(|word| word.starts_with('{') || word.ends_with(';'));
            if words[0] == "fn" && words[1].starts_with("do_") && words[2].starts_with('(') && ends {
                seen += 1;
                let is_fine = is_served(words[1], &expansion) || is_refused(&expansion);
                assert!(is_fine, "passed on in silence: {}\n{expansion}", soup.join(" "));
            }
        }
    }
    assert!(seen > 30, "there are methods among them: {seen}");
}

#[test]
fn no_item_of_the_users_shadows_what_the_expansion_names() {
    for (name, input) in inputs() {
        let expansion = expand_file(&input);
        let mut names = NamesSeen::default();
        for block in generated(&expansion) {
            block.trait_.iter().for_each(|(of_trait, _)| names.visit_path(of_trait));
            block.items.iter().for_each(|item| names.visit_impl_item(item));
        }
        assert!(names.seen > 2, "{name} has an impl");
        assert!(names.open.is_empty(), "{name} names {:?}", names.open);
    }
}

/// The impls of traits, and the table with its links.
fn generated(file: &File) -> impl Iterator<Item = &ItemImpl> {
    let is_table = |item: &ImplItem| matches!(item, ImplItem::Const(item) if item.ident == "ROUTES");
    file.items.iter().filter_map(move |item| match item {
        Item::Impl(block) if block.trait_.is_some() || block.items.iter().any(is_table) => Some(block),
        _ => None,
    })
}

/// The names that an item of the user's could shadow.
#[derive(Default)]
struct NamesSeen {
    seen: usize,
    /// The parameters of a link, which have the user's names.
    of_a_link: Vec<String>,
    open: Vec<String>,
}

impl<'ast> Visit<'ast> for NamesSeen {
    fn visit_path(&mut self, path: &'ast Path) {
        self.seen += 1;
        let first = path.segments.first().expect("a path has segments").ident.to_string();
        let is_closed = path.leading_colon.is_some()
            || first.starts_with("__")
            || ["self", "Self", "reexported"].contains(&&*first)
            || self.of_a_link.contains(&first);
        // `Self::NAME` could be the type's own.
        if !is_closed || (first == "Self" && path.segments.len() > 1) {
            self.open.push(path.to_token_stream().to_string());
        }
        visit::visit_path(self, path);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.seen += 1;
        let name = pattern.ident.to_string();
        if !name.starts_with("__") && !self.of_a_link.contains(&name) {
            self.open.push(name);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        let names = function.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => match &*parameter.pat {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        let is_link = function.sig.ident.to_string().starts_with("path_");
        self.of_a_link = names.filter(|_| is_link).collect();
        visit::visit_impl_item_fn(self, function);
        self.of_a_link.clear();
    }

    // The user's own words.
    fn visit_impl_item_type(&mut self, _: &'ast ImplItemType) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}
