//! The file of a Unix socket: how a server gets it, who may connect, and when it goes. Sockets are made in
//! `server/listen`.
//!
//! | found at the path                  | binding                           |
//! |------------------------------------|-----------------------------------|
//! | nothing                            | makes the file                    |
//! | a socket at which no server listens| replaces it                       |
//! | a socket of a server               | fails: in use                     |
//! | anything else, also a link         | fails; the file stays             |

use std::fs::{File, Metadata, Permissions, remove_file, set_permissions, symlink_metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Socket, Type};

/// The file of a Unix socket that this server bound.
///
/// It goes before the socket closes. A client then finds no file, where it would otherwise wait at a socket that is
/// just being closed. As long as the socket is open, no other file gets its inode, so that a successor's file is never
/// taken for it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
    is_removed: AtomicBool,
}

impl SocketFile {
    /// Binds the socket to `path` and listens, so that only users whom `mode` allows to write can connect. `None`
    /// leaves the mode to the umask. There is no file to keep for Linux's names without files.
    ///
    /// # Errors
    /// The system's. [`AddrInUse`](io::ErrorKind::AddrInUse) for a file that is not to be replaced; the text says why.
    pub(crate) fn listen(socket: &Socket, path: &Path, mode: Option<u32>, backlog: i32) -> io::Result<Option<Self>> {
        // Its only error, which names a constant of C.
        let address = SockAddr::unix(path).map_err(|error| {
            io::Error::new(
                error.kind(),
                "it is longer than the 100 bytes that every system takes: choose a shorter path",
            )
        })?;
        let _turn = Turn::at_directory_of(path)?;
        match socket.bind(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                remove_stale(path, &address)?;
                socket.bind(&address)?;
            }
            bound => bound?,
        }
        // Dropped by an error below, it removes the file.
        let file = SocketFile::just_made(path);
        // The system refuses all clients before listen(2), so that none can come before the mode is right.
        if let (Some(mode), Some(file)) = (mode, &file) {
            set_permissions(&file.path, Permissions::from_mode(mode))?;
        }
        socket.listen(backlog)?;
        Ok(file)
    }

    /// Takes note of the file at `path`, which bind(2) has just made.
    fn just_made(path: &Path) -> Option<Self> {
        // The program may change its directory later.
        let path = std::path::absolute(path).ok()?;
        let made = symlink_metadata(&path).ok()?;
        Some(SocketFile { path, device: made.dev(), inode: made.ino(), is_removed: AtomicBool::new(false) })
    }

    /// Removes the file, but not another one that has taken its path since. Called while the socket is open.
    pub(crate) fn remove(&self) {
        let is_first = !self.is_removed.swap(true, Ordering::SeqCst);
        if is_first && symlink_metadata(&self.path).is_ok_and(|found| self.is(&found)) {
            // A file that cannot be removed stays. The next server that binds its path replaces it.
            let _ = remove_file(&self.path);
        }
    }

    fn is(&self, found: &Metadata) -> bool {
        (found.dev(), found.ino()) == (self.device, self.inode)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes a socket's file at which no server listens.
fn remove_stale(path: &Path, address: &SockAddr) -> io::Result<()> {
    let in_use = |text: &str| io::Error::new(io::ErrorKind::AddrInUse, text.to_owned());
    match symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(in_use("a file is there that is not a socket; remove it, or choose another path"));
        }
        Ok(_) => {}
        // Its server has ended just now.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    let client = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    client.set_nonblocking(true)?;
    match client.connect(address) {
        // Only this says that no server is there. One with a full queue, or one that we may not connect to, is alive.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => remove_file(path),
        _ => Err(in_use("a server listens there already")),
    }
}

/// The turn of one server among those that bind in one directory: a lock on the directory. Without it, a server could
/// take a socket for stale that another one has just bound and does not listen on yet.
struct Turn {
    /// Closed with the value, which ends the lock.
    _directory: Option<File>,
}

/// Longest wait for the turn: 5 s. Other servers hold it for a few system calls.
const TURN_WAIT: Duration = Duration::from_secs(5);

impl Turn {
    /// Waits for the turn. Where a directory cannot be locked, no server gets a lock, and all go on without one.
    fn at_directory_of(path: &Path) -> io::Result<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(directory) = File::open(parent) else { return Ok(Turn { _directory: None }) };
        let give_up = Instant::now() + TURN_WAIT;
        loop {
            match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) if Instant::now() < give_up => thread::sleep(Duration::from_millis(2)),
                Err(Errno::WOULDBLOCK) => {
                    let text = format!("another program holds a lock on the directory {}", parent.display());
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, text));
                }
                Err(Errno::INTR) => {}
                Ok(()) => return Ok(Turn { _directory: Some(directory) }),
                Err(_) => return Ok(Turn { _directory: None }),
            }
        }
    }
}
