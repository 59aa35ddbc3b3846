//! Peers that are programs. A script reads one stream a line, in hexadecimal, and answers each with one line.
//!
//! ```text
//! -> 474554202f...
//! <- method target body method target body ... | end status reason
//! ```
//!
//! Every word is hexadecimal, `-` for nothing, except the end, which is `refused`, `more` or `closed`, and the status.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{self, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::Peer;
use crate::reading::{End, Reading, Taken};

/// Time for one answer. A stream takes less than a millisecond, and starting a script less than a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The scripts, in the program itself, so that it runs from any folder.
const NODE_SCRIPT: &str = include_str!("../../peers/node.mjs");
const H11_SCRIPT: &str = include_str!("../../peers/h11.py");

/// A script that runs, and is ended when this is dropped.
pub struct Child {
    name: &'static str,
    process: process::Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

impl Child {
    /// Node's own server, whose parser is llhttp.
    pub fn node() -> io::Result<Self> {
        let mut command = Command::new("node");
        command.args(["--input-type=module", "--eval", NODE_SCRIPT]);
        Self::start("node", command, "install Node.js 20 (Debian: nodejs)")
    }

    /// Python's h11. `PYTHON` names an interpreter that has it.
    pub fn h11() -> io::Result<Self> {
        let mut command = Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
        command.args(["-c", H11_SCRIPT]);
        Self::start("h11", command, "install h11 (pip install h11), and name its interpreter in PYTHON")
    }

    fn start(name: &'static str, mut command: Command, advice: &str) -> io::Result<Self> {
        let failed = |why: String| io::Error::other(format!("{name}: {why}: {advice}, or leave it out with --peers"));
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| failed(error.to_string()))?;
        let input = process.stdin.take().expect("asked for");
        let output = process.stdout.take().expect("asked for");
        let (sender, answers) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            // The dropped sender tells the thread that waits for answers.
            lines.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let child = Self { name, process, input, answers };
        // It says hello once it has what it needs.
        child.next_answer().map_err(|error| failed(error.to_string()))?;
        Ok(child)
    }

    fn next_answer(&self) -> io::Result<String> {
        self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => io::Error::other(format!("{} does not answer", self.name)),
            RecvTimeoutError::Disconnected => io::Error::other(format!("{} has ended", self.name)),
        })
    }
}

impl Peer for Child {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>> {
        let lines: String = streams.iter().map(|stream| hexadecimal(stream) + "\n").collect();
        // The answers are taken off the pipe by the other thread, so that neither side waits for the other.
        self.input.write_all(lines.as_bytes())?;
        self.input.flush()?;
        streams.iter().map(|_| parse(&self.next_answer()?)).collect()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // If it has ended by itself, there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn parse(answer: &str) -> io::Result<Reading> {
    let fault = || io::Error::other(format!("this is no answer: {answer:?}"));
    let (requests, end) = answer.split_once('|').ok_or_else(fault)?;
    let words: Option<Vec<Vec<u8>>> = requests.split_whitespace().map(bytes).collect();
    let words = words.ok_or_else(fault)?;
    let (requests, []) = words.as_chunks::<3>() else { return Err(fault()) };
    let taken = requests.iter().map(|[method, target, body]| Taken::new(&method[..], &target[..], &body[..])).collect();
    let end = match end.split_whitespace().collect::<Vec<_>>()[..] {
        ["more"] => End::More,
        ["closed"] => End::Closed,
        ["refused", status, reason] => {
            let reason = bytes(reason).ok_or_else(fault)?;
            End::refused(status.parse().map_err(|_| fault())?, String::from_utf8_lossy(&reason))
        }
        _ => return Err(fault()),
    };
    Ok(Reading { taken, end })
}

fn hexadecimal(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".into();
    }
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn bytes(word: &str) -> Option<Vec<u8>> {
    if word == "-" {
        return Some(Vec::new());
    }
    let (pairs, []) = word.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let reading = parse("474554 2f - 50 2a 6162 | refused 400 6261 ").expect("an answer");
        assert_eq!(reading.taken, [Taken::new("GET", "/", ""), Taken::new("P", "*", "ab")]);
        assert_eq!(reading.end, End::refused(400, "ba"));
        assert_eq!(parse("|more").expect("an answer").end, End::More);
        for wrong in ["", "more", "47|more", "4 2f -|more", "|refused", "|refused x -", "|gone"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(bytes(&hexadecimal(b"\0\xffa")), Some(b"\0\xffa".to_vec()));
    }
}
