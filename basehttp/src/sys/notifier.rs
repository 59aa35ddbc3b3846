//! Messages to the service manager that has started the program (`sd_notify`). The monitor sends most of them.

use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;
use std::{env, fmt, io};

use rustix::time::{ClockId, clock_gettime};

/// The service manager that has started the program, systemd or another one with `NOTIFY_SOCKET`.
///
/// A server that has one ([`HTTPServer::set_notifier`](crate::HTTPServer::set_notifier)) says `READY=1` when it serves,
/// and `STOPPING=1` when it is asked to end. With `WatchdogSec=` in the service's unit it says `WATCHDOG=1` twice in
/// that time, as long as the thread that accepts connections goes on. The methods are for what only the program knows.
///
/// ```
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// use basehttp::systemd::Notifier;
///
/// let mut httpd = HTTPServer::bind(("127.0.0.1", 0), Hello)?;
/// // `None` where no service manager has started the program.
/// if let Some(notifier) = Notifier::from_env()? {
///     notifier.status("warming up")?;
///     httpd.set_notifier(notifier);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Notifier {
    shared: Arc<Manager>,
}

struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
    /// Time between two signs of life that the manager wants.
    watchdog: Option<Duration>,
}

/// The shortest time between two signs of life: 1 ms. A manager that wants more of them gets none in time.
const LEAST_INTERVAL: Duration = Duration::from_millis(1);

impl Notifier {
    /// Returns the service manager that `NOTIFY_SOCKET` names; `None` if the variable is not set.
    ///
    /// # Errors
    /// The variable has a value that is not the address of a Unix socket, or no socket can be made.
    pub fn from_env() -> io::Result<Option<Self>> {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Ok(None) };
        let name = name.to_str().ok_or_else(|| invalid("NOTIFY_SOCKET is not a path in UTF-8"))?;
        let variable = |name| env::var(name).ok();
        let watchdog = watchdog(variable("WATCHDOG_USEC"), variable("WATCHDOG_PID"), std::process::id());
        Notifier::to(address(name)?, watchdog).map(Some)
    }

    /// Makes a notifier of a manager that wants a sign of life in each such time.
    pub(crate) fn to(address: SocketAddr, watchdog: Option<Duration>) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // A manager that does not read must not stop the server.
        socket.set_nonblocking(true)?;
        Ok(Notifier { shared: Arc::new(Manager { socket, address, watchdog }) })
    }

    /// Says `STATUS=`, one line for people who look at the service.
    pub fn status(&self, text: &str) -> io::Result<()> {
        self.send(&format!("STATUS={}", text.replace('\n', " ")))
    }

    /// Says `RELOADING=1`, when the program begins to read its configuration anew. Say [`ready`](Self::ready) when it
    /// is done.
    ///
    /// The message has the time, as services with `Type=notify-reload` must send it.
    pub fn reloading(&self) -> io::Result<()> {
        let now = clock_gettime(ClockId::Monotonic);
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1000))
    }

    /// Says `READY=1`. The server says it by itself when it begins to serve.
    pub fn ready(&self) -> io::Result<()> {
        self.send("READY=1")
    }

    /// Sends any message, with `\n` between two assignments.
    pub fn send(&self, message: &str) -> io::Result<()> {
        let Manager { socket, address, .. } = &*self.shared;
        loop {
            match socket.send_to_addr(message.as_bytes(), address) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => return sent.map(drop),
            }
        }
    }

    /// Returns half of the time after which the manager takes the program for dead, if it watches it.
    pub(crate) fn watchdog_interval(&self) -> Option<Duration> {
        self.shared.watchdog.map(|interval| (interval / 2).max(LEAST_INTERVAL))
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manager { address, watchdog, .. } = &*self.shared;
        f.debug_struct("Notifier").field("address", address).field("watchdog", watchdog).finish_non_exhaustive()
    }
}

/// Reads a path, or with a leading `@` one of Linux's names without files.
fn address(name: &str) -> io::Result<SocketAddr> {
    match name.strip_prefix('@') {
        Some(name) => abstract_address(name),
        None if name.starts_with('/') => SocketAddr::from_pathname(name),
        None => Err(invalid("NOTIFY_SOCKET does not begin with / or @")),
    }
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &str) -> io::Result<SocketAddr> {
    <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &str) -> io::Result<SocketAddr> {
    Err(invalid("NOTIFY_SOCKET begins with @, which only Linux has"))
}

/// Reads the time that the manager waits for a sign of life. It may be meant for another process, the one that has
/// started this one.
fn watchdog(microseconds: Option<String>, process: Option<String>, own: u32) -> Option<Duration> {
    let is_meant = process.is_none_or(|process| process.parse() == Ok(own));
    let microseconds = microseconds?.parse().ok().filter(|microseconds| *microseconds > 0)?;
    is_meant.then(|| Duration::from_micros(microseconds))
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_is_minded_if_it_is_meant_for_this_process() {
        let table: [(Option<&str>, Option<&str>, Option<Duration>); 8] = [
            (None, None, None),
            (None, Some("7"), None),
            (Some("3000000"), None, Some(Duration::from_secs(3))),
            (Some("3000000"), Some("7"), Some(Duration::from_secs(3))),
            (Some("3000000"), Some("8"), None),
            (Some("3000000"), Some("seven"), None),
            (Some("0"), None, None),
            (Some("soon"), None, None),
        ];
        for (microseconds, process, expected) in table {
            let found = watchdog(microseconds.map(str::to_owned), process.map(str::to_owned), 7);
            assert_eq!(found, expected, "{microseconds:?} {process:?}");
        }
    }

    #[test]
    fn a_notify_socket_is_a_path_or_a_name() {
        assert_eq!(address("/run/notify").expect("a path").as_pathname(), Some("/run/notify".as_ref()));
        for wrong in ["run/notify", "vsock:2:1", "/with\0nul"] {
            assert_eq!(address(wrong).expect_err(wrong).kind(), io::ErrorKind::InvalidInput, "{wrong}");
        }
        #[cfg(target_os = "linux")]
        assert!(address("@notify").expect("a name").as_pathname().is_none());
    }
}
