//! The shape of the sources, without circles, with one meaning for a name, cover pages, and files of a readable length.
//!
//! Each rule has a list of exceptions, which only shrinks. An exception that is no longer needed fails, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::source::{Source, condensed, module_of, sources_below, targets};

/// The crates whose sources have a shape to keep.
const CRATES: [&str; 3] = ["basehttp", "basehttp-cli", "basehttp-macros"];

/// Lines of the longest file that needs no exception, tests included.
const MAX_LINES: usize = 400;

/// Files that import each other, and the reason.
const CIRCLES: [(&str, &str); 2] = [
    ("basehttp: server/builder, server/http_server", "a server has a builder, and the builder makes a server"),
    ("basehttp: server/defaults, server/handler", "a trait's defaults can be called by name, with any handler"),
];

/// Types that share their name with another one of the crate, and the reason.
const SHARED_NAMES: [(&str, &str); 1] =
    [("basehttp: Response", "a handler's, and `testing::Response`, the same as the client has it")];

/// Files named `mod.rs` with code besides declarations and re-exports, and the item that their directory is about.
const CHAPTERS: [(&str, &str); 11] = [
    ("basehttp/src/conn/drive/mod.rs", "`Drive`"),
    ("basehttp/src/engine/mod.rs", "`Engine`"),
    ("basehttp/src/exchange/mod.rs", "`Exchange`"),
    ("basehttp/src/exchange/reply/mod.rs", "the reply and its stages"),
    ("basehttp/src/handlers/cgi/mod.rs", "`CGIHTTPRequestHandler`"),
    ("basehttp/src/handlers/cgi/run/mod.rs", "a run of a script"),
    ("basehttp/src/handlers/mod.rs", "a function of three lines that both handlers call"),
    ("basehttp/src/handlers/simple/listing/mod.rs", "a listing"),
    ("basehttp/src/handlers/simple/mod.rs", "`SimpleHTTPRequestHandler`"),
    ("basehttp/src/handlers/simple/root/mod.rs", "the root directory of a handler"),
    ("basehttp/src/sys/socket/mod.rs", "`Socket`"),
];

/// Files above [`MAX_LINES`], and the reason.
const LONG: [(&str, &str); 2] = [
    ("basehttp/src/exchange/error.rs", "mostly documentation of a public type"),
    ("basehttp/src/handlers/simple/media_table.rs", "a table"),
];

/// A source without its tests, by the path of its file from the crate's `src`.
struct Page {
    path: String,
    text: String,
    source: Source,
}

impl Page {
    fn new(path: &str, text: &str) -> Self {
        let code = text.split("\nmod tests {").next().unwrap_or_default();
        let module = module_of(path.as_ref()).into_iter().filter(|name| name != "main").collect();
        Page {
            path: path.to_owned(),
            text: code.to_owned(),
            source: Source { file: path.into(), module, code: condensed(code) },
        }
    }

    /// Returns whether the file serves tests alone, where models and naive twins repeat names.
    fn is_of_tests(&self) -> bool {
        let is_of_tests = |name: &String| name.ends_with("tests") || name.ends_with("twin") || name.ends_with("models");
        self.source.module.iter().any(is_of_tests)
    }
}

/// The sources of a crate.
fn pages(name: &str) -> Vec<Page> {
    let directory = format!("{name}/src");
    let path_of = |source: &Source| {
        let path = source.file.to_str().expect("a plain name");
        path.rsplit_once(&format!("{directory}/")).expect("a file below it").1.to_owned()
    };
    let sources = sources_below(&directory);
    assert!(sources.len() > 5, "the sources of {name} are there");
    sources.iter().map(|source| Page::new(&path_of(source), &fs::read_to_string(&source.file).unwrap())).collect()
}

