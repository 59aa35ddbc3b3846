//! A run takes every stream to every parser, and every difference to the rules.

use std::io;
use std::thread;

use crate::arguments::Arguments;
use crate::explained::{Case, Rule};
use crate::minimise::minimise;
use crate::parsers::{self, BATCH, Ours, Peer, read_ours};
use crate::reading::{Kind, Reading, Shown, compare};
use crate::report::{Report, Tally};
use crate::streams::{self, stream};

/// Differences that are shown in full, for each peer. A fault shows in many streams.
const MOST_SHOWN: usize = 5;

/// Reads all streams and compares.
///
/// # Errors
/// A peer cannot be started, or breaks down.
pub fn run(arguments: &Arguments) -> io::Result<Report> {
    let mut peers = start(arguments)?;
    let mut report = Report::new(arguments);
    let mut from = 0;
    while from < arguments.streams {
        let to = arguments.streams.min(from + BATCH);
        let streams: Vec<_> = (from..to).map(|index| stream(arguments.seed, index)).collect();
        let (ours, theirs) = read_all(&mut peers, &streams)?;
        for (at, ours) in ours.iter().enumerate() {
            report.streams += 1;
            if !ours.odd.is_empty() {
                report.odd.push((from + at, streams[at].clone(), ours.clone()));
            }
        }
        for ((peer, readings), tally) in peers.iter_mut().zip(theirs).zip(&mut report.tallies) {
            for (at, theirs) in readings.iter().enumerate() {
                judge(peer.as_mut(), tally, from + at, &streams[at], &ours[at], theirs)?;
            }
        }
        from = to;
    }
    Ok(report)
}

/// Shows the readings of all parsers for one stream.
///
/// # Errors
/// A peer cannot be started, or breaks down.
pub fn show(arguments: &Arguments, index: usize) -> io::Result<()> {
    let mut peers = start(arguments)?;
    let stream = stream(arguments.seed, index);
    let ours = read_ours(&stream);
    println!("{}\n{}\n", Shown(&stream), streams::why(index).unwrap_or_default());
    println!("{:10} {}", "basehttp", ours.reading);
    println!("{:10} {:?}", "ends at", ours.ends);
    for (way, other) in &ours.odd {
        println!("{way:10} {other}");
    }
    for peer in &mut peers {
        let theirs = peer.read(std::slice::from_ref(&stream))?.remove(0);
        let because = compare(&ours.reading, &theirs).map(|difference| {
            let case = Case::new(peer.name(), &stream, &ours, &theirs, difference);
            let because = |rule: &Rule| format!("{} (section {}): {}", rule.name, rule.section, rule.why);
            let rule = case.rule().map_or("not explained".into(), because);
            format!("\n{:10} {:?} behind {}: {rule}", "", difference.kind, difference.agreed)
        });
        println!("{:10} {theirs}{}", peer.name(), because.unwrap_or_default());
    }
    Ok(())
}

fn start(arguments: &Arguments) -> io::Result<Vec<Box<dyn Peer>>> {
    arguments.peers.iter().map(|name| parsers::start(name)).collect()
}

/// All of them read at the same time.
fn read_all(peers: &mut [Box<dyn Peer>], streams: &[Vec<u8>]) -> io::Result<(Vec<Ours>, Vec<Vec<Reading>>)> {
    thread::scope(|scope| {
        let reading: Vec<_> = peers.iter_mut().map(|peer| scope.spawn(|| peer.read(streams))).collect();
        let ours = streams.iter().map(|stream| read_ours(stream)).collect();
        let theirs = reading.into_iter().map(|thread| thread.join().expect("a peer's errors are returned"));
        Ok((ours, theirs.collect::<io::Result<_>>()?))
    })
}

