//! Keeps a server busy for a long time, below its limit, with honest clients of every kind and with many kinds of
//! faults. `cargo run --release -p basehttp-tools --bin soak -- --minutes 20`
//!
//! It prints a line a minute. At the end no honest request may have failed, every fault that the server counted must be
//! one of ours, and nothing may have grown. `--tls` has all of them speak TLS. `--ignore-times` leaves times out of the
//! verdict. The last line counts the checks, and the exit code is 0 if none failed. Server, clients and attackers are
//! those of `siege`.

mod traffic;

use std::io;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use basehttp_tools::honest::{Probe, Record, StopOnDrop, WAKES};
use basehttp_tools::server;
use basehttp_tools::server_process::{Counters, LogSummary, ResourceUse, ServerProcess, raise_descriptor_limit};
use basehttp_tools::swarm::{SquadStats, Swarm};
use basehttp_tools::transport;
use basehttp_tools::verdict::{Times, Verdict};

/// Growth of memory from the first third to the last one, after the warm-up and by their medians (8 MiB). A request's
/// memory that leaks once a second exceeds it within minutes.
const GROWTH_KIB: u64 = 8 * 1024;

/// Growth of threads or descriptors. Their numbers vary with the faults that are present.
const GROWTH: u64 = 16;

/// The largest p99 of a minute (100 ms). Some handlers sleep for 10 ms, some uploads take long, and server, clients and
/// attackers share the processors. Delays of the machine itself are added.
const P99: Duration = Duration::from_millis(100);

