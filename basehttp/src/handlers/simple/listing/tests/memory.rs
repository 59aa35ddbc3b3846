//! Tests of the cache of scans and pages, and of the budget.

use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

use basehttp::{SimpleHTTPRequestHandler, testing};

use super::super::super::scratch::Scratch;
use super::super::scan_cache::{self, KEPT_FOR};
use super::super::*;
use super::{key, plenty};

#[test]
fn a_folder_is_read_for_each_request_until_that_has_cost_enough_for_a_second() {
    let scratch = Scratch::of(&[b"a"]);
    let (scan_cache, budget, reads) = (ScanCache::default(), plenty(), Cell::new(0));
    let clock = Cell::new(Instant::now());
    let later = |by: Duration| clock.set(clock.get() + by);
    let (tick, slow) = (Duration::from_nanos(1), Duration::from_millis(13));
    let scan_as_of = |came: &dyn Fn() -> Instant, takes: Duration| {
        let read = || {
            reads.set(reads.get() + 1);
            later(takes);
            scratch.scan_with(DotFiles::Hidden, &budget)
        };
        let stamp = Stamp::of_directory(scratch.open()).expect("the directory is there");
        scan_cache
            .with_directory(stamp, came, read, |directory| Ok(Arc::clone(&directory.scan)))
            .expect("it can be read")
    };
    let scan = |takes| {
        later(tick);
        scan_as_of(&|| clock.get(), takes)
    };
    let start = clock.get();
    let first = scan(Duration::ZERO);
    for count in 2..=10 {
        assert!(Arc::ptr_eq(&first, &scan(Duration::ZERO)), "the same is kept");
        assert_eq!(reads.get(), count, "it is read for each request");
    }
    scan_as_of(&|| start, Duration::ZERO);
    assert_eq!(reads.get(), 10, "but not for one that has waited for a reading that began after it came");
    for count in 11..=14 {
        scan(slow);
        assert_eq!(reads.get(), count, "so far it has cost less than 50 ms");
    }
    scratch.file(b"a", 7, 1_700_000_000);
    assert_eq!(scan(slow).records()[0].size, 0, "now a size may be a second old");
    assert_eq!(reads.get(), 14);
    clock.set(start + tick + KEPT_FOR);
    assert_eq!(scan(slow).records()[0].size, 7, "and no older");
    for _ in 1..scan_cache::MIN_SCANS {
        scan(KEPT_FOR / 10);
    }
    let before = reads.get();
    assert_eq!((scan(slow).records().len(), reads.get()), (1, before), "a large folder is read some times a second");
    scratch.file(b"b", 0, 0);
    // Two changes within one tick of the file system's clock would look like one.
    scratch.open().set_modified(UNIX_EPOCH).expect("a date");
    assert_eq!(scan(slow).records().len(), 2, "a new entry is seen at once");
}

#[test]
fn pages_are_made_once_for_each_reading_and_shared_while_nothing_changes() {
    let scratch = Scratch::of(&[b"a"]);
    let (memory, start) = (ListingCache::default(), Instant::now());
    let page_at = |now: Instant, path: &str| {
        let stamp = Stamp::of_directory(scratch.open()).expect("the directory is there");
        let read = || scratch.scan_with(DotFiles::Hidden, &memory.scans);
        let page = memory.scan_cache.with_directory(stamp, &|| now, read, |directory| {
            let key = key(path, Format::Html);
            if let Some(page) = directory.page(&key) {
                return Ok(page);
            }
            let page = memory.page(&memory.listing_of(Arc::clone(&directory.scan), &key)?, key.format)?;
            directory.keep_page(key, page.clone());
            Ok(page)
        });
        page.expect("it can be read").bytes
    };
    let first = page_at(start, "/");
    assert!(Arc::ptr_eq(&first, &page_at(start + 5 * KEPT_FOR, "/")), "the same page after any time");
    let spelt_otherwise = page_at(start + 5 * KEPT_FOR, "/./");
    for spelling in 0..100 {
        let page = page_at(start + 5 * KEPT_FOR, &format!("/.{}", "/".repeat(spelling + 2)));
        assert!(Arc::ptr_eq(&page, &spelt_otherwise), "all odd spellings of a path have the same page");
    }
    for alias in 0..100 {
        page_at(start + 5 * KEPT_FOR, &format!("/{alias}/"));
    }
    let held = memory.pages.held();
    assert!(held < 30 * (first.len() + 100), "links with 100 names to one folder are not all kept: {held}");
    scratch.file(b"a", 7, 1_700_000_000);
    let changed = page_at(start + 6 * KEPT_FOR, "/");
    assert!(String::from_utf8_lossy(&changed).contains("7 bytes"));
    drop(first);
    drop(spelt_otherwise);
    assert!(memory.pages.held() < 2 * (changed.len() + 100), "pages of the old reading are gone");
}