fn judge(
    peer: &mut dyn Peer,
    tally: &mut Tally,
    index: usize,
    stream: &[u8],
    ours: &Ours,
    theirs: &Reading,
) -> io::Result<()> {
    match verdict(peer.name(), stream, ours, theirs) {
        Verdict::Same => tally.same += 1,
        Verdict::Explained(rule) => *tally.explained.entry(rule).or_default() += 1,
        Verdict::Unexplained(kind) => {
            tally.failed += 1;
            if tally.failed <= MOST_SHOWN {
                show_failure(peer, index, stream, theirs, kind)?;
            }
        }
    }
    Ok(())
}

/// The results of the comparisons.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    /// By the rule of this name.
    Explained(&'static str),
    Unexplained(Kind),
}

fn verdict(peer: &'static str, stream: &[u8], ours: &Ours, theirs: &Reading) -> Verdict {
    let Some(difference) = compare(&ours.reading, theirs) else { return Verdict::Same };
    match Case::new(peer, stream, ours, theirs, difference).rule() {
        Some(rule) => Verdict::Explained(rule.name),
        None => Verdict::Unexplained(difference.kind),
    }
}

fn show_failure(peer: &mut dyn Peer, index: usize, stream: &[u8], theirs: &Reading, kind: Kind) -> io::Result<()> {
    let name = peer.name();
    println!("{name} reads stream {index} otherwise, and no rule says why ({kind:?}):");
    println!("  {}\n  basehttp {}\n  {name} {theirs}", Shown(stream), read_ours(stream).reading);
    let shorter = minimise(stream, |stream| {
        let theirs = peer.read(std::slice::from_ref(&stream.to_vec()))?.remove(0);
        Ok(verdict(name, stream, &read_ours(stream), &theirs) == Verdict::Unexplained(kind))
    })?;
    let theirs = peer.read(std::slice::from_ref(&shorter))?.remove(0);
    println!("  in short {}\n  basehttp {}\n  {name} {theirs}\n", Shown(&shorter), read_ours(&shorter).reading);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{End, Taken};

    /// A peer that takes another body than was sent, but only where it says `liar`.
    struct Liar;

    impl Peer for Liar {
        fn name(&self) -> &'static str {
            "hyper"
        }

        fn read(&mut self, streams: &[Vec<u8>]) -> io::Result<Vec<Reading>> {
            let read = |stream: &Vec<u8>| {
                let mut reading = read_ours(stream).reading;
                for taken in &mut reading.taken {
                    if taken.target == b"/liar" {
                        *taken = Taken::new("POST", "/liar", "another body");
                    }
                }
                reading
            };
            Ok(streams.iter().map(read).collect())
        }
    }

    #[test]
    fn a_peer_that_reads_another_body_fails_the_run() {
        let mut tally = Tally::new("hyper");
        for target in ["/honest", "/liar"] {
            let stream = format!(
                "GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST {target} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
            );
            let (ours, theirs) = (read_ours(stream.as_bytes()), Liar.read(&[stream.clone().into()]).expect("no peer"));
            judge(&mut Liar, &mut tally, 0, stream.as_bytes(), &ours, &theirs[0]).expect("no peer");
        }
        assert_eq!((tally.same, tally.failed), (1, 1));
    }

    #[test]
    fn a_request_more_or_less_or_another_end_is_not_explained_without_a_fault() {
        let stream = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let ours = read_ours(stream);
        let [right, request] = [ours.reading.clone(), ours.reading.clone()].map(|mut it| it.taken.remove(0));
        for taken in [vec![], vec![right.clone(), request]] {
            for end in [End::More, End::Closed, End::refused(400, "why not")] {
                for peer in parsers::PEERS {
                    let theirs = Reading { taken: taken.clone(), end: end.clone() };
                    assert!(
                        matches!(verdict(peer, stream, &ours, &theirs), Verdict::Unexplained(_)),
                        "{peer} {theirs}"
                    );
                }
            }
        }
        for end in [End::Closed, End::refused(400, "why not")] {
            for peer in parsers::PEERS {
                let theirs = Reading { taken: vec![right.clone()], end: end.clone() };
                assert!(matches!(verdict(peer, stream, &ours, &theirs), Verdict::Unexplained(_)), "{peer} {theirs}");
            }
        }
    }
}
