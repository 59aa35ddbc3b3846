//! Calls that may wait, and the files where a leader thread makes none of them.

use super::source::sources;
use super::{FLOORS, floor_of};

/// Calls that may wait. A leader makes none of them outside its watch: see "Rules" in `ARCHITECTURE.md`.
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

/// Where they stand in the floors that a leader comes to, and why it makes none of them there.
const MAY_WAIT: [(&str, &[&str], &str); 11] = [
    ("conn/sending", &["fs::", "fstat("], "in a handler"),
    ("conn/wire", &["thread::sleep"], "in a handler"),
    ("conn/handle", &["Condvar"], "`shutdown` waits for the loop's end, never on a thread of the server"),
    ("conn/log", &["Condvar", "stderr()"], "the writer's thread, and the thread that ends the loop"),
    ("conn/quota", &["fs::"], "the type of a file; `unwatched` looks where it is closed"),
    ("conn/socket", &["fs::", "sendfile(", "poll("], "`unwatched` looks whether it may"),
    ("engine/listener", &["fs::"], "when a server binds, and when it is dropped"),
    ("engine/shard", &["poll("], "where a leader waits for all of its connections"),
    ("engine/crew", &["thread::park"], "a thread without work"),
    ("engine/monitor", &["Condvar"], "the monitor"),
    ("engine/sync", &["Condvar", "thread::park"], "what the two above are made of"),
];

#[test]
fn nothing_that_may_wait_stands_where_a_leader_comes_to() {
    let sources = sources();
    let floors = ["conn", "engine"].map(|floor| FLOORS.iter().position(|name| *name == floor).expect("it is one"));
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| floors.contains(&floor_of(&source.module))) {
        let module = source.module.join("/");
        let code = source.code.split("mod tests {").next().unwrap_or_default();
        let allowed = MAY_WAIT.iter().find(|(name, ..)| *name == module).map_or(&[][..], |(_, calls, _)| calls);
        let calls = WAITS.iter().filter(|call| code.contains(**call) && !allowed.contains(call));
        faults.extend(calls.map(|call| format!("{module}: {call}")));
    }
    assert!(faults.is_empty(), "a leader may come here, and must not wait:\n{}", faults.join("\n"));
}
