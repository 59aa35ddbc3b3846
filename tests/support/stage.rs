//! A handler whose requests a test holds and lets go, one by one, and what a test may wait for at its server.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use basehttp::testing::Server;
use basehttp::{Exchange, HTTPServer, HTTPServerBuilder, Result, ServerHandle, Stats, http_handler};

use super::transport::secured;
use super::{Client, PATIENCE};

/// Pause between two looks at the counters. A shorter one would only cost the server its processor.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// Bytes that a handler writes by itself for `/buffered`. They just fit the reply's buffer.
pub(crate) const BUFFERED_BYTES: usize = 60_000;

/// Time that `/nap/NAME?long` takes at least. A handler that takes so long is slow, but rarely replaced.
pub(crate) const NAP: Duration = Duration::from_millis(2);

/// Size of a large body, more than the sockets of both sides take.
pub(crate) const LARGE_BYTES: usize = 10 * 1024 * 1024;

/// Size of a large body that is not shared.
pub(crate) const VEC_BYTES: usize = 12_000_000;

/// The server's side and the test's side of every request that waits.
///
/// `GET /hold/NAME` tells that it is here and waits for `open(NAME)`. Each name is a path of its own, so that what is
/// learnt of one says nothing of the others.
#[derive(Default)]
pub(crate) struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Names of holds, in the order they were entered; a name may come again.
    entered: Vec<String>,
    opened: Vec<String>,
    /// Names of holds with a handler inside, once for each.
    holding: Vec<String>,
    /// Paths of all requests, in the order they were served.
    served: Vec<String>,
}

impl Stage {
    /// Waits until a handler is inside the hold of that name.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &str) {
        let is_there = self.wait_until(|state| state.entered.iter().any(|entered| entered == name));
        assert!(is_there, "no handler came into /hold/{name}");
    }

    /// Returns whether a handler has been in the hold of that name.
    pub(crate) fn was_entered(&self, name: &str) -> bool {
        self.lock().entered.iter().any(|entered| entered == name)
    }

    /// Returns whether a handler is in the hold of that name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.lock().holding.iter().any(|holding| holding == name)
    }

    /// Releases all handlers in the hold of that name, also those that come later.
    pub(crate) fn open(&self, name: &str) {
        self.lock().opened.push(name.to_owned());
        self.changed.notify_all();
    }

    /// Makes the hold of that name hold again, as if no handler had entered it.
    pub(crate) fn close(&self, name: &str) {
        let mut state = self.lock();
        state.entered.retain(|entered| entered != name);
        state.opened.retain(|opened| opened != name);
    }

    /// The paths served so far, in order.
    pub(crate) fn served(&self) -> Vec<String> {
        self.lock().served.clone()
    }

    /// Tells that a handler is here, and waits for `open(NAME)`.
    pub(crate) fn hold(&self, name: &str) {
        let mut state = self.lock();
        state.entered.push(name.to_owned());
        state.holding.push(name.to_owned());
        drop(state);
        self.changed.notify_all();
        // A test that has failed opens nothing any more.
        self.wait_until(|state| state.opened.iter().any(|opened| opened == name));
        let holding = &mut self.lock().holding;
        if let Some(place) = holding.iter().position(|holding| holding == name) {
            holding.swap_remove(place);
        }
    }

    fn wait_until(&self, is_so: impl Fn(&State) -> bool) -> bool {
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| !is_so(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves what the tests of the engine ask for; HTTP/1.1, and no log.
pub(crate) struct Staged(pub Arc<Stage>);

#[http_handler(protocol_version = "HTTP/1.1")]
impl Staged {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.segments()[..] {
            ["hold", name] => {
                self.0.hold(name);
                ex.send_text(200, name)?;
            }
            ["nap", _] => {
                if ex.path.ends_with("?long") {
                    std::thread::sleep(NAP);
                }
                ex.send_text(200, ex.path)?;
            }
            ["panic"] => panic!("as the test wants it"),
            ["bomb"] => std::panic::panic_any(Bomb),
            ["buffered"] => {
                ex.send_response(200).end_headers()?;
                for _ in 0..BUFFERED_BYTES / 1000 {
                    ex.wfile.write_all(&[b'b'; 1000])?;
                }
            }
            ["large"] => ex.send_bytes(200, "text/plain", Arc::clone(&LARGE))?,
            ["vec"] => ex.send_bytes(200, "text/plain", vec![b'v'; VEC_BYTES])?,
            ["streamed"] => {
                ex.send_response(200).end_headers()?;
                LARGE.chunks(10_000).try_for_each(|piece| ex.wfile.write_all(piece))?;
            }
            ["streamed", name] => {
                ex.send_response(200).end_headers()?;
                ex.wfile.write_all(&LARGE)?;
                ex.wfile.flush()?;
                self.0.hold(name);
            }
            ["file"] => ex.send_file(FILE.try_clone()?, ..)?,
            _ => ex.send_text(200, ex.path)?,
        }
        self.0.lock().served.push(ex.path.to_owned());
        Ok(())
    }

    /// Says how long the body was. With `/hold/NAME` it waits after the body.
    fn do_POST(&self, ex: &mut Exchange) -> Result {
        let mut body = Vec::new();
        ex.rfile.read_to_end(&mut body)?;
        if let ["hold", name] = ex.segments()[..] {
            self.0.hold(name);
        }
        self.0.lock().served.push(ex.path.to_owned());
        Ok(ex.send_text(200, body.len().to_string())?)
    }

    /// Is never taken for blocking, however busy the machine is. With `/hold/NAME` it blocks all the same.
    #[pace("inline")]
    fn do_PING(&self, ex: &mut Exchange) -> Result {
        if let ["hold", name] = ex.segments()[..] {
            self.0.hold(name);
            return Ok(ex.send_text(200, name)?);
        }
        Ok(ex.send_text(200, "pong")?)
    }

    fn log_message(&self, _: &Exchange, _: fmt::Arguments) {}
    fn handle_error(&self, _: &basehttp::Address, _: &basehttp::HandlerError) {}
}

/// A panic's payload that panics again when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("and once more");
    }
}

