//! Calls that may wait, and the files where a leader thread makes none of them.

use super::source::{Source, sources};
use super::{FLOORS, floor_of};

/// Calls that may wait. A leader makes none of them outside its watch (see "Rules" in `ARCHITECTURE.md`).
const WAITS: [&str; 14] = [
    "fs::",
    "File::open",
    "fstat(",
    "sendfile(",
    "poll(",
    "thread::sleep",
    "thread::park",
    "Condvar",
    "mpsc",
    "stderr()",
    "stdout()",
    "println!",
    "stdin()",
    "process::Command",
];

/// Files of the floors that a leader comes to where such calls stand, and why it makes none of them there.
const MAY_WAIT: [(&str, &[&str], &str); 17] = [
    ("exchange/multipart/saving", &["fs::"], "in a handler"),
    ("exchange/response", &["fs::"], "the type of a file that a handler returns"),
    ("exchange/sending", &["fs::", "fstat("], "in a handler"),
    ("exchange/exchange_io/client", &["thread::sleep"], "in a handler"),
    ("sys/handle", &["Condvar"], "`shutdown` waits for the loop's end, never on a thread of the server"),
    ("sys/log", &["Condvar", "stderr()", "poll("], "the writer's thread, and the thread that ends the loop"),
    ("sys/sigpipe", &["fs::"], "a file in the kernel's memory, read once"),
    ("sys/socket", &["fs::"], "the type of a file; `unwatched` checks the thread"),
    ("sys/socket/file", &["fs::", "sendfile("], "`unwatched` checks the thread"),
    ("sys/socket/other", &["fs::"], "`unwatched` checks the thread"),
    ("sys/socket/wait", &["poll("], "`unwatched` checks the thread, and `handle_request` has one of its own"),
    ("sys/quota/connections", &["fs::"], "the type of a file; `unwatched` checks the thread that closes it"),
    (
        "sys/socket_file",
        &["fs::", "File::open", "thread::sleep"],
        "when a server binds, and in the loop's own thread at its end",
    ),
    ("engine/shard", &["poll("], "where a leader waits for all of its connections"),
    ("engine/pool/idle", &["thread::park"], "a thread without work"),
    ("engine/monitor", &["Condvar"], "the monitor's own thread"),
    ("engine/sync", &["Condvar", "thread::park"], "what the pool and the monitor are made of"),
];

#[test]
fn nothing_that_may_wait_stands_where_a_leader_comes_to() {
    let sources = sources();
    let floors = ["sys", "exchange", "conn", "engine"]
        .map(|floor| FLOORS.iter().position(|name| *name == floor).expect("it is one"));
    let mut faults = Vec::new();
    let is_of_tests = |source: &&Source| source.module.last().is_some_and(|name| name == "tests");
    for source in sources.iter().filter(|source| floors.contains(&floor_of(&source.module)) && !is_of_tests(source)) {
        let module = source.module.join("/");
        let code = source.code.split("mod tests {").next().unwrap_or_default();
        let allowed = MAY_WAIT.iter().find(|(name, ..)| *name == module).map_or(&[][..], |(_, calls, _)| calls);
        let calls = WAITS.iter().filter(|call| code.contains(**call) && !allowed.contains(call));
        faults.extend(calls.map(|call| format!("{module}: {call}")));
    }
    assert!(faults.is_empty(), "a leader may come here, and must not wait:\n{}", faults.join("\n"));
}

/// Files beside `sys/socket` that ask a socket for its descriptor, and the reason.
const USES_DESCRIPTORS: [(&str, &str); 3] = [
    ("engine/shard", "the poller registers it, and the connection is parked only when its socket is drained"),
    ("exchange/hijack", "for a poller of the user's, who is told to look at the buffer first"),
    ("exchange/sending", "the poller forgets it"),
];

/// A socket may hold bytes that its descriptor does not tell of. So there is one place that waits for descriptors of
/// clients, and it asks the socket first.
#[test]
fn only_the_socket_itself_waits_for_its_descriptor() {
    let sources = sources();
    let uses = |source: &&Source| {
        let code = source.code.split("mod tests {").next().unwrap_or_default();
        code.contains(".descriptor()") && source.module.first().is_some_and(|name| name != "handlers")
    };
    let module = |source: &Source| source.module.join("/");
    let found: Vec<_> =
        sources.iter().filter(uses).map(module).filter(|name| !name.starts_with("sys/socket")).collect();
    let mut found: Vec<_> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, USES_DESCRIPTORS.map(|(module, _)| module), "ask `Socket::wait`, `wait_for_any` or the poller");
}
