//! Reads the request-target, finds its form, and takes the path out of it (RFC 9112, section 3.2).
//!
//! | form      | looks like             | only with | path                        | authority |
//! |-----------|------------------------|-----------|-----------------------------|-----------|
//! | origin    | `/where?q`             |           | as sent, one leading `/`    |           |
//! | absolute  | `http://host/where?q`  |           | from its path on            | `host`    |
//! | authority | `host:port`            | CONNECT   | the authority               | `host:port` |
//! | asterisk  | `*`                    | OPTIONS   | `*`                         |           |
//!
//! CONNECT takes no other form. Schemes other than `http` and `https`, user information and fragments are refused. So
//! is a scheme that the connection does not serve, with 421 (RFC 9110, section 7.4); [`Target::check_scheme`] does
//! that.
//!
//! | characters                     | in a path                  | in a query                 |
//! |--------------------------------|----------------------------|----------------------------|
//! | controls, spaces, `#`          | refused                    | refused                    |
//! | `"` `<` `>`                    | refused                    | as sent                    |
//! | `\`                            | refused                    | as sent                    |
//! | `%` that begins no triplet     | refused                    | as sent                    |
//! | `|` `[` `]` `^` `{` `}` and the backquote | as sent         | as sent                    |
//! | bytes above ASCII              | as if percent-encoded      | as if percent-encoded      |
//!
//! RFC 3986 allows none of these raw, and RFC 9112, section 3.2 recommends to refuse them. The ones that pass arrive in
//! honest requests. Browsers leave `|` `[` `]` and (older ones) `^` `{` `}` in a path, and more of them and `100%` in a
//! query. Other clients copy a `Location` that a careless server wrote in UTF-8.
//!
//! No browser sends `"` `<` `>` in a path, and a page that echoes the path may take them for markup. Browsers read `\`
//! as `/`, so that `/\host` echoed in a Location would lead to another site. For the same reason several leading
//! slashes become one.
//!
//! Target and Host field together name the server that is asked (RFC 9112, sections 3.2 and 3.2.2). The target's
//! authority is the one that counts.
//!
//! | Host is ...                                           | HTTP/1.1 | HTTP/1.0 |
//! |-------------------------------------------------------|----------|----------|
//! | missing                                               | 400      | fine     |
//! | there twice, even equal (see `head/framing_fields.rs`) | 400     | 400      |
//! | no `uri-host [":" port]` (see `host`)                 | 400      | 400      |
//! | empty, and the target has no authority                | fine     | fine     |
//! | other than the target's authority (*)                 | 400      | 400      |
//!
//! (*) Stricter than the RFC, which says to ignore Host then. The two disagree only in an attack, where a proxy on the
//! way believes the other one. Case and a default port make no difference.

use std::borrow::Cow;

use percent_encoding::percent_encode_byte;

use super::{
    field::byte_set,
    host::{Authority, NOT_A_HOST},
    refusal::Refusal,
    version::Version,
};

/// The form that a request-target has (RFC 9112, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetForm {
    /// A path, as clients send it to a server.
    Origin,
    /// A whole `http` or `https` URI, as clients send it to a proxy. Any server must accept it.
    Absolute,
    /// Host and port, as CONNECT sends them.
    Authority,
    /// `*`, which means the server as a whole. For OPTIONS.
    Asterisk,
}

/// The two schemes of HTTP (RFC 9110, section 4.2), which a target may name and a connection may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Over a connection that is not secured.
    Http,
    /// Over a connection that is secured for the target's origin.
    Https,
}

impl Scheme {
    const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target<'b> {
    /// The form in which it was sent.
    pub form: TargetForm,
    /// The path with the query, as sent but with one leading slash; or `*`; or the authority of CONNECT. An empty path
    /// of an absolute form is `/`, or `*` for OPTIONS without a query (RFC 9110, section 4.2.3).
    pub path: Cow<'b, str>,
    /// Host and port in the target itself, in absolute and authority form.
    pub authority: Option<&'b str>,
    /// Scheme of the absolute form. The other forms leave it to the connection.
    scheme: Option<Scheme>,
    /// Port that the authority means when it names none. Only with an authority.
    default_port: u16,
}

