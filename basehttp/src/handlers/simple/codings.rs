//! Content codings: the compressed files beside a file, and the client's preference among them (RFC 9110, section
//! 12.5.3). Pure decisions.

use super::qvalue::{FULL, QValue, parse_qvalue};

/// The coding of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
    Identity,
}

/// All codings, in the order of their numbers. If a client likes two as much, it gets the first.
pub(super) const CODINGS: [Coding; 4] = [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity];

impl Coding {
    /// Returns the name in `Content-Encoding`. `None` for the uncoded file.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Zstd => Some("zstd"),
            Coding::Brotli => Some("br"),
        }
    }

    /// Returns the suffix of the names of files in this coding.
    pub(super) fn suffix(self) -> &'static [u8] {
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

/// The codings that a client accepts, the best one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Preference {
    codings: [Coding; CODINGS.len()],
    count: usize,
}

impl Preference {
    /// The uncoded file only.
    pub(super) const IDENTITY: Preference = Preference { codings: [Coding::Identity; CODINGS.len()], count: 1 };

    /// Reads the `Accept-Encoding` fields of a request. Without one the client gets the uncoded file.
    ///
    /// The uncoded file is always included, last if the client refuses it, since it is better than an error.
    pub(super) fn of<'f>(fields: impl Iterator<Item = &'f str>) -> Self {
        let mut preference = Preference { codings: [Coding::Identity; CODINGS.len()], count: 0 };
        let mut weighed = weighed(fields);
        // A stable sort, so that equals stay in the order of `CODINGS`.
        weighed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        for (coding, weight) in weighed {
            if weight > 0 || coding == Coding::Identity {
                preference.codings[preference.count] = coding;
                preference.count += 1;
            }
        }
        preference
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Coding> {
        self.codings[..self.count].iter().copied()
    }
}

/// Returns every coding with its weight, or the weight of `*`, or 0. The first item of a name counts. Each item is read
/// once, since a head has room for 30,000 of them.
fn weighed<'f>(fields: impl Iterator<Item = &'f str>) -> [(Coding, QValue); CODINGS.len()] {
    let mut own = [None; CODINGS.len()];
    let mut any = None;
    for item in fields.flat_map(|field| field.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let name = name.trim_matches([' ', '\t']);
        let weight_of = match CODINGS.iter().find(|coding| coding.is_called(name)) {
            Some(&coding) => &mut own[coding as usize],
            None if name == "*" => &mut any,
            None => continue,
        };
        weight_of.get_or_insert_with(|| weight(parameters));
    }
    CODINGS.map(|coding| (coding, own[coding as usize].or(any).unwrap_or(0)))
}

/// Parses the parameters of a coding: `q=0.5` is 500. A malformed weight is 0.
fn weight(parameters: &str) -> QValue {
    let parameters = parameters.trim_matches([' ', '\t']);
    let value = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
    if parameters.is_empty() { FULL } else { value.and_then(parse_qvalue).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_likes_best() {
        let table: [(&[&str], &str, &str); 28] = [
            (&[], "identity", "no field"),
            (&[""], "identity", "an empty one"),
            (&["gzip"], "gzip identity", "one"),
            (&["gzip, br"], "br gzip identity", "of equals the better"),
            (&["gzip, deflate, br, zstd"], "br zstd gzip identity", "what browsers send"),
            (&["gzip", "br"], "br gzip identity", "in two fields"),
            (&["GZIP, Br"], "br gzip identity", "names have no case"),
            (&["x-gzip"], "gzip identity", "the old name"),
            (&["gzip;q=1.0, br;q=0.5"], "gzip br identity", "weights"),
            (&["gzip ; q=0.5,br;q=0.501"], "br gzip identity", "weights, spaces"),
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
            (&["gzip;q=0.5, gzip, br;q=0.2"], "gzip br identity", "the first of a name counts"),
            (&["*;q=0.5, *, gzip;q=0.6"], "gzip br zstd identity", "the first one counts"),
            (&[";;,,= \t,gzip"], "gzip identity", "what is nothing is left out"),
        ];
        for (fields, expected, why) in table {
            let preference = Preference::of(fields.iter().copied());
            let names: Vec<_> = preference.iter().map(|coding| coding.name().unwrap_or("identity")).collect();
            assert_eq!(names.join(" "), expected, "{fields:?}: {why}");
        }
    }
}
