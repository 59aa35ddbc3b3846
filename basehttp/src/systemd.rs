//! A server as a service of systemd, or of another manager that knows its protocols.
//!
//! * [`Notifier`] tells the manager when the server is ready, alive and ending (`sd_notify`).
//! * Sockets that the manager has opened (`LISTEN_FDS`) come in by the crate
//!   [`listenfd`](https://docs.rs/listenfd). A server takes them in the place of an address:
//!   `HTTPServer::bind(listenfd::ListenFd::from_env().take_tcp_listener(0)?.ok_or("no socket")?, handler)`.
//!   While the program restarts, clients wait in the queue of such a socket and none is refused.

pub use crate::sys::Notifier;
