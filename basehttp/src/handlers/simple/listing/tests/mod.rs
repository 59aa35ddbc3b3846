//! Tests of scans and pages. Those of the cache and the budget are in `memory`.

mod memory;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::{Duration, UNIX_EPOCH};

use super::super::scratch::Scratch;
use super::sort::{SortBy, SortOrder};
use super::*;

impl Scratch {
    fn of(names: &[&[u8]]) -> Self {
        let scratch = Scratch::new();
        for name in names {
            scratch.file(name, 0, 1_700_000_000);
        }
        scratch
    }

    fn file(&self, name: &[u8], size: u64, modified: u64) {
        let file = File::create(self.0.join(OsStr::from_bytes(name))).expect("a file");
        file.set_len(size).expect("a size");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(modified)).expect("a date");
    }

    fn open(&self) -> File {
        File::open(&self.0).expect("the scratch directory")
    }

    fn scan_with(&self, dot_files: DotFiles, budget: &Arc<Budget>) -> Result<Scan, ScanError> {
        Scan::read(self.open().as_fd(), dot_files, &|name| fs::metadata(self.0.join(name)).ok(), budget)
    }

    fn scan(&self) -> Arc<Scan> {
        Arc::new(self.scan_with(DotFiles::Hidden, &plenty()).expect("the directory can be read"))
    }

    /// Returns the names of the listing in some order.
    fn names(&self, by: SortBy, order: SortOrder) -> Vec<String> {
        let listing = listing(self.scan(), "/", Sorting { by, order });
        listing.entries().map(|entry| entry.name().to_string_lossy().into_owned()).collect()
    }

    fn rendered(&self, path: &str, format: Format) -> String {
        let page = page_of(&self.scan(), path, format);
        String::from_utf8(page.bytes.to_vec()).expect("what is sent is UTF-8")
    }
}

fn plenty() -> Arc<Budget> {
    Budget::new(MAX_SCANS_BYTES)
}

fn key(path: &str, format: Format) -> PageKey {
    PageKey { location: Location::of(path, 0), sorting: Sorting::default(), format }
}

fn page_of(scan: &Arc<Scan>, path: &str, format: Format) -> Page {
    let listing = listing(Arc::clone(scan), path, Sorting::default());
    ListingCache::default().page(&listing, format).expect("there is room")
}

fn listing(scan: Arc<Scan>, path: &str, sorting: Sorting) -> Listing {
    Listing::new(Location::of(path, 0), scan, sorting, &plenty()).expect("there is room")
}

#[test]
fn entries_are_what_they_are_and_links_what_they_lead_to() {
    let scratch = Scratch::new();
    scratch.file(b"file", 12, 1_700_000_000);
    scratch.file(b".hidden", 1, 0);
    fs::create_dir(scratch.0.join("folder")).expect("a directory");
    for (target, name) in [("file", "to_file"), ("folder", "to_folder"), ("nothing", "broken"), ("broken", "to_broken")]
    {
        symlink(target, scratch.0.join(name)).expect("a link");
    }
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(scratch.open(), "pipe", rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    symlink("pipe", scratch.0.join("to_pipe")).expect("a link");

    let unreachable = EntryKind::Link(LinkTarget::Unreachable);
    let table = [
        ("folder", EntryKind::Directory, 0, Some("folder/")),
        ("to_folder", EntryKind::Link(LinkTarget::Directory), 0, Some("to_folder/")),
        ("broken", unreachable, 0, None),
        ("file", EntryKind::File, 12, Some("file")),
        ("pipe", EntryKind::Other, 0, None),
        ("to_broken", unreachable, 0, None),
        ("to_file", EntryKind::Link(LinkTarget::File), 12, Some("to_file")),
        ("to_pipe", unreachable, 0, None),
    ];
    let listing = listing(scratch.scan(), "/", Sorting::default());
    assert_eq!(listing.entries().len(), table.len());
    for (entry, (name, kind, size, href)) in listing.entries().zip(table) {
        assert_eq!((entry.name().to_str(), entry.kind(), entry.size()), (Some(name), kind, size));
        assert_eq!(entry.href().as_deref(), href, "{name}");
    }
    let dates: Vec<_> = listing.entries().filter(|entry| entry.size() == 12).map(|entry| entry.modified()).collect();
    assert_eq!(dates, [Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)); 2], "a link has its target's date");

    let with_hidden = scratch.scan_with(DotFiles::Listed, &plenty()).expect("the directory can be read");
    assert_eq!(with_hidden.records().len(), table.len() + 1);
}

