//! Helpers of the command's tests: programs as child processes, which a test waits for and never outlives, and a
//! directory for each test.

#![allow(dead_code)] // Each test file is a crate of its own and uses a part of this.

/// A link to the repository's own `tests/support`, which a package has as a copy.
pub(crate) mod http;

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use http::needs::skip;
use http::{Client, PATIENCE, Reply};

/// Returns the command with these arguments. The variables that decide about colours are removed.
pub(crate) fn basehttp(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_basehttp"));
    command.args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command
}

/// Returns Python's `http.server` with these arguments. `None` where it is not installed, which is reported as SKIPPED.
#[track_caller]
pub(crate) fn original(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Option<Command> {
    // As `python3 -m http.server`, and with Ctrl-C even where the tests themselves were started to ignore it. It takes effect
    // while the server waits for connections: in the middle of a destructor the interpreter reports and drops it.
    const RUN: &str = "
import runpy, signal
def interrupt(number, frame):
    if frame.f_code.co_name == 'select':
        raise KeyboardInterrupt
    signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.signal(signal.SIGINT, interrupt)
signal.signal(signal.SIGALRM, interrupt)
runpy.run_module('http.server', run_name='__main__', alter_sys=True)";
    if !*HAS_ORIGINAL {
        skip("python3 (3.11 or newer) is missing");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-u", "-c", RUN]).args(arguments);
    Some(command)
}

static HAS_ORIGINAL: LazyLock<bool> = LazyLock::new(|| {
    // `--protocol` is as old as that.
    const IS_THERE: &str = "import http.server, sys; sys.exit(sys.version_info < (3, 11))";
    let status = Command::new("python3").args(["-c", IS_THERE]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
});

/// Time for the next output of a program before the test gives up: 60 s, enough for an interpreter that starts on a
/// busy machine.
const PATIENCE_WITH_PROGRAMS: Duration = Duration::from_secs(60);

/// A program that runs. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

/// The exit status of a program, and its whole output.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts the program, and collects its output.
    pub(crate) fn start(command: Command) -> Self {
        Program::start_with_input(command, Stdio::null())
    }

    /// Starts the program with this standard input, and collects its output.
    pub(crate) fn start_with_input(mut command: Command, input: Stdio) -> Self {
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = Output::of(child.stdout.take().expect("it is piped"));
        let stderr = Output::of(child.stderr.take().expect("it is piped"));
        Program { child, stdout, stderr }
    }

    /// Starts the command on a free port, and waits until clients can connect.
    pub(crate) fn serving(arguments: &[&str]) -> (Self, SocketAddr) {
        let program = Program::start(basehttp([&["0"], arguments].concat()));
        let address = program.address();
        (program, address)
    }

    /// Waits for the banner, which is printed once clients can connect, and returns its address.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        let text = self.stdout.wait_for("\n");
        let words: Vec<_> = text.lines().next().unwrap_or_default().split(' ').collect();
        let ["Serving", "HTTP" | "HTTPS", "on", host, "port", port, ..] = words[..] else {
            panic!("no banner: {text:?}, {:?}", self.stderr.so_far());
        };
        let host: IpAddr = host.parse().expect("the banner's host is an address");
        (host, port.parse().expect("the banner's port is a number")).into()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the program runs, and is ours");
    }

    /// Waits until the program has ended by itself.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Ended {
        // Both are closed when it ends, and not before.
        let (stdout, stderr) = (self.stdout.wait_for_end(), self.stderr.wait_for_end());
        let status = self.child.wait().expect("it is ours to wait for");
        Ended { status, stdout, stderr }
    }

    /// Ends the program in order, and returns its output.
    #[track_caller]
    pub(crate) fn stopped(self) -> Ended {
        self.signal(Signal::TERM);
        self.ended()
    }

    /// Returns the process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails if it has ended already; its end does not matter any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Returns `exit 1`, or `signal 15`.
    pub(crate) fn how(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit {code}"),
            (None, signal) => format!("signal {}", signal.expect("there are no other ways to end")),
        }
    }
}

