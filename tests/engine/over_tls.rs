//! All tests of this program once more, with clients and servers that speak TLS. To run one of them so, set
//! `BASEHTTP_TEST_TLS=1`.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::child;
use crate::support::transport::{VARIABLE, is_tls};

/// Why a test is not run whose clients send requests before they are accepted.
const BACKLOG: &str = "most clients wait in the backlog of the system, where a client of TLS can send no request";

/// Tests that only make sense in the clear, and why.
const PLAIN_ONLY: [(&str, &str); 3] = [
    ("system_limits::readers_of_files_leave_descriptors_to_handlers", BACKLOG),
    ("system_limits::without_descriptors_accepting_pauses_and_goes_on_when_some_are_free", BACKLOG),
    ("turns::a_client_that_only_sends_never_stops_the_others", "a thread of it writes requests to the socket itself"),
];

/// Time for all of them, several times what they take on a busy machine.
const LIMIT: Duration = Duration::from_secs(480);

#[test]
fn every_test_of_the_engine_holds_over_tls() {
    const NAME: &str = "every_test_of_the_engine_holds_over_tls";
    // This very test is listed in the child as well, and has nothing to do there.
    if is_tls() {
        return;
    }
    let program = || Command::new(env::current_exe().expect("the path of this program"));
    let listed = program().args(["--list", "--format=terse"]).output().expect("this program can run itself");
    let listed = String::from_utf8_lossy(&listed.stdout);
    let names: Vec<_> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let me = child::path(module_path!(), NAME);
    let skipped: Vec<_> = PLAIN_ONLY.iter().map(|(name, _)| *name).chain([&*me]).collect();
    for name in &skipped {
        assert!(names.contains(name), "no test has the name {name}");
    }

    let mut command = program();
    command.env(VARIABLE, "1").arg("--exact");
    for name in &skipped {
        command.args(["--skip", name]);
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("this program runs again");
    let output = std::thread::spawn({
        let mut stdout = child.stdout.take().expect("a pipe");
        move || {
            let mut said = Vec::new();
            std::io::Read::read_to_end(&mut stdout, &mut said).map(|_| String::from_utf8_lossy(&said).into_owned())
        }
    });
    let give_up = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break Some(status);
        }
        if Instant::now() > give_up {
            child.kill().expect("it is our child");
            child.wait().expect("it is our child");
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = output.join().expect("no panic").expect("a pipe");
    assert!(status.is_some_and(|status| status.success()), "{status:?}\n{said}");
    let passed = format!("test result: ok. {} passed; 0 failed; 0 ignored", names.len() - skipped.len());
    assert!(said.contains(&passed), "{passed:?} was to be said:\n{said}");
}
