//! Rules for blocks with paths.
//!
//! * One fault is one refusal, whatever stands beside it, and the block still has its table and its links.
//! * What is accepted expands to Rust, in which no name of the user's takes the place of one of the expansion's.

use std::collections::HashSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, File, FnArg, ImplItemFn, Local, PatIdent, PatSlice, Stmt};

use super::{expansion_of, is_refused};
use crate::model::{SOURCES, is_own};

/// Items with one fault each. `@` is a number of its own, and the last word is the one of the link.
#[rustfmt::skip]
const FAULTS: [(&str, &str); 54] = [
    // The path
    ("#[path(\"a@/x\")] fn do_GET_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@//x\")] fn do_GET_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@/:id\")] fn do_GET_w@(&self, id: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id\")] fn do_GET_w@(&self, id: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id?}\")] fn do_GET_w@(&self, id: Option<u8>) -> u16 {}", "w@"),
    ("#[path(\"/a@/{a}/{a}/{b}\")] fn do_GET_w@(&self, a: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{*rest}/x\")] fn do_GET_w@(&self, rest: Vec<u8>) -> u16 {}", "w@"),
    ("#[path(\"/a@/{x}-{y}\")] fn do_GET_w@(&self, x: u8, z: u8) -> u16 {}", "w@"),
    ("#[path] fn do_GET_w@(&self, a: u8) -> u16 {}", "w@"),
    ("#[path(A@, B)] fn do_GET_w@(&self, a: u8) -> u16 {}", "w@"),
    ("#[paht(\"/a@/{id}\")] fn do_GET_w@(&self, id: u8) -> u16 {}", "w@"),
    ("#[get(\"/a@/<id>\")] fn w@(&self, id: u8, #[query] q: u8) -> u16 {}", "w@"),
    // The table
    ("#[path(\"/a@\")] #[path(\"/a@\")] fn do_GET_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@/{b}\")] fn do_GET_w@(&self, b: u8) -> u16 {} #[path(\"/a@/{c}\")] fn do_GET_x@(&self, c: u8) -> u16 {}", "x@"),
    ("#[path(\"/a@/{b}\")] fn do_GET_w@(&self, b: u8) -> u16 {} #[path(\"/a@/{c}\")] fn do_PUT_w@(&self, b: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self) -> u16 {} #[path(\"/b@\")] fn do_PUT_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self) -> u16 {} fn path_w@() {}", "w@"),
    // The name
    ("#[path(\"/a@/{id}\")] fn w@(&self, id: u8, #[query] q: &'static str) -> Never {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn get_w@(&self, id: u8, #[querry] q: u8) {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_get_w@(&self, id: u8, #[query] q: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GTE_w@(&self, id: u8, #[query] q: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_W@(&self, id: u8, #[query] q: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GETw@(&self, id: u8, #[query] q: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_w@(&self, id: u8) -> u16 {}", "w@"),
    ("#[path(\"/w@\")] fn do_PSOT(&self) -> u16 {}", "w@"),
    // The parameters
    ("#[path(\"/a@/{id}/{b}\")] fn do_GET_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, ie: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, other: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, Day(id): Day) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, #[query] id: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, #[path] id: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, id: Option<&mut u8>) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, id: Vec<&'static str>) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, id: &u8) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, id: impl Copy) -> u16 {}", "w@"),
    ("#[path(\"/a@/{*id}\")] fn do_GET_w@(&self, id: &mut [&'static str]) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] #[path(\"/b@/{x}\")] fn do_GET_w@(&self, id: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, b: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[cfg(unix)] b: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[foo] b: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[query] #[cookie] b: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[query] b: Option<Vec<&'static str>>) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[header] b: &'static str) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[query] ex: &mut Exchange) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, ex: &mut Exchange, b: &Exchange) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_PUT_w@(&self, #[json] b: u8, #[body] c: Vec<u8>) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_GET_w@(&self, #[json] b: u8, #[query] c: u8) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_PUT_w@(&self, #[body] b: &'static [u8]) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_PUT_w@(&self, #[form(max = \"1 MB\")] b: &'static str) -> u16 {}", "w@"),
    ("#[path(\"/a@\")] fn do_PUT_w@(&self, #[json] b: impl Copy) -> u16 {}", "w@"),
    // The rest of the signature
    ("#[path(\"/a@\")] fn do_GET_w@(&self) -> Result<Option<()>> {}", "w@"),
    ("#[path(\"/a@\")] async fn do_GET_w@(&self) -> u16 { x.await }", "w@"),
    ("#[path(\"/a@\")] #[before] fn do_GET_w@(&self) -> u16 {}", "w@"),
    ("#[path(\"/a@/{id}\")] fn do_GET_w@(&self, id: u8) -> ! {}", "w@"),
];

#[test]
fn one_fault_is_one_refusal_and_the_links_stay() {
    let sound = "fn do_LAST(&self, ex: &mut Exchange) {}";
    let numbered = |text: &str, number: u8| text.replace('@', &number.to_string());
    for (at, (items, word)) in FAULTS.into_iter().enumerate() {
        let (other, other_word) = FAULTS[(at + 7) % FAULTS.len()];
        let (first, second) = (numbered(items, 1), numbered(other, 2));
        for (items, words, faults) in [
            (format!("{first} {sound}"), vec![numbered(word, 1)], 1),
            (format!("{first} {second}"), vec![numbered(word, 1), numbered(other_word, 2)], 2),
        ] {
            let expansion = expansion_of(&items);
            let found = expansion.matches("compile_error").count();
            assert_eq!(found, faults, "{items}\n{expansion}");
            let file: File = syn::parse_str(&expansion).unwrap_or_else(|error| panic!("{error}: {items}\n{expansion}"));
            assert!(expansion.contains("const ROUTES"), "no table: {items}");
            for word in words {
                assert!(expansion.contains(&format!("fn path_{word} (")), "no link to {word}: {items}\n{expansion}");
            }
            let mut left = AttributesLeft::default();
            left.visit_file(&file);
            assert!(left.0.is_empty(), "{items} keeps {:?}", left.0);
        }
    }
}

