//! Explains from a script's first line why it could not be executed. The system reports "No such file" for a script
//! that exists, if the interpreter that its `#!` line names does not.

use std::fs::File;
use std::io::{self, Read};

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;

use super::script::Script;

/// Bytes of the first line that the system reads: 256 on Linux, and at most as many elsewhere.
const FIRST_LINE_BYTES: u64 = 256;

/// Returns the text of `error`, with its cause.
pub(super) fn explain(script: &Script, error: &io::Error) -> String {
    let begin = begin_of(script).unwrap_or_default();
    match Errno::from_io_error(error).and_then(|errno| reason(&begin, errno)) {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    }
}

fn begin_of(script: &Script) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(&script.directory, &*script.name, flags, Mode::empty())?);
    let mut begin = Vec::new();
    file.take(FIRST_LINE_BYTES).read_to_end(&mut begin)?;
    Ok(begin)
}

/// Returns the reason why a script with this beginning cannot be executed, if it is known.
fn reason(begin: &[u8], errno: Errno) -> Option<String> {
    let Some(line) = begin.strip_prefix(b"#!") else {
        return match errno {
            Errno::NOEXEC if begin.starts_with(b"\xef\xbb\xbf#!") => {
                Some("a byte order mark stands before its #!; save it without one".into())
            }
            Errno::NOEXEC => Some("it does not begin with #! and the path of an interpreter".into()),
            Errno::NOENT if !begin.is_empty() => Some("the loader that this program needs is missing".into()),
            _ => None,
        };
    };
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let interpreter = line.trim_ascii_start().split(|&byte| matches!(byte, b' ' | b'\t')).next().unwrap_or_default();
    let shown = interpreter.escape_ascii();
    match errno {
        Errno::NOENT if interpreter.ends_with(b"\r") => {
            Some(format!("its interpreter is \"{shown}\", with a carriage return; save it with line feeds alone"))
        }
        Errno::NOENT | Errno::NOTDIR => Some(format!("its interpreter \"{shown}\" does not exist")),
        Errno::ACCESS => {
            Some(format!("its interpreter \"{shown}\" is not executable, or its file system is mounted noexec"))
        }
        Errno::NOEXEC if interpreter.is_empty() => Some("its first line names no interpreter".into()),
        Errno::NOEXEC => Some(format!("its interpreter \"{shown}\" cannot run on this system")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_why_a_script_cannot_be_executed() {
        let table: [(&[u8], Errno, Option<&str>); 12] = [
            (b"#!/no/such\nx", Errno::NOENT, Some("its interpreter \"/no/such\" does not exist")),
            (b"#! /no/such -u\n", Errno::NOENT, Some("its interpreter \"/no/such\" does not exist")),
            (b"#!/bin/sh\r\n", Errno::NOENT, Some("its interpreter is \"/bin/sh\\r\", with a carriage return")),
            (b"#!/bin/sh/x", Errno::NOTDIR, Some("its interpreter \"/bin/sh/x\" does not exist")),
            (b"#!/etc/passwd\n", Errno::ACCESS, Some("its interpreter \"/etc/passwd\" is not executable")),
            (b"#!\n", Errno::NOEXEC, Some("names no interpreter")),
            (b"#!/x\n", Errno::NOEXEC, Some("cannot run on this system")),
            (b"echo\n", Errno::NOEXEC, Some("does not begin with #!")),
            (b"\xef\xbb\xbf#!/bin/sh\n", Errno::NOEXEC, Some("a byte order mark")),
            (b"\x7fELF", Errno::NOENT, Some("loader")),
            (b"", Errno::NOENT, None),
            (b"#!/bin/sh\n", Errno::NOMEM, None),
        ];
        for (begin, errno, expected) in table {
            let reason = reason(begin, errno);
            let is_so = match (&reason, expected) {
                (Some(reason), Some(expected)) => reason.contains(expected),
                (reason, expected) => reason.is_none() && expected.is_none(),
            };
            assert!(is_so, "{}, {errno}: {reason:?}", begin.escape_ascii());
        }
    }
}
