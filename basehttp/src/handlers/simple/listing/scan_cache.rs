//! Keeps recent scans of directories and the pages made of them, so that frequent requests for a listing cost little.
//!
//! | state of the directory at a request              | the request gets                                 |
//! |--------------------------------------------------|--------------------------------------------------|
//! | rarely read, or entries have come or gone        | a new scan                                       |
//! | a new scan has found no change                   | the old scan and its pages, shared by all clients |
//! | a scan has begun since the request came          | the result of that scan, after waiting           |
//! | read often within this second, at some cost      | the last scan, and its page if there is one      |
//!
//! So the scans of a directory cost at most 50 ms a second, or four scans if one takes longer, unless entries come and
//! go. Clients cannot raise that. The memory is bounded here by bytes and by directories, and on the way to slow
//! clients by the `budget`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::root::Stamp;
use super::Format;
use super::budget::BudgetShare;
use super::location::Location;
use super::scan::Scan;
use super::sort::Sorting;

/// Time for which a scan may be used again: 1 s. A file's new size and date may go unnoticed for that long.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(1);

/// Scans of a directory that are always made within a second: 4. With fewer, a test or a person who asks again at once
/// would see an old state on a slow disk.
pub(super) const MIN_SCANS: u32 = 4;

/// Time that all scans of a directory within a second may take before the last one is used again: 50 ms, a twentieth of
/// a processor. A directory of 20 entries takes about 40 µs.
const MAX_SCAN_TIME: Duration = Duration::from_millis(50);

/// Memory for scans and pages that are kept: 32 MiB, about fifteen directories of 10,000 entries.
pub(super) const MAX_CACHED_BYTES: usize = 32 * 1024 * 1024;

/// The most directories that are kept: 1,024, so that the search for the oldest one stays short.
pub(super) const MAX_DIRECTORIES: usize = 1024;

/// The most pages that are kept of one directory: 24. That is six orders in both forms, for plain and for other
/// spellings of its path.
const MAX_PAGES: usize = 24;

/// Device and inode of a directory.
type DirectoryId = (u64, u64);

/// A page that is ready to be sent, shared by all responses that send it.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub bytes: Arc<[u8]>,
    pub share: Arc<BudgetShare>,
}

/// The key of one page of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageKey {
    /// Not the raw path, whose many spellings would keep clients from sharing a page.
    pub location: Location,
    pub sorting: Sorting,
    pub format: Format,
}

/// The recent scans, by directory.
#[derive(Debug, Default)]
pub(super) struct ScanCache {
    /// Locked only briefly, never during a scan.
    directories: Mutex<HashMap<DirectoryId, DirectorySlot>>,
}

#[derive(Debug)]
struct DirectorySlot {
    directory: Arc<Mutex<Option<ScannedDirectory>>>,
    last_used: Instant,
    bytes: usize,
}

/// One directory, as its last scan found it, and the pages made of that.
#[derive(Debug)]
pub(super) struct ScannedDirectory {
    pub scan: Arc<Scan>,
    stamp: Stamp,
    /// The time when the last scan began.
    began: Instant,
    recent_scans: RecentScans,
    pages: Vec<(PageKey, Page)>,
}

/// Number and cost of the scans in the current second.
#[derive(Clone, Copy, Debug)]
struct RecentScans {
    second_began: Instant,
    count: u32,
    took: Duration,
}

impl ScanCache {
    /// Calls `act` with a directory, after a new scan by `read` if one is needed.
    ///
    /// Requests for the same directory wait for each other here, so one scan serves all that wait.
    pub(super) fn with_directory<R, E>(
        &self,
        stamp: Stamp,
        clock: &dyn Fn() -> Instant,
        read: impl FnOnce() -> Result<Scan, E>,
        act: impl FnOnce(&mut ScannedDirectory) -> Result<R, E>,
    ) -> Result<R, E> {
        let came = clock();
        let kept = self.find(stamp.id(), came);
        let mut directory = lock(&kept);
        let bytes_before = directory.as_ref().map_or(0, ScannedDirectory::bytes);
        let result = refresh(&mut directory, stamp, came, clock, read).and_then(act);
        let bytes = directory.as_ref().map_or(0, ScannedDirectory::bytes);
        drop(directory);
        if bytes != bytes_before {
            self.settle(stamp.id(), &kept, bytes);
        }
        result
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        lock(&self.directories).len()
    }