impl<'b> Target<'b> {
    /// Reads the target of a request with this method.
    pub(crate) fn parse(method: &str, target: &'b str) -> Result<Self, Refusal> {
        match target.as_bytes() {
            _ if method == "CONNECT" => Self::authority_form(target),
            [b'/', ..] => Self::origin_form(target),
            b"*" if method == "OPTIONS" => Ok(Self::without_authority(TargetForm::Asterisk, target)),
            b"*" => Err(ASTERISK),
            _ => Self::absolute_form(method, target),
        }
    }

    /// Checks that a connection which serves `served` may be asked for this target.
    ///
    /// RFC 9110, section 7.4: an `https` target is refused unless the connection is secured, or comes from a trusted
    /// gateway whose client's was. A server that believed such a request would send in the clear what its client thinks
    /// is private. An `http` target over a secured connection is another origin's (section 4.3.1), which this
    /// connection does not speak for.
    pub(crate) fn check_scheme(&self, served: Scheme) -> Result<(), Refusal> {
        match (self.scheme, served) {
            (Some(Scheme::Https), Scheme::Http) => Err(NOT_SECURED),
            (Some(Scheme::Http), Scheme::Https) => Err(SECURED),
            _ => Ok(()),
        }
    }

    fn without_authority(form: TargetForm, path: &'b str) -> Self {
        Self { form, path: Cow::Borrowed(path), authority: None, scheme: None, default_port: 0 }
    }

    fn origin_form(target: &'b str) -> Result<Self, Refusal> {
        check_path_and_query(target)?;
        Ok(Self::without_authority(TargetForm::Origin, with_one_slash(target)))
    }

    fn authority_form(target: &'b str) -> Result<Self, Refusal> {
        let authority = Authority::parse(target.as_bytes())?;
        // RFC 9110, section 9.3.6: a CONNECT with an empty port is refused.
        match authority.port {
            Some(port) if !authority.host.is_empty() => Ok(Self {
                form: TargetForm::Authority,
                path: Cow::Borrowed(target),
                authority: Some(target),
                scheme: None,
                default_port: port,
            }),
            _ => Err(NO_AUTHORITY),
        }
    }

    fn absolute_form(method: &str, target: &'b str) -> Result<Self, Refusal> {
        let (scheme, rest) = strip_scheme(target).ok_or(NO_FORM)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // RFC 9110, section 4.2.1: an http URI with an empty host is invalid.
        if Authority::parse(authority.as_bytes())?.host.is_empty() {
            return Err(EMPTY_HOST);
        }
        check_path_and_query(path)?;
        let path = match path.as_bytes() {
            [b'/', ..] => Cow::Borrowed(with_one_slash(path)),
            [] if method == "OPTIONS" => Cow::Borrowed("*"),
            [] => Cow::Borrowed("/"),
            _ => Cow::Owned(format!("/{path}")),
        };
        let default_port = scheme.default_port();
        Ok(Self { form: TargetForm::Absolute, path, authority: Some(authority), scheme: Some(scheme), default_port })
    }
}

/// Returns the authority that is asked: the target's, or the Host field's if the target has none. The Host field must
/// be there in HTTP/1.1, and valid in every version.
pub(crate) fn authority<'b>(
    host: Option<&'b [u8]>,
    target: &Target<'b>,
    version: Version,
) -> Result<Option<&'b [u8]>, Refusal> {
    let Some(host) = host else {
        return match version {
            Version::Http10 => Ok(target.authority.map(str::as_bytes)),
            Version::Http11 => Err(NO_HOST),
        };
    };
    let sent = Authority::parse(host)?;
    if let Some(authority) = target.authority {
        let asked = Authority::parse(authority.as_bytes())?;
        return if asked.is_same(&sent, target.default_port) { Ok(Some(authority.as_bytes())) } else { Err(DISAGREES) };
    }
    if sent.host.is_empty() && !host.is_empty() {
        return Err(NOT_A_HOST);
    }
    Ok(Some(host))
}

