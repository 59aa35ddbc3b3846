//! The answer to OPTIONS, and what the handler's class variable `CORS` adds to responses: the server's side of the CORS
//! protocol (Fetch standard, section "CORS protocol").
//!
//! A browser compares the allowed origin with that of its page. The field is the same for every request, so that caches
//! need no `Vary` (section "CORS protocol and HTTP caches"). Responses to OPTIONS are not cached.

use std::io;

use super::Exchange;
use super::error::HTTPError;
use crate::proto::{self, Field};

/// Time for which a browser may remember the answer to a preflight, in seconds: 2 h, the most that Chromium takes.
const MAX_AGE: u32 = 2 * 60 * 60;

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";

impl<M> Exchange<'_, M> {
    /// Answers OPTIONS with these methods, and a preflight with what the page may send.
    pub(crate) fn send_options(&self, methods: &[&str]) -> io::Result<()> {
        let methods = methods.join(", ");
        if !self.is_preflight() {
            return self.send_response(204).send_header("Allow", methods).end_headers();
        }
        let fields = self.requested_fields()?;
        self.send_response(204).send_header("Allow", &methods).send_header("Access-Control-Allow-Methods", &methods);
        if !fields.is_empty() {
            self.send_header("Access-Control-Allow-Headers", fields);
        }
        self.send_header("Access-Control-Max-Age", MAX_AGE).end_headers()
    }

    /// Returns whether a browser asks whether a page may send a request (section "HTTP requests").
    fn is_preflight(&self) -> bool {
        let has = |name: &str| self.values(name).next().is_some();
        self.context.spec.cors.is_some()
            && self.request.command == "OPTIONS"
            && has("Origin")
            && has("Access-Control-Request-Method")
    }

    /// Returns the names of the fields that the page wants to send, which are all allowed. `*` would not stand for
    /// `Authorization`.
    fn requested_fields(&self) -> Result<String, HTTPError> {
        let mut names = Vec::new();
        for name in self.values("Access-Control-Request-Headers").flat_map(proto::list_members) {
            let name = str::from_utf8(name).ok().filter(|name| proto::is_token(name.as_bytes()));
            names.push(name.ok_or_else(|| {
                HTTPError::from(400).with_explain("access-control-request-headers is not a list of field names")
            })?);
        }
        Ok(names.join(", "))
    }

    /// The values of the request's fields of this name, in order.
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.fields.iter().filter(move |field| field.name().eq_ignore_ascii_case(name));
        named.map(Field::value)
    }

    /// Lets pages of `origin` read the response, unless the handler has decided that itself.
    #[cold]
    pub(super) fn add_allow_origin(&self, origin: &str) {
        self.with_reply(|reply, out| {
            if reply.is_head_open() && !proto::has_field(out, reply.start(), ALLOW_ORIGIN) {
                reply.add_field(ALLOW_ORIGIN, origin, out);
            }
        });
    }
}
