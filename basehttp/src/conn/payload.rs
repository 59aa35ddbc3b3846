//! Bodies that are given whole, to be sent after the handler has returned. What sends them is `line`.

use std::fs::File;
use std::sync::Arc;

/// A body that is known whole: what [`Exchange::send_bytes`](crate::Exchange::send_bytes) and
/// [`send_body`](crate::Exchange::send_body) take.
///
/// Made from `Vec<u8>`, `String`, `&'static [u8]`, `&'static str` and `Arc<[u8]>`, none of which is copied when it is
/// large. It is sent after the handler has returned, so that it cannot be borrowed from there: give a copy (`to_vec()`),
/// or write to `wfile`.
#[derive(Clone, Debug)]
pub struct Payload(Bytes);

#[derive(Clone, Debug)]
enum Bytes {
    Owned(Vec<u8>),
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Bytes::Owned(bytes) => bytes,
            Bytes::Static(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Payload(Bytes::Owned(bytes))
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Payload(Bytes::Owned(text.into_bytes()))
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Payload(Bytes::Static(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for Payload {
    fn from(bytes: &'static [u8; N]) -> Self {
        Payload(Bytes::Static(bytes))
    }
}

impl From<&'static str> for Payload {
    fn from(text: &'static str) -> Self {
        Payload(Bytes::Static(text.as_bytes()))
    }
}

impl From<Arc<[u8]>> for Payload {
    fn from(bytes: Arc<[u8]>) -> Self {
        Payload(Bytes::Shared(bytes))
    }
}

/// What follows a reply's head without passing through `wfile`.
#[derive(Debug)]
pub(crate) enum Tail {
    Bytes(Payload),
    File { file: File, offset: u64, length: u64 },
}

impl Tail {
    pub fn len(&self) -> u64 {
        match self {
            Tail::Bytes(payload) => payload.as_slice().len() as u64,
            Tail::File { length, .. } => *length,
        }
    }
}
