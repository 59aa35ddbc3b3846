//! The sockets to listen on: those that a service manager hands over (`LISTEN_FDS`), and the addresses of the flags.

use std::io;

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
/// A descriptor is closed, or is not a socket that listens.
pub(crate) fn handed_over() -> Result<Vec<Endpoint>, Failure> {
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
    handed_over: Vec<Endpoint>,
) -> Result<HTTPServer, Failure> {
    let addresses = if handed_over.is_empty() || !flags.bind.is_empty() { flags.addresses() } else { Vec::new() };
    listen(server, handed_over, &addresses, flags, flags.port, |server, address| site.bind(server, address, flags))
}

/// Binds `endpoints`, and all addresses at `port`. There is one of either at least.
pub(crate) fn listen(
    server: HTTPServerBuilder,
    mut endpoints: Vec<Endpoint>,
    addresses: &[&str],
    flags: &Flags,
    port: u16,
    bind: impl FnOnce(HTTPServerBuilder, Endpoint) -> io::Result<HTTPServer>,
) -> Result<HTTPServer, Failure> {
    for address in addresses {
        endpoints.push(endpoint(address, port)?);
    }
    let server = match hosts::to_answer_for(&flags.host, &endpoints) {
        Some(hosts) => server.hosts(hosts),
        None => server,
    };
    let mut endpoints = endpoints.into_iter();
    let first = endpoints.next().expect("there is an address by default");
    let bound = bind(endpoints.fold(server, HTTPServerBuilder::also_listen), first);
    bound.map_err(|error| Failure::of_address(&addresses.join(" or "), port, &error))
}

/// Looks up the host, if it is a name.
fn endpoint(host: &str, port: u16) -> Result<Endpoint, Failure> {
    let endpoint = if host.starts_with("unix:") { host.into_endpoint() } else { (host, port).into_endpoint() };
    endpoint.map_err(|error| Failure::of_address(host, port, &error))
}
