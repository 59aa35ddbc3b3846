//! Runs the tests in the example `faults`. As tests of the example itself, they would take the place of its program.

#[allow(dead_code)] // `main` is the program's.
#[path = "../faults.rs"]
mod faults;
