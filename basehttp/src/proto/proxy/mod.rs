//! A proxy's word about the client: the PROXY header before the first request, the fields of each request, and the
//! networks whose proxies are believed.

mod fields;
mod forwarded;
mod header;
mod network;

pub(crate) use self::fields::{ClientAddress, ForwardedFields, ProxySays, TrustedProxies};
#[cfg(any(test, fuzzing))]
pub(crate) use self::forwarded::node_address;
#[cfg(any(test, fuzzing))]
pub(crate) use self::header::MAX_PROXY_HEADER_BYTES;
pub(crate) use self::header::{ProxySource, proxy_header};
pub(crate) use self::network::NetworkNode;
