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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where something in it is.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind there is the system's to clean up.
        let _ = fs::remove_dir_all(&self.0);
    }
}
