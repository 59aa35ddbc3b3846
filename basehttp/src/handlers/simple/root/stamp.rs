//! Tells one state of a file from another without reading the file.

use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

use rustix::fs::{Stat, fstat};
use rustix::io::retry_on_intr;

/// A file's identity, size and times, from one call of the system.
///
/// Every change of the bytes changes the stamp, except for a second change of the same size within one tick of the file
/// system's clock (4 ms on most Linux systems).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// Time of the last write: seconds since 1970, and nanoseconds.
    pub modified: (i64, i64),
    /// Time of the last change, metadata included: seconds since 1970, and nanoseconds.
    pub changed: (i64, i64),
}

impl Stamp {
    /// Takes the stamp from fstat(2), which costs two thirds of the statx(2) that the standard library calls.
    #[allow(clippy::cast_lossless, clippy::unnecessary_cast)] // The fields' types differ from system to system.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // Only times may be negative, and they are signed.
    pub(crate) fn of(stat: &Stat) -> Self {
        Stamp {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Reads the stamp of an open directory. The size is left out, since some network file systems add up all files
    /// below.
    pub(crate) fn of_directory(directory: impl AsFd) -> rustix::io::Result<Self> {
        let stat = retry_on_intr(|| fstat(&directory))?;
        Ok(Stamp { size: 0, ..Stamp::of(&stat) })
    }

    /// Returns device and inode. No two files have the same at the same time.
    pub(crate) fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Returns the time of the last write. A time before 1970 becomes 1970.
    pub(crate) fn modified(&self) -> SystemTime {
        time(self.modified)
    }

    /// Returns true if the time of the last write has a meaning. Packers set a fixed time, so that the same content
    /// makes the same archive. It lies on the first day of 1970 (second 0 or 1 with Nix, Guix and Flatpak), or on the
    /// first day of 1980, where the dates of zip archives begin.
    pub(crate) fn has_time(&self) -> bool {
        const DAY: i64 = 86_400;
        /// 1 January 1980, in UTC. Archives have it in local time.
        const ZIP_EPOCH: i64 = 315_532_800;
        let seconds = self.modified.0;
        seconds >= DAY && !(ZIP_EPOCH - DAY..ZIP_EPOCH + DAY).contains(&seconds)
    }

    /// Returns true if the bytes were written in an earlier second than those of `other`. Files that were made
    /// together, or copied one after the other, count as equally old.
    pub(crate) fn is_older_than(&self, other: &Stamp) -> bool {
        self.modified.0 < other.modified.0
    }

    /// Returns the time of the last change. A time before 1970 becomes 1970.
    pub(crate) fn changed(&self) -> SystemTime {
        time(self.changed)
    }
}

/// Converts a time. One that `SystemTime` cannot express becomes 1970, since no file may cause a panic.
fn time((seconds, nanoseconds): (i64, i64)) -> SystemTime {
    let since = Duration::new(u64::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
