//! The contract of the request-target: its forms, its characters, and who is asked.

use proptest::prelude::*;

use super::*;
use TargetForm::{Absolute, Asterisk, Authority, Origin};

#[test]
fn the_four_forms_are_told_apart_and_give_a_path() {
    let table = [
        ("GET", "/", Origin, "/", None),
        ("GET", "/a/b?c=d", Origin, "/a/b?c=d", None),
        ("GET", "//evil.example/..%2f", Origin, "/evil.example/..%2f", None),
        ("GET", "///", Origin, "/", None),
        ("GET", "/a//b", Origin, "/a//b", None),
        ("GET", "/http://h/", Origin, "/http://h/", None),
        ("GET", "/?http://h", Origin, "/?http://h", None),
        ("OPTIONS", "/", Origin, "/", None),
        ("OPTIONS", "*", Asterisk, "*", None),
        ("GET", "http://h/a?b", Absolute, "/a?b", Some("h")),
        ("GET", "HTTPS://h:8443/", Absolute, "/", Some("h:8443")),
        ("GET", "http://h", Absolute, "/", Some("h")),
        ("GET", "http://h?x", Absolute, "/?x", Some("h")),
        ("GET", "http://h?x/y", Absolute, "/?x/y", Some("h")),
        ("GET", "http://h//x", Absolute, "/x", Some("h")),
        ("GET", "http://[::1]:80/x", Absolute, "/x", Some("[::1]:80")),
        ("OPTIONS", "http://h", Absolute, "*", Some("h")),
        ("OPTIONS", "http://h?", Absolute, "/?", Some("h")),
        ("CONNECT", "h:443", Authority, "h:443", Some("h:443")),
        ("CONNECT", "[::1]:443", Authority, "[::1]:443", Some("[::1]:443")),
    ];
    for (method, text, form, path, authority) in table {
        let target = Target::parse(method, text).unwrap_or_else(|refusal| panic!("{method} {text}: {refusal}"));
        assert_eq!((target.form, &*target.path, target.authority), (form, path, authority), "{method} {text}");
    }
}

#[test]
fn what_is_no_form_or_the_wrong_one_is_refused() {
    let table = [
        ("GET", "", "empty"),
        ("GET", "*", "asterisk for another method"),
        ("OPTIONS", "*x", "more than an asterisk"),
        ("OPTIONS", "**", "more than an asterisk"),
        ("GET", "h:80", "authority form for another method"),
        ("GET", "a/b", "a relative path"),
        ("GET", "?x", "a query alone"),
        ("GET", "http:/h/", "one slash"),
        ("GET", "http:h", "no slashes"),
        ("GET", "http://", "no authority"),
        ("GET", "http:///x", "an empty host"),
        ("GET", "http://:80/x", "an empty host"),
        ("GET", "http://u@h/", "user information"),
        ("GET", "http://u:p@h/", "user information"),
        ("GET", "http://h:x/", "a port that is no number"),
        ("GET", "http://h\\x/", "a backslash in the authority"),
        ("GET", "ftp://h/", "another scheme"),
        ("GET", "httpx://h/", "another scheme"),
        ("GET", "://h/", "no scheme"),
        ("GET", "http://h/#f", "a fragment"),
        ("GET", "http://h#f", "a fragment"),
        ("GET", "/#", "a fragment"),
        ("GET", "/?a#b", "a fragment"),
        ("CONNECT", "/", "origin form"),
        ("CONNECT", "*", "asterisk form"),
        ("CONNECT", "http://h:80/", "absolute form"),
        ("CONNECT", "h", "no port"),
        ("CONNECT", "h:", "an empty port"),
        ("CONNECT", ":443", "no host"),
        ("CONNECT", "u@h:443", "user information"),
        ("CONNECT", "h:443/x", "a path"),
        ("connect", "h:443", "methods are case-sensitive"),
    ];
    for (method, text, why) in table {
        assert_eq!(Target::parse(method, text).map_err(|r| r.status), Err(400), "{method} {text:?}: {why}");
    }
}

#[test]
fn a_target_needs_a_connection_of_its_scheme() {
    let table = [
        ("GET", "https://h/", Scheme::Http, Err(421), "in the clear"),
        ("GET", "HTTPS://h", Scheme::Http, Err(421), "schemes have no case"),
        ("OPTIONS", "https://h", Scheme::Http, Err(421), "whatever the method"),
        ("GET", "https://h/", Scheme::Https, Ok(()), "secured"),
        ("GET", "http://h/", Scheme::Http, Ok(()), "asks for no security"),
        ("GET", "http://h/", Scheme::Https, Err(421), "another origin's"),
        ("GET", "/", Scheme::Https, Ok(()), "names no scheme"),
        ("GET", "/https://h/", Scheme::Http, Ok(()), "a path"),
        ("OPTIONS", "*", Scheme::Http, Ok(()), "names no scheme"),
        ("CONNECT", "h:443", Scheme::Http, Ok(()), "names no scheme: what is in the tunnel secures itself"),
    ];
    for (method, text, served, expected, why) in table {
        let target = Target::parse(method, text).expect("well-formed");
        assert_eq!(target.check_scheme(served).map_err(|r| r.status), expected, "{method} {text}: {why}");
    }
}

