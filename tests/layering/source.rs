//! The source files of a crate, and the paths that they name.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    /// From the crate's root.
    pub(crate) module: Vec<String>,
    /// See [`condensed`].
    pub(crate) code: String,
}

pub(crate) fn sources() -> Vec<Source> {
    sources_below("basehttp/src")
}

/// The sources in a directory of the repository and in those below it.
pub(crate) fn sources_below(directory: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let mut files = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let module = module_of(path.strip_prefix(&root).unwrap());
            let code = condensed(&fs::read_to_string(&path).unwrap());
            sources.push(Source { file: path, module, code });
        }
    }
    sources
}

/// `conn/reply/mod.rs` is `["conn", "reply"]`, `conn/error.rs` is `["conn", "error"]`.
pub(crate) fn module_of(file: &Path) -> Vec<String> {
    let path = file.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names.filter(|name| !matches!(name.as_str(), "mod" | "lib")).collect()
}

/// Removes comments (where links may point up), texts and white space.
pub(crate) fn condensed(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => end_of_text(rest),
            'r' if rest.starts_with("r#\"") => rest[3..].find("\"#").map_or(rest.len(), |end| end + 5),
            '\'' if rest.starts_with("'\"'") => 3,
            '\'' if rest.starts_with("'\\") => rest[2..].find('\'').map_or(rest.len(), |end| end + 3),
            _ if first.is_whitespace() => first.len_utf8(),
            _ => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        // A keyword stays apart from the path behind it.
        if code.ends_with(|last: char| last.is_alphanumeric()) {
            code.push(' ');
        }
        rest = &rest[skipped..];
    }
    code
}

/// Returns the end of the text with which `rest` begins.
fn end_of_text(rest: &str) -> usize {
    let mut is_escaped = true; // The opening quote.
    for (at, character) in rest.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Returns the names of its own crate that the code uses, in imports or anywhere else, as paths from the crate's root.
pub(crate) fn targets(source: &Source) -> Vec<Vec<String>> {
    let mut targets = Vec::new();
    for start in ["crate::", "basehttp::", "super::"] {
        for (at, _) in source.code.match_indices(start) {
            let before = source.code[..at].chars().next_back();
            let is_whole = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
            if is_whole {
                resolve(&source.module, &source.code[at..], &mut targets);
            }
        }
    }
    targets
}

/// Resolves the path or the tree of paths at the front of `code`, as seen from `module`.
fn resolve(module: &[String], code: &str, targets: &mut Vec<Vec<String>>) {
    let (base, rest) = base_of(module, code);
    for leaf in leaves(rest) {
        targets.push(base.iter().cloned().chain(leaf.split("::").map(str::to_owned)).collect());
    }
}

/// The module that the leading `crate::` or `super::`s name, and what follows them.
fn base_of<'c>(module: &[String], code: &'c str) -> (Vec<String>, &'c str) {
    if let Some(rest) = code.strip_prefix("crate::").or_else(|| code.strip_prefix("basehttp::")) {
        return (Vec::new(), rest);
    }
    let mut base = module.to_vec();
    let mut rest = code;
    while let Some(behind) = rest.strip_prefix("super::") {
        // Inside an inline module of this file `super` leads less far. Taken as the file's, it errs on the strict side.
        base.pop();
        rest = behind;
    }
    (base, rest)
}

/// `a::{b, c::d}` is `a::b` and `a::c::d`; a plain path is itself.
pub(crate) fn leaves(code: &str) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '*');
    let path_end = code.find(|c| !is_path(c)).unwrap_or(code.len());
    let (path, rest) = code.split_at(path_end);
    if !path.ends_with("::") && !path.is_empty() || !rest.starts_with('{') {
        return vec![path.to_owned()];
    }
    let members = members(&rest[1..]);
    members.iter().flat_map(|member| leaves(member)).map(|leaf| format!("{path}{leaf}")).collect()
}

/// The comma-separated members up to the closing brace.
fn members(code: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                members.extend(Some(&code[start..at]).filter(|member| !member.is_empty()));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    members
}
