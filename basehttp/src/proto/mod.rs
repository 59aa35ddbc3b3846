//! The protocol: bytes in, decisions out. There are no sockets, clock, threads or files here; the time is an argument.
//!
//! The way of a request:
//!
//! ```text
//! bytes -> head::HeadScanner   the end of the head; limits, bare CR and LF
//!       -> head::parse         method, target, version, fields, and their meaning
//!            target, host      the server and the path that are asked
//!            framing           the body that follows
//!       -> admission           the client, if a proxy speaks for it (proxy), and whether it may ask
//!       -> body::BodyDecoder   the body's own bytes (chunked underneath)
//! ```
//!
//! And a response's way out: `status` and `field` say what may be written, `reply` decides on framing and persistence,
//! and `write`, `date`, `escape` and `error_page` make the bytes. A request that is refused becomes a
//! [`refusal::Refusal`], with the reason. If you change what a head may say, also look at `head/tests.rs`: its table is
//! the contract.

pub(crate) mod admission;
pub(crate) mod body;
pub(crate) mod chunked;
pub(crate) mod content_type;
pub(crate) mod cookie;
pub(crate) mod date;
pub(crate) mod error_page;
pub(crate) mod escape;
pub(crate) mod field;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod limits;
#[cfg(feature = "multipart")]
pub(crate) mod multipart;
pub(crate) mod product;
pub(crate) mod proxy;
pub(crate) mod refusal;
pub(crate) mod reply;
pub(crate) mod status;
pub(crate) mod target;
pub(crate) mod version;
pub(crate) mod write;

pub(crate) use admission::{Admission, Admitted, Hosts, TrustedOrigins};
pub(crate) use body::{BODY_ENDED_EARLY, BODY_TOO_SLOW, BodyDecoder};
pub use chunked::Trailer;
pub use content_type::ContentType;
pub(crate) use cookie::cookies;
pub(crate) use date::{DateLine, date_line, http_date, log_date};
pub(crate) use error_page::{DEFAULT_ERROR_CONTENT_TYPE, DEFAULT_ERROR_MESSAGE, render};
pub use escape::html_escape;
pub(crate) use escape::{log_line, one_line, safe_reason};
pub(crate) use field::{is_token, latin1, list_members, push_latin1};
pub(crate) use framing::RequestBody;
pub use head::Field;
pub(crate) use head::{
    FieldBuffer, Head, HeadScanner, fields_of_refused, is_request_line, is_tls, parse, parse_whole, request_line,
    with_ascii_target,
};
pub use headers::{Headers, HeadersIter};
pub(crate) use limits::Limits;
#[cfg(feature = "multipart")]
pub(crate) use multipart::{Boundary, Disposition, Scanned};
pub(crate) use product::VERSION_STRING;
pub use product::{SERVER_VERSION, SYS_VERSION, Words, utf8};
pub(crate) use proxy::{ClientAddress, ForwardedFields, NetworkNode, ProxySource, proxy_header};
pub(crate) use refusal::Refusal;
pub(crate) use reply::{BodyRule, ReplyFraming, body_allowed, keeps_alive, reply_framing, singleton};
pub(crate) use status::lookup;
pub use status::{RESPONSES, Responses, merge, merged_len};
pub(crate) use target::Scheme;
pub use version::Version;
pub(crate) use write::{
    LAST_CHUNK, has_field, push_chunk, push_field, push_length, push_server, push_status_line, remove_field,
};
