//! Names for the expansion of `#[http_handler]`. They are not public, and change without notice.

pub use std::borrow::Cow;
pub use std::convert::Into;
pub use std::option::Option::{self, None, Some};
pub use std::primitive::{bool, str, u8, u16, u64};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::time::SystemTime;
pub use std::{fmt, io};

pub use crate::exchange::{
    DecodedPaths as Decoded, Exchange, HandlerError, MAX_BODY_AHEAD, Overrides, Pace, Piece, Response,
    Result as Outcome, Route, Texts, body_bytes, cookie, form_fields, guard, header, is_value, json_text, link,
    of_body, of_form, of_json, path, query, raw_segments, rest, segments,
};
use crate::exchange::{HTTPError, IntoResponse};
pub use crate::proto::{
    Headers, RESPONSES, Responses, SERVER_VERSION, SYS_VERSION, Version, Words, merge, merged_len, utf8,
};
pub use crate::server::{BaseHTTPRequestHandler, MessageClass};
pub use crate::sys::Address;

/// Every handler of the attribute's has it, so that the compiler says its name where a type has two attributed blocks.
pub trait AllMethodsOfATypeGoIntoOneBlockWithHttpHandler {}

/// A type whose values all threads can share, as a handler's are. `'s` says nothing: see `expand` in the macros' crate.
pub trait Shared<'s>: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Shared<'_> for T {}

/// The value that a `do_*` method returned, as its response.
#[inline]
pub fn response(value: impl IntoResponse) -> Response {
    value.into_response()
}

/// Makes the parameters of a method and calls it. The first failure is the response.
#[inline]
pub fn outcome(make: impl FnOnce() -> Outcome<Response>) -> Response {
    Response::of(make())
}

/// Borrows texts that were decoded for a method.
pub fn borrowed<'t>(texts: &'t [Cow<'_, str>]) -> Vec<&'t str> {
    texts.iter().map(|text| &**text).collect()
}

/// The answer where no path matches: 404, or the server's 501 if the handler has no such method at all.
pub fn not_found<M>(ex: &Exchange<'_, M>, methods: &[&str]) -> Option<Outcome> {
    ex.context.knows(ex.command, methods).then(|| Err(HTTPError::from(404).into()))
}

/// The answer where the path has other methods: 405, or the server's 501 if the handler has no such method at all (RFC
/// 9110, section 15.5.6).
pub fn not_allowed<M>(ex: &Exchange<'_, M>, allowed: &[&str], methods: &[&str]) -> Option<Outcome> {
    ex.context.knows(ex.command, methods).then(|| Err(HTTPError::method_not_allowed(allowed).into()))
}

/// The derived answer to OPTIONS (RFC 9110, section 9.3.7).
pub fn allow<M>(ex: &mut Exchange<'_, M>, methods: &[&str]) -> Outcome {
    Ok(ex.send_options(methods)?)
}

/// `"Hello/1.0"` becomes `"Hello/1.0 Rust/1.95.0"`; an empty second argument leaves the second word out.
#[macro_export]
#[doc(hidden)]
macro_rules! __version_string {
    ($server_version:expr) => {
        $crate::__private::version_string!($server_version, $crate::__private::SYS_VERSION)
    };
    ($server_version:expr, $sys_version:expr) => {{
        const WORDS: $crate::__private::Words = $crate::__private::Words($server_version, $sys_version);
        const JOINED: [$crate::__private::u8; WORDS.joined_len()] = WORDS.join();
        $crate::__private::utf8(&JOINED)
    }};
}

/// One entry of the `responses` map.
pub type ResponsesEntry = (u16, &'static str, &'static str);

/// The `responses` map with additions, as a sorted slice.
#[macro_export]
#[doc(hidden)]
macro_rules! __responses {
    () => { $crate::__private::RESPONSES };
    ($($code:literal: ($phrase:expr, $explain:expr)),+ $(,)?) => {{
        const ADDED: $crate::__private::Responses = &[$(($code, $phrase, $explain)),+];
        const BASE: $crate::__private::Responses = $crate::__private::RESPONSES;
        const MERGED: [$crate::__private::ResponsesEntry; $crate::__private::merged_len(BASE, ADDED)] =
            $crate::__private::merge(BASE, ADDED);
        &MERGED
    }};
}

/// An item in an attributed block that the attribute does not know, but the compiler does.
#[macro_export]
#[doc(hidden)]
macro_rules! __unknown_item {
    ($item:item) => {
        $crate::__private::compile_error! {
            "`#[http_handler]` cannot read this item, so a `do_*` method in it would not be served\n\
write it as a method with a body, or move it into a block without the attribute"
        }
    };
}

pub use std::compile_error;

pub use crate::{__responses as responses, __unknown_item as unknown_item, __version_string as version_string};
