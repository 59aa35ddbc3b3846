//! A file system that stalls, like a network's whose server hangs. Its one directory has any number of files for each
//! call that may be slow. It speaks the kernel's FUSE protocol on threads of the attacking process, so that the server
//! finds a real mount. Mounting requires root.
//!
//! | file            | is answered late           |
//! |-----------------|----------------------------|
//! | `read-N.bin`    | each read of a part of it  |
//! | `open-N.bin`    | its opening                |
//! | `name-N.bin`    | looking the name up        |

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{env, process, thread};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::content;

/// Delay of each late answer (1 s). Honest clients would notice a tenth of it.
const STALL: Duration = Duration::from_secs(1);

/// Size of each file. It is too large for the server to cache, and takes two reads of the kernel.
const FILE_BYTES: usize = 100_000;

/// Read-ahead of the kernel (128 KiB, its default).
const READ_AHEAD: u32 = 128 * 1024;

/// The variable that tells the server the mount point.
pub const VARIABLE: &str = "BASEHTTP_SIEGE_STALLING";

/// The longest message of the kernel. It is a head and the largest write, which we forbid.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Has the kernel look up several names at a time. Otherwise one late name would hold up every other file.
const PARALLEL_LOOKUPS: u32 = 1 << 18;

/// The version of the protocol. Newer kernels support it, too.
const VERSION: (u32, u32) = (7, 31);

/// Seconds for which the kernel may cache a name or attributes. Zero makes it ask each time.
const VALID: u64 = 0;

/// Numbers of calls, from the kernel's `fuse.h`.
mod call {
    pub(super) const LOOKUP: u32 = 1;
    pub(super) const FORGET: u32 = 2;
    pub(super) const GETATTR: u32 = 3;
    pub(super) const OPEN: u32 = 14;
    pub(super) const READ: u32 = 15;
    pub(super) const RELEASE: u32 = 18;
    pub(super) const FLUSH: u32 = 25;
    pub(super) const INIT: u32 = 26;
    pub(super) const OPENDIR: u32 = 27;
    pub(super) const READDIR: u32 = 28;
    pub(super) const RELEASEDIR: u32 = 29;
    pub(super) const INTERRUPT: u32 = 36;
    pub(super) const BATCH_FORGET: u32 = 42;
}

const NO_SUCH_FILE: i32 = 2;
const NOT_IMPLEMENTED: i32 = 38;

/// The node of the directory. A file's node is its number times [`KINDS`] plus its kind, one of those below.
const ROOT: u64 = 1;
const KINDS: u64 = 8;
const READ: u64 = 2;
const OPEN: u64 = 3;
const NAME: u64 = 4;

/// A mount. It is unmounted when dropped.
pub struct Stalling {
    folder: PathBuf,
}

