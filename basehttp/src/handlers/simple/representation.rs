//! The description of a file's bytes in a response: type, validators, coding. Made once for each state of a file.

use std::time::{Duration, SystemTime};

use basehttp::Exchange;

use super::codings::Coding;
use super::conditions::Validators;
use super::media::Description;
use super::options::Options;
use super::root::Stamp;
use super::{ETag, media, path};

/// One state of a file, in one coding, as clients see it.
#[derive(Clone, Debug)]
pub(super) struct Representation {
    pub stamp: Stamp,
    pub description: Description,
    /// The `Content-Encoding`: all codings, in the order in which they were applied.
    pub encoding: Option<String>,
    /// The `Last-Modified`. `None` if the file's time has no meaning.
    pub last_modified: Option<String>,
    pub etag: Option<String>,
    /// The `Content-Disposition`, if the options ask for one.
    pub disposition: Option<String>,
    /// The time in `last_modified`.
    modified: Option<SystemTime>,
}

impl Representation {
    /// Describes the file at `path`, or the coded file beside it, in the state `stamp`. The `description` is of `path`
    /// itself.
    pub(super) fn new(
        options: &Options,
        ex: &Exchange<'_>,
        path: &[u8],
        description: &Description,
        (coding, stamp): (Coding, Stamp),
    ) -> Self {
        // RFC 9110, section 8.8.2.1: the date must not lie in the future.
        let modified = stamp.has_time().then(|| whole_second(stamp.modified().min(SystemTime::now())));
        let is_attachment = options.attachment;
        Representation {
            stamp,
            description: description.clone(),
            encoding: encoding(description, coding),
            last_modified: modified.map(|modified| ex.date_time_string(modified)),
            etag: etag(&stamp, options.etag),
            disposition: is_attachment.then(|| media::attachment(path::last_name(path))),
            modified,
        }
    }

    /// Describes a file by its state alone.
    #[cfg(test)]
    pub(super) fn plain(stamp: Stamp) -> Self {
        let description = Description { content_type: String::new(), is_gzipped: false };
        let (encoding, last_modified, etag, disposition, modified) = (None, None, None, None, None);
        Representation { stamp, description, encoding, last_modified, etag, disposition, modified }
    }

    pub(super) fn validators(&self) -> Validators<'_> {
        Validators { etag: self.etag.as_deref(), modified: self.modified }
    }
}

fn encoding(description: &Description, coding: Coding) -> Option<String> {
    let own = description.is_gzipped.then_some("gzip");
    let codings: Vec<_> = own.into_iter().chain(coding.name()).collect();
    (!codings.is_empty()).then(|| codings.join(", "))
}

fn whole_second(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

/// Makes the entity tag (RFC 9110, section 8.8.3).
fn etag(stamp: &Stamp, kind: ETag) -> Option<String> {
    let Stamp { device, inode, size, modified, changed } = *stamp;
    match kind {
        // Hashed, so that clients do not learn device and inode numbers.
        ETag::Strong => {
            let signed = [modified.0, modified.1, changed.0, changed.1].map(i64::cast_unsigned);
            Some(format!("\"{:016x}\"", hashed([device, inode, size].into_iter().chain(signed))))
        }
        ETag::Weak => {
            let (seconds, nanoseconds) = if stamp.has_time() { modified } else { changed };
            Some(format!("W/\"{size:x}-{seconds:x}-{nanoseconds:x}\""))
        }
        ETag::Off => None,
    }
}

/// Hashes with FNV-1a, whose result is the same on every run, unlike that of the standard library's hasher. A last mix
/// makes all digits depend on all numbers. The engine's own FNV is out of reach, since handlers use the public API
/// alone.
fn hashed(numbers: impl Iterator<Item = u64>) -> u64 {
    let bytes = numbers.flat_map(u64::to_le_bytes);
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { device: 1, inode: 2, size: 3, modified: (0x6553_f100, 5), changed: (0x6553_f200, 7) };

    #[test]
    fn a_strong_etag_changes_with_each_part_of_the_stamp() {
        let others = [
            Stamp { device: 2, ..STAMP },
            Stamp { inode: 3, ..STAMP },
            Stamp { size: 4, ..STAMP },
            Stamp { modified: (5, 5), ..STAMP },
            Stamp { modified: (4, 6), ..STAMP },
            Stamp { modified: (-4, 5), ..STAMP },
            Stamp { changed: (7, 7), ..STAMP },
            Stamp { changed: (6, 8), ..STAMP },
        ];
        let own = etag(&STAMP, ETag::Strong).expect("there is one");
        assert_eq!(own.len(), 18, "sixteen digits in quotes: {own}");
        assert!(own.starts_with('"') && own.ends_with('"'), "{own}");
        assert_eq!(etag(&STAMP, ETag::Strong), Some(own.clone()), "the same for the same");
        for other in others {
            assert_ne!(etag(&other, ETag::Strong), Some(own.clone()), "{other:?}");
        }
    }

    #[test]
    fn a_weak_etag_is_the_same_on_another_disk() {
        let own = etag(&STAMP, ETag::Weak);
        assert_eq!(own.as_deref(), Some("W/\"3-6553f100-5\""));
        assert_eq!(etag(&Stamp { device: 2, inode: 3, changed: (7, 8), ..STAMP }, ETag::Weak), own);
        assert_ne!(etag(&Stamp { size: 4, ..STAMP }, ETag::Weak), own);
        assert_ne!(etag(&Stamp { modified: (4, 6), ..STAMP }, ETag::Weak), own);
        assert_eq!(etag(&STAMP, ETag::Off), None);
    }

    #[test]
    fn a_time_that_packers_write_makes_no_validator() {
        for modified in [(1, 0), (0, 0), (315_532_800, 0)] {
            let packed = Stamp { modified, ..STAMP };
            let other = Stamp { changed: (0x6553_f200, 8), ..packed };
            assert_eq!(etag(&packed, ETag::Weak).as_deref(), Some("W/\"3-6553f200-7\""), "{modified:?}");
            assert_ne!(etag(&other, ETag::Weak), etag(&packed, ETag::Weak), "{modified:?}: another content");
        }
    }
}
