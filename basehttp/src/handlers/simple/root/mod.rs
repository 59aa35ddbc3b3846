//! The folder that is served: opened once, and everything else is opened beneath it. What is no regular file and no
//! folder is not there.
//!
//! | the system               | how                                                                      |
//! |--------------------------|--------------------------------------------------------------------------|
//! | Linux 5.6 and later      | `openat2` with `RESOLVE_BENEATH`: the kernel keeps the path inside        |
//! | says it leads out        | once more by hand (`walk`): a link may name a place inside by its full path |
//! | older, or forbids it     | by hand                                                                  |
//! | links may lead out       | `openat`                                                                 |
//!
//! The file that is checked here is the descriptor that is sent: nothing is looked up twice.

mod stamp;
mod walk;

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use rustix::io::{Errno, retry_on_intr};

pub use self::stamp::Stamp;

/// Where links may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// To places beneath the root. What leads out of it is not there.
    Inside,
    /// Anywhere.
    Anywhere,
}

/// The folder that is served.
#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
    /// Its full path without links, as it was when it was opened.
    path: PathBuf,
    links: Links,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Opened {
    /// A regular file, and what identifies its bytes.
    File(File, Stamp),
    /// A folder, to be read.
    Folder(OwnedFd),
}

/// Never waits for the other end of a pipe, and never makes a terminal the process's own.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

impl Root {
    /// Opens the folder at `path`.
    pub fn open(path: &Path, links: Links) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let folder = openat(CWD, &path, OFlags::DIRECTORY | SEARCHING, Mode::empty())?;
        Ok(Root { folder, path, links })
    }

    /// Its full path without links, as it was when it was opened. For display: everything is opened by descriptor.
    #[cfg(feature = "cgi")]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens what stands at `path` beneath the root. `None`: nothing that can be served, for whatever reason.
    ///
    /// # Errors
    /// What another try may mend: no descriptors, no memory, a file that another process has reserved, a broken disk.
    pub fn open_beneath(&self, path: &[u8]) -> io::Result<Option<Opened>> {
        let opened = retry_on_intr(|| match self.links {
            Links::Inside => self.open_inside(path),
            Links::Anywhere => openat(&self.folder, or_dot(path), READING, Mode::empty()),
        });
        match opened {
            Ok(descriptor) => classify(descriptor),
            Err(error) if is_trouble(error) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    #[cfg(target_os = "linux")]
    fn open_inside(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        use rustix::fs::{ResolveFlags, openat2};

        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.folder, or_dot(path), READING, Mode::empty(), inside) {
            // EAGAIN: somebody renames folders right now, so that the kernel cannot tell where `..` leads. EPERM: a
            // sandbox that knows openat2 by name only.
            Err(Errno::NOSYS | Errno::XDEV | Errno::AGAIN | Errno::PERM) => self.walk(path),
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_inside(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        self.walk(path)
    }

    fn walk(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        walk::open(self.folder.as_fd(), &self.path, path)
    }
}

/// To look names up in a folder it need not be readable.
#[cfg(target_os = "linux")]
const SEARCHING: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const SEARCHING: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

fn or_dot(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"." } else { path }
}

/// Not the path's fault. EAGAIN: somebody holds a lease on the file, and was told to give it up.
fn is_trouble(error: Errno) -> bool {
    matches!(error, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO | Errno::AGAIN)
}

fn classify(descriptor: OwnedFd) -> io::Result<Option<Opened>> {
    let stat = fstat(&descriptor)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Opened::File(descriptor.into(), Stamp::of(&stat))),
        FileType::Directory => Some(Opened::Folder(descriptor)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
