//! Bodies that a handler gives as a whole, to be sent after it has returned. `conn` sends them.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::sys::QueuedFile;

/// A whole body, for [`Exchange::send_bytes`](crate::Exchange::send_bytes) and
/// [`send_body`](crate::Exchange::send_body).
///
/// `Vec<u8>`, `String`, `&'static [u8]`, `&'static str` and `Arc<[u8]>` convert into it. A large body is not copied. It
/// is sent after the handler has returned, so it cannot borrow from the handler. Give a copy (`to_vec()`), or write to
/// `wfile`.
#[derive(Clone)]
pub struct Payload {
    bytes: Bytes,
    /// A value of the user's that is dropped with the bytes.
    guard: Option<Arc<dyn Any + Send + Sync>>,
}

/// The types that the sending methods take as a body: all that convert into a [`Payload`].
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
    note = "the body is sent after the method has returned, so it cannot borrow: write `text`, `text.clone()` or \
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
    /// The bytes of the body.
    pub fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes,
            Bytes::Static(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }

    /// Returns whether a guard of the user's is dropped with the bytes.
    fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Returns the size of the memory that is freed with this payload, in bytes.
    fn own_bytes(&self) -> usize {
        match &self.bytes {
            Bytes::Owned(bytes) => bytes.capacity(),
            // The user has dropped all other references.
            Bytes::Shared(bytes) if Arc::strong_count(bytes) == 1 => bytes.len(),
            Bytes::Static(_) | Bytes::Shared(_) => 0,
        }
    }

    /// Sets a guard that is dropped with the bytes, after the last byte was sent or the client was given up. A cache
    /// can use it to know the memory that slow clients still hold.
    ///
    /// The guard is dropped on a thread of the server. It may block without holding up other clients, and a panic is
    /// caught.
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

/// A body that is sent behind the head without passing through `wfile`.
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

    /// Returns whether the body is a file, which has a descriptor.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, QueuedBody::File { .. })
    }

    /// Returns whether dropping it may block, because a file is closed or a guard of the user's is dropped.
    pub(crate) fn may_block(&self) -> bool {
        match self {
            QueuedBody::Bytes(payload) => payload.is_guarded(),
            QueuedBody::File { .. } => true,
        }
    }

    /// Returns the size of the memory that is freed with it, in bytes.
    pub(crate) fn own_bytes(&self) -> usize {
        match self {
            QueuedBody::Bytes(payload) => payload.own_bytes(),
            QueuedBody::File { .. } => 0,
        }
    }
}
