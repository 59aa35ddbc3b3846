//! Refuses requests that a page of another site has a browser send, since the browser adds the user's cookies to them.
//!
//! | method            | `Sec-Fetch-Site`       | `Origin`                        |         |
//! |-------------------|------------------------|---------------------------------|---------|
//! | GET, HEAD, OPTIONS |                       |                                 | served  |
//! | any other one     | `same-origin`, `none`  |                                 | served  |
//! |                   | another value          | one that is trusted             | served  |
//! |                   | another value          | missing, or another one         | refused |
//! |                   | missing                | missing, so no page has sent it | served  |
//! |                   | missing                | the asked host, or trusted      | served  |
//! |                   | missing                | another one                     | refused |
//!
//! Browsers send `Sec-Fetch-Site` since 2023, to hosts that they reach by HTTPS or on this computer. Others get by with
//! `Origin`. It is compared without its scheme, which a server behind a proxy may not know. These are the rules of Go's
//! `http.CrossOriginProtection`. They hold only if GET changes nothing (RFC 9110, section 9.2.1).

use super::super::{head::Field, host::Authority, refusal::Refusal};

/// Origins whose pages may send any request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedOrigins(Vec<String>);

impl TrustedOrigins {
    /// Returns whether no origin is trusted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an origin such as `https://app.example.org`.
    ///
    /// # Errors
    /// The text is not an origin as browsers send it. The error says what to write.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let example = "write one such as \"https://app.example.org\"";
        let Some((scheme, behind)) = text.split_once("://") else {
            return Err(format!("{text:?} is not an origin: {example}"));
        };
        let host = behind.split(['/', '?', '#']).next().unwrap_or_default();
        let parsed = Authority::parse(host.as_bytes()).ok().filter(|authority| !authority.host.is_empty());
        let Some(authority) = parsed.filter(|_| !scheme.is_empty() && !host.contains('*')) else {
            return Err(format!("{text:?} is not an origin: {example}"));
        };
        // Browsers leave out the scheme's own port.
        let is_default = authority.port.is_some_and(|port| Some(port) == default_port(scheme.as_bytes()));
        let host = if is_default { &host[..authority.host.len()] } else { host };
        let origin = format!("{scheme}://{host}").to_ascii_lowercase();
        if origin != text.to_ascii_lowercase() {
            return Err(format!("{text:?} is not an origin as browsers send it: write {origin:?}"));
        }
        self.0.push(origin);
        Ok(())
    }

    /// Checks a request for `authority`.
    ///
    /// # Errors
    /// A page of another site has sent it.
    pub(super) fn check(&self, method: &str, fields: &[Field<'_>], authority: Option<&[u8]>) -> Result<(), Refusal> {
        if matches!(method, "GET" | "HEAD" | "OPTIONS") {
            return Ok(());
        }
        let value = |name: &str| fields.iter().find(|field| field.name().eq_ignore_ascii_case(name)).map(Field::value);
        let origin = value("Origin");
        let is_fine = match (value("Sec-Fetch-Site"), origin) {
            (Some(b"same-origin" | b"none"), _) | (None, None) => true,
            (None, Some(origin)) => is_of_host(origin, authority) || self.trusts(origin),
            (Some(_), Some(origin)) => self.trusts(origin),
            (Some(_), None) => false,
        };
        if is_fine { Ok(()) } else { Err(CROSS_SITE) }
    }

    fn trusts(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|trusted| origin.eq_ignore_ascii_case(trusted.as_bytes()))
    }
}

/// Returns whether this is the origin of the host that was asked.
fn is_of_host(origin: &[u8], authority: Option<&[u8]>) -> bool {
    let Some(at) = origin.windows(3).position(|three| three == b"://") else { return false };
    let (scheme, host) = (&origin[..at], &origin[at + 3..]);
    match (Authority::parse(host), authority.map(Authority::parse), default_port(scheme)) {
        (Ok(origin), Some(Ok(asked)), Some(port)) => !asked.host.is_empty() && origin.is_same(&asked, port),
        _ => false,
    }
}

fn default_port(scheme: &[u8]) -> Option<u16> {
    match scheme {
        b"http" => Some(80),
        b"https" => Some(443),
        _ => None,
    }
}

