//! Servers on Unix sockets, with the client's address, files and long replies, and the life of the socket's file.

use std::fs;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::stage::{LARGE_BYTES, Stage, Staged, get, one_worker, upload, wait_until};
use crate::support::{Client, PATIENCE, Reply, leave_socket_file};
use basehttp::testing::{Fault, Response};
use basehttp::{Address, AddressFamily, Exchange, HTTPServer, Result, ServerHandle, http_handler};

/// A folder of its own for each test's sockets, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("basehttp-unix-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        Folder(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system cleans up leftovers there.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that serves until it is dropped.
struct Serving {
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Serving {
    fn start(mut httpd: HTTPServer) -> Self {
        let handle = httpd.server_handle();
        let thread = thread::spawn(move || httpd.serve_forever().expect("a loop"));
        Serving { handle, thread: Some(thread) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.thread.take().map(thread::JoinHandle::join).expect("nobody has joined it").expect("it does not panic");
    }
}

fn staged(path: &Path) -> HTTPServer {
    one_worker().bind(path, Staged(Arc::new(Stage::default()))).expect("a new file")
}

fn connect(path: &Path) -> BufReader<UnixStream> {
    let stream = UnixStream::connect(path).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
    BufReader::new(stream)
}

fn ask(client: &mut BufReader<UnixStream>, request: impl AsRef<[u8]>) -> Reply {
    client.get_mut().write_all(request.as_ref()).expect("the server takes the request");
    Reply::read(client, "GET").expect("a whole reply")
}

#[test]
fn requests_are_served_as_over_tcp() {
    let folder = Folder::new();
    let serving = Serving::start(staged(&folder.socket()));
    let mut client = connect(&folder.socket());
    for _ in 0..3 {
        assert_eq!(ask(&mut client, get("/")).text(), "/");
        assert_eq!(ask(&mut client, upload("/")).text(), "100000");
        // By sendfile(2), and from memory. Both are more than the socket takes at once.
        for path in ["/file", "/large", "/buffered"] {
            let reply = ask(&mut client, get(path));
            assert!(reply.body.len() == LARGE_BYTES || path == "/buffered", "{path}: {}", reply.body.len());
        }
    }
    let many: String = (0..200).map(|number| get(&format!("/{number}"))).collect();
    client.get_mut().write_all(many.as_bytes()).expect("the server takes them");
    for number in 0..200 {
        assert_eq!(Reply::read(&mut client, "GET").expect("a reply").text(), format!("/{number}"));
    }
    client.get_mut().shutdown(std::net::Shutdown::Write).expect("it is open");
    assert_eq!(client.read_to_end(&mut Vec::new()).expect("a clean end"), 0);
    wait_until(&serving.handle, "it is gone", |stats| stats.connections == 0);
}

#[test]
fn slow_clients_meet_the_same_deadlines() {
    let folder = Folder::new();
    let builder = one_worker().head_timeout(Duration::from_millis(200));
    let httpd = builder.bind(folder.socket(), Staged(Arc::default())).expect("a new file");
    let serving = Serving::start(httpd);
    let mut client = connect(&folder.socket());
    assert_eq!(ask(&mut client, "GET / HT").status, 408);
    wait_until(&serving.handle, "it was counted", |stats| stats.timeouts == 1);
}

/// Says who asks, and whom.
struct Telling;

#[http_handler]
impl Telling {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        let text = format!("{} {} {}", ex.client_address, ex.local_address()?, ex.server.server_port());
        Ok(ex.send_text(200, text)?)
    }

    fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
}

#[test]
fn the_client_and_the_server_have_unix_addresses() {
    let folder = Folder::new();
    let (path, own) = (folder.socket(), folder.0.join("client"));
    let httpd = HTTPServer::bind(format!("unix:{}", path.display()), Telling).expect("a new file");
    assert_eq!(httpd.server_address(), &Address::Unix(Some(path.clone())));
    assert!(!httpd.server_name().is_empty());
    let _serving = Serving::start(httpd);
    let expected = |name: &str| format!("unix:{name} unix:{} 0", path.display());
    assert_eq!(ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").text(), expected(""));
    // A client may have a name, too.
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&socket2::SockAddr::unix(&own).expect("a short path")).expect("a new file");
    socket.connect(&socket2::SockAddr::unix(&path).expect("a short path")).expect("the server listens");
    let mut named = BufReader::new(UnixStream::from(socket));
    assert_eq!(ask(&mut named, "GET / HTTP/1.0\r\n\r\n").text(), expected(&own.display().to_string()));
}

/// A client whose own end has the longest path that the system takes: 108 bytes, with no zero byte behind them.
#[cfg(target_os = "linux")]
fn connect_with_longest_path(folder: &Folder) -> (BufReader<UnixStream>, PathBuf) {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
    let start = folder.0.join("c");
    let own = start.with_file_name("c".repeat(108 + 1 - start.as_os_str().len()));
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&socket, &SocketAddrUnix::new(&own).expect("it fits")).expect("a new file");
    rustix::net::connect(&socket, &SocketAddrUnix::new(folder.socket()).expect("it fits")).expect("it listens");
    let stream = UnixStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
    (BufReader::new(stream), own)
}

