//! A proxy's word about the client: the PROXY header before the first request, the fields of each request, and the
//! networks whose proxies are believed.

mod fields;
mod forwarded;
mod header;
mod network;
mod node;
mod says;

pub(crate) use self::fields::{ForwardedFields, TrustedProxies};
#[cfg(any(test, fuzzing))]
pub(crate) use self::header::MAX_PROXY_HEADER_BYTES;
pub(crate) use self::header::{ProxySource, proxy_header};
pub(crate) use self::network::NetworkNode;
pub(crate) use self::node::ClientAddress;
#[cfg(any(test, fuzzing))]
pub(crate) use self::node::node_address;
pub(crate) use self::says::ProxySays;