impl Stalling {
    /// Mounts the file system.
    pub fn mount() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("basehttp-stalling-{}", process::id()));
        let kernel = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
        fs::create_dir(&folder)?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", kernel.as_raw_fd());
        let options = CString::new(options).map_err(io::Error::other)?;
        let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        if let Err(error) = mount("basehttp-stalling", &folder, "fuse", flags, options.as_c_str()) {
            fs::remove_dir(&folder)?;
            return Err(error.into());
        }
        let kernel = Arc::new(kernel);
        thread::Builder::new().name("stalling".into()).spawn(move || answer_all(&kernel))?;
        Ok(Stalling { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        // Calls that still wait fail when the process ends.
        let _ = unmount(&self.folder, UnmountFlags::DETACH);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// One message of the kernel.
struct Call {
    number: u32,
    unique: u64,
    node: u64,
    arguments: Vec<u8>,
}

impl Call {
    fn of(message: &[u8]) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| message.get(range).map(little_endian);
        Some(Call {
            number: u32::try_from(number(4..8)?).ok()?,
            unique: number(8..16)?,
            node: number(16..24)?,
            arguments: message.get(40..)?.to_vec(),
        })
    }

    /// Returns whether the answer is late, and the answer. `None` if the call has no answer.
    fn answer(&self) -> Option<(bool, Result<Vec<u8>, i32>)> {
        let now = |answer| Some((false, answer));
        match self.number {
            call::FORGET | call::BATCH_FORGET | call::INTERRUPT => None,
            call::INIT => now(Ok(init())),
            call::LOOKUP => {
                let node = node_of(self.arguments.strip_suffix(b"\0").unwrap_or(&self.arguments));
                let is_late = node.is_some_and(|node| node % KINDS == NAME);
                Some((is_late, node.map(entry).ok_or(NO_SUCH_FILE)))
            }
            call::GETATTR => {
                let valid = [VALID.to_le_bytes(), [0; 8]].concat();
                now(Ok([valid, attributes(self.node)].concat()))
            }
            // A handle without flags, so that the kernel drops cached content.
            call::OPEN | call::OPENDIR => Some((self.node % KINDS == OPEN, Ok(vec![0; 16]))),
            call::READ => {
                let offset = self.arguments.get(8..16).map_or(0, little_endian);
                let count = self.arguments.get(16..20).map_or(0, little_endian);
                let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(FILE_BYTES);
                let part = content::bytes(STALLED_SEED, FILE_BYTES)[place(offset)..place(offset + count)].to_vec();
                Some((self.node % KINDS == READ, Ok(part)))
            }
            // The directory lists nothing.
            call::READDIR | call::RELEASE | call::RELEASEDIR | call::FLUSH => now(Ok(Vec::new())),
            _ => now(Err(NOT_IMPLEMENTED)),
        }
    }
}

/// The node of the file with that name, if it exists.
fn node_of(name: &[u8]) -> Option<u64> {
    let (kind, number) = str::from_utf8(name).ok()?.strip_suffix(".bin")?.split_once('-')?;
    let kind = match kind {
        "read" => READ,
        "open" => OPEN,
        "name" => NAME,
        _ => return None,
    };
    Some((u64::from(number.parse::<u32>().ok()?) + 1) * KINDS + kind)
}

/// The seed of the files' content.
const STALLED_SEED: u64 = 55;

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Answers calls until the mount is gone. Each late answer has a thread of its own.
fn answer_all(kernel: &Arc<File>) {
    let mut message = vec![0; MESSAGE_BYTES];
    loop {
        let length = match (&**kernel).read(&mut message) {
            Ok(length) => length,
            // A call that was interrupted before it was read.
            Err(error) if error.raw_os_error() == Some(NO_SUCH_FILE) => continue,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let Some(call) = Call::of(&message[..length]) else { continue };
        let Some((is_late, answer)) = call.answer() else { continue };
        let message = message_of(call.unique, answer);
        if is_late {
            let kernel = Arc::clone(kernel);
            thread::spawn(move || {
                thread::sleep(STALL);
                say(&kernel, &message);
            });
        } else {
            say(kernel, &message);
        }
    }
}

fn say(kernel: &File, message: &[u8]) {
    // An interrupted call needs no answer.
    let _ = (&*kernel).write(message);
}

fn message_of(unique: u64, answer: Result<Vec<u8>, i32>) -> Vec<u8> {
    let (error, body) = answer.map_or_else(|error| (-error, Vec::new()), |body| (0, body));
    let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &error.to_le_bytes(), &unique.to_le_bytes(), &body].concat()
}

/// `fuse_init_out` has the version, the size of read-ahead, the optional features, and the sizes of queues and writes.
fn init() -> Vec<u8> {
    let (major, minor) = VERSION;
    let numbers = [major, minor, READ_AHEAD, PARALLEL_LOOKUPS, 0, 4096, 1, 0];
    let mut answer: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
    answer.resize(64, 0);
    answer
}

/// `fuse_entry_out` has the node, its generation, the times for which name and attributes are valid, and the
/// attributes.
fn entry(node: u64) -> Vec<u8> {
    let numbers = [node, 0, VALID, VALID, 0];
    [numbers.into_iter().flat_map(u64::to_le_bytes).collect(), attributes(node)].concat()
}

/// `fuse_attr` has number, size, blocks, three times with nanoseconds, mode, links, owner, device and block size.
fn attributes(node: u64) -> Vec<u8> {
    const OLD: u64 = 1_700_000_000;
    let (mode, size) = if node == ROOT { (0o040_755_u32, 0) } else { (0o100_644, FILE_BYTES as u64) };
    let long = [node, size, size.div_ceil(512), OLD, OLD, OLD];
    let short = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0];
    long.into_iter().flat_map(u64::to_le_bytes).chain(short.into_iter().flat_map(u32::to_le_bytes)).collect()
}
