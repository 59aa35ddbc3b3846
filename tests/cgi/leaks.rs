//! Runs of scripts leave nothing behind in the server's process.

use std::fs;

use crate::support::scripts::{ENOUGH_TO_START, SH, Scripts, Site, get, wait_until};
use crate::support::{Client, child};

/// Number of descriptors of this process.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// The children of this process, zombies included.
fn children() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let lists = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn runs_of_every_kind_leave_no_descriptor_no_process_and_no_file_behind() {
    // It counts what the whole process has.
    if !child::is_alone(module_path!(), "runs_of_every_kind_leave_no_descriptor_no_process_and_no_file_behind") {
        return;
    }
    let scripts = Scripts::with(&[
        ("x", &format!("{SH}printf 'Content-Type: text/plain\\n\\nhi'; cat >/dev/null")),
        ("broken", &format!("{SH}echo no header; sleep 100")),
        ("dead", &format!("{SH}kill -9 $$")),
        ("none", "#!/no/such/interpreter\n"),
        ("slow", &format!("{SH}sleep 100")),
    ]);
    let spool = scripts.outside().join("spool");
    fs::create_dir(&spool).expect("a scratch folder");
    let options = scripts.options().spool_directory(&spool).output_stall_timeout(ENOUGH_TO_START);
    let (server, _) = Site::of(options).serve();
    let warm_up = || assert_eq!(Client::sending(&server, get("/cgi-bin/x")).read_reply().status, 200);
    warm_up();
    let is_idle = |before: usize| descriptors() <= before && children().is_empty();
    assert!(wait_until(|| server.server_handle().stats().connections == 0 && children().is_empty()));
    let before = descriptors();
    let long = "x".repeat(200_000);
    let mut chunked = format!("{:x}\r\n{long}\r\n", long.len()).repeat(2) + "0\r\n\r\n";
    chunked.insert_str(0, "POST /cgi-bin/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    let requests = [
        (get("/cgi-bin/x"), 200),
        (get("/cgi-bin/broken"), 502),
        (get("/cgi-bin/dead"), 502),
        (get("/cgi-bin/none"), 500),
        (get("/cgi-bin/slow"), 504),
        (get("/cgi-bin/nothing"), 404),
        (format!("POST /cgi-bin/x HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n{long}"), 200),
        (chunked, 200),
    ];
    for round in 0..5 {
        for (request, status) in &requests {
            let reply = Client::sending(&server, request).read_reply();
            assert_eq!(reply.status, *status, "round {round}: {}", request.lines().next().unwrap_or_default());
        }
        // And clients that do not wait for their answer.
        let _gone: Vec<_> = requests.iter().map(|(request, _)| Client::sending(&server, request)).collect();
    }
    assert!(
        wait_until(|| is_idle(before)),
        "{} descriptors, {before} before; children: {:?}",
        descriptors(),
        children()
    );
    assert_eq!(fs::read_dir(&spool).expect("it is there").count(), 0, "stored bodies have no names");
    drop(server);
}