/// Runs the command to its end.
#[track_caller]
pub(crate) fn run(arguments: &[&str]) -> Ended {
    Program::start(basehttp(arguments)).ended()
}

/// The output of a program, collected while it runs.
#[derive(Clone)]
pub(crate) struct Output(Arc<(Mutex<Collected>, Condvar)>);

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Output {
    fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let output = Output(Arc::default());
        let collecting = output.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = pipe.read(&mut buffer).unwrap_or(0);
                collecting.add(&buffer[..count]);
                if count == 0 {
                    break;
                }
            }
        });
        output
    }

    fn add(&self, bytes: &[u8]) {
        let (collected, changed) = &*self.0;
        let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
        collected.bytes.extend(bytes);
        collected.has_ended |= bytes.is_empty();
        changed.notify_all();
    }

    /// Returns the output so far.
    pub(crate) fn so_far(&self) -> String {
        self.wait_until(|_| true).0
    }

    /// Waits until the program has written `text`, or has ended. Returns all output so far.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(|collected| collected.has_ended || lossy(&collected.bytes).contains(text)).0
    }

    /// Waits until the output is closed, and returns all of it.
    #[track_caller]
    pub(crate) fn wait_for_end(&self) -> String {
        let (text, is_so) = self.wait_until(|collected| collected.has_ended);
        assert!(is_so, "the program goes on: {text:?}");
        text
    }

    fn wait_until(&self, is_so: impl Fn(&Collected) -> bool) -> (String, bool) {
        let (collected, changed) = &*self.0;
        let guard = collected.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(guard, PATIENCE_WITH_PROGRAMS, |collected| !is_so(collected));
        let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        (lossy(&guard.bytes), !timeout.timed_out())
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A service manager, which programs tell of their life at this socket (`NOTIFY_SOCKET`).
pub(crate) struct Manager(UnixDatagram);

impl Manager {
    pub(crate) fn of(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("ten seconds are a timeout");
        Manager(socket)
    }

    pub(crate) fn at(path: impl AsRef<Path>) -> Self {
        Manager::of(UnixDatagram::bind(path).expect("a new file"))
    }

    /// Returns the next message.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        self.receive().expect("a message")
    }

    pub(crate) fn receive(&self) -> io::Result<String> {
        let mut buffer = [0; 1024];
        let count = loop {
            match self.0.recv(&mut buffer) {
                // The process was stopped meanwhile.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received?,
            }
        };
        Ok(String::from_utf8_lossy(&buffer[..count]).into_owned())
    }
}

/// A directory for one test, removed with the value.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("command-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&path).expect("a scratch directory");
        Scratch(path)
    }

    /// Makes a directory with these files and their contents, and the directories on their way.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        for (name, content) in files {
            scratch.file(name, content);
        }
        scratch
    }

    pub(crate) fn file(&self, name: &str, content: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is in the directory")).expect("a directory");
        fs::write(path, content).expect("a file");
    }

    pub(crate) fn link(&self, target: &str, name: &str) {
        symlink(target, self.0.join(name)).expect("a link");
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a file in it, as an argument.
    pub(crate) fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.as_str())
    }

    /// Returns the path as an argument.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().expect("the build's directory has a name in UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover in the build's own directory does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Sends these bytes, and returns everything that comes back until the server closes.
pub(crate) fn ask(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut client = Client::connect(address);
    client.send(request);
    client.end_sending();
    client.read_to_end()
}

/// Returns the response to a request of HTTP/1.1. Each of the further fields ends its own line.
pub(crate) fn reply(address: SocketAddr, method: &str, target: &str, fields: &str) -> Reply {
    let mut client = Client::connect(address);
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"));
    client.try_read_reply(method).expect("a whole reply")
}

/// Returns the response to a GET.
pub(crate) fn get(address: SocketAddr, target: &str) -> Reply {
    reply(address, "GET", target, "")
}
