//! The floors of the runtime crate. Imports only point down, `proto` is pure, and the handlers are written as users
//! write theirs. One rule holds for all crates, because of the oldest supported compiler.
//!
//! ```text
//! handlers   the public API alone: what the crate's root exports
//! above      lib, private, defaults, connection, testing, files, cgi, tls
//! server
//! engine
//! conn
//! exchange
//! sys
//! proto      no sockets, clock, threads, files
//! ```

mod shape;
mod source;
mod waits;

use std::path::Path;

use source::{Source, condensed, leaves, module_of, sources, sources_below, targets};

/// The floors, from the lowest up. Modules in none of them stand above them all.
const FLOORS: [&str; 6] = ["proto", "sys", "exchange", "conn", "engine", "server"];

/// Names that a floor of pure decisions never uses.
const IMPURE: [&str; 6] = ["std::net", "std::thread", "std::fs", "std::io", "SystemTime::now", "Instant::now"];

/// The floor of a module; the top where it is none of them.
fn floor_of(module: &[String]) -> usize {
    let first = module.first().map_or("", String::as_str);
    FLOORS.iter().position(|floor| *floor == first).unwrap_or(FLOORS.len())
}

/// The targets that stand on a higher floor.
fn upward(source: &Source) -> Vec<String> {
    let floor = floor_of(&source.module);
    targets(source).iter().filter(|target| floor_of(target) > floor).map(|target| target.join("::")).collect()
}

/// Public modules of the crate's root. All other public names there are types or functions.
const PUBLIC_MODULES: [&str; 6] = ["cgi", "defaults", "files", "systemd", "testing", "tls"];

/// The targets outside the handlers that no other crate could name.
fn private(source: &Source, private_modules: &[String]) -> Vec<String> {
    let is_private = |target: &&Vec<String>| {
        let first = target.first().map_or("", String::as_str);
        first != "handlers" && (first == "__private" || private_modules.iter().any(|module| module == first))
    };
    targets(source).iter().filter(is_private).map(|target| target.join("::")).collect()
}

/// The modules of the crate's root that are not public, by its files.
fn private_modules(sources: &[Source]) -> Vec<String> {
    let modules = sources.iter().filter_map(|source| source.module.first().cloned());
    modules.filter(|module| !PUBLIC_MODULES.contains(&module.as_str())).collect()
}

/// Returns the names of [`IMPURE`] that the code uses.
fn impurities(code: &str) -> Vec<&'static str> {
    let in_trees = code.match_indices("std::{").flat_map(|(at, _)| leaves(&code[at..])).collect::<Vec<_>>();
    let names = |impure: &str| code.contains(impure) || in_trees.iter().any(|leaf| leaf.contains(impure));
    IMPURE.into_iter().filter(|impure| names(impure)).collect()
}

#[test]
fn imports_only_point_down() {
    let sources = sources();
    assert!(sources.len() > 30, "the sources are there: {}", sources.len());
    let faults: Vec<_> = sources
        .iter()
        .flat_map(|source| upward(source).into_iter().map(|target| format!("{}: {target}", source.file.display())))
        .collect();
    assert!(faults.is_empty(), "these imports point up:\n{}", faults.join("\n"));
}

#[test]
fn the_handlers_use_the_public_api_alone() {
    let sources = sources();
    let modules = private_modules(&sources);
    let handlers: Vec<_> =
        sources.iter().filter(|source| source.module.first().is_some_and(|m| m == "handlers")).collect();
    assert!(handlers.len() > 5, "the handlers are there: {}", handlers.len());
    let faults: Vec<_> = handlers
        .iter()
        .flat_map(|source| {
            private(source, &modules).into_iter().map(|target| format!("{}: {target}", source.file.display()))
        })
        .collect();
    assert!(faults.is_empty(), "no user could write these imports:\n{}", faults.join("\n"));
}

/// Rust 1.88, the oldest that is supported, drops what `format_args!` borrows at the end of the statement (E0716).
/// Newer compilers accept it, and no lint tells.
#[test]
fn no_variable_holds_format_args() {
    let keeps = |code: &str| {
        ["=format_args!(", "=std::format_args!(", "=fmt::format_args!("].iter().any(|at| code.contains(at))
    };
    let directories = ["basehttp", "basehttp-macros", "basehttp-cli", "examples", "tests"];
    let sources: Vec<_> = directories.into_iter().flat_map(sources_below).collect();
    assert!(sources.len() > 100, "the sources are there: {}", sources.len());
    let faults: Vec<_> =
        sources.iter().filter(|source| keeps(&source.code)).map(|source| source.file.display().to_string()).collect();
    assert!(faults.is_empty(), "write `format!` in these:\n{}", faults.join("\n"));
    assert!(keeps(&condensed("let wrong =\n    format_args!(\"{name}\");")));
    assert!(!keeps(&condensed("match at { 0 => format_args!(\"{name}\"), _ => rest }")));
}

