//! What one thread has counted since it last told: plain numbers, so that counting costs nothing. Whoever drives the
//! connections adds them up, once a turn.

use super::stats::ErrorCounts;

/// Something that went wrong, by who is to blame and how it was treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BadHead,
    BadBody,
    SlowHead,
    SlowBody,
    SlowReader,
    Idle,
    ClientGone,
    HandlerError,
    Panic,
    ResourceLimit,
}

/// How many kinds of [`Fault`] there are.
pub(crate) const FAULTS: usize = Fault::ResourceLimit as usize + 1;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LocalCounts {
    pub bytes_received: u64,
    pub bytes_sent: u64,
    faults: [u32; FAULTS],
    has_faults: bool,
}

impl LocalCounts {
    pub fn note(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
        self.has_faults = true;
    }

    /// How often each went wrong, to be looked up by `fault as usize`, unless nothing did. They are forgotten here.
    pub fn take_faults(&mut self) -> Option<[u32; FAULTS]> {
        std::mem::take(&mut self.has_faults).then(|| std::mem::take(&mut self.faults))
    }
}

impl ErrorCounts {
    /// From how often each [`Fault`] was noted.
    pub(crate) fn of(count: impl Fn(Fault) -> u64) -> Self {
        ErrorCounts {
            bad_heads: count(Fault::BadHead),
            bad_bodies: count(Fault::BadBody),
            slow_heads: count(Fault::SlowHead),
            slow_bodies: count(Fault::SlowBody),
            slow_readers: count(Fault::SlowReader),
            idle: count(Fault::Idle),
            clients_gone: count(Fault::ClientGone),
            handler_errors: count(Fault::HandlerError),
            panics: count(Fault::Panic),
            resource_limit: count(Fault::ResourceLimit),
        }
    }
}
