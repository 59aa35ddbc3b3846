//! Ways to serve until a signal comes (feature `signals`). `sys/signals` watches for it.

use std::io;
use std::time::Duration;

use super::HTTPServer;
use crate::sys::{DrainReport, WatchedSignals};

impl HTTPServer {
    /// Serves until the program gets SIGTERM or SIGINT (Ctrl-C), then lets the requests in flight finish for up to
    /// `grace`, and reports the result.
    ///
    /// The end has the order of [`ServerHandle::shutdown`](crate::ServerHandle::shutdown), with the builder's
    /// `shutdown_delay`. A second signal ends the program at once, with the exit status that shells give a program that
    /// was killed by it (143 and 130), and with a line on standard error about the connections that it has cut off.
    /// This holds for the rest of the program as well, without the line.
    ///
    /// Service managers kill a program some time after the signal, systemd after 90 s and Kubernetes after 30 s. Delay
    /// and grace together must be shorter.
    ///
    /// ```no_run
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # use std::time::Duration;
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let report = HTTPServer::bind(("127.0.0.1", 8000), Hello)?.serve_until_terminated(Duration::from_secs(20))?;
    /// println!("{} requests finished, {} cut off", report.finished, report.cut);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`serve_forever`](Self::serve_forever); signals that cannot be watched.
    pub fn serve_until_terminated(&mut self, grace: Duration) -> io::Result<DrainReport> {
        self.end_on_signals(grace, |_| {})?;
        self.serve_until(None)
    }

    /// Makes SIGTERM and SIGINT end the server as [`serve_until_terminated`](Self::serve_until_terminated) does, and
    /// returns at once. A signal that comes before the server serves is not lost.
    ///
    /// `on_signal` is called with the number of the signal, on a thread of its own, before the server begins to end.
    /// The signals are watched until the server is dropped.
    ///
    /// ```no_run
    /// # use basehttp::{Exchange, HTTPServer, http_handler};
    /// # use std::time::Duration;
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let mut httpd = HTTPServer::bind(("127.0.0.1", 8000), Hello)?;
    /// httpd.end_on_signals(Duration::from_secs(20), |signal| eprintln!("got signal {signal}"))?;
    /// println!("serving on http://{}/", httpd.server_address());
    /// httpd.serve_forever()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system's, for a signal or a thread.
    pub fn end_on_signals(&mut self, grace: Duration, on_signal: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
        self.watched_signals = Some(WatchedSignals::watch(self.server_handle(), grace, on_signal)?);
        Ok(())
    }
}
