//! Small files in memory, and the descriptions of large files, by request path. Bounded in bytes.
//!
//! An entry holds the result of one look at the disk, body and validators of one state of a file, and never changes. It
//! saves reading the file. Each request still compares the state with the disk, unless the file is requested often and
//! has not changed for some seconds.
//!
//! When room is needed, entries that were not used since the last round go first (the clock algorithm, a cheap form of
//! "least recently used").

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};

use super::codings::{CODINGS, Coding};
use super::representation::Representation;
use super::root::Stamp;
use super::trust::Trust;

/// Size of the largest file that is kept in memory: 64 KiB. Larger files cost less with sendfile(2).
pub(super) const MAX_SMALL_FILE_BYTES: u64 = 64 * 1024;

/// Looks at a file within a second before the last one is trusted: 64. Opening, fstat(2) and closing cost about 1 µs of
/// processor time (mean of a million, on a virtual machine). So a busy file takes a ten-thousandth of a processor, and
/// clients that ask less often always see the disk.
const MAX_LOOKS: u64 = 64;

/// Age of a change after which the next one surely has another time: 2 s, the coarsest clock of a file system (FAT).
const SETTLED: Duration = Duration::from_secs(2);

/// Memory of an entry besides bodies and paths: 1 KiB, for texts, map and ring.
const ENTRY_BYTES: usize = 1024;

/// One state of a small file.
#[derive(Debug)]
pub(super) struct SmallFile {
    pub representation: Representation,
    pub bytes: Arc<[u8]>,
    /// The file had just changed when it was read, and may have changed again within the same tick of its clock.
    is_young: bool,
}

impl SmallFile {
    /// Keeps `bytes`, which were read from the file just now.
    pub(super) fn new(representation: Representation, bytes: Arc<[u8]>, now: SystemTime) -> Self {
        let is_young = is_young(&representation.stamp, now);
        SmallFile { representation, bytes, is_young }
    }

    /// Returns true if a file in the state of `representation` has these bytes.
    pub(super) fn is_still(&self, representation: &Representation) -> bool {
        self.representation.stamp == representation.stamp && !self.is_young
    }
}

/// Returns true if the file changed so recently, or in the future, that its next change may have the same times.
fn is_young(stamp: &Stamp, now: SystemTime) -> bool {
    now.duration_since(stamp.changed()).is_ok_and(|age| age < SETTLED) || stamp.changed() > now
}

/// The cached state of one coding of a file.
#[derive(Clone, Debug)]
pub(super) enum Variant {
    /// No file has this coding.
    Absent,
    /// A large file, opened for each request. The description holds while the file is in the same state.
    Large(Arc<Representation>),
    Small(Arc<SmallFile>),
}

impl Variant {
    fn stamp(&self) -> Option<&Stamp> {
        match self {
            Variant::Absent => None,
            Variant::Large(representation) => Some(&representation.stamp),
            Variant::Small(small) => Some(&small.representation.stamp),
        }
    }
}

/// The variants of a file, indexed by coding.
pub(super) type Variants = [Variant; CODINGS.len()];

/// The file that a request's path led to.
#[derive(Debug)]
pub(super) struct CacheEntry {
    /// The file's own path beneath the root. For an index page it is longer than the request's.
    pub path: Vec<u8>,
    variants: Variants,
    /// Generation of the tree that holds the file.
    generation: u64,
    /// No variant had just changed.
    is_settled: bool,
    trust: Trust,
}

impl CacheEntry {
    /// Makes an entry of the `variants` at `path` in the tree of that `generation`, found by a look that began at
    /// `now`.
    pub(super) fn new(path: Vec<u8>, variants: Variants, generation: u64, now: Instant) -> Self {
        let clock = SystemTime::now();
        let is_settled = variants.iter().filter_map(Variant::stamp).all(|stamp| !is_young(stamp, clock));
        CacheEntry { path, variants, generation, is_settled, trust: Trust::new(now) }
    }

    /// Returns true if the files at `path` have the states of this entry, in the tree of that `generation`.
    pub(super) fn is_still(&self, path: &[u8], stamps: [Option<&Stamp>; CODINGS.len()], generation: u64) -> bool {
        self.is_settled
            && self.generation == generation
            && self.path == path
            && self.variants.each_ref().map(Variant::stamp) == stamps
    }

