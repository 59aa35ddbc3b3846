//! A thread at work: it drives a connection, and then parks it, queues it, hands it over or closes it.

use std::sync::Arc;

use super::Engine;
use super::affinity::BEFORE_A_ROW;
use super::scheduler::WorkerScheduler;
use super::slot::{CheckedOut, Job, queue};
use super::work::{Counted, Work};
use crate::conn::{Buffers, Conn, Ready, Scheduler, Wait};
use crate::sys::log::{self, TurnLines};
use crate::sys::{Accepted, CountedError, Direction};

/// A thread at work, with its buffers.
pub(super) struct Worker<'e> {
    engine: &'e Arc<Engine>,
    buffers: Buffers,
    /// Log lines of this thread's current turn.
    lines: Arc<TurnLines>,
}

impl<'e> Worker<'e> {
    pub(super) fn new(engine: &'e Arc<Engine>) -> Self {
        Worker { engine, buffers: Buffers::new(&engine.context), lines: log::of_this_thread() }
    }

    /// Leads a shard until another thread does, or the server ends.
    pub(super) fn lead(&mut self, number: usize, epoch: u32) {
        let engine = self.engine;
        let shard = &engine.shards[number];
        if shard.epoch() != epoch {
            return;
        }
        let Some(mut scheduler) = WorkerScheduler::leading(engine, number, epoch) else { return };
        shard.collect_lines(&self.lines);
        while scheduler.leads() {
            let Some(work) = shard.next(epoch, &mut scheduler.now, engine) else { return };
            match work {
                // The shard of the connection takes it over. A leader without other work keeps it, which saves the
                // hand-over.
                Work::AcceptedBusy(counted) if counted.shard != number => engine.shards[counted.shard].adopt(counted),
                Work::Accepted(counted) | Work::AcceptedBusy(counted) | Work::FromOtherShard(counted) => {
                    self.adopt(counted, &mut scheduler);
                }
                Work::Event(key, ready) => {
                    let Some(conn) = shard.slab().arrive(key, ready) else { continue };
                    let checked_out = CheckedOut::new(engine, number, Some(key));
                    self.drive(checked_out, conn, ready, &mut scheduler);
                }
            }
        }
    }

    /// Serves a job, and further requests of its connection.
    pub(super) fn serve(&mut self, job: Job) {
        let Job { conn, shard, key } = job;
        let mut scheduler = WorkerScheduler::of_pool(self.engine);
        self.drive(CheckedOut::new(self.engine, shard, key), conn, Ready::default(), &mut scheduler);
    }

    /// Counts a new connection for its client and drives it. The first request is usually here already, and then the
    /// poller need not know of the connection. It is parked later, at the shard that it was counted for.
    fn adopt(&mut self, counted: Counted, scheduler: &mut WorkerScheduler<'_>) {
        let Counted { accepted: Accepted { socket, address }, shard, mut permit } = counted;
        let checked_out = CheckedOut::new(self.engine, shard, None);
        let settings = &self.engine.context.settings;
        // With the PROXY protocol, the client is counted when it is known.
        let is_client = !settings.awaits_proxy_header() && !settings.is_trusted_proxy(&address);
        if is_client && !permit.count_for(&address) {
            return self.buffers.counts().note(CountedError::ResourceLimit);
        }
        let mut conn = Box::new(Conn::new(socket, address, settings, scheduler.now));
        conn.permit = Some(permit);
        conn.pooled_in_a_row = BEFORE_A_ROW;
        conn.verify_first();
        self.drive(checked_out, conn, Ready::default(), scheduler);
    }

    /// Drives a connection until it is parked, queued, handed over or closed.
    fn drive(
        &mut self,
        mut checked_out: CheckedOut<'e>,
        mut conn: Box<Conn>,
        mut ready: Ready,
        scheduler: &mut WorkerScheduler<'_>,
    ) {
        loop {
            if ready.expired && conn.deadline() > scheduler.now {
                // The connection was driven after the sweep had found its deadline passed.
                ready.expired = false;
            }
            scheduler.in_a_row = conn.pooled_in_a_row;
            let (service, context) = (&*self.engine.service, &self.engine.context);
            let mut wait = self.buffers.drive(&mut conn, service, context, scheduler, ready);
            conn.pooled_in_a_row = scheduler.in_a_row;
            let served = scheduler.end_turn(self.buffers.counts());
            if wait == Wait::Turn && checked_out.key.is_none() && conn.is_idle() && !conn.socket.has_buffered() {
                // Nothing is left to serve. The poller reports bytes that have arrived, as soon as it knows the socket.
                wait = Wait::For(Direction::Read);
            }
            // Another thread may log the next line of this connection, which must come behind these.
            if wait == Wait::Thread || checked_out.key.is_none() && wait != Wait::Closed {
                self.lines.hand_over();
            }
            // A thread of the pool may wait for the next request itself.
            if scheduler.keeps(&mut checked_out, &mut conn, wait, served) {
                ready = Ready { readable: true, ..Ready::default() };
                continue;
            }
            // From here on other threads have the connection, which must not block in a read. A broken socket is
            // closed.
            if conn.unblock_reads().is_err() {
                return;
            }
            match wait {
                // Dropped here, with its permit and its slot.
                Wait::Closed => return,
                // A shutdown does not wait for idle connections.
                Wait::For(_) if self.engine.dismisses(&conn, scheduler.now) => return,
                // Parked, unless an event came meanwhile: then it is driven again.
                Wait::For(_) => match checked_out.park(conn) {
                    Ok(Some(again)) => (checked_out, conn, ready) = again,
                    Ok(None) => return,
                    Err(conn) => return scheduler.close(conn),
                },
                // Others of its shard come first.
                Wait::Turn => return queue(checked_out, conn).unwrap_or_else(|conn| scheduler.close(conn)),
                // The next request may block. A leader may find no room for it. A thread that takes another job next
                // always does.
                Wait::Thread => {
                    let (job, pool) = (checked_out.into_job(conn), &self.engine.pool);
                    let spawn = || self.engine.spawn();
                    if let Err(job) =
                        if scheduler.takes_job_next { pool.requeue(job, spawn) } else { pool.submit(job, spawn) }
                    {
                        // The queue has filled up meanwhile, or the server has ended. To close the connection may close
                        // a file, which may block.
                        scheduler.begin_blocking();
                        job.close(self.engine);
                        scheduler.end_blocking();
                    }
                    return;
                }
            }
        }
    }
}
