//! Tests that need a process of their own. The test program runs again, for one test.
//!
//! All tests of a program are threads of one process. A test that counts what its process has, or lowers what it may
//! have, would disturb the others, and they it.

use std::env;
use std::process::Command;

/// The variable with which [`is_alone`] tells a child the name of its test.
const ALONE: &str = "BASEHTTP_TEST_IS_ALONE";

/// Returns true in a process that runs this test and no other. Elsewhere runs the test in such a process, panics if it
/// fails there, and returns false.
///
/// `module` is the test's `module_path!()`.
#[track_caller]
pub(crate) fn is_alone(module: &str, name: &str) -> bool {
    if env::var_os(ALONE).is_some_and(|alone| alone == name) {
        return true;
    }
    let output = command(module, name).env(ALONE, name).output().expect("this program can run itself");
    let said = String::from_utf8_lossy(&output.stdout);
    let has_passed = output.status.success() && said.contains("1 passed");
    assert!(has_passed, "{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}

/// Returns a command that runs one test of this program by itself, and shows all that it prints.
///
/// `module` is the test's `module_path!()`.
pub(crate) fn command(module: &str, name: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("the path of this program"));
    command.args(["--exact", &path(module, name), "--nocapture", "--test-threads=1"]);
    command
}

/// Returns the path of a test for `--exact`. It lacks the program's name, with which `module_path!()` begins.
pub(crate) fn path(module: &str, name: &str) -> String {
    module.split_once("::").map_or_else(|| name.to_owned(), |(_, module)| format!("{module}::{name}"))
}
