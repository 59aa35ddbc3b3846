//! The defaults of limits are constants of the sources, and two texts quote them, `SECURITY.md` and the builders'
//! documentation. Both are compared with the constants here, so that they never promise a wrong limit, or one that does
//! not exist.

use std::fs;
use std::path::Path;

/// Files with the defaults of the builders' options.
const SOURCES: [&str; 5] = [
    "proto/limits.rs",
    "sys/settings.rs",
    "server/builder.rs",
    "handlers/cgi/builder.rs",
    "exchange/multipart/limits.rs",
];

/// Options whose default follows from other options.
const DERIVED: [(&str, &str); 3] = [
    ("paused_reader_timeout", "as `write_stall_timeout`"),
    ("max_connections_per_address", "no limit"),
    ("max_blocked_on_clients", "256"), // Half of `max_threads`.
];

/// Limits that no option changes, each with its row's first cell, and the constants that it quotes with their file.
const FIXED: [(&str, &str, &[&str]); 9] = [
    ("method", "proto/limits.rs", &["MAX_METHOD_BYTES"]),
    ("empty lines before a request", "proto/limits.rs", &["MAX_EMPTY_LINES"]),
    (
        "chunk extensions of a body, trailers of a body",
        "proto/limits.rs",
        &["MAX_CHUNK_EXTENSION_BYTES", "MAX_TRAILER_BYTES"],
    ),
    ("PROXY header", "proto/proxy/header.rs", &["MAX_LINE_BYTES", "MAX_VARIABLE_BYTES"]),
    ("body that is read before the handler is called", "exchange/body_parameters.rs", &["MAX_BODY_AHEAD"]),
    ("fields of a part", "exchange/multipart/part.rs", &["MAX_FIELDS"]),
    (
        "lingering after the last response",
        "conn/drive/lingering.rs",
        &["MIN_LINGER", "MAX_LINGER", "LINGER_BYTES_PER_SECOND"],
    ),
    ("lines of a script's standard error; each", "handlers/cgi/stderr.rs", &["MAX_LOGGED_BYTES", "MAX_LINE_BYTES"]),
    ("log lines that wait for their reader", "sys/log.rs", &["MAX_WAITING_BYTES"]),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the repository")
}

fn source(path: &str) -> String {
    read(&format!("basehttp/src/{path}"))
}

/// The documentation of an option of the builder, as one text.
fn documentation(builder: &str, option: &str) -> Option<String> {
    let starts = ["", "pub fn ", "pub const fn "].map(|start| format!("\n    {start}{option}"));
    let before =
        starts.iter().zip([": ", "(", "("]).find_map(|(start, end)| builder.split_once(&format!("{start}{end}")))?.0;
    let lines = before.lines().rev().map_while(|line| line.trim().strip_prefix("///"));
    let mut lines: Vec<&str> = lines.map(str::trim).collect();
    lines.reverse();
    Some(lines.join(" "))
}

/// The constants of a source, as names and what the texts write for their values.
fn constants(source: &str) -> Vec<(String, String)> {
    source.lines().filter_map(constant).collect()
}

fn constant(line: &str) -> Option<(String, String)> {
    let (visibility, declaration) = line.split_once("const ")?;
    let (name, typed) = declaration.strip_suffix(';')?.split_once(": ")?;
    let (_, value) = typed.split_once(" = ")?;
    let is_item = visibility.is_empty() || visibility.starts_with("pub");
    Some((name.to_owned(), shown(name, value).filter(|_| is_item)?))
}

/// The spelling of a value in the texts, such as `16 KiB`, `1,024`, `15 s`.
fn shown(name: &str, value: &str) -> Option<String> {
    let call = |name: &str| product(value.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')?);
    if let Some(seconds) = call("Duration::from_secs") {
        return Some(if seconds % 3600 == 0 { format!("{} h", seconds / 3600) } else { format!("{seconds} s") });
    }
    if let Some(milliseconds) = call("Duration::from_millis") {
        return Some(format!("{milliseconds} ms"));
    }
    let number = product(value)?;
    let is_bytes = name.ends_with("_BYTES") || name.contains("BODY_AHEAD") || name.starts_with("LINGER_BYTES");
    Some(match number {
        _ if !is_bytes => with_commas(number),
        _ if number % (1 << 30) == 0 => format!("{} GiB", number >> 30),
        _ if number % (1 << 20) == 0 => format!("{} MiB", number >> 20),
        _ if number % (1 << 10) == 0 => format!("{} KiB", number >> 10),
        _ => format!("{number} bytes"),
    })
}

/// The value of `16 * 1024` or `20_000`; `None` for any other expression.
fn product(expression: &str) -> Option<u64> {
    expression.split(" * ").map(|factor| factor.replace('_', "").parse::<u64>().ok()).product()
}

fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

/// Returns whether the text has the value, and not as a part of another number, like 1 in 1,024.
fn quotes(text: &str, value: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let after = &text[at + value.len()..];
        let after = after.strip_prefix(',').unwrap_or(after);
        !after.starts_with(char::is_alphanumeric)
    })
}

