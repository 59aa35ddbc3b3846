//! [`Cookie`]: a cookie that a response sets or removes (RFC 6265, section 4.1). `proto::cookie` reads those of a
//! request.

use std::time::Duration;

use super::Exchange;
use crate::proto::{self, Field};

/// Longest name and value of a cookie together: 4096 bytes. Browsers drop a longer one without a word.
const MAX_BYTES: usize = 4096;

/// The `Expires` of a cookie to be removed. Section 4.1.1 has no `Max-Age` of 0.
const LONG_AGO: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

impl<'c, M> Exchange<'c, M> {
    /// Returns the value of the request's cookie of this name, without the quotes that may stand around it. Of several,
    /// it is the first that is UTF-8.
    ///
    /// The value is not decoded otherwise, and the client can send any. (RFC 6265, section 4.2.)
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Session;
    /// # #[http_handler] impl Session {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     match ex.cookie("sid") {
    ///         Some(sid) => ex.send_text(200, format!("session {sid}")),
    ///         None => ex.redirect(303, "/login"),
    ///     }
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Session, b"GET / HTTP/1.0\r\nCookie: a=b; sid=\"31d4\"\r\n\r\n");
    /// # assert!(reply.ends_with(b"session 31d4"));
    /// ```
    pub fn cookie(&self, name: &str) -> Option<&'c str> {
        cookie_values(self.fields, name).find_map(|value| str::from_utf8(value).ok())
    }
}

/// Returns the values of the request's cookies of this name, in order.
pub(super) fn cookie_values<'c, 'n>(
    fields: &'c [Field<'c>],
    name: &'n str,
) -> impl Iterator<Item = &'c [u8]> + use<'c, 'n> {
    let lines = fields.iter().filter(|field| field.name().eq_ignore_ascii_case("cookie"));
    let named = lines.flat_map(|line| proto::cookies(line.value())).filter(move |(key, _)| *key == name.as_bytes());
    named.map(|(_, value)| value)
}

impl<M> Exchange<'_, M> {
    /// Sets or removes a cookie with the response to this request, whichever it is. Call it before the head ends.
    ///
    /// It may come before `send_response`, and before a method returns the value that is its response. The cookie is
    /// also sent with an error that takes the place of the response. A second cookie of the same name, path and domain
    /// replaces the first.
    ///
    /// The cookie is checked by RFC 6265, section 4.1.1, and by the rules that browsers have for the prefixes `__Host-`
    /// and `__Secure-`. A mistake is an error that [`end_headers`](Self::end_headers) returns, and the client gets a
    /// 500.
    ///
    /// ```
    /// use basehttp::{Cookie, Exchange, http_handler};
    ///
    /// struct Theme;
    ///
    /// #[http_handler]
    /// impl Theme {
    ///     fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///         ex.send_cookie(Cookie::new("theme", "dark"));
    ///         ex.redirect(303, "/")
    ///     }
    /// }
    /// # let reply = basehttp::testing::respond(&Theme, b"GET / HTTP/1.0\r\n\r\n");
    /// # let field = b"\r\nSet-Cookie: theme=dark; Path=/; HttpOnly; SameSite=Lax\r\n";
    /// # assert!(reply.windows(field.len()).any(|part| part == field));
    /// ```
    pub fn send_cookie(&self, cookie: Cookie) -> &Self {
        self.with_reply(|reply, _| reply.add_cookie(cookie));
        self
    }
}

/// A cookie for [`Exchange::send_cookie`], with safe defaults.
///
/// | attribute  | default                                                                  | method                      |
/// |------------|--------------------------------------------------------------------------|-----------------------------|
/// | `Path`     | `/`, so that every path of the site gets it                              | [`path`](Self::path)        |
/// | `Domain`   | none, so that no other host gets it                                      | [`domain`](Self::domain)    |
/// | `Max-Age`  | none, so that the browser forgets it when it ends                        | [`max_age`](Self::max_age)  |
/// | `Secure`   | over TLS, with `SameSite=None`, and if the name begins with `__Host-` or `__Secure-` | [`secure`](Self::secure) |
/// | `HttpOnly` | yes, so that no script of a page can read it                             | [`http_only`](Self::http_only) |
/// | `SameSite` | `Lax`, so that other sites' forms and images do not send it              | [`same_site`](Self::same_site) |
///
/// TLS that a trusted proxy ends counts, too ([`scheme`](Exchange::scheme)). Behind any other proxy that ends TLS,
/// write `.secure(true)`, or call the cookie `__Host-…`.
///
/// ```
/// use basehttp::{Cookie, Exchange, SameSite, http_handler};
/// use std::time::Duration;
///
/// struct Session;
///
/// #[http_handler]
/// impl Session {
///     fn do_POST(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         let week = Duration::from_secs(7 * 24 * 60 * 60);
///         ex.send_cookie(Cookie::new("__Host-sid", "31d4d96e407aad42").max_age(week).same_site(SameSite::Strict));
///         ex.send_text(200, "welcome")
///     }
///
///     fn do_DELETE(&self, ex: &mut Exchange) -> std::io::Result<()> {
///         ex.send_cookie(Cookie::removal("__Host-sid"));
///         ex.send_text(200, "goodbye")
///     }
/// }
/// # for (method, field) in [
/// #     ("POST", "__Host-sid=31d4d96e407aad42; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Strict"),
/// #     ("DELETE", "__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax"),
/// # ] {
/// #     let reply = basehttp::testing::respond(&Session, format!("{method} / HTTP/1.0\r\n\r\n"));
/// #     assert!(String::from_utf8(reply).unwrap().contains(&format!("\r\nSet-Cookie: {field}\r\n")));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "give it to send_cookie"]
pub struct Cookie {
    name: String,
    value: String,
    path: String,
    domain: Option<String>,
    max_age: Option<Duration>,
    secure: Option<bool>,
    http_only: bool,
    same_site: SameSite,
}

