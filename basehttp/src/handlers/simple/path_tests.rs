use proptest::prelude::*;

use super::*;

#[test]
fn a_path_means_what_it_says_after_decoding_and_never_more_than_the_root() {
    let table: [(&str, Option<&[u8]>, &str); 41] = [
        ("/", Some(b""), "the root"),
        ("/a", Some(b"a"), "a name"),
        ("/a/", Some(b"a/"), "a directory's form"),
        ("/a/b.txt?x=/../y", Some(b"a/b.txt"), "the query is cut off"),
        ("/a#b?c", Some(b"a"), "the fragment is cut off"),
        ("/a%3Fb", Some(b"a?b"), "an encoded question mark is a name's"),
        ("/a%23b", Some(b"a#b"), "an encoded hash is a name's"),
        ("/a%20b+c", Some(b"a b+c"), "plus is plus in a path"),
        ("/caf%C3%A9", Some(b"caf\xc3\xa9"), "UTF-8"),
        ("/%FF", Some(b"\xff"), "no UTF-8: the byte itself"),
        ("/%zz%", Some(b"%zz%"), "no triplet: as it stands"),
        ("/%2541", Some(b"%41"), "decoded once"),
        ("/..", Some(b""), "above the root"),
        ("/../../a", Some(b"a"), "above the root"),
        ("/a/../../../b", Some(b"b"), "above the root"),
        ("/%2e%2e/a", Some(b"a"), "encoded dots"),
        ("/%2E./a", Some(b"a"), "half-encoded dots"),
        ("/.%2e/a", Some(b"a"), "half-encoded dots"),
        ("/..%2fa", Some(b"a"), "an encoded slash"),
        ("/..%2F..%2Fa", Some(b"a"), "encoded slashes"),
        ("/a%2fb", Some(b"a/b"), "an encoded slash is a slash, as in Python"),
        ("/a/b/..", Some(b"a"), "up"),
        ("/a/b/../", Some(b"a/"), "up, with a slash"),
        ("/a/.", Some(b"a"), "a dot"),
        ("/a/./", Some(b"a/"), "a dot, with a slash"),
        ("/./", Some(b""), "the root"),
        ("/..a", Some(b"..a"), "a name"),
        ("/...", Some(b"..."), "a name"),
        ("//a", Some(b"a"), "slashes"),
        ("/a//b", Some(b"a/b"), "slashes"),
        ("/a///", Some(b"a/"), "slashes"),
        ("/a%2f", Some(b"a/"), "an encoded slash at the end"),
        ("/a\\..\\..\\b", Some(b"a\\..\\..\\b"), "a backslash is a name's"),
        ("/..\\a", Some(b"..\\a"), "a backslash is a name's"),
        ("/%5c..%5c", Some(b"\\..\\"), "a backslash is a name's"),
        ("/%00", None, "a NUL"),
        ("/a%00.txt", None, "a NUL"),
        ("/a/../%00", None, "a NUL"),
        ("/%c0%ae%c0%ae/a", Some(b"\xc0\xae\xc0\xae/a"), "overlong dots are bytes of a name"),
        ("/%u002e%u002e/a", Some(b"%u002e%u002e/a"), "no triplets"),
        ("a", Some(b"a"), "without a slash"),
    ];
    for (raw, key, why) in table {
        assert_eq!(ServedPath::of_request(raw).as_ref().map(ServedPath::key), key, "{raw}: {why}");
    }
}

#[test]
fn a_path_that_no_system_opens_is_none() {
    let longest = format!("/{}", "a".repeat(MAX_PATH_BYTES));
    assert!(ServedPath::of_request(&longest).is_some());
    assert_eq!(ServedPath::of_request(&format!("{longest}a")), None);
    assert_eq!(ServedPath::of_request(&format!("{longest}%61")), None);
}

#[test]
fn the_short_cut_and_the_long_way_agree() {
    let pieces = ["a", "/", ".", "..", "%2f", "%2e", "b.c", "//"];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let raw = format!("/{first}{second}{third}");
                assert_eq!(
                    ServedPath::of_request(&raw).map(|served| served.key().to_vec()),
                    decoded(&raw),
                    "{raw}: the leading slash changes nothing, and the short cut neither"
                );
            }
        }
    }
}

#[test]
fn names_with_a_leading_dot_are_hidden_but_for_the_well_known() {
    let table = [
        ("/a", false),
        ("/a.b/c.d", false),
        ("/.git/config", true),
        ("/a/.env", true),
        ("/%2eenv", true),
        ("/...", true),
        ("/.well-known/acme-challenge/x", false),
        ("/.well-known/", false),
        ("/.well-known/.hidden", true),
        ("/a/.well-known/x", true),
        ("/.well-knownx", true),
        ("/a/../.env", true),
        ("/.env/../a", false),
    ];
    for (raw, is_hidden) in table {
        assert_eq!(ServedPath::of_request(raw).map(|served| served.is_hidden()), Some(is_hidden), "{raw}");
    }
}

#[test]
fn a_folders_location_has_one_slash_in_front_and_nothing_that_browsers_bend() {
    let table = [
        ("/a", "/a/"),
        ("/a?x=/y", "/a/?x=/y"),
        ("/a#f", "/a/"),
        ("/a?x#f", "/a/?x"),
        ("//evil.example", "/evil.example/"),
        ("/\\evil.example", "/evil.example/"),
        ("\\\\evil.example/..", "/evil.example/../"),
        ("/%5cevil.example", "/%5cevil.example/"),
        ("/a\\b", "/a%5Cb/"),
        ("/a?x=\\\"<b>", "/a/?x=%5C%22%3Cb%3E"),
        ("/a\r\nSet-Cookie:x", "/a%0D%0ASet-Cookie:x/"),
        ("/a\tb\u{7f}\u{85}\u{2028}", "/a%09b%7F%C2%85%E2%80%A8/"),
        ("/caf%C3%A9", "/caf%C3%A9/"),
        ("/.", "/./"),
        ("/a%2f", "/a%2f/"),
        ("", "/"),
        ("//", "/"),
    ];
    for (raw, location) in table {
        assert_eq!(directory_location(raw), location, "{raw:?}");
    }
}

