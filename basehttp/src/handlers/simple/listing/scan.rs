//! What stands in a folder, read once and compactly: names in one piece, 32 bytes of facts for each, sorted by name.
//!
//! Read through the folder's own descriptor, whatever its path may lead to by now. The type of an entry is asked
//! without following links; what a link leads to is the caller's to say, who knows what may be followed.

use std::ffi::{CStr, OsStr};
use std::fs::Metadata;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, retry_on_intr};

use super::budget::{Budget, Exhausted, Reservation};
use super::sort::compare_names;
use super::{EntryKind, LinkTarget};

/// What one folder may take: 32 MiB, some 600,000 entries with names of usual length. What is beyond is not listed.
pub(super) const MAX_SCAN_BYTES: usize = 32 * 1024 * 1024;

/// How much is reserved at once while a folder is read: 64 KiB, over a thousand entries.
const RESERVE_STEP: usize = 64 * 1024;

/// A folder's entries, sorted: folders first, then by name.
#[derive(Debug)]
pub(super) struct Scan {
    names: Vec<u8>,
    records: Vec<Record>,
    /// There was more than [`MAX_SCAN_BYTES`] hold.
    is_cut: bool,
    reservation: Reservation,
}

/// What is known of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
    pub modified_nanos: u32,
    name_start: u32,
    name_len: u16,
    pub kind: EntryKind,
}

/// Why a folder cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanError {
    /// The system said so. Usually no permission, or the folder is gone.
    System(Errno),
    /// The listings hold as much as they may. Usually many large folders are asked for at once.
    Exhausted,
}

impl From<Errno> for ScanError {
    fn from(errno: Errno) -> Self {
        ScanError::System(errno)
    }
}

impl From<Exhausted> for ScanError {
    fn from(Exhausted: Exhausted) -> Self {
        ScanError::Exhausted
    }
}

/// How often a directory is read whose reading signals interrupt: 10 times. File systems of networks alone do that, and
/// a server has few signals.
const MAX_SCANS: usize = 10;

/// Which entries are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DotFiles {
    Hidden,
    Listed,
}

/// What the link of that name leads to, if it may be followed and leads anywhere.
pub(super) type Follow<'f> = &'f dyn Fn(&OsStr) -> Option<Metadata>;

impl Scan {
    /// Reads a folder. Blocks for as long as the file system does.
    pub fn read(
        directory: BorrowedFd<'_>,
        dot_files: DotFiles,
        follow: Follow<'_>,
        budget: &Arc<Budget>,
    ) -> Result<Self, ScanError> {
        // A directory whose reading was interrupted by a signal cannot be read on: it is read anew.
        for _ in 1..MAX_SCANS {
            match Scan::read_once(directory, dot_files, follow, budget) {
                Err(ScanError::System(Errno::INTR)) => {}
                read => return read,
            }
        }
        Scan::read_once(directory, dot_files, follow, budget)
    }

    fn read_once(
        directory: BorrowedFd<'_>,
        dot_files: DotFiles,
        follow: Follow<'_>,
        budget: &Arc<Budget>,
    ) -> Result<Self, ScanError> {
        let mut scan =
            Scan { names: Vec::new(), records: Vec::new(), is_cut: false, reservation: budget.reserve(RESERVE_STEP)? };
        // A descriptor of its own: the caller's may be for paths only, and others read it at the same time.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let own = retry_on_intr(|| openat(directory, ".", flags, Mode::empty()))?;
        if retry_on_intr(|| fstat(&own))?.st_nlink == 0 {
            // Removed meanwhile: it can be read still, and seems empty.
            return Err(Errno::NOENT.into());
        }
        for entry in Dir::new(own)? {
            let entry = entry?;
            let name = entry.file_name();
            if !is_listed(name.to_bytes(), dot_files) {
                continue;
            }
            let Some(seen) = look(directory, name, follow)? else { continue };
            if !scan.push(name.to_bytes(), &seen)? {
                scan.is_cut = true;
                break;
            }
        }
        scan.finish()
    }

