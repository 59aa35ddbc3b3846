//! Content codings: which files beside a file hold it compressed, and which of them a client prefers (RFC 9110, section
//! 12.5.3). Pure decisions.

use super::weight::{FULL, Weight, parse_weight};

/// How a file's bytes are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Zstd,
    Gzip,
    Identity,
}

/// The better first: what of two that a client likes as much it gets. In the order of their numbers.
pub const CODINGS: [Coding; 4] = [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity];

impl Coding {
    /// Its name in `Content-Encoding`; none for the file itself.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Zstd => Some("zstd"),
            Coding::Brotli => Some("br"),
        }
    }

    /// What the name of a file in this coding ends in.
    pub fn suffix(self) -> &'static [u8] {
        match self {
            Coding::Identity => b"",
            Coding::Gzip => b".gz",
            Coding::Zstd => b".zst",
            Coding::Brotli => b".br",
        }
    }

    fn is_called(self, name: &str) -> bool {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        is(self.name().unwrap_or("identity")) || self == Coding::Gzip && is("x-gzip")
    }
}

/// The codings that a client takes, the one it likes best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preference {
    codings: [Coding; CODINGS.len()],
    count: usize,
}

impl Preference {
    /// The file as it is.
    pub const IDENTITY: Preference = Preference { codings: [Coding::Identity; CODINGS.len()], count: 1 };

    /// What the `Accept-Encoding` fields of a request say. Without one it is the file as it is; and that also comes
    /// last where a client refuses it, since a file that it may not like is better than none.
    pub fn of(fields: &[&str]) -> Self {
        let mut preference = Preference { codings: [Coding::Identity; CODINGS.len()], count: 0 };
        let mut weighed: [(Weight, Coding); CODINGS.len()] = CODINGS.map(|coding| (weight(fields, coding), coding));
        // Stable: of equals, the better comes first.
        weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        for (weight, coding) in weighed {
            if weight > 0 || coding == Coding::Identity {
                preference.codings[preference.count] = coding;
                preference.count += 1;
            }
        }
        preference
    }

    pub fn iter(&self) -> impl Iterator<Item = Coding> {
        self.codings[..self.count].iter().copied()
    }
}

/// The weight of a coding in thousandths: its own, else that of `*`. 0: not wanted.
fn weight(fields: &[&str], coding: Coding) -> Weight {
    let items = || fields.iter().flat_map(|field| field.split(',')).filter_map(weighed);
    let own = items().find(|(name, _)| coding.is_called(name));
    own.or_else(|| items().find(|(name, _)| *name == "*")).map_or(0, |(_, weight)| weight)
}

/// `gzip;q=0.5` is `gzip` and 500. What has a malformed weight is not wanted.
fn weighed(item: &str) -> Option<(&str, Weight)> {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let name = name.trim_matches([' ', '\t']);
    let parameters = parameters.trim_matches([' ', '\t']);
    let weight = if parameters.is_empty() { FULL } else { quality(parameters).unwrap_or(0) };
    (!name.is_empty()).then_some((name, weight))
}

/// `q=0.5` is 500.
fn quality(parameter: &str) -> Option<Weight> {
    parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")).and_then(parse_weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_likes_best() {
        let table: [(&[&str], &str, &str); 26] = [
            (&[], "identity", "no field"),
            (&[""], "identity", "an empty one"),
            (&["gzip"], "gzip identity", "one"),
            (&["gzip, br"], "br gzip identity", "of equals the better"),
            (&["gzip, deflate, br, zstd"], "br zstd gzip identity", "what browsers send"),
            (&["gzip", "br"], "br gzip identity", "in two fields"),
            (&["GZIP, Br"], "br gzip identity", "names have no case"),
            (&["x-gzip"], "gzip identity", "the old name"),
            (&["gzip;q=1.0, br;q=0.5"], "gzip br identity", "weights"),
            (&["gzip ; q=0.5,br;q=0.501"], "br gzip identity", "weights, blanks"),
            (&["br;q=0, gzip"], "gzip identity", "not wanted"),
            (&["br;q=0.000, gzip;q=0.001"], "gzip identity", "hardly wanted"),
            (&["*"], "br zstd gzip identity", "any"),
            (&["*;q=0"], "identity", "none, but a file that it may not like is better than none"),
            (&["identity;q=0, gzip"], "gzip identity", "the same"),
            (&["gzip;q=0, *"], "br zstd identity", "any but one"),
            (&["*;q=0.5, gzip"], "gzip br zstd identity", "the rest less"),
            (&["identity, gzip;q=0.5"], "identity gzip", "rather as it is"),
            (&["identity;q=0.5, gzip;q=1, *;q=0"], "gzip identity", "an order of its own"),
            (&["gzip;q=2"], "identity", "no weight"),
            (&["gzip;q=0.5555"], "identity", "no weight"),
            (&["gzip;q=1.001"], "identity", "no weight"),
            (&["gzip;q="], "identity", "no weight"),
            (&["gzip;level=9"], "identity", "no weight"),
            (&["gzipp, compress, deflate"], "identity", "others"),
            (&[";;,,= \t,gzip"], "gzip identity", "what is nothing is left out"),
        ];
        for (fields, expected, why) in table {
            let preference = Preference::of(fields);
            let names: Vec<_> = preference.iter().map(|coding| coding.name().unwrap_or("identity")).collect();
            assert_eq!(names.join(" "), expected, "{fields:?}: {why}");
        }
    }
}
