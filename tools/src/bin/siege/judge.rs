//! The checks of a phase, and its line of the table.

use std::time::Duration;

use basehttp_tools::honest::{Record, WAKES, quantile};
use basehttp_tools::server_process::{Baseline, LogSummary};
use basehttp_tools::transport;
use basehttp_tools::verdict::Verdict;

use super::phases::{FAULTS, Newcomers, Phase};
use super::run::Run;

/// Factor by which the p99 of a phase may exceed that of the quiet phase.
const FACTOR: u32 = 10;

/// A p99 that is always fast enough (50 ms). Attackers, honest clients and server share the processors of one machine.
/// A thread may wait for some slices of 3 to 4 ms before it runs at all, and a stuck leader takes 4 to 8 ms to be
/// replaced. A person does not notice 50 ms.
const FAST_ENOUGH: Duration = Duration::from_millis(50);

/// Memory that an idle server may keep beyond its baseline (64 MiB). The allocator returns to the system only what lies
/// above all that is in use, and hundreds of threads have had their buffers.
const KEPT_KIB: u64 = 64 * 1024;

/// Memory that it may keep for each session of TLS that was there at once (8 KiB), which is what a session takes.
/// rustls remembers the youngest sessions, which lie above the others. After 10,000 sessions 1.1 MiB of 77 were in use,
/// and `malloc_trim(3)` returned 72.
const KEPT_KIB_A_SESSION: u64 = 8;

/// Memory that it may keep beyond what it has kept after the first time of the same phase (8 MiB).
const KEPT_AGAIN_KIB: u64 = 8 * 1024;

/// Log lines allowed per connection, beside those of its requests.
const LINES_A_CONNECTION: u64 = 2;

/// The longest line of the log, which is a request line of 16 KiB with each byte escaped.
const LONGEST_LINE: usize = 80 * 1024;

pub(crate) fn print_head() {
    println!(
        "times in ms; a p99 may be {FACTOR} times the quiet one, or {} ms, and {WAKES} times `late` more, by which the \
         machine is late itself;\nmemory, threads and descriptors: the most there were; kept: memory in MiB afterwards; told: the statuses that attackers got",
        FAST_ENOUGH.as_millis()
    );
    println!(
        "{:<30}{:>9}{:>8}{:>7}{:>7}{:>7}{:>8}{:>7}{:>8}{:>6}{:>6}{:>8}{:>7}{:>6}{:>8}{:>7}  told",
        "phase",
        "attackers",
        "served",
        "failed",
        "p50",
        "p99",
        "max",
        "late",
        "waited",
        "MiB",
        "kept",
        "threads",
        "descr.",
        "CPU %",
        "rescues",
        "quiet"
    );
}

pub(crate) fn print_line(phase: &Phase, run: &Run) {
    let latencies = run.latencies();
    let mut waited = run.fresh.latencies.clone();
    waited.sort_unstable();
    let waited = match phase.newcomers {
        Newcomers::Served => String::new(),
        Newcomers::Wait => format!("{:.1}s", quantile(&waited, 1.0).as_secs_f64()),
    };
    let served = run.kept.latencies.len() + run.fresh.latencies.len();
    let failed = run.kept.failed + run.fresh.failed;
    let started: u64 = run.squad_stats.iter().map(|stats| stats.started).sum();
    let quiet = run.recovery.map_or("never".into(), |time| format!("{:.1}s", time.as_secs_f64()));
    println!(
        "{:<30}{started:>9}{served:>8}{failed:>7}{:>7.1}{:>7.1}{:>8.1}{:>7.1}{waited:>8}{:>6}{:>6}{:>8}{:>7}{:>6}{:>8}{quiet:>7}  {}",
        phase.name,
        milliseconds(quantile(&latencies, 0.5)),
        milliseconds(quantile(&latencies, 0.99)),
        milliseconds(quantile(&latencies, 1.0)),
        milliseconds(run.machine),
        run.most.peak_kib / 1024,
        run.last.rss_kib / 1024,
        run.most.threads,
        run.most.descriptors,
        run.cpu_percent,
        run.counted("rescues"),
        told(run),
    );
}

/// The statuses with their counts, and the connections that ended without one.
fn told(run: &Run) -> String {
    let statuses = run.statuses();
    let statuses = statuses.iter().map(|(status, count)| format!("{count}x{status}"));
    let sum = |count: fn(&basehttp_tools::swarm::SquadStats) -> u64| run.squad_stats.iter().map(count).sum::<u64>();
    let ends = [
        ("closed", sum(|stats| stats.closed)),
        ("reset", sum(|stats| stats.reset)),
        ("never in", sum(|stats| stats.unconnected)),
    ];
    let ends = ends.into_iter().filter(|(_, count)| *count > 0).map(|(end, count)| format!("{count} {end}"));
    statuses.chain(ends).collect::<Vec<_>>().join(", ")
}

