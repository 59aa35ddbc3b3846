//! Requests for a state of a file or for a part of it, with validators, `If-*`, ranges and codings. Changes of files
//! stand in `changes.rs`.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use crate::support::folder::{Folder, Quiet, THEN_TEXT, ask, quiet};
use crate::support::{Client, Reply};
use basehttp::ETag;
use basehttp::testing::Server;

/// Larger than anything that is kept in memory.
pub(super) fn large() -> String {
    (0..100_000).map(|at| char::from(b'a' + u8::try_from(at % 26).expect("a letter"))).collect()
}

/// A small file and a large one, which go different ways, each with its text.
fn both() -> (Folder, [(&'static str, String); 2]) {
    let texts = [("/small.txt", "0123456789".to_owned()), ("/large.txt", large())];
    let folder = Folder::with(&[("small.txt", &texts[0].1), ("large.txt", &texts[1].1)]);
    (folder, texts)
}

pub(super) fn etag(handler: &Quiet, path: &str) -> String {
    ask(handler, &format!("GET {path}"), "").field("ETag").expect("it has one").to_owned()
}

#[test]
fn a_client_that_has_the_file_is_told_so_and_no_more() {
    let (folder, files) = both();
    let handler = folder.handler();
    for (path, _) in files {
        let etag = etag(&handler, path);
        let table = [
            (format!("If-None-Match: {etag}"), 304, "the same"),
            (format!("If-None-Match: \"x\", W/{etag}"), 304, "the same, weakly, in a list"),
            ("If-None-Match: \"x\"".into(), 200, "another"),
            (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {THEN_TEXT}"), 200, "the date is not looked at"),
            (format!("If-Modified-Since: {THEN_TEXT}"), 304, "not since"),
            ("If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT".into(), 200, "since"),
            ("If-Modified-Since: yesterday".into(), 200, "no date"),
            (format!("If-Match: {etag}"), 200, "the same"),
            ("If-Match: \"x\"".into(), 412, "another"),
            (format!("If-Unmodified-Since: {THEN_TEXT}"), 200, "not since"),
            ("If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT".into(), 412, "since"),
            (format!("If-Match: \"x\"\r\nIf-None-Match: {etag}"), 412, "If-Match comes first"),
            (format!("If-None-Match: {etag}\r\nRange: bytes=0-0"), 304, "before any range"),
        ];
        for (fields, status, why) in table {
            for method in ["GET", "HEAD"] {
                let reply = ask(&handler, &format!("{method} {path}"), &format!("{fields}\r\n"));
                assert_eq!(reply.status, status, "{method} {path} {fields}: {why}");
                if status == 304 {
                    let names: Vec<_> = reply.fields.iter().map(|(name, _)| name.as_str()).collect();
                    assert_eq!(names, ["Server", "Date", "ETag", "Connection"], "{method} {path} {fields}");
                    assert_eq!(reply.field("ETag"), Some(&*etag));
                }
            }
        }
    }
}

#[test]
fn preconditions_count_only_where_there_is_something_to_send() {
    let (folder, _) = both();
    fs::create_dir(folder.www().join("docs")).expect("a new folder");
    let handler = quiet(folder.options().listings(false));
    for fields in ["If-Match: \"x\"", "If-None-Match: *", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT"] {
        for (start, status, why) in [
            ("GET /nowhere", 404, "there is nothing"),
            ("GET /docs", 301, "a redirect"),
            ("GET /docs/", 404, "no listing"),
            ("OPTIONS /small.txt", 204, "no method that selects anything: RFC 9110, section 13.2.1"),
            ("POST /small.txt", 501, "a method that is not implemented"),
        ] {
            assert_eq!(ask(&handler, start, &format!("{fields}\r\n")).status, status, "{start} {fields}: {why}");
        }
    }
}

#[test]
fn parts_of_a_file_are_sent_as_asked_for() {
    let (folder, files) = both();
    let handler = folder.handler();
    for (path, text) in files {
        let size = text.len();
        let table = [
            ("0-0", 206, 0..1),
            ("2-4", 206, 2..5),
            ("5-", 206, 5..size),
            ("-3", 206, size - 3..size),
            ("0-99999999", 206, 0..size),
            ("5-2", 200, 0..size),
            ("0-5,3-7", 200, 0..size),
            ("99999999-", 416, 0..0),
            ("-0", 416, 0..0),
        ];
        for (range, status, part) in table {
            let reply = ask(&handler, &format!("GET {path}"), &format!("Range: bytes={range}\r\n"));
            assert_eq!(reply.status, status, "{path} {range}");
            match status {
                416 => assert_eq!(reply.field("Content-Range"), Some(&*format!("bytes */{size}")), "{path} {range}"),
                _ => assert_eq!(reply.text(), &text[part.clone()], "{path} {range}"),
            }
            if status == 206 {
                let expected = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                assert_eq!(reply.field("Content-Range"), Some(&*expected), "{path} {range}");
                assert_eq!(reply.field("Content-Length"), Some(&*part.len().to_string()), "{path} {range}");
            }
        }
        let head = ask(&handler, &format!("HEAD {path}"), "Range: bytes=0-0\r\n");
        assert_eq!((head.status, head.field("Content-Length")), (200, Some(&*size.to_string())), "only of a GET");
        let twice = ask(&handler, &format!("GET {path}"), "Range: bytes=0-0\r\nRange: bytes=1-1\r\n");
        assert_eq!(twice.status, 200, "two fields say nothing");
    }
}

#[test]
fn a_part_comes_with_the_fields_of_the_whole() {
    let folder = Folder::with(&[("a.js", "plain"), ("a.js.gz", "gzipped")]);
    let handler = quiet(folder.options().precompressed(true));
    for accepted in ["", "Accept-Encoding: gzip\r\n"] {
        let fields_but = |fields: &str, others: &[&str]| {
            let reply = ask(&handler, "GET /a.js", &format!("{accepted}{fields}"));
            let names = ["Date", "Content-Length"];
            let is_same = |name: &str| !names.iter().chain(others).any(|other| name.eq_ignore_ascii_case(other));
            (reply.status, reply.fields.into_iter().filter(|(name, _)| is_same(name)).collect::<Vec<_>>())
        };
        let etag = ask(&handler, "GET /a.js", accepted).field("ETag").expect("it has one").to_owned();
        let (_, whole) = fields_but("", &[]);
        assert!(["ETag", "Vary", "Last-Modified"].iter().all(|name| whole.iter().any(|(key, _)| key == name)));
        for range in ["Range: bytes=1-2\r\n".to_owned(), format!("Range: bytes=1-2\r\nIf-Range: {etag}\r\n")] {
            assert_eq!(fields_but(&range, &["Content-Range"]), (206, whole.clone()), "{accepted}{range}");
        }
        let (_, whole) = fields_but("", &["Content-Type"]);
        assert_eq!(fields_but("Range: bytes=0-0,2-2\r\n", &["Content-Type"]), (206, whole), "{accepted}");
    }
}

#[test]
fn several_parts_come_in_one_message_with_their_places() {
    let (folder, files) = both();
    let handler = folder.handler();
    for (path, text) in files {
        let reply = ask(&handler, &format!("GET {path}"), "Range: bytes=-2, 0-1, 4-4, 99999999-\r\n");
        assert_eq!(reply.status, 206, "{path}");
        let size = text.len();
        let parts = [size - 2..size, 0..2, 4..5];
        assert_eq!(
            multipart(&reply),
            parts.map(|part| {
                let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                (place, text[part].to_owned())
            }),
            "{path}"
        );
        let again = ask(&handler, &format!("GET {path}"), "Range: bytes=0-1, 4-4\r\n");
        assert_ne!(reply.field("Content-type"), again.field("Content-type"), "{path}: nobody can foresee the boundary");
    }
}

/// The parts of a multipart/byteranges reply, each with its `Content-Range` and text.
fn multipart(reply: &Reply) -> Vec<(String, String)> {
    let media_type = reply.field("Content-type").expect("a type");
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=").expect("of several parts");
    let body = reply.text().strip_suffix(&format!("\r\n--{boundary}--\r\n")).expect("its end");
    let delimiter = format!("\r\n--{boundary}\r\n");
    let parts = body.split(&delimiter).skip(1);
    let part = |part: &str| {
        let (head, text) = part.split_once("\r\n\r\n").expect("a head and a text");
        let range =
            head.strip_prefix("Content-Type: text/plain; charset=utf-8\r\nContent-Range: ").expect("two fields");
        (range.to_owned(), text.to_owned())
    };
    parts.map(part).collect()
}

#[test]
fn parts_of_a_large_file_that_no_buffer_holds_arrive_whole() {
    let folder = Folder::with(&[]);
    let size = 40_000_000;
    folder.write("large.bin", vec![b'x'; size]);
    let server = Server::start(folder.handler()).expect("a free port");
    let request = "GET /large.bin HTTP/1.1\r\nHost: h\r\nRange: bytes=0-19999999,20000001-39999999\r\n\r\n";
    let reply = Client::sending(&server, request).read_reply();
    assert_eq!(reply.status, 206);
    let parts = reply.body.split(|byte| *byte != b'x').filter(|part| part.len() > 1).map(<[u8]>::len);
    assert_eq!(parts.collect::<Vec<_>>(), [size / 2, size / 2 - 1]);
}

#[test]
fn a_download_goes_on_only_from_the_state_it_began_with() {
    let (folder, files) = both();
    let handler = folder.handler();
    for (path, text) in files {
        let etag = etag(&handler, path);
        let table = [
            (etag.clone(), 206, "the same"),
            (format!("W/{etag}"), 200, "a weak one says too little"),
            ("\"x\"".into(), 200, "another"),
            (THEN_TEXT.into(), 206, "the same date"),
            ("Tue, 14 Nov 2023 22:13:21 GMT".into(), 200, "another date"),
            ("whenever".into(), 200, "no date"),
        ];
        for (if_range, status, why) in table {
            let reply = ask(&handler, &format!("GET {path}"), &format!("Range: bytes=4-\r\nIf-Range: {if_range}\r\n"));
            assert_eq!(reply.status, status, "{path} {if_range}: {why}");
            assert_eq!(reply.text(), if status == 206 { &text[4..] } else { &text }, "{path} {if_range}: {why}");
        }
        let gone = ask(&handler, &format!("GET {path}"), "Range: bytes=99999999-\r\nIf-Range: \"x\"\r\n");
        assert_eq!(gone.status, 200, "a range that does not count cannot be out of range");
    }
}

#[test]
fn etags_are_of_the_kind_that_was_asked_for() {
    let folder = Folder::with(&[("a.txt", "0123456789")]);
    let weak = quiet(folder.options().etag(ETag::Weak));
    let tag = etag(&weak, "/a.txt");
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(ask(&weak, "GET /a.txt", &format!("If-None-Match: {tag}\r\n")).status, 304);
    assert_eq!(ask(&weak, "GET /a.txt", &format!("If-Match: {tag}\r\n")).status, 412, "a weak one never matches");
    assert_eq!(ask(&weak, "GET /a.txt", &format!("Range: bytes=1-\r\nIf-Range: {tag}\r\n")).status, 200);
    let off = quiet(folder.options().etag(ETag::Off));
    assert_eq!(ask(&off, "GET /a.txt", "").field("ETag"), None);
    let known = ask(&off, "GET /a.txt", &format!("If-Modified-Since: {THEN_TEXT}\r\n"));
    assert_eq!((known.status, known.field("Last-Modified")), (304, Some(THEN_TEXT)), "the only validator there is");
    assert_eq!(ask(&off, "GET /a.txt", "If-None-Match: \"x\"\r\n").status, 200);
    assert_eq!(ask(&off, "GET /a.txt", "If-None-Match: *\r\n").status, 304);
}

#[test]
fn a_coding_of_an_earlier_state_is_not_taken() {
    let folder = Folder::with(&[("a.js", "new"), ("a.js.gz", "old, compressed"), ("a.js.br", "new, compressed")]);
    let earlier = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
    let compressed = File::options().write(true).open(folder.www().join("a.js.gz")).expect("it is there");
    compressed.set_times(earlier).expect("a time");
    for cache_bytes in [0, 1_000_000] {
        let handler = quiet(folder.options().precompressed(true).cache_bytes(cache_bytes));
        assert_eq!(ask(&handler, "GET /a.js", "Accept-Encoding: gzip\r\n").text(), "new");
        assert_eq!(ask(&handler, "GET /a.js", "Accept-Encoding: br\r\n").text(), "new, compressed");
    }
}

#[test]
fn a_client_gets_the_coding_it_likes_best_of_those_there_are() {
    let files =
        [("a.js", "plain"), ("a.js.gz", "gzipped"), ("a.js.br", "brotli"), ("b.js", "plain b"), ("c.js.gz", "no c")];
    let folder = Folder::with(&files);
    folder.write("d.js", large());
    folder.write("d.js.zst", "zstd");
    folder.write("e.js", "plain e");
    folder.write("e.js.gz", large());
    fs::create_dir(folder.www().join("b.js.gz")).expect("a folder");
    fs::write(folder.outside().join("secret"), "secret").expect("a file");
    folder.link("b.js.br", "../../secret");
    let table = [
        ("/a.js", "", "plain", None, "no field"),
        ("/a.js", "gzip", "gzipped", Some("gzip"), "one"),
        ("/a.js", "gzip, br", "brotli", Some("br"), "of equals the better"),
        ("/a.js", "gzip, br;q=0.5", "gzipped", Some("gzip"), "weights"),
        ("/a.js", "zstd", "plain", None, "there is none of it"),
        ("/a.js", "zstd, gzip;q=0.1", "gzipped", Some("gzip"), "the next one"),
        ("/a.js", "br;q=0, gzip;q=0", "plain", None, "not wanted"),
        ("/a.js", "identity, br;q=0.9", "plain", None, "rather as it is"),
        ("/a.js", "*", "brotli", Some("br"), "any"),
        ("/b.js", "gzip, br", "plain b", None, "a folder, and a link out"),
        ("/d.js", "gzip, zstd", "zstd", Some("zstd"), "a small one of a large file"),
        ("/e.js", "br", "plain e", None, "a large one of a small file, not wanted"),
        ("/a.js.gz", "gzip", "gzipped", None, "what is asked for itself is no coding of anything"),
    ];
    for cache_bytes in [0, 1_000_000] {
        let handler = quiet(folder.options().precompressed(true).cache_bytes(cache_bytes));
        for (path, accepted, text, coding, why) in table {
            let fields = if accepted.is_empty() { String::new() } else { format!("Accept-Encoding: {accepted}\r\n") };
            let reply = ask(&handler, &format!("GET {path}"), &fields);
            assert_eq!((reply.text(), reply.field("Content-Encoding")), (text, coding), "{path} {accepted}: {why}");
            assert_eq!(reply.field("Vary"), Some("Accept-Encoding"), "{path} {accepted}: {why}");
            let media_type = if path == "/a.js.gz" { "application/gzip" } else { "text/javascript; charset=utf-8" };
            assert_eq!(reply.field("Content-type"), Some(media_type), "{path} {accepted}: {why}");
        }
        let reply = ask(&handler, "GET /e.js", "Accept-Encoding: gzip\r\n");
        assert_eq!((reply.body.len(), reply.field("Content-Encoding")), (100_000, Some("gzip")));
        assert_eq!(ask(&handler, "GET /c.js", "Accept-Encoding: gzip\r\n").status, 404, "without the file itself");
        let fields = |coding| format!("Accept-Encoding: {coding}\r\n");
        let tags = ["gzip", "br", "identity"]
            .map(|coding| ask(&handler, "GET /a.js", &fields(coding)).field("ETag").expect("it has one").to_owned());
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "each is a state of its own: {tags:?}");
        let known = ask(&handler, "GET /a.js", &format!("Accept-Encoding: br\r\nIf-None-Match: {}\r\n", tags[1]));
        assert_eq!((known.status, known.field("Vary")), (304, Some("Accept-Encoding")));
    }
    let reply = ask(&folder.handler(), "GET /a.js", "Accept-Encoding: gzip, br\r\n");
    assert_eq!((reply.text(), reply.field("Vary")), ("plain", None), "unless it is asked for");
}

#[test]
fn odd_times_of_files_are_no_trouble() {
    let folder = Folder::with(&[("a.txt", "text")]);
    let file = fs::File::options().write(true).open(folder.www().join("a.txt")).expect("it is there");
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    let table = [
        (epoch - Duration::from_secs(86_400 * 365), None, "before time"),
        (epoch, None, "what packers write"),
        (epoch + Duration::from_secs(1), None, "what packers write"),
        (epoch + Duration::from_secs(315_532_800), None, "what packers write"),
        (epoch + Duration::from_secs(157_766_400), Some("Wed, 01 Jan 1975 00:00:00 GMT"), "an old file"),
    ];
    for (modified, expected, why) in table {
        if file.set_modified(modified).is_err() {
            continue; // This file system cannot say so, and then nobody can ask.
        }
        let reply = ask(&folder.handler(), "GET /a.txt", "");
        assert_eq!((reply.status, reply.text(), reply.field("Last-Modified")), (200, "text", expected), "{why}");
        let since = ask(&folder.handler(), "GET /a.txt", &format!("If-Modified-Since: {THEN_TEXT}\r\n"));
        assert_eq!(since.status, if expected.is_some() { 304 } else { 200 }, "{why}");
    }
    if file.set_modified(epoch + Duration::from_secs(15_000_000_000)).is_ok() {
        let date = ask(&folder.handler(), "GET /a.txt", "").field("Last-Modified").expect("a date").to_owned();
        assert!(!date.contains("2445"), "in the future: not before the reply's own date: {date}");
    }
}

#[test]
fn an_empty_file_is_sent_whole_whatever_part_is_asked_for() {
    let folder = Folder::with(&[("empty.bin", "")]);
    for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
        let reply = ask(&folder.handler(), "GET /empty.bin", &format!("Range: {range}\r\n"));
        assert_eq!((reply.status, reply.text(), reply.field("Content-Length")), (200, "", Some("0")), "{range}");
    }
}
