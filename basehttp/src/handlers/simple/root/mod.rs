//! The directory that is served. The handler serves the directory that has its name at the time of a request.
//!
//! [`Root`] keeps one directory open ([`Tree`]), compares it with the name, and opens the name again when another
//! directory has it. Every file is opened beneath the open directory. Only regular files and directories are found.
//!
//! | the system               | how                                                                      |
//! |--------------------------|--------------------------------------------------------------------------|
//! | Linux 5.6 and later      | `openat2` with `RESOLVE_BENEATH`: the kernel keeps the path inside        |
//! | says it leads out        | again by hand (`walk`), since a link inside may have the root's full path |
//! | older, or forbids it     | by hand                                                                  |
//! | links may lead out       | `openat`                                                                 |
//!
//! The descriptor that is checked here is the one that is sent. No path is looked up twice.

mod stamp;
mod walk;

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf, absolute};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat, stat};
use rustix::io::{Errno, retry_on_intr};

pub(crate) use self::stamp::Stamp;

use super::trust::Trust;

/// Looks at the root's name within a second before the last one is trusted: 1,000. A stat(2) of a short path costs
/// about 0.4 µs of processor time (mean of a million, on a virtual machine), so they take less than a thousandth of a
/// processor.
const MAX_LOOKS: u64 = 1000;

/// The places to which links may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// To files beneath the root. A link that leads out is not found.
    Inside,
    /// To any file.
    Anywhere,
}

/// The directory that is served, by its name.
#[derive(Debug)]
pub(crate) struct Root {
    /// The full path. Links in it are followed at each look.
    name: PathBuf,
    links: Links,
    /// The directory that had the name at the last look, if there was one.
    tree: RwLock<Option<Arc<Tree>>>,
    /// The generation of `tree`, readable without the lock. 0 if there is none.
    generation: AtomicU64,
    trust: Trust,
}

/// An open directory that has, or had, the root's name. All files are opened beneath it.
#[derive(Debug)]
pub(crate) struct Tree {
    directory: OwnedFd,
    /// The full path without links, at the time when it was opened.
    path: PathBuf,
    links: Links,
    id: (u64, u64),
    generation: u64,
}

/// A file or directory that was opened.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A regular file, and its state.
    File(File, Stamp),
    /// A directory.
    Directory(OwnedFd),
}

/// Flags to open for reading, without waiting for the other end of a pipe, and without taking over a terminal.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

impl Root {
    /// Opens the directory at `path`.
    pub(crate) fn open(path: &Path, links: Links) -> io::Result<Self> {
        let tree = Tree::open(path, links, 1)?;
        // The name stays the same when the process changes its current directory.
        let name = absolute(path)?;
        let (generation, trust) = (AtomicU64::new(tree.generation), Trust::new(Instant::now()));
        Ok(Root { name, links, tree: RwLock::new(Some(tree.into())), generation, trust })
    }

    /// Returns the generation of the tree that was last seen. 0 if there was none.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the directory that has the name now. `None` if there is none.
    ///
    /// # Errors
    /// Trouble that may soon be over, such as no descriptors, no memory, or a failing disk.
    pub(crate) fn tree(&self, now: Instant) -> io::Result<Option<Arc<Tree>>> {
        let known = self.tree.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some() && self.trust.holds(now, MAX_LOOKS) {
            return Ok(known);
        }
        self.look(known)
    }

    /// Returns the directory that has replaced `old`, if `old` was removed. For a lookup in `old` that found nothing.
    ///
    /// # Errors
    /// The errors of [`tree`](Self::tree).
    pub(crate) fn successor(&self, old: &Tree) -> io::Result<Option<Arc<Tree>>> {
        if !old.is_removed() {
            return Ok(None);
        }
        let known = self.tree.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(self.look(known)?.filter(|tree| tree.generation != old.generation))
    }