#[test]
fn every_order_has_folders_first_and_names_where_the_rest_is_equal() {
    let scratch = Scratch::new();
    for (name, size, modified) in [("b", 5, 30), ("A", 7, 20), ("c", 5, 10), ("d", 9, 20)] {
        scratch.file(name.as_bytes(), size, modified);
    }
    for name in ["z", "Y"] {
        fs::create_dir(scratch.0.join(name)).expect("a directory");
        File::open(scratch.0.join(name)).expect("the directory").set_modified(UNIX_EPOCH).expect("a date");
    }
    let table = [
        (SortBy::Name, SortOrder::Ascending, "Y z A b c d"),
        (SortBy::Name, SortOrder::Descending, "z Y d c b A"),
        (SortBy::Size, SortOrder::Ascending, "Y z b c A d"),
        (SortBy::Size, SortOrder::Descending, "Y z d A b c"),
        (SortBy::Date, SortOrder::Ascending, "Y z c A d b"),
        (SortBy::Date, SortOrder::Descending, "Y z b A d c"),
    ];
    for (by, order, expected) in table {
        assert_eq!(scratch.names(by, order).join(" "), expected, "{by:?} {order:?}");
    }
}

#[test]
fn a_page_shows_where_it_is_what_is_there_and_how_it_is_sorted() {
    let scratch = Scratch::new();
    scratch.file(b"a b.txt", 1234, 1_700_000_000);
    fs::create_dir(scratch.0.join("sub")).expect("a directory");
    let page = scratch.rendered("/docs/x%20y/", Format::Html);
    let parts = [
        "<!DOCTYPE html>\n<html lang=en>",
        "<meta charset=utf-8>",
        "<title>Index of /docs/x y/</title>",
        "<li><a href=\"../../\">Home</a>\n<li><a href=\"../\"><bdi>docs</bdi></a>\n",
        "<li><span aria-current=page><bdi>x y</bdi></span>",
        "<h1 id=name><bdi>x y</bdi></h1>\n<p>1 folder, 1 file, 1.2 KiB</p>",
        "<th scope=col aria-sort=ascending><a rel=nofollow href=\"?sort=name&amp;order=desc\">Name</a>",
        "<th scope=col><a rel=nofollow href=\"?sort=size&amp;order=desc\">Size</a>",
        "<tr class=up><th scope=row><a href=\"../\">Parent folder</a>",
        "<tr class=d><th scope=row><a href=\"sub/\"><bdi>sub</bdi>/<i>, folder</i></a><td><td><time datetime=",
        "<tr><th scope=row><a href=\"a%20b.txt\"><bdi>a b.txt</bdi></a><td title=\"1,234 bytes\">1.2 KiB<td>\
         <time datetime=2023-11-14T22:13:20Z>2023-11-14<span> 22:13</span></time>\n",
    ];
    let mut rest = &page[..];
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("in this order: {part}\nin {page}"));
        rest = &rest[at + part.len()..];
    }
    let here = scratch.0.to_str().expect("an ASCII path");
    assert!(!page.contains(here) && !page.contains("<script"), "no local path, and no script");
    assert!(!scratch.rendered("/", Format::Html).contains("Parent folder"), "the root has none");
}