#[test]
fn characters_that_clients_send_raw_pass_and_no_others() {
    for byte in 0..=0x7F {
        let c = char::from(byte);
        let in_path = byte > b' ' && byte < 0x7F && !matches!(c, '#' | '\\' | '"' | '<' | '>' | '%');
        let in_query = byte > b' ' && byte < 0x7F && c != '#';
        assert_eq!(Target::parse("GET", &format!("/a{c}b")).is_ok(), in_path, "{c:?} in a path");
        assert_eq!(Target::parse("GET", &format!("/?a{c}b")).is_ok(), in_query, "{c:?} in a query");
        assert_eq!(Target::parse("GET", &format!("http://h/a{c}b")).is_ok(), in_path, "{c:?} in an absolute form");
    }
    assert!(Target::parse("GET", "/caf\u{e9}").is_err());
}

#[test]
fn a_percent_sign_begins_a_triplet_in_a_path() {
    for path in ["/%41", "/%aF/%00", "/a%20", "/[|]^{}`%5c"] {
        assert!(Target::parse("GET", path).is_ok(), "{path}");
        assert!(Target::parse("GET", &format!("http://h{path}?100%")).is_ok(), "{path}");
    }
    for path in ["/%", "/100%", "/%4", "/%zz", "/%4g", "/%g4", "/%%41", "/%?41", "/%4?1", "/%u0041"] {
        assert_eq!(Target::parse("GET", path), Err(BROKEN_TRIPLET), "{path}");
        assert_eq!(Target::parse("GET", &format!("http://h{path}")), Err(BROKEN_TRIPLET), "{path}");
    }
    for query in ["/?%", "/?100%&x=%zz", "/?\"<>\\%4"] {
        assert!(Target::parse("GET", query).is_ok(), "{query}");
    }
}

#[test]
fn bytes_above_ascii_are_encoded_in_path_and_query_alone() {
    let table: [(&[u8], &[u8]); 9] = [
        (b"/caf\xc3\xa9.txt", b"/caf%C3%A9.txt"),
        (b"/\x80\xff?\xe9=\xe9", b"/%80%FF?%E9=%E9"),
        (b"/a%20b|", b"/a%20b|"),
        (b"http://h/\xe9", b"http://h/%E9"),
        (b"http://h?\xe9", b"http://h?%E9"),
        (b"http://\xe9/\xe9", b"http://\xe9/%E9"),
        (b"\xe9://h/", b"\xe9://h/"),
        (b"h\xe9:80", b"h\xe9:80"),
        (b"/http://\xe9", b"/http://%E9"),
    ];
    for (target, encoded) in table {
        assert_eq!(encode_raw_bytes(target).escape_ascii().to_string(), encoded.escape_ascii().to_string());
    }
}

#[test]
fn host_and_target_must_agree_up_to_case_and_default_port() {
    let table = [
        ("GET", "http://a/", "a", true, "equal"),
        ("GET", "http://A.example/", "a.EXAMPLE", true, "no case"),
        ("GET", "http://a:80/", "a", true, "the default port"),
        ("GET", "http://a/", "a:80", true, "the default port"),
        ("GET", "https://a/", "a:443", true, "the default port of https"),
        ("GET", "http://a:/", "a", true, "an empty port"),
        ("CONNECT", "a:443", "a:443", true, "equal"),
        ("CONNECT", "a:443", "a", true, "no port in Host"),
        ("GET", "http://a/", "b", false, "another name"),
        ("GET", "http://a:81/", "a", false, "another port"),
        ("GET", "https://a/", "a:80", false, "the default port of another scheme"),
        ("GET", "http://a/", "", false, "an empty Host"),
        ("GET", "http://a/", "a b", false, "a malformed Host"),
        ("CONNECT", "a:443", "a:80", false, "another port"),
        ("CONNECT", "a:443", "b:443", false, "another name"),
    ];
    for (method, target, host, agree, why) in table {
        let target = Target::parse(method, target).expect("well-formed");
        let authority = authority(Some(host.as_bytes()), &target, Version::Http11);
        assert_eq!(authority.is_ok(), agree, "{why}");
        if agree {
            assert_eq!(authority, Ok(target.authority.map(str::as_bytes)), "the target's own words: {why}");
        }
    }
}

#[test]
fn a_host_may_be_empty_but_only_as_a_whole() {
    let target = Target::parse("GET", "/").expect("well-formed");
    assert_eq!(authority(Some(b""), &target, Version::Http11), Ok(Some(&b""[..])));
    assert_eq!(authority(Some(b":80"), &target, Version::Http11).map_err(|r| r.status), Err(400));
    assert_eq!(authority(None, &target, Version::Http10), Ok(None));
    assert_eq!(authority(None, &target, Version::Http11).map_err(|r| r.status), Err(400));
}

proptest! {
    #[test]
    fn a_path_is_never_read_as_another_site(text in "[/\\\\a.:@?*h%]{0,12}", method in "GET|OPTIONS|CONNECT") {
        for text in [text.clone(), format!("http://h{text}")] {
            if let Ok(target) = Target::parse(&method, &text) && target.form != Authority {
                let path = target.path.as_bytes();
                prop_assert!(path == b"*" || path[0] == b'/');
                prop_assert!(!matches!(path.get(1), Some(b'/' | b'\\')));
            }
        }
    }
}
