//! The scheduler of a worker. It decides where each request runs and how long the thread keeps a connection, and learns
//! from each run.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Engine;
use super::affinity::{ADOPTED_WAIT, Affinity, BEFORE_A_ROW, KEPT_WAIT, affinity, count_in_a_row, place_next};
use super::heartbeat::Beat;
use super::pace::{PaceTable, Speed, expected};
use super::placement::{place, send_file_on};
use super::slot::CheckedOut;
use super::stats::Counters;
use crate::conn::{Conn, ConnectionCode, RunOn, Scheduler, Wait};
use crate::exchange::Pace;
use crate::proto::Head;
use crate::sys::{Direction, LocalCounts, set_unwatched_leader};

/// Requests of one connection that are served before others have their turn: 64.
const REQUESTS_A_TURN: u32 = 64;

/// Duration above which a call on a file is slow: 4 ms, the time after which a stuck leader is replaced.
const SLOW_FILE: Duration = Duration::from_millis(4);

/// Duration above which a step of a handshake counts as slow: 4 ms. A signature by a large RSA key takes 1 to 3 ms.
#[cfg(feature = "tls")]
const SLOW_HANDSHAKE: Duration = Duration::from_millis(4);

/// Schedules for one thread: a leader, on which other connections depend, or a thread of the pool.
pub(super) struct WorkerScheduler<'e> {
    engine: &'e Engine,
    /// The heartbeat of a leader, until its word is taken away. `None` for a thread of the pool.
    beat: Option<Beat<'e>>,
    /// The shard of a leader, also of one that was replaced. `None` for a thread that came for a job.
    shard: Option<usize>,
    /// Whether the thread will take a job next, as far as is known.
    pub takes_job_next: bool,
    /// The last look at the clock.
    pub now: Instant,
    /// Slot, in the pace table, of the request that is being served. A refusal has none, since it teaches nothing.
    slot: Option<usize>,
    /// Expected speed of the handler that runs. Used on threads of the pool alone.
    expected: Speed,
    /// Requests of the connection, in a row, that needed a thread of the pool.
    pub in_a_row: u8,
    /// Requests served in this turn.
    served: u32,
    /// Whether any request was served since this thread took the connection.
    has_served: bool,
    /// The tie of a pool thread to the connection.
    affinity: Affinity,
    /// Whether the request that was placed last found no thread, and has been counted as such.
    is_busy: bool,
    /// When a thread of the pool began a call that may block.
    began_blocking: Option<Instant>,
}

impl<'e> WorkerScheduler<'e> {
    /// Creates the scheduler of a leader. `None` if another thread leads already.
    pub(super) fn leading(engine: &'e Engine, shard: usize, epoch: u32) -> Option<Self> {
        let beat = engine.shards[shard].heartbeat.take_over(epoch)?;
        set_unwatched_leader(true);
        let mut scheduler = WorkerScheduler::of_pool(engine);
        (scheduler.beat, scheduler.shard, scheduler.takes_job_next) = (Some(beat), Some(shard), false);
        Some(scheduler)
    }

    /// Creates the scheduler of a pool thread.
    pub(super) fn of_pool(engine: &'e Engine) -> Self {
        WorkerScheduler {
            engine,
            beat: None,
            shard: None,
            takes_job_next: true,
            now: Instant::now(),
            slot: None,
            expected: Speed::Unproven,
            in_a_row: 0,
            served: 0,
            has_served: false,
            affinity: Affinity::Released,
            is_busy: false,
            began_blocking: None,
        }
    }

    /// Publishes the counts of a turn, once a turn because other threads share the counters. Returns the number of
    /// requests served.
    pub(super) fn end_turn(&mut self, counts: &mut LocalCounts) -> u32 {
        let served = std::mem::take(&mut self.served);
        match self.shard {
            Some(shard) if self.leads() => self.engine.counters.publish_as_leader(shard, served, counts),
            _ => self.engine.counters.publish_as_pool(served, counts),
        }
        served
    }

    /// Returns whether this thread leads, so that other connections depend on it.
    pub(super) fn leads(&self) -> bool {
        self.beat.is_some()
    }

    /// Returns whether a job or a shard waits for a thread of the pool.
    fn others_wait(&self) -> bool {
        !self.engine.pool.is_quiet()
    }

