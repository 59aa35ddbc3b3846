//! The things that some tests need and that not every machine has. A test that misses one says so and passes.
//!
//! `.ci/run` reads these lines, and fails on each that `.ci/skips` does not list.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::{Ipv6Addr, TcpListener};
use std::panic::Location;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The lines so far.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says that the calling test, or a part of it, does not run, as `SKIPPED file::test: reason`. Says each reason once.
#[track_caller]
pub(crate) fn skip(reason: impl Display) {
    let caller = Location::caller();
    let path = Path::new(caller.file()).with_extension("");
    let path = path.to_string_lossy();
    let file = path.rsplit_once("tests/").map_or(&*path, |(_, file)| file);
    // Each test has a thread of its name, except where all run on the main thread (`--test-threads=1`).
    let thread = thread::current();
    let test = match thread.name().and_then(|name| name.rsplit("::").next()) {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("line {}", caller.line()),
    };
    // `eprintln!` would be captured, and shown for failed tests only. The harness may be within a line of its own.
    let line = format!("\nSKIPPED {file}::{test}: {reason}\n");
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if !said.contains(&line) {
        io::stderr().write_all(line.as_bytes()).expect("standard error is open");
        said.push(line);
    }
}

/// Returns whether the PATH has this program. Says SKIPPED if it has not.
#[track_caller]
pub(crate) fn program(name: &str) -> bool {
    // Its first argument is a command.
    let version = if name == "openssl" { "version" } else { "--version" };
    or_skip(runs(Command::new(name), version), format_args!("{name} is missing"))
}

/// Returns whether scripts that begin with `#!/usr/bin/env NAME` run, without a PATH of their own. Says SKIPPED if they
/// do not.
#[track_caller]
pub(crate) fn interpreter(name: &str) -> bool {
    let mut env = Command::new("/usr/bin/env");
    env.env_clear().arg(name);
    or_skip(runs(env, "--version"), format_args!("{name} is missing"))
}

/// Returns whether this machine has the loopback address of IPv6. Says SKIPPED if it has not.
#[track_caller]
pub(crate) fn ipv6() -> bool {
    or_skip(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok(), "IPv6 is missing")
}

/// Raises the soft limit of descriptors to the hard one, once. Says SKIPPED if the hard limit is below `count`.
///
/// Raises the limit of descriptors. A test that opens more than some hundred calls it first, since a login has a soft
/// limit of 1024, or of 256.
#[track_caller]
pub(crate) fn descriptors(count: u64) -> bool {
    static LIMIT: LazyLock<u64> = LazyLock::new(|| {
        let limit = getrlimit(Resource::Nofile);
        // Some systems say that the hard limit is infinite, and then do not take that for the soft one.
        let soft = limit.maximum.unwrap_or(10_240);
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(soft), maximum: limit.maximum });
        raised.map_or(limit.current.unwrap_or(u64::MAX), |()| soft)
    });
    or_skip(*LIMIT >= count, format_args!("the hard limit of descriptors is below {count}"))
}

#[track_caller]
fn or_skip(is_there: bool, reason: impl Display) -> bool {
    if !is_there {
        skip(reason);
    }
    is_there
}

/// Returns whether it starts, and knows the argument that asks for its version.
fn runs(mut command: Command, version: &str) -> bool {
    command.arg(version).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
