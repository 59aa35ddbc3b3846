//! The header of the PROXY protocol, versions 1 and 2, which stands before the first byte of a connection (before a TLS
//! handshake, too). It names the client for which the proxy has connected.
//!
//! | header                                              | client                                |
//! |-----------------------------------------------------|---------------------------------------|
//! | 1: `PROXY TCP4 ..`, `PROXY TCP6 ..`                 | the source address                    |
//! | 1: `PROXY UNKNOWN ..`                               | the peer; the rest of the line is skipped |
//! | 2: PROXY over TCP with IPv4 or IPv6, or a Unix stream | the source address                  |
//! | 2: PROXY of an unspecified family                   | the peer                              |
//! | 2: LOCAL, the proxy's own connection                | the peer                              |
//! | 2: PROXY of datagrams or of an unknown family       | refused, as section 2.2 demands       |
//!
//! Version 2 can add further values behind the addresses (TLV). One of them says that the client has spoken TLS to the
//! proxy. The others are skipped, but a list that is malformed is refused, as haproxy does.
//!
//! The specification is `doc/proxy-protocol.txt` of the program haproxy. A header must be whole before the first byte
//! behind it means anything, and it is short, so that each try reads it from its start.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A whole header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProxyHeader<'b> {
    /// Its length in bytes. The client's own bytes follow.
    pub len: usize,
    /// The client that it names.
    pub source: ProxySource<'b>,
    /// The client has connected to the proxy by TLS. It says nothing about TLS that the proxy has only passed on.
    pub was_over_tls: bool,
}

/// The client that a PROXY header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxySource<'b> {
    /// None. The peer is the client.
    Peer,
    /// A client over TCP.
    Ip(SocketAddr),
    /// A client over a Unix stream socket, by the path of its end. The path is empty for most clients.
    Unix(&'b [u8]),
}

/// Longest header of version 1, with its line end: 107 bytes (section 2.1).
const MAX_LINE_BYTES: usize = 107;

/// Bytes of version 2 before its addresses (section 2.2).
const FIXED_BYTES: usize = 16;

/// Most bytes of version 2 behind the fixed ones: 4 KiB. Addresses take up to 216, and the rest are the values that are
/// skipped: names, an identifier, a client's certificate name. The format would allow 64 KiB.
const MAX_VARIABLE_BYTES: usize = 4 * 1024;

/// Longest header that is taken. No more bytes are ever needed to decide.
#[cfg(any(test, fuzzing))]
pub(crate) const MAX_PROXY_HEADER_BYTES: usize = FIXED_BYTES + MAX_VARIABLE_BYTES;

/// Reads the header at the start of a connection's bytes. Returns `None` while it is not whole.
///
/// # Errors
/// The bytes cannot become a header, whatever follows. The text says why.
pub(crate) fn proxy_header(bytes: &[u8]) -> Result<Option<ProxyHeader<'_>>, &'static str> {
    if begins_alike(bytes, SIGNATURE) {
        version_2(bytes)
    } else if begins_alike(bytes, b"PROXY ") {
        version_1(bytes)
    } else {
        Err("the connection does not begin with a PROXY header")
    }
}

/// Returns whether one of the two is the beginning of the other.
fn begins_alike(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(one, other)| one == other)
}

/// Section 2.1: a line of text.
fn version_1(bytes: &[u8]) -> Result<Option<ProxyHeader<'_>>, &'static str> {
    let within = &bytes[..bytes.len().min(MAX_LINE_BYTES)];
    let Some(end) = within.iter().position(|byte| *byte == b'\n') else {
        return if within.len() < MAX_LINE_BYTES { Ok(None) } else { Err("the line of the PROXY header is too long") };
    };
    let line = within[..end].strip_suffix(b"\r").ok_or("the line of the PROXY header does not end in CRLF")?;
    let text = str::from_utf8(line).map_err(|_| NOT_A_LINE)?;
    // This version cannot tell about TLS.
    Ok(Some(ProxyHeader { len: end + 1, source: source_of_line(text)?, was_over_tls: false }))
}

