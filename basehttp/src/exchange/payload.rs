//! Bodies that are given whole, to be sent after the handler has returned. What sends them is `line`.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::sys::QueuedFile;

/// A body that is known whole: what [`Exchange::send_bytes`](crate::Exchange::send_bytes) and
/// [`send_body`](crate::Exchange::send_body) take.
///
/// Made from `Vec<u8>`, `String`, `&'static [u8]`, `&'static str` and `Arc<[u8]>`, none of which is copied when it is
/// large. It is sent after the handler has returned, so that it cannot be borrowed from there: give a copy (`to_vec()`),
/// or write to `wfile`.
#[derive(Clone)]
pub struct Payload {
    bytes: Bytes,
    /// Dropped with the bytes.
    guard: Option<Arc<dyn Any + Send + Sync>>,
}

/// A body, as the sending methods take it: whatever a [`Payload`] can be made from.
///
/// ```
/// # use basehttp::{Exchange, IntoPayload};
/// fn send_json(ex: &Exchange, body: impl IntoPayload) -> std::io::Result<()> {
///     ex.send_bytes(200, "application/json", body)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a body",
    label = "a `Vec<u8>`, a `String`, an `Arc<[u8]>`, or `&'static` text or bytes",
    note = "the body is sent after the method has returned, so that it cannot borrow: write `text`, `text.clone()` or \
            `bytes.to_vec()`"
)]
pub trait IntoPayload: Into<Payload> {}

#[diagnostic::do_not_recommend]
impl<B: Into<Payload>> IntoPayload for B {}

#[derive(Clone, Debug)]
enum Bytes {
    Owned(Vec<u8>),
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl Payload {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Static(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }

    /// Whether something of the user's is dropped with it.
    fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// How much memory lasts as long as this does, and no longer.
    fn own_bytes(&self) -> usize {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes.capacity(),
            // Whoever shared it has let go of it.
            Bytes::Shared(bytes) if Arc::strong_count(bytes) == 1 => bytes.len(),
            Bytes::Static(_) | Bytes::Shared(_) => 0,
        }
    }

    /// The same with something that is dropped when the bytes are: after the last of them was sent, or the client was
    /// given up. For a cache that wants to know what it still holds for slow clients.
    ///
    /// It is dropped on a thread of the server's. Others do not wait for it, should it block, and a panic is caught.
    ///
    /// ```
    /// # use basehttp::{Exchange, Payload, http_handler};
    /// # use std::sync::Arc;
    /// struct Cached { page: Arc<[u8]>, on_their_way: Arc<()> }
    ///
    /// # #[http_handler] impl Cached {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let page = Payload::from(Arc::clone(&self.page)).with_guard(Arc::clone(&self.on_their_way));
    ///     ex.send_bytes(200, "text/plain", page)
    /// }
    /// # }
    /// # let cached = Cached { page: b"cached".as_slice().into(), on_their_way: Arc::new(()) };
    /// # assert!(basehttp::testing::respond(&cached, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"\r\n\r\ncached"));
    /// assert_eq!(Arc::strong_count(&cached.on_their_way), 1);
    /// ```
    #[must_use]
    pub fn with_guard<T: Any + Send + Sync>(mut self, guard: Arc<T>) -> Self {
        self.guard = Some(guard);
        self
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Payload { bytes, guard: None }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload").field("bytes", &self.bytes).field("is_guarded", &self.guard.is_some()).finish()
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::Owned(bytes).into()
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Bytes::Owned(text.into_bytes()).into()
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::Static(bytes).into()
    }
}

impl<const N: usize> From<&'static [u8; N]> for Payload {
    fn from(bytes: &'static [u8; N]) -> Self {
        Bytes::Static(bytes).into()
    }
}

impl From<&'static str> for Payload {
    fn from(text: &'static str) -> Self {
        Bytes::Static(text.as_bytes()).into()
    }
}

impl From<Arc<[u8]>> for Payload {
    fn from(bytes: Arc<[u8]>) -> Self {
        Bytes::Shared(bytes).into()
    }
}

/// What follows a reply's head without passing through `wfile`.
#[derive(Debug)]
pub(crate) enum QueuedBody {
    Bytes(Payload),
    File { file: QueuedFile, offset: u64, length: u64 },
}

impl QueuedBody {
    pub(crate) fn len(&self) -> u64 {
        match self {
            QueuedBody::Bytes(payload) => payload.as_slice().len() as u64,
            QueuedBody::File { length, .. } => *length,
        }
    }

    /// Whether it has a descriptor.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, QueuedBody::File { .. })
    }

    /// Whether to drop it may block: a file is closed, or something of the user's is dropped.
    pub(crate) fn may_block(&self) -> bool {
        match self {
            QueuedBody::Bytes(payload) => payload.is_guarded(),
            QueuedBody::File { .. } => true,
        }
    }

    /// How much memory it holds by itself.
    pub(crate) fn own_bytes(&self) -> usize {
        match self {
            QueuedBody::Bytes(payload) => payload.own_bytes(),
            QueuedBody::File { .. } => 0,
        }
    }
}
