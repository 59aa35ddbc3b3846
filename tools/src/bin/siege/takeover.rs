//! A server ends while another one takes over its port, and clients must not notice.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::{fs, thread};

use basehttp_tools::content;
use basehttp_tools::honest::{Action, Client, Probe, Record, StopOnDrop};
use basehttp_tools::request::{Persistence, Request};
use basehttp_tools::server::Setting;
use basehttp_tools::server_process::ServerProcess;
use basehttp_tools::verdict::Verdict;

/// Interval at which each honest client asks (10 ms), so that a request is in flight at any time.
const INTERVAL: Duration = Duration::from_millis(10);

/// Time for which one server has the port alone.
const TIME_ALONE: Duration = Duration::from_secs(2);

/// Bytes that the slow reader has read when the first server is told to end, and its pause then. The pause is shorter
/// than the 5 s that requests have.
const READ_BEFORE: usize = 100_000;
const PAUSE: Duration = Duration::from_secs(3);

/// New connections that may be reset: one for each client that connects. Where two servers share a port, the system
/// resets a client that comes between the last accept of a server and its close. It gives the client to the other
/// server only if [`MIGRATES`] says so.
const MOST_RESETS: u64 = 3;
const MIGRATES: &str = "/proc/sys/net/ipv4/tcp_migrate_req";

/// Lets a second server take over from the first, and checks the clients' results.
pub(crate) fn take_over(verdict: &mut Verdict) -> io::Result<()> {
    let settings: [Setting; 2] = [("reuse_port", 1), ("port", free_port()?.into())];
    println!("-- a server and its successor on the same port");
    let first = ServerProcess::start(&settings)?;
    let addresses = first.addresses.clone();
    let (is_over, kept, fresh) = (AtomicBool::new(false), Mutex::default(), Mutex::default());
    let actions = [
        (Action::Request(Request::page, Persistence::Fresh), &fresh),
        (Action::Request(Request::upload, Persistence::Fresh), &fresh),
        (Action::Request(Request::file, Persistence::Fresh), &fresh),
        (Action::Custom(page), &kept),
        (Action::Custom(file), &kept),
    ];
    let (successor, status, read) = thread::scope(|scope| -> io::Result<_> {
        for (action, record) in actions {
            let probe = Probe { name: "a client", action, interval: INTERVAL, timeout: Duration::from_secs(10) };
            let (addresses, is_over) = (&addresses, &is_over);
            scope.spawn(move || probe.run(addresses, is_over, record));
        }
        let over = StopOnDrop(&is_over);
        thread::sleep(TIME_ALONE);
        let mut reader = Client::new(addresses[0], Duration::from_secs(30));
        reader.send(b"GET /big HTTP/1.0\r\n\r\n")?;
        let mut read = reader.read_exactly(READ_BEFORE)?;
        let successor = ServerProcess::start(&settings)?;
        let reading = scope.spawn(move || -> io::Result<Vec<u8>> {
            thread::sleep(PAUSE);
            read.extend(reader.read_to_end()?);
            Ok(read)
        });
        let status = first.end()?;
        thread::sleep(TIME_ALONE);
        drop(over);
        Ok((successor, status, reading.join().expect("the reader does not panic")))
    })?;
    verdict.check(status.success(), &format!("the first server ends in order: {status}"));
    let big = content::bytes(88, content::BIG_BYTES);
    let is_whole = read.as_ref().is_ok_and(|read| read.ends_with(&big));
    let text = read.map(|read| format!("{} bytes", read.len()));
    verdict.check(is_whole, &format!("a slow reader gets all of its reply from the first server: {text:?}"));
    let migrates = fs::read_to_string(MIGRATES).is_ok_and(|value| value.trim() == "1");
    for (who, record) in [("new", fresh), ("kept", kept)] {
        let Record { latencies, failed, failures, .. } = Record::take(&record);
        let are_resets = failures.iter().all(|failure| failure.contains("Connection reset"));
        let excused = if who == "new" && are_resets && !migrates { MOST_RESETS } else { 0 };
        let what = format!(
            "{who} connections are served by either: {} were, {failed} not ({excused} may be reset): {failures:?}",
            latencies.len()
        );
        verdict.check(failed <= excused && !latencies.is_empty(), &what);
    }
    let served = successor.counters()?["requests"];
    verdict.check(served > 0, &format!("the successor serves: {served} requests"));
    let status = successor.end()?;
    verdict.check(status.success(), &format!("the successor ends in order: {status}"));
    Ok(())
}

/// Returns a port that is free on the first address.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Sends a request on a persistent connection, and once more if the connection fails. The server may close it just when
/// it is used again (RFC 9112, section 9.3.1).
fn again(client: &mut Client, request: &Request) -> io::Result<()> {
    client.run(request).or_else(|error| match error.kind() {
        ErrorKind::InvalidData | ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(error),
        _ => client.run(request),
    })
}

fn page(client: &mut Client, number: u64) -> io::Result<()> {
    again(client, &Request::page(number, Persistence::Kept))
}

fn file(client: &mut Client, number: u64) -> io::Result<()> {
    again(client, &Request::file(number, Persistence::Kept))
}
