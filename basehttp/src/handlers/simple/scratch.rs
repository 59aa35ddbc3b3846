//! A directory for one test, removed when the test ends.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// A new directory. Each module of tests adds methods that fill it.
pub(super) struct Scratch(pub PathBuf);

impl Scratch {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("basehttp-files-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // Without links on the way: tests compare full paths.
        let path = env::temp_dir().canonicalize().expect("a directory for scratch files").join(name);
        fs::create_dir(&path).expect("a scratch directory");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover among the temporary files does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
