//! `#[http_handler]` as the compiler sees it. Some blocks are refused with our messages, some compile, and some are
//! refused in the compiler's words.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test --test ui` writes the `.stderr` files anew; read them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;

use trybuild::TestCases;

#[test]
fn broken_rules_are_refused_with_our_messages() {
    TestCases::new().compile_fail("ui-tests/fail/*.rs");
}

#[test]
fn what_the_rules_allow_compiles_and_runs() {
    TestCases::new().pass("ui-tests/pass/*.rs");
}

/// The compiler's own words change with its version. So each file says which sentences of ours must be among them, and
/// the number of errors, since one fault is one error.
#[test]
fn the_compiler_says_once_what_to_write() {
    let files = fs::read_dir("ui-tests/hints").unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert!(files.len() > 10, "the files are there: {}", files.len());
    let package = Package::new("hints", &files, "[\"json\"]");
    let faults: Vec<_> = files.iter().filter_map(|file| fault(file, &package.check(file))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The attribute cannot see which features the runtime has, so the compiler tells, in a sentence of ours.
#[test]
fn a_feature_that_is_off_is_named() {
    let file = PathBuf::from("ui-tests/json_off/main.rs");
    let package = Package::new("without_features", slice::from_ref(&file), "[]");
    assert_eq!(fault(&file, &package.check(&file)), None);
}

/// The mistakes in the errors that the compiler gave.
fn fault(file: &Path, said: &str) -> Option<String> {
    let text = fs::read_to_string(file).unwrap();
    let expected: usize =
        lines(&text, "errors").next().expect("the file says how many errors there are").parse().unwrap();
    let is_summary = |line: &str| ["error: aborting", "error: could not compile"].iter().any(|is| line.starts_with(is));
    let is_error = |line: &&str| line.starts_with("error") && !is_summary(line);
    let count = said.lines().filter(is_error).count();
    let missing: Vec<_> = lines(&text, "says").filter(|sentence| !said.contains(sentence)).collect();
    let is_fine = count == expected && missing.is_empty();
    (!is_fine).then(|| format!("{}: {count} errors, without {missing:#?}\n{said}", file.display()))
}

/// The values of the lines in a file's head that begin with `key`.
fn lines<'t>(text: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| line.strip_prefix("//! ")?.strip_prefix(key)?.strip_prefix(": "))
}

/// A package of the files as programs, made so that its features are known: those of the workspace's packages are
/// united, and a build of the runtime that lies beside this test may be of any of them.
struct Package {
    directory: PathBuf,
}

impl Package {
    fn new(name: &str, programs: &[PathBuf], features: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = target().join("tests").join(name);
        fs::create_dir_all(&directory).unwrap();
        fs::copy(root.join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
        let program = |path: &PathBuf| {
            format!("[[bin]]\nname = \"{}\"\npath = \"{}\"\n\n", stem(path), root.join(path).display())
        };
        let programs = programs.iter().map(program).collect::<Vec<_>>().concat();
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n{programs}\
             [dependencies.basehttp]\npath = \"{}\"\ndefault-features = false\nfeatures = {features}\n",
            root.join("basehttp").display()
        );
        fs::write(directory.join("Cargo.toml"), manifest).unwrap();
        Self { directory }
    }

    /// What cargo says of one program.
    fn check(&self, program: &Path) -> String {
        let output = Command::new(env!("CARGO"))
            .args(["check", "--offline", "--color=never", "--bin", stem(program), "--target-dir"])
            .arg(target().join("tests/trybuild")) // It has the dependencies already.
            .current_dir(&self.directory)
            .output()
            .unwrap();
        String::from_utf8(output.stderr).unwrap()
    }
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The directory of all builds, in which this test lies under `debug/deps`.
fn target() -> PathBuf {
    env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}
