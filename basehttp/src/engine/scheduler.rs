//! Decides for a worker: where each request runs, how long its thread keeps a connection, and what is learnt from a run.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Engine;
use super::affinity::{ADOPTED_WAIT, Affinity, BEFORE_A_ROW, KEPT_WAIT, affinity, count_in_a_row, place_next};
use super::control::Control;
use super::heartbeat::Beat;
use super::pace::{Speed, expected};
use super::placement::{Placement, place, send_file_on};
use super::slot::CheckedOut;
use super::stats::Counters;
use crate::conn::{Conn, RunOn, Scheduler, SendOn, Wait};
use crate::exchange::{HTTPError, Overrides, Pace};
use crate::proto::Head;
use crate::sys::{Direction, LocalCounts, set_unwatched_leader};

/// How many requests of one connection are served before others have their turn: 64.
const REQUESTS_A_TURN: u32 = 64;

/// A call on a file that took longer is slow: 4 ms, as long as a leader may be held up before it is replaced.
const SLOW_FILE: Duration = Duration::from_millis(4);

/// Who drives: a leader, whom others wait for, or one of the pool.
pub(super) struct WorkerScheduler<'e> {
    engine: &'e Engine,
    /// A leader's word, until it is taken away, and its shard.
    beat: Option<Beat<'e>>,
    shard: usize,
    pub now: Instant,
    /// The pace table's slot of the request that is being served; none for a refusal, which teaches nothing.
    slot: Option<usize>,
    /// How long it will take, for a thread of the pool.
    expected: Speed,
    /// Requests of the connection in a row that needed a thread of the pool.
    pub in_a_row: u8,
    /// Requests served since the turn began.
    served: u32,
    /// Whether any was, since the connection was taken.
    has_served: bool,
    /// How a thread of the pool waits for the connection's requests.
    affinity: Affinity,
    /// The request that was placed last has found no thread, and is counted.
    is_busy: bool,
    /// When a thread of the pool began what may block.
    began_blocking: Option<Instant>,
}

impl<'e> WorkerScheduler<'e> {
    /// `None`: somebody leads already.
    pub(super) fn leading(engine: &'e Engine, shard: usize, epoch: u32) -> Option<Self> {
        let beat = engine.shards[shard].heartbeat.take_over(epoch)?;
        set_unwatched_leader(true);
        let mut scheduler = WorkerScheduler::of_pool(engine);
        (scheduler.beat, scheduler.shard) = (Some(beat), shard);
        Some(scheduler)
    }

