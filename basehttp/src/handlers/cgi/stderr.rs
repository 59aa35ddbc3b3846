//! A script's standard error on its way to the log, line by line and up to a bound.

/// Longest line that is logged whole: 1 KiB. The rest of a longer line is cut off.
const MAX_LINE_BYTES: usize = 1024;

/// Bytes of one run's standard error that are logged: 64 KiB. The rest is read, so that the script goes on, and
/// dropped.
const MAX_LOGGED_BYTES: usize = 64 * 1024;

/// Splits a stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The line that has not ended yet, up to its bound.
    line: Vec<u8>,
    logged: usize,
    /// The log was told that the rest is dropped.
    is_full: bool,
}

impl Lines {
    /// Takes more of the stream, and passes every line that has ended to `log`.
    pub(super) fn push(&mut self, bytes: &[u8], mut log: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = MAX_LINE_BYTES.saturating_sub(self.line.len());
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if piece.len() > text.len() {
                self.end_line(&mut log);
            }
        }
    }

    /// Ends the stream, and passes an unfinished line to `log` as well.
    pub(super) fn finish(&mut self, mut log: impl FnMut(&str)) {
        if !self.line.is_empty() {
            self.end_line(&mut log);
        }
    }

    fn end_line(&mut self, log: &mut impl FnMut(&str)) {
        self.logged += self.line.len() + 1;
        if self.logged <= MAX_LOGGED_BYTES {
            log(String::from_utf8_lossy(self.line.strip_suffix(b"\r").unwrap_or(&self.line)).as_ref());
        } else if !self.is_full {
            self.is_full = true;
            log("(more than 64 KiB of standard error: the rest is not logged)");
        }
        // Every line counts with its line end at least, so no further line fits once the bound is reached.
        self.logged = self.logged.min(MAX_LOGGED_BYTES);
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut logged) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| logged.push(line.to_owned()));
        }
        lines.finish(|line| logged.push(line.to_owned()));
        logged
    }

    #[test]
    fn a_stream_becomes_lines_however_it_is_cut() {
        let table: [(&[&[u8]], &[&str]); 6] = [
            (&[b"one\ntwo\n"], &["one", "two"]),
            (&[b"on", b"e\nt", b"wo"], &["one", "two"]),
            (&[b"one\r\n\r\n"], &["one", ""]),
            (&[b"\n\n"], &["", ""]),
            (&[b"\xff\n"], &["\u{fffd}"]),
            (&[], &[]),
        ];
        for (pieces, expected) in table {
            assert_eq!(lines(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_and_long_streams_end() {
        let long = [vec![b'x'; 5000], b"\nnext\n".to_vec()].concat();
        assert_eq!(lines(&[&long]), [&"x".repeat(MAX_LINE_BYTES), "next"]);
        let endless = vec![b'\n'; 10 * MAX_LOGGED_BYTES];
        let logged = lines(&[&endless]);
        assert_eq!(logged.len(), MAX_LOGGED_BYTES + 1);
        assert!(logged[MAX_LOGGED_BYTES].contains("not logged"));
    }
}
