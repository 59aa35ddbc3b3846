//! The beginning and the end of the program, with its first lines, its exit codes, and the texts that it prints instead
//! of serving.

mod support;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use support::http::needs;
use support::{Program, Scratch, basehttp, get, run};

#[test]
fn the_first_line_is_the_banner_of_the_original() {
    let (program, address) = Program::serving(&[]);
    let port = address.port();
    assert_ne!(port, 0, "the real one");
    let reply = get(address, "/");
    assert_eq!(reply.status, 200);
    let server = reply.field("Server").expect("who it is");
    assert!(server.starts_with(concat!("SimpleHTTP/", env!("CARGO_PKG_VERSION"), " Rust/")), "{server}");
    let text = program.stdout.wait_for("0.0.0.0");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("Serving HTTP on 127.0.0.1 port {port} (http://127.0.0.1:{port}/) ..."));
    assert!(lines[1].contains("basehttp --bind 0.0.0.0") && lines.len() == 2, "one line about the network: {text}");
}

#[test]
fn the_banner_tells_the_address_that_was_bound() {
    let mut table = vec![("127.0.0.2", "127.0.0.2", "127.0.0.2"), ("[127.0.0.1]", "127.0.0.1", "127.0.0.1")];
    if needs::ipv6() {
        table.extend([("::1", "::1", "[::1]"), ("[::1]", "::1", "[::1]")]);
    }
    for (bind, host, in_url) in table {
        let (program, address) = Program::serving(&["--bind", bind]);
        let port = address.port();
        assert_eq!(get(address, "/").status, 200, "{bind}");
        let stdout = program.stopped().stdout;
        assert_eq!(stdout, format!("Serving HTTP on {host} port {port} (http://{in_url}:{port}/) ...\n"), "{bind}");
    }
    let (_program, address) = Program::serving(&["--bind", "localhost"]);
    assert!(address.ip().is_loopback(), "a name is looked up: {address}");
}

#[test]
fn a_page_that_is_missing_is_named_and_is_served_once_it_is_there() {
    let scratch = Scratch::with(&[("404.html", "not here")]);
    let directory = scratch.path().to_str().expect("the build's directory has a plain name");
    let flags = ["--directory", directory, "--bind", "127.0.0.1", "--spa", "--not-found", "404.html"];
    let (program, address) = Program::serving(&flags);
    assert_eq!(get(address, "/some/path").status, 404);
    scratch.file("index.html", "an app");
    assert_eq!(get(address, "/some/path").body, b"an app");
    let stdout = program.stopped().stdout;
    let notices: Vec<_> = stdout.lines().skip(1).collect();
    let expected = format!("There is no {directory}/index.html yet. It is served once it is there.");
    assert_eq!(notices, [expected], "the other page is there");
}

