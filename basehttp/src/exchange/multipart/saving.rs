//! New files for parts: complete or not there, and removed unless they are kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::error::HTTPError;

/// A file that this process has made. Dropping it removes the file, unless another one has its name by now.
pub(super) struct NewFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl NewFile {
    /// Makes the file with this content, and returns its size. It has no name before it is complete.
    pub(super) fn with_content(path: &Path, content: &mut impl BufRead) -> io::Result<(Self, u64)> {
        // It would be found out at the end, too, after the client has sent everything.
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists());
        }
        let (mut file, unfinished) = Self::beside(path)?;
        let mut size = 0;
        loop {
            let bytes = content.fill_buf()?;
            if bytes.is_empty() {
                return Ok((unfinished.named(path)?, size));
            }
            file.write_all(bytes)?;
            let count = bytes.len();
            size += count as u64;
            content.consume(count);
        }
    }

    /// Leaves the file where it is.
    pub(super) fn keep(mut self) {
        self.path = PathBuf::new();
    }

    /// Makes an empty file in the same directory.
    fn beside(path: &Path) -> io::Result<(File, Self)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = path.with_file_name(format!(".upload-{}-{number}", process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                // A process of the same number was killed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let identity = identity(&file.metadata()?);
                    return Ok((file, NewFile { path, identity }));
                }
            }
        }
    }

    /// Gives the file its name, which no other file must have.
    fn named(self, path: &Path) -> io::Result<Self> {
        match fs::hard_link(&self.path, path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists()),
            // Some file systems have no links. Then an empty file takes the name first.
            Err(_) => self.rename(path)?,
        }
        // Dropping `self` removes its first name.
        Ok(NewFile { path: path.to_owned(), identity: self.identity })
    }

    fn rename(&self, path: &Path) -> io::Result<()> {
        match File::create_new(path) {
            Ok(placeholder) => {
                let placeholder = NewFile { path: path.to_owned(), identity: identity(&placeholder.metadata()?) };
                fs::rename(&self.path, path)?;
                placeholder.keep();
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|metadata| identity(&metadata) == self.identity);
        if is_ours {
            // There is no caller to tell, and a file that stays does no harm.
            drop(fs::remove_file(&self.path));
        }
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn exists() -> io::Error {
    let conflict = HTTPError::from(409).with_explain("there is a file of this name already");
    io::Error::new(ErrorKind::AlreadyExists, conflict)
}
