//! Content codings: which files beside a file hold it compressed, and which of them a client prefers (RFC 9110, section
//! 12.5.3). Pure decisions.

use super::qvalue::{FULL, QValue, parse_qvalue};

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
    pub fn of<'f>(fields: impl Iterator<Item = &'f str>) -> Self {
        let mut preference = Preference { codings: [Coding::Identity; CODINGS.len()], count: 0 };
        let mut weighed = weighed(fields);
        // Stable: of equals, the better comes first.
        weighed.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        for (coding, weight) in weighed {
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

/// Every coding with its weight: its own, else that of `*`, else 0. The first one counts. One look at each item, since a
/// head has room for 30,000 of them.
fn weighed<'f>(fields: impl Iterator<Item = &'f str>) -> [(Coding, QValue); CODINGS.len()] {
    let mut own = [None; CODINGS.len()];
    let mut any = None;
    for item in fields.flat_map(|field| field.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let name = name.trim_matches([' ', '\t']);
        let place = match CODINGS.iter().find(|coding| coding.is_called(name)) {
            Some(&coding) => &mut own[coding as usize],
            None if name == "*" => &mut any,
            None => continue,
        };
        place.get_or_insert_with(|| weight(parameters));
    }
    CODINGS.map(|coding| (coding, own[coding as usize].or(any).unwrap_or(0)))
}

/// `q=0.5` is 500. What is malformed is not wanted.
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
