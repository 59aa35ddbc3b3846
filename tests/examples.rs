//! Runs the examples. Every `curl` line of their headers is carried out here without curl, on the program itself, and
//! the reply must be the one that the header shows.

mod support;

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use basehttp::testing::Certificate;
use rustix::process::{Pid, Signal, kill_process};
use rustls::{ClientConnection, StreamOwned};
#[cfg(feature = "full")]
use support::needs;
use support::{Client, PATIENCE, Reply};

#[test]
fn every_example_is_short_and_says_how_to_run_it() {
    for path in sources() {
        let (name, source) = (name(&path), read(&path));
        let lines = source.lines().filter(|line| !line.starts_with("//!") && !line.is_empty()).count();
        assert!(lines < 60, "{name} has {lines} lines beside its header: an example has fewer than 60");
        let header: String = source.lines().take_while(|line| line.starts_with("//!")).collect();
        let features = if needs_more(&path) { " --features full" } else { "" };
        let command = format!("`cargo run --release --example {name}{features}`");
        assert!(header.contains(&command), "{name} says how to run it: {command}");
        assert!(header.contains("curl "), "{name} has a curl line");
    }
}

/// The first command of the README builds what the examples depend on, so that must be little.
#[test]
fn the_examples_need_no_crate_except_basehttp() {
    let manifest = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/Cargo.toml"));
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).expect("a table of dependencies");
    let mut names = Vec::new();
    for line in dependencies.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(['=', '.']).expect("a dependency in one line");
        if !value.contains("optional = true") {
            names.push(name.trim());
        }
    }
    assert_eq!(names, ["basehttp"]);
    assert!(!manifest.contains("dev-dependencies"), "an example would be built with these, too");
}

#[test]
fn the_readme_shows_the_examples_and_what_they_print() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = read(&root.join("README.md"));
    let [hello, paths] = ["hello", "paths"].map(|name| read(&root.join(format!("examples/{name}.rs"))));
    for program in [&hello, &paths] {
        let handler = program.split("\nstruct ").nth(1).and_then(|rest| rest.split("fn main").next());
        assert!(
            readme.contains(handler.expect("a handler before its main").trim_end()),
            "the README's program is another"
        );
    }
    assert!(readme.contains("$ cargo run --release --example hello\n"));
    for step in steps(&hello) {
        let Step { command, output } = step;
        assert!(readme.contains(&format!("```console\n$ {command}\n{output}```")), "the README lacks {command}");
    }
}

#[test]
fn every_example_answers_as_its_header_shows() {
    for path in built() {
        let program = Program::start(&name(&path));
        let mut jar = String::new();
        for step in steps(&read(&path).replace("127.0.0.1:8000", &program.address)) {
            let shown = carry_out(&step.command, &program.address, &mut jar);
            assert_eq!(shown.trim(), step.output.trim(), "{} of {}", step.command, path.display());
        }
    }
}

#[test]
fn echo_keeps_the_media_type_and_what_follows_the_body() {
    let program = Program::start("echo");
    let mut client = Client::connect(&program.address);
    let sized = "Content-Type: text/x-poem\r\nContent-Length: 5\r\n\r\nroses";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nvio\r\n4;x=y\r\nlets\r\n0\r\n\r\n";
    client.send(format!("POST / HTTP/1.1\r\nHost: x\r\n{sized}POST / HTTP/1.1\r\nHost: x\r\n{chunked}"));
    let replies = [client.read_reply(), client.read_reply()];
    assert_eq!(replies.each_ref().map(Reply::text), ["roses", "violets"]);
    let types = replies.each_ref().map(|reply| reply.field("Content-Type"));
    assert_eq!(types, [Some("text/x-poem"), Some("application/octet-stream")]);
}

