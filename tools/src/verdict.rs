//! Counts checks, and prints those that fail.

/// Whether checks of times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Judged,
    /// They are only printed, for shared machines.
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

    /// Counts one check. If it fails, prints the condition and the facts.
    pub fn check(&mut self, holds: bool, what: &str) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("    FAILED: {what}");
        }
    }

    /// Counts a check that fails on a slow machine.
    pub fn check_time(&mut self, holds: bool, what: &str) {
        match self.times {
            Times::Judged => self.check(holds, what),
            Times::Ignored if !holds => println!("    ignored: {what}"),
            Times::Ignored => {}
        }
    }

    /// Prints the last line. Returns true if all checks passed.
    pub fn tell(&self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}