    /// Returns true if this entry should replace `known`. While a file has just changed no entry is trusted, so one of
    /// the same state is no gain.
    pub(super) fn is_news_after(&self, known: &CacheEntry) -> bool {
        let stamps = |entry: &CacheEntry| entry.variants.each_ref().map(|variant| variant.stamp().copied());
        let is_same = self.generation == known.generation && self.path == known.path && stamps(self) == stamps(known);
        self.is_settled || !is_same
    }

    pub(super) fn variant(&self, coding: Coding) -> &Variant {
        &self.variants[coding as usize]
    }

    /// Returns true if the entry may be used without a look at the disk, while the tree of that `generation` is served.
    /// Otherwise the caller must look.
    pub(super) fn is_trusted(&self, generation: u64, now: Instant) -> bool {
        self.is_settled && self.generation == generation && self.trust.holds(now, MAX_LOOKS)
    }

    fn cost(&self, key: &[u8]) -> usize {
        let body = |variant: &Variant| if let Variant::Small(small) = variant { small.bytes.len() } else { 0 };
        ENTRY_BYTES + key.len() + self.path.len() + self.variants.iter().map(body).sum::<usize>()
    }
}

/// The files that a handler has in memory, at most `max_bytes`.
#[derive(Debug)]
pub(super) struct Cache {
    max_bytes: usize,
    entries: RwLock<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    slots: HashMap<Arc<[u8]>, FileSlot>,
    /// The keys in the order in which they are candidates to go.
    ring: VecDeque<Arc<[u8]>>,
    bytes: usize,
}

#[derive(Debug)]
struct FileSlot {
    entry: Arc<CacheEntry>,
    cost: usize,
    /// Used since the last round of the ring.
    was_used: AtomicBool,
}

impl Cache {
    pub(super) fn new(max_bytes: usize) -> Self {
        Cache { max_bytes, entries: RwLock::default() }
    }

    /// Returns the entry of `key`, which may be out of date.
    pub(super) fn get(&self, key: &[u8]) -> Option<Arc<CacheEntry>> {
        let entries = self.read();
        let slot = entries.slots.get(key)?;
        // Read first, so that threads that use the same entry do not take the cache line from each other.
        if !slot.was_used.load(Ordering::Relaxed) {
            slot.was_used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&slot.entry))
    }

    /// Stores `entry` in place of the old one. An entry larger than the whole cache only removes the old one.
    pub(super) fn put(&self, key: &[u8], entry: Arc<CacheEntry>) {
        let cost = entry.cost(key);
        if cost > self.max_bytes {
            return self.forget(key);
        }
        let mut entries = self.write();
        let entries = &mut *entries;
        if let Some(slot) = entries.slots.get_mut(key) {
            entries.bytes = entries.bytes - slot.cost + cost;
            (slot.entry, slot.cost) = (entry, cost);
        } else {
            let key: Arc<[u8]> = key.into();
            entries.slots.insert(Arc::clone(&key), FileSlot { entry, cost, was_used: AtomicBool::new(false) });
            entries.ring.push_back(key);
            entries.bytes += cost;
        }
        entries.make_room(self.max_bytes);
    }

    /// Removes the entry of `key`.
    pub(super) fn forget(&self, key: &[u8]) {
        let mut entries = self.write();
        if let Some(slot) = entries.slots.remove(key) {
            entries.bytes -= slot.cost;
            entries.ring.retain(|other| **other != *key);
        }
    }

    /// No code that could panic runs under the lock, so a poisoned lock is still valid.
    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Removes entries until the rest fits. Each step clears a mark or removes an entry, so the loop ends.
    fn make_room(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes {
            let Some(key) = self.ring.pop_front() else { return };
            match self.slots.get(&key).map(|slot| slot.was_used.swap(false, Ordering::Relaxed)) {
                Some(true) => self.ring.push_back(key),
                Some(false) => {
                    if let Some(slot) = self.slots.remove(&key) {
                        self.bytes -= slot.cost;
                    }
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
