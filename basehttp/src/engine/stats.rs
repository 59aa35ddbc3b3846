//! The counters of the engine. They are plain and always on.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::sys::{COUNTED_ERRORS, ErrorCounts, LocalCounts, Stats};

/// The counters of one engine.
#[derive(Default)]
pub(super) struct Counters {
    /// Handlers that run on threads of the pool. Those of leaders are seen in their heartbeats.
    pub in_handlers: AtomicU64,
    pub pooled: AtomicU64,
    pub busy: AtomicU64,
    pub rescues: AtomicU64,
    /// Leaders that were replaced and have not returned yet.
    pub stuck: AtomicUsize,
    pub accepted: AtomicU64,
    pub accept_pauses: AtomicU64,
    faults: [AtomicU64; COUNTED_ERRORS],
    /// One for each shard's leader, and the last for the pool.
    traffic: Vec<Traffic>,
}

/// Counts of every turn, in a cache line that no other leader writes to.
#[derive(Default)]
#[repr(align(128))]
struct Traffic {
    requests: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Counters {
    pub(super) fn new(shards: usize) -> Self {
        Counters { traffic: (0..=shards).map(|_| Traffic::default()).collect(), ..Counters::default() }
    }

    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds the counts of a leader's turn, and sets them to zero. No other thread writes there, since a leader cannot
    /// be replaced at this point, so that no locked instruction is needed.
    pub(super) fn publish_as_leader(&self, shard: usize, requests: u32, counts: &mut LocalCounts) {
        self.publish(&self.traffic[shard], requests, counts, |counter, count| {
            counter.store(counter.load(Ordering::Relaxed) + count, Ordering::Release);
        });
    }

    /// Adds the counts of a pool thread's turn, and sets them to zero. Many threads write there.
    pub(super) fn publish_as_pool(&self, requests: u32, counts: &mut LocalCounts) {
        self.publish(&self.traffic[self.traffic.len() - 1], requests, counts, |counter, count| {
            counter.fetch_add(count, Ordering::Release);
        });
    }

    fn publish(&self, traffic: &Traffic, requests: u32, counts: &mut LocalCounts, add: impl Fn(&AtomicU64, u64)) {
        add(&traffic.bytes_received, std::mem::take(&mut counts.bytes_received));
        add(&traffic.bytes_sent, std::mem::take(&mut counts.bytes_sent));
        if let Some(faults) = counts.take_faults() {
            for (counter, count) in self.faults.iter().zip(faults) {
                counter.fetch_add(count.into(), Ordering::Relaxed);
            }
        }
        // Last, so that a reader who sees a request counted sees its bytes and faults as well.
        add(&traffic.requests, requests.into());
    }

    /// Counts the requests whose handler has returned. Those of a leader's current turn are not included yet.
    pub(super) fn answered(&self) -> u64 {
        self.traffic.iter().map(|traffic| traffic.requests.load(Ordering::Acquire)).sum()
    }

    /// Returns all figures except those that the shards, the pool and the quota know.
    pub(super) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let requests = self.answered();
        let errors = ErrorCounts::of(|fault| read(&self.faults[fault as usize]));
        Stats {
            connections: 0,
            hijacked: 0,
            parked: 0,
            in_handlers: read(&self.in_handlers),
            threads: 0,
            requests,
            pooled: read(&self.pooled),
            busy: read(&self.busy),
            rescues: read(&self.rescues),
            accepted: read(&self.accepted),
            accept_pauses: read(&self.accept_pauses),
            timeouts: errors.slow_heads + errors.slow_bodies + errors.slow_readers + errors.idle,
            bytes_received: self.traffic.iter().map(|traffic| read(&traffic.bytes_received)).sum(),
            bytes_sent: self.traffic.iter().map(|traffic| read(&traffic.bytes_sent)).sum(),
            errors,
        }
    }
}
