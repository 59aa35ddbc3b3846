//! A proxy's word about the client: the PROXY header before the first request, the fields of each request, and the
//! networks whose proxies are believed.

mod fields;
mod forwarded;
mod network;

pub(crate) use self::fields::{ClientAddress, ForwardedFields, TrustedProxies};
pub(crate) use self::network::NetworkNode;