#[test]
#[cfg(target_os = "linux")]
fn a_client_with_the_longest_path_is_served_like_any_other() {
    let folder = Folder::new();
    let mut httpd = HTTPServer::bind(folder.socket(), Telling).expect("a new file");
    let (mut client, own) = connect_with_longest_path(&folder);
    let asking = thread::spawn(move || ask(&mut client, "GET / HTTP/1.0\r\n\r\n"));
    httpd.handle_request().expect("a request");
    let expected = format!("unix:{} unix:{} 0", own.display(), folder.socket().display());
    assert_eq!(asking.join().unwrap().text(), expected);

    fs::remove_file(own).expect("it is the client's");
    let serving = Serving::start(httpd);
    let (mut client, _) = connect_with_longest_path(&folder);
    assert_eq!(ask(&mut client, "GET / HTTP/1.0\r\n\r\n").text(), expected);
    assert_eq!(ask(&mut connect(&folder.socket()), "GET / HTTP/1.0\r\n\r\n").status, 200);
    wait_until(&serving.handle, "all are gone", |stats| stats.connections == 0);
}

#[test]
fn handle_request_serves_unix_and_tcp_alike() {
    let folder = Folder::new();
    let mut httpd = HTTPServer::builder().also_listen(folder.socket()).bind(("127.0.0.1", 0), Telling).expect("both");
    let (path, tcp) = (folder.socket(), httpd.server_address().socket_addr().expect("IP"));
    let asking = thread::spawn(move || ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").status);
    httpd.handle_request().expect("a request");
    assert_eq!(asking.join().unwrap(), 200);
    let asking = thread::spawn(move || {
        let mut client = Client::connect(tcp);
        client.send("GET / HTTP/1.0\r\n\r\n");
        client.read_reply().status
    });
    httpd.handle_request().expect("a request");
    assert_eq!(asking.join().unwrap(), 200);
}

#[test]
fn the_file_is_removed_at_the_end_and_by_no_other_server() {
    let folder = Folder::new();
    let path = folder.socket();
    let mut httpd = staged(&path);
    assert!(fs::symlink_metadata(&path).expect("it is there").file_type().is_socket());
    let again = HTTPServer::bind(&*path, Telling).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AddrInUse);
    assert!(again.to_string().contains("a server listens there already"), "{again}");
    assert!(path.exists(), "a server that could not bind has removed nothing");
    httpd.server_close();
    assert!(!path.exists(), "the file that was made is gone");
    drop(httpd);

    // Another file in the place of ours is not ours.
    let httpd = staged(&path);
    fs::rename(&path, folder.0.join("moved")).expect("it is there");
    fs::write(&path, "another's").expect("a new file");
    drop(httpd);
    assert_eq!(fs::read(&path).expect("it is there still"), b"another's");
}