/// The modules that the code of a page imports from, except its own parents and children.
///
/// A name that a parent re-exports leads to the file that it comes from.
fn imports(page: &Page, pages: &BTreeMap<Vec<String>, &Page>) -> BTreeSet<Vec<String>> {
    let own = &page.source.module;
    let origins = targets(&page.source).into_iter().filter_map(|target| origin(target, pages));
    origins.filter(|module| !module.starts_with(own) && !own.starts_with(module)).collect()
}

/// The module of the file where the item of a path stands.
fn origin(target: Vec<String>, pages: &BTreeMap<Vec<String>, &Page>) -> Option<Vec<String>> {
    let mut module = target;
    let mut behind = Vec::new();
    while !pages.contains_key(&module) {
        behind.push(module.pop()?);
    }
    let Some(name) = behind.last() else { return Some(module) };
    let child = re_exported_from(&pages[&module].source.code, name);
    match child.map(|child| [&module[..], &[child]].concat()) {
        Some(child) if pages.contains_key(&child) => origin([child, vec![name.clone()]].concat(), pages),
        _ => Some(module),
    }
}

/// The child module from which the code of a parent imports this name.
fn re_exported_from(code: &str, name: &str) -> Option<String> {
    code.split("use ").skip(1).find_map(|code| {
        let (path, _) = code.split_once(';')?;
        let (child, names) = path.split_once("::")?;
        let is_named = names.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == name);
        is_named.then(|| child.to_owned())
    })
}

/// Pairs of modules that import each other.
fn circles(pages: &[Page]) -> BTreeSet<(String, String)> {
    let by_module: BTreeMap<_, _> = pages.iter().map(|page| (page.source.module.clone(), page)).collect();
    let imports: BTreeMap<_, _> = by_module.iter().map(|(module, page)| (module, imports(page, &by_module))).collect();
    let meets = |one: &Vec<String>, other: &Vec<String>| imports.get(one).is_some_and(|found| found.contains(other));
    let pairs = imports.iter().flat_map(|(one, found)| found.iter().map(move |other| (*one, other)));
    let pairs = pairs.filter(|(one, other)| one < other && meets(other, one));
    pairs.map(|(one, other)| (one.join("/"), other.join("/"))).collect()
}

/// The names of the types and traits that stand at the left margin.
fn types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line
            .strip_prefix("pub")
            .map_or(line, |line| line.trim_start_matches("(crate)").trim_start_matches("(super)"));
        let (keyword, rest) = line.trim_start_matches(' ').split_once(' ')?;
        let is_type = !line.starts_with("  ") && ["struct", "enum", "trait", "type", "union"].contains(&keyword);
        is_type.then(|| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
    })
}

/// Names of types that several files of a crate define.
fn shared_names(pages: &[Page]) -> BTreeMap<&str, Vec<&str>> {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for page in pages.iter().filter(|page| !page.is_of_tests()) {
        for name in types(&page.text) {
            names.entry(name).or_default().push(&page.path);
        }
    }
    names.retain(|_, files| files.len() > 1);
    names
}

/// Returns whether a `mod.rs` only declares, re-exports and explains.
fn is_cover_page(code: &str) -> bool {
    ["fn ", "impl ", "impl<", "struct ", "enum "].iter().all(|item| !code.contains(item))
}

/// Panics for each fault without an exception, and for each exception without a fault.
#[track_caller]
fn compare(found: &BTreeSet<String>, exceptions: &[(&str, &str)], wish: &str) {
    let allowed: BTreeSet<String> = exceptions.iter().map(|(fault, _)| (*fault).to_owned()).collect();
    let added: Vec<_> = found.difference(&allowed).collect();
    assert!(added.is_empty(), "{wish}: {added:#?}");
    let mended: Vec<_> = allowed.difference(found).collect();
    assert!(mended.is_empty(), "mended; take these off the list of exceptions: {mended:#?}");
}

#[test]
fn no_two_files_import_each_other() {
    let circles_of = |name: &str| circles(&pages(name)).into_iter().map(|(a, b)| format!("{name}: {a}, {b}")).collect();
    let found: BTreeSet<String> = CRATES.iter().flat_map(|name| -> Vec<String> { circles_of(name) }).collect();
    compare(&found, &CIRCLES, "move what both need to one of them, or below both");
}

