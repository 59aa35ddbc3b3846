//! `#[http_handler]` as the compiler sees it. Some blocks are refused with our messages, some compile, and some are
//! refused in the compiler's words.
//!
//! After a change that is meant, `TRYBUILD=overwrite cargo test --test ui` writes the `.stderr` files anew; read them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let runtime = runtime();
    let files = fs::read_dir("ui-tests/hints").unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert!(files.len() > 10, "the files are there: {}", files.len());
    let faults: Vec<_> = files.iter().filter_map(|file| fault(file, &compile(file, &runtime))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// The attribute cannot see which features the runtime has, so the compiler tells, in a sentence of ours.
#[test]
fn a_feature_that_is_off_is_named() {
    let file = Path::new("ui-tests/json_off/main.rs");
    assert_eq!(fault(file, &check_without_features(file)), None);
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

fn compile(file: &Path, runtime: &Path) -> String {
    let dependencies = runtime.parent().unwrap();
    let out = env::temp_dir().join(format!("basehttp-hints-{}", std::process::id()));
    let compiler = Path::new(env!("CARGO")).with_file_name("rustc");
    let output = Command::new(compiler)
        .args(["--edition", "2024", "--emit", "metadata", "--out-dir"])
        .arg(&out)
        .arg("-L")
        .arg(format!("dependency={}", dependencies.display()))
        .arg("--extern")
        .arg(format!("basehttp={}", runtime.display()))
        .arg(file)
        .output()
        .unwrap();
    let _ = fs::remove_dir_all(out); // Only a file that compiles leaves one.
    String::from_utf8(output.stderr).unwrap()
}

/// The newest build of the runtime beside this test, which cargo has made for it.
fn runtime() -> PathBuf {
    let directory = env::current_exe().unwrap().parent().unwrap().to_owned();
    let is_runtime = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "rlib")
            && path.file_name().unwrap().to_str().unwrap().starts_with("libbasehttp-")
    };
    let builds = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(is_runtime);
    builds.max_by_key(|path| path.metadata().unwrap().modified().unwrap()).expect("the runtime is built")
}

/// What cargo says of a program whose `basehttp` has no features. Its package is made for this, since those of the
/// workspace share their features.
fn check_without_features(file: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Where trybuild has built the dependencies already.
    let target = runtime().ancestors().nth(3).unwrap().join("tests/trybuild");
    let package = target.with_file_name("without_features");
    fs::create_dir_all(&package).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let [program, runtime] = [file, Path::new("basehttp")].map(|path| root.join(path).to_str().unwrap().to_owned());
    let manifest = format!(
        "[workspace]\n\n[package]\nname = \"without-features\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [[bin]]\nname = \"main\"\npath = {program:?}\n\n\
         [dependencies.basehttp]\npath = {runtime:?}\ndefault-features = false\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--color=never", "--target-dir"])
        .arg(target)
        .current_dir(package)
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}