    /// Takes one more entry; `false` if it does not fit.
    fn push(&mut self, name: &[u8], seen: &Seen) -> Result<bool, Exhausted> {
        let (Ok(name_start), Ok(name_len)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
            return Ok(false);
        };
        // Twice, since a vector that grows may be half empty.
        let needed = 2 * (self.bytes() + name.len() + size_of::<Record>());
        if needed > 2 * MAX_SCAN_BYTES {
            return Ok(false);
        }
        if needed > self.reservation.bytes() {
            self.reservation.resize(needed + RESERVE_STEP)?;
        }
        self.names.extend_from_slice(name);
        let &Seen { size, modified, modified_nanos, kind } = seen;
        self.records.push(Record { size, modified, modified_nanos, name_start, name_len, kind });
        Ok(true)
    }

    fn finish(mut self) -> Result<Self, ScanError> {
        self.names.shrink_to_fit();
        self.records.shrink_to_fit();
        self.reservation.resize(self.bytes())?;
        let Scan { names, records, .. } = &mut self;
        records.sort_unstable_by(|a, b| {
            let directories_first = b.kind.is_folder().cmp(&a.kind.is_folder());
            directories_first.then_with(|| compare_names(name_in(names, a), name_in(names, b)))
        });
        Ok(self)
    }

    /// The memory it takes.
    pub fn bytes(&self) -> usize {
        self.names.len() + self.records.len() * size_of::<Record>()
    }

    /// All names together.
    pub fn name_bytes(&self) -> usize {
        self.names.len()
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    pub fn name(&self, record: &Record) -> &[u8] {
        name_in(&self.names, record)
    }

    /// Whether nothing has changed between two readings.
    pub fn is_same(&self, other: &Scan) -> bool {
        self.is_cut == other.is_cut && self.records == other.records && self.names == other.names
    }
}

fn name_in<'n>(names: &'n [u8], record: &Record) -> &'n [u8] {
    let start = record.name_start as usize;
    &names[start..start + usize::from(record.name_len)]
}

fn is_listed(name: &[u8], dot_files: DotFiles) -> bool {
    !matches!(name, b"." | b"..") && (dot_files == DotFiles::Listed || !name.starts_with(b"."))
}

/// What was seen of an entry.
#[derive(Debug)]
struct Seen {
    size: u64,
    modified: i64,
    modified_nanos: u32,
    kind: EntryKind,
}

/// Looks at an entry; `None` if it is gone by now, or nobody may look at it.
fn look(directory: BorrowedFd<'_>, name: &CStr, follow: Follow<'_>) -> Result<Option<Seen>, Errno> {
    let own = match retry_on_intr(|| statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)) {
        Ok(own) => own,
        Err(Errno::NOENT | Errno::ACCESS | Errno::STALE | Errno::IO | Errno::OVERFLOW) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    Ok(Some(match FileType::from_raw_mode(own.st_mode) {
        FileType::Directory => seen_itself(&own, EntryKind::Folder),
        FileType::RegularFile => seen_itself(&own, EntryKind::File),
        FileType::Symlink => match follow(OsStr::from_bytes(name.to_bytes())) {
            Some(target) if target.is_dir() => seen_through(&target, LinkTarget::Folder),
            Some(target) if target.is_file() => seen_through(&target, LinkTarget::File),
            _ => seen_itself(&own, EntryKind::Link(LinkTarget::Unreachable)),
        },
        _ => seen_itself(&own, EntryKind::Other),
    }))
}

/// The fields' types differ between systems.
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
fn seen_itself(own: &Stat, kind: EntryKind) -> Seen {
    Seen {
        size: if kind.is_file() { u64::try_from(own.st_size).unwrap_or(0) } else { 0 },
        modified: i64::try_from(own.st_mtime).unwrap_or(i64::MAX),
        modified_nanos: u32::try_from(own.st_mtime_nsec).unwrap_or(0),
        kind,
    }
}

/// A link is shown with the size and date of what it leads to.
fn seen_through(target: &Metadata, leads_to: LinkTarget) -> Seen {
    let kind = EntryKind::Link(leads_to);
    Seen {
        size: if kind.is_file() { target.size() } else { 0 },
        modified: target.mtime(),
        modified_nanos: u32::try_from(target.mtime_nsec()).unwrap_or(0),
        kind,
    }
}
