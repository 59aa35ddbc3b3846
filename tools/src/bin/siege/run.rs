//! One phase: honest clients begin, besiegers come, time passes, besiegers leave, and the server has some time to be as
//! quiet as it was.

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

/// How long an honest client waits at most: 10 s, and where newcomers have to wait, until the phase is well over.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often each of six honest clients asks: every 30 ms, 200 requests a second together.
const INTERVAL: Duration = Duration::from_millis(30);

/// What a phase has come to.
pub(crate) struct Run {
    /// Of the clients who were there already, and of those that come anew for each request.
    pub kept: Record,
    pub fresh: Record,
    pub newcomers: Newcomers,
    pub squad_stats: Vec<SquadStats>,
    pub before: Counters,
    /// When the besiegers were about to leave.
    pub at_peak: Counters,
    pub after: Counters,
    /// The most of each while it lasted.
    pub most: ResourceUse,
    pub last: ResourceUse,
    /// How much of a processor's time the server took.
    pub cpu_percent: u128,
    /// How long the server took to be quiet again, if it was in time.
    pub recovery: Option<Duration>,
    /// How late the machine was for everybody: of the times it woke a sleeper, the p99.
    pub machine: Duration,
    /// Connections that we have made.
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
        let began = (Instant::now(), server.resource_use()?.cpu);
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
            // Those who are kept have their connections first.
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
        let (lasted, cpu) = (began.0.elapsed(), most.cpu.saturating_sub(began.1));
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
