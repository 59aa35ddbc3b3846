//! The sockets to listen on: those that a service manager hands over (`LISTEN_FDS`), and the addresses of the flags.

use std::{env, io, process};

use basehttp::{Endpoint, HTTPServer, HTTPServerBuilder, ListenAddress};
use listenfd::ListenFd;

use crate::failure::Failure;
use crate::flags::Flags;
use crate::hosts;
use crate::site::Site;

/// The first descriptor that a service manager hands over, after those of standard input, output and error.
const FIRST_DESCRIPTOR: usize = 3;

/// Takes the sockets that a service manager has handed over to this process. Called before the program opens anything,
/// so that a number that was not handed over is not one of its own descriptors.
///
/// # Errors
/// A descriptor is closed, or is not a socket that listens. Their count is not a number.
pub(crate) fn handed_over() -> Result<Vec<Endpoint>, Failure> {
    check_count()?;
    let mut descriptors = ListenFd::from_env();
    let mut endpoints = Vec::new();
    for number in 0..descriptors.len() {
        endpoints.push(endpoint_of(&mut descriptors, number).map_err(|error| {
            let descriptor = FIRST_DESCRIPTOR + number;
            Failure::System(format!("LISTEN_FDS: descriptor {descriptor} is not a socket that listens: {error}"))
        })?);
    }
    Ok(endpoints)
}

/// Checks `LISTEN_FDS` if it is for this process, by the rule of `sd_listen_fds` and [`ListenFd`].
fn check_count() -> Result<(), Failure> {
    let for_process = env::var_os("LISTEN_PID").filter(|text| !text.is_empty());
    let is_for_another = for_process.is_some_and(|text| text.to_str() != Some(&process::id().to_string()));
    let Some(count) = env::var_os("LISTEN_FDS").filter(|text| !text.is_empty() && !is_for_another) else {
        return Ok(());
    };
    // `ListenFd` makes a list of the numbers, and passes over a count that is larger than descriptors can be.
    if count.to_str().is_some_and(|text| text.parse::<u16>().is_ok()) {
        return Ok(());
    }
    let count = count.display();
    Err(Failure::System(format!("LISTEN_FDS: {count:?} is not a number of descriptors, such as 1")))
}

fn endpoint_of(descriptors: &mut ListenFd, number: usize) -> io::Result<Endpoint> {
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    if let Ok(Some(listener)) = descriptors.take_unix_listener(number) {
        return listener.into_endpoint();
    }
    descriptors.take_tcp_listener(number)?.ok_or_else(missing)?.into_endpoint()
}

/// Binds the addresses of the flags, and takes what was handed over. Without `--bind`, that alone is served.
pub(crate) fn bind(
    server: HTTPServerBuilder,
    site: Site,
    flags: &Flags,
    mut handed_over: Vec<Endpoint>,
) -> Result<HTTPServer, Failure> {
    let port = flags.port();
    if flags.unix_mode.is_some() && !flags.bind.iter().any(|host| host.starts_with("unix:")) {
        let text = "--unix-mode is for the Unix sockets of --bind: add one, as in --bind unix:/run/basehttp.sock";
        return Err(Failure::Flag(text.into()));
    }
    if handed_over.is_empty() || !flags.bind.is_empty() {
        handed_over.extend(endpoints(flags, port)?);
    } else if let Some(port) = flags.port {
        let text = format!(
            "LISTEN_FDS: the sockets that were handed over have their ports, and {port} has no use: leave it out, or add \
             an address with --bind"
        );
        return Err(Failure::Flag(text));
    }
    // The port of --http-redirect is shared as well.
    if flags.reuse_port && !has_port(&handed_over) && !redirects(flags) {
        let text = "--reuse-port is for a port that the program binds, and there is none: leave it out, or add an \
                    address with --bind";
        return Err(Failure::Flag(text.into()));
    }
    let health = flags.health.as_deref();
    listen(server, handed_over, flags, health, port, |server, address| site.bind(server, address, flags))
}

/// Returns whether one of them is bound here, with a port.
fn has_port(endpoints: &[Endpoint]) -> bool {
    endpoints.iter().any(|endpoint| !endpoint.candidates().is_empty())
}

#[cfg(feature = "tls")]
fn redirects(flags: &Flags) -> bool {
    flags.https.http_redirect.is_some()
}

#[cfg(not(feature = "tls"))]
fn redirects(_: &Flags) -> bool {
    false
}

/// Binds `endpoints`, of which there is one at least. A successor shares their ports if the flags say so. `health` is
/// answered under any host, since a probe asks for it by an address that is no host of the flags, such as that of a
/// pod.
pub(crate) fn listen(
    server: HTTPServerBuilder,
    endpoints: Vec<Endpoint>,
    flags: &Flags,
    health: Option<&str>,
    port: u16,
    bind: impl FnOnce(HTTPServerBuilder, Endpoint) -> io::Result<HTTPServer>,
) -> Result<HTTPServer, Failure> {
    let server = match hosts::to_answer_for(&flags.host, &endpoints) {
        Some(hosts) => server.hosts(hosts).any_host_paths(health),
        None => server,
    };
    let server = server.allow_reuse_port(flags.reuse_port && has_port(&endpoints));
    let names: Vec<_> = endpoints.iter().map(Endpoint::host).filter(|host| !host.is_empty()).collect();
    let names = names.join(" or ");
    let mut endpoints = endpoints.into_iter();
    let first = endpoints.next().expect("there is an address by default");
    let bound = bind(endpoints.fold(server, HTTPServerBuilder::also_listen), first);
    bound.map_err(|error| Failure::of_address(&names, port, &error))
}

/// Returns the addresses of the flags, at `port`. A name is looked up.
///
/// # Errors
/// An unknown name. An address that is named twice, which would have two ports if the system picks them.
pub(crate) fn endpoints(flags: &Flags, port: u16) -> Result<Vec<Endpoint>, Failure> {
    let mut found: Vec<(&str, Endpoint)> = Vec::new();
    for host in flags.addresses() {
        let endpoint = if host.starts_with("unix:") { host.into_endpoint() } else { (host, port).into_endpoint() };
        let endpoint = endpoint.map_err(|error| Failure::of_address(host, port, &error))?;
        let is_same = |(name, other): &&(&str, Endpoint)| {
            *name == host || other.candidates().iter().any(|address| endpoint.candidates().contains(address))
        };
        if let Some((name, _)) = found.iter().find(is_same) {
            let text = format!("--bind {name} and --bind {host} are the same address: leave one of them out");
            return Err(Failure::Flag(text));
        }
        found.push((host, endpoint));
    }
    Ok(found.into_iter().map(|(_, endpoint)| endpoint).collect())
}
