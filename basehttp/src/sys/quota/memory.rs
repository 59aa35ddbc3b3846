//! How much memory all connections may hold together while they wait: those in the middle of a request in one store, those
//! whose replies are not taken in another.
//!
//! Each connection has its first few kilobytes for nothing: nearly every head, and most bodies and pages. What it wants
//! beyond that it gets from the common store, and if that is empty it is sent away: with a 503 where it waits for the rest
//! of a request, with a reset in the middle of a reply. So memory has a bound that does not grow with the number of
//! connections' worst case, those who want much pay for it, and nobody has to be searched for and thrown out who has begun
//! already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What each connection may hold without asking: 4 KiB.
const FREE_BYTES: usize = 4 * 1024;

/// The common store of one server.
pub(crate) struct Store {
    taken: AtomicUsize,
    max: usize,
}

/// What one connection has of it; given back when it is dropped.
pub(crate) struct Share {
    store: Arc<Store>,
    bytes: usize,
}

impl Store {
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Store { taken: AtomicUsize::new(0), max })
    }

    /// How much is taken.
    #[cfg(any(test, fuzzing))]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes so many bytes if they are there.
    fn take(&self, bytes: usize) -> bool {
        let fits = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.max);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }
}

impl Share {
    /// Makes `share` right for a connection that holds `length` bytes. False: there is not enough, and it is as it was.
    pub fn resize(share: &mut Option<Share>, length: usize, store: &Arc<Store>) -> bool {
        Share::change(share, length, |more| store.take(more), store)
    }

    /// The same where a length beyond all of the store counts as that: one at a time may have it.
    pub fn resize_up_to_all(share: &mut Option<Share>, length: usize, store: &Arc<Store>) -> bool {
        let all = store.max.max(1).saturating_add(FREE_BYTES);
        Share::resize(share, length.min(all), store)
    }

    /// The same for bytes that must be held in any case; others have to wait for them.
    pub fn resize_anyway(share: &mut Option<Share>, length: usize, store: &Arc<Store>) {
        let take = |more| {
            store.taken.fetch_add(more, Ordering::Relaxed);
            true
        };
        Share::change(share, length, take, store);
    }

    fn change(share: &mut Option<Share>, length: usize, take: impl FnOnce(usize) -> bool, store: &Arc<Store>) -> bool {
        let wanted = length.saturating_sub(FREE_BYTES);
        let has = share.as_ref().map_or(0, |share| share.bytes);
        if wanted > has && !take(wanted - has) {
            return false;
        }
        if wanted < has {
            store.taken.fetch_sub(has - wanted, Ordering::Relaxed);
        }
        match share {
            Some(share) => share.bytes = wanted,
            None if wanted > 0 => *share = Some(Share { store: Arc::clone(store), bytes: wanted }),
            None => {}
        }
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.store.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_never_exceeds_the_store() {
        let store = Store::new(1000);
        let (mut one, mut other) = (None, None);
        // Who, how many bytes it holds, whether it may, what is taken then, why.
        let table = [
            (0, FREE_BYTES, true, 0, "for nothing"),
            (0, FREE_BYTES + 600, true, 600, "from the store"),
            (1, FREE_BYTES + 600, false, 600, "both is too much"),
            (1, FREE_BYTES + 400, true, 1000, "to the last byte"),
            (0, FREE_BYTES + 601, false, 1000, "no more, and it keeps what it has"),
            (0, FREE_BYTES + 100, true, 500, "some is given back"),
            (1, FREE_BYTES + 900, true, 1000, "and taken by the other"),
            (1, 0, true, 100, "all of that"),
        ];
        for (who, length, may, expected, why) in table {
            let share = if who == 0 { &mut one } else { &mut other };
            assert_eq!(Share::resize(share, length, &store), may, "{why}");
            assert_eq!(store.taken(), expected, "{why}");
        }
        Share::resize_anyway(&mut other, FREE_BYTES + 5000, &store);
        assert_eq!(store.taken(), 5100, "what has to be");
        assert!(!Share::resize(&mut one, FREE_BYTES + 101, &store));
        drop((one, other));
        assert_eq!(store.taken(), 0);

        let (mut one, mut other) = (None, None);
        assert!(Share::resize_up_to_all(&mut one, usize::MAX, &store), "more than there is, for the first");
        assert!(!Share::resize_up_to_all(&mut other, FREE_BYTES + 1, &store), "nothing is left");
        assert!(Share::resize_up_to_all(&mut other, FREE_BYTES, &store), "but that is nothing");
        drop((one, other));
        assert!(!Share::resize_up_to_all(&mut None, FREE_BYTES + 1, &Store::new(0)), "there is no store at all");
    }
}
