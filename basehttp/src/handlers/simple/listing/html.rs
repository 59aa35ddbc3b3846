//! Renders a listing as a page: a table with links in its heads to sort it, without script. Valid HTML5. The style is
//! in `style`.
//!
//! Screen readers get `th scope`, `aria-sort`, and words behind the names of directories and links. A plain file has no
//! such words, so that long listings are quick to listen to. Names stand in `bdi`, so that a name with direction marks
//! affects only itself. Most end tags of table parts are omitted, as HTML allows, which makes a row shorter by a third.

use std::io;

use super::escape::push_html;
use super::format::{Utc, push, push_exact_size, push_grouped, push_human_size};
use super::model::{Entry, EntryKind, LinkTarget, Listing};
use super::pieces::Pieces;
use super::sort::{SortBy, SortOrder, Sorting};
use super::style::STYLE;

/// The most directories that breadcrumbs show between the root and the listing: 8, which fit on a wide screen. A link
/// to its own directory can make paths of thousands.
pub(super) const MAX_CRUMBS: usize = 8;

/// Writes the page to `pieces`.
pub(super) fn render(listing: &Listing, pieces: &mut Pieces<'_>) -> io::Result<()> {
    let out = pieces.buffer();
    push_top(out, listing);
    push_header(out, listing);
    push_table_head(out, listing.sorting());
    if listing.has_parent() {
        push_parent_row(out, listing);
    }
    for entry in listing.entries() {
        push_row(pieces.buffer(), &entry);
        pieces.pass_on()?;
    }
    let out = pieces.buffer();
    out.extend_from_slice(b"</table>\n</main>\n</body>\n</html>\n");
    Ok(())
}

fn push_top(out: &mut Vec<u8>, listing: &Listing) {
    out.extend_from_slice(b"<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n");
    out.extend_from_slice(b"<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<title>Index of ");
    push_html(out, listing.path().as_bytes());
    out.extend_from_slice(b"</title>\n<style>");
    out.extend_from_slice(STYLE.as_bytes());
    out.extend_from_slice(b"</style>\n</head>\n<body>\n");
}

fn push_header(out: &mut Vec<u8>, listing: &Listing) {
    out.extend_from_slice(b"<header>\n");
    if listing.has_parent() {
        push_breadcrumbs(out, listing);
    }
    out.extend_from_slice(b"<h1 id=name>");
    if let Some(name) = listing.location().segments().last() {
        push_name(out, name);
    } else {
        out.extend_from_slice(b"Index of ");
        push_html(out, listing.path().as_bytes());
    }
    out.extend_from_slice(b"</h1>\n<p>");
    push_summary(out, listing);
    out.extend_from_slice(b"</p>\n</header>\n");
}

/// Adds the root, the directories above, and last this one, which is not a link.
fn push_breadcrumbs(out: &mut Vec<u8>, listing: &Listing) {
    let location = listing.location();
    let depth = location.segments().len();
    let first_shown = depth.saturating_sub(MAX_CRUMBS).max(1);
    out.extend_from_slice(b"<nav aria-label=Breadcrumbs><ol>\n<li><a href=\"");
    location.push_href_above(0, out);
    out.extend_from_slice(b"\">Home</a>\n");
    if first_shown > 1 {
        out.extend_from_slice("<li><span>…</span>\n".as_bytes());
    }
    for above in first_shown..depth {
        out.extend_from_slice(b"<li><a href=\"");
        location.push_href_above(above, out);
        out.extend_from_slice(b"\">");
        push_name(out, &location.segments()[above - 1]);
        out.extend_from_slice(b"</a>\n");
    }
    out.extend_from_slice(b"<li><span aria-current=page>");
    push_name(out, location.segments().last().map_or(b"", |name| name));
    out.extend_from_slice(b"</span>\n</ol></nav>\n");
}

fn push_name(out: &mut Vec<u8>, name: &[u8]) {
    out.extend_from_slice(b"<bdi>");
    push_html(out, name);
    out.extend_from_slice(b"</bdi>");
}