#[test]
fn folders_that_were_not_asked_for_lately_are_given_up() {
    let (scan_cache, budget, start) = (ScanCache::default(), plenty(), Instant::now());
    let scratch = Scratch::of(&[&[b'a'; 200], &[b'b'; 200]]);
    let stamp = Stamp::of_directory(scratch.open()).expect("the directory is there");
    let weigh = |id: u64, at: u64, bytes: usize| {
        let read = || scratch.scan_with(DotFiles::Hidden, &budget);
        let act = |directory: &mut ScannedDirectory| {
            let share = budget.reserve(bytes).expect("there is room");
            let page = Page { bytes: Arc::new([]), share: Arc::new(share) };
            directory.keep_page(key("/", Format::Html), page);
            Ok(())
        };
        scan_cache
            .with_directory(Stamp { inode: id, ..stamp }, &|| start + Duration::from_secs(at), read, act)
            .expect("it can be read");
    };
    for directory in 0..2000 {
        weigh(directory, directory, 1000);
    }
    let each = budget.held() / scan_cache.len();
    assert_eq!(scan_cache.len(), scan_cache::MAX_DIRECTORIES, "so many folders are kept, each of {each} bytes");
    for directory in 0..100 {
        weigh(3000 + directory, 3000 + directory, 1024 * 1024);
        assert!(budget.held() <= scan_cache::MAX_CACHED_BYTES, "and so many bytes: {}", budget.held());
    }
    assert!(scan_cache.len() < 40, "the large ones have driven the small ones out: {}", scan_cache.len());
}

#[test]
fn what_is_beyond_the_budget_is_refused_and_leaves_nothing_behind() {
    let names: Vec<String> = (0..300).map(|n| format!("{n:0>200}")).collect();
    let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    let scratch = Scratch::of(&names);
    let small = Budget::new(100 * 1024);
    assert_eq!(scratch.scan_with(DotFiles::Hidden, &small).err(), Some(ScanError::Exhausted), "while it is read");
    assert_eq!(small.held(), 0);

    let scans = Budget::new(250 * 1024);
    let scan = Arc::new(scratch.scan_with(DotFiles::Hidden, &scans).expect("it fits"));
    assert_eq!(scans.held(), scan.bytes());
    let memory = ListingCache { scans, pages: Budget::new(100 * 1024), scan_cache: ScanCache::default() };
    let by_size = PageKey { sorting: Sorting::from_parameters(Some("size"), None), ..key("/", Format::Html) };
    let listing = memory.listing_of(scan, &by_size).expect("it fits");
    assert_eq!(memory.page(&listing, Format::Html).err(), Some(Exhausted), "a page that does not fit");
    drop(listing);
    assert_eq!((memory.scans.held(), memory.pages.held()), (0, 0));
}

#[test]
fn when_slow_clients_hold_all_pages_others_get_pieces_and_at_last_503() {
    let scratch = Scratch::of(&[b"a"]);
    let mut handler = SimpleHTTPRequestHandler::new(&scratch.0).expect("the directory is there");
    let ask = |handler: &SimpleHTTPRequestHandler| {
        let reply = testing::respond(handler, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        String::from_utf8(reply).expect("text")
    };
    handler.options.listing.cache.pages = Budget::new(0);
    let reply = ask(&handler);
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("<a href=\"a\">"), "{reply}");
    handler.options.listing.cache = ListingCache { scans: Budget::new(0), ..ListingCache::default() };
    let reply = ask(&handler);
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\r\nRetry-After: 1\r\n"), "{reply}");
}
