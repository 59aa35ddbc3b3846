//! The environment of a script to the letter, its arguments, directory and descriptors, and the things that it must not
//! see.

use std::collections::BTreeSet;
use std::fs;

use crate::support::scripts::{SH, Scripts, Site, get};
use crate::support::{Client, Reply, child};
use basehttp::testing::Server;
use basehttp::{CGIHTTPRequestHandler, CGIHTTPRequestHandlerBuilder, HTTPServer, SimpleHTTPRequestHandler};
use rustix::process::{Resource, Rlimit, getrlimit};

/// Prints the environment that it was started with, one variable a line, and nothing that the shell has added.
const ENVIRONMENT: &str =
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; tr '\\0' '\\n' </proc/$$/environ | LC_ALL=C sort\n";

/// Prints its arguments, each in brackets.
const ARGUMENTS: &str =
    "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; for word; do printf '[%s]' \"$word\"; done\n";

fn scripts() -> Scripts {
    Scripts::with(&[("env", ENVIRONMENT), ("args", ARGUMENTS)])
}

/// The variables that begin with these letters, and their values.
fn variables(reply: &Reply, prefix: &str) -> Vec<String> {
    reply.text().lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

#[test]
fn the_environment_is_the_standard_s_and_nothing_else() {
    let scripts = scripts();
    let www = scripts.www();
    let www = www.display();
    let reply = scripts.site().get("/cgi-bin/env");
    let expected = format!(
        "DOCUMENT_ROOT={www}\nGATEWAY_INTERFACE=CGI/1.1\nHTTP_HOST=example.org\nPATH_INFO=\nQUERY_STRING=\nREMOTE_ADDR=\nREMOTE_HOST=\n\
         REQUEST_METHOD=GET\nREQUEST_URI=/cgi-bin/env\nSCRIPT_FILENAME={www}/cgi-bin/env\nSCRIPT_NAME=/cgi-bin/env\nSERVER_NAME=example.org\n\
         SERVER_PORT=0\nSERVER_PROTOCOL=HTTP/1.1\nSERVER_SOFTWARE=Site/1.0\n"
    );
    assert_eq!(reply.text(), expected, "of a request without much, by no socket");

    let (server, _) = Site::of(scripts.options().env("OWN", "a b").env("OWN", "c").env("PATH_INFO", "x")).serve();
    let port = server.address().port();
    let request = format!(
        "POST /cgi-bin/env/a%20b/%2541/?x=%20&y HTTP/1.0\r\nHost: localhost:{port}\r\nContent-Type: a/b\r\n\
         Content-Length: 2\r\nX-Own: 1\r\nx-own: 2\r\nCookie: a=1\r\nCookie: b=2\r\n\r\nhi"
    );
    let reply = Client::sending(&server, request).read_reply();
    let expected = format!(
        "CONTENT_LENGTH=2\nCONTENT_TYPE=a/b\nDOCUMENT_ROOT={www}\nGATEWAY_INTERFACE=CGI/1.1\nHTTP_COOKIE=a=1; b=2\n\
         HTTP_HOST=localhost:{port}\nHTTP_X_OWN=1, 2\nOWN=c\nPATH_INFO=/a b/%41/\nPATH_TRANSLATED={www}/a b/%41/\n\
         QUERY_STRING=x=%20&y\nREMOTE_ADDR=127.0.0.1\nREMOTE_HOST=127.0.0.1\nREQUEST_METHOD=POST\n\
         REQUEST_URI=/cgi-bin/env/a%20b/%2541/?x=%20&y\nSCRIPT_FILENAME={www}/cgi-bin/env\nSCRIPT_NAME=/cgi-bin/env\nSERVER_NAME=localhost\nSERVER_PORT={port}\n\
         SERVER_PROTOCOL=HTTP/1.0\nSERVER_SOFTWARE=Site/1.0\n"
    );
    assert_eq!(reply.text(), expected, "of a request with everything, by a socket");
}

#[test]
fn a_script_can_tell_the_path_as_it_was_sent() {
    let scripts = scripts();
    scripts.add("cgi-bin/to", &format!("{SH}printf 'Location: /cgi-bin/env/new?x\\n\\n'"));
    let site = scripts.site();
    let table = [
        ("/cgi-bin/env/Hi///There//x", "/cgi-bin/env/Hi///There//x", "/Hi/There/x", "/cgi-bin/env", "slashes"),
        ("/cgi-bin/env/a%2fb?q=/../x", "/cgi-bin/env/a%2fb?q=/../x", "/a/b", "/cgi-bin/env", "encoded"),
        ("/cgi-bin/x/../env/y", "/cgi-bin/x/../env/y", "/y", "/cgi-bin/env", "dots"),
        ("/cgi-bin/to?a", "/cgi-bin/to?a", "/new", "/cgi-bin/env", "what the client sent, after a local redirect"),
    ];
    for (path, uri, info, name, why) in table {
        let reply = site.get(path);
        let expected = [format!("REQUEST_URI={uri}"), format!("PATH_INFO={info}"), format!("SCRIPT_NAME={name}")];
        for line in expected {
            assert!(reply.text().lines().any(|other| other == line), "{path}: {why}: no {line} in {}", reply.text());
        }
    }
    let files = SimpleHTTPRequestHandler::builder().directory(scripts.www()).mounted_at("/site").build();
    let mounted = CGIHTTPRequestHandler::builder(files.expect("it is there")).cgi_directories(["/cgi-bin"]);
    let reply = Site::of(mounted).get("/site/cgi-bin/env/x");
    assert_eq!(variables(&reply, "SCRIPT_NAME"), ["SCRIPT_NAME=/site/cgi-bin/env"], "below a mount");
    assert_eq!(variables(&reply, "DOCUMENT_ROOT"), [format!("DOCUMENT_ROOT={}", scripts.www().display())]);
}

#[test]
fn a_script_learns_the_client_and_the_scheme_from_a_trusted_proxy() {
    let scripts = scripts();
    let builder = HTTPServer::builder().trust_proxies(["127.0.0.1"]);
    let builder = builder.forwarded_fields(["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]);
    let trusting = Server::start_with(builder, Site::of(scripts.options())).expect("a free port");
    let (plain, _) = scripts.serve();
    let request = "GET /cgi-bin/env HTTP/1.0\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n\
                   X-Forwarded-Host: example.org\r\n\r\n";
    for (server, expected) in [
        (&trusting, ["HTTPS=on", "REMOTE_ADDR=203.0.113.7", "SERVER_NAME=example.org"]),
        (&plain, ["", "REMOTE_ADDR=127.0.0.1", "SERVER_NAME=127.0.0.1"]),
    ] {
        let reply = Client::sending(server, request).read_reply();
        let found = ["HTTPS=", "REMOTE_ADDR=", "SERVER_NAME="].map(|name| variables(&reply, name).concat());
        assert_eq!(found, expected);
    }
}

#[test]
fn fields_that_would_deceive_a_script_never_reach_it() {
    let scripts = scripts();
    let site = scripts.site();
    let table: [(&str, &[&str], &str); 13] = [
        ("X-Plain: 1", &["HTTP_X_PLAIN=1"], "any field"),
        ("Proxy: http://evil/", &[], "programs take HTTP_PROXY for the address of theirs"),
        ("proxy: http://evil/", &[], "in any case"),
        ("Authorization: Basic YTpi", &[], "a password, unless it is asked for"),
        ("Proxy-Authorization: Basic YTpi", &[], "the proxy's"),
        ("X_Forged: 1", &[], "it would be mistaken for X-Forged"),
        ("X-Real: 1\r\nX_Real: 2", &["HTTP_X_REAL=1"], "and outvote it"),
        ("X.Dots: 1", &[], "no letters"),
        ("Keep-Alive: 5", &[], "the connection's"),
        ("TE: trailers", &[], "the connection's"),
        ("Connection: X-Hop, close\r\nX-Hop: 1\r\nX-Other: 2", &["HTTP_X_OTHER=2"], "and what it names"),
        ("Upgrade: x", &[], "the connection's"),
        ("X-Shell: () { :; }; echo hi", &["HTTP_X_SHELL=() { :; }; echo hi"], "a value is a value"),
    ];
    for (fields, expected, why) in table {
        let reply = site.answer(&format!("GET /cgi-bin/env HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n"));
        let passed: Vec<_> = variables(&reply, "HTTP_").into_iter().filter(|line| line != "HTTP_HOST=h").collect();
        assert_eq!(passed, expected, "{fields:?}: {why}");
    }
}

#[test]
fn the_server_s_own_environment_stays_its_own() {
    let scripts = scripts();
    let path = std::env::var("PATH").expect("tests run with one");
    assert_eq!(variables(&scripts.site().get("/cgi-bin/env"), "PATH="), [""; 0]);
    let site = Site::of(scripts.options().pass_env("PATH").pass_env("NO_SUCH_VARIABLE_IS_SET"));
    let reply = site.get("/cgi-bin/env");
    assert_eq!(variables(&reply, "PATH="), [format!("PATH={path}")]);
    assert_eq!(variables(&reply, "NO_SUCH"), [""; 0]);
}

#[test]
fn the_authorization_reaches_scripts_that_check_it() {
    let scripts = scripts();
    let site = Site::of(scripts.options().pass_authorization(true));
    let reply = site.answer("GET /cgi-bin/env HTTP/1.1\r\nHost: h\r\nAuthorization: Basic YTpi\r\n\r\n");
    assert_eq!(variables(&reply, "HTTP_AUTH"), ["HTTP_AUTHORIZATION=Basic YTpi"]);
    assert_eq!(variables(&reply, "AUTH_TYPE"), [""; 0], "nobody has checked it");
    assert_eq!(variables(&reply, "REMOTE_USER"), [""; 0], "nobody has checked it");
}

#[test]
fn the_content_s_variables_are_there_when_there_is_content() {
    let scripts = scripts();
    let site = scripts.site();
    let table: [(&str, &[&str], &str); 6] = [
        ("", &[], "nothing"),
        ("Content-Type: a/b\r\n", &[], "a type of nothing"),
        ("Content-Length: 0\r\n", &["CONTENT_LENGTH=0"], "nothing, as it says"),
        ("Content-Length: 2\r\n\r\nhi", &["CONTENT_LENGTH=2"], "without a type"),
        ("Content-Type: a/b\r\nContent-Length: 2\r\n\r\nhi", &["CONTENT_LENGTH=2", "CONTENT_TYPE=a/b"], "with one"),
        ("Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n", &["CONTENT_LENGTH=3"], "chunks, added up"),
    ];
    for (rest, expected, why) in table {
        let end = if rest.contains("\r\n\r\n") { "" } else { "\r\n" };
        let reply = site.answer(&format!("POST /cgi-bin/env HTTP/1.1\r\nHost: h\r\n{rest}{end}"));
        assert_eq!(variables(&reply, "CONTENT_"), expected, "{why}");
        assert_eq!(variables(&reply, "HTTP_CONTENT"), [""; 0], "{why}");
        assert_eq!(variables(&reply, "HTTP_TRANSFER"), [""; 0], "{why}");
    }
}

#[test]
fn a_query_without_an_equals_sign_becomes_arguments() {
    let scripts = scripts();
    let site = scripts.site();
    let table = [
        ("", "", "no query"),
        ("?", "", "an empty one"),
        ("?one+two", "[one][two]", "two words"),
        ("?a%20b+%24(id)+;ls", "[a b][$(id)][;ls]", "no shell looks at them"),
        ("?a=b", "", "a form"),
        ("?-e+print", "", "an option"),
    ];
    for (query, expected, why) in table {
        assert_eq!(site.get(&format!("/cgi-bin/args{query}")).text(), expected, "{query}: {why}");
    }
    let post = get("/cgi-bin/args?one").replace("GET", "POST");
    assert_eq!(site.answer(&post).text(), "", "a POST has content");
}

#[test]
fn a_script_runs_in_its_own_folder_and_is_called_by_its_name() {
    let text = format!("{SH}printf 'Content-Type: text/plain\\n\\n%s %s' \"$(pwd)\" \"$0\"");
    let scripts = Scripts::with(&[("x", &text), ("sub/x", &text)]);
    let site = scripts.site();
    let www = scripts.www();
    assert_eq!(site.get("/cgi-bin/x").text(), format!("{}/cgi-bin ./x", www.display()));
    assert_eq!(site.get("/cgi-bin/sub/x/more").text(), format!("{}/cgi-bin/sub ./x", www.display()));
}

#[test]
fn a_script_has_no_descriptors_but_three() {
    // `ls` opens the folder that it lists, and no more.
    let list = format!("{SH}printf 'Content-Type: text/plain\\n\\n'; exec ls -l /proc/self/fd\n");
    let scripts = Scripts::with(&[("list", &list), ("wait", &format!("{SH}echo $$ >here\nexec sleep 100"))]);
    // Those that this process has inherited itself are not ours to close.
    let inherited: BTreeSet<String> = inherited_descriptors();
    let (server, _) = Site::of(scripts.options().pass_env("PATH")).serve();
    let _idle: Vec<_> = (0..5).map(|_| Client::of(&server)).collect();
    let _running = Client::sending(&server, get("/cgi-bin/wait"));
    scripts.await_file("here");
    let body = "x".repeat(100_000);
    let request = format!("POST /cgi-bin/list HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{body}");
    for request in [get("/cgi-bin/list"), request] {
        let reply = Client::sending(&server, request).read_reply();
        let shown = reply.text().lines().filter_map(|line| line.split_once(" -> "));
        let lines: Vec<_> = shown.filter_map(|(left, to)| Some((left.rsplit(' ').next()?, to))).collect();
        let own = |to: &str| to.ends_with("/fd");
        let rest = lines.iter().filter(|(fd, to)| !own(to) && !inherited.contains(*fd));
        assert_eq!(rest.map(|(fd, _)| *fd).collect::<Vec<_>>(), ["0", "1", "2"], "{lines:?}, {inherited:?}");
        assert!(lines.iter().all(|(_, to)| !to.starts_with("socket:")), "no connection: {lines:?}");
    }
}

#[test]
fn a_script_has_the_soft_limit_of_descriptors_that_it_is_given() {
    // Another test may raise the limit of their process.
    if !child::is_alone(module_path!(), "a_script_has_the_soft_limit_of_descriptors_that_it_is_given") {
        return;
    }
    // The first line of the body reaches the script when its limit is set.
    let text = "read -r line; printf 'Content-Type: text/plain\\n\\n%s %s' \"$(ulimit -Sn)\" \"$(ulimit -Hn)\"";
    let scripts = Scripts::with(&[("x", &format!("{SH}{text}"))]);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let shown = |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let hard = shown(maximum);
    let table = [
        (None, shown(current), "the server's own"),
        (Some(100), "100".to_owned(), "a lower one"),
        (Some(0), "16".to_owned(), "what a shell needs"),
        (Some(u64::MAX - 1), hard.clone(), "no more than the hard one"),
    ];
    for (given, soft, why) in table {
        let options = given.into_iter().fold(scripts.options(), CGIHTTPRequestHandlerBuilder::soft_descriptor_limit);
        let (server, _) = Site::of(options).serve();
        let request = "POST /cgi-bin/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ngo\n";
        assert_eq!(Client::sending(&server, request).read_reply().text(), format!("{soft} {hard}"), "{why}");
    }
}

/// The descriptors of this process that it did not open itself, and that are not closed on execution.
fn inherited_descriptors() -> BTreeSet<String> {
    /// `O_CLOEXEC`, as /proc shows it.
    const CLOEXEC: u32 = 0o2_000_000;
    let numbers = fs::read_dir("/proc/self/fdinfo").expect("Linux").filter_map(|entry| {
        let entry = entry.ok()?;
        let info = fs::read_to_string(entry.path()).ok()?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        let is_passed_on = u32::from_str_radix(&flags, 8).ok()? & CLOEXEC == 0;
        is_passed_on.then(|| entry.file_name().to_string_lossy().into_owned())
    });
    numbers.filter(|number| !matches!(number.as_str(), "0" | "1" | "2")).collect()
}
