//! The content of a listing, apart from its form: the directory's location, its entries, and their order.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::budget::{Budget, BudgetShare, Exhausted};
use super::escape::push_href;
use super::location::Location;
use super::scan::{Record, Scan};
use super::sort::{SortBy, Sorting};

/// The entries of a directory, in the order that the request asks for. `list_directory` gets one.
///
/// ```
/// use basehttp::SimpleHTTPRequestHandler;
///
/// # let directory = env!("CARGO_MANIFEST_DIR");
/// let files = SimpleHTTPRequestHandler::builder()
///     .directory(directory)
///     .list_directory(|ex, listing| {
///         let hrefs: Vec<String> = listing.entries().filter_map(|entry| entry.href()).collect();
///         Ok(ex.send_text(200, hrefs.join("\n"))?)
///     })
///     .build()?;
/// # let reply = basehttp::testing::respond(&files, b"GET /src/?order=desc HTTP/1.0\r\n\r\n");
/// # assert!(String::from_utf8_lossy(&reply).contains("server/\nproto/\n"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// It contains no path of this machine. A listing has up to 32 MiB of entries (names, and 32 bytes for each).
/// [`is_cut`](Self::is_cut) tells if the directory has more.
pub struct Listing {
    location: Location,
    scan: Arc<Scan>,
    sorting: Sorting,
    /// Indices of the records, in the order of the listing. `None` for the order of the scan.
    order: Option<Vec<u32>>,
    /// The memory of `order`.
    _share: Option<BudgetShare>,
}

/// One entry of a [`Listing`]: a file, a directory, a link, or something else.
#[derive(Clone, Copy)]
pub struct Entry<'l> {
    name: &'l [u8],
    record: Record,
}

/// The kind of an [`Entry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link(LinkTarget),
    /// A pipe, a socket or a device, which are never served.
    Other,
}

/// The target of a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkTarget {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Nothing that is served. The link is broken, leads out of the served directory, or leads to a pipe or device.
    Unreachable,
}

impl EntryKind {
    /// Returns true for a directory, or a link to one.
    pub fn is_directory(self) -> bool {
        matches!(self, EntryKind::Directory | EntryKind::Link(LinkTarget::Directory))
    }

    /// Returns true for a file, or a link to one.
    pub fn is_file(self) -> bool {
        matches!(self, EntryKind::File | EntryKind::Link(LinkTarget::File))
    }

    /// Returns true for a link to anything.
    pub fn is_link(self) -> bool {
        matches!(self, EntryKind::Link(_))
    }
}

impl Listing {
    pub(super) fn new(
        location: Location,
        scan: Arc<Scan>,
        sorting: Sorting,
        budget: &Arc<Budget>,
    ) -> Result<Self, Exhausted> {
        let (order, share) = if sorting == Sorting::default() {
            (None, None)
        } else {
            // Twice the size, since the stable sort needs as much again.
            let mut share = budget.reserve(2 * size_of_val(scan.records()))?;
            let order = ordered(scan.records(), sorting);
            share.resize(size_of_val(&order[..]))?;
            (Some(order), Some(share))
        };
        Ok(Listing { location, scan, sorting, order, _share: share })
    }

    /// Returns the decoded path of the URL, such as `/docs/a b/`. Escape it before you put it into a page.
    ///
    /// It has U+FFFD in place of bytes that are not UTF-8.
    pub fn path(&self) -> String {
        self.location.display()
    }

    /// Returns true if a directory above this one is served. Only the root of the files has none.
    pub fn has_parent(&self) -> bool {
        !self.location.segments().is_empty()
    }

    /// Iterates over the entries, directories first, in the order of the query (`?sort=name|size|date&order=asc|desc`).
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let records = self.scan.records();
        (0..records.len()).map(move |at| {
            let record = &records[self.order.as_ref().map_or(at, |order| order[at] as usize)];
            Entry { name: self.scan.name(record), record: *record }
        })
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.scan.records().len()
    }

    /// Returns true if there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns true if the directory has more entries than this listing.
    pub fn is_cut(&self) -> bool {
        self.scan.is_cut()
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the bytes of all names together.
    pub(super) fn name_bytes(&self) -> usize {
        self.scan.name_bytes()
    }

    pub(super) fn sorting(&self) -> Sorting {
        self.sorting
    }
}

impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listing").field("path", &self.path()).field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<'l> Entry<'l> {
    /// Returns the name, which has any bytes except `/` and NUL. Escape it, and link to [`href`](Self::href).
    pub fn name(&self) -> &'l OsStr {
        OsStr::from_bytes(self.name)
    }

    /// Returns the kind of the entry.
    pub fn kind(&self) -> EntryKind {
        self.record.kind
    }

    /// Returns the size of a file in bytes. For a link to a file it is the file's size, for all other entries 0.
    pub fn size(&self) -> u64 {
        self.record.size
    }

    /// Returns the time of the last write, for a link that of its target. `None` if `SystemTime` cannot express it.
    pub fn modified(&self) -> Option<SystemTime> {
        let nanos = Duration::from_nanos(self.record.modified_nanos.into());
        let seconds = Duration::from_secs(self.record.modified.unsigned_abs());
        let second =
            if self.record.modified < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
        second?.checked_add(nanos)
    }

    /// Returns a link to the entry, relative to the listing's own URL. `None` for entries that are never served.
    ///
    /// It is percent-encoded, and ends in a slash for a directory.
    pub fn href(&self) -> Option<String> {
        let mut href = Vec::with_capacity(self.name.len() + 2);
        self.push_href(&mut href).then(|| String::from_utf8_lossy(&href).into_owned())
    }

    /// Adds the link and returns true, if there is one.
    pub(super) fn push_href(&self, out: &mut Vec<u8>) -> bool {
        if self.kind().is_directory() {
            push_href(out, self.name);
            out.push(b'/');
        } else if self.kind().is_file() {
            push_href(out, self.name);
        } else {
            return false;
        }
        true
    }

    pub(super) fn name_bytes(&self) -> &'l [u8] {
        self.name
    }

    /// Returns the time of the last write, in seconds since 1970.
    pub(super) fn modified_second(&self) -> i64 {
        self.record.modified
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// Sorts the indices of records, which are sorted by name with directories first, in another order. Equal ones stay by
/// name.
fn ordered(records: &[Record], sorting: Sorting) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(records.len()).collect();
    let directories = records.partition_point(|record| record.kind.is_directory());
    let (directories, others) = order.split_at_mut(directories);
    for group in [directories, others] {
        let record = |&index: &u32| records[index as usize];
        match sorting.by {
            SortBy::Name => group.sort_by(|a, b| sorting.order.turn(a.cmp(b))),
            SortBy::Size => group.sort_by(|a, b| sorting.order.turn(record(a).size.cmp(&record(b).size))),
            SortBy::Date => {
                let time = |index: &u32| (record(index).modified, record(index).modified_nanos);
                group.sort_by(|a, b| sorting.order.turn(time(a).cmp(&time(b))));
            }
        }
    }
    order
}
