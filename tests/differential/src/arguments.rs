//! The arguments of the program.

use crate::parsers::PEERS;

/// The usage of the program.
pub const USAGE: &str =
    "usage: differential [--seed N] [--streams N] [--peers engine,hyper,node,h11,nginx] [--only INDEX]

  --seed     what the streams are drawn from (1)
  --streams  how many, the classic ones included (20000)
  --peers    whom to compare with (all; engine is ours, as a server)
  --only     shows one stream of a run, and what each parser makes of it";

/// The arguments, with defaults for what was not given.
#[derive(Debug, PartialEq, Eq)]
pub struct Arguments {
    pub seed: u64,
    pub streams: usize,
    pub peers: Vec<String>,
    pub only: Option<usize>,
}

impl Arguments {
    /// Reads them. The error is for people.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let peers = PEERS.map(str::to_owned).to_vec();
        let mut arguments = Self { seed: 1, streams: 20_000, peers, only: None };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} wants a value"))?;
            match &name[..] {
                "--seed" => arguments.seed = number(&name, &value)?,
                "--streams" => arguments.streams = number(&name, &value)?,
                "--only" => arguments.only = Some(number(&name, &value)?),
                "--peers" => arguments.peers = value.split(',').map(str::to_owned).collect(),
                _ => return Err(format!("{name} is no option")),
            }
        }
        match arguments.peers.iter().find(|peer| !PEERS.contains(&peer.as_str())) {
            Some(peer) => Err(format!("{peer:?} is no peer")),
            None => Ok(arguments),
        }
    }
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{name} wants a number, not {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments, String> {
        Arguments::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments_have_defaults_and_wrong_ones_are_named() {
        assert_eq!(parse("").expect("defaults").peers, PEERS);
        let arguments = parse("--peers h11,node --seed 7 --only 3 --streams 9").expect("right");
        assert_eq!((arguments.seed, arguments.streams, arguments.only), (7, 9, Some(3)));
        assert_eq!(arguments.peers, ["h11", "node"]);
        for (wrong, named) in
            [("--seed", "--seed"), ("--seed x", "x"), ("--peers apache", "apache"), ("--fast 1", "--fast")]
        {
            assert!(parse(wrong).is_err_and(|error| error.contains(named)), "{wrong}");
        }
    }
}
