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
    if phases.iter().any(Phase::wants_stalling)
        && let Err(error) = Stalling::mount()
    {
        println!("SKIPPED: no file system that stalls can be mounted: {error}");
        phases.retain(|phase| !phase.wants_stalling());
    }
    judge::print_head();
    let mut server: Option<(ServerProcess, Vec<server::Setting>, Baseline)> = None;
    let mut measure = None;
    for phase in &phases {
        if server.as_ref().is_none_or(|(_, settings, _)| *settings != phase.settings) {
            if let Some((server, ..)) = server.take() {
                close(server, &mut verdict)?;
            }
            server = Some(open(phase)?);
        }
        let (server, _, baseline) = server.as_ref().expect("it was opened");
        let run = Run::execute(phase, server, baseline)?;
        judge::print_line(phase, &run);
        judge::judge(phase, baseline, &run, *measure.get_or_insert(run.p99()), &mut verdict);
    }
    if let Some((server, ..)) = server {
        close(server, &mut verdict)?;
    }
    if options.only.as_ref().is_none_or(|only| "takeover".contains(only)) {
        takeover::take_over(&mut verdict)?;
    }
    println!();
    Ok(verdict.tell())
}

fn open(phase: &Phase) -> io::Result<(ServerProcess, Vec<server::Setting>, Baseline)> {
    let settings: Vec<_> = phase.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let settings = if settings.is_empty() { "default settings".to_owned() } else { settings.join(", ") };
    println!("-- a server with {settings}");
    let server = ServerProcess::start(&phase.settings)?;
    let baseline = server.baseline()?;
    Ok((server, phase.settings.clone(), baseline))
}

fn close(server: ServerProcess, verdict: &mut Verdict) -> io::Result<()> {
    let status = server.end()?;
    verdict.check(status.success(), &format!("the server ends in order: {status}"));
    Ok(())
}
