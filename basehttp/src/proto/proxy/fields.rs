//! Finds the client in the fields that trusted proxies have added: the nearest node that is not trusted itself.
//!
//! ```text
//!   client        proxy a, trusted     proxy b, trusted     this server
//!   203.0.113.7   10.0.0.1             10.0.0.2
//!
//!   X-Forwarded-For: 198.51.100.66, 203.0.113.7, 10.0.0.1
//!                    invented by    added by a,  added by b
//!                    the client     the client
//! ```
//!
//! Each proxy adds the node that it got the request from at the right end. So the list is believed from the right up to
//! the first node that is not trusted. This one could write to its left whatever it wanted. If all of them are trusted,
//! the leftmost is the client. A node whose address is not told is never trusted, and then the client is unknown.
//!
//! The server reads the fields that it was told to, and no others. A proxy passes on what it does not know, so any
//! other field may be the client's own.

use core::net::SocketAddr;

use super::super::{
    field::{is_same_text, trim_whitespace},
    head::Field,
    host::Authority,
    refusal::Refusal,
    target::Scheme,
};
use super::forwarded::{forwarded_elements, node_address};
use super::network::{NetworkNode, Networks};

/// The proxies that are trusted, and the fields that they set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies {
    pub networks: Networks,
    /// Each connection begins with a PROXY header.
    pub sends_header: bool,
    pub fields: ForwardedFields,
}

/// The fields that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // One for each field.
pub(crate) struct ForwardedFields {
    pub forwarded: bool,
    pub x_for: bool,
    pub x_proto: bool,
    pub x_host: bool,
}

/// The proxies' account of a request. A part that is missing is as the connection and the request have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProxySays<'b> {
    pub client: Option<ClientAddress>,
    pub scheme: Option<Scheme>,
    pub authority: Option<&'b [u8]>,
}

/// The proxies' account, with parts that cannot be understood: `Some(None)`.
#[allow(clippy::option_option)] // Two questions: whether a part is there, and what it says.
#[derive(Clone, Copy, Default)]
struct RawAccount<'b> {
    client: Option<ClientAddress>,
    scheme: Option<Option<Scheme>>,
    authority: Option<Option<&'b [u8]>>,
}

/// The client's address by the word of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAddress {
    /// This one, in canonical form. The port is 0 if the proxy does not tell it.
    Known(SocketAddr),
    /// The proxy does not tell it, or does not know it.
    Hidden,
}

impl ClientAddress {
    fn of(text: &[u8]) -> Self {
        node_address(trim_whitespace(text)).map_or(ClientAddress::Hidden, ClientAddress::Known)
    }

    fn node(self) -> NetworkNode {
        match self {
            ClientAddress::Known(address) => NetworkNode::Ip(address.ip()),
            ClientAddress::Hidden => NetworkNode::Unknown,
        }
    }
}

impl TrustedProxies {
    /// Returns whether a field is read that has the scheme.
    pub(crate) fn may_tell_scheme(&self) -> bool {
        self.fields.forwarded || self.fields.x_proto
    }

    /// Reads the fields of a request that came from a trusted proxy. The fields of any other peer say nothing.
    ///
    /// # Errors
    /// A field is malformed, or names a scheme or a host that cannot be.
    pub(crate) fn read<'b>(&self, fields: &[Field<'b>]) -> Result<ProxySays<'b>, Refusal> {
        let RawAccount { client, scheme, authority } = self.raw_account(fields)?;
        Ok(ProxySays {
            client,
            scheme: scheme.map(|scheme| scheme.ok_or(NOT_A_SCHEME)).transpose()?,
            authority: authority.map(|authority| authority.ok_or(NOT_A_HOST)).transpose()?,
        })
    }

    /// Reads the fields of a request that is refused, for the log and the error page. A part that is malformed is as if
    /// it were missing.
    pub(crate) fn read_refused<'b>(&self, fields: &[Field<'b>]) -> ProxySays<'b> {
        let RawAccount { client, scheme, authority } = self.raw_account(fields).unwrap_or_default();
        ProxySays { client, scheme: scheme.flatten(), authority: authority.flatten() }
    }

    fn raw_account<'b>(&self, fields: &[Field<'b>]) -> Result<RawAccount<'b>, Refusal> {
        if self.fields.forwarded { self.forwarded(fields) } else { Ok(self.x_forwarded(fields)) }
    }

    fn forwarded<'b>(&self, fields: &[Field<'b>]) -> Result<RawAccount<'b>, Refusal> {
        let mut nearest = None;
        for value in values(fields, "forwarded") {
            for element in forwarded_elements(value) {
                let element = element?;
                let client = element.node.map_or(ClientAddress::Hidden, ClientAddress::of);
                if nearest.is_none() || !self.networks.contains(client.node()) {
                    nearest = Some((client, element));
                }
            }
        }
        let Some((client, element)) = nearest else { return Ok(RawAccount::default()) };
        let (scheme, authority) = (element.scheme.map(scheme), element.host.map(authority));
        Ok(RawAccount { client: Some(client), scheme, authority })
    }

    fn x_forwarded<'b>(&self, fields: &[Field<'b>]) -> RawAccount<'b> {
        let mut client = None;
        // Number of nodes on the right of the client.
        let mut nearer = 0;
        if self.fields.x_for {
            each_from_right(fields, "x-forwarded-for", node_address, |address| {
                nearer += usize::from(client.is_some());
                let node = *client.insert(address.map_or(ClientAddress::Hidden, ClientAddress::Known));
                self.networks.contains(node.node())
            });
        }
        let (mut told_scheme, mut told_authority) = (None, None);
        if self.fields.x_proto {
            told_scheme = from_right(fields, "x-forwarded-proto", scheme, nearer);
        }
        if self.fields.x_host {
            told_authority = from_right(fields, "x-forwarded-host", authority, nearer);
        }
        RawAccount { client, scheme: told_scheme, authority: told_authority }
    }
}

