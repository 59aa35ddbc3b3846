//! A request as a script sees it: the meta-variables of RFC 3875, section 4.1, and the arguments of section 4.4. Pure;
//! never reads the server's own environment.
//!
//! | field of the request                               | passes as                                       |
//! |----------------------------------------------------|-------------------------------------------------|
//! | `Content-Type`, `Content-Length`                   | variables of these names, not as `HTTP_`        |
//! | `Proxy`                                            | nothing: programs take `HTTP_PROXY` for their own setting |
//! | `Authorization`                                    | nothing, unless `pass_authorization` is set     |
//! | `Proxy-Authorization`, `Connection` and the fields that it names, `Keep-Alive`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade` | nothing: they belong to the connection |
//! | a name with `_`, or anything but letters, digits, `-` | nothing: `X_A` would be mistaken for `X-A`    |
//! | any other                                          | `HTTP_` and the name, several joined by `, `    |

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use basehttp::Headers;
use percent_encoding::percent_decode_str;

/// The facts from which the variables are made.
#[derive(Debug)]
pub(super) struct ScriptRequest<'r> {
    pub method: &'r str,
    /// The query as sent, without its question mark.
    pub query: &'r str,
    /// The script's path, decoded.
    pub script_name: &'r [u8],
    /// The path behind the script, decoded. Empty, or begins with a slash.
    pub path_info: &'r [u8],
    /// `path_info` as a path beneath the root.
    pub path_translated: Option<&'r Path>,
    pub script_filename: &'r Path,
    /// The root of the files.
    pub document_root: &'r Path,
    /// Path and query as the client sent them.
    pub uri: &'r str,
    pub protocol: &'r str,
    pub software: &'r str,
    pub server_name: &'r str,
    pub server_port: u16,
    /// The client has sent it over TLS, to this server or to a trusted proxy.
    pub is_https: bool,
    /// Empty for a client without an IP address.
    pub remote_addr: String,
    /// `None` for a request without content.
    pub content_length: Option<u64>,
    pub fields: Headers<'r>,
    pub passes_authorization: bool,
}

/// Returns the variables of a request. `AUTH_TYPE`, `REMOTE_IDENT` and `REMOTE_USER` are missing, since this server
/// does not authenticate users.
///
/// Four of the variables are not in the RFC, but every server sets them. `HTTPS` is `on` for a client that came by TLS.
/// `SCRIPT_FILENAME` is required by PHP. `DOCUMENT_ROOT` is the root of the files. `REQUEST_URI` is the path before it
/// was decoded and collapsed, for programs that route by it. After a local redirect it is still the path that the
/// client sent.
pub(super) fn variables(request: &ScriptRequest<'_>) -> Vec<(OsString, OsString)> {
    let mut variables = Vec::with_capacity(32);
    let mut add = |name: &str, value: &OsStr| variables.push((OsString::from(name), value.to_owned()));
    add("DOCUMENT_ROOT", request.document_root.as_os_str());
    add("GATEWAY_INTERFACE", "CGI/1.1".as_ref());
    if request.is_https {
        add("HTTPS", "on".as_ref());
    }
    add("PATH_INFO", &bytes(request.path_info));
    if let Some(path) = request.path_translated {
        add("PATH_TRANSLATED", path.as_os_str());
    }
    add("QUERY_STRING", request.query.as_ref());
    add("REMOTE_ADDR", request.remote_addr.as_ref());
    // RFC 3875, section 4.1.9: without a name lookup, the address stands in for the name.
    add("REMOTE_HOST", request.remote_addr.as_ref());
    add("REQUEST_METHOD", request.method.as_ref());
    add("REQUEST_URI", request.uri.as_ref());
    add("SCRIPT_FILENAME", request.script_filename.as_os_str());
    add("SCRIPT_NAME", &bytes(request.script_name));
    add("SERVER_NAME", request.server_name.as_ref());
    add("SERVER_PORT", request.server_port.to_string().as_ref());
    add("SERVER_PROTOCOL", request.protocol.as_ref());
    add("SERVER_SOFTWARE", request.software.as_ref());
    // RFC 3875, sections 4.1.2 and 4.1.3: both are for requests with content.
    if let Some(length) = request.content_length {
        add("CONTENT_LENGTH", length.to_string().as_ref());
        if let Some(media_type) = request.fields.get_bytes("Content-Type") {
            add("CONTENT_TYPE", &bytes(media_type));
        }
    }
    for (name, value) in from_fields(request) {
        add(&name, &bytes(&value));
    }
    variables
}

