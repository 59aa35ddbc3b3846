//! Counts the instructions and the allocations of a request. `cargo bench --bench instructions` needs valgrind.
//!
//! Callgrind counts the instructions of a server and the calls of its allocator, so that the figures are the same on a
//! busy machine. Each scenario runs twice, with few and with many requests. The difference of the two runs, divided by
//! the difference of the requests, is the cost of one request, since both runs start and stop alike. The kernel's
//! instructions are not counted. The figure of an option is what a request costs more with it than without it.
//!
//! The handlers say `pace = "inline"`. A program under valgrind is some fifty times slower, so that every handler would
//! look like a blocking one, and would be moved to the pool.
//!
//! Each figure is compared with its band in `instructions.band`, the allocations with their exact number, and the
//! program fails if one is outside. Times are never compared. A machine that stalls has leaders replaced and lets the
//! monitor look more often, which costs instructions. A figure outside its band is therefore taken again, up to twice,
//! and the least that was counted is what counts. A changed compiler may move all figures; then the bands move in a
//! commit of their own. With names of scenarios as its arguments it runs these alone.

mod scenarios;

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use scenarios::{SCENARIOS, Scenario};

/// Requests in the short run; the long one has `LONG`.
const SHORT: u32 = 200;
const LONG: u32 = 1_000;

/// Times that a figure is taken, at most.
const ATTEMPTS: u32 = 3;

/// The functions of the C library that Rust's allocator calls.
const ALLOCATING: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];

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

/// The counts of a whole run, or of one request or expansion.
#[derive(Clone, Copy, Default)]
struct Counts {
    instructions: u64,
    allocations: u64,
}

/// A row of the table of bands.
struct Expected {
    instructions: RangeInclusive<u64>,
    /// `None` for the macro, whose allocations are those of `syn`.
    allocations: Option<u64>,
}

impl Expected {
    /// Reads the row of that name: `NAME LOW..=HIGH ALLOCATIONS`.
    fn of(name: &str) -> Self {
        let bands = fs::read_to_string(BANDS).expect("the bands");
        let mut rows = bands.lines().map(|row| row.split(' ').collect::<Vec<_>>());
        let row = rows.find(|row| row[0] == name).expect("a row for each figure");
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let (low, high) = row[1].split_once("..=").expect("a band, as LOW..=HIGH");
        Expected {
            instructions: number(low)..=number(high),
            allocations: row.get(2).map(|allocations| number(allocations)),
        }
    }

    fn holds(&self, found: Counts) -> bool {
        self.instructions.contains(&found.instructions)
            && self.allocations.is_none_or(|expected| expected == found.allocations)
    }

    fn verdict(&self, found: Counts) -> &'static str {
        match found.instructions {
            _ if self.holds(found) => "ok",
            instructions if instructions < *self.instructions.start() => {
                "BELOW the band: if that is meant, lower the band"
            }
            instructions if instructions > *self.instructions.end() => "ABOVE the band",
            _ => "ANOTHER number of allocations",
        }
    }
}

/// Prints the figure with what was expected. False where it is another.
fn is_in_band(name: &str) -> bool {
    let expected = Expected::of(name);
    let found = cost_of(name, &expected);
    let Counts { instructions, allocations } = found;
    let (low, high) = (expected.instructions.start(), expected.instructions.end());
    let allocations = expected.allocations.map(|expected| format!(", {allocations} allocations of {expected}"));
    let verdict = expected.verdict(found);
    println!(
        "{name:20} {instructions:>9} instructions, band {low}..={high}{}: {verdict}",
        allocations.unwrap_or_default()
    );
    expected.holds(found)
}