/// The rows of the table in `SECURITY.md`, with its columns for the limit, option, default and effect.
fn rows(policy: &str) -> Vec<[&str; 4]> {
    let rows = policy.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        cells.try_into().unwrap_or_else(|_| panic!("four cells: {row}"))
    })
    .collect()
}

#[test]
fn every_limit_that_is_promised_is_an_option_with_that_default() {
    let policy = read("SECURITY.md");
    let sources = SOURCES.map(source);
    let defaults: Vec<_> = sources.iter().flat_map(|source| constants(source)).collect();
    let builders = sources[2..].concat();
    let mut checked = 0;
    for [_, option, default, beyond] in rows(&policy) {
        let Some(option) = option.strip_prefix('`').and_then(|option| option.strip_suffix('`')) else { continue };
        let text = documentation(&builders, option).unwrap_or_else(|| panic!("{option} is no option"));
        let derived = DERIVED.iter().find(|(name, _)| *name == option).map(|(_, value)| (*value).to_owned());
        let constant =
            || defaults.iter().find(|(name, _)| *name == option.to_uppercase()).map(|(_, value)| value.clone());
        let value = derived.or_else(constant).unwrap_or_else(|| panic!("{option} has no constant"));
        assert_eq!(default, value, "SECURITY.md, {option}");
        assert!(quotes(&text, &format!("efault {value}")), "{option}: {value:?} is not in {text:?}");
        if beyond.parse::<u16>().is_ok() {
            assert!(quotes(&text, beyond), "{option}: {beyond} is not in {text:?}");
        }
        checked += 1;
    }
    assert!(checked >= 25, "the table was read: {checked}");
}

#[test]
fn every_option_says_its_default_whether_it_is_a_promise_or_not() {
    let sources = SOURCES.map(source);
    let builders = sources[2..].concat();
    let mut checked = 0;
    for (name, value) in sources.iter().flat_map(|source| constants(source)) {
        let option = name.to_lowercase();
        let Some(text) = documentation(&builders, &option) else { continue };
        assert!(quotes(&text, &format!("efault {value}")), "{option}: {value:?} is not in {text:?}");
        checked += 1;
    }
    assert!(checked >= 29, "the constants were read: {checked}");
}

#[test]
fn a_limit_without_an_option_is_the_constant_that_the_table_quotes() {
    let policy = read("SECURITY.md");
    let rows = rows(&policy);
    for (what, file, names) in FIXED {
        let [_, option, default, _] = rows.iter().find(|row| row[0] == what).unwrap_or_else(|| panic!("a row: {what}"));
        assert_eq!(*option, "", "{what}");
        let constants = constants(&source(file));
        for name in names {
            let constant = constants.iter().find(|(constant, _)| constant == name);
            let (_, value) = constant.unwrap_or_else(|| panic!("{file} has {name}"));
            assert!(quotes(default, value), "SECURITY.md, {what}: {value:?} is not in {default:?}");
        }
    }
}

#[test]
fn an_option_that_is_none_has_no_documentation() {
    let builder =
        "\n    /// One.\n    /// Default 5.\n    first: usize => a;\n    /// Two.\n    pub fn second(mut self) {}\n";
    assert_eq!(documentation(builder, "first").as_deref(), Some("One. Default 5."));
    assert_eq!(documentation(builder, "second").as_deref(), Some("Two."));
    assert_eq!(documentation(builder, "third"), None);
}

#[test]
fn a_constant_is_read_as_the_texts_write_it() {
    let table = [
        ("const MAX_HEAD_BYTES: usize = 64 * 1024;", Some("64 KiB")),
        ("pub const MAX_SPOOLED_BYTES: u64 = 1024 * 1024 * 1024;", Some("1 GiB")),
        ("pub(crate) const MAX_LOG_BYTES: u64 = 5 * 1024 * 1024;", Some("5 MiB")),
        ("const MAX_METHOD_BYTES: usize = 64;", Some("64 bytes")),
        ("const MAX_CONNECTIONS: usize = 20_000;", Some("20,000")),
        ("const MIN_BODY_BYTES_PER_SECOND: u64 = 256;", Some("256")),
        ("const HEAD_TIMEOUT: Duration = Duration::from_secs(15);", Some("15 s")),
        ("const RUN_TIMEOUT: Duration = Duration::from_secs(3600);", Some("1 h")),
        ("const POLL_INTERVAL: Duration = Duration::from_millis(500);", Some("500 ms")),
        ("const SUM: usize = 1 + 1;", None),
        ("let max_fields: usize = 5;", None),
    ];
    for (line, expected) in table {
        let found = constants(line);
        assert_eq!(found.first().map(|(_, value)| &**value), expected, "{line}");
    }
    let text = "Default 1,024; a longer one is 431.";
    assert!(quotes(text, "efault 1,024") && quotes(text, "431") && !quotes(text, "efault 1") && !quotes(text, "43"));
}
