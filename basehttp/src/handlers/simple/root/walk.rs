//! Opening a path beneath a folder by hand, one name after the other, for where the kernel does not do it.
//!
//! No call follows a link (`O_NOFOLLOW`): a link's text is read and its names take the place of its own. So whatever
//! anybody renames meanwhile, each step is made from a descriptor of a folder that was reached from the root, and `..`
//! never leads above it. A link to a full path is followed if that begins with the root's own; it is walked from the
//! root like any other.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;

use super::{READING, SEARCHING};

/// How many links one path may lead over: 40, as the kernel allows.
const MAX_LINKS: usize = 40;

/// How many names are looked up for one path: 4,096, twice as many as a path can hold. Links may multiply them.
const MAX_LOOKUPS: usize = 4096;

/// How deep below the root it goes: 128 folders, since each holds a descriptor while the walk lasts.
const MAX_DEPTH: usize = 128;

/// Opens `path` beneath the folder `root`, whose full path is `root_path`, to be read.
pub fn open(root: BorrowedFd<'_>, root_path: &Path, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    let mut walk = Walk { root, root_path, directories: Vec::new(), left: Vec::new(), lookups: 0, links: 0 };
    walk.push(path);
    walk.open()
}

struct Walk<'r> {
    root: BorrowedFd<'r>,
    root_path: &'r Path,
    /// The folders below the root that lead to where the walk is.
    directories: Vec<OwnedFd>,
    /// Names still to be looked up, the next one last.
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

    /// Goes into the folder `name`, or where the link of that name leads.
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

    /// Puts the text of the link `name` in its place. What is no link (any more) is not there.
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

/// What `O_NOFOLLOW` says of a link: ELOOP, or EMLINK on some systems.
fn is_link(error: Errno) -> bool {
    matches!(error, Errno::LOOP | Errno::MLINK)
}