fn source_of_line(line: &str) -> Result<ProxySource<'_>, &'static str> {
    let mut words = line.split(' ').skip(1);
    let family = words.next().ok_or(NOT_A_LINE)?;
    if family == "UNKNOWN" {
        return Ok(ProxySource::Peer);
    }
    let mut word = || words.next().ok_or(NOT_A_LINE);
    let (source, destination, source_port, destination_port) = (word()?, word()?, port(word()?)?, port(word()?)?);
    let parse = |text: &str| match family {
        "TCP4" => text.parse().map(IpAddr::V4).map_err(|_| NOT_A_LINE),
        "TCP6" => text.parse().map(IpAddr::V6).map_err(|_| NOT_A_LINE),
        _ => Err("the PROXY header names a protocol other than TCP4, TCP6 and UNKNOWN"),
    };
    // The destination is not used, but a line that is wrong there is not trusted anywhere.
    let (source, _, _) = (parse(source)?, parse(destination)?, destination_port);
    if words.next().is_some() {
        return Err(NOT_A_LINE);
    }
    Ok(ProxySource::Ip(SocketAddr::new(source.to_canonical(), source_port)))
}

/// Reads a decimal number up to 65535 without leading zeros.
fn port(text: &str) -> Result<u16, &'static str> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_canonical).ok_or(NOT_A_LINE)
}

/// Section 2.2: binary.
fn version_2(bytes: &[u8]) -> Result<Option<ProxyHeader<'_>>, &'static str> {
    // A wrong header is refused before the rest of it has come.
    if let Some(version_and_command) = bytes.get(12)
        && !matches!(version_and_command, 0x20 | 0x21)
    {
        return Err("the PROXY header has an unknown version or command");
    }
    let Some((fixed, rest)) = bytes.split_at_checked(FIXED_BYTES) else { return Ok(None) };
    let variable = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if variable > MAX_VARIABLE_BYTES {
        return Err("the PROXY header is longer than 4 KiB");
    }
    let is_local = fixed[12] == 0x20;
    let addresses = match fixed[13] {
        _ if is_local => 0,
        0x00 => 0,
        0x11 => 12,
        0x21 => 36,
        0x31 => 216,
        _ => return Err("the PROXY header names a family other than TCP and Unix streams"),
    };
    if variable < addresses {
        return Err("the PROXY header is too short for its addresses");
    }
    let Some(rest) = rest.get(..variable) else { return Ok(None) };
    let source = match addresses {
        12 => ProxySource::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(array::<4>(rest, 0))), number(rest, 8))),
        36 => {
            let ip = IpAddr::V6(Ipv6Addr::from(array::<16>(rest, 0)));
            ProxySource::Ip(SocketAddr::new(ip.to_canonical(), number(rest, 32)))
        }
        // A path of up to 108 bytes, filled up with NUL.
        216 => ProxySource::Unix(rest[..108].split(|byte| *byte == 0).next().unwrap_or_default()),
        _ => ProxySource::Peer,
    };
    // Behind no addresses, the receiver skips everything.
    let was_over_tls = addresses > 0 && tells_of_tls(&rest[addresses..])?;
    Ok(Some(ProxyHeader { len: FIXED_BYTES + variable, source, was_over_tls }))
}

/// Section 2.2: values, each with a byte for its type and two for its length. Returns whether one of them says that the
/// client has connected by TLS.
fn tells_of_tls(mut values: &[u8]) -> Result<bool, &'static str> {
    let mut was_over_tls = false;
    while !values.is_empty() {
        let [kind, high, low, rest @ ..] = values else { return Err(CUT_OFF) };
        let (value, behind) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))).ok_or(CUT_OFF)?;
        if *kind == TLS_VALUE {
            // Section 2.2.6: a byte of flags, four bytes about the client's certificate, and values of its own.
            let [flags, _, _, _, _, ..] = value else { return Err(CUT_OFF) };
            was_over_tls |= flags & CLIENT_SPOKE_TLS != 0;
        }
        values = behind;
    }
    Ok(was_over_tls)
}

/// Copies the bytes from `at` on. The caller has checked the length.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("the addresses are whole")
}

fn number(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes(array(bytes, at))
}

/// `PP2_TYPE_SSL`.
const TLS_VALUE: u8 = 0x20;
/// `PP2_CLIENT_SSL`.
const CLIENT_SPOKE_TLS: u8 = 0x01;
const CUT_OFF: &str = "the PROXY header has a value that is cut off";
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const NOT_A_LINE: &str = "the line of the PROXY header is not PROXY TCP4 SOURCE DESTINATION PORT PORT";

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
