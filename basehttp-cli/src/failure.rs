//! Reasons why nothing is served, as one line on standard error and an exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap::error::ErrorKind;

/// The lowest port that every program may listen on, on most systems.
const FIRST_FREE_PORT: u16 = 1024;

/// A reason to end before serving, or instead of it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A flag has a value that cannot be used. The usage is shown, and the exit code is 2, as for all wrong flags.
    Flag(String),
    /// The system refuses something. The exit code is 1.
    System(String),
}

impl Failure {
    /// The directory cannot be served.
    pub(crate) fn of_directory(directory: &Path, error: &io::Error) -> Self {
        match error.kind() {
            // An error of the library, about a value. `build` gives no error of the system this kind.
            io::ErrorKind::InvalidInput => Failure::Flag(error.to_string()),
            io::ErrorKind::NotADirectory => {
                let text = format!("{} is not a directory: name the directory that contains it", directory.display());
                Failure::System(text)
            }
            // It names the directory.
            _ => Failure::System(error.to_string()),
        }
    }

    /// The server cannot listen on the address.
    pub(crate) fn of_address(host: &str, port: u16, error: &io::Error) -> Self {
        let text = error.to_string();
        if let Some(fault) = text.strip_prefix("trust_proxies: ") {
            let hint = if fault.contains(',') { "; give the flag once for each" } else { "" };
            return Failure::Flag(format!("--trust-proxy: {fault}{hint}"));
        }
        if let Some(fault) = text.strip_prefix("trusted_origins: ") {
            return Failure::Flag(format!("--cors: {fault}"));
        }
        Failure::System(match error.kind() {
            // It names the one of several addresses.
            _ if text.contains("unix:") => text,
            io::ErrorKind::AddrInUse => {
                format!("port {port} of {host} is in use: choose another one, or 0 for any free port")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("{host} is not an address of this computer: omit --bind, or choose one that is")
            }
            io::ErrorKind::PermissionDenied if (1..FIRST_FREE_PORT).contains(&port) => {
                format!(
                    "port {port} needs privileges, as all ports below {FIRST_FREE_PORT} do: try a higher one, such as 8000"
                )
            }
            _ => format!("cannot use --bind {host}: {error}"),
        })
    }

    /// The system does not let the program `do_what`.
    pub(crate) fn cannot(do_what: &str, error: &io::Error) -> Self {
        Failure::System(format!("cannot {do_what}: {error}"))
    }

    /// Tells the user, and returns the exit code. `command` has the usage to show.
    pub(crate) fn report(self, mut command: Command) -> ExitCode {
        match self {
            Failure::Flag(text) => command.error(ErrorKind::ValueValidation, text).exit(),
            Failure::System(text) => {
                crate::complain(&text);
                ExitCode::FAILURE
            }
        }
    }
}
