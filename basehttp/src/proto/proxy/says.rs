//! What a proxy can say about a request, in whichever field: the client, the scheme and the authority.

use super::super::{field::is_same_text, host::Authority, refusal::Refusal, target::Scheme};
use super::node::ClientAddress;

/// What one proxy says about a request. A part that is there and cannot be understood is `Some(None)`.
#[allow(clippy::option_option)] // Two questions: whether a part is there, and what it says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProxySays<'b> {
    /// The node that sent the request to the proxy.
    pub client: Option<ClientAddress>,
    /// The scheme by which it came.
    pub scheme: Option<Option<Scheme>>,
    /// The host that was asked.
    pub authority: Option<Option<&'b [u8]>>,
}

impl<'b> ProxySays<'b> {
    /// Returns the scheme, if there is one. An error if it cannot be understood.
    pub(crate) fn checked_scheme(&self) -> Result<Option<Scheme>, Refusal> {
        if self.scheme == Some(None) { Err(NOT_A_SCHEME) } else { Ok(self.scheme.flatten()) }
    }

    /// Returns the authority, if there is one. An error if it cannot be one.
    pub(crate) fn checked_authority(&self) -> Result<Option<&'b [u8]>, Refusal> {
        if self.authority == Some(None) { Err(NOT_A_HOST) } else { Ok(self.authority.flatten()) }
    }
}

/// RFC 7239, section 5.4. Some proxies name the scheme of a WebSocket.
pub(super) fn scheme(text: &[u8]) -> Option<Scheme> {
    let is = |lower: &str| is_same_text(text, lower.as_bytes());
    match () {
        () if is("https") || is("wss") => Some(Scheme::Https),
        () if is("http") || is("ws") => Some(Scheme::Http),
        () => None,
    }
}

/// RFC 7239, section 5.3: as in a Host field.
pub(super) fn authority(text: &[u8]) -> Option<&[u8]> {
    Authority::parse(text).is_ok_and(|authority| !authority.host.is_empty()).then_some(text)
}

const NOT_A_SCHEME: Refusal = Refusal::bad_request("the proxy names a scheme other than http and https");
const NOT_A_HOST: Refusal =
    Refusal::bad_request("the proxy names a host that is not a name or address with an optional port");
