//! A connection on its way between its slab, the thread that drives it, and the pool's queue.

use super::Engine;
use super::control::{Control, Counted};
use super::shard::Shard;
use super::slab::Key;
use crate::conn::{Conn, Ready};

/// A connection on its way to a thread that may block.
pub(super) enum Job {
    /// It has a request that may block.
    Request { slot_ref: SlotRef, conn: Box<Conn> },
    /// It is new, and the hook that has to admit it may block.
    Accepted(Counted),
}

impl Job {
    /// No thread will take it: its shard's leader looks at it again.
    pub(super) fn give_back(self, engine: &Engine) {
        match self {
            Job::Request { slot_ref, conn } => drop(queue(CheckedOut::new(engine, slot_ref), conn)),
            Job::Accepted(counted) => engine.shards[counted.shard].adopt(counted),
        }
    }

    /// No thread will take it, and nothing else is done for it: the connection is closed.
    pub(super) fn close(self, engine: &Engine) {
        if let Job::Request { slot_ref, conn } = self {
            drop(conn);
            drop(CheckedOut::new(engine, slot_ref));
        }
    }
}

/// Where a connection is parked when nobody drives it.
#[derive(Clone, Copy)]
pub(super) struct SlotRef {
    pub shard: usize,
    /// `None`: it was never parked, and the poller does not know it.
    pub key: Option<Key>,
}

/// A connection that is out of its slab. Dropped, it gives up its slot: only parking or handing it over keeps that.
pub(super) struct CheckedOut<'e> {
    engine: &'e Engine,
    pub slot_ref: SlotRef,
}

impl<'e> CheckedOut<'e> {
    pub(super) fn new(engine: &'e Engine, slot_ref: SlotRef) -> Self {
        CheckedOut { engine, slot_ref }
    }

    fn shard(&self) -> &'e Shard {
        &self.engine.shards[self.slot_ref.shard]
    }

    /// Parks the connection until its socket or its deadline says so. It comes back if an event came meanwhile; a line whose
    /// socket cannot be watched comes back alone.
    pub fn park(self, conn: Box<Conn>) -> Result<Option<(Self, Box<Conn>, Ready)>, Box<Conn>> {
        let Some(key) = self.slot_ref.key else {
            self.shard().admit(conn)?;
            self.leave_parked();
            return Ok(None);
        };
        if let Some((conn, ready)) = self.shard().park(key, conn) {
            return Ok(Some((self, conn, ready)));
        }
        self.leave_parked();
        Ok(None)
    }

    /// The connection is its shard's from here on. After the end nobody comes for it any more: then it is closed.
    fn leave_parked(self) {
        let engine = self.engine;
        let SlotRef { shard, .. } = self.let_go();
        if engine.has_ended() {
            engine.shards[shard].close();
        } else if engine.is_closing() {
            // It may have been parked behind the sweep that dismisses idle ones.
            engine.shards[shard].wake();
        }
    }

    /// Takes the connection off the poller: its thread waits for it alone, and the leader need not be woken for it.
    /// It is parked like a new one when that is over.
    pub(super) fn adopt(&mut self, conn: &Conn) {
        if let Some(key) = self.slot_ref.key.take() {
            self.shard().dismiss(key, conn);
        }
    }

    /// The connection is somebody else's from here on.
    pub(super) fn let_go(self) -> SlotRef {
        let slot_ref = self.slot_ref;
        std::mem::forget(self);
        slot_ref
    }
}

impl Drop for CheckedOut<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.slot_ref.key {
            self.shard().slab().free(key);
        }
        if self.engine.is_closing() {
            self.engine.monitor_waker.wake();
        }
    }
}

/// Others come first. A line whose socket cannot be watched comes back.
pub(super) fn queue(checked_out: CheckedOut<'_>, conn: Box<Conn>) -> Result<(), Box<Conn>> {
    let shard = checked_out.shard();
    let (key, ready) = match checked_out.slot_ref.key {
        Some(key) => (key, shard.slab().park_noting(key, conn)),
        None => (shard.admit(conn)?, Ready::default()),
    };
    shard.queue(key, ready);
    checked_out.leave_parked();
    Ok(())
}
