//! A server that serves on a thread of its own.

use std::io;
use std::thread::{self, JoinHandle};

use super::HTTPServer;
use crate::sys::ServerHandle;

/// A server that serves on a thread of its own until this value is dropped: [`HTTPServer::serve_in_background`].
///
/// The drop shuts it down ([`ServerHandle::shutdown`]) and waits for its end, except in a handler or a hook of the same
/// server.
///
/// ```
/// # use basehttp::{Exchange, HTTPServer, http_handler};
/// # struct Hello;
/// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
/// let serving = HTTPServer::bind(("127.0.0.1", 0), Hello)?.serve_in_background()?;
/// println!("serving on http://{}/", serving.server_handle().server_address());
/// // … the rest of the program …
/// serving.stop()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "the server ends when this is dropped"]
pub struct BackgroundServer {
    handle: ServerHandle,
    serving: Option<JoinHandle<io::Result<HTTPServer>>>,
}

impl HTTPServer {
    /// Serves on a thread of its own, and returns at once. Clients can connect from then on, also to a server that was
    /// stopped before.
    ///
    /// # Errors
    /// Those of [`serve_forever`](Self::serve_forever), such as an address that another server has bound after a stop;
    /// the system gives no thread. Then the server is dropped. A system that gives no threads to serve with is an error
    /// of [`BackgroundServer::stop`].
    pub fn serve_in_background(mut self) -> io::Result<BackgroundServer> {
        let handle = self.server_handle();
        let begun = self.begin_loop()?;
        let serve = move || begun.run(None).map(|_| self);
        let serving = thread::Builder::new().name("basehttp-serve".into()).spawn(serve)?;
        Ok(BackgroundServer { handle, serving: Some(serving) })
    }
}

impl BackgroundServer {
    /// Returns a handle to the server: names, statistics, and `shutdown` or `drain`.
    pub fn server_handle(&self) -> &ServerHandle {
        &self.handle
    }

    /// Shuts the server down ([`ServerHandle::shutdown`]), and returns it with its sockets closed. It can serve again.
    ///
    /// # Errors
    /// The system gives no threads to serve with.
    ///
    /// # Panics
    /// If the serving thread did.
    pub fn stop(self) -> io::Result<HTTPServer> {
        self.handle.shutdown();
        let handle = self.handle.clone();
        let stopped = self.join();
        // The loop may have ended before it was asked to.
        handle.forget_wish();
        stopped
    }

    /// Waits until a handler, a signal or another thread has ended the server, and returns it.
    ///
    /// # Errors
    /// The system gives no threads to serve with.
    ///
    /// # Panics
    /// If the serving thread did.
    pub fn join(mut self) -> io::Result<HTTPServer> {
        let serving = self.serving.take().expect("`join` takes the value, so that it has not been joined");
        serving.join().expect("the serving thread does not panic")
    }
}

impl Drop for BackgroundServer {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            self.handle.shutdown();
            // The server's own handler would wait for itself. The thread then ends after it.
            if !self.handle.is_served_by_this_thread() {
                // Its end is all that matters here; `stop` tells more.
                let _ = serving.join();
            }
        }
    }
}