/// The measures of a phase.
pub(crate) struct Measures<'m> {
    pub baseline: &'m Baseline,
    /// The p99 of the quiet phase.
    pub quiet_p99: Duration,
    /// The most connections that this server had at once so far.
    pub connections: u64,
}

/// Checks one phase.
pub(crate) fn judge(phase: &Phase, measures: &Measures, run: &Run, verdict: &mut Verdict) {
    judge_service(phase, run, measures.quiet_p99, verdict);
    judge_recovery(measures.baseline, run, verdict);
    judge_memory(phase, measures, run, verdict);
    judge_counters(phase, run, verdict);
    judge_log(run, verdict);
}

fn judge_service(phase: &Phase, run: &Run, measure: Duration, verdict: &mut Verdict) {
    for (who, Record { failed, failures, latencies, .. }) in [("kept", &run.kept), ("new", &run.fresh)] {
        let served = latencies.len();
        let holds = *failed == 0 && served > 0;
        verdict.check(
            holds,
            &format!("{who} connections are served: {served} were, {failed} not: {}", failures.join("; ")),
        );
    }
    if phase.freeze.is_some() {
        return;
    }
    let (p99, most) = (run.p99(), (measure * FACTOR).max(FAST_ENOUGH) + run.machine * WAKES);
    verdict.check_time(p99 <= most, &format!("a p99 of {most:?} at most: {p99:?}"));
}

/// Checks what the server keeps after the last time of a phase, beside what it has kept after the first.
pub(crate) fn judge_growth(first: &Run, last: &Run, verdict: &mut Verdict) {
    let [then, now] = [first, last].map(|run| run.last.rss_kib);
    let most = then + KEPT_AGAIN_KIB;
    verdict.check(now <= most, &format!("{most} KiB are kept at most, since the first time left {then}: {now}"));
}

fn judge_recovery(baseline: &Baseline, run: &Run, verdict: &mut Verdict) {
    let (then, now) = (&baseline.resource_use, &run.last);
    let still = format!(
        "{} connections (1), {} threads ({}), {} descriptors ({})",
        run.after["connections"], now.threads, then.threads, now.descriptors, then.descriptors
    );
    verdict.check(run.recovery.is_some(), &format!("as quiet as before in time: {still}"));
}

fn judge_memory(phase: &Phase, measures: &Measures, run: &Run, verdict: &mut Verdict) {
    let kept = run.last.rss_kib.saturating_sub(measures.baseline.resource_use.rss_kib);
    let sessions = if transport::uses_tls() { measures.connections } else { 0 };
    let most = KEPT_KIB + KEPT_KIB_A_SESSION * sessions;
    verdict.check(kept <= most, &format!("{most} KiB more than at first are kept at most: {kept}"));
    // This phase is not charged with the remains of earlier ones.
    let peak = run.most.peak_kib.saturating_sub(run.first.rss_kib) / 1024;
    verdict.check(peak <= phase.memory, &format!("{} MiB more than before at most: {peak}", phase.memory));
}

fn judge_counters(phase: &Phase, run: &Run, verdict: &mut Verdict) {
    let (accepted, made) = (run.counted("accepted"), run.made);
    verdict.check(accepted == made, &format!("every connection is accepted once: {accepted} of {made}"));
    let at_once = run.at_peak["connections"];
    verdict.check(at_once >= phase.at_once as u64, &format!("{} connections at once: {at_once}", phase.at_once));
    for (name, least) in &phase.counted {
        let counted = run.counted(name);
        verdict.check(counted >= *least as u64, &format!("{name} are {least} at least: {counted}"));
    }
    let is_explained =
        |name: &str| phase.excused.contains(&name) || phase.counted.iter().any(|(other, _)| *other == name);
    let unexplained: Vec<String> = FAULTS
        .iter()
        .filter(|name| !is_explained(name) && run.counted(name) > 0)
        .map(|name| format!("{} {name}", run.counted(name)))
        .collect();
    verdict.check(unexplained.is_empty(), &format!("no faults but those expected: {}", unexplained.join(", ")));
    let statuses = run.statuses();
    let is_known = statuses.keys().all(|status| phase.statuses.contains(status));
    verdict.check(is_known, &format!("attackers receive {:?}: {statuses:?}", phase.statuses));
}

fn judge_log(run: &Run, verdict: &mut Verdict) {
    let most = 2 * run.counted("requests") + LINES_A_CONNECTION * run.counted("accepted");
    let LogSummary { lines, longest, wrong, .. } = &run.log;
    verdict.check(*lines <= most, &format!("{most} lines of log at most: {lines}"));
    verdict.check(wrong.is_empty(), &format!("no panic and no control character in the log: {wrong:?}"));
    verdict.check(*longest <= LONGEST_LINE, &format!("log lines of {LONGEST_LINE} bytes at most: {longest}"));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
