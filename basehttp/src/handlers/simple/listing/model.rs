//! What a listing says, before it has any form: where the folder is, what stands in it, in which order.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::budget::{Budget, Exhausted, Reservation};
use super::escape::push_href;
use super::location::Location;
use super::scan::{Record, Scan};
use super::sort::{SortBy, Sorting};

/// A folder as a client is to see it: what `list_directory` gets.
///
/// ```
/// use basehttp::SimpleHTTPRequestHandler;
///
/// # let folder = env!("CARGO_MANIFEST_DIR");
/// let files = SimpleHTTPRequestHandler::builder()
///     .directory(folder)
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
/// Holds no path of this machine. Up to 32 MiB of entries are read of a folder (names, and 32 bytes for each); what is beyond is not in the listing, and
/// [`is_cut`](Self::is_cut) says so.
pub struct Listing {
    location: Location,
    scan: Arc<Scan>,
    sorting: Sorting,
    /// Which record stands where; `None` for the order of the scan.
    order: Option<Vec<u32>>,
    /// What `order` takes.
    _reservation: Option<Reservation>,
}

/// One thing in a folder.
#[derive(Clone, Copy)]
pub struct Entry<'l> {
    name: &'l [u8],
    record: Record,
}

/// What an [`Entry`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link(LinkTarget),
    /// A pipe, a socket, a device: never served.
    Other,
}

/// What a symbolic link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkTarget {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Nothing that is served: it is broken, leads out of what is shared, or to a pipe or device.
    Unreachable,
}

impl EntryKind {
    /// A folder, or a link to one.
    pub fn is_folder(self) -> bool {
        matches!(self, EntryKind::Folder | EntryKind::Link(LinkTarget::Folder))
    }

    /// A file, or a link to one.
    pub fn is_file(self) -> bool {
        matches!(self, EntryKind::File | EntryKind::Link(LinkTarget::File))
    }

    /// A link, wherever it leads.
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
        let (order, reservation) = if sorting == Sorting::default() {
            (None, None)
        } else {
            // As much again for the sort, which is stable.
            let mut reservation = budget.reserve(2 * size_of_val(scan.records()))?;
            let order = ordered(scan.records(), sorting);
            reservation.resize(size_of_val(&order[..]))?;
            (Some(order), Some(reservation))
        };
        Ok(Listing { location, scan, sorting, order, _reservation: reservation })
    }

    /// The decoded path of the URL, such as `/docs/a b/`, with U+FFFD in place of what is no UTF-8. Escape it.
    pub fn path(&self) -> String {
        self.location.display()
    }

    /// Whether there is a folder above it in the URL: in all but `/`.
    pub fn has_parent(&self) -> bool {
        !self.location.segments().is_empty()
    }

    /// The entries in the order that the request's query asks for (`?sort=name|size|date&order=asc|desc`), folders first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        let records = self.scan.records();
        (0..records.len()).map(move |place| {
            let record = &records[self.order.as_ref().map_or(place, |order| order[place] as usize)];
            Entry { name: self.scan.name(record), record: *record }
        })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.scan.records().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the folder has more entries than could be read.
    pub fn is_cut(&self) -> bool {
        self.scan.is_cut()
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// Bytes of all names together.
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
    /// The name: any bytes but `/` and NUL. Escape it, and link to [`href`](Self::href).
    pub fn name(&self) -> &'l OsStr {
        OsStr::from_bytes(self.name)
    }

    /// What it is.
    pub fn kind(&self) -> EntryKind {
        self.record.kind
    }

    /// Bytes of a file, or of the file that a link leads to; 0 for all others.
    pub fn size(&self) -> u64 {
        self.record.size
    }

    /// When its content was last modified (of a link: that of what it leads to); `None` for a time that the system's
    /// clock cannot express.
    pub fn modified(&self) -> Option<SystemTime> {
        let nanos = Duration::from_nanos(self.record.modified_nanos.into());
        let seconds = Duration::from_secs(self.record.modified.unsigned_abs());
        let second =
            if self.record.modified < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) };
        second?.checked_add(nanos)
    }

    /// A reference to it, relative to the listing's own URL: percent-encoded, with a slash behind a folder. `None` for
    /// what is never served.
    pub fn href(&self) -> Option<String> {
        let mut href = Vec::with_capacity(self.name.len() + 2);
        self.push_href(&mut href).then(|| String::from_utf8_lossy(&href).into_owned())
    }

    /// Adds the reference, if there is one.
    pub(super) fn push_href(&self, out: &mut Vec<u8>) -> bool {
        if self.kind().is_folder() {
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

    /// Seconds since 1970.
    pub(super) fn modified_second(&self) -> i64 {
        self.record.modified
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// The places of the records, which are sorted by name with folders first, in another order. Equal ones stay by name.
fn ordered(records: &[Record], sorting: Sorting) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(records.len()).collect();
    let directories = records.partition_point(|record| record.kind.is_folder());
    let (directories, others) = order.split_at_mut(directories);
    for group in [directories, others] {
        let record = |&place: &u32| records[place as usize];
        match sorting.by {
            SortBy::Name => group.sort_by(|a, b| sorting.order.turn(a.cmp(b))),
            SortBy::Size => group.sort_by(|a, b| sorting.order.turn(record(a).size.cmp(&record(b).size))),
            SortBy::Date => {
                let time = |place: &u32| (record(place).modified, record(place).modified_nanos);
                group.sort_by(|a, b| sorting.order.turn(time(a).cmp(&time(b))));
            }
        }
    }
    order
}