    /// Compares the known tree with the directory that has the name.
    fn look(&self, known: Option<Arc<Tree>>) -> io::Result<Option<Arc<Tree>>> {
        match retry_on_intr(|| stat(&self.name)) {
            Ok(found) if known.as_ref().is_some_and(|tree| tree.id == Stamp::of(&found).id()) => Ok(known),
            Ok(_) => self.open_anew(),
            // A process that has dropped its privileges can no longer look. It goes on with the open directory.
            Err(Errno::ACCESS | Errno::PERM) => Ok(known),
            Err(error) if is_trouble(error) => Err(error.into()),
            Err(_) => Ok(self.replace(None)),
        }
    }

    fn open_anew(&self) -> io::Result<Option<Arc<Tree>>> {
        match Tree::open(&self.name, self.links, 0) {
            Ok(tree) => Ok(self.replace(Some(tree))),
            Err(error) if Errno::from_io_error(&error).is_some_and(is_trouble) => Err(error),
            Err(_) => Ok(self.replace(None)),
        }
    }

    /// Replaces the known tree by `tree`, unless another thread has done so.
    fn replace(&self, tree: Option<Tree>) -> Option<Arc<Tree>> {
        let mut known = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().map(|known| known.id) != tree.as_ref().map(|tree| tree.id) {
            *known = tree.map(|tree| Arc::new(Tree { generation: next_generation(), ..tree }));
            self.generation.store(known.as_ref().map_or(0, |tree| tree.generation), Ordering::Release);
        }
        known.clone()
    }
}

/// Returns a new generation, above 1. The first tree of each root has 1.
fn next_generation() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(1);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Tree {
    fn open(path: &Path, links: Links, generation: u64) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let directory = openat(CWD, &path, OFlags::DIRECTORY | SEARCHING, Mode::empty())?;
        let id = Stamp::of(&fstat(&directory)?).id();
        Ok(Tree { directory, path, links, id, generation })
    }

    /// Returns the full path without links, at the time when it was opened. Only for display.
    #[cfg(feature = "cgi")]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number that tells this tree from the others of its root.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns true if the directory has been removed.
    fn is_removed(&self) -> bool {
        fstat(&self.directory).is_ok_and(|stat| stat.st_nlink == 0)
    }

    /// Opens the file or directory at `path` beneath this one. `None` if there is nothing that can be served.
    ///
    /// # Errors
    /// Trouble that may soon be over: no descriptors, no memory, a file that another process has reserved, a failing
    /// disk.
    pub(crate) fn open_beneath(&self, path: &[u8]) -> io::Result<Option<Opened>> {
        let opened = retry_on_intr(|| match self.links {
            Links::Inside => self.open_inside(path),
            Links::Anywhere => openat(&self.directory, or_dot(path), READING, Mode::empty()),
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
        match openat2(&self.directory, or_dot(path), READING, Mode::empty(), inside) {
            // EAGAIN: another process renames directories right now, so the kernel cannot tell where `..` leads. EPERM:
            // a sandbox that does not allow openat2.
            Err(Errno::NOSYS | Errno::XDEV | Errno::AGAIN | Errno::PERM) => self.walk(path),
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_inside(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        self.walk(path)
    }

    fn walk(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        walk::open(self.directory.as_fd(), &self.path, path)
    }
}

/// Flags to open a directory for lookups. On Linux it need not be readable.
#[cfg(target_os = "linux")]
const SEARCHING: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const SEARCHING: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

fn or_dot(path: &[u8]) -> &[u8] {
    if path.is_empty() { b"." } else { path }
}

/// Returns true for errors that the path has not caused. EAGAIN means that another process holds a lease on the file,
/// and was told to give it up. The later ones come from network file systems, and from those whose process has died.
fn is_trouble(error: Errno) -> bool {
    matches!(
        error,
        Errno::MFILE
            | Errno::NFILE
            | Errno::NOMEM
            | Errno::IO
            | Errno::AGAIN
            | Errno::TIMEDOUT
            | Errno::STALE
            | Errno::NOTCONN
            | Errno::CONNABORTED
            | Errno::CONNREFUSED
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
    )
}

fn classify(descriptor: OwnedFd) -> io::Result<Option<Opened>> {
    let stat = retry_on_intr(|| fstat(&descriptor))?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Some(Opened::File(descriptor.into(), Stamp::of(&stat))),
        FileType::Directory => Some(Opened::Directory(descriptor)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
