//! Folders as they were read, and the pages made of that: asking for a listing often costs little more than once.
//!
//! | another request for a folder finds             | and gets                                              |
//! |------------------------------------------------|-------------------------------------------------------|
//! | it idle, or entries came or went               | it read anew, to see what is there                    |
//! | the same in it as before                       | what was read and made before, so that slow clients share one copy |
//! | it being read since the request came           | what comes of it, after waiting                       |
//! | it read often within this second, at some cost | what was read last, and the page if its form was made |
//!
//! So reading a folder costs 50 ms a second unless entries come and go, or four readings where one takes longer, whatever
//! clients ask for. What one client can have allocated is bounded: here, by bytes and by folders; on its way to slow
//! clients, by the `budget`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::root::Stamp;
use super::Format;
use super::budget::Reservation;
use super::location::Location;
use super::scan::Scan;
use super::sort::Sorting;

/// Time for which a reading may count: 1 s, in which a file's new size and date may not be seen yet.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(1);

/// Readings of a folder that are made within a second, whatever they cost: 4. Otherwise a test or a person who asks
/// again at once would see the past where the disk is slow.
pub(super) const MIN_READINGS: u32 = 4;

/// Time that all readings of a folder within a second may take before the last one counts: 50 ms, a twentieth of a
/// processor. A folder of 20 entries takes some 40 µs.
const MAX_READING_TIME: Duration = Duration::from_millis(50);

/// What is kept for later requests, in total: 32 MiB, some fifteen folders of 10,000 entries.
pub(super) const MAX_CACHED_BYTES: usize = 32 * 1024 * 1024;

/// How many folders are kept: 1,024, so that looking for the one to give up stays short.
pub(super) const MAX_DIRECTORIES: usize = 1024;

/// How many pages are kept of one folder: 24, all orders in both forms, for plain spellings of its path and for others.
const MAX_PAGES: usize = 24;

/// Device and inode of a directory.
type DirectoryId = (u64, u64);

/// A page that is ready to be sent, shared by all whom it is sent to.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub bytes: Arc<[u8]>,
    pub reservation: Arc<Reservation>,
}

/// Which page of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageKey {
    /// Not the path as sent, which has too many spellings: everybody's page is then another.
    pub location: Location,
    pub sorting: Sorting,
    pub format: Format,
}

/// The folders that were asked for lately.
#[derive(Debug, Default)]
pub(super) struct ScanCache {
    /// Held for a moment only, never while a folder is read.
    directories: Mutex<HashMap<DirectoryId, DirectorySlot>>,
}

#[derive(Debug)]
struct DirectorySlot {
    directory: Arc<Mutex<Option<ScannedDirectory>>>,
    last_used: Instant,
    bytes: usize,
}

/// One folder, as it was read.
#[derive(Debug)]
pub(super) struct ScannedDirectory {
    pub scan: Arc<Scan>,
    stamp: Stamp,
    /// When the last reading began.
    began: Instant,
    readings: Readings,
    pages: Vec<(PageKey, Page)>,
}

/// The readings of the current second.
#[derive(Clone, Copy, Debug)]
struct Readings {
    second_began: Instant,
    count: u32,
    took: Duration,
}

impl ScanCache {
    /// Acts on a folder as it was read, which happens now if need be.
    ///
    /// Requests for the same folder wait for each other meanwhile, so that it is read once for those that wait.
    pub fn with_directory<R, E>(
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
    pub fn len(&self) -> usize {
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

    /// Notes how much a folder takes now, unless it was given up meanwhile.
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

/// Keeps the number of folders within its bound; the one that is wanted now stays.
fn give_up_oldest(directories: &mut HashMap<DirectoryId, DirectorySlot>, wanted: DirectoryId) {
    while directories.len() > MAX_DIRECTORIES {
        give_up(directories, |id| id != wanted);
    }
}

/// Forgets the folder that was not asked for for the longest time.
fn give_up(directories: &mut HashMap<DirectoryId, DirectorySlot>, may_go: impl Fn(DirectoryId) -> bool) {
    let candidates = directories.iter().filter(|(id, _)| may_go(**id));
    if let Some(id) = candidates.min_by_key(|(_, kept)| kept.last_used).map(|(id, _)| *id) {
        directories.remove(&id);
    }
}

/// Sees to it that what is there is what a request that came at `came` may get.
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
    let readings = Readings::with(old.as_ref().map(|old| old.readings), began, clock());
    let unchanged = old.filter(|old| old.scan.is_same(&scan));
    let (scan, pages) = unchanged.map_or_else(|| (Arc::new(scan), Vec::new()), |old| (old.scan, old.pages));
    Ok(directory.insert(ScannedDirectory { scan, stamp, began, readings, pages }))
}

impl Readings {
    /// Those before, and one from `began` to `ended`.
    fn with(before: Option<Readings>, began: Instant, ended: Instant) -> Self {
        let current = before.filter(|before| before.is_current(began));
        let Readings { second_began, count, took } =
            current.unwrap_or(Readings { second_began: began, count: 0, took: Duration::ZERO });
        Readings { second_began, count: count + 1, took: took + ended.saturating_duration_since(began) }
    }

    fn is_current(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.second_began) < KEPT_FOR
    }

    fn are_enough(&self) -> bool {
        self.count >= MIN_READINGS && self.took >= MAX_READING_TIME
    }
}

impl ScannedDirectory {
    /// Returns true if a request that came at `came` may get it as it was read.
    fn is_current(&self, stamp: Stamp, came: Instant) -> bool {
        let is_read_since = self.began >= came;
        self.stamp == stamp && (is_read_since || self.readings.is_current(came) && self.readings.are_enough())
    }

    /// A page that was made of this reading.
    pub fn page(&self, key: &PageKey) -> Option<Page> {
        self.pages.iter().find(|(made, _)| made == key).map(|(_, page)| page.clone())
    }

    pub fn keep_page(&mut self, key: PageKey, page: Page) {
        if self.pages.len() >= MAX_PAGES {
            self.pages.remove(0);
        }
        self.pages.push((key, page));
    }

    fn bytes(&self) -> usize {
        self.scan.bytes() + self.pages.iter().map(|(_, page)| page.reservation.bytes()).sum::<usize>()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic leaves nothing half done: what is kept is replaced as a whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
