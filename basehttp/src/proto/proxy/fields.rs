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

use super::super::{field::trim_whitespace, head::Field, host::Authority, refusal::Refusal, target::Scheme};
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

/// The client's address by the word of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientAddress {
    /// This one. The port is 0 if the proxy does not tell it.
    Known(SocketAddr),
    /// The proxy does not tell it, or does not know it.
    Hidden,
}

impl ClientAddress {
    fn of(text: &[u8]) -> Self {
        node_address(text).map_or(ClientAddress::Hidden, ClientAddress::Known)
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

    /// Reads the fields of a request that came from `peer`. They say nothing if `peer` is not trusted.
    ///
    /// # Errors
    /// A field is malformed, or names a scheme or a host that cannot be.
    pub(crate) fn read<'b>(&self, fields: &[Field<'b>], peer: NetworkNode) -> Result<ProxySays<'b>, Refusal> {
        if self.fields == ForwardedFields::default() || !self.networks.contains(peer) {
            return Ok(ProxySays::default());
        }
        if self.fields.forwarded { self.read_forwarded(fields) } else { self.read_x_forwarded(fields) }
    }

    fn read_forwarded<'b>(&self, fields: &[Field<'b>]) -> Result<ProxySays<'b>, Refusal> {
        let mut nearest = None;
        for element in values(fields, "Forwarded").flat_map(forwarded_elements) {
            let element = element?;
            let client = element.node.map_or(ClientAddress::Hidden, ClientAddress::of);
            if nearest.is_none() || !self.networks.contains(client.node()) {
                nearest = Some((client, element));
            }
        }
        let Some((client, element)) = nearest else { return Ok(ProxySays::default()) };
        Ok(ProxySays {
            client: Some(client),
            scheme: element.scheme.map(scheme).transpose()?,
            authority: element.host.map(authority).transpose()?,
        })
    }

    fn read_x_forwarded<'b>(&self, fields: &[Field<'b>]) -> Result<ProxySays<'b>, Refusal> {
        let mut client = None;
        // Number of nodes on the right of the client.
        let mut nearer = 0;
        if self.fields.x_for {
            each_from_right(fields, "X-Forwarded-For", |member| {
                nearer += usize::from(client.is_some());
                let node = *client.insert(ClientAddress::of(member));
                self.networks.contains(node.node())
            });
        }
        let read = |name, is_read: bool| if is_read { from_right(fields, name, nearer) } else { None };
        Ok(ProxySays {
            client,
            scheme: read("X-Forwarded-Proto", self.fields.x_proto).map(scheme).transpose()?,
            authority: read("X-Forwarded-Host", self.fields.x_host).map(authority).transpose()?,
        })
    }
}

/// Iterates over the values of all fields of this name. Together they are one list (RFC 9110, section 5.3).
fn values<'b>(fields: &[Field<'b>], name: &str) -> impl Iterator<Item = &'b [u8]> {
    fields.iter().filter(move |field| field.name().eq_ignore_ascii_case(name)).map(Field::value)
}

/// Calls `goes_on` for each member of the list that all fields of this name are together, from the right, until it says
/// no. Most lists have one member, and the nearest ones decide, so that nothing is collected or counted first.
fn each_from_right<'b>(fields: &[Field<'b>], name: &str, mut goes_on: impl FnMut(&'b [u8]) -> bool) {
    for field in fields.iter().rev() {
        if field.name().len() != name.len() || !field.name().eq_ignore_ascii_case(name) {
            continue;
        }
        let mut rest = Some(field.value());
        while let Some(text) = rest {
            let comma = text.iter().rposition(|byte| *byte == b',');
            let member = trim_whitespace(&text[comma.map_or(0, |comma| comma + 1)..]);
            if !member.is_empty() && !goes_on(member) {
                return;
            }
            rest = comma.map(|comma| &text[..comma]);
        }
    }
}

/// Returns the member that the same proxy has added as the client's address, which has `nearer` others on its right.
/// Proxies that replace the field instead leave a shorter list, whose first member it is then.
fn from_right<'b>(fields: &[Field<'b>], name: &str, nearer: usize) -> Option<&'b [u8]> {
    let (mut found, mut left) = (None, nearer);
    each_from_right(fields, name, |member| {
        let goes_on = left > 0;
        (found, left) = (Some(member), left.saturating_sub(1));
        goes_on
    });
    found
}

/// RFC 7239, section 5.4. Some proxies name the scheme of a WebSocket.
fn scheme(text: &[u8]) -> Result<Scheme, Refusal> {
    let is = |name: &str| text.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if is("https") || is("wss") => Ok(Scheme::Https),
        () if is("http") || is("ws") => Ok(Scheme::Http),
        () => Err(Refusal::bad_request("the proxy names a scheme other than http and https")),
    }
}

/// RFC 7239, section 5.3: as in a Host field.
fn authority(text: &[u8]) -> Result<&[u8], Refusal> {
    match Authority::parse(text) {
        Ok(authority) if !authority.host.is_empty() => Ok(text),
        _ => Err(Refusal::bad_request("the proxy names a host that is not a name or address with an optional port")),
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