    pub(super) fn of_pool(engine: &'e Engine) -> Self {
        WorkerScheduler {
            engine,
            beat: None,
            shard: 0,
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

    /// Adds up what was counted: once a turn, since the counters are everybody's. Returns how many requests were served.
    pub(super) fn end_turn(&mut self, counts: &mut LocalCounts) -> u32 {
        let served = std::mem::take(&mut self.served);
        if self.leads() {
            self.engine.counters.publish_as_leader(self.shard, served, counts);
        } else {
            self.engine.counters.publish_as_pool(served, counts);
        }
        served
    }

    /// Whether others wait for this thread.
    pub(super) fn leads(&self) -> bool {
        self.beat.is_some()
    }

    /// Whether anything waits for this thread, which is one of the pool.
    fn others_wait(&self) -> bool {
        !self.engine.pool.is_quiet()
    }

    /// Whether this thread keeps the connection, and drives it again: it is one of the pool, and the next request is here
    /// or awaited by a read.
    pub(super) fn keeps(&mut self, checked_out: &mut CheckedOut<'_>, conn: &mut Conn, wait: Wait, served: u32) -> bool {
        if self.leads() || self.engine.dismisses(conn, self.now) {
            return false;
        }
        let before = std::mem::replace(&mut self.affinity, Affinity::Released);
        let awaits_request = wait == Wait::For(Direction::Read) && conn.is_idle();
        if awaits_request && served > 0 {
            self.affinity = affinity(self.in_a_row, || self.others_wait());
        } else if awaits_request && before != Affinity::Released {
            conn.pooled_in_a_row = BEFORE_A_ROW;
        } else if wait == Wait::Turn && before == Affinity::Adopted && !conn.is_ending_a_reply() {
            // More has come with the last request, and a read for the rest of it is not to wait.
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

    /// Closes a connection that nothing can be done with, and with it the file that it may wait to send.
    pub(super) fn close(&mut self, conn: Box<Conn>) {
        self.begin_blocking();
        drop(conn);
        self.end_blocking();
    }

    /// User code begins: from here on the monitor watches a leader.
    pub(super) fn enter_user_code(&mut self) {
        if let Some(beat) = &self.beat {
            beat.serves(self.slot);
        }
        self.step_into_watch();
    }

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

    /// User code has returned. A leader whose word was taken away meanwhile is one of the pool from now on: then true.
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

    /// User code has returned that took so long: notes it. True: the leader that ran it was replaced.
    pub fn learn(&mut self, took: Duration) -> bool {
        let was_rescued = self.leave_user_code();
        // The monitor has noted what it had to rescue.
        if let Some(slot) = self.slot.take()
            && !was_rescued
        {
            self.engine.pace.record_run(slot, took);
        }
        was_rescued
    }

    /// Where a hook runs that no request has been placed for. It is user code like any handler, and learnt like one.
    pub(super) fn place_hook(&mut self, hook: Hook) -> RunOn {
        if !hook.is_own(&self.engine.context.spec.overrides) {
            return RunOn::ThisThread;
        }
        let slot = self.engine.pace.slot(hook.name(), "");
        match self.place_slot(slot, Pace::Auto, false) {
            // Nothing speaks against it, and should it block there is another leader.
            RunOn::Refused(_) if self.speed(slot) == Speed::Unproven && self.engine.pool.has_leader_left() => {
                self.slot = Some(slot);
                RunOn::ThisThreadOnceSent
            }
            place => place,
        }
    }

    /// Where user code runs, from what has been learnt of it.
    fn place_slot(&mut self, slot: usize, pace: Pace, may_wait: bool) -> RunOn {
        if !self.leads() {
            self.expected = expected(pace, self.engine.pace.speed(slot), may_wait);
            // The first request of a job was queued for this thread.
            return self.place_as(place_next(self.expected, || self.has_served && self.others_wait()), slot);
        }
        let cools_down = || self.engine.last_rescue.is_on(self.now);
        let expected = expected(pace, self.speed(slot), may_wait);
        self.place_as(place(expected, cools_down, || self.engine.pool.room()), slot)
    }

    /// Does as decided.
    fn place_as(&mut self, placement: Placement, slot: usize) -> RunOn {
        match placement {
            Placement::Inline => {
                self.slot = Some(slot);
                RunOn::ThisThread
            }
            Placement::Trial => {
                self.slot = Some(slot);
                RunOn::ThisThreadOnceSent
            }
            Placement::Pool => RunOn::Pool,
            Placement::Busy => {
                let explain = "no thread is free, and no more requests may wait for one";
                RunOn::Refused(HTTPError::busy(explain))
            }
        }
    }

    /// What is known of a slot. While there is no thread to replace a leader, nothing counts as proven. The pool keeps one for
    /// each shard, and is asked only while so many leaders are stuck that these may be in use.
    fn speed(&self, slot: usize) -> Speed {
        let Engine { counters, pool, shards, .. } = self.engine;
        let are_alone = || counters.stuck.load(Ordering::SeqCst) >= shards.len() && !pool.has_leader_left();
        match self.engine.pace.speed(slot) {
            Speed::Fast if are_alone() => Speed::Unproven,
            Speed::Mixed if are_alone() => Speed::Blocking,
            speed => speed,
        }
    }
}

/// No connection waits for this thread any more.
impl Drop for WorkerScheduler<'_> {
    fn drop(&mut self) {
        set_unwatched_leader(false);
    }
}

impl Scheduler for WorkerScheduler<'_> {
    fn run_on(&mut self, request: &Head<'_>, may_wait: bool) -> RunOn {
        let slot = self.engine.pace.slot(request.method, &request.target.path);
        let place = self.place_slot(slot, self.engine.service.pace(request.method), may_wait);
        self.is_busy = matches!(place, RunOn::Refused(_));
        if self.is_busy {
            Counters::add(&self.engine.counters.busy);
        }
        place
    }

    fn place_refusal(&mut self) -> RunOn {
        let place = self.place_hook(Hook::LogError);
        // What is refused because there is no thread was counted when that was found out.
        if !std::mem::take(&mut self.is_busy) && matches!(place, RunOn::Refused(_)) {
            Counters::add(&self.engine.counters.busy);
        }
        place
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
            // A refusal is short as well.
            () if self.leads() || slot.is_none() => 0,
            () if was_rescued => count_in_a_row(Speed::Blocking, self.in_a_row, took),
            () => count_in_a_row(self.expected, self.in_a_row, took),
        };
    }

    /// A file system may hang, and one that was slow just now may be slow again.
    fn send_file_on(&mut self, was_slow: bool) -> SendOn {
        if !self.leads() {
            return SendOn::ThisThread;
        }
        let (engine, now) = (self.engine, self.now);
        send_file_on(
            was_slow,
            || engine.file_caution.is_on(now),
            || engine.pool.room(),
            || engine.pool.has_leader_left(),
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
        // An adopted connection is looked at after each request: its next read would wait.
        self.served >= if self.affinity == Affinity::Adopted { 1 } else { REQUESTS_A_TURN }
    }
}

/// A hook that is called without a request that was placed, by the first of those that are.
#[derive(Clone, Copy)]
pub(super) enum Hook {
    /// For each new connection.
    VerifyRequest,
    /// For each request that is refused, with what makes and logs the reply.
    LogError,
}

impl Hook {
    /// As a method of the pace table: no request's, whose methods have no spaces.
    fn name(self) -> &'static str {
        match self {
            Hook::VerifyRequest => "verify request",
            Hook::LogError => "log error",
        }
    }

    /// Whether the handler has one of its own, so that user code runs.
    fn is_own(self, overrides: &Overrides) -> bool {
        match self {
            Hook::VerifyRequest => overrides.verify_request,
            Hook::LogError => {
                overrides.log_error
                    || overrides.log_message
                    || overrides.log_request
                    || overrides.send_error
                    || overrides.end_headers
                    || overrides.version_string
                    || overrides.date_time_string
                    || overrides.log_date_time_string
                    || overrides.address_string
            }
        }
    }
}