#[test]
fn json_has_the_same_entries() {
    let scratch = Scratch::new();
    scratch.file(b"a\"\xff:\n.txt", 1234, 1_700_000_000);
    symlink("nothing", scratch.0.join("broken")).expect("a link");
    fs::create_dir(scratch.0.join("sub")).expect("a directory");
    let sub = File::open(scratch.0.join("sub")).expect("the directory");
    sub.set_modified(UNIX_EPOCH).expect("a date");
    let page = scratch.rendered("/%3Cb%3E/", Format::Json);
    let broken = page.lines().nth(3).expect("a line for each entry").to_owned();
    assert!(broken.starts_with(r#"{"name":"broken","kind":"other","link":true,"size":null,"modified":""#), "{broken}");
    assert!(broken.ends_with(r#"Z","href":null}"#), "{broken}");
    let expected = [
        r#"{"path":"/\u003cb\u003e/","cut":false,"entries":["#,
        r#"{"name":"sub","kind":"folder","link":false,"size":null,"modified":"1970-01-01T00:00:00Z","href":"sub/"},"#,
        "{\"name\":\"a\\\"\u{fffd}:\\n.txt\",\"kind\":\"file\",\"link\":false,\"size\":1234,\
         \"modified\":\"2023-11-14T22:13:20Z\",\"href\":\"./a%22%FF%3A%0A.txt\"},",
        &broken,
        "]}\n",
    ];
    assert_eq!(page, expected.join("\n"));
    let empty = Scratch::new().rendered("/", Format::Json);
    assert_eq!(empty, "{\"path\":\"/\",\"cut\":false,\"entries\":[\n]}\n");
}

#[test]
fn breadcrumbs_stay_short_however_deep_a_link_to_itself_leads() {
    let page = Scratch::new().rendered(&format!("/{}", "a/".repeat(2000)), Format::Html);
    assert_eq!(
        page.matches("<li>").count(),
        1 + 1 + html::MAX_CRUMBS + 1,
        "the root, what is left out, those above, and this one"
    );
    assert!(page.contains(&format!("href=\"{}\">Home<", "../".repeat(2000))));
}

#[test]
fn no_page_is_larger_than_what_is_reserved_for_it() {
    let worst: Vec<Vec<u8>> =
        (0..20).flat_map(|n: u8| [b"\xff", b"\"", b"\x01"].map(|byte| worst_name(n, byte))).collect();
    let names: Vec<&[u8]> = worst.iter().map(|name| &name[..]).collect();
    let paths = ["/".to_owned(), format!("/{}/", "%22".repeat(5000)), format!("//{}", "%22/".repeat(4000))];
    for scratch in [Scratch::new(), Scratch::of(&[b"a"]), Scratch::of(&names)] {
        let scan = scratch.scan();
        for path in &paths {
            for format in [Format::Html, Format::Json] {
                let page = page_of(&scan, path, format);
                let may_be = max_page_bytes(&listing(Arc::clone(&scan), path, Sorting::default()));
                let is = page.bytes.len();
                assert!(is <= may_be, "{is} <= {may_be} for {} of {path:.20}", scan.records().len());
            }
        }
    }
}

fn worst_name(n: u8, byte: &[u8]) -> Vec<u8> {
    [byte.repeat(240), vec![b'a' + n, b':']].concat()
}

#[test]
fn what_cannot_be_listed_is_404_and_what_has_no_room_is_to_be_asked_for_again() {
    let table = [
        (ScanError::System(Errno::ACCESS), 404, "no permission"),
        (ScanError::System(Errno::NOENT), 404, "removed meanwhile"),
        (ScanError::System(Errno::MFILE), 500, "no descriptors"),
        (ScanError::Exhausted, 503, "no room"),
    ];
    for (error, code, why) in table {
        assert_eq!(answer(error, &CommonFields::default()).code(), code, "{why}");
    }
    let scratch = Scratch::new();
    let (open, budget) = (scratch.open(), plenty());
    fs::remove_dir(&scratch.0).expect("an empty directory");
    let error = Scan::read(open.as_fd(), DotFiles::Hidden, &|_| None, &budget).expect_err("it is gone");
    assert_eq!(answer(error, &CommonFields::default()).code(), 404);
}

#[test]
fn pieces_hold_no_more_than_one_piece_and_a_row() {
    /// Notes the largest piece.
    struct Largest(usize, usize);
    impl io::Write for Largest {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            *self = Largest(self.0.max(bytes.len()), self.1 + bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let names: Vec<String> = (0..2000).map(|n| format!("{n:0>100}")).collect();
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let scan = Scratch::of(&names).scan();
    for format in [Format::Html, Format::Json] {
        let mut largest = Largest(0, 0);
        let mut pieces = Pieces::passed_to(&mut largest);
        format.render(&listing(Arc::clone(&scan), "/", Sorting::default()), &mut pieces).expect("all is taken");
        assert_eq!(pieces.finish().expect("all is taken").len(), 0);
        let whole = page_of(&scan, "/", format).bytes;
        assert_eq!(largest.1, whole.len(), "the same as the page");
        assert!(largest.0 < 33 * 1024, "{}", largest.0);
    }
}