fn bytes(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// Returns a variable for each field that is passed on (RFC 3875, section 4.1.18).
fn from_fields(request: &ScriptRequest<'_>) -> BTreeMap<String, Vec<u8>> {
    let connection = connection_options(request.fields);
    let mut variables: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, value) in request.fields {
        let name = name.to_ascii_lowercase();
        let is_asked_for = request.passes_authorization && name == "authorization";
        if (NEVER_PASSED.contains(&&*name) && !is_asked_for) || connection.contains(&name) || !is_unambiguous(&name) {
            continue;
        }
        // RFC 6265, section 5.4, allows one Cookie field only, with semicolons between its pairs.
        let separator: &[u8] = if name == "cookie" { b"; " } else { b", " };
        let joined = variables.entry(format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_")));
        joined.and_modify(|values| *values = [values, separator, value].concat()).or_insert_with(|| value.to_vec());
    }
    variables
}

const NEVER_PASSED: [&str; 13] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "keep-alive",
    "proxy",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Returns the fields that `Connection` reserves for the next hop (RFC 9110, section 7.6.1), in lower case.
fn connection_options(fields: Headers<'_>) -> Vec<String> {
    let options = fields.get_all("Connection").flat_map(|value| value.split(','));
    options.map(|option| option.trim().to_ascii_lowercase()).filter(|option| option != "host").collect()
}

/// Returns whether no other name becomes the same variable.
fn is_unambiguous(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns the words of a query without `=` as arguments: split at `+`, and decoded (RFC 3875, section 4.4).
///
/// Returns no arguments at all if one of the words begins with `-`. Otherwise any client could set options of a program
/// that reads its command line, as happened with PHP. The query is in `QUERY_STRING` in any case.
pub(super) fn arguments(method: &str, query: &str) -> Vec<OsString> {
    if !matches!(method, "GET" | "HEAD") || query.is_empty() || query.contains('=') {
        return Vec::new();
    }
    let words: Vec<Cow<'_, [u8]>> = query.split('+').map(|word| percent_decode_str(word).into()).collect();
    if words.iter().any(|word| word.starts_with(b"-") || word.contains(&0)) {
        return Vec::new();
    }
    words.into_iter().map(|word| OsString::from_vec(word.into_owned())).collect()
}

/// Returns the host of an authority, without its port. An IPv6 address keeps its brackets (RFC 3875, section 4.1.14).
pub(super) fn host_of(authority: &str) -> &str {
    match authority.rfind(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_an_equals_sign_is_arguments() {
        let table: [(&str, &str, &[&str], &str); 13] = [
            ("GET", "a", &["a"], "one"),
            ("GET", "a+b", &["a", "b"], "two"),
            ("HEAD", "a+b", &["a", "b"], "as GET"),
            ("GET", "a%20b+c%2Bd", &["a b", "c+d"], "decoded after the split"),
            ("GET", "a++b", &["a", "", "b"], "an empty word"),
            ("GET", "a%3Db", &["a=b"], "an encoded equals sign"),
            ("GET", "", &[], "no query"),
            ("GET", "a=b", &[], "a form"),
            ("GET", "a+b=c", &[], "a form"),
            ("POST", "a", &[], "a method that has content"),
            ("GET", "-s", &[], "an option"),
            ("GET", "a+%2Ds", &[], "a hidden option: all or none"),
            ("GET", "a%00b", &[], "no argument has a NUL"),
        ];
        for (method, query, expected, why) in table {
            assert_eq!(arguments(method, query), expected, "{method} {query:?}: {why}");
        }
        assert_eq!(arguments("GET", "%ff"), [OsString::from_vec(vec![0xff])], "no UTF-8");
    }

    #[test]
    fn an_authority_names_a_host() {
        for (authority, host) in [("a:80", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("", "")] {
            assert_eq!(host_of(authority), host);
        }
    }
}
