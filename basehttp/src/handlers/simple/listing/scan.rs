//! Reads the entries of a directory into a compact form: all names in one buffer, 32 bytes of facts for each, sorted by
//! name.
//!
//! The scan uses the directory's own descriptor, so a path that is renamed meanwhile does not matter. It does not
//! follow links. For the target of a link it asks the caller, who knows which links may be followed.

use std::ffi::{CStr, OsStr};
use std::fs::Metadata;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, retry_on_intr};

use super::budget::{Budget, BudgetShare, Exhausted};
use super::sort::compare_names;
use super::{EntryKind, LinkTarget};

/// Memory for one directory: 32 MiB, about 600,000 entries with names of usual length. Further entries are not listed.
pub(super) const MAX_SCAN_BYTES: usize = 32 * 1024 * 1024;

/// Bytes that a scan reserves at once: 64 KiB, over a thousand entries.
const RESERVE_STEP: usize = 64 * 1024;

/// The entries of a directory, sorted by name, directories first.
#[derive(Debug)]
pub(super) struct Scan {
    names: Vec<u8>,
    records: Vec<Record>,
    /// The directory has more entries than fit into [`MAX_SCAN_BYTES`].
    is_cut: bool,
    share: BudgetShare,
}

/// The facts about one entry.
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

/// The reason why a directory cannot be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanError {
    /// The system refused. Usually there is no permission, or the directory is gone.
    System(Errno),
    /// The budget of listings is used up. Usually clients ask for many large directories at once.
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

/// Attempts to read a directory when signals interrupt: 10. Only network file systems allow that, and a server has few
/// signals.
const MAX_ATTEMPTS: usize = 10;

/// The treatment of names with a leading dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DotFiles {
    Hidden,
    Listed,
}

/// Returns the metadata of the target of the link with this name, if it has one and the link may be followed.
pub(super) type Follow<'f> = &'f dyn Fn(&OsStr) -> Option<Metadata>;

impl Scan {
    /// Reads a directory. Blocks as long as the file system does.
    pub(super) fn read(
        directory: BorrowedFd<'_>,
        dot_files: DotFiles,
        follow: Follow<'_>,
        budget: &Arc<Budget>,
    ) -> Result<Self, ScanError> {
        // After an interruption by a signal reading cannot go on, so it starts again.
        for _ in 1..MAX_ATTEMPTS {
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
            Scan { names: Vec::new(), records: Vec::new(), is_cut: false, share: budget.reserve(RESERVE_STEP)? };
        // Its own descriptor, since the caller's may be for lookups only, and other threads may read from it.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let own = retry_on_intr(|| openat(directory, ".", flags, Mode::empty()))?;
        if retry_on_intr(|| fstat(&own))?.st_nlink == 0 {
            // A removed directory can still be read, and seems empty.
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

    /// Adds an entry. `false` if it does not fit.
    fn push(&mut self, name: &[u8], seen: &Seen) -> Result<bool, Exhausted> {
        let (Ok(name_start), Ok(name_len)) = (u32::try_from(self.names.len()), u16::try_from(name.len())) else {
            return Ok(false);
        };
        // Twice the size, since a growing vector may be half empty.
        let needed = 2 * (self.bytes() + name.len() + size_of::<Record>());
        if needed > 2 * MAX_SCAN_BYTES {
            return Ok(false);
        }
        if needed > self.share.bytes() {
            self.share.resize(needed + RESERVE_STEP)?;
        }
        self.names.extend_from_slice(name);
        let &Seen { size, modified, modified_nanos, kind } = seen;
        self.records.push(Record { size, modified, modified_nanos, name_start, name_len, kind });
        Ok(true)
    }

    fn finish(mut self) -> Result<Self, ScanError> {
        self.names.shrink_to_fit();
        self.records.shrink_to_fit();
        self.share.resize(self.bytes())?;
        let Scan { names, records, .. } = &mut self;
        records.sort_unstable_by(|a, b| {
            let directories_first = b.kind.is_directory().cmp(&a.kind.is_directory());
            directories_first.then_with(|| compare_names(name_in(names, a), name_in(names, b)))
        });
        Ok(self)
    }

    /// Returns the memory of the scan, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.names.len() + self.records.len() * size_of::<Record>()
    }

    /// Returns the bytes of all names together.
    pub(super) fn name_bytes(&self) -> usize {
        self.names.len()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn name(&self, record: &Record) -> &[u8] {
        name_in(&self.names, record)
    }

    /// Returns true if two scans have the same entries.
    pub(super) fn is_same(&self, other: &Scan) -> bool {
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

/// The facts about an entry, before it has a record.
#[derive(Debug)]
struct Seen {
    size: u64,
    modified: i64,
    modified_nanos: u32,
    kind: EntryKind,
}

/// Reads the facts about an entry. `None` if it is gone by now, or unreadable.
fn look(directory: BorrowedFd<'_>, name: &CStr, follow: Follow<'_>) -> Result<Option<Seen>, Errno> {
    let own = match retry_on_intr(|| statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)) {
        Ok(own) => own,
        Err(Errno::NOENT | Errno::ACCESS | Errno::STALE | Errno::IO | Errno::OVERFLOW) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    Ok(Some(match FileType::from_raw_mode(own.st_mode) {
        FileType::Directory => seen_itself(&own, EntryKind::Directory),
        FileType::RegularFile => seen_itself(&own, EntryKind::File),
        FileType::Symlink => match follow(OsStr::from_bytes(name.to_bytes())) {
            Some(target) if target.is_dir() => seen_through(&target, LinkTarget::Directory),
            Some(target) if target.is_file() => seen_through(&target, LinkTarget::File),
            _ => seen_itself(&own, EntryKind::Link(LinkTarget::Unreachable)),
        },
        _ => seen_itself(&own, EntryKind::Other),
    }))
}

/// Takes the facts from the entry itself. The fields' types differ between systems.
#[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)]
fn seen_itself(own: &Stat, kind: EntryKind) -> Seen {
    Seen {
        size: if kind.is_file() { u64::try_from(own.st_size).unwrap_or(0) } else { 0 },
        modified: i64::try_from(own.st_mtime).unwrap_or(i64::MAX),
        modified_nanos: u32::try_from(own.st_mtime_nsec).unwrap_or(0),
        kind,
    }
}

/// Takes the facts about a link from its target, whose size and date are shown.
fn seen_through(target: &Metadata, leads_to: LinkTarget) -> Seen {
    let kind = EntryKind::Link(leads_to);
    Seen {
        size: if kind.is_file() { target.size() } else { 0 },
        modified: target.mtime(),
        modified_nanos: u32::try_from(target.mtime_nsec()).unwrap_or(0),
        kind,
    }
}
