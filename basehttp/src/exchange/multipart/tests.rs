//! Parts from bodies in pieces, without a server. `tests/handlers/multipart.rs` has what clients get.

use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

const HEAD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

fn part(name: &str, content: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.txt\"\r\n\r\n{content}\r\n")
}

fn form(body: &mut dyn Read, limits: MultipartLimits) -> Multipart<'_> {
    Multipart::new(body, Boundary::new("b").unwrap(), limits)
}

/// A directory that is removed with its files.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("basehttp-multipart-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Saves every part under its name, and calls `seen` after each.
fn save_all(body: &str, directory: &Directory, mut seen: impl FnMut()) -> io::Result<()> {
    let mut body = body.as_bytes();
    let mut form = form(&mut body, MultipartLimits::new());
    while let Some(mut part) = form.next_part()? {
        let name = part.safe_file_name().unwrap();
        part.save_to(directory.0.join(name))?;
        seen();
    }
    Ok(())
}

#[test]
fn files_of_a_whole_upload_stay() {
    let directory = Directory::new("whole");
    let body = part("one", "1") + &part("two", &"2".repeat(1_000_000)) + &part("none", "") + "--b--\r\n";
    let count = Cell::new(0);
    save_all(&body, &directory, || {
        count.set(count.get() + 1);
        assert_eq!(directory.names().len(), count.get(), "each has its name at once, and nothing else is there");
    })
    .unwrap();
    assert_eq!(directory.names(), ["none.txt", "one.txt", "two.txt"]);
    let sizes =
        directory.names().iter().map(|name| fs::read(directory.0.join(name)).unwrap().len()).collect::<Vec<_>>();
    assert_eq!(sizes, [0, 1, 1_000_000]);
}

#[test]
fn an_upload_that_fails_leaves_no_file() {
    let directory = Directory::new("failing");
    fs::write(directory.0.join("kept.txt"), "kept").unwrap();
    for (end, why) in [
        ("", "no end"),
        ("--b\r\n\r\n\r\n--b--", "a part without a name"),
        ("--b\r\nContent-Disposition: form-data; name=a; filename=late\r\n\r\nhalf", "a part that breaks off"),
        ("--b\r\nContent-Disposition: form-data; name=a; filename=one.txt\r\n\r\n\r\n--b--", "a name that is taken"),
    ] {
        let body = part("one", "1") + &part("two", "2") + end;
        let count = Cell::new(0);
        let outcome = save_all(&body, &directory, || count.set(count.get() + 1));
        assert!(outcome.is_err(), "{why}");
        assert_eq!(
            (count.get() >= 2 || end.is_empty(), directory.names()),
            (true, vec!["kept.txt".to_owned()]),
            "{why}"
        );
    }
    // The handler gives up for a reason of its own.
    let body = part("one", "1") + "--b--";
    let mut bytes = body.as_bytes();
    let mut form = form(&mut bytes, MultipartLimits::new());
    form.next_part().unwrap().unwrap().save_to(directory.0.join("one.txt")).unwrap();
    assert_eq!(directory.names(), ["kept.txt", "one.txt"]);
    drop(form);
    assert_eq!(directory.names(), ["kept.txt"]);
}

#[test]
fn a_file_of_another_is_neither_overwritten_nor_removed() {
    let directory = Directory::new("taken");
    fs::write(directory.0.join("one.txt"), "another's").unwrap();
    let body = part("one", "mine") + "--b--";
    let mut bytes = body.as_bytes();
    let mut form = form(&mut bytes, MultipartLimits::new());
    let mut one = form.next_part().unwrap().unwrap();
    let error = one.save_to(directory.0.join("one.txt")).unwrap_err();
    let response: Option<&HTTPError> = error.get_ref().and_then(|error| error.downcast_ref());
    assert_eq!((error.kind(), response.map(HTTPError::code)), (ErrorKind::AlreadyExists, Some(409)));
    std::os::unix::fs::symlink("/nowhere", directory.0.join("link")).unwrap();
    assert_eq!(one.save_to(directory.0.join("link")).unwrap_err().kind(), ErrorKind::AlreadyExists, "not followed");
    assert_eq!(one.save_to(directory.0.join("two.txt")).unwrap(), 4, "nothing was read yet");
    // The file moves on, and another one takes its name.
    fs::rename(directory.0.join("two.txt"), directory.0.join("moved.txt")).unwrap();
    fs::write(directory.0.join("two.txt"), "another's").unwrap();
    drop(form);
    assert_eq!(directory.names(), ["link", "moved.txt", "one.txt", "two.txt"]);
    assert_eq!(fs::read(directory.0.join("one.txt")).unwrap(), b"another's");
    let gone = directory.0.join("no/such/x");
    let mut bytes = body.as_bytes();
    let mut form = self::form(&mut bytes, MultipartLimits::new());
    assert_eq!(form.next_part().unwrap().unwrap().save_to(gone).unwrap_err().kind(), ErrorKind::NotFound);
}

