//! The streams that are known by name, each with a few words why. They come first in every run.

/// A stream, and what it is known for.
pub struct Classic {
    stream: &'static str,
    /// Why it is here.
    pub why: &'static str,
}

impl Classic {
    /// The stream; each character is one byte.
    pub fn bytes(&self) -> Vec<u8> {
        self.stream.chars().map(|character| character as u8).collect()
    }
}

const fn classic(stream: &'static str, why: &'static str) -> Classic {
    Classic { stream, why }
}

/// All of them.
pub const CLASSICS: &[Classic] = &[
    classic("", "nothing"),
    classic("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "one request"),
    classic("GET / HTTP/1.0\r\n\r\n", "one request of HTTP/1.0"),
    classic("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n", "two requests"),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        "CL.TE: the length says that G is body",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\n\
         GPOST / HTTP/1.1\r\nContent-Length: 15\r\n\r\nx=1\r\n0\r\n\r\n",
        "TE.CL: the length ends inside the first chunk",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\
         Content-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n",
        "TE.TE: one of two believes the second coding",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "found in parsers that search for the word",
    ),
    classic("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "a blank before the colon"),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "a vertical tab taken for a blank",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a field behind a bare LF",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a field behind a bare CR",
    ),
    classic("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "a folded coding"),
    classic("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhelloG", "CL.CL"),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
        "a list of equal lengths, which may be taken for one",
    ),
    classic("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", "a sign"),
    classic("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0_5\r\n\r\nhello", "a digit separator of some languages"),
    classic(
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
        "chunks in HTTP/1.0",
    ),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "a GET with a body, which some leave where it is",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n",
        "TERM.EXT: an extension that ends in LF",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;\n\r\nhello\r\n0\r\n\r\n",
        "EXT.TERM: LF inside an extension",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
        "SPILL: two bytes behind a chunk that nobody looks at",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
        "ONE.TWO: LF alone behind a chunk",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\rXhello\r\n0\r\n\r\n",
        "CR and any byte behind a size",
    ),
    classic("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", "a prefix"),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5, if 64 bits wrap",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n100000005\r\nhello\r\n0\r\n\r\n",
        "5, if 32 bits wrap",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        "a size below zero",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n",
        "no size: zero to some",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nhello",
        "a length in a trailer",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\nGET /2 HTTP/1.1\r\n\
         Host: h\r\n\r\n",
        "a trailer section that ends in LF to some",
    ),
    classic("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", "two hosts"),
    classic("GET http://i/ HTTP/1.1\r\nHost: h\r\n\r\n", "another host in the target"),
    classic("GET / HTTP/1.1\r\n\r\n", "no host"),
    classic("GET / HTTP/1.1\r\n Host: h\r\n\r\n", "a blank in front of the first field"),
    classic("GET / HTTP/1.1\r\nX: y\r\n Host: i\r\nHost: h\r\n\r\n", "a folded line that is a field to some"),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nX:y\r\n\r\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "an empty line to some",
    ),
    classic("GET /\r\n\r\n", "HTTP/0.9"),
    classic("GET / HTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n", "a blank in the target, or two versions"),
    classic("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "empty lines in front"),
    classic("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the preface of HTTP/2"),
    classic(
        "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a request inside a tunnel",
    ),
    classic("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nContent-Length: 5\r\n\r\nhello", "a tunnel with a body"),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a protocol that nobody switches to",
    ),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a request behind the last one",
    ),
    classic(
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n\
         helloGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a body that does not wait to be asked for",
    ),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a wait for nothing",
    ),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nContent_Length: 5\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "a name that a gateway makes another of",
    ),
    classic("GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n", "NUL in a value"),
    classic("GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", "a field without a name"),
    classic("GET / HTTP/1.1\nHost: h\n\n", "LF alone everywhere"),
    classic("GET / HTTP/1.1\rHost: h\r\r", "CR alone everywhere"),
    classic("GET\x0b/ HTTP/1.1\r\nHost: h\r\n\r\n", "white space of another kind between the words"),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: \u{ff}, close\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "close in a list that is no text",
    ),
    classic(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: closed\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
        "close as a part of another word",
    ),
    classic("GET / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n", "two expectations where there are none"),
    classic("GET / HTTP/1.1\r\nHost: h..i\r\n\r\n", "a name that no resolver knows"),
    classic(
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPRI / HTTP/1.0\r\n\r\n",
        "a method that begins the preface of HTTP/2",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_classic_says_why_and_fits_in_bytes() {
        for Classic { stream, why } in CLASSICS {
            assert!(!why.is_empty() && stream.chars().all(|character| u8::try_from(character).is_ok()), "{why}");
        }
    }
}