#[test]
fn echo_streams_a_body_that_is_larger_than_every_buffer() {
    let program = Program::start("echo");
    let mut client = Client::connect(&program.address);
    let body = vec![b'e'; 1024 * 1024];
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n");
    let mut sender = client.stream().try_clone().expect("a socket can be cloned");
    let sent = body.clone();
    let sending = std::thread::spawn(move || std::io::Write::write_all(&mut sender, &sent));
    let reply = client.read_reply();
    sending.join().expect("the sender does not panic").expect("the whole body was taken");
    assert_eq!(reply.field("Transfer-Encoding"), Some("chunked"), "nobody has counted it before it went out");
    assert!(reply.body == body, "{} bytes came back", reply.body.len());
}

#[test]
fn shared_state_tells_a_new_key_from_an_old_one() {
    let program = Program::start("shared_state");
    let table = [
        ("PUT /ada HTTP/1.1\r\nContent-Length: 1", "a", 201, "made"),
        ("PUT /ada HTTP/1.1\r\nContent-Length: 1", "b", 204, "replaced"),
        ("DELETE /ada HTTP/1.1", "", 204, "removed"),
        ("DELETE /ada HTTP/1.1", "", 404, "removed before"),
        ("GET /ada HTTP/1.1", "", 404, "removed before"),
        ("GET /ada/too HTTP/1.1", "", 404, "no key"),
        ("PUT /ada HTTP/1.1\r\nContent-Length: 1048577", "", 413, "more than a value may have"),
    ];
    for (head, body, status, why) in table {
        let mut client = Client::connect(&program.address);
        client.send(format!("{head}\r\nHost: x\r\n\r\n{body}"));
        assert_eq!(client.read_reply().status, status, "{why}");
    }
}

#[cfg(feature = "full")]
#[test]
fn rest_refuses_what_does_not_fit_and_pages_what_does() {
    let program = Program::start("rest");
    let json = "Content-Type: application/json\r\n";
    for id in 1..=11 {
        let user = format!("{{\"name\":\"user {id}\",\"age\":{id}}}");
        let reply = ask(&program.address, &format!("POST /users HTTP/1.1\r\n{json}"), &user);
        assert_eq!((reply.status, reply.text()), (201, &*format!("/users/{id}")));
    }
    let admin = "Authorization: Bearer secret\r\n";
    let table = [
        ("GET /users?page=1 HTTP/1.1\r\n".to_owned(), "", 200, "[{\"name\":\"user 11\",\"age\":11}]"),
        ("GET /users?page=18446744073709551615 HTTP/1.1\r\n".to_owned(), "", 200, "[]"),
        ("GET /users?page=x HTTP/1.1\r\n".to_owned(), "", 400, "the query parameter page cannot be read"),
        ("GET /users/12 HTTP/1.1\r\n".to_owned(), "", 404, "Not Found"),
        ("PATCH /users HTTP/1.1\r\n".to_owned(), "", 405, "Method Not Allowed"),
        ("DELETE /users/1 HTTP/1.1\r\n".to_owned(), "", 401, "who are you?"),
        (format!("DELETE /users/1 HTTP/1.1\r\n{admin}"), "", 204, ""),
        (format!("DELETE /users/1 HTTP/1.1\r\n{admin}"), "", 404, "Not Found"),
        (format!("POST /users HTTP/1.1\r\n{json}"), "{\"name\":", 400, "not valid JSON"),
        (format!("POST /users HTTP/1.1\r\n{json}"), "{\"name\":\"x\",\"age\":300}", 422, "integer from 0 to 255"),
        ("POST /users HTTP/1.1\r\nContent-Type: text/plain\r\n".to_owned(), "{}", 415, "application/json"),
    ];
    for (head, body, status, text) in table {
        let reply = ask(&program.address, &head, body);
        assert_eq!(reply.status, status, "{head}{body}: {}", reply.text());
        assert!(reply.text().contains(text), "{head}{body}: {}", reply.text());
    }
}