    /// Returns whether this thread keeps the connection and drives it again. A thread of the pool does if the next
    /// request is here, or if its read will wait for it.
    pub(super) fn keeps(&mut self, checked_out: &mut CheckedOut<'_>, conn: &mut Conn, wait: Wait, served: u32) -> bool {
        if self.leads() || self.engine.dismisses(conn, self.now) {
            return false;
        }
        let before = std::mem::replace(&mut self.affinity, Affinity::Released);
        let awaits_request = wait == Wait::For(Direction::Read) && conn.is_idle();
        if awaits_request && served > 0 {
            // The next request decides anew.
            self.affinity = affinity(self.in_a_row, || self.others_wait());
        } else if awaits_request && before != Affinity::Released {
            // The thread has waited in vain.
            conn.pooled_in_a_row = BEFORE_A_ROW;
        } else if wait == Wait::Turn && before == Affinity::Adopted && !conn.is_ending_a_reply() {
            // A part of another request has arrived. A read for the rest must not block.
            return conn.unblock_reads().is_ok();
        }
        let keeps = match self.affinity {
            Affinity::Released => return false,
            Affinity::Kept => conn.socket.wait(Direction::Read, Some(KEPT_WAIT)).is_ok(),
            Affinity::Adopted if before == Affinity::Adopted => true,
            Affinity::Adopted => {
                checked_out.adopt(conn);
                conn.block_reads(ADOPTED_WAIT).is_ok()
            }
        };
        if !keeps {
            self.affinity = Affinity::Released;
            conn.pooled_in_a_row = BEFORE_A_ROW;
        }
        keeps
    }

    /// Closes a connection whose socket cannot be watched, and with it a file that it may have to send.
    pub(super) fn close(&mut self, conn: Box<Conn>) {
        self.begin_blocking();
        drop(conn);
        self.end_blocking();
    }

    /// Begins user code. From here on the monitor watches a leader.
    pub(super) fn enter_user_code(&mut self) {
        if let Some(beat) = &self.beat {
            beat.serves(self.slot);
        }
        self.step_into_watch();
    }

    /// Has the monitor watch this leader, or counts a thread of the pool that may block.
    fn step_into_watch(&mut self) {
        set_unwatched_leader(false);
        let is_watched = self.beat.as_mut().is_some_and(Beat::tick);
        if is_watched {
            self.engine.monitor_waker.wake_if_asleep();
        } else {
            self.beat = None;
            self.engine.counters.in_handlers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends user code. Returns whether this leader was replaced meanwhile; it belongs to the pool from now on.
    fn leave_user_code(&mut self) -> bool {
        let is_watched = self.beat.as_mut().is_some_and(Beat::tick);
        set_unwatched_leader(is_watched);
        if is_watched {
            return false;
        }
        let counters = &self.engine.counters;
        counters.in_handlers.fetch_sub(1, Ordering::Relaxed);
        let was_rescued = self.beat.take().is_some();
        if was_rescued {
            counters.stuck.fetch_sub(1, Ordering::SeqCst);
        }
        was_rescued
    }

    /// Ends user code that took so long, and records the run. Returns whether this leader was replaced meanwhile.
    pub(super) fn learn(&mut self, took: Duration) -> bool {
        let was_rescued = self.leave_user_code();
        match self.slot.take() {
            Some(slot) if self.leads() => self.engine.pace.record_run(slot, took),
            // The monitor has recorded a run that it had to rescue.
            Some(slot) if !was_rescued => self.engine.pace.record_pool_run(slot, took),
            _ => {}
        }
        was_rescued
    }

    /// Decides where user code runs, from its pace and its speed so far.
    fn place_slot(&mut self, slot: usize, pace: Pace, may_wait: bool) -> RunOn {
        if !self.leads() {
            self.expected = expected(pace, self.engine.pace.speed(slot), may_wait);
            // The first request of a job has waited for this thread already, and goes before other jobs.
            let is_first = self.shard.is_none() && !self.has_served;
            self.takes_job_next = is_first || self.expected == Speed::Fast || self.will_take_job();
            if self.takes_job_next {
                return self.note_slot(place_next(self.expected, || !is_first && self.others_wait()), slot);
            }
        }
        let pool = &self.engine.pool;
        let cools_down = || self.engine.last_rescue.is_on(self.now);
        let expected = expected(pace, self.speed(slot), may_wait);
        self.note_slot(place(expected, cools_down, || pool.room(), || pool.may_risk_leader()), slot)
    }

    /// Returns whether this thread of the pool will take a job next. It will not if it is one of the last, which are
    /// left for leaders. A leader that was replaced may be one at any time. A thread at a job may have become one while
    /// others wait.
    fn will_take_job(&self) -> bool {
        self.shard.is_none() && !self.others_wait() || self.engine.pool.gives_jobs()
    }

    /// Notes the slot of user code that runs on this thread.
    fn note_slot(&mut self, place: RunOn, slot: usize) -> RunOn {
        if matches!(place, RunOn::ThisThread | RunOn::ThisThreadOnceSent) {
            self.slot = Some(slot);
        }
        place
    }

    /// Returns the speed of a slot, as a leader takes it. While no thread is left to replace a leader, no handler
    /// counts as proven. The pool reserves threads for the shards, so that it is asked only while at least as many
    /// leaders are stuck.
    fn speed(&self, slot: usize) -> Speed {
        let Engine { counters, pool, shards, .. } = self.engine;
        let are_alone = || counters.stuck.load(Ordering::SeqCst) >= shards.len() && !pool.has_leader_left();
        match self.engine.pace.speed(slot) {
            Speed::Fast if are_alone() => Speed::Unproven,
            speed => speed,
        }
    }
}

/// No connection depends on this thread any more.
impl Drop for WorkerScheduler<'_> {
    fn drop(&mut self) {
        set_unwatched_leader(false);
    }
}

impl Scheduler for WorkerScheduler<'_> {
    fn run_on(&mut self, request: &Head<'_>, may_wait: bool) -> RunOn {
        let (method, path) = (request.method, &*request.target.path);
        let service = &self.engine.service;
        let (slot, declared) = match service.route(method, path) {
            Some(route) => (PaceTable::route_slot(route), service.route_pace(route)),
            None => (self.engine.pace.slot(method, path), service.pace(method)),
        };
        let place = self.place_slot(slot, declared, may_wait);
        self.is_busy = place == RunOn::Refused;
        if self.is_busy {
            Counters::add(&self.engine.counters.busy);
        }
        place
    }

