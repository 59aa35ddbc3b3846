//! What tells one state of a file from another without reading it.

use std::os::fd::AsFd;
use std::time::{Duration, SystemTime};

use rustix::fs::{Stat, fstat};
use rustix::io::retry_on_intr;

/// A file's identity, size and times, as one call of the system told them.
///
/// Whoever changes the bytes changes one of these, but for two changes within one tick of the file system's clock (4 ms
/// on most Linux systems) that leave the size as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// Seconds since 1970, and nanoseconds.
    pub modified: (i64, i64),
    /// Seconds since 1970, and nanoseconds.
    pub changed: (i64, i64),
}

impl Stamp {
    /// fstat(2) costs two thirds of the statx(2) that the standard library calls.
    #[allow(clippy::cast_lossless, clippy::unnecessary_cast)] // The fields' types differ from system to system.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // None is negative but times, and those are signed.
    pub fn of(stat: &Stat) -> Self {
        Stamp {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Reads the stamp of an open directory. Its size is left out: some network file systems count in it all files below.
    pub fn of_directory(directory: impl AsFd) -> rustix::io::Result<Self> {
        let stat = retry_on_intr(|| fstat(&directory))?;
        Ok(Stamp { size: 0, ..Stamp::of(&stat) })
    }

    /// Device and inode, which no two files have at the same time.
    pub fn id(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// When the bytes were last written; a time before 1970 is 1970.
    pub fn modified(&self) -> SystemTime {
        time(self.modified)
    }

    /// Returns true if the time of the last writing tells anything. Packers write a time of their own, so that the same content
    /// makes the same archive: the first day of 1970 (Nix, Guix and Flatpak: second 0 or 1), or that of 1980, where the
    /// dates of zip archives begin.
    pub fn has_time(&self) -> bool {
        const DAY: i64 = 86_400;
        /// 1 January 1980, in UTC. Archives say it in local time.
        const ZIP_EPOCH: i64 = 315_532_800;
        let seconds = self.modified.0;
        seconds >= DAY && !(ZIP_EPOCH - DAY..ZIP_EPOCH + DAY).contains(&seconds)
    }

    /// Whether its bytes were written in an earlier second than those of `other`: files that are made together, or are
    /// copied one after the other, are of one age.
    pub fn is_older_than(&self, other: &Stamp) -> bool {
        self.modified.0 < other.modified.0
    }

    /// When anything of it last changed; a time before 1970 is 1970.
    pub fn changed(&self) -> SystemTime {
        time(self.changed)
    }
}

/// What the system's clock cannot express is 1970 as well: nothing a file says may end in a panic.
fn time((seconds, nanoseconds): (i64, i64)) -> SystemTime {
    let since = Duration::new(u64::try_from(seconds).unwrap_or(0), u32::try_from(nanoseconds).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
