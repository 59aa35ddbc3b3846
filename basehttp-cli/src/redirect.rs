//! `--http-redirect`: a second server, of plain HTTP, that sends every client to the same URL with `https`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use basehttp::{
    Address, Endpoint, Exchange, HTTPServer, HTTPServerBuilder, ListenAddress, Result, defaults, http_handler,
};

use crate::clock;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::sockets;

/// Answers each request with the URL of the other server.
struct Redirect {
    /// The addresses of HTTPS, one at least.
    https: Vec<SocketAddr>,
    is_quiet: bool,
}

/// Time for which clients may keep a redirect: an hour. They keep one for ever otherwise, also when HTTPS is gone.
const KEPT_FOR: &str = "max-age=3600";

/// Binds it at `port` of all addresses at which `secure` serves HTTPS. `server` has its rules about proxies.
pub(crate) fn bind(
    server: HTTPServerBuilder,
    flags: &Flags,
    port: u16,
    secure: &HTTPServer,
) -> std::result::Result<HTTPServer, Failure> {
    let https: Vec<_> = secure.server_addresses().iter().filter_map(Address::socket_addr).collect();
    if https.is_empty() {
        let text = "--http-redirect needs an address to listen on that is not a Unix socket: add one with --bind";
        return Err(Failure::Flag(text.into()));
    }
    if port != 0 && https.iter().any(|address| address.port() == port) {
        let text = format!("--http-redirect {port} is the port of HTTPS: choose another one, such as 80");
        return Err(Failure::Flag(text));
    }
    let endpoints = endpoints(flags, port, &https)?;
    let handler = Redirect { https, is_quiet: flags.quiet };
    sockets::listen(server, endpoints, flags, None, port, |server, address| server.bind(address, handler))
}

/// Returns the addresses of the flags, by their names, and those of sockets that were handed over.
fn endpoints(flags: &Flags, port: u16, https: &[SocketAddr]) -> std::result::Result<Vec<Endpoint>, Failure> {
    let has = |endpoint: &Endpoint, ip: IpAddr| endpoint.candidates().iter().any(|candidate| candidate.ip() == ip);
    let mut endpoints = sockets::endpoints(flags, port)?;
    endpoints.retain(|endpoint| https.iter().any(|address| has(endpoint, address.ip())));
    for ip in https.iter().map(SocketAddr::ip) {
        if !endpoints.iter().any(|endpoint| has(endpoint, ip)) {
            let endpoint = (ip, port).into_endpoint();
            endpoints.push(endpoint.map_err(|error| Failure::of_address(&ip.to_string(), port, &error))?);
        }
    }
    Ok(endpoints)
}

/// Returns the line for the user, or one for each port if there are several.
pub(crate) fn announcement(redirect: &HTTPServer) -> String {
    let addresses: Vec<_> = redirect.server_addresses().iter().filter_map(Address::socket_addr).collect();
    let port = redirect.server_port();
    if addresses.iter().all(|address| address.port() == port) {
        return format!("Clients of port {port} are sent to HTTPS.\n");
    }
    let line =
        |address: &SocketAddr| format!("Clients of {} port {} are sent to HTTPS.\n", address.ip(), address.port());
    addresses.iter().map(line).collect()
}

// The server of HTTPS has no other methods either. 405 lists them, and 501 would look like a fault.
#[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1", unknown_method = 405)]
impl Redirect {
    // All clients know 301, which may turn other methods into GET.
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 301)
    }

    // The other methods that the server of HTTPS can have.
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 308)
    }

    fn do_PUT(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 308)
    }

    fn do_PATCH(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 308)
    }

    fn do_DELETE(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 308)
    }

    fn do_OPTIONS(&self, ex: &mut Exchange) -> Result {
        self.redirect(ex, 308)
    }

    fn redirect(&self, ex: &mut Exchange, status: u16) -> Result {
        let own_port = https_port(&self.https, ex.local_address()?.ip());
        // Such a client does not see this server's ports but those of the proxy.
        let is_through_proxy = ex.client_address != *ex.peer_address();
        let location = ex.headers.get("Host").and_then(|host| {
            let port = if is_through_proxy && is_at_default_port(host) { DEFAULT_PORT } else { own_port };
            location(host, port, ex.path)
        });
        let Some(location) = location else {
            return Ok(ex.send_error((400, "the Host field has no name"))?);
        };
        ex.send_header("Cache-Control", KEPT_FOR);
        Ok(ex.redirect(status, location)?)
    }

    fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
        if !self.is_quiet {
            defaults::log_message(self, ex, message);
        }
    }

    fn log_date_time_string(&self) -> String {
        clock::local_time()
    }
}

