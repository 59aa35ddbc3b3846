//! Attacks a server while honest clients measure it. `cargo run --release -p basehttp-tools --bin siege`
//!
//! `--quick` makes everything a tenth as large. `--tls` has the server and all clients speak TLS. `--only PHASE` runs
//! the phases whose name contains that word. `--ignore-times` leaves times out of the verdict, for shared machines. The
//! last line counts the checks, and the exit code is 0 if none failed. All of it runs on 127.0.0.0/8.
//!
//! ```text
//! main      options, the order of events              phases    the attackers of each phase, and the conditions to hold
//! run       one phase: before, during, afterwards     judge     the checks of a phase, and its line of the table
//! takeover  one server that takes over from another
//! ```

mod judge;
mod phases;
mod run;
mod takeover;

use std::io;
use std::process::ExitCode;

use basehttp_tools::server;
use basehttp_tools::server_process::{Baseline, ServerProcess, raise_descriptor_limit};
use basehttp_tools::stalling::Stalling;
use basehttp_tools::transport;
use basehttp_tools::verdict::{Times, Verdict};

use judge::Measures;
use phases::{Phase, Scale, phases};
use run::Run;

/// Three quarters of a server's descriptors are for connections. There are 10,000 idle ones, and some honest ones.
const ENOUGH_DESCRIPTORS: u64 = 13_500;

struct Options {
    scale: Scale,
    times: Times,
    only: Option<String>,
}

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|argument| argument == server::ARGUMENT).is_some() {
        server::serve(arguments)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = Options { scale: Scale::Full, times: Times::Judged, only: None };
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.peek()) {
            ("--quick", _) => options.scale = Scale::Quick,
            ("--tls", _) => transport::use_tls(),
            ("--ignore-times", _) => options.times = Times::Ignored,
            ("--only", Some(_)) => options.only = arguments.next(),
            _ => {
                eprintln!("usage: siege [--quick] [--tls] [--ignore-times] [--only PHASE]");
                return Ok(ExitCode::from(2));
            }
        }
    }
    let held = run_siege(&options)?;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_siege(options: &Options) -> io::Result<bool> {
    let descriptors = raise_descriptor_limit()?;
    if descriptors < ENOUGH_DESCRIPTORS {
        println!("the system gives {descriptors} descriptors: 10,000 connections cannot be had, and their phase fails");
    }
    let mut verdict = Verdict::new(options.times);
    let mut phases = phases(options.scale);
    // The quiet phase always runs, because the others are measured by it.
    phases
        .retain(|phase| phase.squads.is_empty() || options.only.as_ref().is_none_or(|only| phase.name.contains(only)));
    phases.retain(|phase| !phase.needs_tls || transport::uses_tls());
    if phases.iter().any(Phase::wants_stalling)
        && let Err(error) = Stalling::mount()
    {
        println!("SKIPPED: no file system that stalls can be mounted: {error}");
        phases.retain(|phase| !phase.wants_stalling());
    }
    judge::print_head();
    let mut server: Option<Server> = None;
    let mut quiet_p99 = None;
    for phase in &phases {
        if server.as_ref().is_none_or(|server| server.settings != phase.settings) {
            if let Some(server) = server.take() {
                close(server, &mut verdict)?;
            }
            server = Some(open(phase)?);
        }
        let server = server.as_mut().expect("it was opened");
        let mut first = None;
        for time in 1..=phase.times {
            let run = Run::execute(phase, &server.process, &server.baseline)?;
            server.connections = server.connections.max(run.at_peak["connections"]);
            judge::print_line(phase, &run);
            let quiet_p99 = *quiet_p99.get_or_insert(run.p99());
            let measures = Measures { baseline: &server.baseline, quiet_p99, connections: server.connections };
            judge::judge(phase, &measures, &run, &mut verdict);
            if time == phase.times
                && let Some(first) = &first
            {
                judge::judge_growth(first, &run, &mut verdict);
            }
            first.get_or_insert(run);
        }
    }
    if let Some(server) = server {
        close(server, &mut verdict)?;
    }
    if options.only.as_ref().is_none_or(|only| "takeover".contains(only)) {
        takeover::take_over(&mut verdict)?;
    }
    println!();
    Ok(verdict.tell())
}

/// A server under siege, by one or more phases.
struct Server {
    process: ServerProcess,
    settings: Vec<server::Setting>,
    baseline: Baseline,
    /// The most connections that it had at once.
    connections: u64,
}

fn open(phase: &Phase) -> io::Result<Server> {
    let settings: Vec<_> = phase.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let settings = if settings.is_empty() { "default settings".to_owned() } else { settings.join(", ") };
    println!("-- a server with {settings}");
    let process = ServerProcess::start(&phase.settings)?;
    let baseline = process.baseline()?;
    Ok(Server { process, settings: phase.settings.clone(), baseline, connections: 0 })
}

fn close(server: Server, verdict: &mut Verdict) -> io::Result<()> {
    let status = server.process.end()?;
    verdict.check(status.success(), &format!("the server ends in order: {status}"));
    Ok(())
}
