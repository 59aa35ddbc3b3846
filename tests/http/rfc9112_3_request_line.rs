//! Lines, versions, the four forms of a target, Host, and every octet in every place of a head, as rules on the whole.
//! RFC 9112, sections 2 to 5. Single malformed heads stand in `request_heads.rs`.

use crate::support::Client;
use crate::support::witness::{GOOD, Witness, check_last_words, codes};

/// RFC 9110, section 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `before`, the octet, `behind`.
fn around(before: &str, octet: u8, behind: &str) -> Vec<u8> {
    [before.as_bytes(), &[octet], behind.as_bytes()].concat()
}

/// Every token is a method, and an unknown one is a 501 (section 3.1, and RFC 9110, section 9.1).
#[test]
fn every_octet_in_a_method_is_of_a_token_or_refused() {
    let witness = Witness::default();
    for octet in 0..=u8::MAX {
        let expected = if is_tchar(octet) { 501 } else { 400 };
        let replies = witness.ask(around("A", octet, "B / HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(codes(&replies), [expected], "{octet:#04x}");
    }
    assert!(witness.take_seen().is_empty());
}

/// A target has no white space, control or fragment, and its path no markup and no broken triplet (section 3.2). The
/// table of `proto/target.rs` lists the others that pass although RFC 3986 has them encoded.
#[test]
fn every_octet_in_a_target_is_visible_or_refused() {
    let witness = Witness::default();
    for octet in 0..=u8::MAX {
        let is_above = !octet.is_ascii();
        let in_path = octet.is_ascii_graphic() && !b"#\\\"<>%".contains(&octet) || is_above;
        let in_query = octet.is_ascii_graphic() && octet != b'#' || is_above;
        for (before, passes) in [("GET /a", in_path), ("GET http://h/a", in_path), ("GET /?a", in_query)] {
            let replies = witness.ask(around(before, octet, "b HTTP/1.1\r\nHost: h\r\n\r\n"));
            assert_eq!(codes(&replies), [if passes { 200 } else { 400 }], "{before}: {octet:#04x}");
        }
    }
}

/// busybox wget sends such targets, and so does a client that follows a careless `Location` (section 3.2).
#[test]
fn bytes_above_ascii_in_a_target_are_taken_as_if_percent_encoded() {
    let witness = Witness::default();
    let server = witness.serve();
    let table: [(&[u8], &str); 5] = [
        (b"/caf\xc3\xa9.txt", "/caf%C3%A9.txt"),
        (b"/caf\xe9?q=\xff", "/caf%E9?q=%FF"),
        (b"http://h/\x80", "/%80"),
        (b"http://h?\xe9", "/?%E9"),
        (b"//h\xe9/", "/h%E9/"),
    ];
    for (target, path) in table {
        // Whole and plain heads are read another way than those that come in pieces.
        for (before, behind) in [("GET ", " HTTP/1.1\r\nHost: h\r\n\r\n"), ("\r\nGET ", " HTTP/1.1\r\nHost: h\r\n\r\n")]
        {
            let head = [before.as_bytes(), target, behind.as_bytes()].concat();
            let mut client = Client::sending(&server, [&head[..], GOOD.as_bytes()].concat());
            assert_eq!([(); 2].map(|()| client.read_reply().status), [200, 200], "{}", head.escape_ascii());
            assert_eq!(witness.take_seen()[0], format!("GET {path} h"), "{}", head.escape_ascii());
        }
    }
    let elsewhere: [&[u8]; 5] = [
        b"G\xc3\xa9T / HTTP/1.1",
        b"GET http://\xc3\xa9/ HTTP/1.1",
        b"CONNECT \xc3\xa9:80 HTTP/1.1",
        b"GET \xc3\xa9 HTTP/1.1",
        b"GET / HTTP/1.\xb9",
    ];
    for line in elsewhere {
        let head = [line, b"\r\nHost: h\r\n\r\n"].concat();
        check_last_words(&server, &witness, &head, &[400], "elsewhere");
    }
}

/// Host is `uri-host [ ":" port ]` of RFC 3986 (section 3.2). The comma alone is refused beyond that, since it joins
/// two Hosts.
#[test]
fn every_octet_in_a_host_is_of_a_name_or_refused() {
    let witness = Witness::default();
    for octet in 0..=u8::MAX {
        let in_name = octet.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&octet);
        for (before, behind, passes) in [
            ("a", "b", in_name),
            ("a:8", "1", octet.is_ascii_digit()),
            ("[v1.a", "b]", in_name || octet == b':'),
            ("[", "::1]", octet.is_ascii_hexdigit()),
        ] {
            // White space around the value is not part of it, so it is always inside here.
            let host = around(before, octet, behind);
            let head = [b"GET / HTTP/1.1\r\nHost: ", &host[..], b"\r\n\r\n"].concat();
            let expected = if passes { 200 } else { 400 };
            assert_eq!(codes(&witness.ask(head)), [expected], "{}", host.escape_ascii());
        }
    }
}

/// Section 5; 9110, sections 5.1 and 5.5.
#[test]
fn every_octet_in_a_field_is_of_its_name_or_value_or_refused() {
    let witness = Witness::default();
    for octet in 0..=u8::MAX {
        // A colon ends the name.
        let in_name = is_tchar(octet) || octet == b':';
        let in_value = octet == b'\t' || (octet >= b' ' && octet != 0x7f);
        for (before, behind, passes) in [("X", "Y: z", in_name), ("X: y", "z", in_value)] {
            let field = around(before, octet, behind);
            let head = [b"GET / HTTP/1.1\r\nHost: h\r\n", &field[..], b"\r\n\r\n"].concat();
            let expected = if passes { 200 } else { 400 };
            assert_eq!(codes(&witness.ask(head)), [expected], "{}", field.escape_ascii());
        }
    }
}

/// A bare CR never ends a line, and a bare LF does not end one either here (section 2.2). Controls are refused (RFC
/// 9110, section 5.5).
#[test]
fn a_control_character_anywhere_in_a_head_makes_it_malformed() {
    let witness = Witness::default();
    let head = b"GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
    for control in *b"\0\x01\x08\n\x0b\x0c\r\x1b\x1f\x7f" {
        // The place before the last byte, because the next request would begin behind it.
        for at in 0..head.len() {
            let mut bytes = head.to_vec();
            bytes.insert(at, control);
            // If it made a line of the empty one, the head ends here.
            bytes.extend_from_slice(b"\r\n");
            // An LF before the last LF makes a head with a bare LF.
            let expected: &[u16] = if control == b'\n' && at == head.len() - 1 { &[200, 400] } else { &[400] };
            assert_eq!(codes(&witness.ask(&bytes)), expected, "{}", bytes.escape_ascii());
        }
    }
}

/// A server SHOULD ignore at least one empty line (section 2.2). This one ignores eight before each request.
#[test]
fn empty_lines_before_a_request_line_are_ignored_but_not_for_ever() {
    let witness = Witness::default();
    let (lines, server) = (|count: usize| "\r\n".repeat(count), witness.serve());
    let fine = format!("{}{GOOD}{}{GOOD}", lines(8), lines(8));
    assert_eq!(codes(&witness.ask(&fine)), [200, 200]);
    let mut client = Client::sending(&server, fine);
    assert_eq!([(); 2].map(|()| client.read_reply().status), [200, 200]);
    check_last_words(&server, &witness, (lines(9) + GOOD).as_bytes(), &[400], "nine");
    check_last_words(&server, &witness, format!("{GOOD}{}", lines(9)).as_bytes(), &[200, 400], "behind a request");
    check_last_words(&server, &witness, lines(10_000).as_bytes(), &[400], "nothing else");
    check_last_words(&server, &witness, format!("\n{GOOD}").as_bytes(), &[400], "LF alone");
    check_last_words(&server, &witness, format!(" \r\n{GOOD}").as_bytes(), &[400], "a line of a blank");
}

/// Such a line must not be read as a field, and is not skipped either (section 2.2).
#[test]
fn white_space_between_the_request_line_and_the_first_field_is_refused() {
    let witness = Witness::default();
    let server = witness.serve();
    for line in [" ", "\t", " Host: h", "\tHost: h", " X: y", "\x0bHost: h", "\x0cHost: h"] {
        let head = format!("GET / HTTP/1.1\r\n{line}\r\nHost: h\r\n\r\n");
        check_last_words(&server, &witness, head.as_bytes(), &[400], line);
    }
}

/// Section 2.3; 9110, sections 2.5 and 15.6.6.
#[test]
fn a_version_is_served_as_the_highest_that_we_speak_or_refused_with_what_we_speak() {
    let witness = Witness::default();
    let server = witness.serve();
    for minor in 1..=9 {
        let head = format!("GET / HTTP/1.{minor}\r\nHost: h\r\n\r\n");
        let replies = witness.ask(format!("{head}{head}"));
        assert_eq!(codes(&replies), [200, 200], "HTTP/1.{minor} keeps the connection");
        assert!(replies.iter().all(|reply| reply.version == "HTTP/1.1"));
        let without_host = witness.ask(format!("GET / HTTP/1.{minor}\r\n\r\n"));
        assert_eq!(codes(&without_host), [400], "HTTP/1.{minor} needs a Host as 1.1 does");
    }
    for version in ["HTTP/0.9", "HTTP/0.0", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"] {
        let head = format!("GET / {version}\r\nHost: h\r\n\r\n");
        check_last_words(&server, &witness, head.as_bytes(), &[505], version);
        let reply = &witness.ask(&head)[0];
        let names_both = reply.text().contains("HTTP/1.0") && reply.text().contains("HTTP/1.1");
        assert!(names_both && reply.version == "HTTP/1.1", "{version}: the answer says what is spoken: {reply:?}");
    }
}

/// A request line has at least 8,000 octets (section 3). Longer targets have another status than longer methods and
/// fields.
#[test]
fn what_is_long_is_taken_and_what_is_too_long_gets_its_own_status() {
    let witness = Witness::default();
    let server = witness.serve();
    let long = |count: usize| "a".repeat(count);
    assert_eq!(codes(&witness.ask(format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", long(8_000)))), [200]);
    let fields: Vec<String> = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
    let fields = fields.concat();
    let table = [
        (format!("{} / HTTP/1.1\r\nHost: h\r\n\r\n", long(100_000)), 501, "a method of 100 kB"),
        (format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", long(65_536)), 414, "a target of 64 KiB"),
        (format!("GET http://{}/ HTTP/1.1\r\nHost: h\r\n\r\n", long(65_536)), 414, "a host of 64 KiB in the target"),
        (format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", long(100_000)), 431, "a Host of 100 kB"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", long(100_000)), 431, "a value of 100 kB"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{}: y\r\n\r\n", long(100_000)), 431, "a name of 100 kB"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n"), 431, "10,000 fields"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\nX:{}y\r\n\r\n", " ".repeat(100_000)), 431, "100 kB of blanks"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\nConnection: {}\r\n\r\n", ",".repeat(100_000)), 431, "100 kB of commas"),
    ];
    for (head, code, why) in &table {
        check_last_words(&server, &witness, head.as_bytes(), &[*code], why);
    }
}

/// The forms of a target that each method allows, and the path that the handler gets (sections 3.2.1 to 3.2.4).
#[test]
fn each_form_of_a_target_is_taken_with_its_methods_only_and_routed_by_its_path() {
    let witness = Witness::default();
    let server = witness.serve();
    // Method and target, and the path that the handler sees, if any.
    let table: &[(&str, &str, Option<&str>, &str)] = &[
        ("GET", "/where?q=now", Some("/where?q=now"), "origin form"),
        ("GET", "/", Some("/"), "the root"),
        ("GET", "//h/x", Some("/h/x"), "never another authority"),
        ("GET", "http://h/where?q=now", Some("/where?q=now"), "absolute form"),
        ("DELETE", "http://h/x", Some("/x"), "with any method"),
        ("GET", "hTTp://h/x", Some("/x"), "schemes have no case"),
        ("GET", "http://h", Some("/"), "an empty path"),
        ("GET", "http://h?q", Some("/?q"), "an empty path and a query"),
        ("GET", "http://h/http://other/", Some("/http://other/"), "a path that looks absolute"),
        ("GET", "http://h//other/", Some("/other/"), "a path that looks like an authority"),
        ("OPTIONS", "*", Some("*"), "asterisk form"),
        ("OPTIONS", "/", Some("/"), "not the asterisk"),
        ("OPTIONS", "/*", Some("/*"), "not the asterisk"),
        ("OPTIONS", "http://h", Some("*"), "what a proxy makes of it"),
        ("OPTIONS", "http://h/", Some("/"), "that has a path"),
        ("OPTIONS", "http://h?q", Some("/?q"), "that has a query"),
        ("CONNECT", "h:80", Some("h:80"), "authority form"),
        ("GET", "*", None, "the asterisk is for OPTIONS"),
        ("POST", "*", None, "the asterisk is for OPTIONS"),
        ("CONNECT", "*", None, "the asterisk is for OPTIONS"),
        ("OPTIONS", "*/", None, "more than an asterisk"),
        ("OPTIONS", "*?q", None, "more than an asterisk"),
        ("OPTIONS", "http://h/*#", None, "a fragment"),
        ("GET", "h:80", None, "the authority form is for CONNECT"),
        ("OPTIONS", "h:80", None, "the authority form is for CONNECT"),
        ("CONNECT", "/", None, "CONNECT has no other form"),
        ("CONNECT", "http://h:80/", None, "CONNECT has no other form"),
        ("CONNECT", "h", None, "without a port"),
        ("CONNECT", "h:", None, "without a port"),
        ("CONNECT", ":80", None, "without a host"),
        ("CONNECT", "u@h:80", None, "user information"),
        ("CONNECT", "h:80/", None, "a path"),
        ("GET", "where", None, "no form"),
        ("GET", "./where", None, "no form"),
        ("GET", "?q", None, "no form"),
        ("GET", "h/where", None, "no form"),
        ("GET", "\\where", None, "no form"),
        ("GET", "%2Fwhere", None, "no form"),
        ("GET", "http:", None, "no authority"),
        ("GET", "http:/where", None, "no authority"),
        ("GET", "http://", None, "no authority"),
        ("GET", "http:///where", None, "an empty host: 9110, section 4.2.1"),
        ("GET", "https://:443/", None, "an empty host: 9110, section 4.2.2"),
        ("GET", "http://u@h/", None, "user information: 9110, section 4.2.4"),
        ("GET", "http://u:p@h/", None, "user information: 9110, section 4.2.4"),
        ("GET", "http://@h/", None, "user information: 9110, section 4.2.4"),
        ("GET", "//u@h/", Some("/u@h/"), "that is a path"),
        ("GET", "ftp://h/", None, "another scheme"),
        ("GET", "file:///etc/passwd", None, "another scheme"),
        ("GET", "ws://h/", None, "another scheme"),
        ("GET", "http+unix://h/", None, "another scheme"),
        ("GET", "javascript:x", None, "another scheme"),
        ("GET", "/#f", None, "a fragment"),
        ("GET", "http://h/#f", None, "a fragment"),
    ];
    for (method, target, path, why) in table {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n");
        match path {
            None => check_last_words(&server, &witness, head.as_bytes(), &[400], why),
            Some(path) => {
                let expected = if *method == "CONNECT" { 403 } else { 200 };
                assert_eq!(Client::sending(&server, &head).read_reply().status, expected, "{head:?}: {why}");
                let authority = if *method == "CONNECT" { target } else { &"h" };
                assert_eq!(witness.take_seen(), [format!("{method} {path} {authority}")], "{head:?}: {why}");
            }
        }
    }
}

/// The table of `proto/host.rs` lists where this is stricter than sections 3.2 and 3.2.2. RFC 9112 ignores a Host that
/// disagrees with the target, and this server refuses it.
#[test]
fn host_is_there_once_and_agrees_with_the_target() {
    let witness = Witness::default();
    let server = witness.serve();
    // Request line without version, Host lines, and the authority that the handler sees, if any.
    let table: &[(&str, &str, Option<&str>, &str)] = &[
        ("GET /", "Host: h\r\n", Some("h"), "the usual"),
        ("GET /", "hOST:h\r\n", Some("h"), "names have no case"),
        ("GET /", "Host: \t h \t\r\n", Some("h"), "white space around it"),
        ("GET /", "Host:\r\n", Some(""), "empty: the target has no authority"),
        ("GET /", "Host: H.Example:8080\r\n", Some("H.Example:8080"), "as it was sent"),
        ("GET /", "", None, "missing"),
        ("GET /", "X: y\r\n", None, "missing"),
        ("GET /", "Hosts: h\r\n", None, "another field"),
        ("GET /", "Host: h\r\nHost: h\r\n", None, "twice, although equal"),
        ("GET /", "Host: h\r\nX: y\r\nhost: h\r\n", None, "twice, apart"),
        ("GET /", "Host: h\r\nHost:\r\n", None, "twice, one of them empty"),
        ("GET /", "Host: h h\r\n", None, "two words"),
        ("GET /", "Host: h, h\r\n", None, "a list"),
        ("GET /", "Host: http://h/\r\n", None, "a URI"),
        ("GET /", "Host: u:p@h\r\n", None, "user information"),
        ("GET /", "Host: h:\r\n", Some("h:"), "an empty port, as RFC 3986 has it"),
        ("GET /", "Host: h:0080\r\n", Some("h:0080"), "leading zeros"),
        ("GET /", "Host: h:65536\r\n", None, "no port"),
        (
            "GET /",
            "Host: h:00000000000000000000000000000000000000000000000000080\r\n",
            Some("h:00000000000000000000000000000000000000000000000000080"),
            "many leading zeros",
        ),
        ("GET /", "Host: :\r\n", None, "a port alone"),
        ("GET /", "Host: [::]\r\n", Some("[::]"), "an address"),
        ("GET /", "Host: [::ffff:1.2.3.4]:80\r\n", Some("[::ffff:1.2.3.4]:80"), "an address"),
        ("GET /", "Host: []\r\n", None, "empty brackets"),
        ("GET /", "Host: [1.2.3.4]\r\n", None, "no IPv6 address"),
        ("GET /", "Host: [::1%25lo]\r\n", None, "a zone"),
        ("GET /", "Host: [::1]80\r\n", None, "no colon before the port"),
        ("GET /", "Host: ]\r\n", None, "a bracket"),
        ("GET /", "Host: 1.2.3.999\r\n", Some("1.2.3.999"), "a name, if no address"),
        ("GET /", "Host: caf%C3%A9\r\n", Some("caf%C3%A9"), "percent-encoded"),
        ("GET /", "Host: h%2\r\n", None, "half a triplet"),
        ("GET /", "Host: h%\r\n", None, "less"),
        ("GET /", "Host: *\r\n", Some("*"), "a sub-delimiter"),
        ("GET http://h/", "Host: h\r\n", Some("h"), "the same"),
        ("GET http://h/", "Host: H\r\n", Some("h"), "case makes no difference"),
        ("GET http://h/", "Host: h:80\r\n", Some("h"), "nor a default port"),
        ("GET http://h:80/", "Host: h\r\n", Some("h:80"), "nor a default port"),
        ("GET http://h:/", "Host: h\r\n", Some("h:"), "nor an empty one"),
        ("GET http://h:443/", "Host: h:443\r\n", Some("h:443"), "a port says nothing of a scheme"),
        ("GET http://h:080/", "Host: h:80\r\n", Some("h:080"), "nor leading zeros"),
        ("GET http://[::1]/", "Host: [::1]\r\n", Some("[::1]"), "brackets"),
        ("GET http://h/", "Host: i\r\n", None, "another host"),
        ("GET http://h/", "Host: h.\r\n", None, "another host"),
        ("GET http://h/", "Host: %68\r\n", None, "not decoded"),
        ("GET http://h/", "Host:\r\n", None, "no host"),
        ("GET http://h/", "Host: :80\r\n", None, "no host"),
        ("GET http://h/", "Host: h:81\r\n", None, "another port"),
        ("GET http://h:81/", "Host: h\r\n", None, "another port"),
        ("GET http://h/", "Host: h:443\r\n", None, "another scheme's port"),
        ("GET https://h/", "Host: h:80\r\n", None, "another scheme's port"),
        ("GET http://h/", "", None, "missing all the same"),
        ("GET http://h/", "Host: h\r\nHost: h\r\n", None, "twice all the same"),
        ("GET http://h/", "Host: u@h\r\n", None, "malformed all the same"),
        ("GET http://[::1]/", "Host: [0::1]\r\n", None, "written otherwise"),
        ("CONNECT h:443", "Host: h:443\r\n", Some("h:443"), "the same"),
        ("CONNECT h:443", "Host: h\r\n", Some("h:443"), "the example of section 3.2.3"),
        ("CONNECT h:443", "Host: h:80\r\n", None, "another port"),
        ("CONNECT h:443", "Host: i:443\r\n", None, "another host"),
        ("CONNECT h:443", "", None, "missing all the same"),
        ("OPTIONS *", "Host: h\r\n", Some("h"), "there is no other"),
        ("OPTIONS *", "", None, "missing all the same"),
    ];
    for (start, host, authority, why) in table {
        let head = format!("{start} HTTP/1.1\r\n{host}\r\n");
        match authority {
            None => check_last_words(&server, &witness, head.as_bytes(), &[400], why),
            Some(authority) => {
                Client::sending(&server, &head).read_reply();
                let seen = witness.take_seen();
                assert_eq!(seen.len(), 1, "{head:?}: {why}");
                assert_eq!(seen[0].splitn(3, ' ').nth(2), Some(*authority), "{head:?}: {why}");
            }
        }
    }
    for (head, authority) in [("GET /", "-"), ("GET http://h/", "h"), ("CONNECT h:1", "h:1")] {
        Client::sending(&server, format!("{head} HTTP/1.0\r\n\r\n")).read_reply();
        assert!(witness.take_seen()[0].ends_with(&format!(" {authority}")), "HTTP/1.0 needs none: {head}");
    }
    for host in ["Host: h\r\nHost: h\r\n", "Host: u@h\r\n"] {
        check_last_words(&server, &witness, format!("GET / HTTP/1.0\r\n{host}\r\n").as_bytes(), &[400], "in 1.0 too");
    }
}

/// Nothing is done before the whole head is here, since its last line may forbid it (RFC 9110, section 5.3).
#[test]
fn no_handler_is_called_before_the_whole_head_is_here() {
    let witness = Witness::default();
    let server = witness.serve();
    let head = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nX: y\r\n\r\n";
    for length in 0..head.len() {
        let mut client = Client::sending(&server, &head[..length]);
        client.end_sending();
        client.expect_end();
        assert!(witness.take_seen().is_empty(), "after {length} bytes");
    }
    check_last_words(&server, &witness, head.replace("X: y", "Content-Length: 1").as_bytes(), &[400], "the last line");
}
