//! `SECURITY.md` tells the limits and their defaults: here they are held to the builders' documentation, so that nobody is
//! promised a limit that is another, or that is not there.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the repository")
}

/// The documentation of an option of the builder, as one text.
fn documentation(builder: &str, option: &str) -> Option<String> {
    let (before, _) = builder.split_once(&format!("\n    {option}: "))?;
    let lines = before.lines().rev().map_while(|line| line.trim().strip_prefix("///"));
    let mut lines: Vec<&str> = lines.map(str::trim).collect();
    lines.reverse();
    Some(lines.join(" "))
}

#[test]
fn every_limit_that_is_promised_is_an_option_with_that_default() {
    let policy = read("SECURITY.md");
    let builders =
        ["server/builder.rs", "handlers/cgi/builder.rs"].map(|file| read(&format!("basehttp/src/{file}"))).concat();
    let mut checked = 0;
    for row in policy.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, option, default, beyond] = cells[..] else { panic!("four cells: {row}") };
        let Some(option) = option.strip_prefix('`').and_then(|option| option.strip_suffix('`')) else { continue };
        let text = documentation(&builders, option).unwrap_or_else(|| panic!("{option} is no option"));
        assert!(text.contains(&format!("efault {default}")), "{option}: {default:?} is not in {text:?}");
        if beyond.parse::<u16>().is_ok() {
            assert!(text.contains(beyond), "{option}: {beyond} is not in {text:?}");
        }
        checked += 1;
    }
    assert!(checked >= 21, "the table was read: {checked}");
}

#[test]
fn an_option_that_is_none_has_no_documentation() {
    let builder = "\n    /// One.\n    /// Default 5.\n    first: usize => a;\n    /// Two.\n    second: usize => b;\n";
    assert_eq!(documentation(builder, "first").as_deref(), Some("One. Default 5."));
    assert_eq!(documentation(builder, "second").as_deref(), Some("Two."));
    assert_eq!(documentation(builder, "third"), None);
}
