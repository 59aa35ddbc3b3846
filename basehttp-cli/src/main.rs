//! The command `basehttp`, which serves a directory as `python -m http.server` does. `basehttp --help` lists its flags.
//!
//! The library does the serving, by its `SimpleHTTPRequestHandler` and, with `--cgi`, its `CGIHTTPRequestHandler`. This
//! program turns flags into their options (`flags`, `values`), finds its sockets (`sockets`) and its certificate
//! (`https`, `redirect`), and writes the log in local time (`site`, `clock`).

#![forbid(unsafe_code)]

mod clock;
mod descriptors;
mod failure;
mod flags;
mod hangup;
mod hosts;
#[cfg(feature = "tls")]
mod https;
#[cfg(feature = "tls")]
mod https_flags;
mod manual;
mod mistakes;
#[cfg(feature = "tls")]
mod redirect;
mod site;
mod sockets;
mod values;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use basehttp::systemd::Notifier;
use basehttp::{Address, BackgroundServer, DrainReport, HTTPServer, HTTPServerBuilder};
use clap::CommandFactory;
use rustix::process::Signal;
use signal_hook::flag;

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
    outlive_file_size_limit().map_err(|error| Failure::cannot("watch for signals", &error))?;
    let handed_over = sockets::handed_over()?;
    let is_handed_over = !handed_over.is_empty();
    let soft_limit = descriptors::raise_soft_limit();
    let site = Site::of(flags, soft_limit)?;
    let server = server(flags);
    #[cfg(feature = "tls")]
    let secure = https::Https::of(flags, &handed_over)?;
    #[cfg(feature = "tls")]
    let server = secure.iter().fold(server, |server, secure| secure.secure(server));
    let mut httpd = sockets::bind(server, site, flags, handed_over)?;
    let notifier = Notifier::from_env().map_err(|error| Failure::cannot("notify the service manager", &error))?;
    if let Some(notifier) = &notifier {
        httpd.set_notifier(notifier.clone());
    }
    #[cfg(feature = "tls")]
    let renewal = secure.as_ref().and_then(https::Https::renewal);
    #[cfg(not(feature = "tls"))]
    let renewal = None;
    hangup::watch(renewal, notifier).map_err(|error| Failure::cannot("watch for signals", &error))?;
    #[cfg(feature = "tls")]
    let (scheme, notice, redirect) = match &secure {
        Some(secure) => {
            let (notice, redirect) = secure.accompany(flags, front(flags), &httpd)?;
            ("https", notice, redirect)
        }
        None => ("http", String::new(), None),
    };
    #[cfg(not(feature = "tls"))]
    let (scheme, notice, redirect) = ("http", String::new(), None);
    end_on_signals(&mut httpd, redirect.as_ref(), flags.grace)?;
    announce(flags, is_handed_over, &httpd, scheme, &notice);
    httpd.serve_forever().map_err(|error| Failure::cannot("serve", &error))?;
    report(httpd.server_handle().drain_report(), flags.grace);
    Ok(())
}

/// Has a write fail that makes a file larger than `ulimit -f` allows. By default the system ends the program (SIGXFSZ),
/// so that a client could do it by a long body for a program of `--cgi`. Such programs have the default themselves.
fn outlive_file_size_limit() -> io::Result<()> {
    flag::register(Signal::XFSZ.as_raw(), Arc::default()).map(drop)
}

/// Has signals end the server, and the one of `--http-redirect` at the same time, so that a successor finds both ports
/// free.
fn end_on_signals(httpd: &mut HTTPServer, redirect: Option<&BackgroundServer>, grace: Duration) -> Result<(), Failure> {
    let redirect = redirect.map(|redirect| redirect.server_handle().clone());
    let watched = httpd.end_on_signals(grace, move |signal| {
        if signal == Signal::INT.as_raw() {
            say("\nKeyboard interrupt received, exiting.\n");
        }
        if let Some(redirect) = redirect.clone() {
            // Without a thread for it, it ends after the first server.
            let _ = thread::Builder::new().name("basehttp-redirect".into()).spawn(move || redirect.drain(grace));
        }
    });
    watched.map_err(|error| Failure::cannot("watch for signals", &error))
}

/// Returns the library's options. Options without a flag keep the library's defaults.
fn server(flags: &Flags) -> HTTPServerBuilder {
    let server = front(flags).paused_reader_timeout(flags.pause.unwrap_or(PAUSE)).unix_mode(flags.unix_mode);
    let server = match flags.cors.as_deref() {
        // Files cannot be changed. With all origins, the user has opened the programs to every page.
        _ if !flags.cgi => server,
        Some("*") => server,
        Some(origin) if origin != "null" => server.refuse_cross_site(true).trusted_origins([origin]),
        _ => server.refuse_cross_site(true),
    };
    match flags.workers {
        Some(workers) => server.workers(workers.into()),
        None => server,
    }
}

/// Returns the options of what stands before a server, which the one of `--http-redirect` has as well: the same proxy
/// passes on the bytes of both ports, and both end at the same time.
fn front(flags: &Flags) -> HTTPServerBuilder {
    let server = HTTPServer::builder().shutdown_delay(flags.shutdown_delay);
    match (&flags.trust_proxy[..], flags.proxy_protocol) {
        ([], _) => server,
        (proxies, true) => server.trust_proxies(proxies).proxy_protocol(true),
        (proxies, false) => server.trust_proxies(proxies).forwarded_fields(["X-Forwarded-For", "X-Forwarded-Proto"]),
    }
}

/// Time for which a client may pause a download: 10 min, for a lid that was closed or a film that was stopped. It holds
/// a connection and a descriptor meanwhile, and no thread.
const PAUSE: Duration = Duration::from_secs(10 * 60);

/// Prints the banner of Python's `http.server`, which other programs wait for and read, and a hint for users who expect
/// to be on the network.
fn announce(flags: &Flags, is_handed_over: bool, httpd: &HTTPServer, scheme: &str, notice: &str) {
    let mut text: String = httpd.server_addresses().iter().map(|address| banner(address, scheme)).collect();
    if flags.bind.is_empty() && !flags.quiet && !is_handed_over {
        text += "Only this computer can reach it. To share it on the network: basehttp --bind 0.0.0.0\n";
    }
    // A page that is built later is found then, so that a missing one is no error.
    let pages = flags.spa.iter().chain(&flags.not_found).map(|page| flags.directory.join(page));
    let missing = pages.filter(|page| !page.is_file());
    text.extend(missing.map(|page| format!("There is no {} yet. It is served once it is there.\n", page.display())));
    say(&(text + notice));
}

fn banner(address: &Address, scheme: &str) -> String {
    let protocol = scheme.to_ascii_uppercase();
    if address.ip().is_none() {
        return format!("Serving {protocol} on {address} ...\n");
    }
    let host = address.ip().map_or_else(String::new, |ip| ip.to_string());
    let in_url = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let port = address.port().unwrap_or_default();
    format!("Serving {protocol} on {host} port {port} ({scheme}://{in_url}:{port}/) ...\n")
}

/// Says what was cut off at the end, if anything was.
fn report(report: DrainReport, grace: Duration) {
    if report.cut > 0 {
        let DrainReport { cut, finished, .. } = report;
        let seconds = grace.as_secs();
        complain(&format!("cut off {cut} connections that were busy after {seconds} s; {finished} requests finished"));
    }
}

/// Writes to standard output at once. If it is closed, the program serves all the same.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes a line to standard error, at once and as a whole. Without one, only the exit code is left to tell.
fn complain(text: &str) {
    let _ = io::stderr().write_all(format!("basehttp: {text}\n").as_bytes());
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
