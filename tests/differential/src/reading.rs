//! The readings of a stream by parsers, and the place at which two of them part. The reasons are in `explained`.
//!
//! A request counts once its last body byte was taken. A parser that took a head and still waits for the body has not
//! taken the request; what it would make of the body shows in the streams that are not cut short.

use std::fmt;

/// A request as a parser handed it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// As sent.
    pub method: Vec<u8>,
    /// The parts as they were sent, except where some parsers cannot tell (see [`Taken::new`]).
    pub target: Vec<u8>,
    /// The whole body, decoded.
    pub body: Vec<u8>,
}

impl Taken {
    /// Creates a request of these parts. A scheme becomes lower case, and an absolute form without a path gets one,
    /// because hyper hands targets on parsed and has forgotten both. Bytes above ASCII are percent-encoded, as we hand
    /// them on. None of it moves a boundary.
    pub fn new(method: impl Into<Vec<u8>>, target: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: method.into(), target: normal_target(target.into()), body: body.into() }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.escape_ascii(), self.target.escape_ascii())?;
        match &self.body[..] {
            [] => Ok(()),
            body => write!(f, " {}", Shown(body)),
        }
    }
}

/// Bytes for people, escaped, in quotes, and without the middle if they are long.
pub struct Shown<'b>(pub &'b [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Bytes at each end.
        const ENDS: usize = 1_000;
        let Self(bytes) = self;
        match bytes.len().checked_sub(2 * ENDS) {
            None | Some(0) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Some(more) => {
                let (start, end) = (&bytes[..ENDS], &bytes[bytes.len() - ENDS..]);
                write!(f, "\"{}\" ({more} bytes) \"{}\"", start.escape_ascii(), end.escape_ascii())
            }
        }
    }
}

fn normal_target(target: Vec<u8>) -> Vec<u8> {
    let encode = |byte: u8| if byte.is_ascii() { vec![byte] } else { format!("%{byte:02X}").into_bytes() };
    let mut target: Vec<u8> = target.into_iter().flat_map(encode).collect();
    let Some(colon) = target.windows(3).position(|window| window == b"://") else { return target };
    if !target[..colon].iter().all(u8::is_ascii_alphabetic) {
        return target;
    }
    target[..colon].make_ascii_lowercase();
    let authority = colon + 3;
    let path = target[authority..].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    match path.map(|path| authority + path) {
        Some(path) if target[path] == b'/' => {}
        Some(path) => target.insert(path, b'/'),
        None => target.push(b'/'),
    }
    target
}

/// The end of a parser's work on a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The bytes behind the requests are not a request.
    Refused {
        /// The status it answers, 0 where it has none.
        status: u16,
        /// Its own word for what is wrong.
        reason: String,
    },
    /// It waits for another request, or for the rest of one.
    More,
    /// The last request was the last of the connection; what follows it is not looked at.
    Closed,
}

impl End {
    /// A refusal.
    pub fn refused(status: u16, reason: impl Into<String>) -> Self {
        Self::Refused { status, reason: reason.into() }
    }

    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, reason } => write!(f, "refuses: {status} {reason}"),
            Self::More => f.write_str("wants more"),
            Self::Closed => f.write_str("closes"),
        }
    }
}

/// Everything that a parser made of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The requests, in order.
    pub taken: Vec<Taken>,
    /// The end of the rest.
    pub end: End,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.taken.iter().try_for_each(|taken| write!(f, "[{taken}] "))?;
        write!(f, "{}", self.end)
    }
}

/// In what two readings of one stream differ first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Both took a request, and not the same one. This is the worst case, since it comes without a warning.
    OtherRequest,
    /// We took one that the peer did not.
    OnlyOurs,
    /// The peer took one that we did not.
    OnlyTheirs,
    /// The same requests, but one refuses what follows while the other waits or closes.
    OtherEnd,
}

/// The place at which two readings of one stream part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// So many requests are the same.
    pub agreed: usize,
    /// The events behind that place.
    pub kind: Kind,
}

/// Compares our reading of a stream with that of a peer. `None` if they agree.
pub fn compare(ours: &Reading, theirs: &Reading) -> Option<Difference> {
    let agreed = ours.taken.iter().zip(&theirs.taken).take_while(|(ours, theirs)| ours == theirs).count();
    let kind = match (ours.taken.get(agreed), theirs.taken.get(agreed)) {
        (Some(_), Some(_)) => Kind::OtherRequest,
        (Some(_), None) => Kind::OnlyOurs,
        (None, Some(_)) => Kind::OnlyTheirs,
        (None, None) if !ours.end.is_like(&theirs.end) => Kind::OtherEnd,
        (None, None) => return None,
    };
    Some(Difference { agreed, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(bodies: &[&str], end: End) -> Reading {
        Reading { taken: bodies.iter().map(|body| Taken::new("GET", "/", *body)).collect(), end }
    }

    #[test]
    fn a_reading_is_told_from_every_other() {
        let ours = reading(&["a", "b"], End::More);
        let table = [
            (reading(&["a", "b"], End::More), None, "the same"),
            (reading(&["a", "x"], End::More), Some((1, Kind::OtherRequest)), "another body"),
            (reading(&["x", "b"], End::More), Some((0, Kind::OtherRequest)), "another body first"),
            (reading(&["ab"], End::More), Some((0, Kind::OtherRequest)), "one request of two"),
            (reading(&["a"], End::Closed), Some((1, Kind::OnlyOurs)), "fewer"),
            (reading(&[], End::refused(400, "")), Some((0, Kind::OnlyOurs)), "none"),
            (reading(&["a", "b", "c"], End::More), Some((2, Kind::OnlyTheirs)), "more"),
            (reading(&["a", "b"], End::Closed), Some((2, Kind::OtherEnd)), "another end"),
            (reading(&["a", "b"], End::refused(400, "")), Some((2, Kind::OtherEnd)), "another end"),
        ];
        for (theirs, expected, why) in table {
            let found = compare(&ours, &theirs).map(|difference| (difference.agreed, difference.kind));
            assert_eq!(found, expected, "{why}");
        }
    }

    #[test]
    fn a_target_keeps_all_but_what_a_parsed_one_has_forgotten() {
        for (sent, expected) in [
            ("/a?b", "/a?b"),
            ("*", "*"),
            ("h:443", "h:443"),
            ("http://h", "http://h/"),
            ("HTTP://H?q", "http://H/?q"),
            ("http://h/a://b", "http://h/a://b"),
            ("/a://b", "/a://b"),
        ] {
            assert_eq!(Taken::new("GET", sent, "").target, expected.as_bytes());
        }
    }
}
