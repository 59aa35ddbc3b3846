//! Ends of scripts that do not end well by themselves, and the bounds of all of them.

use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Client;
use crate::support::needs;
use crate::support::scripts::{
    ENOUGH_TO_START, LONG, SH, Scripts, Site, expect_ended, expect_gone, fetch, get, state_of, wait_until,
};
use basehttp::HTTPServer;
use basehttp::testing::Server;

/// Says who it is, in files of its folder, and waits with a child beside it; both take no notice of a hang-up.
const SLEEPER: &str = "#!/bin/sh\ntrap '' HUP\nsleep 1000 &\necho $! >child\necho $$ >here\nwait\n";

/// The same, and it does not end when it is asked to.
const STUBBORN: &str = "#!/bin/sh\ntrap '' TERM HUP\nsleep 1000 &\necho $! >child\necho $$ >here\n\
                        while :; do wait; sleep 1000; done\n";

/// Never stops writing. It says who it is before its head, with which it may be let go.
const ENDLESS: &str = "#!/bin/sh\nmkfifo pipe\nyes >pipe &\necho $! >child\necho $$ >here\n\
                       printf 'Content-Type: text/plain\\n\\n'\ncat <pipe\n";

/// A short time, where a test wants it to pass once its script is at work.
const SHORT: Duration = Duration::from_millis(300);

#[track_caller]
fn expect_both_gone(scripts: &Scripts) {
    expect_gone(&scripts.await_file("here"));
    expect_ended(&scripts.await_file("child"));
}

/// The last act of a client.
type LastAct = fn(&mut Client);

#[test]
fn a_client_that_goes_away_takes_its_script_along() {
    let table: [(&str, LastAct, &str); 4] = [
        (SLEEPER, |_| {}, "it closes while nothing is said"),
        (STUBBORN, |_| {}, "the script does not want to end"),
        (ENDLESS, |client| drop(client.read_exactly(100_000)), "it closes while much is said"),
        (ENDLESS, |client| drop(client.stream().shutdown(Shutdown::Both)), "it closes without reading"),
    ];
    for (text, last_act, why) in table {
        let scripts = Scripts::with(&[("x", text)]);
        let (server, _) = Site::of(scripts.options().client_end_grace(SHORT)).serve();
        let mut client = Client::sending(&server, get("/cgi-bin/x"));
        let pid = scripts.await_file("here");
        assert!(state_of(&pid).is_some(), "it runs: {why}");
        last_act(&mut client);
        drop(client);
        expect_both_gone(&scripts);
        assert!(wait_until(|| server.server_handle().stats().in_handlers == 0), "the thread is free again: {why}");
    }
}

#[test]
fn a_client_that_resets_its_connection_takes_its_script_along_at_once() {
    let scripts = Scripts::with(&[("x", SLEEPER)]);
    let (server, log) = Site::of(scripts.options().client_end_grace(LONG * 10)).serve();
    // A socket that is closed with unread bytes sends a reset. So the reply before the script's is left unread.
    scripts.write("page.txt", "a page", 0o644);
    let mut client = Client::sending(&server, get("/page.txt") + &get("/cgi-bin/x"));
    scripts.await_file("here");
    client.wait_for_a_byte();
    drop(client);
    expect_both_gone(&scripts);
    log.wait_for("the client went away");
}

#[test]
fn a_script_is_let_go_when_nobody_can_get_more_of_its_reply() {
    let scripts = Scripts::with(&[("x", ENDLESS)]);
    let (server, log) = Site::of(scripts.options()).serve();
    let mut client = Client::sending(&server, get("/cgi-bin/x").replace("GET", "HEAD"));
    assert_eq!(client.try_read_reply("HEAD").expect("a whole reply").status, 200);
    // The client is still there, and may ask again.
    expect_both_gone(&scripts);
    assert!(wait_until(|| server.server_handle().stats().in_handlers == 0), "{}", log.text());
    assert_eq!(server.server_handle().stats().errors.handler_errors, 0, "{}", log.text());
    client.send(get("/none"));
    assert_eq!(client.read_reply().status, 404);
}

