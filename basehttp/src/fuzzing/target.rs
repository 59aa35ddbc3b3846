//! A request-target and a Host: which are taken, and that both name the same.

use std::net::Ipv6Addr;

use super::choices::Choices;
use crate::proto::Version;
use crate::proto::host::Authority;
use crate::proto::target::{Scheme, Target, TargetForm, authority};

/// Runs this target on `bytes`.
pub fn target(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let method = choices.of(&["GET", "OPTIONS", "CONNECT", "connect", "POST"]);
    let version = choices.of(&[Version::Http11, Version::Http10]);
    let (text, host) = (choices.line(), choices.line());

    let parsed = Authority::parse(host);
    assert_eq!(parsed.is_ok(), is_host_and_port(host), "{}", host.escape_ascii());
    let Ok(text) = str::from_utf8(text) else { return };
    let Ok(target) = Target::parse(method, text) else { return };
    check(method, text, &target);
    let is_private = target.form == TargetForm::Absolute && text.to_ascii_lowercase().starts_with("https:");
    assert_eq!(target.check_scheme(Scheme::Http).is_err(), is_private, "in the clear");
    match authority(Some(host), &target, version) {
        Ok(Some(asked)) => {
            let host = parsed.expect("a host that is taken is one");
            let asked = Authority::parse(asked).expect("and so is what is asked");
            assert!(asked.host.eq_ignore_ascii_case(host.host), "two hosts");
            assert_eq!(asked.host.is_empty(), target.authority.is_none() && host.host.is_empty());
        }
        Ok(None) => panic!("there was a Host"),
        Err(refusal) => assert_eq!(refusal.status, 400),
    }
    match authority(None, &target, version) {
        Ok(asked) => assert_eq!((asked, version), (target.authority.map(str::as_bytes), Version::Http10)),
        Err(_) => assert_eq!(version, Version::Http11, "an older client need not name a host"),
    }
}

fn check(method: &str, text: &str, target: &Target<'_>) {
    assert!(text.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'#'), "visible, and no fragment");
    match target.form {
        TargetForm::Asterisk => assert_eq!((method, text, &*target.path), ("OPTIONS", "*", "*")),
        TargetForm::Authority => assert_eq!((method, &*target.path), ("CONNECT", text)),
        TargetForm::Origin | TargetForm::Absolute if target.path == "*" => assert_eq!(method, "OPTIONS"),
        TargetForm::Origin | TargetForm::Absolute => {
            assert!(text.ends_with(target.path.trim_start_matches('/')));
            assert!(target.path.starts_with('/') && !target.path.starts_with("//") && !target.path.starts_with("/\\"));
            let again = Target::parse("GET", &target.path).expect("a path is a target");
            assert_eq!((again.form, &again.path), (TargetForm::Origin, &target.path));
        }
    }
    let has_authority = matches!(target.form, TargetForm::Absolute | TargetForm::Authority);
    assert_eq!(target.authority.is_some(), has_authority);
    assert!(
        target.authority.is_none_or(|authority| is_host_and_port(authority.as_bytes()) && !authority.starts_with(':'))
    );
}

/// `uri-host [":" port]`, written anew: RFC 3986, section 3.2.2, without the comma.
pub(super) fn is_host_and_port(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let (host_is_fine, rest) = if let Some(inner) = text.strip_prefix('[') {
        let Some((literal, rest)) = inner.split_once(']') else { return false };
        (literal.parse::<Ipv6Addr>().is_ok() || is_future(literal), rest)
    } else {
        let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
        (is_name(name), rest)
    };
    let port_is_fine = match rest.strip_prefix(':') {
        Some("") => true,
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
        None => rest.is_empty(),
    };
    host_is_fine && port_is_fine
}

fn is_name(name: &str) -> bool {
    let mut pieces = name.split('%');
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&byte));
    let is_triplet = |text: &str| {
        text.len() >= 2
            && text.is_char_boundary(2)
            && text[..2].bytes().all(|byte| byte.is_ascii_hexdigit())
            && is_plain(&text[2..])
    };
    pieces.next().is_some_and(is_plain) && pieces.all(is_triplet)
}

fn is_future(literal: &str) -> bool {
    let Some((version, address)) = literal.split_once('.') else { return false };
    let version = version.strip_prefix(['v', 'V']).unwrap_or_default();
    !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !address.is_empty()
        && !address.contains('%')
        && address.split(':').all(is_name)
}