/// The macro's own attributes that the compiler would see.
#[derive(Default)]
struct AttributesLeft(Vec<String>);

impl<'ast> Visit<'ast> for AttributesLeft {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let is_source = SOURCES.iter().any(|source| attribute.path().is_ident(source));
        if is_own(attribute) || is_source {
            self.0.push(attribute.to_token_stream().to_string());
        }
    }

    fn visit_fn_arg(&mut self, parameter: &'ast FnArg) {
        // The compiler knows none of those that a refused parameter may have.
        if let FnArg::Typed(parameter) = parameter {
            self.0.extend(parameter.attrs.iter().map(|attribute| attribute.to_token_stream().to_string()));
        }
        visit::visit_fn_arg(self, parameter);
    }
}

#[test]
fn what_is_accepted_expands_to_rust_with_names_of_its_own() {
    let names = ["ex", "ex_", "ex__", "self_", "parts", "parts_", "command", "path", "decoded", "handler", "type", "c"];
    let in_a_query = ["Some", "None", "Ok", "String", "Vec", "u8", "METHODS", "ROUTES", "r#match"];
    let types = ["u8", "&str", "String", "Result<u8, HTTPError>", "Result<&str>"];
    let wrapped = ["u8", "&str", "Option<&str>", "Vec<String>", "Result<Vec<&str>, E>", "Result<Option<u8>>"];
    let mut accepted = 0;
    for (at, (first, second)) in names.iter().flat_map(|first| names.map(|second| (*first, second))).enumerate() {
        if first == second {
            continue;
        }
        let (ty, query) = (types[at % types.len()], in_a_query[at % in_a_query.len()]);
        let (value, other) = (wrapped[at % wrapped.len()], wrapped[(at / 2) % wrapped.len()]);
        let raw = |name: &str| if name == "type" { "r#type".to_owned() } else { name.to_owned() };
        let (one, two) = (raw(first), raw(second));
        let items = format!(
            "const {query}: u8 = 1;
            #[path(\"/{{{first}}}/{{{second}}}/{{*rest}}\")]
            #[path(\"/x/{{{second}}}/{{{first}}}\")]
            fn do_GET_word(&self, {two}: {ty}, rest: &[&str], {one}: u8, e: &Exchange, #[query] {query}: {value}) -> u16 {{}}
            #[path(\"/{{{first}}}\")]
            fn do_PUT_{first}(&self, #[cookie] {two}: {other}, {one}: &str, #[guard] Admin(a): Admin) -> Option<u16> {{}}
            #[path(\"/{{{first}}}\")]
            fn do_POST_{first}(&self, #[json] {two}: {ty}, {one}: &str) -> u16 {{}}
            #[before] fn parts(&self, _: &Exchange) -> Result {{}}
            fn do_GET(&self, #[query(\"a\")] Day(a): Day, #[header(\"B\")] (b, c): Pair) -> u16 {{}}"
        )
        .replace("const r#match", "const MATCH")
        .replace("const ROUTES", "const Routes");
        let expansion = expansion_of(&items);
        assert!(!is_refused(&expansion), "{items}\n{expansion}");
        let file: File = syn::parse_str(&expansion).unwrap_or_else(|error| panic!("{error}: {items}\n{expansion}"));
        let mut shadowed = Shadowed::default();
        shadowed.visit_file(&file);
        assert!(shadowed.names.is_empty(), "{items}: {:?} in\n{expansion}", shadowed.names);
        accepted += shadowed.functions;
    }
    assert!(accepted > 200, "there are functions of ours: {accepted}");
}

/// Names of the expansion's own functions that are bound once more inside, or twice in one pattern.
#[derive(Default)]
struct Shadowed {
    functions: usize,
    /// The parameters of the function, and what it binds before it looks at the request.
    own: HashSet<Ident>,
    names: Vec<String>,
}

impl<'ast> Visit<'ast> for Shadowed {
    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !["dispatch", "route"].iter().any(|name| function.sig.ident == name) {
            return;
        }
        self.functions += 1;
        let mut own = Bound::default();
        own.visit_signature(&function.sig);
        let locals = function.block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Local(local) => Some(local),
            _ => None,
        });
        locals.for_each(|local| own.visit_pat(&local.pat));
        self.own = own.0.into_iter().collect();
        function.block.stmts.iter().for_each(|statement| match statement {
            Stmt::Local(Local { init: Some(init), .. }) => self.visit_expr(&init.expr),
            Stmt::Local(_) => {}
            statement => self.visit_stmt(statement),
        });
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        if self.own.contains(&pattern.ident) {
            self.names.push(pattern.ident.to_string());
        }
    }

    fn visit_pat_slice(&mut self, pattern: &'ast PatSlice) {
        let mut bound = Bound::default();
        bound.visit_pat_slice(pattern);
        let mut seen = HashSet::new();
        self.names.extend(bound.0.into_iter().filter(|name| !seen.insert(name.clone())).map(|name| name.to_string()));
        visit::visit_pat_slice(self, pattern);
    }
}

/// The names that patterns bind.
#[derive(Default)]
struct Bound(Vec<Ident>);

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.push(pattern.ident.clone());
    }
}