#[test]
fn a_folders_relative_location_is_its_own_name_with_a_slash() {
    let table = [
        ("/a", "./a/"),
        ("/a/b", "./b/"),
        ("/a/b?x=/y", "./b/?x=/y"),
        ("/a:b", "./a:b/"),
        ("/http://evil.example", "./evil.example/"),
        ("//evil.example", "./evil.example/"),
        ("/\\\\evil.example", "./evil.example/"),
        ("/a/\\b", "./%5Cb/"),
        ("/a%2f", "./a%2f/"),
        ("/a/..", "./../"),
    ];
    for (raw, location) in table {
        assert_eq!(relative_directory_location(raw), location, "{raw:?}");
    }
}

#[test]
fn what_is_mounted_has_a_boundary_that_no_spelling_crosses() {
    let table = [
        ("/static", "/static/a.txt", Some("a.txt"), "below"),
        ("/static", "/static/", Some(""), "the root"),
        ("/static", "/static", Some(""), "the root without its slash"),
        ("/static", "/statica.txt", None, "a name that begins alike"),
        ("/static", "/Static/a", None, "another name"),
        ("/static", "/a.txt", None, "not below"),
        ("/static", "/", None, "above"),
        ("/static", "/static/../a.txt", None, "dots lead out"),
        ("/static", "/static/%2e%2e/a.txt", None, "encoded dots lead out"),
        ("/static", "/static/../../static/a", Some("a"), "and in again"),
        ("/static", "/%73tatic/%61", Some("a"), "encoded"),
        ("/static", "//static//a//", Some("a/"), "slashes"),
        ("/static", "/static%2fa", Some("a"), "an encoded slash is a slash"),
        ("/a/b", "/a/b/c", Some("c"), "two segments"),
        ("/a/b", "/a/bc", None, "a name that begins alike"),
        ("/a/b/", "/a/b/c", Some("c"), "a slash at the end changes nothing"),
        ("//a/./b", "/a/b/c", Some("c"), "nor does another spelling"),
        ("/caf%C3%A9", "/caf%c3%a9/x", Some("x"), "encoded"),
        ("/", "/a", Some("a"), "the root of all"),
    ];
    for (mount, raw, expected, why) in table {
        let mount = Mount::at(mount).expect("a path");
        let served = ServedPath::of_request(raw).and_then(|served| served.below(&mount));
        assert_eq!(served.as_ref().map(ServedPath::key), expected.map(str::as_bytes), "{raw} below {mount:?}: {why}");
    }
    for path in ["", "static", "/a?b", "/a#b", "/a%00"] {
        assert_eq!(Mount::at(path), None, "{path}");
    }
    let below = |raw| ServedPath::of_request(raw)?.below(&Mount::at("/static")?);
    assert!(below("/static/.well-known/x").is_some_and(|served| served.is_hidden()), "that is another URL");
}

#[test]
fn a_path_of_the_programs_own_keeps_the_requests_slash() {
    let table = [
        ("a", "/x", Some("a")),
        ("a", "/x/", Some("a/")),
        ("/a/../../b", "/x", Some("b")),
        ("", "/x", Some("")),
        ("", "/x/?q", Some("")),
        ("a\0", "/x", None),
    ];
    for (path, request, key) in table {
        let served = ServedPath::of_path(path.as_bytes(), request);
        assert_eq!(served.as_ref().map(ServedPath::key), key.map(str::as_bytes), "{path:?}");
    }
}

proptest! {
    #[test]
    fn no_path_names_anything_but_names(raw in "/([a.%/\\\\?#]|%2[eEfF]|%00|%5c|\\.\\.|\\PC){0,12}") {
        if let Some(served) = ServedPath::of_request(&raw) {
            let names: Vec<_> = served.path().split(|byte| *byte == b'/').collect();
            let is_name = |name: &&[u8]| !matches!(*name, b"" | b"." | b"..") && !name.contains(&0);
            prop_assert!(served.path().is_empty() || names.iter().all(is_name), "{:?}", served);
            prop_assert_eq!(served.is_hidden(), names[0].starts_with(b".") && names[0] != b".well-known"
                || names[1..].iter().any(|name| name.starts_with(b".")));
        }
    }

    #[test]
    fn what_is_below_a_mount_is_what_its_path_says_behind_it(
        raw in "(/|s|st|a|\\.\\.|%2[eEfF]|\\.|%73){0,10}",
    ) {
        let served = ServedPath::of_request(&raw).expect("it is short");
        let below = served.clone().below(&Mount::at("/s").expect("a path"));
        let is_below = served.path() == b"s" || served.key().starts_with(b"s/");
        prop_assert_eq!(below.is_some(), is_below, "{}", raw);
        if let Some(below) = below {
            let rest = served.key().strip_prefix(b"s").map(|rest| rest.strip_prefix(b"/").unwrap_or(rest));
            prop_assert_eq!(Some(below.key()), rest);
        }
    }

    #[test]
    fn no_location_leads_elsewhere(raw in "([/\\\\@:.?#a%]|\\PC|[\\x00-\\x20]){0,12}") {
        let location = directory_location(&raw);
        prop_assert!(location.starts_with('/') && !location.starts_with("//"), "{}", location);
        prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{}", location);
        prop_assert_eq!(location.split('?').next().map(|path| path.ends_with('/')), Some(true));
    }
}