#[test]
fn several_addresses_have_a_line_each_and_serve_the_same() {
    let program = Program::start(basehttp(["0", "-b", "127.0.0.1", "--bind", "127.0.0.2"]));
    let text = program.stdout.wait_for("127.0.0.2");
    let urls: Vec<_> = text.lines().filter_map(|line| line.split(['(', ')']).nth(1)).collect();
    assert_eq!(urls.len(), 2, "{text}");
    for (url, host) in urls.iter().zip(["127.0.0.1", "127.0.0.2"]) {
        let authority = url.strip_prefix("http://").and_then(|url| url.strip_suffix('/')).expect("a URL");
        let address: SocketAddr = authority.parse().expect("an address and a port");
        assert_eq!(address.ip().to_string(), host, "in the order they were given");
        assert_eq!(get(address, "/").status, 200, "{url}");
    }
    let taken = TcpListener::bind(("127.0.0.2", 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let ended = run(&[&port, "-b", "127.0.0.1", "--bind", "127.0.0.2"]);
    let text = format!("basehttp: port {port} of 127.0.0.1 or 127.0.0.2 is in use: ");
    assert!(ended.how() == "exit 1" && ended.stderr.starts_with(&text), "{ended:?}");
}

#[test]
fn a_taken_port_is_one_line_and_exit_code_1() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let ended = run(&[&port.to_string()]);
    let line = format!("basehttp: port {port} of 127.0.0.1 is in use: choose another one, or 0 for any free port\n");
    assert_eq!((ended.how().as_str(), ended.stdout.as_str(), ended.stderr), ("exit 1", "", line));
}

#[test]
fn what_cannot_be_served_is_one_line_and_exit_code_1() {
    let scratch = Scratch::with(&[("file", "")]);
    let (missing, file) = (format!("{}/missing", scratch.as_str()), format!("{}/file", scratch.as_str()));
    let long = format!("unix:/tmp/{}", "a".repeat(200));
    let table: [(&[&str], &str); 5] = [
        (&["-d", &missing], "missing: No such file or directory"),
        (&["-d", &file], "file is not a directory: name the directory that contains it"),
        (&["--bind", "192.0.2.1"], "192.0.2.1 is not an address of this computer"),
        (&["--bind", &long], "it is longer than the 100 bytes that every system takes: choose a shorter path"),
        (&["--bind", "no..such..host"], "cannot use --bind no..such..host: "),
    ];
    for (arguments, text) in table {
        let ended = run(&[&["0"], arguments].concat());
        assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 1", ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("basehttp: ") && ended.stderr.contains(text), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{arguments:?}: {ended:?}");
    }
}

