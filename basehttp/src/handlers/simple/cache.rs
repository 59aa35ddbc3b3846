//! Small files in memory, and what is to be said of large ones, by the path they are asked for, within a bound in bytes.
//!
//! An entry is what one look at the disk found: body and validators of one state of a file, together, which never change
//! afterwards. It saves reading the file; whether the file is still in that state is asked for each request, unless it is
//! asked for often and has not changed for some seconds.
//! What is given up first is what nobody has asked for since it was last looked at (a clock, the cheap form of "least
//! recently used").

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};

use super::codings::{CODINGS, Coding};
use super::representation::Representation;
use super::root::Stamp;
use super::trust::Trust;

/// The largest file that is kept: 64 KiB. Larger ones cost less by sendfile(2).
pub const MAX_SMALL_FILE_BYTES: u64 = 64 * 1024;

/// Looks at a file within a second before the last one is believed: 64. Opening, fstat(2) and closing
/// cost some 1 µs of processor time (a million of them, on a virtual machine), so that a busy file takes a ten-thousandth
/// of a processor, and clients that ask less often get what is there.
const MAX_LOOKS: u64 = 64;

/// How old a change must be for the file's times to tell the next one apart: 2 s, the coarsest clock that a file system
/// is known to have (FAT).
const SETTLED: Duration = Duration::from_secs(2);

/// What an entry costs besides bodies and path: 1 KiB, for texts, map and ring.
const ENTRY_BYTES: usize = 1024;

/// One state of a small file.
#[derive(Debug)]
pub struct SmallFile {
    pub representation: Representation,
    pub bytes: Arc<[u8]>,
    /// The file had just been changed when it was read: it may have changed again within the same tick of its clock.
    is_young: bool,
}

impl SmallFile {
    /// `bytes` were read from the file just now.
    pub fn new(representation: Representation, bytes: Arc<[u8]>, now: SystemTime) -> Self {
        let is_young = is_young(&representation.stamp, now);
        SmallFile { representation, bytes, is_young }
    }

    /// Whether a file in the state that `other` tells has these bytes.
    pub fn is_still(&self, representation: &Representation) -> bool {
        self.representation.stamp == representation.stamp && !self.is_young
    }
}

/// The file has changed so lately, or in the future, that its times may not tell the next change.
fn is_young(stamp: &Stamp, now: SystemTime) -> bool {
    now.duration_since(stamp.changed()).is_ok_and(|age| age < SETTLED) || stamp.changed() > now
}

/// What is known of one coding of a file.
#[derive(Clone, Debug)]
pub enum Variant {
    /// There is no such file.
    Absent,
    /// Too large to be kept: to be opened for each request, and then this is said of it if it is in the same state.
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

/// The variants of a file, by the number of the coding.
pub type Variants = [Variant; CODINGS.len()];

/// What a path led to.
#[derive(Debug)]
pub struct CacheEntry {
    /// The file's own path beneath the root: of an index page it is longer than the one asked for.
    pub path: Vec<u8>,
    variants: Variants,
    /// Of the tree that it was found in.
    generation: u64,
    /// No variant had just been changed.
    is_settled: bool,
    trust: Trust,
}

impl CacheEntry {
    /// `variants` were found at `path` in the tree of that `generation`, by a look that began at `now`.
    pub fn new(path: Vec<u8>, variants: Variants, generation: u64, now: Instant) -> Self {
        let clock = SystemTime::now();
        let is_settled = variants.iter().filter_map(Variant::stamp).all(|stamp| !is_young(stamp, clock));
        CacheEntry { path, variants, generation, is_settled, trust: Trust::new(now) }
    }

    /// Returns true if files in these states, in the tree of that `generation`, are what this entry says.
    pub fn is_still(&self, path: &[u8], stamps: [Option<&Stamp>; CODINGS.len()], generation: u64) -> bool {
        self.is_settled
            && self.generation == generation
            && self.path == path
            && self.variants.each_ref().map(Variant::stamp) == stamps
    }

    /// Returns true if it is worth remembering in place of `known`. An entry of a file that has just been changed is never
    /// believed, so that one of the same state is as good.
    pub fn is_news_after(&self, known: &CacheEntry) -> bool {
        let stamps = |entry: &CacheEntry| entry.variants.each_ref().map(|variant| variant.stamp().copied());
        let is_same = self.generation == known.generation && self.path == known.path && stamps(self) == stamps(known);
        self.is_settled || !is_same
    }

    pub fn variant(&self, coding: Coding) -> &Variant {
        &self.variants[coding as usize]
    }

    /// Returns true if it may be used without asking the disk while the tree of that `generation` is served. If not, the
    /// caller asks the disk.
    pub fn is_believed(&self, generation: u64, now: Instant) -> bool {
        self.is_settled && self.generation == generation && self.trust.holds(now, MAX_LOOKS)
    }

    fn cost(&self, key: &[u8]) -> usize {
        let body = |variant: &Variant| if let Variant::Small(small) = variant { small.bytes.len() } else { 0 };
        ENTRY_BYTES + key.len() + self.path.len() + self.variants.iter().map(body).sum::<usize>()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Cache {
    max_bytes: usize,
    shelf: RwLock<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    slots: HashMap<Arc<[u8]>, FileSlot>,
    /// The keys in the order in which they are looked at when room is needed.
    ring: VecDeque<Arc<[u8]>>,
    bytes: usize,
}

#[derive(Debug)]
struct FileSlot {
    entry: Arc<CacheEntry>,
    cost: usize,
    /// Asked for since the ring came by.
    was_used: AtomicBool,
}

impl Cache {
    pub fn new(max_bytes: usize) -> Self {
        Cache { max_bytes, shelf: RwLock::default() }
    }

    /// The entry of `key`, to be believed or not.
    pub fn get(&self, key: &[u8]) -> Option<Arc<CacheEntry>> {
        let inside = self.read();
        let slot = inside.slots.get(key)?;
        // Read first, so that cores that ask for the same do not take the line from each other.
        if !slot.was_used.load(Ordering::Relaxed) {
            slot.was_used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&slot.entry))
    }

    /// Remembers `entry`, in place of what was remembered.
    pub fn put(&self, key: &[u8], entry: Arc<CacheEntry>) {
        let cost = entry.cost(key);
        if cost > self.max_bytes {
            return self.forget(key);
        }
        let mut inside = self.write();
        let inside = &mut *inside;
        if let Some(slot) = inside.slots.get_mut(key) {
            inside.bytes = inside.bytes - slot.cost + cost;
            (slot.entry, slot.cost) = (entry, cost);
        } else {
            let key: Arc<[u8]> = key.into();
            inside.slots.insert(Arc::clone(&key), FileSlot { entry, cost, was_used: AtomicBool::new(false) });
            inside.ring.push_back(key);
            inside.bytes += cost;
        }
        inside.make_room(self.max_bytes);
    }

    /// Forgets what is remembered of `key`.
    pub fn forget(&self, key: &[u8]) {
        let mut inside = self.write();
        if let Some(slot) = inside.slots.remove(key) {
            inside.bytes -= slot.cost;
            inside.ring.retain(|other| **other != *key);
        }
    }

    /// No code that could panic runs under the lock; a poisoned one is as good.
    fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.shelf.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.shelf.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// Gives up entries until the rest fits. Each round of the ring clears a mark or an entry, so that it ends.
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
