//! The PROXY headers that are taken and refused, each whole and in pieces.

use proptest::prelude::*;

use super::*;

/// Builds a header of version 2.
fn v2(command: u8, family: u8, variable: &[u8]) -> Vec<u8> {
    let length = u16::try_from(variable.len()).expect("16 bits");
    [&SIGNATURE[..], &[command, family], &length.to_be_bytes(), variable].concat()
}

fn ipv4() -> Vec<u8> {
    [&[192, 0, 2, 7][..], &[198, 51, 100, 1], &4711u16.to_be_bytes(), &443u16.to_be_bytes()].concat()
}

fn ipv6(source: &str) -> Vec<u8> {
    let octets = |text: &str| text.parse::<Ipv6Addr>().expect("an address").octets();
    [&octets(source)[..], &octets("2001:db8::1"), &4711u16.to_be_bytes(), &443u16.to_be_bytes()].concat()
}

fn unix(path: &str) -> Vec<u8> {
    let mut variable = path.as_bytes().to_vec();
    variable.resize(216, 0);
    variable
}

/// Builds a header of version 2 over IPv4 with these values behind the addresses.
fn with_values(values: &[u8]) -> Vec<u8> {
    v2(0x21, 0x11, &[&ipv4()[..], values].concat())
}

/// Reads the header as one piece and byte by byte, and returns its client. The bytes behind it stay.
fn read(header: &[u8]) -> Result<String, &'static str> {
    let behind = [header, b"GET / HTTP/1.1\r\n"].concat();
    let whole = proxy_header(&behind);
    let first = (0..=behind.len()).map(|len| proxy_header(&behind[..len])).find(|read| *read != Ok(None));
    match (whole, first) {
        (Ok(Some(whole)), Some(Ok(Some(first)))) => {
            assert_eq!((whole, whole.len), (first, header.len()));
            Ok(match whole.source {
                ProxySource::Peer => "peer".to_owned(),
                ProxySource::Ip(address) => address.to_string(),
                ProxySource::Unix(path) => format!("unix:{}", path.escape_ascii()),
            })
        }
        (Err(reason), Some(Err(_))) => Err(reason),
        (whole, first) => panic!("{whole:?} as a whole, {first:?} in pieces"),
    }
}

#[test]
fn a_header_names_the_client_or_leaves_it_to_the_peer() {
    let longest = "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535".to_owned() + &" ".repeat(48) + "\r\n";
    assert_eq!(longest.len(), MAX_LINE_BYTES);
    let zeros = [ipv4(), vec![0; 4083]].concat();
    let filled = [&ipv4()[..], b"\x04\x0f\xf1", &[0xff; 4081]].concat();
    let tlv = [&ipv4()[..], b"\x03\0\x04\x12\x34\x56\x78", b"\xee\0\0"].concat();
    let table: [(&[u8], &str, &str); 20] = [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n", "192.0.2.7:4711", "IPv4"),
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535", "its longest line"),
        (b"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0", "its least numbers"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", "[2001:db8::7]:4711", "IPv6"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n", "192.0.2.7:1", "IPv4 in IPv6 is IPv4"),
        (b"PROXY UNKNOWN\r\n", "peer", "no addresses"),
        (b"PROXY UNKNOWN TCP4 whatever\r\n", "peer", "the rest of the line is skipped"),
        (longest.as_bytes(), "peer", "107 bytes"),
        (&v2(0x21, 0x11, &ipv4()), "192.0.2.7:4711", "IPv4"),
        (&v2(0x21, 0x21, &ipv6("2001:db8::7")), "[2001:db8::7]:4711", "IPv6"),
        (&v2(0x21, 0x21, &ipv6("::ffff:192.0.2.7")), "192.0.2.7:4711", "IPv4 in IPv6 is IPv4"),
        (&v2(0x21, 0x31, &unix("/run/a.sock")), "unix:/run/a.sock", "a Unix socket"),
        (&v2(0x21, 0x31, &unix("")), "unix:", "without a name"),
        (&v2(0x21, 0x31, &unix(&"x".repeat(216))), &format!("unix:{}", "x".repeat(108)), "a path of full length"),
        (&v2(0x21, 0x11, &tlv), "192.0.2.7:4711", "values behind the addresses"),
        (&v2(0x21, 0x11, &filled), "192.0.2.7:4711", "4 KiB"),
        (&v2(0x21, 0x11, &zeros), "192.0.2.7:4711", "filled up with empty values"),
        (&v2(0x20, 0x11, b"short"), "peer", "LOCAL, whatever follows"),
        (&v2(0x20, 0x00, b""), "peer", "LOCAL, as health checks send it"),
        (&v2(0x21, 0x00, b"?"), "peer", "a family that the proxy does not know"),
    ];
    for (header, expected, why) in table {
        assert_eq!(read(header).as_deref(), Ok(expected), "{why}: {}", header.escape_ascii());
    }
}

