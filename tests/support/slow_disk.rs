//! A file system that hangs when a test wants it to. It is FUSE, spoken by a child process.
//!
//! The child is the test program itself, run again for the one test that calls [`be_one`]. It is a process of its own
//! so that nothing hangs for good. When the test ends, however it does, the child ends, and with it every call that
//! waits.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;

use super::needs::skip;
use super::{PATIENCE, child};

/// The variable that tells the child where to mount.
const MOUNT_POINT: &str = "BASEHTTP_TEST_SLOW_DISK";

/// Calls in which the file system can hang. The numbers are FUSE's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Call {
    Lookup = 1,
    GetAttr = 3,
    Open = 14,
    Read = 15,
    /// Part of close(2).
    Flush = 25,
    ReadDir = 28,
}

/// Length of a file, by the beginning of its name. A large one exceeds the sockets of both sides.
const SIZES: [(&str, u64); 3] = [("small", 1000), ("large", 12_000_000), ("", MEDIUM_BYTES as u64)];

/// Length of a file of any other name.
pub(crate) const MEDIUM_BYTES: usize = 300_000;

/// The first bytes of every file, as far as they are read at once.
static CONTENT: LazyLock<Vec<u8>> = LazyLock::new(|| (0..251).cycle().take(PERIOD + MEDIUM_BYTES).collect());

/// After so many bytes the content comes again.
const PERIOD: usize = 251;

/// The content of a file of medium size.
pub(crate) fn medium() -> &'static [u8] {
    &CONTENT[..MEDIUM_BYTES]
}

/// A mounted file system, a directory in which every name is a file. It is unmounted when dropped.
pub(crate) struct SlowDisk {
    root: PathBuf,
    child: Child,
    orders: ChildStdin,
    news: Receiver<String>,
}

impl SlowDisk {
    /// Mounts one. `module` and `name` are of the test that calls [`be_one`]. Says SKIPPED if this machine does not let
    /// it.
    pub(crate) fn mount(module: &str, name: &str) -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("basehttp-slow-disk-{}-{number}", std::process::id()));
        std::fs::create_dir(&root).expect("a temporary folder");
        let mut child = child::command(module, name)
            .env(MOUNT_POINT, &root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test runs again");
        let orders = child.stdin.take().expect("a pipe");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (tell, news) = channel();
        thread::spawn(move || lines.map_while(io::Result::ok).try_for_each(|line| tell.send(line)));
        let disk = SlowDisk { root, child, orders, news };
        loop {
            let line = disk.news.recv_timeout(PATIENCE).expect("the child says whether it could mount");
            if line == "mounted" {
                return Some(disk);
            }
            if let Some(reason) = line.strip_prefix("cannot: ") {
                eprintln!("{reason}");
                skip("FUSE cannot be mounted");
                return None;
            }
        }
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// From now on such calls hang.
    pub(crate) fn hang(&mut self, call: Call) {
        self.order(&format!("hang {}", call as u32));
        self.await_news("hangs");
    }

    /// Waits until a call hangs.
    pub(crate) fn await_call(&self) {
        self.await_news("called");
    }

    /// All calls go on, now and later.
    pub(crate) fn go_on(&mut self) {
        self.order("go on");
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the child listens");
    }

    fn await_news(&self, awaited: &str) {
        while self.news.recv_timeout(PATIENCE).expect("the child tells") != awaited {}
    }
}

impl Drop for SlowDisk {
    fn drop(&mut self) {
        // A call that hangs fails when the file system has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Command::new("umount").arg("-l").arg(&self.root).status();
        let _ = std::fs::remove_dir(&self.root);
    }
}

/// In the child, becomes the file system and does not return. Elsewhere it returns at once.
pub(crate) fn be_one() {
    let Some(root) = std::env::var_os(MOUNT_POINT) else { return };
    println!();
    match mount(Path::new(&root)) {
        Ok(device) => Disk::default().serve(&device),
        Err(reason) => println!("cannot: {reason}"),
    }
    std::process::exit(0);
}

fn mount(root: &Path) -> Result<File, String> {
    let device = File::options().read(true).write(true).open("/dev/fuse");
    let device = device.map_err(|error| format!("/dev/fuse: {error}"))?;
    let standard_input = device.try_clone().map_err(|error| error.to_string())?;
    let mounted = Command::new("mount")
        .args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0", "basehttp-test"])
        .arg(root)
        .stdin(standard_input)
        .output()
        .map_err(|error| format!("mount: {error}"))?;
    if mounted.status.success() { Ok(device) } else { Err(String::from_utf8_lossy(&mounted.stderr).trim().into()) }
}

/// The file system's state, in the child.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    hangs: Option<u32>,
    held: Vec<Vec<u8>>,
    /// Node numbers of names; the root is 1.
    nodes: HashMap<Vec<u8>, u64>,
    sizes: HashMap<u64, u64>,
}

const ROOT: u64 = 1;

