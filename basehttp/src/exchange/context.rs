//! The parts that all connections of one server share: class variables, settings, quotas, and ready-made heads.

use std::sync::{Arc, OnceLock};

use super::error::HTTPError;
use crate::proto;
use crate::sys::{BlockingQuota, MemoryQuota, Quota, ServerHandle, Settings};

/// Calls the macro `write` with one row for each class variable: the constant of `BaseHTTPRequestHandler`, the field of
/// [`HandlerSpec`] that holds its value, its type, and the value for tests that have no handler. A type has its whole
/// path, since the rows are written out in other modules.
///
/// If you add a row, add the constant to `BaseHTTPRequestHandler`.
macro_rules! class_variables {
    ($write:ident) => {
        $write! {
            METHODS methods: &'static [&'static str] = &[];
            RESPONSES responses: crate::proto::Responses = crate::proto::RESPONSES;
            VERSION_STRING version_string: &'static str = "";
            PROTOCOL_VERSION protocol_version: crate::proto::Version = crate::proto::Version::Http11;
            ERROR_MESSAGE_FORMAT error_message_format: &'static str = "";
            ERROR_CONTENT_TYPE error_content_type: &'static str = "text/plain";
            UNKNOWN_METHOD unknown_method: u16 = 501;
            CORS cors: Option<&'static str> = None;
            OVERRIDES overrides: crate::exchange::Overrides = crate::exchange::Overrides::NONE;
        }
    };
}

pub(crate) use class_variables;

macro_rules! declare {
    ($($constant:ident $field:ident: $type:ty = $plain:expr;)*) => {
        /// The class variables of a handler's type, as its connections see them.
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct HandlerSpec {
            $(pub(crate) $field: $type,)*
        }

        #[cfg(test)]
        impl HandlerSpec {
            /// Returns the class variables of a handler without methods or hooks.
            pub(crate) fn of_plain_handler() -> Self {
                HandlerSpec { $($field: $plain,)* }
            }
        }
    };
}

class_variables!(declare);

/// The server, as its connections see it.
pub(crate) struct Context {
    pub spec: HandlerSpec,
    pub settings: Settings,
    pub handle: ServerHandle,
    pub blocking: Arc<BlockingQuota>,
    pub unfinished: Arc<MemoryQuota>,
    pub unsent: Arc<MemoryQuota>,
    pub quota: Arc<Quota>,
    /// The first bytes of the response for each code from 100 on, so that `send_response` is a copy. Each is made when
    /// it is first sent, because a connection in memory has a context of its own and sends only a few.
    ready_heads: Vec<OnceLock<Box<[u8]>>>,
}

const READY_CODES: std::ops::RangeInclusive<u16> = 100..=599;

impl Context {
    pub(crate) fn new(spec: HandlerSpec, settings: Settings, handle: ServerHandle) -> Self {
        let blocking = Arc::new(BlockingQuota::new(settings.max_blocked_on_clients, settings.max_queued_streaming));
        let unfinished = MemoryQuota::new(settings.max_unfinished_bytes);
        let unsent = MemoryQuota::new(settings.max_unsent_bytes);
        let quota = Quota::new(&settings, handle.clone());
        let ready_heads = READY_CODES.map(|_| OnceLock::new()).collect();
        Context { spec, settings, handle, blocking, unfinished, unsent, quota, ready_heads }
    }

    /// Returns the status line and `Server` field of a code in 100..=599, with the phrase of the `responses` map.
    pub(crate) fn ready_head(&self, code: u16) -> Option<&[u8]> {
        let head = self.ready_heads.get(usize::from(code.checked_sub(*READY_CODES.start())?))?;
        Some(head.get_or_init(|| self.make_head(code)))
    }

    #[cold]
    fn make_head(&self, code: u16) -> Box<[u8]> {
        let mut head = Vec::new();
        let (phrase, _) = self.response(code);
        proto::push_status_line(&mut head, self.spec.protocol_version, code, phrase);
        proto::push_server(&mut head, self.spec.version_string);
        head.into()
    }

    /// Returns whether a method is among these, or is refused as if it were: with a 405, and without a short cut.
    pub(crate) fn knows(&self, method: &str, methods: &[&str]) -> bool {
        self.spec.unknown_method == 405 || methods.contains(&method)
    }

    /// Returns the error for a method that the handler has nowhere (RFC 9110, sections 15.5.6 and 15.6.2).
    pub(crate) fn unknown_method(&self, method: &str) -> HTTPError {
        match self.spec.unknown_method {
            405 => HTTPError::method_not_allowed(self.spec.methods),
            code => HTTPError::new(code, format!("Unsupported method ('{method}')")),
        }
    }

    /// Returns the phrase and the explanation of a code. They are empty if the map has none.
    pub(crate) fn response(&self, code: u16) -> (&'static str, &'static str) {
        proto::lookup(self.spec.responses, code).unwrap_or_default()
    }
}