const CROSS_SITE: Refusal = Refusal::new(403, "a page of another site has sent this request");

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(texts: &[&str]) -> TrustedOrigins {
        let mut origins = TrustedOrigins::default();
        for text in texts {
            origins.add(text).expect("an origin");
        }
        origins
    }

    #[test]
    fn a_request_that_may_change_something_comes_from_its_own_site_or_no_page() {
        let trusted = origins(&["https://App.example.org", "http://localhost:3000", "moz-extension://abc"]);
        let table = [
            ("", true, "not a browser"),
            ("Sec-Fetch-Site: same-origin", true, "the own page"),
            ("Sec-Fetch-Site: none", true, "the user"),
            ("Sec-Fetch-Site: same-site", false, "another host of the site, which may be less trusted"),
            ("Sec-Fetch-Site: cross-site", false, "another site"),
            ("Sec-Fetch-Site: ", false, "no value that a browser sends"),
            ("Sec-Fetch-Site: same-origin, none", false, "no value that a browser sends"),
            ("Origin: https://example.org:8443", true, "an older browser, the own page"),
            ("Origin: http://example.org:8443", true, "the scheme may have changed at a proxy"),
            ("Origin: https://example.org", false, "another port"),
            ("Origin: https://evil.example:8443", false, "another site"),
            ("Origin: https://example.org:8443.evil.example", false, "a name that begins alike"),
            ("Origin: null", false, "a page without an origin"),
            ("Origin: ", false, "an empty one"),
            ("Origin: https://", false, "an empty host"),
            ("Origin: https://app.example.org", true, "a trusted one"),
            ("Origin: https://app.example.org:8443", false, "a trusted one's other port"),
            ("Origin: http://app.example.org", false, "a trusted one's other scheme"),
            ("Origin: moz-extension://abc", true, "a trusted extension"),
            ("Sec-Fetch-Site: cross-site\nOrigin: http://localhost:3000", true, "a trusted one, by both"),
            ("Sec-Fetch-Site: cross-site\nOrigin: https://example.org:8443", false, "they disagree"),
            ("Sec-Fetch-Site: same-origin\nOrigin: https://evil.example", true, "the browser knows best"),
        ];
        for (lines, expected, why) in table {
            let pairs = lines.lines().filter_map(|line| line.split_once(": "));
            let fields: Vec<_> = pairs.map(|(name, value)| Field::new(name, value.as_bytes())).collect();
            let check = |method: &str| trusted.check(method, &fields, Some(b"Example.org:8443")).map_err(|r| r.status);
            for method in ["POST", "PUT", "DELETE", "post", "CONNECT"] {
                assert_eq!(check(method), if expected { Ok(()) } else { Err(403) }, "{why}: {method} {lines}");
            }
            for method in ["GET", "HEAD", "OPTIONS"] {
                assert_eq!(check(method), Ok(()), "{why}: {method}");
            }
        }
    }

    #[test]
    fn the_default_port_may_be_missing_on_either_side() {
        let none = TrustedOrigins::default();
        for (origin, host, expected) in [
            ("https://a", "a:443", true),
            ("http://a", "a:80", true),
            ("https://a:443", "a", true),
            ("https://a", "a:80", false),
            ("https://[::1]:1", "[::1]:1", true),
            ("https://a", "", false),
            ("https://", "", false),
        ] {
            let fields = [Field::new("origin", origin.as_bytes())];
            assert_eq!(none.check("POST", &fields, Some(host.as_bytes())).is_ok(), expected, "{origin} to {host}");
            assert!(none.check("POST", &fields, None).is_err(), "no host was asked");
        }
    }

    #[test]
    fn the_error_for_a_wrong_origin_says_what_to_write() {
        let table = [
            ("https://app.example.org/", "write \"https://app.example.org\""),
            ("https://app.example.org/path?q", "write \"https://app.example.org\""),
            ("https://App.example.org:443", "write \"https://app.example.org\""),
            ("app.example.org", "such as \"https://app.example.org\""),
            ("https://*.example.org", "such as"),
            ("://a", "such as"),
            ("https://", "such as"),
            ("null", "such as"),
            ("*", "such as"),
        ];
        for (text, advice) in table {
            let error = TrustedOrigins::default().add(text).expect_err(text);
            assert!(error.contains(advice), "{text:?}: {error}");
        }
        assert!(TrustedOrigins::default().is_empty() && !origins(&["https://a"]).is_empty());
    }
}
