//! The protocol: bytes in, decisions out. No sockets, clock, threads or files; the time is an argument.
//!
//! A request's way through here:
//!
//! ```text
//! bytes -> head::HeadScanner   where does the head end? limits, bare CR and LF
//!       -> head::parse         method, target, version, fields, and what they mean
//!            target, host      who is asked for what
//!            framing           which body follows
//!       -> body::BodyDecoder   the body's own bytes (chunked underneath)
//! ```
//!
//! and a response's way out: `status` and `field` say what may be written, `reply` decides framing and persistence,
//! `write`, `date`, `escape` and `error_page` make the bytes. What is refused, and why, is a [`refusal::Refusal`].
//! If you change what a head may say, also look at `head/tests.rs`: its table is the contract.

pub mod body;
pub mod chunked;
pub mod content_type;
pub mod date;
pub mod error_page;
pub mod escape;
pub mod field;
pub mod framing;
pub mod head;
pub mod headers;
pub mod host;
pub mod limits;
pub mod product;
pub mod refusal;
pub mod reply;
pub mod status;
pub mod target;
pub mod version;
pub mod write;

pub use body::{BODY_ENDED_EARLY, BODY_TOO_SLOW, BodyDecoder};
pub use chunked::Trailer;
pub use content_type::ContentType;
pub use date::{DateLine, date_line, http_date, log_date};
pub use error_page::{DEFAULT_ERROR_CONTENT_TYPE, DEFAULT_ERROR_MESSAGE, render};
pub use escape::{log_line, one_line, safe_reason};
pub use field::{is_token, latin1, push_latin1};
pub use framing::RequestBody;
pub use head::{
    Field, FieldBuffer, Head, HeadScanner, HeadSpan, is_request_line, is_tls, parse, parse_whole, request_line,
    with_ascii_target,
};
pub use headers::Headers;
pub use limits::Limits;
pub use product::{SERVER_VERSION, SYS_VERSION, VERSION_STRING, Words, utf8};
pub use refusal::Refusal;
pub use reply::{BodyRule, ReplyFraming, body_allowed, keeps_alive, reply_framing, singleton};
pub use status::{RESPONSES, Responses, lookup, merge, merged_len};
pub use target::Scheme;
pub use version::Version;
pub use write::{LAST_CHUNK, push_chunk, push_field, push_length, push_server, push_status_line, remove_field};