/// A body without end that says how much of it was read.
struct Endless<'n> {
    start: &'static [u8],
    repeated: &'static [u8],
    read: &'n Cell<u64>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.start {
            [] => {
                let mut again = self.repeated;
                again.read(buffer)?
            }
            _ => self.start.read(buffer)?,
        };
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

#[test]
fn a_body_without_end_is_refused_when_it_is_above_a_limit() {
    type Row = (&'static [u8], &'static [u8], MultipartLimits, u64, &'static str);
    let limits = MultipartLimits::new();
    let table: [Row; 5] = [
        (b"", b"\r\n--b-", limits.max_body_bytes(1 << 20), 1 << 20, "the body may have at most 1048576 bytes"),
        (b"--b\r\n", b"X: y\r\n", limits, 16 << 10, "part 1: its head may have at most 16384 bytes"),
        (b"--b\r\n", b"X", limits.max_part_head_bytes(0), 0, "part 1: its head may have at most 0 bytes"),
        (
            b"--b\r\nContent-Disposition: form-data; name=photo\r\n\r\n",
            b"\r\n--",
            limits.max_part_bytes(100_000),
            100_000,
            "part \"photo\": it may have at most 100000 bytes",
        ),
        (
            b"--b\r\n",
            b"Content-Disposition: form-data; name=a\r\n\r\n\r\n--b\r\n",
            limits,
            6_000,
            "a form may have at most 100 parts",
        ),
    ];
    for (start, repeated, limits, most, expected) in table {
        let read = Cell::new(0);
        let mut body = Endless { start, repeated, read: &read };
        let mut form = form(&mut body, limits);
        let error = loop {
            match form.next_part() {
                Ok(part) => assert!(part.is_some(), "it does not end"),
                Err(error) => break error,
            }
        };
        let response: &HTTPError = error.get_ref().and_then(|error| error.downcast_ref()).unwrap();
        assert_eq!((response.code(), response.explain()), (413, Some(expected)));
        assert!(read.get() <= most + 65_536 + 100, "{expected}: {}", read.get());
    }
}

#[test]
fn single_bytes_are_read_as_fast_as_many() {
    let content = "\r\n--".repeat(250_000);
    let body = format!("--b\r\n{HEAD}{content}\r\n--b--");
    let mut bytes = body.as_bytes();
    let mut form = form(&mut bytes, MultipartLimits::new());
    // It takes minutes if each byte is looked for again.
    let count = form.next_part().unwrap().unwrap().bytes().map(Result::unwrap).count();
    assert_eq!(count, content.len());
    assert!(form.next_part().unwrap().is_none() && form.next_part().unwrap().is_none(), "the end stays the end");
}

proptest! {
    #[test]
    fn what_was_sent_is_found_again(
        parts in prop::collection::vec(("[a-z ;=%]{0,9}", prop::collection::vec(any::<u8>(), 0..300)), 0..5),
        piece in any::<u8>(),
    ) {
        let mut body = Vec::new();
        for (name, content) in &parts {
            body.extend(format!("--0123456789abcdef\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").bytes());
            body.extend([content, &b"\r\n"[..]].concat());
        }
        body.extend(b"--0123456789abcdef--\r\n");
        let mut pieces = Pieces(body.chunks(usize::from(piece) + 1));
        let mut form = Multipart::new(&mut pieces, Boundary::new("0123456789abcdef").unwrap(), MultipartLimits::new());
        let mut found = Vec::new();
        while let Some(mut part) = form.next_part().unwrap() {
            found.push((part.name().to_owned(), part.read_bytes(300).unwrap()));
        }
        prop_assert_eq!(found, parts);
    }
}

struct Pieces<'b>(std::slice::Chunks<'b, u8>);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.0.next().unwrap_or_default();
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}
