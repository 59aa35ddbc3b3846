//! One phase: honest clients begin, besiegers come, time passes, besiegers leave, and the server has some time to be as
//! quiet as it was.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use basehttp_tools::castle::{Castle, Counters, LogBook, Quiet, RECOVERY, Vitals};
use basehttp_tools::errand::{Errand, Make, Persistence};
use basehttp_tools::honest::{Deed, Over, Record, Watchman, quantile};
use basehttp_tools::swarm::{Swarm, Toll};

use super::phases::{Newcomers, Phase};

/// How long an honest client waits at most: 10 s, and where newcomers have to wait, until the phase is well over.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often each of six honest clients asks: every 30 ms, 200 requests a second together.
const INTERVAL: Duration = Duration::from_millis(30);

/// What a phase has come to.
pub(crate) struct Battle {
    /// Of the clients who were there already, and of those that come anew for each request.
    pub kept: Record,
    pub fresh: Record,
    pub newcomers: Newcomers,
    pub tolls: Vec<Toll>,
    pub before: Counters,
    /// When the besiegers were about to leave.
    pub height: Counters,
    pub after: Counters,
    /// The most of each while it lasted.
    pub most: Vitals,
    pub last: Vitals,
    /// How much of a processor's time the server took.
    pub cpu_percent: u128,
    /// How long the server took to be quiet again, if it was in time.
    pub recovery: Option<Duration>,
    /// How late the machine was for everybody: of the times it woke a sleeper, the p99.
    pub machine: Duration,
    /// Connections that we have made.
    pub made: u64,
    pub log: LogBook,
}

impl Battle {
    pub(crate) fn fight(phase: &Phase, castle: &Castle, quiet: &Quiet) -> io::Result<Self> {
        let (before, admin_before) = (castle.counters()?, castle.admin_connections());
        castle.take_log();
        castle.forget_peak()?;
        let is_over = AtomicBool::new(false);
        let (watchmen, metronome) = (watchmen(phase), Watchman::of_machine());
        let began = (Instant::now(), castle.vitals()?.cpu);
        let addresses = &castle.addresses;
        let (mut most, mut height) = (Vitals::default(), Counters::new());
        let (kept, fresh, machine) = (Mutex::default(), Mutex::default(), Mutex::default());
        let tolls = thread::scope(|scope| -> io::Result<_> {
            for watchman in &watchmen {
                let record = if watchman.deed.is_fresh() { &fresh } else { &kept };
                scope.spawn(|| watchman.watch(addresses, &is_over, record));
            }
            scope.spawn(|| metronome.watch(addresses, &is_over, &machine));
            let over = Over(&is_over);
            // Those who are kept have their connections first.
            thread::sleep(10 * INTERVAL);
            let swarm = Swarm::new(&phase.squads, addresses)?;
            let besieging = scope.spawn(|| swarm.besiege(&is_over));
            let end = Instant::now() + Duration::from_secs(phase.seconds);
            let mut freeze = phase.freeze.map(|time| (Instant::now() + Duration::from_secs(phase.seconds) / 3, time));
            while Instant::now() < end {
                if let Some((_, time)) = freeze.take_if(|(from, _)| *from <= Instant::now()) {
                    castle.freeze(time)?;
                }
                thread::sleep(Duration::from_millis(100));
                most = most.most(castle.vitals()?);
            }
            height = castle.counters()?;
            drop(over);
            besieging.join().expect("the swarm does not panic")
        })?;
        most = most.most(castle.vitals()?);
        let (lasted, cpu) = (began.0.elapsed(), most.cpu.saturating_sub(began.1));
        let recovery = castle.await_quiet(quiet)?;
        let (kept, fresh) = (Record::take(&kept), Record::take(&fresh));
        let admin = castle.admin_connections() - admin_before;
        let made = kept.connections + fresh.connections + admin + tolls.iter().map(|toll| toll.connected).sum::<u64>();
        Ok(Battle {
            kept,
            fresh,
            newcomers: phase.newcomers,
            tolls,
            before,
            height,
            after: castle.counters()?,
            most,
            last: castle.vitals()?,
            cpu_percent: cpu.as_millis() * 100 / lasted.as_millis().max(1),
            recovery,
            machine: Record::take(&machine).quantile(0.99),
            made,
            log: castle.take_log(),
        })
    }

    /// The times that are judged, in order.
    pub(crate) fn latencies(&self) -> Vec<Duration> {
        let mut latencies = self.kept.latencies.clone();
        if self.newcomers == Newcomers::Served {
            latencies.extend(&self.fresh.latencies);
        }
        latencies.sort_unstable();
        latencies
    }

    pub(crate) fn p99(&self) -> Duration {
        quantile(&self.latencies(), 0.99)
    }

    /// How often a counter has counted.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let read = |counters: &Counters| counters.get(name).copied().unwrap_or(0);
        read(&self.after) - read(&self.before)
    }

    /// What the besiegers were told.
    pub(crate) fn statuses(&self) -> BTreeMap<u16, u64> {
        let mut statuses = BTreeMap::new();
        for (status, count) in self.tolls.iter().flat_map(|toll| &toll.statuses) {
            *statuses.entry(*status).or_default() += count;
        }
        statuses
    }
}

fn watchmen(phase: &Phase) -> Vec<Watchman> {
    let deeds = [("page", Errand::page as Make), ("upload", Errand::upload), ("file", Errand::file)];
    let waits = Duration::from_secs(phase.seconds) + RECOVERY;
    let patience = if phase.newcomers == Newcomers::Wait { waits } else { PATIENCE };
    [Persistence::Kept, Persistence::Fresh]
        .into_iter()
        .flat_map(|persistence| {
            deeds.map(|(name, make)| Watchman {
                name,
                deed: Deed::Errand(make, persistence),
                interval: INTERVAL,
                patience,
            })
        })
        .collect()
}
