//! Bounded load for a server that is restarted meanwhile, with an exact count of the requests that fail.
//!
//! ```text
//! load ADDRESS PATH BODY-FILE CONNECTIONS REQUESTS >points.csv
//! ```
//!
//! Each connection sends one request after the other, and no request is ever repeated. A response other than a 200 with
//! the bytes of the file counts as failed, and so does any error of a connection, also of one that the server has
//! closed without saying so before. It goes on until its standard input ends, and until so many requests were sent.
//! Standard output gets a line for each tenth of a second. The exit status is 1 if a request failed.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs};

use basehttp_tools::honest::Client;

/// Requests on a connection before its client opens another one: 100, so that connections are made all the time.
const REQUESTS_A_CONNECTION: u64 = 100;

/// Longest wait for a step of a response: 10 s.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Time of one line of output: 100 ms.
const STEP: Duration = Duration::from_millis(100);

/// What to ask, and what must come.
struct Target {
    address: SocketAddr,
    request: Vec<u8>,
    body: Vec<u8>,
}

/// The requests that ended within one step.
#[derive(Default)]
struct Point {
    microseconds: Vec<u32>,
    failed: usize,
}

/// The results of all clients.
#[derive(Default)]
struct Results {
    points: BTreeMap<u64, Point>,
    failures: BTreeMap<String, usize>,
}

/// How far the load has come.
struct Progress {
    began: Instant,
    wanted: u64,
    sent: AtomicU64,
    may_end: AtomicBool,
}

impl Progress {
    fn is_over(&self) -> bool {
        self.may_end.load(Ordering::Relaxed) && self.sent.load(Ordering::Relaxed) >= self.wanted
    }
}

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, path, file, connections, requests] = &arguments[..] else {
        eprintln!("load ADDRESS PATH BODY-FILE CONNECTIONS REQUESTS");
        return Ok(ExitCode::from(2));
    };
    let wrong = |_| io::Error::other("an address or a number is wrong");
    let target = Target {
        address: address.parse().map_err(|_| io::Error::other("the address is wrong"))?,
        request: format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes(),
        body: fs::read(file)?,
    };
    let connections: usize = connections.parse().map_err(wrong)?;
    let progress = Progress {
        began: Instant::now(),
        wanted: requests.parse().map_err(wrong)?,
        sent: AtomicU64::new(0),
        may_end: AtomicBool::new(false),
    };
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let results = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| ask_on(&target, &progress, &results));
        }
        // Its end is the sign; the bytes mean nothing.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        progress.may_end.store(true, Ordering::Relaxed);
    });
    report(&results.into_inner().expect("no client panics"), epoch)
}

/// Asks until the load is over.
fn ask_on(target: &Target, progress: &Progress, results: &Mutex<Results>) {
    let mut own = Results::default();
    let mut client = Client::new(target.address, TIMEOUT);
    for number in 1.. {
        if progress.is_over() {
            break;
        }
        let began = Instant::now();
        let outcome = ask(target, &mut client);
        let now = Instant::now();
        progress.sent.fetch_add(1, Ordering::Relaxed);
        let step = (now - progress.began).as_millis() / STEP.as_millis();
        let point = own.points.entry(u64::try_from(step).unwrap_or(u64::MAX)).or_default();
        point.microseconds.push(u32::try_from((now - began).as_micros()).unwrap_or(u32::MAX));
        if let Err(error) = outcome {
            point.failed += 1;
            let at = (now - progress.began).as_secs();
            *own.failures.entry(format!("in second {at}: {error}")).or_default() += 1;
            // A server that is away must not be asked without a pause.
            thread::sleep(Duration::from_millis(1));
        }
        if number % REQUESTS_A_CONNECTION == 0 {
            client = Client::new(target.address, TIMEOUT);
        }
    }
    let mut results = results.lock().expect("no client panics");
    for (step, mut point) in own.points {
        let sum = results.points.entry(step).or_default();
        sum.microseconds.append(&mut point.microseconds);
        sum.failed += point.failed;
    }
    for (what, count) in own.failures {
        *results.failures.entry(what).or_default() += count;
    }
}

fn ask(target: &Target, client: &mut Client) -> io::Result<()> {
    let reply = client.ask(&target.request)?;
    match reply.status {
        200 if reply.body == target.body => Ok(()),
        200 => Err(io::Error::other("another body")),
        status => Err(io::Error::other(format!("status {status}"))),
    }
}

/// Writes the points, and says the sums.
fn report(results: &Results, epoch: Duration) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    writeln!(out, "# began {:.3}\nseconds,requests,failed,p50_us,p99_us", epoch.as_secs_f64())?;
    let (mut all, mut failed) = (Vec::new(), 0);
    for (step, Point { microseconds, failed: failed_here }) in &results.points {
        let mut sorted = microseconds.clone();
        sorted.sort_unstable();
        let seconds = (STEP * u32::try_from(*step).unwrap_or(u32::MAX)).as_secs_f64();
        let (p50, p99) = (part(&sorted, 50), part(&sorted, 99));
        writeln!(out, "{seconds:.1},{},{failed_here},{p50},{p99}", sorted.len())?;
        all.append(&mut sorted);
        failed += failed_here;
    }
    all.sort_unstable();
    eprintln!("{} requests, {failed} failed, p50 {} us, p99 {} us", all.len(), part(&all, 50), part(&all, 99));
    for (what, count) in results.failures.iter().take(20) {
        eprintln!("  {count} {what}");
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The value that so many per cent of the sorted ones do not exceed.
fn part(sorted: &[u32], percent: usize) -> u32 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}
