//! Parts of a file, sent by sendfile(2) or copied.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

#[cfg(target_os = "linux")]
use super::super::sigpipe;
use super::raw::{RawSocket, retried};

/// Bytes of one sendfile(2): 1 MiB, so that a fast reader does not keep the others waiting.
#[cfg(target_os = "linux")]
const MAX_SENDFILE_BYTES: u64 = 1024 * 1024;

/// Bytes of a file that are copied at once: 64 KiB.
const MAX_COPIED_BYTES: u64 = 64 * 1024;

/// Sends by sendfile(2). Copies from a file system that cannot do that, and copies every file while SIGPIPE could end
/// the process.
#[cfg(target_os = "linux")]
pub(super) fn send_file(socket: &RawSocket, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    use rustix::io::Errno;
    #[cfg(any(test, fuzzing))]
    if matches!(socket, RawSocket::Memory(_)) {
        return send_copy(socket, file, offset, count);
    }
    if sigpipe::is_deadly() {
        return send_copy(socket, file, offset, count);
    }
    let (mut position, most) = (offset, usize::try_from(count.min(MAX_SENDFILE_BYTES)).unwrap_or(usize::MAX));
    match rustix::io::retry_on_intr(|| rustix::fs::sendfile(socket, &*file, Some(&mut position), most)) {
        Ok(sent) => Ok(sent as u64),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => send_copy(socket, file, offset, count),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn send_file(socket: &RawSocket, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    send_copy(socket, file, offset, count)
}

/// Copies one buffer of a file to a socket.
fn send_copy(socket: &RawSocket, file: &mut File, offset: u64, count: u64) -> io::Result<u64> {
    let part = read_part(file, offset, count)?;
    Ok(retried(|| socket.send(&part))? as u64)
}

/// Reads one buffer of a file. Bytes that the stream does not take are read again at the next call.
pub(super) fn read_part(file: &mut File, offset: u64, count: u64) -> io::Result<Vec<u8>> {
    let count = count.min(MAX_COPIED_BYTES);
    let mut part = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    file.seek(SeekFrom::Start(offset))?;
    file.take(count).read_to_end(&mut part)?;
    Ok(part)
}
