//! Programs as pages: `--cgi`, and the environment of the programs.

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::{Resource, getrlimit};
use support::http::Client;
use support::{Program, Scratch, ask, basehttp, get, reply};

/// Prints the variables whose names it is asked for, and its input.
const SCRIPT: &str = "#!/bin/sh
echo 'Content-Type: text/plain'
echo
for name in $(echo \"$QUERY_STRING\" | tr , ' '); do eval \"echo $name=\\$$name\"; done
cat
";

fn site() -> Scratch {
    let scratch = Scratch::with(&[("cgi-bin/vars", SCRIPT), ("htbin/vars", SCRIPT), ("a.txt", "a")]);
    for path in ["cgi-bin/vars", "htbin/vars"] {
        fs::set_permissions(scratch.path().join(path), Permissions::from_mode(0o755)).expect("it is ours");
    }
    scratch
}

#[test]
fn programs_run_where_they_are_asked_for_and_are_files_elsewhere() {
    let scratch = site();
    let directory = ["-d", scratch.as_str()];
    let (_program, address) = Program::serving(&directory);
    assert_eq!(get(address, "/cgi-bin/vars").text(), SCRIPT, "as with the original");
    for protocol in ["HTTP/1.0", "HTTP/1.1"] {
        let (_program, address) = Program::serving(&[&directory[..], &["--cgi", "-p", protocol]].concat());
        for path in ["/cgi-bin/vars", "/htbin/vars"] {
            let method = reply(address, "GET", &format!("{path}?REQUEST_METHOD,SCRIPT_NAME"), "");
            assert_eq!(method.text(), format!("REQUEST_METHOD=GET\nSCRIPT_NAME={path}\n"), "{protocol}");
        }
        assert_eq!(get(address, "/a.txt").text(), "a");
        assert_eq!(get(address, "/cgi-bin/").status, 403, "nothing is listed");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let mut client = Client::connect(address);
            client
                .send(format!("{method} /cgi-bin/vars HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"));
            let reply = client.read_reply();
            assert_eq!((reply.status, reply.text()), (200, "hello"), "{method}");
        }
        let refused =
            ask(address, "POST /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assert!(refused.starts_with(format!("{protocol} 501 ").as_bytes()), "a file takes no input");
    }
}

#[test]
fn a_body_beyond_the_limit_of_files_is_refused_and_the_program_serves_on() {
    let scratch = site();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -f 16; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_basehttp")]);
    let program = Program::start({
        command.args(["0", "-d", scratch.as_str(), "--cgi"]);
        command
    });
    // Its length is not told, so that it is stored first.
    let chunk = [&b"8000\r\n"[..], "a".repeat(0x8000).as_bytes(), b"\r\n"].concat();
    let head = b"POST /cgi-bin/vars HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = Client::connect(program.address());
    client.send([&head[..], &chunk.repeat(8), b"0\r\n\r\n"].concat());
    let status = client.read_reply().status;
    assert!(status >= 400, "{status}");
    assert_eq!(get(program.address(), "/a.txt").text(), "a");
    assert_eq!(program.stopped().how(), "exit 0");
}

#[test]
fn pages_of_other_sites_do_not_reach_a_program_unless_cors_names_them() {
    let scratch = site();
    let of = |origin: &str, site: &str| format!("Origin: {origin}\r\nSec-Fetch-Site: {site}\r\nContent-Length: 0\r\n");
    let [app, evil] = ["https://app.example", "https://evil.example"].map(|origin| of(origin, "cross-site"));
    let own = of("http://localhost", "same-origin");
    let old_browser = "Origin: https://evil.example\r\nContent-Length: 0\r\n".to_owned();
    let no_browser = "Content-Length: 0\r\n".to_owned();
    let table = [
        (&[][..], [403, 403, 200, 403, 200]),
        (&["--cors=https://app.example"], [200, 403, 200, 403, 200]),
        (&["--cors=null"], [403, 403, 200, 403, 200]),
        (&["--cors"], [200, 200, 200, 200, 200]),
    ];
    for (further, statuses) in table {
        let (_program, address) = Program::serving(&[&["-q", "-d", scratch.as_str(), "--cgi"], further].concat());
        for (fields, status) in [&app, &evil, &own, &old_browser, &no_browser].into_iter().zip(statuses) {
            assert_eq!(reply(address, "POST", "/cgi-bin/vars", fields).status, status, "{further:?} {fields}");
            assert_eq!(reply(address, "GET", "/cgi-bin/vars", fields).status, 200, "{further:?} {fields}");
        }
    }
}

#[test]
fn programs_see_the_variables_that_are_given_and_no_others() {
    let scratch = site();
    let flags = [
        "0",
        "-d",
        scratch.as_str(),
        "--cgi",
        "--cgi-env",
        "GIVEN=a=b",
        "--cgi-env",
        "HANDED_ON",
        "--cgi-env",
        "EMPTY=",
    ];
    let mut command = basehttp(flags);
    command.env("HANDED_ON", "from here").env("SECRET", "not for programs");
    let program = Program::start(command);
    let seen = get(program.address(), "/cgi-bin/vars?GIVEN,HANDED_ON,EMPTY,SECRET,HTTP_AUTHORIZATION");
    assert_eq!(seen.text(), "GIVEN=a=b\nHANDED_ON=from here\nEMPTY=\nSECRET=\nHTTP_AUTHORIZATION=\n");
}

#[test]
fn the_command_raises_its_soft_limit_of_descriptors_and_programs_get_the_old_one() {
    const LIMITS: &str = "#!/bin/sh\nread -r line\nprintf 'Content-Type: text/plain\\n\\n'\nulimit -Sn\n\
                          sed -n 's/^Max open files *//p' /proc/$PPID/limits\n";
    let scratch = Scratch::with(&[("cgi-bin/limits", LIMITS)]);
    fs::set_permissions(scratch.path().join("cgi-bin/limits"), Permissions::from_mode(0o755)).expect("it is ours");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 200; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_basehttp")]);
    command.args(["0", "--cgi", "-d", scratch.as_str()]);
    let program = Program::start(command);
    let mut client = Client::connect(program.address());
    // The limit is set before the program gets its input.
    client.send("POST /cgi-bin/limits HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\ngo\n");
    let reply = client.read_reply();
    let (own, servers) = reply.text().split_once('\n').expect("two lines");
    let servers: Vec<_> = servers.split_whitespace().collect();
    let hard = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    assert_eq!((own, servers[0]), ("200", &*hard.min(65_536).to_string()), "{servers:?}");
}

#[test]
fn programs_see_who_claims_to_ask_only_if_they_may() {
    let scratch = site();
    for (flags, seen) in [(&["--cgi"][..], ""), (&["--cgi", "--cgi-authorization"], "Basic eDp5")] {
        let (_program, address) = Program::serving(&[&["-d", scratch.as_str()], flags].concat());
        let reply = reply(address, "GET", "/cgi-bin/vars?HTTP_AUTHORIZATION", "Authorization: Basic eDp5\r\n");
        assert_eq!(reply.text(), format!("HTTP_AUTHORIZATION={seen}\n"), "{flags:?}");
    }
}
