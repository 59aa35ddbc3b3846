//! Counts checks, and says which failed.

/// Whether times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Judged,
    /// They are shown only: for machines that others use, too.
    Ignored,
}

/// The checks so far.
pub struct Verdict {
    pub times: Times,
    passed: u32,
    failed: u32,
}

impl Verdict {
    pub fn new(times: Times) -> Self {
        Verdict { times, passed: 0, failed: 0 }
    }

    /// Counts one check; if it fails, says what had to hold and what is.
    pub fn check(&mut self, holds: bool, what: &str) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("    FAILED: {what}");
        }
    }

    /// The same for one that a slow machine fails.
    pub fn check_time(&mut self, holds: bool, what: &str) {
        match self.times {
            Times::Judged => self.check(holds, what),
            Times::Ignored if !holds => println!("    ignored: {what}"),
            Times::Ignored => {}
        }
    }

    /// The last line. True if all passed.
    pub fn tell(&self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}