fn strip_scheme(target: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    match scheme.len() {
        4 if scheme.eq_ignore_ascii_case("http") => Some((Scheme::Http, rest)),
        5 if scheme.eq_ignore_ascii_case("https") => Some((Scheme::Https, rest)),
        _ => None,
    }
}

/// Makes several leading slashes one, since `//host/..` in a Location would lead to another site (CVE-2021-28861).
fn with_one_slash(path: &str) -> &str {
    let slashes = path.bytes().take_while(|byte| *byte == b'/').count();
    &path[slashes.saturating_sub(1)..]
}

/// Percent-encodes the raw bytes above ASCII in the target's path and query. Such bytes in other parts stay, and are
/// refused later.
pub(super) fn encode_raw_bytes(target: &[u8]) -> Vec<u8> {
    let scheme = target.windows(3).position(|three| three == b"://");
    let authority = match scheme {
        Some(at) if target[0] != b'/' => at + 3,
        _ => 0,
    };
    let behind = target[authority..].iter().position(|byte| matches!(byte, b'/' | b'?'));
    let (before, path) = target.split_at(behind.map_or(target.len(), |at| authority + at));
    let mut encoded = before.to_vec();
    for &byte in path {
        if byte.is_ascii() {
            encoded.push(byte);
        } else {
            encoded.extend_from_slice(percent_encode_byte(byte).as_bytes());
        }
    }
    encoded
}

fn check_path_and_query(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    match bytes.iter().position(|byte| !PLAIN[usize::from(*byte)]) {
        None => Ok(()),
        Some(at) => check_odd(&bytes[at..]),
    }
}

/// Checks the rest from the first byte that may not stand everywhere: `?`, after which more bytes are allowed, `%`, or
/// a bad one.
fn check_odd(bytes: &[u8]) -> Result<(), Refusal> {
    let mut in_query = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'?' => in_query = true,
            b'%' if !in_query && !begins_triplet(&bytes[at..]) => return Err(BROKEN_TRIPLET),
            b'"' | b'<' | b'>' if !in_query => return Err(MARKUP),
            b'\\' if !in_query => return Err(BACKSLASH),
            b'#' => return Err(FRAGMENT),
            0x21..=0x7E => {}
            _ => return Err(NOT_VISIBLE),
        }
    }
    Ok(())
}

/// RFC 3986, section 2.1.
fn begins_triplet(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// Bytes that may stand in a path and in a query, and that change nothing.
const PLAIN: [bool; 256] = byte_set(b"!$&'()*+,-./:;=@[]^_`{|}~");

const NO_FORM: Refusal = Refusal::bad_request("the request-target is neither a path nor an http or https uri");
const NOT_SECURED: Refusal =
    Refusal::new(421, "the request-target is an https uri, and this connection is not secured");
const SECURED: Refusal = Refusal::new(421, "the request-target is an http uri, and this connection is secured");
const ASTERISK: Refusal = Refusal::bad_request("the request-target * is for OPTIONS only");
const NO_AUTHORITY: Refusal = Refusal::bad_request("the request-target of CONNECT is host:port");
const EMPTY_HOST: Refusal = Refusal::bad_request("the request-target has an empty host");
const NO_HOST: Refusal = Refusal::bad_request("there is no host field: HTTP/1.1 requires one");
const DISAGREES: Refusal = Refusal::bad_request("the host field and the request-target name different hosts");
const BROKEN_TRIPLET: Refusal =
    Refusal::bad_request("the path holds a percent sign without two hexadecimal digits: write %25");
const MARKUP: Refusal = Refusal::bad_request("the path holds a quotation mark, < or >: percent-encode it");
const BACKSLASH: Refusal = Refusal::bad_request("the path holds a backslash: write %5C");
const FRAGMENT: Refusal = Refusal::bad_request("the request-target holds a fragment: # is for the client alone");
const NOT_VISIBLE: Refusal =
    Refusal::bad_request("the request-target holds a space, a control or a byte above ascii: percent-encode it");

#[cfg(test)]
mod tests;