#[test]
fn no_two_types_of_a_crate_share_a_name() {
    let mut found = BTreeSet::new();
    for name in CRATES {
        let pages = pages(name);
        let faults = shared_names(&pages);
        for (shared, files) in &faults {
            println!("{name}: {shared} in {}", files.join(", "));
            found.insert(format!("{name}: {shared}"));
        }
    }
    compare(&found, &SHARED_NAMES, "one word for one thing: find another name");
}

#[test]
fn a_mod_file_is_a_cover_page() {
    let mut found = BTreeSet::new();
    for name in CRATES {
        let pages = pages(name);
        let covers = pages.iter().filter(|page| page.path.ends_with("mod.rs") && !page.is_of_tests());
        // That of a fuzz target is its program.
        let covers = covers.filter(|page| !page.path.starts_with("fuzzing/"));
        let chapters = covers.filter(|page| !is_cover_page(&page.source.code));
        found.extend(chapters.map(|page| format!("{name}/src/{}", page.path)));
    }
    compare(&found, &CHAPTERS, "give the code a file of its own");
}

#[test]
fn files_have_a_readable_length() {
    let mut found = BTreeSet::new();
    for name in CRATES {
        for source in sources_below(&format!("{name}/src")) {
            let lines = fs::read_to_string(&source.file).unwrap().lines().count();
            let path = source.file.to_str().expect("a plain name");
            let (_, path) = path.rsplit_once(&format!("{name}/src/")).expect("a file below it");
            found.extend((lines > MAX_LINES).then(|| format!("{name}/src/{path}")));
        }
    }
    compare(&found, &LONG, "more than 400 lines: split them by subject");
}

#[test]
fn the_guard_sees_circles_through_re_exports() {
    type Files = &'static [(&'static str, &'static str)];
    let table: [(Files, &str, &str); 7] = [
        (&[("a/b.rs", "use super::c::C;"), ("a/c.rs", "use super::b::B;")], "a/b a/c", "beside each other"),
        (&[("a.rs", "use crate::b::B;"), ("b/mod.rs", "fn f() { crate::a::f() }")], "a b", "in a path"),
        (
            &[("a/mod.rs", "pub use b::{B, D}; use c::C;"), ("a/b.rs", "use super::C;"), ("a/c.rs", "use super::B;")],
            "a/b a/c",
            "through the parent",
        ),
        (&[("a/mod.rs", "use b::B; struct A;"), ("a/b.rs", "use super::A;")], "", "parent and child"),
        (&[("a.rs", "use crate::b::B;"), ("b.rs", "use crate::c::C;"), ("c.rs", "")], "", "one way"),
        (&[("a.rs", "use crate::b::B;"), ("b.rs", "\nmod tests { use crate::a::A; }")], "", "in tests"),
        (&[("a.rs", "use crate::b::B;"), ("b.rs", "/// [`A`](crate::a::A)")], "", "in a link"),
    ];
    for (files, expected, why) in table {
        let pages: Vec<_> = files.iter().map(|(path, text)| Page::new(path, text)).collect();
        let found: Vec<_> = circles(&pages).into_iter().map(|(a, b)| format!("{a} {b}")).collect();
        assert_eq!(found.join(", "), expected, "{why}");
    }
}

#[test]
fn the_guard_sees_types_that_share_a_name() {
    let text =
        "pub struct A;\npub(crate) enum B {\nstruct C<T>(T);\n    type D = u8;\npub(super) trait E: F {\n// struct G\n";
    assert_eq!(types(text).collect::<Vec<_>>(), ["A", "B", "C", "E"]);
    let pages = ["a.rs", "b.rs", "twin.rs", "b/tests.rs"].map(|path| Page::new(path, "struct A;"));
    assert_eq!(shared_names(&pages).into_iter().collect::<Vec<_>>(), [("A", vec!["a.rs", "b.rs"])]);
}