#[test]
fn a_client_that_only_ends_its_side_gets_its_answer() {
    let scripts = Scripts::with(&[
        ("x", &format!("{SH}sleep 0.2; printf 'Content-Type: text/plain\\n\\nhi'")),
        ("late", &format!("{SH}printf 'Content-Type: text/plain\\n\\none '; sleep 2.1; echo two")),
        ("never", &format!("{SH}sleep 1000")),
    ]);
    let (server, _) = Site::of(scripts.options().client_end_grace(ENOUGH_TO_START)).serve();
    let ask = |path: &str| {
        let mut client = Client::sending(&server, get(path));
        client.end_sending();
        client.read_reply()
    };
    assert_eq!(ask("/cgi-bin/x").text(), "hi");
    assert_eq!(ask("/cgi-bin/late").text(), "one two\n", "what was sent has told that it is there");
    assert_eq!(ask("/cgi-bin/never").status, 504);
}

#[test]
fn a_script_that_takes_too_long_is_ended() {
    let table = [
        (SLEEPER, 504, "silent"),
        (STUBBORN, 504, "silent and stubborn"),
        ("#!/bin/sh\nexec >&2\necho $$ >here; echo $$ >child\nsleep 1000", 502, "its output ended without a word"),
    ];
    for (text, status, why) in table {
        let scripts = Scripts::with(&[("x", text)]);
        let (server, log) = Site::of(scripts.options().output_stall_timeout(ENOUGH_TO_START)).serve();
        let reply = fetch(&server, "/cgi-bin/x");
        assert_eq!(reply.status, status, "{why}: {}", log.text());
        expect_both_gone(&scripts);
    }
}

#[test]
fn a_script_that_stalls_in_the_middle_cuts_its_reply_off() {
    let scripts = Scripts::with(&[("x", "#!/bin/sh\nprintf 'Content-Type: a/b\\n\\nhi'\necho $$ >here; sleep 1000\n")]);
    let (server, log) = Site::of(scripts.options().output_stall_timeout(ENOUGH_TO_START)).serve();
    let mut client = Client::sending(&server, get("/cgi-bin/x"));
    assert!(client.try_read_reply("GET").is_err(), "it is no whole reply");
    expect_gone(&scripts.await_file("here"));
    log.wait_for("the response was cut off");
}

#[test]
fn a_script_that_never_stops_is_ended_when_its_time_is_up() {
    let scripts = Scripts::with(&[("x", ENDLESS)]);
    let (server, _) = Site::of(scripts.options().run_timeout(ENOUGH_TO_START)).serve();
    let mut client = Client::sending(&server, get("/cgi-bin/x"));
    assert!(client.try_read_to_end().is_err(), "a reset, after very many bytes");
    expect_both_gone(&scripts);
}

#[test]
fn a_client_that_does_not_read_ends_the_script_in_the_end() {
    let scripts = Scripts::with(&[("x", ENDLESS)]);
    let site = Site::of(scripts.options());
    let server =
        Server::start_with(HTTPServer::builder().write_stall_timeout(ENOUGH_TO_START), site).expect("a free port");
    let _client = Client::sending(&server, get("/cgi-bin/x"));
    scripts.await_file("here");
    expect_both_gone(&scripts);
}

#[test]
fn what_a_script_leaves_behind_does_not_hold_its_reply_up() {
    let scripts = Scripts::with(&[
        ("quiet", &format!("{SH}sleep 1000 >/dev/null 2>&1 &\necho $! >child\nprintf 'Content-Type: a/b\\n\\nhi'\n")),
        ("holding", &format!("{SH}sleep 1001 &\necho $! >child2\nprintf 'Content-Type: a/b\\n\\nhi'\n")),
    ]);
    let (server, _) = scripts.serve();
    let began = Instant::now();
    assert_eq!(fetch(&server, "/cgi-bin/quiet").text(), "hi");
    assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
    assert_eq!(fetch(&server, "/cgi-bin/holding").text(), "hi", "some seconds later");
    for name in ["child", "child2"] {
        let pid = scripts.await_file(name);
        assert!(state_of(&pid).is_some(), "it goes on, as its script wanted");
        assert!(std::process::Command::new("kill").arg(&pid).status().expect("kill").success());
    }
}

#[test]
fn a_script_that_ends_its_output_and_goes_on_is_ended() {
    let text = "printf 'Content-Type: a/b\\n\\nhi'\nexec >&-\necho $$ >here\nexec sleep 1000\n";
    let scripts = Scripts::with(&[("x", &format!("{SH}{text}"))]);
    let (server, log) = scripts.serve();
    assert_eq!(fetch(&server, "/cgi-bin/x").text(), "hi");
    expect_gone(&scripts.await_file("here"));
    log.wait_for("has ended its output but does not exit");
}