/// A body of [`LARGE_BYTES`].
static LARGE: LazyLock<Arc<[u8]>> = LazyLock::new(|| vec![b'l'; LARGE_BYTES].into());

/// An unnamed file of [`LARGE_BYTES`] zeros.
static FILE: LazyLock<File> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("basehttp-stage-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).expect("a temporary file");
    std::fs::remove_file(&path).expect("it was just made");
    file.set_len(LARGE_BYTES as u64).expect("nothing is written");
    file
});

/// A server of a [`Stage`], and the stage.
pub(crate) fn start(builder: HTTPServerBuilder) -> (Server, Arc<Stage>) {
    let stage = Arc::new(Stage::default());
    let server = Server::start_with(builder, Staged(Arc::clone(&stage))).expect("a free port");
    (server, stage)
}

/// A builder with the defaults, of a server that speaks what the clients do.
pub(crate) fn builder() -> HTTPServerBuilder {
    secured(HTTPServer::builder())
}

/// A builder with one shard, so that every connection has the same leader.
pub(crate) fn one_worker() -> HTTPServerBuilder {
    builder().workers(1)
}

/// A GET of `path`.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// The same of a method that always runs on the leader, whatever is known of it.
pub(crate) fn ping(path: &str) -> String {
    format!("PING {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// A POST to `path` with a body too long to be read before the handler runs. It goes to a thread of the pool.
pub(crate) fn upload(path: &str) -> Vec<u8> {
    let body = vec![b'u'; UPLOAD_BYTES];
    [format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n").as_bytes(), &body].concat()
}

/// Length of the body of [`upload`].
pub(crate) const UPLOAD_BYTES: usize = 100_000;

/// One GET and its reply.
#[track_caller]
pub(crate) fn expect_served(client: &mut Client, path: &str) {
    client.send(get(path));
    assert_eq!(client.read_reply().text(), path.strip_prefix("/hold/").unwrap_or(path));
}

/// The same for each of them.
#[track_caller]
pub(crate) fn expect_all_served(clients: &mut [Client], path: &str) {
    for client in clients {
        expect_served(client, path);
    }
}

/// Sends one PING, whose method always runs on the leader, and reads its reply.
#[track_caller]
pub(crate) fn expect_ping(client: &mut Client) {
    client.send(ping("/"));
    assert_eq!(client.read_reply().text(), "pong");
}

/// Waits until the server's counters say so.
#[track_caller]
pub(crate) fn wait_until(handle: &ServerHandle, what: &str, is_so: impl Fn(&Stats) -> bool) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let stats = handle.stats();
        if is_so(&stats) {
            return;
        }
        assert!(Instant::now() < give_up, "{what}: {stats:?}");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}
