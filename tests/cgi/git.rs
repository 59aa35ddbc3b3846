//! git over HTTP against `git http-backend` as a script. The bytes that go in and out are the same.
//!
//! Says SKIPPED where there is no git, or one without its backend.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::needs::skip;
use crate::support::scripts::{SH, Scripts, Site};

/// Number of files in the first repository, each with content of its own.
const FILES: usize = 3000;

/// git without the settings of the user who runs the tests.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_TERMINAL_PROMPT", "0").env_remove("http_proxy").env_remove("HTTP_PROXY");
    for (name, value) in [("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2023-11-14T22:13:20Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let Output { status, stdout, stderr } = git(folder).args(arguments).output().expect("git starts");
    assert!(status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&stderr));
    stdout
}

/// Returns whether this machine has git with its backend. Says SKIPPED if it has not.
#[track_caller]
fn has_backend() -> bool {
    let path = Command::new("git").arg("--exec-path").output().ok().map(|output| output.stdout);
    let path = path.map(|path| PathBuf::from(String::from_utf8_lossy(&path).trim()));
    let is_there =
        path.is_some_and(|path| ["git-http-backend", "git-remote-http"].iter().all(|name| path.join(name).exists()));
    if !is_there {
        skip("git with its http-backend is missing");
    }
    is_there
}

/// Text that does not compress to nothing, and differs from number to number.
fn content(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut words = String::new();
    for _ in 0..40 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        writeln!(words, "{state:016x}").expect("a text takes all");
    }
    words
}

/// Adds a commit with `files` to the branch `main` of the repository.
fn import(repository: &Path, files: std::ops::Range<usize>, is_first: bool) {
    let mut stream =
        String::from("commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 3\nadd\n");
    if !is_first {
        stream.push_str("from refs/heads/main^0\n");
    }
    for number in files {
        let content = content(number);
        let (folder, length) = (number % 97, content.len());
        writeln!(stream, "M 100644 inline {folder}/{number}.txt\ndata {length}\n{content}").expect("a text takes all");
    }
    let mut importing =
        git(repository).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git starts");
    importing.stdin.take().expect("it was asked for").write_all(stream.as_bytes()).expect("git reads");
    assert!(importing.wait().expect("it is our child").success());
}

/// Every object, with all its bytes, in the order of their names.
fn objects(repository: &Path) -> Vec<u8> {
    run(repository, &["fsck", "--full", "--no-dangling"]);
    run(repository, &["cat-file", "--batch-all-objects", "--batch"])
}

#[test]
fn git_clones_fetches_and_pushes() {
    if !has_backend() {
        return;
    }
    let scripts = Scripts::with(&[("git", &format!("{SH}exec git http-backend\n"))]);
    let projects = scripts.outside().join("projects");
    fs::create_dir(&projects).expect("a scratch folder");
    let projects = projects.canonicalize().expect("it is there");
    let origin = projects.join("one.git");
    run(&projects, &["init", "--quiet", "--bare", "--initial-branch=main", "one.git"]);
    run(&origin, &["config", "http.receivepack", "true"]);
    import(&origin, 0..FILES, true);

    let options = scripts.options().env("GIT_PROJECT_ROOT", &projects).env("GIT_HTTP_EXPORT_ALL", "1");
    let options = options.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").pass_env("PATH");
    let (server, log) = Site::of(options).serve();
    let url = server.url("/cgi-bin/git/one.git");
    let work = scripts.outside().join("work");
    fs::create_dir(&work).expect("a scratch folder");

    run(&work, &["clone", "--quiet", &url, "first"]);
    let first = work.join("first");
    assert!(objects(&first) == objects(&origin), "a clone: {}", log.text());
    assert_eq!(fs::read_to_string(first.join("7/7.txt")).expect("it is checked out"), content(7));

    import(&origin, FILES..FILES + 500, false);
    run(&first, &["fetch", "--quiet"]);
    run(&first, &["merge", "--quiet", "--ff-only", "origin/main"]);
    assert!(objects(&first) == objects(&origin), "a fetch: {}", log.text());

    // The content is larger than git sends in one piece, so it is chunked. Then it goes in one piece, with its length.
    for (round, buffer) in [("chunked", "http.postBuffer=65536"), ("sized", "http.postBuffer=100000000")] {
        for number in 0..800 {
            fs::write(first.join(format!("{round}-{number}.txt")), content(number + 100_000)).expect("a work tree");
        }
        run(&first, &["add", "."]);
        run(&first, &["commit", "--quiet", "-m", round]);
        run(&first, &["-c", buffer, "push", "--quiet", "origin", "HEAD:refs/heads/main"]);
        assert_eq!(run(&first, &["rev-parse", "HEAD"]), run(&origin, &["rev-parse", "main"]), "{round}");
        assert!(objects(&first) == objects(&origin), "a push, {round}: {}", log.text());
    }

    run(&work, &["clone", "--quiet", &url, "second"]);
    assert!(objects(&work.join("second")) == objects(&origin), "all of it once more");
    let missing = git(&work).args(["clone", "--quiet", &server.url("/cgi-bin/git/none.git"), "none"]).output();
    assert!(!missing.expect("git starts").status.success(), "there is no such repository");
}