#[test]
fn the_end_of_the_server_ends_its_scripts() {
    for text in [SLEEPER, STUBBORN, ENDLESS] {
        let scripts = Scripts::with(&[("x", text)]);
        let (server, _) = scripts.serve();
        let mut client = Client::sending(&server, get("/cgi-bin/x"));
        scripts.await_file("here");
        let reading = thread::spawn(move || client.try_read_to_end().map(|bytes| bytes.len()));
        let began = Instant::now();
        let report = server.server_handle().drain(LONG).expect("a loop that ends");
        assert_eq!(report.cut, 0, "it ended by itself, within {:?}", began.elapsed());
        expect_both_gone(&scripts);
        // A 503, or a reset in the middle of the endless one.
        let _ = reading.join().expect("the client does not panic");
    }
}

#[test]
fn a_short_script_answers_although_the_server_ends() {
    let text = "echo $$ >here\nread line <go\nprintf 'Content-Type: a/b\\n\\nhi'\n";
    let scripts = Scripts::with(&[("x", &format!("{SH}{text}"))]);
    let go = scripts.www().join("cgi-bin/go");
    assert!(std::process::Command::new("mkfifo").arg(&go).status().expect("mkfifo").success());
    let (server, _) = scripts.serve();
    let mut client = Client::sending(&server, get("/cgi-bin/x"));
    scripts.await_file("here");
    let handle = server.server_handle().clone();
    let draining = thread::spawn(move || handle.drain(LONG));
    assert!(wait_until(|| server.server_handle().is_shutting_down()));
    std::fs::write(&go, "go\n").expect("the script reads it");
    assert_eq!(client.read_reply().text(), "hi");
    draining.join().expect("it does not panic");
}

#[test]
fn beyond_the_bound_scripts_are_refused_and_everything_else_goes_on() {
    let scripts = Scripts::with(&[
        ("hold", &format!("{SH}echo $$ >>running\nsleep 1000")),
        ("hi", &format!("{SH}printf 'Content-Type: a/b\\n\\nhi'")),
    ]);
    scripts.write("page.txt", "a page", 0o644);
    let (server, _) = Site::of(scripts.options().max_children(3).client_end_grace(SHORT)).serve();
    let mut holding: Vec<_> = (0..3).map(|_| Client::sending(&server, get("/cgi-bin/hold"))).collect();
    let running = scripts.www().join("cgi-bin/running");
    let count = || std::fs::read_to_string(&running).map_or(0, |text| text.lines().count());
    assert!(wait_until(|| count() == 3));
    let refused = fetch(&server, "/cgi-bin/hi");
    assert_eq!((refused.status, refused.field("Retry-After")), (503, Some("2")));
    assert_eq!(fetch(&server, "/page.txt").text(), "a page");
    drop(holding.pop());
    assert!(wait_until(|| fetch(&server, "/cgi-bin/hi").status == 200), "a place is free again");
}

#[test]
fn a_thousand_waiting_scripts_do_not_touch_the_files_beside_them() {
    /// Number of clients that wait for a script at once.
    const WAITING: usize = 1000;
    // Two for each of them, and some for the scripts that run and for the tests beside this one.
    if !needs::descriptors(3072) {
        return;
    }
    let scripts = Scripts::with(&[("hold", &format!("{SH}exec sleep 1000"))]);
    scripts.write("page.txt", "a page", 0o644);
    let (server, _) = Site::of(scripts.options().client_end_grace(SHORT)).serve();
    let waiting: Vec<_> = (0..WAITING).map(|_| Client::sending(&server, get("/cgi-bin/hold"))).collect();
    assert!(wait_until(|| server.server_handle().stats().in_handlers >= 64), "{:?}", server.server_handle().stats());
    let began = Instant::now();
    let mut client = Client::of(&server);
    for _ in 0..200 {
        client.send(get("/page.txt"));
        assert_eq!(client.read_reply().text(), "a page");
    }
    // Each of them in a small part of the time that a script holds its thread for.
    assert!(began.elapsed() < LONG, "{:?}", began.elapsed());
    // The handler of the last page may be counted still.
    let are_as_many_as_may_be = wait_until(|| server.server_handle().stats().in_handlers == 64);
    assert!(are_as_many_as_may_be, "no more scripts than there may be: {:?}", server.server_handle().stats());
    drop(waiting);
    assert!(wait_until(|| server.server_handle().stats().in_handlers == 0), "{:?}", server.server_handle().stats());
}