/// The counts of one request, or of one expansion. Taken again while they are not as expected, up to `ATTEMPTS` times.
fn cost_of(name: &str, expected: &Expected) -> Counts {
    let directory = std::env::temp_dir().join(format!("basehttp-instructions-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let counted = directory.join("counted");
    let mut request = (name != MACRO).then(|| RequestCost::of(name));
    let mut cost = Counts::default();
    for _ in 0..ATTEMPTS {
        cost = request.as_mut().map_or_else(|| expansion(&counted), |request| request.take(&counted));
        if expected.holds(cost) {
            break;
        }
    }
    fs::remove_dir_all(&directory).expect("the directory that was made above");
    cost
}

/// The cost of a request in the attempts so far.
struct RequestCost {
    scenario: &'static Scenario,
    /// The least of the short and of the long runs.
    least: [Counts; 2],
    /// The cost without the option that the scenario is about.
    base: Option<Box<RequestCost>>,
}

impl RequestCost {
    fn of(name: &str) -> Self {
        let scenario = Scenario::named(name).unwrap_or_else(|| panic!("{name} is not a scenario"));
        let least = [Counts { instructions: u64::MAX, allocations: u64::MAX }; 2];
        Self { scenario, least, base: scenario.base().map(|base| Box::new(Self::of(base.name))) }
    }

    /// Counts once more.
    fn take(&mut self, counted: &Path) -> Counts {
        for (least, requests) in self.least.iter_mut().zip([SHORT, LONG]) {
            *least = least.least(run(self.scenario, requests, counted));
        }
        let cost = self.least[1].since(self.least[0]).each(LONG - SHORT);
        self.base.as_mut().map_or(cost, |base| cost.since(base.take(counted)))
    }
}

impl Counts {
    fn least(self, other: Self) -> Self {
        Counts {
            instructions: self.instructions.min(other.instructions),
            allocations: self.allocations.min(other.allocations),
        }
    }

    fn since(self, shorter: Self) -> Self {
        Counts {
            instructions: self.instructions.saturating_sub(shorter.instructions),
            allocations: self.allocations.saturating_sub(shorter.allocations),
        }
    }

    /// The share of one among so many. A thread that was started has allocated a little, which no request has: that
    /// vanishes when the allocations are rounded.
    fn each(self, among: u32) -> Self {
        let among = u64::from(among);
        Counts { instructions: self.instructions / among, allocations: (self.allocations + among / 2) / among }
    }

    /// Reads what callgrind has written.
    fn read(counted: &Path) -> Self {
        let text = fs::read_to_string(counted).expect("what callgrind has written");
        let sum = text.lines().find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
        let instructions = sum.expect("a sum").trim().parse().expect("a number of instructions");
        Counts { instructions, allocations: allocations(&text) }
    }
}

/// Adds the calls of the functions that allocate.
///
/// ```text
/// cfn=(17) malloc     the function that is called; later only `cfn=(17)`
/// calls=3 0           the number of calls
/// ```
fn allocations(counted: &str) -> u64 {
    let mut allocating = HashSet::new();
    let (mut is_allocation, mut sum) = (false, 0);
    for line in counted.lines() {
        if let Some(function) = line.strip_prefix("cfn=").or_else(|| line.strip_prefix("fn=")) {
            let (number, name) = function.split_once(' ').unwrap_or((function, ""));
            if ALLOCATING.contains(&name) {
                allocating.insert(number);
            }
            is_allocation = allocating.contains(number);
        } else if let Some(calls) = line.strip_prefix("calls=").filter(|_| is_allocation) {
            let calls = calls.split(' ').next().expect("a number comes first");
            sum += calls.parse::<u64>().expect("a number of calls");
        }
    }
    sum
}

/// Runs the scenario's server under callgrind and asks it so often.
fn run(scenario: &Scenario, requests: u32, counted: &Path) -> Counts {
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
    Counts::read(counted)
}

/// Counts of the macro for a block of 100 methods, a tenth of those of the unit test that expands it ten times.
fn expansion(counted: &Path) -> Counts {
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
    Counts::read(counted).each(10)
}

fn callgrind(counted: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind", "--fair-sched=try"]);
    command.arg(format!("--callgrind-out-file={}", counted.display())).stderr(Stdio::null());
    command
}
