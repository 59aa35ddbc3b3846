//! Tests that a response shows the disk at the time of the request, after any changes to files and directories.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use basehttp::testing;
use proptest::prelude::*;

use super::scratch::Scratch;
use super::*;

/// A change that another program makes to the disk. The served name is `served`. There are only a few other names and
/// texts, so that changes collide.
#[derive(Clone, Debug)]
enum Change {
    /// Writes a file in place.
    Write(&'static str, &'static str),
    /// Writes a new file and renames it.
    Rename(&'static str, &'static str),
    RemoveFile(&'static str),
    MakeDirectory(&'static str),
    RemoveDirectory(&'static str),
    /// Removes the served directory with its content.
    RemoveServed,
    /// Makes an empty served directory.
    MakeServed,
    /// Gives the served directory another name.
    Move(&'static str),
    /// Gives the served name back to a directory that has another one.
    MoveBack(&'static str),
    /// Makes the served name a link to one of the others.
    Link(&'static str),
}

const FILES: [&str; 4] = ["f", "g", "d/f", "d/index.html"];
const TEXTS: [&str; 3] = ["one", "two", "three"];
const OTHERS: [&str; 2] = ["a", "b"];

fn change() -> impl Strategy<Value = Change> {
    let file = || prop::sample::select(&FILES[..]);
    let text = || prop::sample::select(&TEXTS[..]);
    let other = || prop::sample::select(&OTHERS[..]);
    prop_oneof![
        4 => (file(), text()).prop_map(|(file, text)| Change::Write(file, text)),
        2 => (file(), text()).prop_map(|(file, text)| Change::Rename(file, text)),
        2 => file().prop_map(Change::RemoveFile),
        2 => Just(Change::MakeDirectory("d")),
        1 => Just(Change::RemoveDirectory("d")),
        1 => Just(Change::RemoveServed),
        2 => Just(Change::MakeServed),
        1 => other().prop_map(Change::Move),
        1 => other().prop_map(Change::MoveBack),
        2 => other().prop_map(Change::Link),
    ]
}

impl Change {
    /// Makes the change. One that the disk refuses changes nothing, which is fine as well.
    fn make(&self, around: &Path) {
        let served = around.join("served");
        let _ = match self {
            Change::Write(file, text) => fs::write(served.join(file), text),
            Change::Rename(file, text) => {
                fs::write(around.join("new"), text).and_then(|()| fs::rename(around.join("new"), served.join(file)))
            }
            Change::RemoveFile(file) => fs::remove_file(served.join(file)),
            Change::MakeDirectory(name) => fs::create_dir(served.join(name)),
            Change::RemoveDirectory(name) => fs::remove_dir_all(served.join(name)),
            Change::RemoveServed => fs::remove_dir_all(&served).or_else(|_| fs::remove_file(&served)),
            Change::MakeServed => fs::create_dir(&served),
            Change::Move(other) => fs::rename(&served, around.join(other)),
            Change::MoveBack(other) => fs::rename(around.join(other), &served),
            Change::Link(other) => {
                let linked = fs::remove_file(&served).and_then(|()| symlink(other, &served));
                linked.or_else(|_| symlink(other, &served))
            }
        };
    }
}

/// Returns the status, and the text or the names of the entries, from the disk.
fn on_disk(served: &Path, path: &str) -> (u16, String) {
    let place = served.join(path.trim_start_matches('/'));
    if !path.ends_with('/') {
        return fs::read_to_string(place).map_or((404, String::new()), |text| (200, text));
    }
    if let Ok(text) = fs::read_to_string(place.join("index.html")) {
        return (200, text);
    }
    let Ok(entries) = fs::read_dir(place) else { return (404, String::new()) };
    let size = |entry: &fs::DirEntry| entry.metadata().ok().filter(fs::Metadata::is_file).map(|file| file.len());
    let told = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.expect("it can be read");
        format!("{} {:?}", entry.file_name().display(), size(&entry))
    };
    let mut entries: Vec<_> = entries.map(told).collect();
    entries.sort_unstable();
    (200, entries.join("\n"))
}

/// A handler that logs nothing.
struct QuietFiles(SimpleHTTPRequestHandler);

#[http_handler(protocol_version = "HTTP/1.1")]
impl QuietFiles {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.0.do_GET(ex)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
}

/// Returns the status, and the text or the names of the entries, from the handler's response.
fn in_reply(handler: &QuietFiles, path: &str) -> (u16, String) {
    let reply = testing::respond(handler, format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    let reply = String::from_utf8(reply).expect("text");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    let code = head[9..12].parse().expect("a status");
    (code, if code == 200 { body.to_owned() } else { String::new() })
}

impl Scratch {
    /// Makes the served directory, and the others that can take its place.
    fn with_directories() -> Self {
        let scratch = Scratch::new();
        fs::create_dir(scratch.0.join("served")).expect("a directory");
        for other in OTHERS {
            fs::create_dir(scratch.0.join(other)).expect("a directory");
            fs::write(scratch.0.join(other).join("f"), other).expect("a file");
        }
        scratch
    }
}

/// Sends the entries as [`on_disk`] tells them, in place of the page.
fn list(ex: &mut Exchange<'_>, listing: &Listing) -> Result {
    let told = |entry: Entry<'_>| {
        let size = entry.kind().is_file().then(|| entry.size());
        format!("{} {size:?}", entry.name().display())
    };
    let mut entries: Vec<_> = listing.entries().map(told).collect();
    entries.sort_unstable();
    Ok(ex.send_text(200, entries.join("\n"))?)
}

/// The most listings of a case that may be late.
const MAX_LATE: u32 = 2;

/// Time after which a late listing would never come.
const PATIENCE: Duration = Duration::from_secs(10);

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_answered_with_what_is_there_when_it_asks(
        changes in prop::collection::vec(change(), 1..20),
        cache_bytes in prop::sample::select(&[0_usize, 1 << 20][..]),
        precompressed: bool,
    ) {
        let scratch = Scratch::with_directories();
        let served = scratch.0.join("served");
        let options = SimpleHTTPRequestHandler::builder().directory(&served).cache_bytes(cache_bytes);
        let handler = QuietFiles(options.precompressed(precompressed).list_directory(list).build().expect("it is there"));
        let mut late = 0;
        for change in changes {
            change.make(&scratch.0);
            for path in ["/f", "/g", "/d/f", "/d/", "/", "/f"] {
                let (expected, asked) = (on_disk(&served, path), Instant::now());
                let mut reply = in_reply(&handler, path);
                // A listing may be a second old where scans take long. On a machine that stalls a few of them do.
                if reply != expected && path.ends_with('/') && late < MAX_LATE {
                    late += 1;
                    while reply != expected && asked.elapsed() < PATIENCE {
                        reply = in_reply(&handler, path);
                    }
                }
                prop_assert_eq!(reply, expected, "{} after {:?}", path, change);
            }
        }
    }
}