#[test]
fn a_socket_whose_server_is_gone_is_replaced() {
    let folder = Folder::new();
    let path = folder.socket();
    for _ in 0..3 {
        // As a program that was killed leaves it.
        leave_socket_file(&path);
        let serving = Serving::start(HTTPServer::bind(&*path, Telling).expect("nothing listens there"));
        assert_eq!(ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").status, 200);
        drop(serving);
        assert!(!path.exists(), "it is ours to remove");
    }
}

#[test]
fn a_server_with_a_full_queue_is_not_taken_for_a_dead_one() {
    let folder = Folder::new();
    let path = folder.socket();
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).expect("a socket");
    let address = socket2::SockAddr::unix(&path).expect("a short path");
    socket.bind(&address).expect("a new file");
    socket.listen(0).expect("it is bound");
    let _waiting = UnixStream::connect(&path).expect("the queue has one place");
    assert_eq!(HTTPServer::bind(&*path, Telling).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert!(path.exists());
}

#[test]
fn what_is_no_socket_is_never_removed() {
    let folder = Folder::new();
    let (path, target) = (folder.socket(), folder.0.join("target"));
    let refused = || {
        let error = HTTPServer::bind(&*path, Telling).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains("is not a socket"), "{error}");
    };
    fs::write(&path, "data").expect("a new file");
    refused();
    assert_eq!(fs::read(&path).expect("it is there"), b"data");
    fs::remove_file(&path).expect("it is there");
    fs::create_dir(&path).expect("a new folder");
    refused();
    fs::remove_dir(&path).expect("it is there");
    // A link to a socket is a link, and its target may belong to another program.
    leave_socket_file(&target);
    std::os::unix::fs::symlink(&target, &path).expect("a new link");
    refused();
    assert!(target.exists() && fs::symlink_metadata(&path).is_ok());
}

#[test]
fn the_file_has_its_mode_whatever_the_umask_is() {
    let folder = Folder::new();
    for mode in [0o600, 0o660, 0o666, 0o777] {
        let path = folder.0.join(format!("{mode:o}"));
        let httpd = HTTPServer::builder().unix_mode(mode).bind(&*path, Telling).expect("a new file");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o7777, mode);
        drop(httpd);
        assert!(!path.exists());
    }
}

#[test]
fn an_option_that_applies_to_none_of_the_addresses_is_refused_with_a_sentence() {
    let folder = Folder::new();
    let unix = |name| HTTPServer::builder().also_listen(folder.0.join(name));
    let tcp = || HTTPServer::builder().also_listen("127.0.0.1:0");
    let handed_over = || UnixListener::bind(folder.0.join("handed")).expect("a new file");
    let family = AddressFamily::Inet;
    let table = [
        ("unix_mode", tcp().unix_mode(0o660).bind(("127.0.0.1", 0), Telling), "two ports"),
        ("unix_mode", tcp().unix_mode(0o660).bind(handed_over(), Telling), "a file that is there already"),
        ("address_family", HTTPServer::builder().address_family(family).bind(folder.socket(), Telling), "no host"),
        ("allow_reuse_port", HTTPServer::builder().allow_reuse_port(true).bind(folder.socket(), Telling), "no port"),
        ("", unix("a").unix_mode(0o660).bind(("127.0.0.1", 0), Telling), "one of two is enough"),
        ("", unix("b").address_family(family).bind(("127.0.0.1", 0), Telling), "the same"),
        ("", unix("c").allow_reuse_port(true).bind(("localhost", 0), Telling), "the same"),
    ];
    for (option, bound, why) in table {
        let text = bound.map_or_else(|error| error.to_string(), |_| String::new());
        assert_eq!(text.split(' ').next(), Some(option), "{why}: {text}");
        assert!(option.is_empty() || text.contains(": write ") && text.ends_with(", or leave it out"), "{why}: {text}");
    }
}

/// Each of several servers that start at once sees the socket of a killed one.
#[test]
fn of_servers_that_start_at_once_one_gets_a_stale_path_and_keeps_it() {
    let folder = Folder::new();
    let path = folder.socket();
    for round in 0..20 {
        leave_socket_file(&path);
        let binding: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                thread::spawn(move || HTTPServer::bind(path, Telling))
            })
            .collect();
        let results: Vec<_> = binding.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        let mut bound = results.into_iter().flatten();
        let serving = Serving::start(bound.next().expect("one of them"));
        assert!(bound.next().is_none(), "round {round}: one of them alone");
        assert_eq!(ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").status, 200, "round {round}");
        drop(serving);
        assert!(!path.exists());
    }
}

