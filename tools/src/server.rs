//! The server under siege. It is this program again, started with [`ARGUMENT`]. Its handler has one path of each kind,
//! its log goes to standard error, and it ends when its standard input does, so that it never outlives its parent.

use std::ffi::OsString;
use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use basehttp::{
    CGIHTTPRequestHandler, Exchange, HTTPServer, HTTPServerBuilder, Result, SimpleHTTPRequestHandler, http_handler,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{content, stalling, transport};

/// The hidden argument that makes this program the server. [`Setting`]s follow, each as `name=value`.
pub const ARGUMENT: &str = "--serve";

/// The start of the line that the child prints once it listens. Its addresses follow.
pub const LISTENING: &str = "listening on";

/// An option of the builder, with times in milliseconds. There are three more. `descriptors` is the limit of the
/// process, `port` is used for all addresses, and `stalling` adds files on a stalling file system.
pub type Setting = (&'static str, u64);

/// Number of loopback addresses to listen on. Each gives a client 28,000 more ports.
const ADDRESSES: u8 = 4;

/// A script that echoes its input.
const CAT: &str = "#!/bin/sh\necho 'Content-Type: application/octet-stream'\necho\nexec cat\n";

/// Time that a blocking handler blocks.
const BLOCKING_TIME: Duration = Duration::from_millis(10);

struct TestHandler {
    files: SimpleHTTPRequestHandler,
    programs: CGIHTTPRequestHandler,
    /// Files on the stalling file system, if it is mounted.
    stalling: Option<SimpleHTTPRequestHandler>,
    big: Arc<[u8]>,
    stream: Vec<u8>,
}

#[http_handler(server_version = "Siege/1.0", protocol_version = "HTTP/1.1")]
impl TestHandler {
    fn do_GET(&self, ex: &mut Exchange) -> Result {
        match ex.segments()[..] {
            ["page"] => ex.send_text(200, content::PAGE)?,
            // All names do the same. Nothing learnt of one spelling helps with the next.
            ["sleep", ..] => {
                thread::sleep(BLOCKING_TIME);
                ex.send_text(200, content::RESTED)?;
            }
            ["doze", milliseconds] => {
                thread::sleep(Duration::from_millis(milliseconds.parse()?));
                ex.send_text(200, content::RESTED)?;
            }
            ["big"] => ex.send_bytes(200, "application/octet-stream", Arc::clone(&self.big))?,
            ["own"] => ex.send_bytes(200, "application/octet-stream", vec![b'o'; content::OWN_BYTES])?,
            ["stream"] => stream(ex, &self.stream, 1)?,
            ["endless"] => stream(ex, &self.stream, content::ENDLESS_BYTES / content::STREAM_BYTES)?,
            ["stats"] => ex.send_text(200, stats(ex))?,
            ["ticks"] => tick(ex)?,
            ["cgi-bin", ..] => self.programs.do_GET(ex)?,
            ["stalling", _] => self.stalling.as_ref().unwrap_or(&self.files).do_GET(ex)?,
            ["hijack"] => return echo_in_capitals(ex),
            _ => self.files.do_GET(ex)?,
        }
        Ok(())
    }

    fn do_POST(&self, ex: &mut Exchange) -> Result {
        match ex.segments()[..] {
            ["upload"] => {
                let (mut checksum, mut buffer) = (content::Checksum::default(), [0; 16 * 1024]);
                loop {
                    match ex.rfile.read(&mut buffer)? {
                        0 => break,
                        count => checksum.add(&buffer[..count]),
                    }
                }
                ex.send_text(200, checksum.receipt())?;
            }
            ["cgi-bin", ..] => self.programs.do_POST(ex)?,
            // The server has to drain the body.
            ["ignore"] => ex.send_text(200, content::PAGE)?,
            _ => ex.send_error(404)?,
        }
        Ok(())
    }
}

/// Sends a body of unknown length.
fn stream(ex: &mut Exchange, part: &[u8], times: usize) -> Result {
    ex.send_response(200).send_header("Content-Type", "application/octet-stream").end_headers()?;
    for _ in 0..times {
        part.chunks(16 * 1024).try_for_each(|piece| ex.wfile.write_all(piece))?;
    }
    Ok(())
}

/// Sends an event every 20 ms while the client is there, for up to 60 s.
fn tick(ex: &mut Exchange) -> Result {
    ex.send_response(200).send_header("Content-Type", "text/event-stream").end_headers()?;
    for _ in 0..3000 {
        ex.wfile.write_all(b"data: tick\n\n")?;
        ex.wfile.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Hijacks the connection, and echoes the input in capitals.
fn echo_in_capitals(ex: &mut Exchange) -> Result {
    ex.send_response(101).send_header("Upgrade", "shout").send_header("Connection", "Upgrade").end_headers()?;
    let mut line = ex.hijack()?;
    line.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut heard = [0; 64];
    loop {
        match line.read(&mut heard)? {
            0 => return Ok(()),
            count => line.write_all(&heard[..count].to_ascii_uppercase())?,
        }
    }
}

/// Every counter, one per line.
fn stats(ex: &Exchange) -> String {
    let stats = ex.server.stats();
    let errors = stats.errors;
    [
        ("connections", stats.connections),
        ("hijacked", stats.hijacked),
        ("threads", stats.threads),
        ("requests", stats.requests),
        ("pooled", stats.pooled),
        ("busy", stats.busy),
        ("rescues", stats.rescues),
        ("accepted", stats.accepted),
        ("accept_pauses", stats.accept_pauses),
        ("bad_heads", errors.bad_heads),
        ("bad_bodies", errors.bad_bodies),
        ("slow_heads", errors.slow_heads),
        ("slow_bodies", errors.slow_bodies),
        ("slow_readers", errors.slow_readers),
        ("idle", errors.idle),
        ("clients_gone", errors.clients_gone),
        ("handler_errors", errors.handler_errors),
        ("panics", errors.panics),
        ("resource_limit", errors.resource_limit),
        ("tls", errors.tls),
    ]
    .map(|(name, count)| format!("{name} {count}\n"))
    .concat()
}

/// Serves until standard input ends. `settings` are the arguments after [`ARGUMENT`].
pub fn serve(settings: impl Iterator<Item = String>) -> io::Result<()> {
    let mut builder = HTTPServer::builder();
    let mut port = 0;
    for setting in settings {
        let (name, value) = setting.split_once('=').ok_or_else(|| unknown(&setting))?;
        let value: u64 = value.parse().map_err(|_| unknown(&setting))?;
        if name == "port" {
            port = u16::try_from(value).map_err(|_| unknown(&setting))?;
            continue;
        }
        builder = set(builder, name, value)?.ok_or_else(|| unknown(&setting))?;
    }
    builder = transport::secured(builder)?;
    let folder = Folder::new()?;
    let files = SimpleHTTPRequestHandler::new(&folder.0)?;
    let programs = CGIHTTPRequestHandler::new(SimpleHTTPRequestHandler::new(&folder.0)?);
    let stalling = env::var_os(stalling::VARIABLE).map(stalling_files).transpose()?;
    let big = content::bytes(88, content::BIG_BYTES).into();
    for number in 2..=ADDRESSES {
        builder = builder.also_listen(SocketAddr::from(([127, 0, 0, number], port)));
    }
    let mut httpd =
        builder.bind(("127.0.0.1", port), TestHandler { files, programs, stalling, big, stream: content::stream() })?;
    let addresses: Vec<String> = httpd.server_addresses().iter().map(ToString::to_string).collect();
    println!("{LISTENING} {}", addresses.join(" "));
    let handle = httpd.server_handle();
    thread::spawn(move || {
        // An error ends the input, too.
        let _ = io::stdin().lock().read_until(0, &mut Vec::new());
        handle.shutdown();
    });
    httpd.serve_forever()
}

/// The files of that directory, below `/stalling`.
fn stalling_files(folder: OsString) -> io::Result<SimpleHTTPRequestHandler> {
    SimpleHTTPRequestHandler::builder()
        .directory(folder)
        .translate_path(|path| SimpleHTTPRequestHandler::translate_path(path.strip_prefix("/stalling")?))
        .build()
}

/// Applies a setting. Returns `None` if its name is unknown.
fn set(builder: HTTPServerBuilder, name: &str, value: u64) -> io::Result<Option<HTTPServerBuilder>> {
    let count = usize::try_from(value).unwrap_or(usize::MAX);
    let time = Duration::from_millis(value);
    Ok(Some(match name {
        "head_timeout" => builder.head_timeout(time),
        "body_stall_timeout" => builder.body_stall_timeout(time),
        "write_stall_timeout" => builder.write_stall_timeout(time),
        "idle_timeout" => builder.idle_timeout(time),
        "min_body_bytes_per_second" => builder.min_body_bytes_per_second(value),
        "workers" => builder.workers(count),
        "max_threads" => builder.max_threads(count),
        "max_queued" => builder.max_queued(count),
        "max_connections" => builder.max_connections(count),
        "reuse_port" => builder.allow_reuse_port(value > 0),
        // The parent process mounts it.
        "stalling" => builder,
        "descriptors" => {
            let limit = getrlimit(Resource::Nofile);
            setrlimit(Resource::Nofile, Rlimit { current: Some(value), ..limit })?;
            builder
        }
        _ => return Ok(None),
    }))
}

fn unknown(setting: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("no setting: {setting}"))
}

/// The served directory. It is removed with the server.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let folder = Folder(env::temp_dir().join(format!("basehttp-siege-{}", process::id())));
        fs::create_dir(&folder.0)?;
        content::FILES.iter().try_for_each(|(name, _)| fs::write(folder.0.join(name), content::file(name)))?;
        let program = folder.0.join("cgi-bin/cat");
        fs::create_dir(folder.0.join("cgi-bin"))?;
        fs::write(&program, CAT)?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears its temporary files by itself.
        let _ = fs::remove_dir_all(&self.0);
    }
}
