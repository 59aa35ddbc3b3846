//! Changes of files and directories under a server. The next request sees them, and every response is of one state.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::states::{etag, large};
use crate::support::Client;
use crate::support::folder::{Folder, ask, beside, quiet};
use basehttp::ETag;
use basehttp::testing::Server;

#[test]
fn a_change_is_seen_by_the_next_request() {
    let folder = Folder::with(&[("a.txt", "one"), ("docs/index.htm", "htm")]);
    let handler = folder.handler();
    let text = |path: &str| ask(&handler, &format!("GET {path}"), "").text().to_owned();
    assert_eq!(text("/a.txt"), "one");
    let old = etag(&handler, "/a.txt");
    fs::write(folder.www().join("new"), "two").expect("a file");
    fs::rename(folder.www().join("new"), folder.www().join("a.txt")).expect("a name");
    assert_eq!(text("/a.txt"), "two", "another file of the same size");
    assert_ne!(etag(&handler, "/a.txt"), old);
    // The modification time is the old one. Only the time of the last change tells them apart.
    folder.write("a.txt", "six");
    assert_eq!(text("/a.txt"), "six", "written in place");
    assert_eq!(text("/docs/"), "htm");
    folder.write("docs/index.html", "html");
    assert_eq!(text("/docs/"), "html", "a better index page");
    fs::remove_file(folder.www().join("docs/index.html")).expect("it is there");
    assert_eq!(text("/docs/"), "htm", "the other one again");
    fs::remove_file(folder.www().join("a.txt")).expect("it is there");
    assert_eq!(ask(&handler, "GET /a.txt", "").status, 404, "gone");
    folder.write("a.txt", large());
    assert_eq!(text("/a.txt"), large(), "too large to be kept");
    folder.write("a.txt", "small");
    assert_eq!(text("/a.txt"), "small", "small again");
}

#[test]
fn a_change_of_a_file_that_is_asked_for_all_the_time_is_seen_within_a_second() {
    let folder = Folder::with(&[("a.txt", "one")]);
    let handler = folder.handler();
    let began = Instant::now();
    // Until it has not changed for so long that it is believed.
    while began.elapsed() < Duration::from_millis(2500) {
        assert_eq!(ask(&handler, "GET /a.txt", "").text(), "one");
    }
    folder.write("a.txt", "two");
    let written = Instant::now();
    while ask(&handler, "GET /a.txt", "").text() == "one" {
        assert!(written.elapsed() < SOON, "it never came");
    }
}

/// As long as a change may go unnoticed, and a test may be held up by others.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn whatever_directory_has_the_served_name_is_served() {
    let folder = Folder::with(&[("index.html", "one"), ("old.txt", "old")]);
    let handler = folder.handler();
    let (www, releases) = (folder.www(), folder.outside().join("releases"));
    let told = |path: &str| {
        let reply = ask(&handler, &format!("GET {path}"), "");
        (reply.status, reply.text().to_owned())
    };
    assert_eq!(told("/"), (200, "one".into()));
    fs::remove_dir_all(&www).expect("it is there");
    assert_eq!(told("/").0, 404, "nothing has the name");
    folder.write("index.html", "two");
    assert_eq!(told("/"), (200, "two".into()), "removed and made anew");
    assert_eq!(told("/old.txt").0, 404);
    for (release, text) in [("1", "release 1"), ("2", "release 2")] {
        fs::create_dir_all(releases.join(release)).expect("a folder");
        fs::write(releases.join(release).join("index.html"), text).expect("a file");
    }
    fs::rename(&www, folder.outside().join("moved")).expect("a name");
    assert_eq!(told("/").0, 404, "it has another name");
    for (release, text) in [("1", "release 1"), ("2", "release 2"), ("1", "release 1")] {
        // As deployments do it, so that the name always has a directory.
        symlink(format!("releases/{release}"), folder.outside().join("next")).expect("a link");
        fs::rename(folder.outside().join("next"), &www).expect("a name");
        assert_eq!(told("/"), (200, text.into()), "a link that was switched");
    }
    fs::remove_file(&www).expect("it is there");
    fs::rename(folder.outside().join("moved"), &www).expect("a name");
    assert_eq!(told("/"), (200, "two".into()), "it has its name back");
}

#[test]
fn requests_while_releases_are_switched_get_one_of_them() {
    let folder = Folder::with(&[]);
    let (www, next) = (folder.www(), folder.outside().join("next"));
    fs::remove_dir(&www).expect("it is empty");
    for release in ["1", "2"] {
        let path = folder.outside().join(release);
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join("a.txt"), release).expect("a file");
        fs::write(path.join("a.txt.gz"), format!("{release} packed")).expect("a file");
        fs::write(path.join("large.txt"), release.repeat(100_000)).expect("a file");
    }
    symlink("1", &www).expect("a link");
    let handler = quiet(folder.options().precompressed(true));
    let number = AtomicUsize::new(1);
    let switch = || {
        symlink(if number.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { "1" } else { "2" }, &next)
            .expect("a link");
        fs::rename(&next, &www).expect("a name");
    };
    beside(switch, || {
        let mut seen = std::collections::BTreeMap::new();
        let began = Instant::now();
        // Longer than anything is believed.
        while began.elapsed() < Duration::from_millis(2500) {
            let plain = ask(&handler, "GET /a.txt", "");
            let packed = ask(&handler, "GET /a.txt", "Accept-Encoding: gzip\r\n");
            let large = ask(&handler, "GET /large.txt", "");
            for (reply, end) in [(&plain, ""), (&packed, " packed")] {
                let release = reply.text()[..1].to_owned();
                assert_eq!((reply.status, reply.text()), (200, &*format!("{release}{end}")));
                assert!(["1", "2"].contains(&&*release), "{release}");
                *seen.entry(release).or_insert(0) += 1;
            }
            assert!(large.text().bytes().all(|byte| byte == large.body[0]) && large.body.len() == 100_000, "one file");
        }
        assert_eq!(seen.len(), 2, "both were seen: {seen:?}");
    });
}