#[test]
fn what_is_no_header_is_refused_as_soon_as_that_is_known() {
    let mut wrong_version = v2(0x21, 0x11, &ipv4());
    wrong_version[12] = 0x11;
    let endless = v2(0x21, 0x11, &[0; 4097]);
    let table: [(&[u8], &str); 37] = [
        (b"GET / HTTP/1.1\r\n", "a request"),
        (b"\x16\x03\x01\x02\0\x01\0\x01", "a TLS handshake"),
        (b"\r\nGET / HTTP/1.1\r\n", "an empty line"),
        (b"proxy TCP4 192.0.2.7 192.0.2.8 1 2\r\n", "lower case"),
        (b"PROXY\tTCP4 192.0.2.7 192.0.2.8 1 2\r\n", "a tab"),
        (b"PROXY \r\n", "no words"),
        (b"PROXY TCP5 192.0.2.7 192.0.2.8 1 2\r\n", "an unknown family"),
        (b"PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n", "datagrams"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n", "a port is missing"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n", "a word too many"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2 \r\n", "a space at the end"),
        (b"PROXY TCP4  192.0.2.7 192.0.2.8 1 2\r\n", "two spaces"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\n", "a line feed alone"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\r\n", "two carriage returns"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 65536\r\n", "a port beyond 65535"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n", "a leading zero"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 +1 2\r\n", "a sign"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8  2\r\n", "an empty port"),
        (b"PROXY TCP4 192.0.2.07 192.0.2.8 1 2\r\n", "a zero in the address"),
        (b"PROXY TCP4 2001:db8::7 ::1 1 2\r\n", "the other family's addresses"),
        (b"PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n", "the other family's addresses"),
        (b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "a zone"),
        (b"PROXY TCP4 192.0.2.7 localhost 1 2\r\n", "a name"),
        (b"PROXY TCP4 192.0.2.7 192.0.2.8 1 \xff\r\n", "no text"),
        (&[&b"PROXY UNKNOWN "[..], &[b'x'; 93]].concat(), "a line without end"),
        (&wrong_version, "version 1 in the binary form"),
        (&v2(0x22, 0x11, &ipv4()), "a command of the future"),
        (&v2(0x21, 0x12, &ipv4()), "datagrams"),
        (&v2(0x21, 0x41, &ipv4()), "a family of the future"),
        (&v2(0x21, 0x11, &ipv4()[..11]), "IPv4 addresses cut off"),
        (&v2(0x21, 0x31, &[b'x'; 215]), "a path cut off"),
        (&endless, "more than 4 KiB"),
        (&with_values(b"\x03"), "a value without a length"),
        (&with_values(b"\x03\0"), "half a length"),
        (&with_values(b"\x03\0\x02x"), "a value cut off"),
        (&with_values(b"\x20\0\x05\x01\0\0\0\0\x03\xff\xff"), "a later one cut off"),
        (&with_values(b"\x20\0\x04\x01\0\0\0"), "the value of TLS cut off"),
    ];
    for (header, why) in table {
        assert!(read(header).is_err(), "{why}: {}", header.escape_ascii());
    }
    assert!(proxy_header(&endless[..16]).is_err(), "the length alone says so");
    assert!(proxy_header(&[&SIGNATURE[..], &u16::MAX.to_be_bytes()].concat()).is_err(), "and the command alone");
}

#[test]
fn a_header_of_version_2_can_tell_that_the_client_spoke_tls() {
    let version = b"\x21\0\x07TLSv1.3";
    let tls = |flags: u8, more: &[u8]| {
        let length = u16::try_from(5 + more.len()).expect("16 bits").to_be_bytes();
        [&[0x20][..], &length, &[flags, 0, 0, 0, 1], more].concat()
    };
    let table: [(Vec<u8>, bool, &str); 13] = [
        (with_values(b""), false, "no values"),
        (with_values(&tls(1, version)), true, "TLS"),
        (with_values(&tls(7, version)), true, "TLS with a certificate"),
        (with_values(&tls(1, b"")), true, "without its version"),
        (with_values(&tls(0, b"")), false, "plain text, as haproxy says it"),
        (with_values(&tls(6, b"")), false, "other flags"),
        (with_values(&[b"\x02\0\x01a", &tls(1, version)[..], b"\x04\0\0"].concat()), true, "among others"),
        (with_values(b"\xe0\0\x08\x20\0\x05\x01\0\0\0\0"), false, "inside another value"),
        (v2(0x21, 0x21, &[ipv6("2001:db8::7"), tls(1, version)].concat()), true, "over IPv6"),
        (v2(0x21, 0x31, &[unix("/a"), tls(1, version)].concat()), true, "over a Unix socket"),
        (v2(0x20, 0x11, &[ipv4(), tls(1, version)].concat()), false, "LOCAL, the proxy's own connection"),
        (v2(0x21, 0x00, &tls(1, version)), false, "a family that the proxy does not know"),
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n".to_vec(), false, "version 1 cannot tell"),
    ];
    for (header, expected, why) in table {
        let read = proxy_header(&header).expect("a header").expect("a whole one");
        assert_eq!((read.was_over_tls, read.len), (expected, header.len()), "{why}: {}", header.escape_ascii());
    }
}

proptest! {
    #[test]
    fn pieces_change_nothing(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "PROXY (TCP4|TCP6|UNKNOWN) [0-9a-f.:]{0,15} [0-9.]{7,15} [0-9]{1,5} [0-9]{1,5}\r?\n.{0,9}".prop_map(String::into_bytes),
            (0x1fu8..0x23, prop::sample::select(vec![0u8, 0x11, 0x12, 0x21, 0x31]), prop::collection::vec(any::<u8>(), 0..300))
                .prop_map(|(command, family, variable)| v2(command, family, &variable)),
        ],
    ) {
        let whole = proxy_header(&bytes);
        for len in 0..bytes.len() {
            match proxy_header(&bytes[..len]) {
                Ok(None) => {}
                Ok(Some(header)) => {
                    prop_assert!(header.len <= len && header.len <= MAX_PROXY_HEADER_BYTES);
                    prop_assert_eq!(whole, Ok(Some(header)));
                }
                Err(_) => prop_assert!(whole.is_err()),
            }
        }
    }
}