/// A server that ends has removed its file before its successor can bind.
#[test]
fn a_successor_keeps_its_file_however_the_first_server_ends() {
    let folder = Folder::new();
    let path = folder.socket();
    let stage = Arc::new(Stage::default());
    let first = Serving::start(one_worker().bind(&*path, Staged(Arc::clone(&stage))).expect("a new file"));
    let mut held = connect(&path);
    held.get_mut().write_all(get("/hold/a").as_bytes()).expect("it is taken");
    stage.wait_for("a");
    let handle = first.handle.clone();
    let draining = thread::spawn(move || handle.drain(PATIENCE));
    let give_up = std::time::Instant::now() + PATIENCE;
    while path.exists() {
        assert!(std::time::Instant::now() < give_up, "the file goes before the last request is answered");
        thread::yield_now();
    }
    let _second = Serving::start(HTTPServer::bind(&*path, Telling).expect("the path is free"));
    stage.open("a");
    assert_eq!(Reply::read(&mut held, "GET").expect("a reply").text(), "a");
    assert_eq!(draining.join().expect("no panic").expect("it was running").cut, 0);
    drop(first);
    assert_eq!(ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").status, 200);
}

#[test]
fn a_server_that_serves_again_makes_its_file_again() {
    let folder = Folder::new();
    let path = folder.socket();
    let mut httpd = staged(&path);
    for round in 0..3 {
        httpd.server_handle().shutdown();
        let mut early = if path.exists() { Some(connect(&path)) } else { None };
        if let Some(early) = &mut early {
            early.get_mut().write_all(get("/early").as_bytes()).expect("it is taken");
        }
        httpd.serve_forever().expect("a loop");
        assert!(!path.exists(), "a successor may bind it, round {round}");
        assert_eq!(early.is_some(), round == 0);
        if let Some(early) = &mut early {
            assert_eq!(Reply::read(early, "GET").expect("a reply").text(), "/early");
        }
    }
    drop(HTTPServer::bind(&*path, Telling).expect("nothing is in the way"));
    let serving = Serving::start(httpd);
    wait_for_file(&path);
    assert_eq!(ask(&mut connect(&path), get("/")).text(), "/");
    drop(serving);
}

/// Waits until a server listens there.
fn wait_for_file(path: &Path) {
    let give_up = std::time::Instant::now() + PATIENCE;
    while UnixStream::connect(path).is_err() {
        assert!(std::time::Instant::now() < give_up, "nobody listens");
        thread::yield_now();
    }
}

#[test]
fn a_socket_that_listens_already_keeps_its_file() {
    let folder = Folder::new();
    let path = folder.socket();
    let ready = UnixListener::bind(&path).expect("a new file");
    let httpd = HTTPServer::bind(ready, Telling).expect("it listens");
    assert_eq!(httpd.server_address().path(), Some(&*path));
    let serving = Serving::start(httpd);
    assert_eq!(ask(&mut connect(&path), "GET / HTTP/1.0\r\n\r\n").status, 200);
    drop(serving);
    assert!(path.exists(), "whoever made it removes it");
}

#[test]
fn a_path_that_is_too_long_is_an_error() {
    let error = HTTPServer::bind(PathBuf::from("/tmp/".to_owned() + &"x".repeat(200)), Telling).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

/// A reset takes TCP, so that the framing alone tells the client.
#[test]
fn a_fault_that_resets_closes_a_unix_socket() {
    struct Faulty;

    #[http_handler(protocol_version = "HTTP/1.1")]
    impl Faulty {
        fn do_GET(&self, ex: &mut Exchange) -> Result {
            Ok(Fault::reset_after(5).send_bytes(ex, 200, "text/plain", "hello, world")?)
        }

        fn log_message(&self, _: &Exchange, _: std::fmt::Arguments) {}
    }

    let folder = Folder::new();
    let _serving = Serving::start(HTTPServer::bind(folder.socket(), Faulty).expect("a free path"));
    let mut client = UnixStream::connect(folder.socket()).expect("it listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(get("/").as_bytes()).expect("it reads");
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).expect("an end");
    let response = Response::parse("GET", &bytes).expect("a head");
    assert_eq!((response.text(), response.is_complete()), ("hello", false));
}
