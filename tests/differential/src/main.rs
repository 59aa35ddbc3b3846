//! Sends the same byte streams to basehttp and to other HTTP/1.x parsers, and compares the requests that each takes,
//! and their ends.
//!
//! ```text
//! streams --> parsers --> reading: compare --> explained: rules --> report
//! ```
//!
//! If two parsers disagree about a boundary, a request can be hidden from one of them. So each difference is either a
//! fault to be mended or a row of a table that says who is right. `README.md` has the table, and says how to run this.

#![forbid(unsafe_code)]

mod anatomy;
mod arguments;
mod explained;
mod minimise;
mod parsers;
mod random;
mod reading;
mod report;
mod run;
mod streams;

use std::process::ExitCode;

use arguments::{Arguments, USAGE};

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match arguments.only {
        Some(index) => run::show(&arguments, index).map(|()| 0),
        None => run::run(&arguments).map(|report| {
            println!("{report}");
            report.failed()
        }),
    };
    match outcome {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