#[test]
#[allow(clippy::too_many_lines)] // A table.
fn a_wrong_flag_says_what_to_write_and_exits_2() {
    let table: &[(&[&str], &str)] = &[
        (&["65536"], "the highest port is 65535"),
        (&["eighty"], "a port is a number from 0 to 65535; 0 picks a free one"),
        (&["-1"], "a port is a number from 0 to 65535; 0 picks a free one"),
        (&["+80"], "a port is a number from 0 to 65535; 0 picks a free one"),
        (&[""], "a port is a number from 0 to 65535; 0 picks a free one"),
        (&["tests"], "name a directory with --directory tests"),
        (&["--cors", "https://example.org"], "join an origin to its flag, as in --cors=https://example.org"),
        (&["--spa", "app.html"], "join a page to its flag, as in --spa=app.html"),
        (&["0", "8000"], "unexpected argument '8000'"),
        (&["8000", "tests"], "name a directory with --directory tests"),
        (&["Cargo.toml"], "to serve a file, name its directory with --directory .\n"),
        (&["src/main.rs"], "to serve a file, name its directory with --directory src\n"),
        (&["no/such/folder"], "name a directory with --directory"),
        (&["0.0.0.0"], "name an address with --bind 0.0.0.0\n"),
        (&["localhost"], "name an address with --bind localhost\n"),
        (&["::1"], "name an address with --bind ::1\n"),
        (&["0.0.0.0:8080"], "write address and port as two words: basehttp --bind 0.0.0.0 8080\n"),
        (&["[::1]:8080"], "write address and port as two words: basehttp --bind [::1] 8080\n"),
        (&[":8080"], "write the port alone: basehttp 8080\n"),
        (&["http://localhost:8080/"], "write address and port as two words: basehttp --bind localhost 8080\n"),
        (&["-p", "8080"], "write the port alone: basehttp 8080\n"),
        (&["-p8080"], "write the port alone: basehttp 8080\n"),
        (&["--port", "8080"], "there is no flag --port: write the port alone: basehttp 8080\n"),
        (&["--port=8080"], "write the port alone: basehttp 8080\n"),
        (&["--port"], "write the port alone: basehttp 8080\n"),
        (&["-b", "8080"], "write the port alone: basehttp 8080"),
        (&["--listen", "8080"], "write the port alone: basehttp 8080\n"),
        (&["-l", "0.0.0.0:80"], "write address and port as two words: basehttp --bind 0.0.0.0 80\n"),
        (&["-S", "localhost:80"], "write address and port as two words: basehttp --bind localhost 80\n"),
        (&["--host", "0.0.0.0"], "name an address with --bind 0.0.0.0\n"),
        (&["--host"], "a value is required for '--host <NAME>'"),
        (&["--host", "[::]"], "name an address with --bind ::\n"),
        (&["--host", "example.org:80"], "write the name alone, as in --host example.org"),
        (&["--host", "https://example.org"], "write the name alone, as in --host example.org"),
        (&["--host", "*"], "write the name alone, as in --host example.org"),
        (&["--hostname", "0.0.0.0"], "name an address with --bind 0.0.0.0\n"),
        (&["--auth", "a:b"], "a proxy in front can ask for passwords"),
        (&["-a", "a:b"], "a proxy in front can ask for passwords"),
        (&["--password=x"], "a proxy in front can ask for passwords"),
        (&["--root", "public"], "name the directory with --directory public\n"),
        (&["-t", "public"], "name the directory with --directory public\n"),
        (&["--tls"], "write --tls-cert PATH and --tls-key PATH, or --tls-self-signed"),
        (&["--ssl-cert=a.pem"], "write --tls-cert PATH and --tls-key PATH, or --tls-self-signed"),
        (&["--tls-key=a.pem"], "--tls-cert <PATH>"),
        (&["--tls-password-file", "a"], "write it without one, as in openssl pkey -in key.pem -out plain.pem"),
        (&["--tls-cert", "a.pem", "--tls-self-signed"], "cannot be used with"),
        (&["--tls-self-signed", "--tls-key", "a.pem"], "'--tls-self-signed' cannot be used with '--tls-key <PATH>'"),
        (&["--http-redirect", "80"], "--tls-self-signed"),
        (&["--tls-self-signed", "--http-redirect", "http"], "a port is a number from 0 to 65535"),
        (&["--single"], "write --spa\n"),
        (&["--hidden"], "write --dot-files\n"),
        (&["-c-1"], "write --cache-control max-age=60"),
        (&["--no-etag"], "write --etag off\n"),
        (&["--open"], "no browser is opened"),
        (&["--upload-files"], "files cannot be uploaded"),
        (&["-v"], "--version is -V"),
        (&["--charset", "a b"], "write the name of an encoding, as in utf-8"),
        (&["--pause", "0"], "write the number of seconds in digits, as in 600"),
        (&["--pause", "1m"], "write the number of seconds in digits, as in 600"),
        (
            &["--bind", "::1", "--bind", "[::1]"],
            "--bind ::1 and --bind ::1 are the same address: leave one of them out",
        ),
        (&["0", "-b", "127.0.0.1", "-b", "localhost"], "--bind 127.0.0.1 and --bind localhost are the same address"),
        (&["-b", "unix:/a", "-b", "unix:/a"], "--bind unix:/a and --bind unix:/a are the same address"),
        (&["-b", "unix:u1.sock"], "write the whole path of the socket's file, as in --bind unix:/run/basehttp.sock"),
        (&["-b", "unix:"], "write the whole path of the socket's file"),
        (&["-b", "unix:/"], "write the whole path of the socket's file"),
        (&["-b", "unix:@name"], "write the whole path of the socket's file"),
        (&["0", "--unix-mode", "660"], "--unix-mode is for the Unix sockets of --bind: add one"),
        (&["0", "--unix-mode", "660", "-b", "127.0.0.1"], "--unix-mode is for the Unix sockets of --bind: add one"),
        (&["--reuse-port", "-b", "unix:/a"], "--reuse-port is for a port that the program binds, and there is none"),
        (&["--host", "exämple.org"], "write it as browsers send it, in ASCII, as in --host xn--"),
        (&["--trust-proxy", "127.0.0.1,10.0.0.0/8"], "; give the flag once for each"),
        (
            &["0", "--cgi", "--cors=https://a.example:443"],
            "--cors: \"https://a.example:443\" is not an origin as browsers",
        ),
        (&["--bind", "80"], "write the port alone: basehttp 80"),
        (&["--bind"], "a value is required for '--bind <ADDRESS>'"),
        (&["--bind", ""], "write 127.0.0.1 for this computer alone, 0.0.0.0 or :: for the whole network"),
        (&["--bind", "127.0.0.1:80"], "write the port alone: basehttp --bind 127.0.0.1 80"),
        (&["--bind", "[::1]:80"], "write the port alone: basehttp --bind [::1] 80"),
        (&["--bind", ":80"], "write the port alone: basehttp 80"),
        (&["--bind", "http://localhost/"], "write the address alone, as in --bind 127.0.0.1"),
        (&["--bnd", "::1"], "a similar argument exists: '--bind'"),
        (&["--directory", ""], "a value is required for '--directory <DIRECTORY>'"),
        (&["--protocol", "HTTP/2"], "[possible values: HTTP/1.0, HTTP/1.1]"),
        (&["--workers", "0"], "0 is not in 1..=1024"),
        (&["--workers", "1025"], "1025 is not in 1..=1024"),
        (&["--index", "a/b.html"], "write the name alone, as in index.html"),
        (&["--index", ".."], "write the name alone, as in index.html"),
        (&["--spa=/app.html"], "write its path within the directory that is served"),
        (&["--spa=../app.html"], "write its path within the directory that is served"),
        (&["--not-found", "a/../../b"], "write its path within the directory that is served"),
        (&["--cache-bytes", "1M"], "write the number of bytes in digits, as in 1048576; 0 is none"),
        (&["--header", "X-A"], "2 values required for '--header <NAME> <VALUE>'"),
        (
            &["--header", "X-A: b", "0"],
            "write name and value of a header as two words, as in --header X-Frame-Options DENY",
        ),
        (&["--header", "X A", "b"], "\"X A\" is not a field name"),
        (&["--header", "X-A", "b\r\nX-B: c"], "which a field cannot carry"),
        (&["--header", "Content-Length", "3"], "only the server may send Content-Length"),
        (&["--header", "Content-Type", "a/b"], "only the server may send Content-Type"),
        (&["--cgi-env", "A=b"], "--cgi"),
        (&["--cgi", "--cgi-env", "=b"], "write NAME=VALUE, or the name of a variable that is set here"),
        (&["--cgi", "--cgi-env", "BASEHTTP_IS_NOT_SET"], "write BASEHTTP_IS_NOT_SET=VALUE"),
        (&["--cgi-authorization"], "--cgi"),
        (&["--content-type", "text"], "write type and subtype, as in text/plain"),
        (&["--cache-control", "a\nb"], "which a field cannot carry"),
        (&["--cors=example.org"], "write * for all sites, or the scheme and host of one"),
        (&["--cors=https://example.org/"], "write * for all sites, or the scheme and host of one"),
        (&["--etag", "none"], "[possible values: strong, weak, off]"),
        (&["--completions", "tcsh"], "[possible values: bash, elvish, fish, powershell, zsh]"),
    ];
    for &(arguments, text) in table {
        let ended = run(arguments);
        assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 2", ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(text), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("Usage: basehttp "), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("as a value"), "no port begins with dashes: {}", ended.stderr);
        assert!(!ended.stderr.contains("--cgi-auth") || text.contains("--cgi"), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn help_and_version_are_printed() {
    for flag in ["-h", "--help"] {
        let ended = run(&[flag]);
        assert_eq!((ended.how().as_str(), ended.stderr.as_str()), ("exit 0", ""), "{flag}");
        let parts = ["[PORT]", "\nServer:\n", "\nHTTPS:\n", "\nFiles:\n", "\nResponses:\n", "\nGeneral:\n"];
        let places: Vec<_> = parts.iter().map(|part| ended.stdout.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{flag}: {}", ended.stdout);
        assert!(ended.stdout.contains("[default: 8000]"), "{flag}: {}", ended.stdout);
    }
    for flag in ["-V", "--version"] {
        let ended = run(&[flag]);
        let version = concat!("basehttp ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!((ended.how().as_str(), ended.stdout.as_str()), ("exit 0", version), "{flag}");
    }
}

/// The long flags that `--help` names.
fn flags() -> Vec<String> {
    let help = run(&["--help"]).stdout;
    // Its texts are further to the right, and a line of theirs may begin with a flag as well.
    let starts =
        help.lines().filter(|line| line.trim_start_matches(' ').starts_with('-') && !line.starts_with("        "));
    let flags = starts.filter_map(|line| line.split_once("--").map(|(_, rest)| rest));
    flags.map(|rest| rest.split(['[', ' ', '=']).next().expect("a word").to_owned()).collect()
}

#[test]
fn completions_and_the_man_page_have_every_flag() {
    let flags = flags();
    assert!(flags.len() > 20 && flags.contains(&"no-precompressed".to_owned()), "{flags:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(&["--completions", shell]);
        assert_eq!((ended.how().as_str(), ended.stderr.as_str()), ("exit 0", ""), "{shell}");
        for flag in &flags {
            assert!(ended.stdout.contains(flag), "{shell}: {flag}");
        }
    }
    let page = run(&["--man"]).stdout.replace("\\-", "-");
    for flag in &flags {
        assert!(page.contains(&format!("\\fB--{flag}\\fR")), "the man page: {flag}");
    }
    for section in ["NAME", "OPTIONS", "OUTPUT", "SIGNALS", "LIMITS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"] {
        assert_eq!(page.matches(&format!("\n.SH {section}\n")).count(), 1, "the man page: {section}");
    }
}

#[test]
fn bash_completes_flags_and_their_values() {
    if !needs::program("bash") {
        return;
    }
    let table = [("--di", "--directory"), ("--etag w", "weak"), ("--protocol HTTP/1.", "HTTP/1.0 HTTP/1.1")];
    for (typed, expected) in table {
        let words: Vec<_> = ["basehttp"].into_iter().chain(typed.split(' ')).collect();
        let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
        let script = format!(
            "{}\nCOMP_WORDS=({}); COMP_CWORD={}\n_basehttp basehttp '{last}' '{before}'; echo \"${{COMPREPLY[*]}}\"",
            run(&["--completions", "bash"]).stdout,
            words.join(" "),
            words.len() - 1,
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &script]);
        let ended = Program::start(bash).ended();
        assert_eq!((ended.stdout.trim(), ended.stderr.as_str()), (expected, ""), "{typed}");
    }
}

#[test]
fn man_shows_the_page_without_a_complaint() {
    if !needs::program("man") {
        return;
    }
    let mut command = Command::new("man");
    command.args(["--warnings", "-E", "UTF-8", "-l", "-"]).env("MANWIDTH", "100");
    let mut man = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("man");
    let page = run(&["--man"]).stdout;
    man.stdin.take().expect("it is piped").write_all(page.as_bytes()).expect("man reads");
    let output = man.wait_with_output().expect("man ends");
    let (shown, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    assert!(shown.contains("Serving HTTP on 127.0.0.1 port 8000 (http://127.0.0.1:8000/) ..."), "{shown}");
}

#[test]
fn no_color_and_pipes_have_no_colours() {
    let table: [(&[&str], bool, &str); 3] = [
        (&[], false, "a pipe"),
        (&["CLICOLOR_FORCE"], true, "a pipe that wants them"),
        (&["CLICOLOR_FORCE", "NO_COLOR"], false, "NO_COLOR"),
    ];
    for (variables, has_colours, why) in table {
        for argument in ["--help", "--wrong"] {
            let mut command = basehttp([argument]);
            command.envs(variables.iter().map(|variable| (variable, "1")));
            let ended = Program::start(command).ended();
            let text = ended.stdout + &ended.stderr;
            assert_eq!(text.contains('\x1b'), has_colours, "{why}, {argument}: {text:?}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for arguments in [&["--man"][..], &["--completions", "bash"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = basehttp(arguments).stdout(writer).output().expect("it runs");
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}
