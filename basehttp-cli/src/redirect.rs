//! `--http-redirect`: a second server, of plain HTTP, that sends every client to the same URL with `https`.

use std::fmt;

use basehttp::{Exchange, HTTPServer, Result, defaults, http_handler};

use crate::clock;
use crate::failure::Failure;
use crate::flags::Flags;
use crate::sockets::listen;

/// Answers each request with the URL of the other server.
struct Redirect {
    https_port: u16,
    is_quiet: bool,
}

/// Time for which clients may keep a redirect: an hour. They keep one for ever otherwise, also when HTTPS is gone.
const KEPT_FOR: &str = "max-age=3600";

/// Binds it at `port` of the same addresses.
pub(crate) fn bind(flags: &Flags, port: u16, https_port: u16) -> std::result::Result<HTTPServer, Failure> {
    let handler = Redirect { https_port, is_quiet: flags.quiet };
    let addresses: Vec<_> = flags.addresses().into_iter().filter(|address| !address.starts_with("unix:")).collect();
    if addresses.is_empty() {
        return Err(Failure::Flag("--http-redirect needs an address in --bind that is not a Unix socket".into()));
    }
    listen(HTTPServer::builder(), Vec::new(), &addresses, flags, port, |server, address| server.bind(address, handler))
}

#[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
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
        let Some(location) = ex.headers.get("Host").and_then(|host| location(host, self.https_port, ex.path)) else {
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
        443 => Some(format!("https://{name}{target}")),
        port => Some(format!("https://{name}:{port}{target}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
