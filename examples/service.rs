//! A service that is restarted without a failed request. It says when it is about to end, serves on until load
//! balancers have seen that, and then lets the requests in flight finish. It takes the socket of a service manager, if
//! there is one. Run `cargo run --release --example service --features full` (or with another port).
//!
//! ```console
//! $ curl http://127.0.0.1:8000/
//! Hello!
//! $ curl http://127.0.0.1:8000/readyz
//! ready
//! ```

use std::time::Duration;

use basehttp::systemd::Notifier;
use basehttp::{Endpoint, Exchange, HTTPServer, ListenAddress, http_handler};
use listenfd::ListenFd;

struct Service;

#[http_handler(server_version = "Service/1.0", protocol_version = "HTTP/1.1")]
impl Service {
    #[path("/")]
    fn do_GET_root(&self) -> &'static str {
        "Hello!\n"
    }

    #[path("/readyz")]
    fn do_GET_readyz(&self, ex: &Exchange) -> (u16, &'static str) {
        if ex.server.is_ready() { (200, "ready\n") } else { (503, "about to end\n") }
    }
}

/// Time for load balancers to see that the service is not ready, and for requests in flight after that. Together they
/// are shorter than the time after which a service manager kills the program.
const DELAY: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_secs(20);

/// The socket that a service manager has opened, or else a port of this computer.
fn address(port: u16) -> std::io::Result<Endpoint> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(listener) => listener.into_endpoint(),
        None => ("127.0.0.1", port).into_endpoint(),
    }
}

fn main() -> basehttp::Result {
    let port = std::env::args().nth(1).map_or(Ok(8000), |port| port.parse()).map_err(|_| "give a port number")?;
    let mut httpd = HTTPServer::builder().shutdown_delay(DELAY).bind(address(port)?, Service)?;
    if let Some(notifier) = Notifier::from_env()? {
        httpd.set_notifier(notifier);
    }
    println!("serving on http://{}/", httpd.server_address());
    let report = httpd.serve_until_terminated(GRACE)?;
    println!("{} requests finished, {} cut off", report.finished, report.cut);
    Ok(())
}
