//! The server's end of the connection, as a stream or as a socket of the system.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use rustix::event::PollFlags;

use super::client::Play;
use crate::conn::Ready;
use crate::sys::{MemorySocket, lock};

/// A stream, which blocks by itself while a handler runs.
pub(super) struct PlayedStream(pub Arc<Mutex<Play>>);

impl Read for PlayedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(buffer.len(), Ready { readable: true, ..Ready::default() })?;
        loop {
            match play.read(&mut buffer[..most]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if !play.is_waited_for() {
                return Err(if play.in_handler { ErrorKind::TimedOut } else { ErrorKind::WouldBlock }.into());
            }
        }
    }
}

impl Write for PlayedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(bytes.len(), Ready { writable: true, ..Ready::default() })?;
        loop {
            match play.write(&bytes[..most]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return written,
            }
            if !play.is_waited_for() {
                return Err(if play.in_handler { ErrorKind::TimedOut } else { ErrorKind::WouldBlock }.into());
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket, for which the server waits by its events.
pub(super) struct PlayedSocket(pub Arc<Mutex<Play>>);

impl MemorySocket for PlayedSocket {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(buffer.len(), Ready { readable: true, ..Ready::default() })?;
        let count = play.read(&mut buffer[..most])?;
        if count < buffer.len() {
            // A short read says that no more is there. So the rest has just come.
            play.tell_of_the_rest();
        }
        Ok(count)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut play = lock(&self.0);
        let most = play.most(bytes.len(), Ready { writable: true, ..Ready::default() })?;
        play.write(&bytes[..most])
    }

    fn wait(&self, flags: PollFlags) -> PollFlags {
        let mut play = lock(&self.0);
        assert!(play.in_handler, "a leader waits for nothing");
        loop {
            let mut events = PollFlags::empty();
            events.set(PollFlags::IN, play.can_be_read());
            events.set(PollFlags::OUT, play.can_be_written());
            if events.intersects(flags) || !play.is_waited_for() {
                return events & flags;
            }
        }
    }

    fn shutdown(&self, how: Shutdown) {
        lock(&self.0).is_shut |= how != Shutdown::Read;
    }

    fn reset_on_close(&self) {
        lock(&self.0).is_aborted = true;
    }
}
