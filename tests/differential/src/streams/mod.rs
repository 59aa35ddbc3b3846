//! The byte streams. The first ones are known by name, and any number of others are drawn from a seed.
//!
//! A stream is made of its seed and its index alone, so that one of them can be looked at again. Some of those that are
//! drawn are as the standard has it; most have one fault or two, of those that parsers are known to disagree about; and
//! some are words of the protocol in any order.

mod classics;
mod draft;
mod faults;
mod grammar;
mod soup;

use crate::random::Random;

/// The stream with this number, of a run with this seed.
pub fn stream(seed: u64, index: usize) -> Vec<u8> {
    if let Some(classic) = classics::CLASSICS.get(index) {
        return classic.bytes();
    }
    let random = &mut Random::for_stream(seed, index);
    if random.percent(12) {
        return soup::stream(random);
    }
    let mut drafts: Vec<_> = (0..=random.below(5)).map(|_| grammar::request(random)).collect();
    let faults = [0, 0, 1, 1, 1, 1, 2, 2, 3][random.below(9)];
    if random.percent(1) {
        let at = random.below(drafts.len());
        grammar::enlarge(&mut drafts[at], random);
    }
    for _ in 0..faults {
        let at = random.below(drafts.len());
        faults::of_a_request(&mut drafts[at], random);
    }
    let mut bytes: Vec<u8> = drafts.iter().flat_map(draft::Request::bytes).collect();
    if random.percent(12) {
        faults::of_the_bytes(&mut bytes, random);
    }
    bytes
}

/// Why it is there, of a classic one.
pub fn why(index: usize) -> Option<&'static str> {
    classics::CLASSICS.get(index).map(|classic| classic.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_can_be_made_again() {
        for index in 0..500 {
            assert_eq!(stream(3, index), stream(3, index));
        }
        assert_ne!(stream(3, 400), stream(4, 400));
    }
}
