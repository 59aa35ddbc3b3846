//! Makes a stream shorter while what is wrong with it stays.

use std::io;

/// Questions that may be asked for one stream. For each, a peer reads a stream.
const MOST_QUESTIONS: usize = 600;

/// Leaves out pieces, first large and then small ones, while `still` says that the difference is there.
pub fn minimise(stream: &[u8], mut still: impl FnMut(&[u8]) -> io::Result<bool>) -> io::Result<Vec<u8>> {
    let mut best = stream.to_vec();
    let mut questions = 0;
    let mut piece = best.len() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < best.len() && questions < MOST_QUESTIONS {
            let end = (at + piece).min(best.len());
            let shorter = [&best[..at], &best[end..]].concat();
            questions += 1;
            if still(&shorter)? {
                best = shorter;
            } else {
                at = end;
            }
        }
        piece /= 2;
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_goes() {
        let still = |bytes: &[u8]| Ok(bytes.windows(2).any(|pair| pair == b"xy"));
        assert_eq!(minimise(b"abcdefxyghijk", still).expect("no peer"), b"xy");
        assert_eq!(minimise(b"xy", still).expect("no peer"), b"xy");
    }
}