/// Counters that must stay at zero.
const UNEXPLAINED: [&str; 4] = ["panics", "resource_limit", "busy", "tls"];

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|argument| argument == server::ARGUMENT).is_some() {
        server::serve(arguments)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut minutes, mut times) = (20, Times::Judged);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.peek().and_then(|next| next.parse().ok())) {
            ("--tls", _) => transport::use_tls(),
            ("--ignore-times", _) => times = Times::Ignored,
            ("--minutes", Some(number @ 1..)) => {
                minutes = number;
                arguments.next();
            }
            _ => {
                eprintln!("usage: soak [--minutes N] [--tls] [--ignore-times]");
                return Ok(ExitCode::from(2));
            }
        }
    }
    let mut verdict = Verdict::new(times);
    soak(minutes, &mut verdict)?;
    Ok(if verdict.tell() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn soak(minutes: u32, verdict: &mut Verdict) -> io::Result<()> {
    raise_descriptor_limit()?;
    let server = ServerProcess::start(&[])?;
    let baseline = server.baseline()?;
    server.take_log();
    let (before, admin_before) = (server.counters()?, server.admin_connections());
    let (is_over, record) = (AtomicBool::new(false), Mutex::default());
    let (machine_probe, machine) = (Probe::of_machine(), Mutex::default());
    let (probes, squads) = (traffic::probes(), traffic::squads());
    let mut history = History::default();
    let addresses = &server.addresses;
    let squad_stats = thread::scope(|scope| -> io::Result<_> {
        let over = StopOnDrop(&is_over);
        for probe in &probes {
            scope.spawn(|| probe.run(addresses, &is_over, &record));
        }
        scope.spawn(|| machine_probe.run(addresses, &is_over, &machine));
        let swarm = Swarm::new(&squads, addresses)?;
        let attacking = scope.spawn(|| swarm.run(&is_over));
        history.record(minutes, &server, &record, &machine)?;
        drop(over);
        attacking.join().expect("the swarm does not panic")
    })?;
    history.add(Record::take(&record));
    let recovery = server.await_quiet(&baseline)?;
    let after = server.counters()?;

    println!("\n{}", told(&squad_stats));
    let made: u64 = squad_stats.iter().map(|stats| stats.connected).sum();
    let made = made + history.connections + server.admin_connections() - admin_before;
    judge_counters(&counted_between(&before, &after), made, verdict);
    judge_service(&history, verdict);
    let LogSummary { wrong, dropped, .. } = server.take_log();
    verdict.check(wrong.is_empty(), &format!("no panic and no control character in the log: {wrong:?}"));
    verdict.check(dropped == 0, "somebody reads the log, and no line of it is dropped");
    judge_growth(&history.samples, verdict);
    let ResourceUse { threads, descriptors, .. } = server.resource_use()?;
    let still = format!("{} connections, {threads} threads, {descriptors} descriptors", after["connections"]);
    verdict
        .check(recovery.is_some(), &format!("it is as quiet as before: {still}; before {:?}", baseline.resource_use));
    let status = server.end()?;
    verdict.check(status.success(), &format!("the server ends in order: {status}"));
    Ok(())
}

/// The measurements of the whole soak.
#[derive(Default)]
struct History {
    served: usize,
    failed: u64,
    failures: Vec<String>,
    connections: u64,
    /// For each minute, the p99 of its requests and that of the machine's own delay.
    p99: Vec<(Duration, Duration)>,
    /// One sample a second.
    samples: Vec<ResourceUse>,
}

impl History {
    /// Samples the server each second, and prints a line each minute.
    fn record(
        &mut self,
        minutes: u32,
        server: &ServerProcess,
        record: &Mutex<Record>,
        machine: &Mutex<Record>,
    ) -> io::Result<()> {
        println!(
            "{:>6}{:>10}{:>8}{:>8}{:>8}{:>9}{:>9}{:>7}{:>9}{:>8}",
            "minute", "requests", "failed", "p50 ms", "p99 ms", "max ms", "late ms", "MiB", "threads", "descr."
        );
        let mut due = Instant::now();
        for minute in 1..=minutes {
            for _ in 0..60 {
                due += Duration::from_secs(1);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                self.samples.push(server.resource_use()?);
            }
            let (requests, late) = (Record::take(record), Record::take(machine).quantile(0.99));
            let p99 = requests.quantile(0.99);
            let [median, late_ms, p99_ms, max] =
                [requests.quantile(0.5), late, p99, requests.quantile(1.0)].map(|time| time.as_secs_f64() * 1000.0);
            let ResourceUse { rss_kib, threads, descriptors, .. } = server.resource_use()?;
            println!(
                "{minute:>6}{:>10}{:>8}{median:>8.1}{p99_ms:>8.1}{max:>9.1}{late_ms:>9.1}{:>7}{threads:>9}{descriptors:>8}",
                requests.latencies.len(),
                requests.failed,
                rss_kib / 1024,
            );
            self.p99.push((p99, late));
            self.add(requests);
        }
        Ok(())
    }

    fn add(&mut self, record: Record) {
        self.served += record.latencies.len();
        self.failed += record.failed;
        self.failures.extend(record.failures);
        self.failures.truncate(10);
        self.connections += record.connections;
    }
}

/// The increase of each counter. Gauges are left out.
fn counted_between(before: &Counters, after: &Counters) -> Counters {
    let counters = after.iter().filter(|(name, _)| !["connections", "hijacked", "threads"].contains(&name.as_str()));
    counters.map(|(name, count)| (name.clone(), count - before[name])).collect()
}

/// `made` is the number of connections that the clients made.
fn judge_counters(counted: &Counters, made: u64, verdict: &mut Verdict) {
    let all: Vec<_> = counted.iter().map(|(name, count)| format!("{name} {count}")).collect();
    println!("the server counted: {}\n", all.join(", "));
    verdict.check(counted["accepted"] == made, &format!("{made} connections are accepted: {}", counted["accepted"]));
    for name in UNEXPLAINED {
        verdict.check(counted[name] == 0, &format!("no {name}: {}", counted[name]));
    }
}

fn judge_service(history: &History, verdict: &mut Verdict) {
    let History { served, failed, failures, .. } = history;
    let all = format!("every request is served: {served} were, {failed} not: {}", failures.join("; "));
    verdict.check(*failed == 0 && *served > 0, &all);
    for (minute, &(p99, late)) in history.p99.iter().enumerate() {
        let most = P99 + late * WAKES;
        verdict.check_time(p99 <= most, &format!("a p99 of {most:?} at most in minute {}: {p99:?}", minute + 1));
    }
}

/// Compares the first third with the last one, after a warm-up of half the time or two minutes.
fn judge_growth(samples: &[ResourceUse], verdict: &mut Verdict) {
    let warm = &samples[(samples.len() / 2).min(120)..];
    let third = warm.len() / 3;
    let (first, last) = (&warm[..third], &warm[warm.len() - third..]);
    let mut compare = |name: &str, most: u64, read: fn(&ResourceUse) -> u64| {
        let (then, now) = (median(first.iter().map(read)), median(last.iter().map(read)));
        println!("{name}: {then} in the first third, {now} in the last");
        verdict.check(now <= then + most, &format!("{most} {name} more in the last third at most: {then}, then {now}"));
    };
    compare("KiB", GROWTH_KIB, |resource_use| resource_use.rss_kib);
    compare("threads", GROWTH, |resource_use| resource_use.threads);
    compare("descriptors", GROWTH, |resource_use| resource_use.descriptors);
}

fn median(numbers: impl Iterator<Item = u64>) -> u64 {
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// The results of the attackers.
fn told(squad_stats: &[SquadStats]) -> String {
    let stats = |stats: &SquadStats| {
        let statuses: Vec<_> = stats.statuses.iter().map(|(status, count)| format!("{count}x{status}")).collect();
        let SquadStats { name, started, closed, reset, .. } = stats;
        format!("{name}: {started}, of which the server closed {closed} and reset {reset}; {}", statuses.join(" "))
    };
    squad_stats.iter().map(stats).collect::<Vec<_>>().join("\n")
}
