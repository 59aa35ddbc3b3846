//! nginx as a proxy. It reads each body to its end and passes it on with a length, to an upstream that is in this
//! process.
//!
//! ```text
//! stream --> front socket --> nginx --> back socket --> Upstream, which notes what was asked
//! ```
//!
//! The number of the stream goes in front of it in the PROXY protocol, and comes back in a field of each request. The
//! sockets and everything else are in a folder that goes when this is dropped.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Peer;
use super::folder::Folder;
use crate::reading::{End, Reading, Taken};

/// Streams under way at once. nginx is one thread, and while it waits for the upstream it can read another.
const LANES: usize = 8;

const ADVICE: &str = "install nginx (Debian: nginx-light), or leave it out with --peers";

/// Time for nginx to start, or for its next output about a stream. It needs milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// An nginx that runs.
pub struct Nginx {
    folder: Folder,
    process: Child,
    upstream: Arc<Upstream>,
    serving: Vec<JoinHandle<()>>,
}

impl Nginx {
    /// Starts one, with an upstream for it.
    pub fn start() -> io::Result<Self> {
        let folder = Folder::new("nginx")?;
        let upstream = Arc::new(Upstream::default());
        let listener = UnixListener::bind(folder.join("back"))?;
        let serving = (0..LANES / 2).map(|_| {
            let (upstream, listener) = (Arc::clone(&upstream), listener.try_clone()?);
            Ok(thread::spawn(move || upstream.serve(&listener)))
        });
        let serving = serving.collect::<io::Result<_>>()?;
        let process = spawn(folder.path())?;
        let mut nginx = Self { folder, process, upstream, serving };
        nginx.wait_until_it_listens()?;
        Ok(nginx)
    }

    fn wait_until_it_listens(&mut self) -> io::Result<()> {
        let start = Instant::now();
        // Its only word about being ready is that connecting works.
        while UnixStream::connect(self.folder.join("front")).is_err() {
            if start.elapsed() > PATIENCE || self.process.try_wait()?.is_some() {
                let log = fs::read_to_string(self.folder.join("error.log")).unwrap_or_default();
                return Err(io::Error::other(format!("nginx does not listen: {ADVICE}: {log}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn read_one(&self, number: usize, stream: &[u8]) -> io::Result<Reading> {
        let mut socket = UnixStream::connect(self.folder.join("front"))?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut sent = format!("PROXY TCP4 127.0.0.1 127.0.0.1 {number} 1\r\n").into_bytes();
        sent.extend_from_slice(stream);
        // It may refuse and close before it has everything; what it said is what counts.
        let _ = socket.write_all(&sent);
        let _ = socket.shutdown(Shutdown::Write);
        let mut written = Vec::new();
        match socket.read_to_end(&mut written) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
            _ => {}
        }
        let taken = self.upstream.lock().remove(&number).unwrap_or_default();
        Ok(Reading { end: end_of(&written, &taken), taken })
    }
}

fn spawn(folder: &Path) -> io::Result<Child> {
    let configuration = folder.join("nginx.conf");
    fs::write(&configuration, configuration_for(folder))?;
    // Ends with this program, however that ends. Unlike a script, nginx has no input whose end it would see.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "nginx", "-e"]).arg(folder.join("error.log")).arg("-c").arg(&configuration);
    let process = command.stdin(Stdio::null()).spawn();
    process.map_err(|error| io::Error::other(format!("setpriv (Debian: util-linux), which starts nginx: {error}")))
}

fn configuration_for(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
        master_process off;
        pid {folder}/pid;
        events {{ worker_connections 64; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            # One read takes the whole stream.
            client_header_buffer_size 256k;
            large_client_header_buffers 4 256k;
            client_body_buffer_size 256k;
            client_max_body_size 0;
            keepalive_disable none;
            server {{
                listen unix:{folder}/front proxy_protocol;
                location / {{
                    proxy_pass http://unix:{folder}/back;
                    proxy_http_version 1.0;
                    proxy_pass_request_headers off;
                    proxy_set_header X-Stream $proxy_protocol_port;
                    proxy_set_header X-Request $request;
                    # The client ends its side behind the last byte, and gets all replies.
                    proxy_ignore_client_abort on;
                    proxy_next_upstream off;
                }}
            }}
        }}\n"
    )
}

impl Peer for Nginx {
    fn name(&self) -> &'static str {
        "nginx"
    }

    fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>> {
        let next = AtomicUsize::new(0);
        let readings: Vec<_> = streams.iter().map(|_| Mutex::new(None)).collect();
        thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, SeqCst);
                        let Some(stream) = streams.get(index) else { break };
                        let reading = self.read_one(index + 1, stream);
                        *readings[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
                    }
                });
            }
        });
        let reading = |place: Mutex<Option<_>>| place.into_inner().unwrap_or_else(PoisonError::into_inner);
        readings.into_iter().map(|place| reading(place).expect("every stream was read")).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // If it has ended by itself, there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.upstream.is_over.store(true, SeqCst);
        for thread in self.serving.drain(..) {
            // Each connection wakes one of the threads, perhaps another one. So there are as many as threads.
            let _ = UnixStream::connect(self.folder.join("back"));
            drop(thread);
        }
    }
}

/// Whom nginx passes requests on to.
#[derive(Default)]
struct Upstream {
    taken: Mutex<HashMap<usize, Vec<Taken>>>,
    is_over: AtomicBool,
}

impl Upstream {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Vec<Taken>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, listener: &UnixListener) {
        while let Ok((socket, _)) = listener.accept() {
            if self.is_over.load(SeqCst) {
                break;
            }
            // A message that breaks off here is a request that nginx has not passed on as a whole.
            let _ = self.note(socket);
        }
    }

    /// Notes a request in the form that nginx gives it, and answers.
    fn note(&self, mut socket: UnixStream) -> io::Result<()> {
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut reader = BufReader::new(socket.try_clone()?);
        let (mut number, mut length, mut request) = (0, 0, Vec::new());
        loop {
            let mut line = Vec::new();
            reader.read_until(b'\n', &mut line)?;
            let line = line.trim_ascii_end();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix(b"X-Request: ") {
                request = value.to_vec();
            }
            let text = String::from_utf8_lossy(line);
            if let Some(value) = text.strip_prefix("X-Stream: ") {
                number = value.parse().unwrap_or_default();
            }
            if let Some(value) = text.strip_prefix("Content-Length: ") {
                length = value.parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut words = request.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        self.lock().entry(number).or_default().push(Taken::new(method, target, body));
        socket.write_all(b"HTTP/1.0 200 OK\r\nX-Taken: yes\r\nContent-Length: 0\r\n\r\n")
    }
}

/// The end of the requests, which is an error page of nginx's own, a last reply that says `close`, or nothing.
fn end_of(written: &[u8], taken: &[Taken]) -> End {
    let written = String::from_utf8_lossy(written);
    let replies: Vec<&str> = written.split("HTTP/1.1 ").skip(1).filter(|reply| !reply.starts_with("100 ")).collect();
    match replies.last() {
        // HTTP/0.9 has replies without a head.
        None if taken.is_empty() => End::More,
        None => End::Closed,
        Some(reply) if !reply.contains("\r\nX-Taken: ") => {
            let status = reply.get(..3).and_then(|status| status.parse().ok()).unwrap_or_default();
            End::refused(status, reply.lines().next().unwrap_or_default())
        }
        Some(reply) if reply.contains("\r\nConnection: close\r\n") => End::Closed,
        Some(_) => End::More,
    }
}