/// The requests of other sites that a browser sends a [`Cookie`] with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// No request that begins at another site, not even a click on a link.
    Strict,
    /// A click on a link and other plain navigation, but no form with POST, image, frame or script. The default.
    #[default]
    Lax,
    /// All requests. The cookie must then be `Secure`.
    None,
}

impl Cookie {
    /// Creates a cookie that the browser keeps until it ends.
    ///
    /// The name is a token. The value has visible ASCII characters other than `"`, `,`, `;` and `\`, and no space. A
    /// value that may have others must be encoded, for instance percent-encoded. Name and value have at most 4096 bytes
    /// together. All of this is checked when the cookie is sent.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Cookie {
            name: name.into(),
            value: value.into(),
            path: "/".to_owned(),
            domain: None,
            max_age: None,
            secure: None,
            http_only: true,
            same_site: SameSite::default(),
        }
    }

    /// Creates a cookie that removes the one of this name. Path and domain must be those of the cookie to be removed.
    pub fn removal(name: impl Into<String>) -> Self {
        Cookie::new(name, "").max_age(Duration::ZERO)
    }

    /// Sends the cookie to this path and those below it alone. Default `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sends the cookie to this domain and its subdomains, such as `example.org`. By default, only this host gets it.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Keeps the cookie for this time, in whole seconds, which are rounded up. Zero removes it. Browsers keep no cookie
    /// for longer than 400 days.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sends the cookie over secured connections alone, or over all. The table at [`Cookie`] has the default.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// Hides the cookie from scripts. Default `true`.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Decides with which requests of other sites the cookie is sent. Default [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns whether a client keeps one of the two in the place of the other (section 5.3).
    pub(super) fn is_same(&self, other: &Cookie) -> bool {
        (&self.name, &self.path, &self.domain) == (&other.name, &other.path, &other.domain)
    }

    /// Checks all that a browser would drop the cookie for, or misread. The error says what to write.
    pub(super) fn check(&self) -> Result<(), String> {
        let Cookie { name, value, path, domain, .. } = self;
        if !proto::is_token(name.as_bytes()) {
            return Err(format!(
                "{name:?} is no name for a cookie: a token has letters, digits and !#$%&'*+-.^_`|~ only"
            ));
        }
        if let Some(offender) = value.chars().find(|&character| !is_cookie_octet(character)) {
            return Err(format!("the value of the cookie {name} has {offender:?}: percent-encode the value"));
        }
        if name.len() + value.len() > MAX_BYTES {
            return Err(format!(
                "the cookie {name} has more than {MAX_BYTES} bytes, and browsers drop it: keep the data here"
            ));
        }
        if !path.starts_with('/') || !path.chars().all(|character| matches!(character, ' '..='~') && character != ';') {
            return Err(format!(
                "{path:?} is no path for the cookie {name}: begin with /, percent-encode all but ASCII and ;"
            ));
        }
        if domain.as_ref().is_some_and(|domain| !is_domain(domain)) {
            let domain = domain.as_deref().unwrap_or_default();
            return Err(format!("{domain:?} is no domain for the cookie {name}: write for example \"example.org\""));
        }
        self.check_demands()
    }

    /// Checks what the prefix of the name and `SameSite=None` demand (RFC 6265bis, sections 4.1.3 and 5.7).
    fn check_demands(&self) -> Result<(), String> {
        let name = &self.name;
        if self.secure == Some(false) && self.demands_secure() {
            return Err(format!("the cookie {name} must be secure, because of its prefix or its SameSite=None"));
        }
        if has_prefix(name, "__Host-") && (self.path != "/" || self.domain.is_some()) {
            return Err(format!("the cookie {name} must have the path / and no domain, because of its prefix"));
        }
        Ok(())
    }

    fn demands_secure(&self) -> bool {
        has_prefix(&self.name, "__Host-") || has_prefix(&self.name, "__Secure-") || self.same_site == SameSite::None
    }

    /// Returns the value of `Set-Cookie` for a cookie that was checked. `is_secured` says whether the connection is.
    pub(super) fn to_field(&self, is_secured: bool) -> String {
        let mut field = format!("{}={}; Path={}", self.name, self.value, self.path);
        let mut add = |attribute: &str, value: &str| {
            field.push_str("; ");
            field.push_str(attribute);
            field.push_str(value);
        };
        if let Some(domain) = &self.domain {
            add("Domain=", domain);
        }
        match self.max_age {
            None => {}
            Some(Duration::ZERO) => add("Expires=", LONG_AGO),
            Some(age) => add("Max-Age=", &age.as_secs().saturating_add(u64::from(age.subsec_nanos() > 0)).to_string()),
        }
        if self.secure.unwrap_or(is_secured || self.demands_secure()) {
            add("Secure", "");
        }
        if self.http_only {
            add("HttpOnly", "");
        }
        match self.same_site {
            SameSite::Strict => add("SameSite=", "Strict"),
            SameSite::Lax => add("SameSite=", "Lax"),
            SameSite::None => add("SameSite=", "None"),
        }
        field
    }
}

/// Section 4.1.1.
fn is_cookie_octet(character: char) -> bool {
    matches!(character, '!'..='~') && !matches!(character, '"' | ',' | ';' | '\\')
}

/// Browsers compare the prefix without regard to case.
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Labels of letters, digits and hyphens (RFC 1034, section 3.5), and numbers, since `127.0.0.1` is such a name, too.
fn is_domain(domain: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    domain.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(is_inside) && !label.starts_with('-') && !label.ends_with('-')
    })
}

#[cfg(test)]
mod tests;
