//! Compares the table of requirements, `conformance.md`, with the sources. A test that it names exists, and a test that
//! is named after a section stands in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One line of the table.
struct Row<'t> {
    line: usize,
    section: &'t str,
    word: &'t str,
    requirement: &'t str,
    held_by: &'t str,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> String {
    fs::read_to_string(root().join("tests/conformance.md")).expect("the table is there")
}

/// The rows of each document, without the heads of the tables.
fn rows(table: &str) -> Vec<Vec<Row<'_>>> {
    let mut documents = Vec::new();
    for (index, line) in table.lines().enumerate() {
        if line.starts_with("## ") {
            documents.push(Vec::new());
        }
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<&str> = cells.split(" | ").collect();
        let [section, word, requirement, held_by] = cells[..] else { panic!("line {}: four cells", index + 1) };
        if section != "§" {
            let document = documents.last_mut().expect("a heading stands above each table");
            document.push(Row { line: index + 1, section, word, requirement, held_by });
        }
    }
    documents
}

/// The files and names of tests in a text, which stand in backticks with `::` inside.
fn references(cell: &str) -> Vec<(&str, &str)> {
    cell.split('`').skip(1).step_by(2).filter_map(|text| text.rsplit_once("::")).collect()
}

/// The names of all tests in a source.
fn tests_of(source: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_attribute = |line: &str| line.starts_with("#[") || line.starts_with("//");
    let behind = |at: usize| lines[at + 1..].iter().find(|line| !is_attribute(line)).copied();
    let marks = lines.iter().enumerate().filter(|(_, line)| **line == "#[test]");
    let names = marks.filter_map(|(at, _)| behind(at)?.strip_prefix("fn ")?.split('(').next());
    names.map(str::to_owned).collect()
}

/// The source that a reference means, if there is one.
fn source_of(file: &str) -> Option<String> {
    let root = root();
    let places = [root.join("tests"), root.join("basehttp/src")];
    places.iter().find_map(|place| fs::read_to_string(place.join(file).with_extension("rs")).ok())
}

/// The mistakes in a row.
fn fault(row: &Row<'_>) -> Option<String> {
    let is_section = row.section.split('.').all(|part| part.parse::<u8>().is_ok_and(|number| number > 0));
    if !is_section || !["MUST", "MUST NOT", "SHOULD", "SHOULD NOT"].contains(&row.word) || row.requirement.is_empty() {
        return Some("a section, a word and a requirement".into());
    }
    let references = references(row.held_by);
    let is_excused =
        ["handler: ", "n/a: "].iter().any(|why| row.held_by.strip_prefix(why).is_some_and(|why| why.len() > 5));
    if references.is_empty() && !is_excused {
        return Some("no test, and neither handler: nor n/a: with a reason".into());
    }
    references.iter().find_map(|(file, name)| match source_of(file) {
        None => Some(format!("no file {file}")),
        Some(source) if !tests_of(&source).contains(*name) => Some(format!("no test {name} in {file}")),
        Some(_) => None,
    })
}

#[test]
fn every_requirement_is_held_by_a_test_that_exists_or_says_whose_it_is() {
    let table = table();
    let documents = rows(&table);
    assert_eq!(documents.len(), 3, "RFC 9112, RFC 9110 and RFC 9931");
    let faults: Vec<String> = documents
        .iter()
        .flatten()
        .filter_map(|row| fault(row).map(|fault| format!("line {} (section {}): {fault}", row.line, row.section)))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(documents[..2].iter().all(|rows| rows.len() > 80), "the tables were read");
}

#[test]
fn requirements_stand_in_the_order_of_their_sections() {
    let table = table();
    for rows in rows(&table) {
        let order = |row: &Row<'_>| row.section.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u8>>();
        for pair in rows.windows(2) {
            assert!(order(&pair[0]) <= order(&pair[1]), "line {}: section {}", pair[1].line, pair[1].section);
        }
    }
}

#[test]
fn every_test_named_after_a_section_stands_in_the_table() {
    let table = table();
    let documents = rows(&table);
    let named: BTreeSet<_> = documents.iter().flatten().flat_map(|row| references(row.held_by)).collect();
    let files = fs::read_dir(root().join("tests/http")).expect("the tests are there");
    let files = files.map(|entry| entry.expect("a file").path());
    let is_of_a_section = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("rfc") && path.extension().is_some_and(|extension| extension == "rs"))
    };
    let files: Vec<PathBuf> = files.filter(|path| is_of_a_section(path)).collect();
    assert!(files.len() >= 4, "the files are found: {files:?}");
    for path in files {
        let file = format!("http/{}", path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name"));
        for name in tests_of(&fs::read_to_string(&path).expect("a source")) {
            assert!(named.contains(&(file.as_str(), name.as_str())), "{file}::{name} stands in no row");
        }
    }
}

#[test]
fn the_check_sees_what_is_wrong() {
    let held_by = |held_by| Row { line: 1, section: "1.2", word: "MUST", requirement: "x", held_by };
    let exists = "`conformance_table::the_check_sees_what_is_wrong`; and more";
    assert_eq!(fault(&held_by(exists)), None);
    assert_eq!(fault(&held_by("`proto/host::what_is_no_host_is_refused`")), None, "in the crate");
    assert_eq!(fault(&held_by("n/a: a client's")), None);
    for (cell, why) in [
        ("", "nothing"),
        ("n/a: ", "no reason"),
        ("handler", "no reason"),
        ("`not a reference`", "no test"),
        ("`conformance_table::no_such_test`", "no such test"),
        ("`conformance_table::held_by`", "no test"),
        ("`conformance_table::root`", "a function that is no test"),
        ("`no_such_file::the_check_sees_what_is_wrong`", "no such file"),
        ("handler: for a reason, `no_such_file::x`", "no such file, for all the reason"),
    ] {
        assert!(fault(&held_by(cell)).is_some(), "{cell:?}: {why}");
    }
    for (section, word, requirement) in [("", "MUST", "x"), ("1.x", "MUST", "x"), ("1", "MAY", "x"), ("1", "MUST", "")]
    {
        let row = Row { line: 1, section, word, requirement, held_by: exists };
        assert!(fault(&row).is_some(), "{section:?} {word} {requirement:?}");
    }
    assert_eq!(
        rows("## A\n| § | word | what | by |\n|---|---|---|---|\n| 1 | MUST | x | y |\ntext\n## B\n")[0].len(),
        1
    );
}
