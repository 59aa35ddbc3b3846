//! The run of one phase. Honest clients start, attackers come, time passes, attackers leave, and the server gets some
//! time to become quiet again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use basehttp_tools::honest::{Action, Probe, Record, StopOnDrop, quantile};
use basehttp_tools::request::{MakeRequest, Persistence, Request};
use basehttp_tools::server_process::{Baseline, Counters, LogSummary, RECOVERY_TIMEOUT, ResourceUse, ServerProcess};
use basehttp_tools::swarm::{SquadStats, Swarm};

use super::phases::{Newcomers, Phase};

/// Timeout of an honest client (10 s). Where new clients have to wait, theirs lasts until the phase is well over.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Interval at which each of six honest clients asks. Together they send 200 requests a second.
const INTERVAL: Duration = Duration::from_millis(30);

/// The results of a phase.
pub(crate) struct Run {
    /// Measurements of clients that keep their connections, and of clients with a new one for each request.
    pub kept: Record,
    pub fresh: Record,
    pub newcomers: Newcomers,
    pub squad_stats: Vec<SquadStats>,
    pub before: Counters,
    /// The counters just before the attackers leave.
    pub at_peak: Counters,
    pub after: Counters,
    /// The resources before the phase, their maximum during it, and the values after it.
    pub first: ResourceUse,
    pub most: ResourceUse,
    pub last: ResourceUse,
    /// Processor time of the server, in percent.
    pub cpu_percent: u128,
    /// Time until the server was quiet again, or `None` after the timeout.
    pub recovery: Option<Duration>,
    /// The p99 of the delay with which the machine wakes an idle thread.
    pub machine: Duration,
    /// Number of connections that the clients made.
    pub made: u64,
    pub log: LogSummary,
}

impl Run {
    pub(crate) fn execute(phase: &Phase, server: &ServerProcess, baseline: &Baseline) -> io::Result<Self> {
        let (before, admin_before) = (server.counters()?, server.admin_connections());
        server.take_log();
        server.forget_peak()?;
        let is_over = AtomicBool::new(false);
        let (probes, machine_probe) = (probes(phase), Probe::of_machine());
        let (began, first) = (Instant::now(), server.resource_use()?);
        let addresses = &server.addresses;
        let (mut most, mut at_peak) = (ResourceUse::default(), Counters::new());
        let (kept, fresh, machine) = (Mutex::default(), Mutex::default(), Mutex::default());
        let squad_stats = thread::scope(|scope| -> io::Result<_> {
            for probe in &probes {
                let record = if probe.action.is_fresh() { &fresh } else { &kept };
                scope.spawn(|| probe.run(addresses, &is_over, record));
            }
            scope.spawn(|| machine_probe.run(addresses, &is_over, &machine));
            let over = StopOnDrop(&is_over);
            // The clients that keep their connections connect first.
            thread::sleep(10 * INTERVAL);
            let swarm = Swarm::new(&phase.squads, addresses)?;
            let attacking = scope.spawn(|| swarm.run(&is_over));
            let end = Instant::now() + Duration::from_secs(phase.seconds);
            let mut freeze = phase.freeze.map(|time| (Instant::now() + Duration::from_secs(phase.seconds) / 3, time));
            while Instant::now() < end {
                if let Some((_, time)) = freeze.take_if(|(from, _)| *from <= Instant::now()) {
                    server.freeze(time)?;
                }
                thread::sleep(Duration::from_millis(100));
                most = most.most(server.resource_use()?);
            }
            at_peak = server.counters()?;
            drop(over);
            attacking.join().expect("the swarm does not panic")
        })?;
        most = most.most(server.resource_use()?);
        let (lasted, cpu) = (began.elapsed(), most.cpu.saturating_sub(first.cpu));
        let recovery = server.await_quiet(baseline)?;
        let (kept, fresh) = (Record::take(&kept), Record::take(&fresh));
        let admin = server.admin_connections() - admin_before;
        let made =
            kept.connections + fresh.connections + admin + squad_stats.iter().map(|stats| stats.connected).sum::<u64>();
        Ok(Run {
            kept,
            fresh,
            newcomers: phase.newcomers,
            squad_stats,
            before,
            at_peak,
            first,
            after: server.counters()?,
            most,
            last: server.resource_use()?,
            cpu_percent: cpu.as_millis() * 100 / lasted.as_millis().max(1),
            recovery,
            machine: Record::take(&machine).quantile(0.99),
            made,
            log: server.take_log(),
        })
    }

    /// The latencies that are judged, sorted.
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

    /// The increase of a counter.
    pub(crate) fn counted(&self, name: &str) -> u64 {
        let read = |counters: &Counters| counters.get(name).copied().unwrap_or(0);
        read(&self.after) - read(&self.before)
    }

    /// The statuses that attackers received, with counts.
    pub(crate) fn statuses(&self) -> BTreeMap<u16, u64> {
        let mut statuses = BTreeMap::new();
        for (status, count) in self.squad_stats.iter().flat_map(|stats| &stats.statuses) {
            *statuses.entry(*status).or_default() += count;
        }
        statuses
    }
}

fn probes(phase: &Phase) -> Vec<Probe> {
    let actions = [("page", Request::page as MakeRequest), ("upload", Request::upload), ("file", Request::file)];
    let waits = Duration::from_secs(phase.seconds) + RECOVERY_TIMEOUT;
    let timeout = if phase.newcomers == Newcomers::Wait { waits } else { CLIENT_TIMEOUT };
    [Persistence::Kept, Persistence::Fresh]
        .into_iter()
        .flat_map(|persistence| {
            actions.map(|(name, make)| Probe {
                name,
                action: Action::Request(make, persistence),
                interval: INTERVAL,
                timeout,
            })
        })
        .collect()
}
