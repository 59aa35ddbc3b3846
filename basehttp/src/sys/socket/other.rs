//! Calls of a stream that is not a socket, such as memory or a pipe.

use std::fs::File;
use std::io::{self, Write};

use super::file::read_part;
use super::raw::retried;

/// Gives a stream's timeout one name. Systems have two.
pub(super) fn with_one_name(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::TimedOut { io::ErrorKind::WouldBlock.into() } else { error }
}

/// Copies one buffer of a file to any stream.
pub(super) fn copy_part(stream: &mut impl Write, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(write_through(stream, &part)? as u64)
}

/// Writes as many bytes as the stream takes, and flushes it. Each step is repeated by itself when a signal interrupts
/// it. Bytes that the stream has taken must not be written again because the flush after them was interrupted.
pub(super) fn write_through(stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let count = retried(|| stream.write(bytes)).map_err(with_one_name)?;
    retried(|| stream.flush()).map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error))?;
    Ok(count)
}