/// Adds `2 folders, 1,234 files, 1.2 GiB`, without the kinds that are absent.
fn push_summary(out: &mut Vec<u8>, listing: &Listing) {
    let directories = listing.entries().filter(|entry| entry.kind().is_directory()).count() as u64;
    let files = listing.len() as u64 - directories;
    if listing.is_empty() {
        return out.extend_from_slice(b"This folder is empty.");
    }
    if directories > 0 {
        push_count(out, directories, "folder");
        out.extend_from_slice(if files > 0 { b", " } else { b"" });
    }
    if files > 0 {
        push_count(out, files, "file");
        let total = listing.entries().fold(0_u64, |total, entry| total.saturating_add(entry.size()));
        out.extend_from_slice(b", ");
        push_human_size(out, total);
    }
    if listing.is_cut() {
        out.extend_from_slice(b". <strong>The folder has more than can be listed: this is a part of it.</strong>");
    }
}

fn push_count(out: &mut Vec<u8>, count: u64, what: &str) {
    push_grouped(out, count);
    push(out, format_args!(" {what}{}", if count == 1 { "" } else { "s" }));
}

fn push_table_head(out: &mut Vec<u8>, sorting: Sorting) {
    out.extend_from_slice(b"<main>\n<table aria-labelledby=name>\n<thead>\n<tr>");
    for (by, title) in [(SortBy::Name, "Name"), (SortBy::Size, "Size"), (SortBy::Date, "Modified<span> (UTC)</span>")] {
        let state = match (sorting.by == by, sorting.order) {
            (false, _) => "",
            (true, SortOrder::Ascending) => " aria-sort=ascending",
            (true, SortOrder::Descending) => " aria-sort=descending",
        };
        let next = sorting.after_choosing(by);
        // `nofollow`, so that crawlers do not fetch six orders of the same entries.
        let (word, order) = (next.by.word(), next.order.word());
        push(
            out,
            format_args!("<th scope=col{state}><a rel=nofollow href=\"?sort={word}&amp;order={order}\">{title}</a>"),
        );
    }
    out.extend_from_slice(b"\n<tbody>\n");
}

fn push_parent_row(out: &mut Vec<u8>, listing: &Listing) {
    out.extend_from_slice(b"<tr class=up><th scope=row><a href=\"");
    listing.location().push_href_above(listing.location().segments().len() - 1, out);
    out.extend_from_slice(b"\">Parent folder</a><td><td>\n");
}

fn push_row(out: &mut Vec<u8>, entry: &Entry<'_>) {
    let Looks { class, words, tail } = looks(entry.kind());
    push(out, format_args!("<tr{class}><th scope=row><a href=\""));
    if entry.push_href(out) {
        out.extend_from_slice(b"\"><bdi>");
    } else {
        // A link without a destination is a placeholder, which looks the same and cannot be chosen.
        out.truncate(out.len() - b" href=\"".len());
        out.extend_from_slice(b"><bdi>");
    }
    push_html(out, entry.name_bytes());
    push(out, format_args!("</bdi>{tail}{words}</a>"));
    push_size(out, entry);
    push_date(out, entry);
    out.push(b'\n');
}

/// The marks of a kind of entry.
struct Looks {
    /// Class of the row, which selects its symbol.
    class: &'static str,
    /// Words for screen readers, in place of the symbol.
    words: &'static str,
    /// Text behind the name, as in a terminal.
    tail: &'static str,
}

fn looks(kind: EntryKind) -> Looks {
    let (class, words, tail) = match kind {
        EntryKind::File => ("", "", ""),
        EntryKind::Directory => (" class=d", "<i>, folder</i>", "/"),
        EntryKind::Link(LinkTarget::File) => (" class=l", "<i>, link to a file</i>", ""),
        EntryKind::Link(LinkTarget::Directory) => (" class=\"d l\"", "<i>, link to a folder</i>", "/"),
        EntryKind::Link(LinkTarget::Unreachable) => (" class=o", "<i>, link that leads nowhere</i>", ""),
        EntryKind::Other => (" class=o", "<i>, not a file</i>", ""),
    };
    Looks { class, words, tail }
}

fn push_size(out: &mut Vec<u8>, entry: &Entry<'_>) {
    if !entry.kind().is_file() {
        return out.extend_from_slice(b"<td>");
    }
    out.extend_from_slice(b"<td title=\"");
    push_exact_size(out, entry.size());
    out.extend_from_slice(b"\">");
    push_human_size(out, entry.size());
}

fn push_date(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"<td>");
    if let Some(utc) = Utc::from_unix(entry.modified_second()) {
        out.extend_from_slice(b"<time datetime=");
        utc.push_rfc3339(out);
        out.push(b'>');
        utc.push_day(out);
        out.extend_from_slice(b"<span> ");
        utc.push_minute(out);
        out.extend_from_slice(b"</span></time>");
    }
}
