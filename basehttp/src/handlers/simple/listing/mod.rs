//! A folder's page: a plain list, until the real one comes.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::time::SystemTime;

use basehttp::{Exchange, HTTPError, Result};
use rustix::fs::{AtFlags, Dir, FileType, statat};

use super::builder::ListDirectory;
use super::found::Folder;

/// How folders are listed.
#[derive(Clone, Default)]
pub struct ListingOptions {
    pub dot_files: bool,
    /// Fields of every reply.
    pub fields: Vec<(String, String)>,
    pub look: Option<ListDirectory>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link.
    Link {
        /// It leads to a folder.
        is_folder: bool,
    },
    /// Anything else.
    Other,
}

/// One thing in a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    name: OsString,
    kind: EntryKind,
    size: u64,
    modified: Option<SystemTime>,
}

impl Entry {
    /// Its name.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// What it is.
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// When it was last written.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }
}

/// What stands in a folder.
#[derive(Clone, Debug)]
pub struct Listing {
    path: String,
    entries: Vec<Entry>,
}

impl Listing {
    /// The decoded path of the request.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Sends the page of a folder, which was asked for with a slash at the end of its path.
pub(super) fn send(ex: &mut Exchange<'_>, folder: &Folder<'_>, options: &ListingOptions) -> Result {
    let missing = |_| HTTPError::new(404, "No permission to list directory");
    let mut entries = Vec::new();
    for entry in Dir::read_from(&folder.descriptor).map_err(missing)? {
        let entry = entry.map_err(missing)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." || !options.dot_files && name.starts_with(b".") {
            continue;
        }
        let name = OsStr::from_bytes(name).to_owned();
        let Ok(stat) = statat(&folder.descriptor, &name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => EntryKind::File,
            FileType::Directory => EntryKind::Folder,
            FileType::Symlink => {
                EntryKind::Link { is_folder: folder.follow(&name).as_ref().is_some_and(Metadata::is_dir) }
            }
            _ => EntryKind::Other,
        };
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        entries.push(Entry { name, kind, size, modified: None });
    }
    let listing = Listing { path: format!("/{}", folder.path()), entries };
    if let Some(look) = &options.look {
        return look(ex, &listing);
    }
    let names: Vec<_> = listing.entries.iter().map(|entry| entry.name.to_string_lossy()).collect();
    ex.send_response(200).send_header("Content-Type", "text/plain; charset=utf-8");
    for (name, value) in &options.fields {
        ex.send_header(name, value);
    }
    Ok(ex.send_body(names.join("\n"))?)
}
