use super::*;

#[test]
fn the_defaults_are_safe_and_each_can_be_changed() {
    let week = Duration::from_secs(604_800);
    let table = [
        (Cookie::new("a", "1"), false, "a=1; Path=/; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", "1"), true, "a=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", "1").secure(true), false, "a=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", "1").secure(false), true, "a=1; Path=/; HttpOnly; SameSite=Lax"),
        (Cookie::new("a", "").path("/x").http_only(false), false, "a=; Path=/x; SameSite=Lax"),
        (
            Cookie::new("a", "1").domain("example.org").max_age(week).same_site(SameSite::Strict),
            false,
            "a=1; Path=/; Domain=example.org; Max-Age=604800; HttpOnly; SameSite=Strict",
        ),
        (
            Cookie::new("a", "1").max_age(Duration::from_millis(1)),
            false,
            "a=1; Path=/; Max-Age=1; HttpOnly; SameSite=Lax",
        ),
        (
            Cookie::new("a", "1").max_age(Duration::MAX).http_only(false),
            false,
            "a=1; Path=/; Max-Age=18446744073709551615; SameSite=Lax",
        ),
        (
            Cookie::removal("a").path("/x"),
            false,
            "a=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
        ),
        (Cookie::new("a", "1").same_site(SameSite::None), false, "a=1; Path=/; Secure; HttpOnly; SameSite=None"),
        (Cookie::new("__Host-a", "1"), false, "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
        (Cookie::new("__secure-a", "1").path("/x"), false, "__secure-a=1; Path=/x; Secure; HttpOnly; SameSite=Lax"),
    ];
    for (cookie, is_secured, expected) in table {
        assert_eq!(cookie.check(), Ok(()), "{expected}");
        assert_eq!(cookie.to_field(is_secured), expected);
    }
}

#[test]
fn what_a_browser_would_drop_or_misread_is_refused() {
    let of_value = |value: &str| Cookie::new("a", value);
    let of_path = |path: &str| Cookie::new("a", "1").path(path);
    let of_domain = |domain: &str| Cookie::new("a", "1").domain(domain);
    let long = "v".repeat(MAX_BYTES);
    let table = [
        (Cookie::new("", "1"), "name"),
        (Cookie::new("a b", "1"), "name"),
        (Cookie::new("a=b", "1"), "name"),
        (Cookie::new("caf\u{e9}", "1"), "name"),
        (of_value("1; Domain=example.org"), "';'"),
        (of_value("a b"), "' '"),
        (of_value("\"quoted\""), "'\"'"),
        (of_value("a,b"), "','"),
        (of_value("a\\b"), "'\\\\'"),
        (of_value("a\r\nSet-Cookie: b=1"), "'\\r'"),
        (of_value("caf\u{e9}"), "'\u{e9}'"),
        (of_value("a\u{7f}"), "'\\u{7f}'"),
        (of_value(&long), "4096"),
        (of_path(""), "path"),
        (of_path("x"), "path"),
        (of_path("/x; Secure"), "path"),
        (of_path("/x\r\n"), "path"),
        (of_path("/caf\u{e9}"), "path"),
        (of_domain(""), "domain"),
        (of_domain(".example.org"), "domain"),
        (of_domain("example.org."), "domain"),
        (of_domain("example.org:80"), "domain"),
        (of_domain("a;b"), "domain"),
        (of_domain("-a.org"), "domain"),
        (of_domain("b\u{fc}cher.example"), "domain"),
        (Cookie::new("__Host-a", "1").path("/x"), "prefix"),
        (Cookie::new("__host-a", "1").domain("example.org"), "prefix"),
        (Cookie::new("__Host-a", "1").secure(false), "must be secure"),
        (Cookie::new("__Secure-a", "1").secure(false), "must be secure"),
        (Cookie::new("a", "1").same_site(SameSite::None).secure(false), "must be secure"),
    ];
    for (cookie, expected) in table {
        let fault = cookie.check().expect_err(expected);
        assert!(fault.contains(expected), "{expected}: {fault}");
    }
    assert_eq!(Cookie::new("a", &long[1..]).check(), Ok(()), "the longest one");
}
