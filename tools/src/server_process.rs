//! The parent's view of the server, with its process in /proc, its own counters, and its log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use super::honest::Client;
use super::request::{Persistence, Request};
use super::server::{ARGUMENT, LISTENING, Setting};
use super::stalling::{self, Stalling};
use super::transport;

/// Time for the server to become quiet again (30 s). Its threads leave after 10 s without work.
pub const RECOVERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the child to end after it was told to (15 s).
const END_TIMEOUT: Duration = Duration::from_secs(15);

/// A server in a process of its own. It ends when this value is dropped, or when the parent ends, since its standard
/// input ends then.
pub struct ServerProcess {
    child: Child,
    pub addresses: Vec<SocketAddr>,
    admin: RefCell<Client>,
    log: Arc<Mutex<LogSummary>>,
    /// Unmounted with the server.
    _stalling: Option<Stalling>,
}

/// Resources that the process holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceUse {
    /// Resident memory in KiB, now and at its peak since [`ServerProcess::forget_peak`].
    pub rss_kib: u64,
    pub peak_kib: u64,
    pub threads: u64,
    pub descriptors: u64,
    /// Processor time since the start.
    pub cpu: Duration,
}

/// The resources of an idle server.
pub struct Baseline {
    pub resource_use: ResourceUse,
}

/// The server's counters, by name.
pub type Counters = BTreeMap<String, u64>;

/// A summary of the server's log.
#[derive(Clone, Debug, Default)]
pub struct LogSummary {
    pub lines: u64,
    /// Lines that report dropped ones.
    pub dropped: u64,
    /// The longest line, in bytes.
    pub longest: usize,
    /// The first lines that report a panic, contain a control character, or are not text.
    pub wrong: Vec<String>,
}

impl ResourceUse {
    /// The maximum of each field.
    #[must_use]
    pub fn most(self, other: ResourceUse) -> ResourceUse {
        ResourceUse {
            rss_kib: self.rss_kib.max(other.rss_kib),
            peak_kib: self.peak_kib.max(other.peak_kib),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
            cpu: self.cpu.max(other.cpu),
        }
    }
}

impl ServerProcess {
    /// Starts this program again as the server.
    pub fn start(settings: &[Setting]) -> io::Result<Self> {
        let wants_stalling = settings.iter().any(|(name, _)| *name == "stalling");
        let stalling = wants_stalling.then(Stalling::mount).transpose()?;
        let mut child = Command::new(env::current_exe()?)
            .envs(stalling.as_ref().map(|stalling| (stalling::VARIABLE, stalling.folder())))
            .envs(transport::environment())
            .arg(ARGUMENT)
            .args(settings.iter().map(|(name, value)| format!("{name}={value}")))
            // By default the C library raises this threshold when large blocks are freed, and then keeps such blocks. A
            // fixed value returns them to the system, so that the memory that remains is in use.
            .env("MALLOC_MMAP_THRESHOLD_", "131072")
            // Otherwise it keeps memory for some threads which others cannot use. A shard has another leader after each
            // rescue, so that it would grow without a leak.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the parent. The child cleans up when its input ends.
            .process_group(0)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line)?;
        let addresses: Vec<SocketAddr> = line
            .strip_prefix(LISTENING)
            .and_then(|list| list.split_whitespace().map(|address| address.parse().ok()).collect())
            .ok_or_else(|| io::Error::other(format!("the server says {line:?}")))?;
        let log = Arc::<Mutex<LogSummary>>::default();
        let (errors, book) = (child.stderr.take().expect("it is piped"), Arc::clone(&log));
        thread::spawn(move || read_log(errors, &book));
        let admin = RefCell::new(Client::new(addresses[0], Duration::from_secs(30)));
        let server = ServerProcess { child, addresses, admin, log, _stalling: stalling };
        server.counters()?;
        // The log's thread starts with the first line.
        let give_up = Instant::now() + END_TIMEOUT;
        while server.log.lock().unwrap_or_else(PoisonError::into_inner).lines == 0 && Instant::now() < give_up {
            thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// Reads the current resources of the process.
    pub fn resource_use(&self) -> io::Result<ResourceUse> {
        let process = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{process}/status"))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        // The name stands in brackets. After it, fields 14 and 15 are the ticks in user and system mode.
        let stat = fs::read_to_string(format!("{process}/stat"))?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(ResourceUse {
            rss_kib: number("VmRSS"),
            peak_kib: number("VmHWM"),
            threads: number("Threads"),
            descriptors: fs::read_dir(format!("{process}/fd"))?.count() as u64,
            cpu: Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()),
        })
    }

