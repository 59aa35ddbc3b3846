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

use super::super::{
    field::{is_same_text, trim_whitespace},
    head::Field,
    refusal::Refusal,
};
use super::forwarded::each_element;
use super::network::Networks;
use super::node::{ClientAddress, whole_ipv4};
use super::says::{ProxySays, authority, scheme};

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

impl TrustedProxies {
    /// Returns whether a field is read that has the scheme.
    pub(crate) fn may_tell_scheme(&self) -> bool {
        self.fields.forwarded || self.fields.x_proto
    }

    /// Reads the fields of a request that came from a trusted proxy. The fields of any other peer say nothing.
    ///
    /// # Errors
    /// A field is malformed.
    pub(crate) fn read<'b>(&self, fields: &[Field<'b>], says: &mut ProxySays<'b>) -> Result<(), Refusal> {
        if self.fields.forwarded {
            return self.forwarded(fields, says);
        }
        self.x_forwarded(fields, says);
        Ok(())
    }

    fn forwarded<'b>(&self, fields: &[Field<'b>], nearest: &mut ProxySays<'b>) -> Result<(), Refusal> {
        for field in fields {
            if is_same_text(field.name().as_bytes(), b"forwarded") {
                each_element(field.value(), |element| {
                    let client = element.client.unwrap_or(ClientAddress::Hidden);
                    if nearest.client.is_none() || !self.networks.contains(client.node()) {
                        *nearest = ProxySays { client: Some(client), ..element };
                    }
                })?;
            }
        }
        Ok(())
    }

    fn x_forwarded<'b>(&self, fields: &[Field<'b>], says: &mut ProxySays<'b>) {
        let lists = self.lists(fields);
        let last = |list: &[Field<'b>]| list.last().map(Field::value);
        let (scheme, authority) = (last(lists.x_proto).map(scheme), last(lists.x_host).map(authority));
        // The usual lists have one member. An address that is the whole value leaves no comma.
        if let Some(node) = last(lists.x_for)
            && let Some(ip) = whole_ipv4(node)
            && !self.networks.contains_ipv4(ip)
            && scheme != Some(None)
            && authority != Some(None)
        {
            *says = ProxySays { client: Some(ClientAddress::Known((ip, 0).into())), scheme, authority };
        } else {
            *says = self.of_several_proxies(&lists);
        }
    }

    /// Reads the lists member by member, from the right. The nearest members decide, so that nothing is collected or
    /// counted first.
    // Not inlined, since it would slow the usual case down.
    #[inline(never)]
    fn of_several_proxies<'b>(&self, lists: &Lists<'_, 'b>) -> ProxySays<'b> {
        // `nearer` is the number of nodes on the right of the client.
        let (mut client, mut nearer) = (None, 0);
        each_from_right(lists.x_for, |member| {
            nearer += usize::from(client.is_some());
            let node = *client.insert(ClientAddress::of(member));
            self.networks.contains(node.node())
        });
        ProxySays {
            client,
            scheme: member_from_right(lists.x_proto, nearer).map(scheme),
            authority: member_from_right(lists.x_host, nearer).map(authority),
        }
    }

    /// Finds the lists that are read, in one pass from the right, where many proxies add their fields.
    fn lists<'f, 'b>(&self, fields: &'f [Field<'b>]) -> Lists<'f, 'b> {
        let ForwardedFields { x_for, x_proto, x_host, .. } = self.fields;
        let mut lists = Lists::default();
        let (mut list, mut missing) = (fields, usize::from(x_for) + usize::from(x_proto) + usize::from(x_host));
        while let [before @ .., field] = list
            && missing > 0
        {
            let name = field.name().as_bytes();
            match name.len() {
                // Most names differ by their length alone.
                15 if x_for && lists.x_for.is_empty() && is_same_text(name, b"x-forwarded-for") => {
                    (lists.x_for, missing) = (list, missing - 1);
                }
                16 if x_host && lists.x_host.is_empty() && is_same_text(name, b"x-forwarded-host") => {
                    (lists.x_host, missing) = (list, missing - 1);
                }
                17 if x_proto && lists.x_proto.is_empty() && is_same_text(name, b"x-forwarded-proto") => {
                    (lists.x_proto, missing) = (list, missing - 1);
                }
                _ => {}
            }
            list = before;
        }
        lists
    }
}

/// The lists that are read. All fields of a name are one list together (RFC 9110, section 5.3). Each is given as the
/// fields of the request up to its last one.
#[derive(Default)]
struct Lists<'f, 'b> {
    x_for: &'f [Field<'b>],
    x_host: &'f [Field<'b>],
    x_proto: &'f [Field<'b>],
}

/// Calls `goes_on` for each member of the list that ends in the last of these fields, from the right, until it says no.
fn each_from_right<'b>(fields: &[Field<'b>], mut goes_on: impl FnMut(&'b [u8]) -> bool) {
    let mut list = fields;
    while let [before @ .., field] = list {
        let mut rest = Some(field.value());
        while let Some(members) = rest {
            let comma = members.iter().rposition(|byte| *byte == b',');
            let member = trim_whitespace(&members[comma.map_or(0, |comma| comma + 1)..]);
            if !member.is_empty() && !goes_on(member) {
                return;
            }
            rest = comma.map(|comma| &members[..comma]);
        }
        let is_of_list = |earlier: &Field<'b>| earlier.name().eq_ignore_ascii_case(field.name());
        list = before.iter().rposition(is_of_list).map_or(&[], |at| &before[..=at]);
    }
}

/// Returns the member that the same proxy has added as the client's address, which has `nearer` others on its right.
/// Proxies that replace the field instead leave a shorter list, whose first member it is then.
fn member_from_right<'b>(fields: &[Field<'b>], nearer: usize) -> Option<&'b [u8]> {
    let (mut found, mut left) = (None, nearer);
    each_from_right(fields, |member| {
        let goes_on = left > 0;
        (found, left) = (Some(member), left.saturating_sub(1));
        goes_on
    });
    found
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
