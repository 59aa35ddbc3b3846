//! A file system that hangs holds up the requests that need it, and no others.
#![cfg(target_os = "linux")]

use std::fmt;
use std::fs::File;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::support::Client;
use crate::support::slow_disk::{Call, SlowDisk, be_one, medium};
use crate::support::stage::{get, one_worker, wait_until};
use basehttp::testing::Server;
use basehttp::{Exchange, Result, SimpleHTTPRequestHandler, http_handler};

/// The file system of the other tests, in a process of its own. It is not a test.
#[test]
fn a_slow_disk() {
    be_one();
}

/// Serves a folder by the library's handler below `/files`, sends files that are open already for `/open`, and answers
/// everything else at once.
struct Disk {
    files: SimpleHTTPRequestHandler,
    open: Mutex<Vec<File>>,
}

#[http_handler(protocol_version = "HTTP/1.1")]
impl Disk {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        if ex.path.starts_with("/files/") {
            return self.files.do_GET(ex);
        }
        let open = if ex.path == "/open" { self.open.lock().expect("no panic").pop() } else { None };
        match open {
            Some(file) => ex.send_file(file, ..)?,
            None => ex.send_text(200, "here")?,
        }
        Ok(())
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

fn server(disk: &SlowDisk, open: Vec<File>) -> Server {
    // Every name is there, and index pages would stand in the way of the listing.
    let options = SimpleHTTPRequestHandler::builder().index_pages([""; 0]);
    let files = options.directory(disk.root()).mounted_at("/files").build().expect("it does not hang yet");
    Server::start_with(one_worker(), Disk { files, open: Mutex::new(open) }).expect("a free port")
}

/// Those who are there already and those who come now are served.
#[track_caller]
fn expect_served(neighbour: &mut Client, server: &Server) {
    for client in [neighbour, &mut Client::of(server)] {
        client.send(get("/"));
        assert_eq!(client.read_reply().text(), "here");
    }
}

#[track_caller]
fn expect_whole(client: &mut Client) {
    let body = client.read_reply().body;
    assert!(body == medium(), "every byte is the file's: {} bytes", body.len());
}

#[test]
fn downloads_from_a_disk_that_hangs_hold_up_no_others() {
    const DOWNLOADS: usize = 20;
    let Some(mut disk) = SlowDisk::mount(module_path!(), "a_slow_disk") else { return };
    let open = (0..DOWNLOADS).map(|number| File::open(disk.root().join(format!("file{number}"))).expect("a file"));
    let server = server(&disk, open.collect());
    let mut neighbour = Client::of(&server);
    expect_served(&mut neighbour, &server);
    disk.hang(Call::Read);
    let began = Instant::now();
    let mut downloads = Vec::new();
    for _ in 0..DOWNLOADS {
        downloads.push(Client::sending(&server, get("/open")));
        if downloads.len() == 1 {
            disk.await_call();
        }
        expect_served(&mut neighbour, &server);
    }
    wait_until(server.server_handle(), "all of them hang", |stats| stats.in_handlers == DOWNLOADS as u64);
    expect_served(&mut neighbour, &server);
    // A hang is found out once a second at most, and a busy machine may look like one.
    let (rescues, seconds) = (server.server_handle().stats().rescues, began.elapsed().as_secs());
    assert!(rescues <= seconds + 5, "{rescues} rescues in {seconds} s");
    disk.go_on();
    downloads.iter_mut().for_each(expect_whole);
    expect_served(&mut neighbour, &server);
}

#[test]
fn any_call_on_a_file_may_hang_and_holds_up_no_others() {
    let table = [
        (Call::Lookup, "/files/small.txt"),
        (Call::Open, "/files/small.txt"),
        (Call::GetAttr, "/files/small.txt"),
        (Call::Read, "/files/small.txt"),
        (Call::Flush, "/files/small.txt"),
        (Call::Lookup, "/files/folder/"),
        (Call::ReadDir, "/files/"),
        (Call::Read, "/files/large.bin"),
        (Call::Flush, "/files/large.bin"),
    ];
    for (call, path) in table {
        let Some(mut disk) = SlowDisk::mount(module_path!(), "a_slow_disk") else { return };
        let server = server(&disk, Vec::new());
        let mut neighbour = Client::of(&server);
        expect_served(&mut neighbour, &server);
        disk.hang(call);
        let client = Client::sending(&server, get(path));
        // Reads meanwhile, or the end of a long file would not be reached.
        let reading = thread::spawn(move || {
            let mut client = client;
            let reply = client.read_reply();
            client.send(get("/"));
            (reply, client.read_reply())
        });
        disk.await_call();
        for _ in 0..3 {
            expect_served(&mut neighbour, &server);
        }
        disk.go_on();
        let (reply, next) = reading.join().expect("two replies");
        let expected = if path.ends_with("folder/") { 404 } else { 200 };
        assert_eq!((reply.status, next.text()), (expected, "here"), "{call:?} {path}");
    }
}

#[test]
fn a_file_whose_client_has_gone_is_closed_without_holding_up_others() {
    let Some(mut disk) = SlowDisk::mount(module_path!(), "a_slow_disk") else { return };
    let server = server(&disk, Vec::new());
    let mut neighbour = Client::of(&server);
    let mut gone = Client::sending(&server, get("/files/large.bin"));
    gone.wait_for_a_byte();
    disk.hang(Call::Flush);
    drop(gone);
    disk.await_call();
    expect_served(&mut neighbour, &server);
    disk.go_on();
    wait_until(server.server_handle(), "it is gone", |stats| stats.connections == 1);
    expect_served(&mut neighbour, &server);
}
