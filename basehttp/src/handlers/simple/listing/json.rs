//! Renders a listing as JSON, for programs.
//!
//! ```json
//! {"path":"/docs/","cut":false,"entries":[
//! {"name":"img","kind":"folder","link":false,"size":null,"modified":"2023-11-14T22:13:20Z","href":"img/"},
//! {"name":"a.txt","kind":"file","link":false,"size":12,"modified":"2023-11-14T22:13:20Z","href":"a.txt"}
//! ]}
//! ```
//!
//! `kind` is `file`, `folder` or `other`, for a link that of its target. `size` is null for all entries except files,
//! `modified` outside the years 0 to 9999, and `href` for entries that are never served. `href` is relative to the
//! listing's own URL. A name that is not UTF-8 has U+FFFD in it, and its `href` has the bytes.

use std::io;

use super::escape::push_json;
use super::format::{Utc, push};
use super::model::{Entry, Listing};
use super::pieces::Pieces;

/// Writes the listing to `pieces`.
pub(super) fn render(listing: &Listing, pieces: &mut Pieces<'_>) -> io::Result<()> {
    let out = pieces.buffer();
    out.extend_from_slice(b"{\"path\":");
    push_json(out, listing.path().as_bytes());
    push(out, format_args!(",\"cut\":{},\"entries\":[", listing.is_cut()));
    for (at, entry) in listing.entries().enumerate() {
        let out = pieces.buffer();
        out.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        push_entry(out, &entry);
        pieces.pass_on()?;
    }
    pieces.buffer().extend_from_slice(b"\n]}\n");
    Ok(())
}

fn push_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"{\"name\":");
    push_json(out, entry.name_bytes());
    let kind = entry.kind();
    push(out, format_args!(",\"kind\":\"{}\",\"link\":{}", kind_word(entry), kind.is_link()));
    if kind.is_file() {
        push(out, format_args!(",\"size\":{}", entry.size()));
    } else {
        out.extend_from_slice(b",\"size\":null");
    }
    out.extend_from_slice(b",\"modified\":");
    push_quoted(out, |out| Utc::from_unix(entry.modified_second()).map(|utc| utc.push_rfc3339(out)).is_some());
    out.extend_from_slice(b",\"href\":");
    push_quoted(out, |out| entry.push_href(out));
    out.push(b'}');
}

fn kind_word(entry: &Entry<'_>) -> &'static str {
    match entry.kind() {
        kind if kind.is_directory() => "folder",
        kind if kind.is_file() => "file",
        _ => "other",
    }
}

/// Adds the output of `push` in quotes, or `null` if there is none. The output must need no escaping.
fn push_quoted(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>) -> bool) {
    let start = out.len();
    out.push(b'"');
    if push(out) {
        out.push(b'"');
    } else {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}