#[test]
fn sessions_are_of_one_user_and_end_with_the_log_out() {
    let program = Program::start("sessions");
    let ask = |line: &str, cookie: &str, form: &str| {
        let fields = format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        ask(&program.address, &format!("{line} HTTP/1.1\r\n{fields}"), form)
    };
    let log_in = || {
        let reply = ask("POST /login", "", "name=ada&password=lovelace");
        let cookie = reply.field("Set-Cookie").expect("a session");
        let (cookie, attributes) = cookie.split_once("; ").expect("attributes");
        assert_eq!((reply.status, attributes), (303, "Path=/; HttpOnly; SameSite=Lax"));
        cookie.to_owned()
    };
    for form in ["name=ada&password=", "name=ada", "name=bob&password=lovelace", "name=ada&password=lovelace2"] {
        let reply = ask("POST /login", "", form);
        assert_eq!((reply.status, reply.field("Set-Cookie")), (403, None), "{form}");
    }
    let [first, second] = [log_in(), log_in()];
    assert!(first != second && first.len() == "sid=".len() + 32, "{first} {second}");
    let home = |cookie: &str| ask("GET /", cookie, "").status;
    assert_eq!([&*first, &second, "sid=", "sid=0", "a=b"].map(home), [303, 200, 303, 303, 303]);
    assert_eq!(ask("POST /logout", &second, "").status, 303);
    assert_eq!(home(&second), 303);
    assert_eq!(ask("POST /logout", &second, "").status, 303, "once more does no harm");
}

#[cfg(feature = "full")]
#[test]
fn openapi_describes_the_table_of_paths() {
    let program = Program::start("openapi");
    let reply = ask(&program.address, "GET /openapi.json HTTP/1.1\r\n", "");
    let document: serde_json::Value = serde_json::from_slice(&reply.body).expect("it is JSON");
    let keys = |value: &serde_json::Value| value.as_object().expect("a map").keys().cloned().collect::<Vec<_>>();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = &document["paths"];
    assert_eq!(keys(paths), ["/books/{id}", "/covers/{file}", "/openapi.json"]);
    assert_eq!(keys(&paths["/books/{id}"]), ["delete", "get"]);
    assert_eq!(paths["/openapi.json"]["get"]["parameters"], serde_json::json!([]));
    for (path, name) in [("/books/{id}", "id"), ("/covers/{file}", "file")] {
        let expected =
            serde_json::json!([{ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }]);
        assert_eq!(paths[path]["get"]["parameters"], expected);
    }
}

#[cfg(feature = "full")]
#[test]
fn https_shows_a_renewed_certificate_after_a_signal() {
    let mut program = Program::start("https");
    let renewed = Certificate::new();
    let is_shown = |address: &str, certificate: &Certificate| {
        ask_by_tls(address, certificate, "GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n").is_ok()
    };
    assert!(is_shown(&program.address, certificate()) && !is_shown(&program.address, &renewed));
    install(&renewed, &program.scratch);
    let mut hang_up = |expected: &str| {
        kill_process(Pid::from_child(&program.child), Signal::HUP).expect("it is our child");
        let mut line = String::new();
        program.stdout.read_line(&mut line).expect("it says what has come of it");
        assert!(line.starts_with(expected), "{line}");
    };
    hang_up("the certificate was read again\n");
    fs::write(program.scratch.join("key.pem"), certificate().key_pem()).expect("there is room");
    hang_up("the certificate stays as it was: ");
    assert!(is_shown(&program.address, &renewed) && !is_shown(&program.address, certificate()));
}

/// By the programs that the header names, where they are installed.
#[cfg(feature = "full")]
#[test]
fn https_serves_a_certificate_that_is_made_as_its_header_says() {
    if !(needs::program("openssl") && needs::program("curl")) {
        return;
    }
    let scratch = scratch();
    let shell = |command: &str, directory: &Path| {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(directory).env_remove("https_proxy").env_remove("HTTPS_PROXY");
        let output = shell.output().expect("there is a shell");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("it is text")
    };
    let source = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/https.rs"));
    let [make, ask] = &steps(&source)[..] else { panic!("two commands") };
    shell(&make.command, &scratch);
    let program = Program::start_in("https", scratch);
    let shown = shell(&ask.command.replace("127.0.0.1:8000", &program.address), &program.scratch);
    assert_eq!(shown, ask.output);
}

