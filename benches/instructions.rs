//! Counts the instructions of a request. `cargo bench --bench instructions` needs valgrind.
//!
//! Callgrind counts the instructions of a server, so that the figures are the same on a busy machine. Each scenario
//! runs twice, with few and with many requests. The difference of the two runs, divided by the difference of the
//! requests, is the cost of one request, since both runs start and stop alike. The kernel's instructions are not
//! counted.
//!
//! The handlers say `pace = "inline"`. A program under valgrind is some fifty times slower, so that every handler would
//! look like a blocking one, and would be moved to the pool.
//!
//! Each figure is compared with its band in `instructions.band`, and the program fails if one is outside. Times are never
//! compared. A machine that stalls has leaders replaced and lets the monitor look more often, which costs instructions. A
//! figure outside its band is therefore taken again, up to twice, and the least that was counted is what counts.
//! A changed compiler may move all figures; then the bands move in a commit of their own. With names of
//! scenarios as its arguments it runs these alone.

mod scenarios;

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use scenarios::{SCENARIOS, Scenario};

/// Requests in the short run; the long one has `LONG`.
const SHORT: u32 = 200;
const LONG: u32 = 1_000;

/// How often a figure is taken at most.
const ATTEMPTS: u32 = 3;

/// The figures that are expected, beside this file.
const BANDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.band");

/// The name of the figure for the macro, which is no server's.
const MACRO: &str = "macro-100-methods";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        let scenario = Scenario::named(&arguments[1]).expect("the name of a scenario");
        scenario.serve(arguments[2].parse().expect("a number of requests"));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("SKIPPED instructions: valgrind is missing");
        return ExitCode::SUCCESS;
    }
    if arguments.is_empty() {
        arguments = SCENARIOS.iter().map(|scenario| scenario.name.to_owned()).chain([MACRO.to_owned()]).collect();
    }
    let failed = arguments.iter().filter(|name| !is_in_band(name)).count();
    println!("{} passed, {failed} failed", arguments.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Instructions of one request, or of one expansion. Taken again while it is not in its band, up to `ATTEMPTS` times.
fn cost_of(name: &str, band: &RangeInclusive<u64>) -> u64 {
    let directory = std::env::temp_dir().join(format!("basehttp-instructions-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let counted = directory.join("counted");
    let (mut cost, mut least) = (0, [u64::MAX; 2]);
    for _ in 0..ATTEMPTS {
        cost = if name == MACRO {
            expansion(&counted)
        } else {
            let scenario = Scenario::named(name).unwrap_or_else(|| panic!("{name} is not a scenario"));
            let runs = [SHORT, LONG].map(|requests| run(scenario, requests, &counted));
            least = [0, 1].map(|which| least[which].min(runs[which]));
            (least[1] - least[0]) / u64::from(LONG - SHORT)
        };
        if band.contains(&cost) {
            break;
        }
    }
    fs::remove_dir_all(&directory).expect("the directory that was made above");
    cost
}

/// Prints the figure with its band. False where it is outside.
fn is_in_band(name: &str) -> bool {
    let bands = fs::read_to_string(BANDS).expect("the bands");
    let rows = bands.lines().filter(|line| !line.starts_with('#'));
    let band = rows.filter_map(|row| row.split_once(' ')).find(|(of, _)| *of == name);
    let (low, high) = band.and_then(|(_, band)| band.trim().split_once("..=")).expect("a band, as LOW..=HIGH");
    let [low, high] = [low, high].map(|end| end.parse::<u64>().expect("a number of instructions"));
    let cost = cost_of(name, &(low..=high));
    let verdict = match cost {
        _ if cost < low => "BELOW the band: if that is meant, lower the band",
        _ if cost > high => "ABOVE the band",
        _ => "ok",
    };
    println!("{name:20} {cost:>9} instructions, band {low}..={high}: {verdict}");
    (low..=high).contains(&cost)
}

/// Runs the scenario's server under callgrind and asks it so often. Returns its instructions.
fn run(scenario: &Scenario, requests: u32, counted: &Path) -> u64 {
    let myself = std::env::current_exe().expect("the path of this program");
    let mut server = callgrind(counted)
        .arg(myself)
        .args(["serve", scenario.name, &requests.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("valgrind");
    let mut port = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut port).expect("a line from the server");
    if let Ok(port) = port.trim().parse() {
        scenario.ask(port, requests);
    }
    assert!(server.wait().expect("its status").success(), "{} failed", scenario.name);
    total(counted)
}

/// Instructions of the macro for a block of 100 methods, a tenth of those of the unit test that expands it ten times.
fn expansion(counted: &Path) -> u64 {
    let built = Command::new(env!("CARGO"))
        .args(["test", "--release", "--package", "basehttp-macros", "--lib", "--no-run", "--message-format=json"])
        .env("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_OPT_LEVEL", "3")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo");
    let messages = String::from_utf8(built.stdout).expect("cargo writes UTF-8");
    let executable = messages.lines().filter_map(|line| line.split_once("\"executable\":\"")).next_back();
    let executable = executable.and_then(|(_, rest)| rest.split_once('"')).expect("the path of the test").0;
    let mut test = callgrind(counted);
    test.arg(PathBuf::from(executable)).args(["--exact", "speed::a_hundred_methods_are_expanded"]);
    assert!(test.stdout(Stdio::null()).status().expect("valgrind").success(), "the macro's test failed");
    total(counted) / 10
}

fn callgrind(counted: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind", "--fair-sched=try"]);
    command.arg(format!("--callgrind-out-file={}", counted.display())).stderr(Stdio::null());
    command
}

/// The sum that callgrind has written.
fn total(counted: &Path) -> u64 {
    let text = fs::read_to_string(counted).expect("what callgrind has written");
    let sum = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    sum.expect("a sum").trim().parse().expect("a number of instructions")
}
