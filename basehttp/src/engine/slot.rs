//! A connection on its way between its slab, the thread that drives it, and the pool's queue.

use mio::Token;

use super::Engine;
use super::shard::Shard;
use crate::conn::{Conn, Ready};

/// A connection on its way to a thread that may block, since its next step may.
pub(super) struct Job {
    pub conn: Box<Conn>,
    pub shard: usize,
    pub key: Option<Token>,
}

impl Job {
    /// Gives the connection back to its shard, because no thread will take the job.
    pub(super) fn give_back(self, engine: &Engine) {
        drop(queue(CheckedOut::new(engine, self.shard, self.key), self.conn));
    }

    /// Closes the connection, because no thread will take the job.
    pub(super) fn close(self, engine: &Engine) {
        drop(self.conn);
        drop(CheckedOut::new(engine, self.shard, self.key));
    }
}

/// The claim of a connection that is out of its slab to its slot. Dropping it frees the slot; parking or handing over
/// the connection keeps it.
pub(super) struct CheckedOut<'e> {
    engine: &'e Engine,
    shard: usize,
    /// Key of the slot. `None` if the connection was never parked, or was adopted: the poller does not know it.
    pub key: Option<Token>,
}

impl<'e> CheckedOut<'e> {
    pub(super) fn new(engine: &'e Engine, shard: usize, key: Option<Token>) -> Self {
        CheckedOut { engine, shard, key }
    }

    fn shard(&self) -> &'e Shard {
        &self.engine.shards[self.shard]
    }

    /// Parks the connection until its socket is ready or its deadline passes. Returns it if an event came meanwhile.
    ///
    /// # Errors
    /// The connection, if its socket cannot be watched.
    #[allow(clippy::type_complexity)] // Three outcomes, each used once.
    pub(super) fn park(self, conn: Box<Conn>) -> Result<Option<(Self, Box<Conn>, Ready)>, Box<Conn>> {
        let Some(key) = self.key else {
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

    /// Leaves the connection to its shard. After the end no leader would come for it, so it is closed.
    fn leave_parked(self) {
        let (engine, shard) = (self.engine, self.shard());
        std::mem::forget(self);
        if engine.has_ended() {
            shard.close();
        } else if engine.is_closing() {
            // The sweep that dismisses idle connections may have passed its slot already.
            shard.wake();
        }
    }

    /// Takes the connection off the poller, so that its events wake this thread and not the leader. Later it is parked
    /// like a new one.
    pub(super) fn adopt(&mut self, conn: &Conn) {
        if let Some(key) = self.key.take() {
            self.shard().dismiss(key, conn);
        }
    }

    /// Makes a job of the connection, which keeps its slot.
    pub(super) fn into_job(self, conn: Box<Conn>) -> Job {
        let job = Job { conn, shard: self.shard, key: self.key };
        std::mem::forget(self);
        job
    }
}

impl Drop for CheckedOut<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shard().slab().free(key);
        }
        if self.engine.is_closing() {
            self.engine.monitor_waker.wake();
        }
    }
}

/// Parks a connection and queues it behind others of its shard.
///
/// # Errors
/// The connection, if its socket cannot be watched.
pub(super) fn queue(checked_out: CheckedOut<'_>, conn: Box<Conn>) -> Result<(), Box<Conn>> {
    let shard = checked_out.shard();
    let (key, ready) = match checked_out.key {
        Some(key) => (key, shard.slab().park_noting(key, conn)),
        None => (shard.admit(conn)?, Ready::default()),
    };
    shard.queue(key, ready);
    checked_out.leave_parked();
    Ok(())
}