#[test]
fn run_while_ends_by_itself_when_its_condition_does() {
    let mut program = Program::start("run_while");
    carry_out(&format!("curl http://{}/stop", program.address), &program.address, &mut String::new());
    let mut rest = String::new();
    program.stdout.read_to_string(&mut rest).expect("the program ends, and its output with it");
    assert_eq!(rest, "", "it prints one line");
    assert!(program.child.wait().expect("it is our child").success());
}

#[test]
fn the_service_says_that_it_is_about_to_end_and_a_second_signal_does_not_wait() {
    if !cfg!(feature = "full") {
        return;
    }
    let mut program = Program::start("service");
    let ready = |address: &str| {
        let mut client = Client::connect(address);
        client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        let reply = client.read_reply();
        (reply.status, reply.field("Connection") != Some("close"))
    };
    assert_eq!(ready(&program.address), (200, true));
    let end = |child: &Child| kill_process(Pid::from_child(child), Signal::TERM).expect("it is our child");
    end(&program.child);
    let give_up = Instant::now() + PATIENCE;
    while ready(&program.address).0 == 200 {
        assert!(Instant::now() < give_up, "it is ready still");
    }
    // It serves on for five seconds.
    assert_eq!(ready(&program.address), (503, false));
    end(&program.child);
    assert_eq!(program.child.wait().expect("it is our child").code(), Some(128 + 15));
}

#[test]
fn the_port_of_python_refuses_what_its_original_refuses() {
    let program = Program::start("port_of_python");
    let table = [
        ("GET /nobody HTTP/1.1\r\nHost: x\r\n\r\n", 404, "nobody scored here"),
        ("POST /ada HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nmuch", 400, "a score is a number"),
    ];
    for (request, status, reason) in table {
        let mut client = Client::connect(&program.address);
        client.send(request);
        let reply = client.read_reply();
        assert_eq!((reply.status, &*reply.reason), (status, reason));
        client.expect_end();
    }
}

/// An example's process, on a free port. It is killed when the value is dropped.
struct Program {
    child: Child,
    /// `127.0.0.1:PORT`.
    address: String,
    /// The output after its first line.
    stdout: BufReader<UnixStream>,
    /// Its directory for temporary files.
    scratch: PathBuf,
}

/// `cargo test` puts this program into `target/PROFILE/deps` and the examples beside that folder.
fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("a test knows its own path");
    here.ancestors().nth(2).expect("in deps").join("examples").join(name)
}

#[test]
fn an_example_that_cannot_start_says_why_in_one_line() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    for path in built() {
        let name = name(&path);
        for (argument, wanted) in [("http", "a port number"), ("70000", "a port number"), (&*port, "in use")] {
            let scratch = scratch();
            install(certificate(), &scratch);
            let output = command(&name, &scratch).arg(argument).output();
            let output = output.expect("the examples are built");
            fs::remove_dir_all(scratch).expect("nothing runs there any more");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{name} {argument}: {said}");
            assert!(said.starts_with("Error: ") && said.contains(wanted), "{name} {argument}: {said}");
            assert!(said.lines().count() == 1 && !said.contains(['{', '"']), "{name} {argument}: {said}");
        }
    }
}

impl Program {
    fn start(name: &str) -> Self {
        let scratch = scratch();
        install(certificate(), &scratch);
        Program::start_in(name, scratch)
    }