    fn place_refusal(&mut self) -> RunOn {
        let place = self.place_code(ConnectionCode::LogError);
        // A request that was refused for lack of a thread has been counted already.
        if !std::mem::take(&mut self.is_busy) && place == RunOn::Refused {
            Counters::add(&self.engine.counters.busy);
        }
        place
    }

    fn place_code(&mut self, code: ConnectionCode) -> RunOn {
        if !code.is_users(&self.engine.context.spec.overrides) {
            return RunOn::ThisThread;
        }
        self.place_slot(PaceTable::hook_slot(code), Pace::Auto, false)
    }

    fn begin_code(&mut self) {
        self.look_at_clock();
        self.enter_user_code();
    }

    fn end_code(&mut self, code: ConnectionCode) {
        let began = self.now;
        self.look_at_clock();
        let took = self.now - began;
        self.learn(match code {
            // Signing is work and not waiting, so that more threads would not help.
            #[cfg(feature = "tls")]
            ConnectionCode::Handshake if took <= SLOW_HANDSHAKE => Duration::ZERO,
            _ => took,
        });
    }

    fn look_at_clock(&mut self) {
        self.now = Instant::now();
    }

    fn begin(&mut self) {
        if !self.leads() {
            Counters::add(&self.engine.counters.pooled);
        }
        self.enter_user_code();
    }

    fn end(&mut self) {
        let began = self.now;
        self.now = Instant::now();
        self.served += 1;
        self.has_served = true;
        let slot = self.slot;
        let took = self.now - began;
        let was_rescued = self.learn(took);
        self.in_a_row = match () {
            // A leader serves short requests alone, and a refusal is short as well.
            () if self.leads() || slot.is_none() => 0,
            () if was_rescued => count_in_a_row(Speed::Blocking, self.in_a_row, took),
            () => count_in_a_row(self.expected, self.in_a_row, took),
        };
    }

    fn send_file_on(&mut self, was_slow: bool) -> RunOn {
        if !self.leads() {
            return RunOn::ThisThread;
        }
        let (engine, now) = (self.engine, self.now);
        send_file_on(
            was_slow,
            || engine.file_caution.is_on(now),
            || engine.pool.room(),
            || engine.pool.may_risk_leader(),
        )
    }

    fn begin_blocking(&mut self) {
        match &self.beat {
            Some(beat) => beat.is_at_file(),
            None => self.began_blocking = Some(Instant::now()),
        }
        self.step_into_watch();
    }

    fn end_blocking(&mut self) -> bool {
        let was_rescued = self.leave_user_code();
        if was_rescued {
            self.now = Instant::now();
        }
        was_rescued || self.began_blocking.take().is_some_and(|began| began.elapsed() > SLOW_FILE)
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn is_turn_over(&self) -> bool {
        // The turn of an adopted connection ends after each request, because its next read would block.
        self.served >= if self.affinity == Affinity::Adopted { 1 } else { REQUESTS_A_TURN }
    }
}