/// Returns the port of HTTPS at the address that the client has reached, since each address may have its own. An
/// address that stands for all of a machine's is second to one that is named.
fn https_port(https: &[SocketAddr], reached: Option<IpAddr>) -> u16 {
    let is_reached = |address: &&SocketAddr| reached == Some(address.ip().to_canonical());
    let is_of_its_version = |address: &&SocketAddr| {
        address.ip().is_unspecified() && reached.is_some_and(|reached| reached.is_ipv4() == address.is_ipv4())
    };
    let find = |is_right: &dyn Fn(&&SocketAddr) -> bool| https.iter().find(is_right).map(SocketAddr::port);
    // The wildcard of IPv6 takes IPv4, too.
    let port = find(&is_reached).or_else(|| find(&is_of_its_version)).or_else(|| find(&|it| it.ip().is_unspecified()));
    port.unwrap_or(https[0].port())
}

/// The port of a URL of `https` that names none (RFC 9110, section 4.2.2).
const DEFAULT_PORT: u16 = 443;

/// Returns whether the client has asked at the port of `http` that URLs need not name.
fn is_at_default_port(host: &str) -> bool {
    // A colon inside of an IPv6 address has the bracket behind it.
    host.rsplit_once(':').is_none_or(|(_, port)| matches!(port, "" | "80") || port.ends_with(']'))
}

/// Returns the URL of `target` with `https`. The server has checked the grammar of `host`, a name or an address with or
/// without a port, so that no user information and no path can hide in it.
fn location(host: &str, https_port: u16, target: &str) -> Option<String> {
    let name = match host.rsplit_once(':') {
        // A colon inside of an IPv6 address has the bracket behind it.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    // `OPTIONS *` asks about the server.
    let target = if target == "*" { "/" } else { target };
    match https_port {
        _ if name.is_empty() => None,
        DEFAULT_PORT => Some(format!("https://{name}{target}")),
        port => Some(format!("https://{name}:{port}{target}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_that_of_the_address_that_the_client_has_reached() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| text.parse().expect("an address with a port")).collect()
        };
        let each = addresses(&["127.0.0.1:1", "[::1]:2", "192.0.2.1:3"]);
        let with_all = addresses(&["[::]:4", "0.0.0.0:5", "192.0.2.1:6"]);
        let table = [
            (&each, "127.0.0.1", 1),
            (&each, "::1", 2),
            (&each, "192.0.2.1", 3),
            (&with_all, "192.0.2.1", 6),
            (&with_all, "192.0.2.2", 5),
            (&with_all, "2001:db8::1", 4),
            (&addresses(&["192.0.2.1:6", "[::]:4"]), "192.0.2.2", 4),
        ];
        for (https, reached, port) in table {
            assert_eq!(https_port(https, reached.parse().ok()), port, "{reached} {https:?}");
        }
        assert_eq!(https_port(&each, None), 1);
    }

    #[test]
    fn a_host_without_a_port_is_at_the_default_port() {
        let table = [("h", true), ("h:80", true), ("h:", true), ("[::1]", true), ("[::1]:80", true), ("h:8080", false)];
        for (host, expected) in table {
            assert_eq!(is_at_default_port(host), expected, "{host}");
        }
    }

    #[test]
    fn the_location_is_the_same_url_with_https_and_its_port() {
        let table = [
            ("example.org", 443, "/", Some("https://example.org/")),
            ("example.org:80", 443, "/a?b=c", Some("https://example.org/a?b=c")),
            ("example.org:", 8443, "/a", Some("https://example.org:8443/a")),
            ("[::1]", 443, "/a", Some("https://[::1]/a")),
            ("[::1]:8000", 8443, "//other.example/", Some("https://[::1]:8443//other.example/")),
            ("h", 443, "*", Some("https://h/")),
            ("", 443, "/", None),
            (":8000", 443, "/", None),
        ];
        for (host, port, target, expected) in table {
            assert_eq!(location(host, port, target).as_deref(), expected, "{host:?} {target:?}");
        }
    }
}
