//! basehttp once more, as a server. The event loop over a Unix socket must read a stream like a connection over memory,
//! so no rule may name this peer.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use basehttp::{HTTPServer, ServerHandle};

use super::Peer;
use super::folder::Folder;
use super::witness::{Bodies, Seen, Witness};
use crate::reading::{End, Reading, Taken};

/// Time for the next output of the server, which needs less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs until this is dropped.
pub struct Engine {
    folder: Folder,
    witness: Witness,
    handle: ServerHandle,
    serving: Option<JoinHandle<io::Result<()>>>,
}

impl Engine {
    /// Starts one.
    pub fn start() -> io::Result<Self> {
        let folder = Folder::new("engine")?;
        let witness = Witness::new(Bodies::Read);
        let mut httpd = HTTPServer::builder().bind(folder.join("socket").as_path(), witness.clone())?;
        let handle = httpd.server_handle();
        let serving = Some(thread::spawn(move || httpd.serve_forever()));
        Ok(Self { folder, witness, handle, serving })
    }

    /// One stream at a time, so that what the witness sees is of this one.
    fn read_one(&self, stream: &[u8]) -> io::Result<Reading> {
        let mut socket = UnixStream::connect(self.folder.join("socket"))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        // It may refuse and close before it has everything; what it said is what counts.
        let _ = socket.write_all(stream);
        let _ = socket.shutdown(Shutdown::Write);
        let mut written = Vec::new();
        match socket.read_to_end(&mut written) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
            _ => {}
        }
        let Seen { taken, end, is_old, .. } = self.witness.take_seen();
        let has_closed = has_closed(&written, taken.last(), is_old);
        let end = end.unwrap_or(if has_closed { End::Closed } else { End::More });
        Ok(Reading { taken, end })
    }
}

impl Peer for Engine {
    fn name(&self) -> &'static str {
        "engine"
    }

    fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>> {
        streams.iter().map(|stream| self.read_one(stream)).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.handle.shutdown();
        // Its errors would have shown as a peer that does not answer.
        let _ = self.serving.take().map(JoinHandle::join);
    }
}

/// Returns whether the last reply was the last one of the connection, and not only of the requests.
fn has_closed(written: &[u8], last: Option<&Taken>, is_old: bool) -> bool {
    let written = String::from_utf8_lossy(written);
    let Some((_, reply)) = written.rsplit_once("HTTP/1.") else { return false };
    let says = |option: &str| reply.to_ascii_lowercase().contains(&format!("\r\nconnection: {option}\r\n"));
    // An HTTP/1.0 client is told when the connection is kept, an HTTP/1.1 client when it is not. A tunnel without a
    // handler ends.
    says("close") || (is_old && !says("keep-alive")) || last.is_some_and(|last| last.method == b"CONNECT")
}