#[test]
fn the_guard_sees_what_is_not_public() {
    let modules = ["conn", "engine", "exchange", "private", "proto", "server", "sys"].map(str::to_owned);
    let table = [
        ("use crate::conn::Exchange;", "conn::Exchange", "a floor"),
        ("use basehttp::{Exchange, proto::Head};", "proto::Head", "a floor, by the crate's name"),
        ("use super::super::super::server::defaults;", "server::defaults", "by the parents"),
        ("use basehttp::__private::Outcome;", "__private::Outcome", "what macros name"),
        ("fn f(ex: &crate::private::X) {}", "private::X", "a private file"),
        ("use basehttp::{Exchange, Result, http_handler}; use super::path::Place; use crate::testing;", "", "public"),
    ];
    for (text, expected, why) in table {
        let module = module_of(Path::new("handlers/simple/lookup.rs"));
        let source = Source { file: "found".into(), module, code: condensed(text) };
        assert_eq!(private(&source, &modules).join(" "), expected, "{why}: {text:?}");
    }
}

#[test]
fn proto_has_no_sockets_clock_threads_or_files() {
    let faults: Vec<_> = sources()
        .iter()
        .filter(|source| floor_of(&source.module) == 0)
        .map(|source| (source.file.clone(), impurities(&source.code)))
        .filter(|(_, impurities)| !impurities.is_empty())
        .collect();
    assert!(faults.is_empty(), "proto is pure, and time is an argument: {faults:#?}");
}

#[test]
fn the_guard_sees_every_way_to_point_up() {
    let table = [
        ("conn/wire", "use crate::server::HTTPServer;", "server::HTTPServer", "a plain import"),
        ("conn/wire", "use crate::{proto, server::HTTPServer};", "server::HTTPServer", "in a tree"),
        ("conn/wire", "use crate::{\n    proto::{Field, Head},\n    server,\n};", "server", "a module in a tree"),
        ("conn/wire", "use super::super::server::HTTPServer;", "server::HTTPServer", "by the parents"),
        ("conn/reply/mod", "use super::super::{server, proto};", "server", "by the parents of a folder"),
        ("conn/reply/head", "use super::super::super::server;", "server", "by more parents"),
        ("conn/wire", "fn f(shard: &crate::engine::Shard) {}", "engine::Shard", "in a signature"),
        ("proto/head", "use super::super::conn::Exchange;", "conn::Exchange", "the floor just above"),
        ("proto/head", "use crate::Exchange;", "Exchange", "a re-export of the root"),
        ("proto/head", "use basehttp::Exchange;", "Exchange", "a re-export by the crate's name"),
        ("server/handler", "use crate::defaults;", "defaults", "a file above the floors"),
        ("conn/wire", "use crate::proto::Head; use super::reply::Reply; use super::super::proto;", "", "down, beside"),
        ("conn/wire", "//! [`HTTPServer`](crate::server::HTTPServer)\nuse super::Reply;", "", "a comment's link"),
        ("conn/wire", "const TEXT: &str = \"use crate::server \\\" crate::server\";", "", "a text"),
        ("conn/wire", "macro_rules! m { () => { $crate::server::X } }", "", "a macro's path is the user's"),
        ("server/listen", "use crate::conn::{Address, Link};", "", "down"),
        ("testing", "use crate::{Connection, HTTPServer, server::Lobby};", "", "above, all may be used"),
    ];
    for (file, text, expected, why) in table {
        let module = module_of(Path::new(&format!("{file}.rs")));
        let source = Source { file: file.into(), module, code: condensed(text) };
        assert_eq!(upward(&source).join(" "), expected, "{why}: {text:?}");
    }
}

/// The packages are published one by one, so neither of them can look into the other.
#[test]
fn the_macro_knows_the_same_overridables_as_the_runtime() {
    let of_runtime = format!("{:?}", basehttp::Overrides::NONE);
    let mut names: Vec<_> =
        of_runtime.split([' ', '{', '}', ',']).filter_map(|field| field.strip_suffix(':')).collect();
    let of_macro = include_str!("../../basehttp-macros/src/overridables.rs");
    let mut known: Vec<_> = of_macro.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    names.sort_unstable();
    known.sort_unstable();
    assert!(names.contains(&"send_error"), "the names are found: {of_runtime}");
    assert_eq!(known, names);
}

#[test]
fn the_guard_sees_every_impurity() {
    let table: [(&str, &[&str]); 7] = [
        ("use std::io::Read;", &["std::io"]),
        ("use std::{fmt, io};", &["std::io"]),
        ("use std::{fmt::{self, Write}, net::{IpAddr, Ipv4Addr}};", &["std::net"]),
        ("fn f() { std::thread::yield_now() }", &["std::thread"]),
        ("use std::time::SystemTime; fn f() { SystemTime::now(); }", &["SystemTime::now"]),
        ("use std::time::Instant; fn f() { Instant::now(); }", &["Instant::now"]),
        ("/// Not `std::fs`, nor SystemTime::now().\nuse std::time::SystemTime;", &[]),
    ];
    for (text, expected) in table {
        assert_eq!(impurities(&condensed(text)), expected, "{text:?}");
    }
}
