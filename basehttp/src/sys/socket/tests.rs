//! Files that the system cannot send by itself, and waits that signals interrupt.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::*;

#[test]
fn a_file_that_the_system_cannot_send_by_itself_is_copied() {
    let path = std::env::temp_dir().join(format!("basehttp-socket-{}", std::process::id()));
    let mut file = File::options().read(true).write(true).create_new(true).open(&path).expect("a temporary file");
    std::fs::remove_file(&path).expect("it was just made");
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[1]).collect();
    file.write_all(&bytes).expect("room for it");
    let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
    // Like a file system without the operation, such a target makes sendfile(2) return EINVAL.
    rustix::fs::fcntl_setfl(&ours, rustix::fs::OFlags::APPEND | rustix::fs::OFlags::NONBLOCK).expect("a socket");
    let refused = rustix::fs::sendfile(&ours, &file, None, 10);
    assert_eq!(refused, Err(rustix::io::Errno::INVAL));
    let (socket, reading) = (
        Socket::raw(ours),
        thread::spawn(move || {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).map(|_| read)
        }),
    );
    let mut sent = 5;
    while sent < bytes.len() as u64 {
        match socket.send_file(&mut file, sent, bytes.len() as u64 - sent) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                socket.wait(Direction::Write, None).expect("it reads");
            }
            Err(error) => panic!("{error}"),
        }
    }
    drop(socket);
    assert!(reading.join().unwrap().expect("it reads to the end") == bytes[5..]);
}

#[test]
fn signals_do_not_prolong_a_wait() {
    const WAIT: Duration = Duration::from_millis(300);
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::default()).expect("a handler that does nothing");
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    ours.set_nonblocking(true).expect("a socket");
    let (tell, told) = channel();
    let waiting = thread::spawn(move || {
        let thread = std::fs::read_link("/proc/thread-self").expect("Linux tells it");
        let id = thread.file_name().and_then(|id| id.to_str()?.parse().ok());
        tell.send(id.and_then(Pid::from_raw).expect("a number")).expect("the test waits for it");
        let socket = Socket::raw(ours);
        let reading = socket.read_waiting(&mut [0], Some(WAIT)).map_err(|error| error.kind());
        let waiting = socket.wait(Direction::Read, Some(WAIT)).map_err(|error| error.kind());
        socket.set_blocking_reads(Some(WAIT)).expect("a socket");
        (reading, waiting, socket.read(&mut [0]).map_err(|error| error.kind()))
    });
    let thread = told.recv().expect("it says who it is");
    let began = Instant::now();
    while !waiting.is_finished() {
        assert!(began.elapsed() < 50 * WAIT, "it waits as long as signals come");
        kill_process(thread, Signal::USR1).expect("a signal");
        thread::sleep(WAIT / 20);
    }
    let (timed_out, nothing) = (Err(io::ErrorKind::TimedOut), Err(io::ErrorKind::WouldBlock));
    assert_eq!(waiting.join().expect("no panic"), (timed_out, timed_out.map(drop), nothing));
    drop(theirs);
}

#[test]
fn a_file_that_the_system_cannot_send_is_copied() {
    let path = "/proc/self/stat";
    let (ours, theirs) = UnixStream::pair().expect("two sockets");
    let refused = rustix::fs::sendfile(&ours, File::open(path).expect("of Linux"), Some(&mut 0), 4);
    assert_eq!(refused, Err(rustix::io::Errno::INVAL), "the test needs a file that sendfile does not take");
    let mut file = File::open(path).expect("of Linux");
    let sent = Socket::raw(ours).send_file(&mut file, 0, 4).expect("all the same");
    let (mut came, mut expected) = (vec![0; 4], std::fs::read(path).expect("of Linux"));
    (&theirs).read_exact(&mut came).expect("four bytes");
    expected.truncate(4);
    assert_eq!((sent, came), (4, expected));
}