#[test]
fn a_large_file_is_looked_at_for_each_request() {
    let folder = Folder::with(&[("a.txt", &large())]);
    let handler = folder.handler();
    let old = etag(&handler, "/a.txt");
    assert_eq!(etag(&handler, "/a.txt"), old, "nothing has changed");
    let longer = large() + "and more";
    folder.write("a.txt", &longer);
    let reply = ask(&handler, "GET /a.txt", &format!("If-None-Match: {old}\r\n"));
    assert_eq!((reply.status, reply.text()), (200, &*longer));
    fs::remove_file(folder.www().join("a.txt")).expect("it is there");
    assert_eq!(ask(&handler, "GET /a.txt", "").status, 404);
}

#[test]
fn without_memory_a_change_is_noticed_at_once() {
    let folder = Folder::with(&[("a.txt", "one")]);
    let handler = quiet(folder.options().cache_bytes(0));
    assert_eq!(ask(&handler, "GET /a.txt", "").text(), "one");
    folder.write("a.txt", "two");
    assert_eq!(ask(&handler, "GET /a.txt", "").text(), "two");
}

#[test]
fn body_and_validators_are_of_one_state_whatever_is_written_meanwhile() {
    // Each state says its number in every line, so that a mixture shows; two sizes, so that lengths differ.
    let state = |number: usize| format!("state {number:05}\n").repeat(if number.is_multiple_of(2) { 100 } else { 101 });
    let folder = Folder::with(&[]);
    folder.write("a.txt", state(0));
    let handler = folder.handler();
    let number = AtomicUsize::new(1);
    let change = || {
        fs::write(folder.www().join("new"), state(number.fetch_add(1, Ordering::Relaxed))).expect("a file");
        fs::rename(folder.www().join("new"), folder.www().join("a.txt")).expect("a name");
    };
    beside(change, || {
        let mut known = std::collections::HashMap::new();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(2500) {
            let reply = ask(&handler, "GET /a.txt", "");
            let number = reply.text()[6..11].parse().expect("a number");
            assert_eq!(reply.text(), state(number), "whole, and of one state");
            let etag = reply.field("ETag").expect("it has one").to_owned();
            assert_eq!(*known.entry(etag).or_insert(number), number, "one entity tag, one state");
        }
        assert!(known.len() > 1, "the change of states was seen");
    });
}

#[test]
fn a_file_that_shrinks_while_it_is_sent_aborts_that_connection_and_nothing_else() {
    let folder = Folder::with(&[("a.txt", "text")]);
    folder.write("large.bin", vec![b'x'; 64_000_000]);
    let server = Server::start(folder.handler()).expect("a free port");
    for range in ["", "Range: bytes=0-29999999,30000001-\r\n"] {
        folder.write("large.bin", vec![b'x'; 64_000_000]);
        let mut client = Client::sending(&server, format!("GET /large.bin HTTP/1.1\r\nHost: h\r\n{range}\r\n"));
        // More than sockets hold is still to come when the first bytes are here.
        client.read_exactly(1000);
        fs::File::options().write(true).open(folder.www().join("large.bin")).unwrap().set_len(1000).unwrap();
        let mut rest = Vec::new();
        // A reset, or an end long before the length is reached, tells the client.
        let _ = client.stream().read_to_end(&mut rest);
        assert!(rest.len() < 63_000_000, "{} bytes", rest.len());
        assert_eq!(Client::sending(&server, "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n").read_reply().text(), "text");
    }
}

#[test]
fn new_content_with_the_time_that_packers_write_is_no_304() {
    for etag_kind in [ETag::Strong, ETag::Weak, ETag::Off] {
        let folder = Folder::with(&[]);
        let handler = quiet(folder.options().etag(etag_kind));
        // A package manager writes a new file of the same size, with the time of the old one.
        let install = |text: &str| {
            fs::write(folder.outside().join("new"), text).expect("a file");
            let file = File::options().write(true).open(folder.outside().join("new")).expect("it is there");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).expect("a time");
            fs::rename(folder.outside().join("new"), folder.www().join("a.txt")).expect("a name");
        };
        install("one");
        let first = ask(&handler, "GET /a.txt", "");
        // The conditions that a browser would send.
        let tag = first.field("ETag").map(|etag| format!("If-None-Match: {etag}\r\n")).unwrap_or_default();
        let date = first.field("Last-Modified").map(|date| format!("If-Modified-Since: {date}\r\n"));
        let fields = tag + &date.unwrap_or_default();
        let old = fs::metadata(folder.www().join("a.txt")).expect("it is there");
        // The file system's clock ticks every few milliseconds, and the times of changes must differ.
        while std::os::unix::fs::MetadataExt::ctime_nsec(&old) == {
            install("two");
            std::os::unix::fs::MetadataExt::ctime_nsec(&fs::metadata(folder.www().join("a.txt")).expect("it is there"))
        } {}
        let second = ask(&handler, "GET /a.txt", &fields);
        assert_eq!((second.status, second.text()), (200, "two"), "{etag_kind:?} {fields}");
    }
}