    /// Resets `peak_kib` to the current memory.
    pub fn forget_peak(&self) -> io::Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
    }

    /// Stops the process for that time, like Ctrl-Z or a frozen virtual machine.
    pub fn freeze(&self, time: Duration) -> io::Result<()> {
        let process = Pid::from_child(&self.child);
        kill_process(process, Signal::STOP)?;
        thread::sleep(time);
        Ok(kill_process(process, Signal::CONT)?)
    }

    /// Fetches the server's counters over one persistent connection.
    pub fn counters(&self) -> io::Result<Counters> {
        let ask = b"GET /stats HTTP/1.1\r\nHost: siege\r\n\r\n";
        let mut admin = self.admin.borrow_mut();
        // The idle timeout may have closed it.
        let reply = admin.ask(ask).or_else(|_| admin.ask(ask))?;
        let text = String::from_utf8(reply.body).map_err(io::Error::other)?;
        let counters = text.lines().filter_map(|line| line.split_once(' '));
        Ok(counters.filter_map(|(name, count)| Some((name.to_owned(), count.parse().ok()?))).collect())
    }

    /// Number of times the connection for the counters was made.
    pub fn admin_connections(&self) -> u64 {
        self.admin.borrow().connections
    }

    /// Takes the summary of the log since the last call.
    pub fn take_log(&self) -> LogSummary {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Measures the idle resources of a server that has just started. Memory is measured after a warm-up.
    pub fn baseline(&self) -> io::Result<Baseline> {
        // On a busy machine one leader serves before the other has started.
        let mut fresh = self.resource_use()?;
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(100));
            let before = std::mem::replace(&mut fresh, self.resource_use()?);
            if before.threads == fresh.threads {
                break;
            }
        }
        self.warm_up()?;
        let warm = self.resource_use()?;
        Ok(Baseline { resource_use: ResourceUse { rss_kib: warm.rss_kib, ..fresh } })
    }

    /// Waits until the server holds no more than the baseline, and returns the time it took, or `None` after the
    /// timeout.
    pub fn await_quiet(&self, baseline: &Baseline) -> io::Result<Option<Duration>> {
        let began = Instant::now();
        while began.elapsed() < RECOVERY_TIMEOUT {
            let now = self.resource_use()?;
            let ResourceUse { threads, descriptors, .. } = baseline.resource_use;
            // The counters come last, because a thread may have to serve them. The one connection is the one that asks.
            if now.threads <= threads
                && now.descriptors <= descriptors
                && self.counters()?.get("connections") == Some(&1)
            {
                return Ok(Some(began.elapsed()));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(None)
    }

    /// Sends each kind of fast request, so that all lazy state exists.
    fn warm_up(&self) -> io::Result<()> {
        for number in 0..200 {
            let mut client = Client::new(self.addresses[number % self.addresses.len()], Duration::from_secs(10));
            for request in [Request::page, Request::file, Request::upload, Request::sleep] {
                client.run(&request(number as u64 / 10 * 10, Persistence::Kept))?;
            }
        }
        Ok(())
    }

    /// Tells the server to end, and waits for that.
    pub fn end(mut self) -> io::Result<ExitStatus> {
        self.wait()
    }

    fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.child.stdin.take());
        let give_up = Instant::now() + END_TIMEOUT;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None if Instant::now() > give_up => {
                    self.child.kill()?;
                    return self.child.wait();
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // If waiting fails, the process is gone.
        let _ = self.wait();
    }
}

/// Raises the descriptor limit to its maximum, since each attacker needs one on both sides. Returns that maximum.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

fn read_log(errors: ChildStderr, book: &Mutex<LogSummary>) {
    for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
        let text = String::from_utf8_lossy(&line);
        let is_wrong = text
            .contains(|character: char| character.is_control() || character == char::REPLACEMENT_CHARACTER)
            || ["panicked at", "stack overflow"].iter().any(|word| text.contains(word));
        let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
        book.lines += 1;
        book.longest = book.longest.max(line.len());
        book.dropped += u64::from(line.ends_with(b"log lines dropped"));
        if is_wrong && book.wrong.len() < 5 {
            book.wrong.push(text.chars().take(200).collect());
        }
    }
}