impl Disk {
    fn serve(&self, device: &File) {
        let (disk, answers) = (self.clone(), device.try_clone().expect("a second handle"));
        thread::spawn(move || {
            for order in io::stdin().lines().map_while(io::Result::ok) {
                disk.obey(&order, &answers);
            }
            // The test has ended.
            std::process::exit(0);
        });
        let mut buffer = vec![0; 256 * 1024];
        println!("mounted");
        // An error means that it was unmounted.
        while let Ok(length) = (&*device).read(&mut buffer) {
            let request = &buffer[..length];
            let mut state = self.lock();
            if state.hangs == Some(number(request, 4)) {
                state.held.push(request.to_vec());
                println!("called");
            } else {
                state.answer(request, device);
            }
        }
    }

    fn obey(&self, order: &str, device: &File) {
        let mut state = self.lock();
        if let Some(call) = order.strip_prefix("hang ") {
            state.hangs = call.parse().ok();
            println!("hangs");
            return;
        }
        state.hangs = None;
        for request in std::mem::take(&mut state.held) {
            state.answer(&request, device);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// FUSE's requests begin with length and opcode (u32 each), unique and node (u64 each), and 16 bytes that do not matter
/// here.
const HEADER_BYTES: usize = 40;

/// Neither a file nor a folder is known by anything but its name, so nothing is kept.
const ENOSYS: i32 = 38;

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

/// Numbers one after the other, as C lays them out.
#[derive(Default)]
struct Struct(Vec<u8>);

impl Struct {
    fn u16s(mut self, numbers: &[u16]) -> Self {
        self.0.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        self
    }

    fn u32s(mut self, numbers: &[u32]) -> Self {
        self.0.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        self
    }

    fn u64s(mut self, numbers: &[u64]) -> Self {
        self.0.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        self
    }
}

impl State {
    fn answer(&mut self, request: &[u8], mut device: &File) {
        let (opcode, unique, node) = (number(request, 4), long(request, 8), long(request, 16));
        let body = &request[HEADER_BYTES..];
        let reply = match opcode {
            1 => Ok(self.look_up(body.split(|byte| *byte == 0).next().unwrap_or_default())),
            3 => Ok(self.add_attributes(Struct::default().u64s(&[0]).u32s(&[0, 0]), node)),
            14 | 27 => Ok(Struct::default().u64s(&[node]).u32s(&[0, 0])),
            15 => Ok(Struct(self.read(node, long(body, 8), number(body, 16)))),
            28 => Ok(Struct(if long(body, 8) == 0 { entries() } else { Vec::new() })),
            // The answer to init, with version 7.31, no flags, and the smallest sizes.
            26 => Ok(Struct::default()
                .u32s(&[7, 31, 128 * 1024, 0])
                .u16s(&[16, 16])
                .u32s(&[4096, 1])
                .u16s(&[32, 0])
                .u32s(&[0; 8])),
            17 => Ok(Struct(vec![0; 80])),
            18 | 25 | 29 | 38 => Ok(Struct::default()),
            // Forgetting, and interruptions, which come true when the test goes on.
            2 | 36 | 42 => return,
            _ => Err(ENOSYS),
        };
        let (error, payload) = match reply {
            Ok(payload) => (0, payload.0),
            Err(error) => (-error, Vec::new()),
        };
        let length = u32::try_from(16 + payload.len()).expect("a short answer");
        let mut answer = length.to_ne_bytes().to_vec();
        answer.extend(error.to_ne_bytes());
        answer.extend(unique.to_ne_bytes());
        answer.extend(payload);
        // An error means that the caller has given up.
        let _ = device.write(&answer);
    }

    fn look_up(&mut self, name: &[u8]) -> Struct {
        let next = ROOT + 1 + self.nodes.len() as u64;
        let node = *self.nodes.entry(name.to_vec()).or_insert(next);
        let size = SIZES.iter().find(|(start, _)| name.starts_with(start.as_bytes())).expect("the last is any name").1;
        self.sizes.insert(node, size);
        self.add_attributes(Struct::default().u64s(&[node, 0, 0, 0]).u32s(&[0, 0]), node)
    }

    fn add_attributes(&self, to: Struct, node: u64) -> Struct {
        let (mode, size) = if node == ROOT { (0o040_755, 0) } else { (0o100_644, self.sizes[&node]) };
        // Times long ago, so that what is asked for may be remembered.
        to.u64s(&[node, size, size / 512, 1_000_000_000, 1_000_000_000, 1_000_000_000])
            .u32s(&[0, 0, 0, mode, 1, 0, 0, 0, 4096, 0])
    }

    fn read(&self, node: u64, offset: u64, size: u32) -> Vec<u8> {
        let end = (offset + u64::from(size)).min(self.sizes[&node]);
        let start = usize::try_from(offset % PERIOD as u64).expect("a small number");
        CONTENT
            .iter()
            .skip(start)
            .take(usize::try_from(end.saturating_sub(offset)).expect("no more than is read"))
            .copied()
            .collect()
    }
}

/// The entries of the directory.
fn entries() -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, name) in (1..).zip(["large", "small"]) {
        let length = u32::try_from(name.len()).expect("a short name");
        bytes.extend(Struct::default().u64s(&[number + 100, number]).u32s(&[length, 8]).0);
        bytes.extend_from_slice(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    bytes
}
