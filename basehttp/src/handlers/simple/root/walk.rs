//! Opens a path beneath a directory name by name, on systems whose kernel does not do it in one call.
//!
//! No call follows a link (`O_NOFOLLOW`). The walk reads a link's text and puts its names in place of the link's own.
//! So each step starts from the descriptor of a directory that was reached from the root, and `..` never leads above
//! the root, even if another process renames directories meanwhile. A link to a full path is followed if the path
//! begins with the root's own, and is walked from the root.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use super::{READING, SEARCHING};

/// The most links on one path: 40, as in the kernel.
const MAX_LINKS: usize = 40;

/// The most names that are looked up for one path: 4,096, twice as many as a path can hold. Links may multiply them.
const MAX_LOOKUPS: usize = 4096;

/// The deepest level below the root: 128 directories, since each holds a descriptor during the walk.
const MAX_DEPTH: usize = 128;

/// Opens `path` for reading, beneath the directory `root`, whose full path is `root_path`.
pub(super) fn open(root: BorrowedFd<'_>, root_path: &Path, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    let mut walk = Walk { root, root_path, directories: Vec::new(), left: Vec::new(), lookups: 0, links: 0 };
    walk.push(path);
    walk.open()
}

struct Walk<'r> {
    root: BorrowedFd<'r>,
    root_path: &'r Path,
    /// The open directories from below the root down to the current one.
    directories: Vec<OwnedFd>,
    /// The names that are left to look up, the next one last.
    left: Vec<Vec<u8>>,
    lookups: usize,
    links: usize,
}

impl Walk<'_> {
    fn open(mut self) -> rustix::io::Result<OwnedFd> {
        while let Some(name) = self.left.pop() {
            self.lookups += 1;
            if self.lookups > MAX_LOOKUPS {
                return Err(Errno::NAMETOOLONG);
            }
            if name == b".." {
                self.directories.pop().ok_or(Errno::XDEV)?;
            } else if self.left.is_empty() {
                match openat(self.here(), &*name, READING | OFlags::NOFOLLOW, Mode::empty()) {
                    Err(error) if is_link(error) => self.follow(&name)?,
                    opened => return opened,
                }
            } else {
                self.enter(&name)?;
            }
        }
        openat(self.here(), c".", READING | OFlags::DIRECTORY, Mode::empty())
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.directories.last().map_or(self.root, AsFd::as_fd)
    }

    /// Enters the directory `name`, or follows the link of that name.
    fn enter(&mut self, name: &[u8]) -> rustix::io::Result<()> {
        match openat(self.here(), name, SEARCHING | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(_) if self.directories.len() == MAX_DEPTH => Err(Errno::NAMETOOLONG),
            Ok(directory) => {
                self.directories.push(directory);
                Ok(())
            }
            Err(error) if error == Errno::NOTDIR || is_link(error) => self.follow(name),
            Err(error) => Err(error),
        }
    }

    /// Puts the text of the link `name` in its place. A name that is not a link, or no longer one, is not found.
    fn follow(&mut self, name: &[u8]) -> rustix::io::Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP);
        }
        let target = readlinkat(self.here(), name, Vec::new()).map_err(|_| Errno::NOENT)?;
        let target = target.as_bytes();
        if target.starts_with(b"/") {
            let inside = Path::new(OsStr::from_bytes(target)).strip_prefix(self.root_path).map_err(|_| Errno::XDEV)?;
            self.directories.clear();
            self.push(inside.as_os_str().as_bytes());
        } else {
            self.push(target);
        }
        Ok(())
    }

    fn push(&mut self, path: &[u8]) {
        let names = path.split(|&byte| byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
        self.left.extend(names.rev().map(<[u8]>::to_vec));
    }
}

/// Returns true for the error of `O_NOFOLLOW` on a link: ELOOP, or EMLINK on some systems.
fn is_link(error: Errno) -> bool {
    matches!(error, Errno::LOOP | Errno::MLINK)
}
