//! A folder for sockets, which goes with everything in it when this is dropped.

use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

/// One that belongs to a peer.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub fn new(name: &str) -> io::Result<Self> {
        let path = env::temp_dir().join(format!("basehttp-differential-{}-{name}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system cleans up leftovers there.
        let _ = fs::remove_dir_all(&self.0);
    }
}