    fn find(&self, id: DirectoryId, now: Instant) -> Arc<Mutex<Option<ScannedDirectory>>> {
        let mut directories = lock(&self.directories);
        let kept = directories.entry(id).or_insert_with(|| DirectorySlot {
            directory: Arc::default(),
            last_used: now,
            bytes: 0,
        });
        kept.last_used = now;
        let directory = Arc::clone(&kept.directory);
        give_up_oldest(&mut directories, id);
        directory
    }

    /// Records the memory of a directory, unless it was removed meanwhile, and keeps the total within its bound.
    fn settle(&self, id: DirectoryId, directory: &Arc<Mutex<Option<ScannedDirectory>>>, bytes: usize) {
        let mut directories = lock(&self.directories);
        if let Some(kept) = directories.get_mut(&id).filter(|kept| Arc::ptr_eq(&kept.directory, directory)) {
            kept.bytes = bytes;
        }
        while directories.values().map(|kept| kept.bytes).sum::<usize>() > MAX_CACHED_BYTES {
            give_up(&mut directories, |_| true);
        }
    }
}

/// Keeps the number of directories within its bound. The `wanted` one stays.
fn give_up_oldest(directories: &mut HashMap<DirectoryId, DirectorySlot>, wanted: DirectoryId) {
    while directories.len() > MAX_DIRECTORIES {
        give_up(directories, |id| id != wanted);
    }
}

/// Removes the directory whose last request is the longest ago.
fn give_up(directories: &mut HashMap<DirectoryId, DirectorySlot>, may_go: impl Fn(DirectoryId) -> bool) {
    let candidates = directories.iter().filter(|(id, _)| may_go(**id));
    if let Some(id) = candidates.min_by_key(|(_, kept)| kept.last_used).map(|(id, _)| *id) {
        directories.remove(&id);
    }
}

/// Scans the directory, unless its last scan is good for a request that came at `came`.
fn refresh<'f, E>(
    directory: &'f mut Option<ScannedDirectory>,
    stamp: Stamp,
    came: Instant,
    clock: &dyn Fn() -> Instant,
    read: impl FnOnce() -> Result<Scan, E>,
) -> Result<&'f mut ScannedDirectory, E> {
    let old = match directory.take() {
        Some(current) if current.is_current(stamp, came) => return Ok(directory.insert(current)),
        old => old,
    };
    let began = clock();
    let scan = read()?;
    let recent_scans = RecentScans::with(old.as_ref().map(|old| old.recent_scans), began, clock());
    let unchanged = old.filter(|old| old.scan.is_same(&scan));
    let (scan, pages) = unchanged.map_or_else(|| (Arc::new(scan), Vec::new()), |old| (old.scan, old.pages));
    Ok(directory.insert(ScannedDirectory { scan, stamp, began, recent_scans, pages }))
}

impl RecentScans {
    /// Adds a scan from `began` to `ended` to those `before`.
    fn with(before: Option<RecentScans>, began: Instant, ended: Instant) -> Self {
        let current = before.filter(|before| before.is_current(began));
        let RecentScans { second_began, count, took } =
            current.unwrap_or(RecentScans { second_began: began, count: 0, took: Duration::ZERO });
        RecentScans { second_began, count: count + 1, took: took + ended.saturating_duration_since(began) }
    }

    fn is_current(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.second_began) < KEPT_FOR
    }

    fn are_enough(&self) -> bool {
        self.count >= MIN_SCANS && self.took >= MAX_SCAN_TIME
    }
}

impl ScannedDirectory {
    /// Returns true if the last scan is good for a request that came at `came`.
    fn is_current(&self, stamp: Stamp, came: Instant) -> bool {
        let is_scanned_since = self.began >= came;
        self.stamp == stamp
            && (is_scanned_since || self.recent_scans.is_current(came) && self.recent_scans.are_enough())
    }

    /// Returns the page of that key, if it was made of this scan.
    pub(super) fn page(&self, key: &PageKey) -> Option<Page> {
        self.pages.iter().find(|(made, _)| made == key).map(|(_, page)| page.clone())
    }

    pub(super) fn keep_page(&mut self, key: PageKey, page: Page) {
        if self.pages.len() >= MAX_PAGES {
            self.pages.remove(0);
        }
        self.pages.push((key, page));
    }

    fn bytes(&self) -> usize {
        self.scan.bytes() + self.pages.iter().map(|(_, page)| page.share.bytes()).sum::<usize>()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic leaves nothing half done, since values are replaced as a whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
