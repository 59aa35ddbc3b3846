//! What a request's place turns out to be: a file in the coding that the client prefers, a folder, or nothing.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use super::SimpleHTTPRequestHandler;
use super::path::Place;
use super::root::{Opened, Root, Stamp};

/// See the module.
pub enum Found<'h> {
    File(Selected),
    /// A folder that was asked for without the slash that its page needs.
    Elsewhere,
    /// A folder without an index page.
    Folder(Folder<'h>),
    Missing,
}

/// A file that was opened and checked.
pub struct Selected {
    pub file: File,
    pub stamp: Stamp,
    pub path: Vec<u8>,
}

/// A folder, open to be read.
pub struct Folder<'h> {
    pub descriptor: OwnedFd,
    root: &'h Root,
    path: Vec<u8>,
}

impl Folder<'_> {
    /// The path beneath the root, without a slash in front and at its end; for display only.
    pub fn path(&self) -> String {
        String::from_utf8_lossy(&self.path).into_owned()
    }

    /// What the entry `name` leads to, if that may be served: links are followed as the options say.
    pub fn follow(&self, name: &OsStr) -> Option<Metadata> {
        let opened = self.root.open_beneath(&joined(&self.path, name.as_bytes())).ok()??;
        match opened {
            Opened::File(file, _) => file.metadata().ok(),
            Opened::Folder(folder) => File::from(folder).metadata().ok(),
        }
    }
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

impl SimpleHTTPRequestHandler {
    /// Looks for what stands at `place`.
    pub(super) fn find(&self, place: &Place<'_>) -> io::Result<Found<'_>> {
        if place.is_hidden() && !self.options.dot_files {
            return Ok(Found::Missing);
        }
        match self.root.open_beneath(place.path())? {
            Some(Opened::File(file, stamp)) if !place.is_folder_form() => {
                Ok(Found::File(Selected { file, stamp, path: place.path().to_vec() }))
            }
            Some(Opened::Folder(_)) if !place.ends_in_slash() => Ok(Found::Elsewhere),
            Some(Opened::Folder(descriptor)) => self.find_index(place.path(), descriptor),
            Some(Opened::File(..)) | None => Ok(Found::Missing),
        }
    }

    fn find_index(&self, folder: &[u8], descriptor: OwnedFd) -> io::Result<Found<'_>> {
        for page in &self.options.index_pages {
            let path = joined(folder, page.as_os_str().as_bytes());
            if let Some(Opened::File(file, stamp)) = self.root.open_beneath(&path)? {
                return Ok(Found::File(Selected { file, stamp, path }));
            }
        }
        if !self.options.has_listings {
            return Ok(Found::Missing);
        }
        Ok(Found::Folder(Folder { descriptor, root: &self.root, path: folder.to_vec() }))
    }
}
