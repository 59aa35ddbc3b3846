//! A process that has no descriptor left answers 503 for a file that exists, never 404.

use std::fs::File;
use std::process::Command;

use crate::support::child;
use crate::support::folder::{Folder, ask, quiet};

/// The variable that makes a child the process that may open few files.
const IS_CHILD: &str = "BASEHTTP_TEST_HAS_FEW_DESCRIPTORS";

/// The text that the child prints when it has seen everything.
const DONE: &str = "nothing was missing";

/// The process of the next test. It is not a test.
#[test]
fn a_process_of_few_descriptors() {
    if std::env::var_os(IS_CHILD).is_none() {
        return;
    }
    let folder = Folder::with(&[("a.txt", "text"), ("docs/index.html", "docs")]);
    let handler = quiet(folder.options().cache_bytes(0).not_found_page("a.txt"));
    let kept: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    for path in ["/a.txt", "/docs/", "/docs", "/nothing"] {
        let reply = ask(&handler, &format!("GET {path}"), "");
        assert_eq!((reply.status, reply.field("Retry-After")), (503, Some("1")), "{path}");
    }
    drop(kept);
    for (path, status) in [("/a.txt", 200), ("/docs/", 200), ("/docs", 301), ("/nothing", 404)] {
        assert_eq!(ask(&handler, &format!("GET {path}"), "").status, status, "{path}");
    }
    println!("{DONE}");
}

#[test]
fn without_descriptors_the_client_is_told_to_come_again() {
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(std::env::current_exe().expect("this test"))
        .arg(child::path(module_path!(), "a_process_of_few_descriptors"))
        .env(IS_CHILD, "1")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains(DONE), "{said}{}", String::from_utf8_lossy(&child.stderr));
}
