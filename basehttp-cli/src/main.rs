//! The command `basehttp`, which serves a directory as `python -m http.server` does. `basehttp --help` lists its flags.
//!
//! The library does the serving, by its `SimpleHTTPRequestHandler` and, with `--cgi`, its `CGIHTTPRequestHandler`. This
//! program turns flags into their options (`flags`, `values`), writes the log in local time (`site`, `clock`), and ends
//! on signals (`ending`).

#![forbid(unsafe_code)]

mod clock;
mod descriptors;
mod ending;
mod failure;
mod flags;
mod manual;
mod mistakes;
mod site;
mod values;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use basehttp::{Address, Endpoint, HTTPServer, ListenAddress};
use clap::CommandFactory;

use self::failure::Failure;
use self::flags::Flags;
use self::site::Site;

fn main() -> ExitCode {
    match run(&Flags::of_command_line()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(Flags::command()),
    }
}

fn run(flags: &Flags) -> Result<(), Failure> {
    if flags.man {
        let page = manual::page(Flags::command()).map_err(|error| Failure::cannot("make the man page", &error))?;
        return print(&page);
    }
    if let Some(shell) = flags.completions {
        return print(&completions(shell));
    }
    let soft_limit = descriptors::raise_soft_limit();
    let mut httpd = bind(flags, Site::of(flags, soft_limit)?)?;
    ending::on_signals(httpd.server_handle()).map_err(|error| Failure::cannot("watch for signals", &error))?;
    announce(flags, &httpd);
    httpd.serve_forever().map_err(|error| Failure::cannot("serve", &error))
}

fn bind(flags: &Flags, site: Site) -> Result<HTTPServer, Failure> {
    let mut server = HTTPServer::builder().paused_reader_timeout(flags.pause.unwrap_or(PAUSE));
    if let Some(workers) = flags.workers {
        server = server.workers(workers.into());
    }
    let (first, others) = flags.hosts();
    for host in &others {
        server = server.also_listen(endpoint(host, flags.port)?);
    }
    let bound = site.bind(server, endpoint(first, flags.port)?, flags);
    bound.map_err(|error| Failure::of_address(&[&[first], &others[..]].concat().join(" or "), flags.port, &error))
}

/// Time for which a client may pause a download: 10 min, for a lid that was closed or a film that was stopped. It holds
/// a connection and a descriptor meanwhile, and no thread.
const PAUSE: Duration = Duration::from_secs(10 * 60);

/// Looks up the host, if it is a name.
fn endpoint(host: &str, port: u16) -> Result<Endpoint, Failure> {
    (host, port).into_endpoint().map_err(|error| Failure::of_address(host, port, &error))
}

/// Prints the banner of Python's `http.server`, which other programs wait for and read, and a hint for users who expect
/// to be on the network.
fn announce(flags: &Flags, httpd: &HTTPServer) {
    let mut text: String = httpd.server_addresses().iter().map(banner).collect();
    if flags.bind.is_empty() && !flags.quiet {
        text += "Only this computer can reach it. To share it on the network: basehttp --bind 0.0.0.0\n";
    }
    say(&text);
}

fn banner(address: &Address) -> String {
    let host = address.ip().map_or_else(String::new, |ip| ip.to_string());
    let in_url = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let port = address.port().unwrap_or_default();
    format!("Serving HTTP on {host} port {port} (http://{in_url}:{port}/) ...\n")
}

/// Writes to standard output at once. If it is closed, the program serves all the same.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes the output that a flag asks for. A reader that has seen enough (`| head`) is not an error.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::cannot("write", &error)),
        _ => Ok(()),
    }
}

fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "basehttp", &mut script);
    script
}