/// Iterates over the values of all fields of this name, which is in lower case. Together they are one list (RFC 9110,
/// section 5.3).
fn values<'b>(fields: &[Field<'b>], name: &str) -> impl DoubleEndedIterator<Item = &'b [u8]> {
    let is_it = move |field: &&Field<'b>| is_same_text(field.name().as_bytes(), name.as_bytes());
    fields.iter().filter(is_it).map(Field::value)
}

/// Reads each member of the list that all fields of this name are together, from the right, until `goes_on` says no. The
/// nearest members decide, so that nothing is collected or counted first. `read` takes no text with a comma.
fn each_from_right<'b, T>(
    fields: &[Field<'b>],
    name: &str,
    read: impl Fn(&'b [u8]) -> Option<T>,
    mut goes_on: impl FnMut(Option<T>) -> bool,
) {
    for value in values(fields, name).rev() {
        // Most fields have one member, and then no comma is looked for.
        let only = read(value);
        debug_assert!(only.is_none() || !value.contains(&b','), "a list was read as one member");
        let mut rest = only.is_none().then_some(value);
        if only.is_some() && !goes_on(only) {
            return;
        }
        while let Some(text) = rest {
            let comma = text.iter().rposition(|byte| *byte == b',');
            let member = trim_whitespace(&text[comma.map_or(0, |comma| comma + 1)..]);
            if !member.is_empty() && !goes_on(read(member)) {
                return;
            }
            rest = comma.map(|comma| &text[..comma]);
        }
    }
}

/// Reads the member that the same proxy has added as the client's address, which has `nearer` others on its right.
/// Proxies that replace the field instead leave a shorter list, whose first member it is then. Returns `None` if there
/// is no member, and `Some(None)` if it cannot be read.
#[allow(clippy::option_option)] // Two questions, and the caller's error answers the second.
fn from_right<'b, T>(
    fields: &[Field<'b>],
    name: &str,
    read: impl Fn(&'b [u8]) -> Option<T>,
    nearer: usize,
) -> Option<Option<T>> {
    let (mut found, mut left) = (None, nearer);
    each_from_right(fields, name, read, |member| {
        let goes_on = left > 0;
        (found, left) = (Some(member), left.saturating_sub(1));
        goes_on
    });
    found
}

/// RFC 7239, section 5.4. Some proxies name the scheme of a WebSocket.
fn scheme(text: &[u8]) -> Option<Scheme> {
    let is = |lower: &str| is_same_text(text, lower.as_bytes());
    match () {
        () if is("https") || is("wss") => Some(Scheme::Https),
        () if is("http") || is("ws") => Some(Scheme::Http),
        () => None,
    }
}

/// RFC 7239, section 5.3: as in a Host field.
fn authority(text: &[u8]) -> Option<&[u8]> {
    Authority::parse(text).is_ok_and(|authority| !authority.host.is_empty()).then_some(text)
}

const NOT_A_SCHEME: Refusal = Refusal::bad_request("the proxy names a scheme other than http and https");
const NOT_A_HOST: Refusal =
    Refusal::bad_request("the proxy names a host that is not a name or address with an optional port");

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