    fn start_in(name: &str, scratch: PathBuf) -> Self {
        // A socket and no pipe, since it has a timeout.
        let (ours, theirs) = UnixStream::pair().expect("two descriptors");
        ours.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
        let mut command = command(name, &scratch);
        command.arg("0").stdout(OwnedFd::from(theirs)).stderr(Stdio::null());
        let spawned = command.spawn();
        let child = spawned.unwrap_or_else(|error| {
            panic!(
                "{}: {error}. `cargo test --test examples` builds no examples: cargo build --examples",
                program(name).display()
            )
        });
        let mut program = Program { child, address: String::new(), stdout: BufReader::new(ours), scratch };
        let mut line = String::new();
        program.stdout.read_line(&mut line).expect("the program prints where it serves");
        let url = line.strip_prefix("serving on ").and_then(|rest| rest.strip_suffix("/\n"));
        let address = url.and_then(|url| url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")));
        address.unwrap_or_else(|| panic!("{name} printed {line:?}")).clone_into(&mut program.address);
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed, and that is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// The program, with a directory for its temporary files.
fn command(name: &str, scratch: &Path) -> Command {
    let mut command = Command::new(program(name));
    command.env("TMPDIR", scratch);
    // Others serve the repository.
    if name == "https" {
        command.current_dir(scratch);
    }
    command
}

/// The certificate of the example with HTTPS.
fn certificate() -> &'static Certificate {
    static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(Certificate::new);
    &CERTIFICATE
}

fn install(certificate: &Certificate, scratch: &Path) {
    fs::write(scratch.join("cert.pem"), certificate.pem()).expect("there is room");
    fs::write(scratch.join("key.pem"), certificate.key_pem()).expect("there is room");
}

/// Makes a directory for one program.
fn scratch() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("example-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).expect("a scratch directory");
    path
}

/// One command of a header, and what it prints.
struct Step {
    command: String,
    output: String,
}

/// The commands in the `console` block of `source`'s header.
fn steps(source: &str) -> Vec<Step> {
    let lines = source.lines().map(|line| line.trim_start_matches("//!").trim_start());
    let console = lines.skip_while(|line| *line != "```console").skip(1).take_while(|line| *line != "```");
    let mut steps: Vec<Step> = Vec::new();
    for line in console {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else {
            let step = steps.last_mut().expect("output comes after a command");
            step.output.push_str(line);
            step.output.push('\n');
        }
    }
    steps
}

/// Does what a shell would do with `[printf BODY |] curl [-si] [--cacert FILE] [-X METHOD] [-H FIELD] [-r RANGE] [-c
/// jar] [-b COOKIE | -b jar] [-d FORM | -F PART | -T -] URL [| grep WORD]`. The jar is a file of cookies, and holds one
/// here.
fn carry_out(command: &str, address: &str, jar: &mut String) -> String {
    let mut words = words(command).into_iter();
    let mut word = || words.next();
    let (mut method, mut path, mut piped, mut body) = (None, None, None, String::new());
    let (mut shows_head, mut wanted, mut fields, mut fills_jar) =
        (false, None, vec![format!("Host: {address}")], false);
    let mut parts = Vec::new();
    let mut trusted = None;
    while let Some(option) = word() {
        match option.as_str() {
            "|" | "curl" => {}
            "printf" => piped = word(),
            // It makes a pair that the program has already.
            "openssl" => return String::new(),
            "--cacert" => trusted = word(),
            "-si" => shows_head = true,
            "-X" => method = word(),
            "-H" => fields.push(word().expect("-H has a field")),
            "-r" => fields.push(format!("Range: bytes={}", word().expect("-r has a range"))),
            "-c" => fills_jar = word().is_some_and(|file| file == "jar"),
            "-b" => {
                let cookie = word().expect("-b has a cookie");
                fields.push(format!("Cookie: {}", if cookie == "jar" { &*jar } else { &cookie }));
            }
            "-d" => {
                let data = word().expect("-d has data");
                method.get_or_insert_with(|| "POST".to_owned());
                if !fields.iter().any(|field| field.starts_with("Content-Type:")) {
                    fields.push("Content-Type: application/x-www-form-urlencoded".to_owned());
                }
                body = format!("Content-Length: {}\r\n\r\n{data}", data.len());
            }
            "-F" => parts.push(word().expect("-F has a part")),
            "-T" => {
                assert_eq!(word().as_deref(), Some("-"), "the body comes through the pipe");
                let data = piped.take().expect("something is piped into curl -T -");
                body = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{data}\r\n0\r\n\r\n", data.len());
            }
            "grep" => wanted = word(),
            url => {
                let scheme = if trusted.is_some() { "https://" } else { "http://" };
                path = url.strip_prefix(scheme).and_then(|url| url.strip_prefix(address)).map(str::to_owned);
            }
        }
    }
    if !parts.is_empty() {
        method.get_or_insert_with(|| "POST".to_owned());
        body = form_with_files(&parts);
    }
    let method = method.unwrap_or_else(|| "GET".to_owned());
    let path = path.unwrap_or_else(|| panic!("{command:?} has no URL, or an option that this test does not know"));
    let body = if body.is_empty() { "\r\n" } else { &body };
    let request = format!("{method} {path} HTTP/1.1\r\n{}\r\n{body}", fields.join("\r\n"));
    let reply = if trusted.is_some() {
        ask_by_tls(address, certificate(), &method, &request).expect("a whole reply")
    } else {
        let mut client = Client::connect(address);
        client.send(request);
        client.try_read_reply(&method).expect("a whole reply")
    };
    if fills_jar {
        let cookie = reply.field("Set-Cookie").and_then(|cookie| cookie.split(';').next());
        cookie.unwrap_or_default().clone_into(jar);
    }
    let shown = if shows_head { head(&reply) + reply.text() } else { reply.text().to_owned() };
    match wanted {
        Some(wanted) => shown.lines().filter(|line| line.contains(&wanted)).collect(),
        None => shown,
    }
}

/// Sends one request by TLS, and returns the reply, if the server shows this certificate.
fn ask_by_tls(address: &str, certificate: &Certificate, method: &str, request: &str) -> io::Result<Reply> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let session = ClientConnection::new(certificate.client_config(), "127.0.0.1".try_into().expect("an address"));
    let mut client = StreamOwned::new(session.expect("a configuration that works"), stream);
    client.write_all(request.as_bytes())?;
    Reply::read(&mut BufReader::new(client), method)
}

/// Sends one request, and returns the reply.
fn ask(address: &str, head: &str, body: &str) -> Reply {
    let mut client = Client::connect(address);
    client.send(format!("{head}Host: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    client.read_reply()
}

/// Makes a body, with its fields before it, of parts as `curl -F` takes them: `NAME=CONTENT[;filename=NAME]`.
fn form_with_files(parts: &[String]) -> String {
    let parts = parts.iter().map(|part| {
        let (name, content) = part.split_once('=').expect("a part has a name");
        let (content, file) =
            content.split_once(";filename=").map_or((content, None), |(text, file)| (text, Some(file)));
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
    });
    let form = parts.collect::<String>() + "--x--\r\n";
    format!("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n{form}", form.len())
}

/// A reply's head as `curl -i` shows it.
fn head(reply: &Reply) -> String {
    let fields = reply.fields.iter().map(|(name, value)| format!("{name}: {value}\n"));
    format!("{} {} {}\n{}\n", reply.version, reply.status, reply.reason, fields.collect::<String>())
}

/// Splits at blanks outside single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in command.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is always one").push(character),
        }
    }
    words
}

/// The source files of the examples.
fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(folder).expect("there is a folder of examples");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    paths
}

/// Those that are built: the others need `--features full` or `--all-features`.
fn built() -> impl Iterator<Item = PathBuf> {
    sources().into_iter().filter(|path| cfg!(feature = "full") || !needs_more(path))
}

/// Whether an example uses crates that are optional.
fn needs_more(path: &Path) -> bool {
    let manifest = read(&path.with_file_name("Cargo.toml"));
    let target = format!("name = \"{0}\"\npath = \"{0}.rs\"\n", name(path));
    let rest = manifest.split(&target).nth(1).expect("the manifest lists every example");
    rest.starts_with("required-features = [\"full\"]")
}

fn name(path: &Path) -> String {
    path.file_stem().expect("a source file has a name").to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file is text")
}
