//! The attribute of basehttp, [`macro@http_handler`]. Use it through that crate, which re-exports it.
//!
//! Four steps, one module each: `parse`, `model`, `check`, `expand`. Beside them stands what several steps ask: the table
//! of `overridables`, the words for `paces`, HTTP's `grammar`, the `calls` on an exchange, `types` as they are spelt,
//! `similar` words, and the `refusals` that all of them report. Whole expansions, to be read, are in the folder `golden`.

#![forbid(unsafe_code)]

mod calls;
mod check;
mod expand;
#[cfg(test)]
mod golden;
mod grammar;
mod model;
mod overridables;
mod paces;
mod parse;
#[cfg(test)]
mod promises;
mod refusals;
mod similar;
#[cfg(test)]
mod speed;
mod types;

use proc_macro2::TokenStream;

use crate::model::Handler;
use crate::parse::{Arguments, Subject};
use crate::refusals::Refusals;

/// Makes a handler of an impl block: its `do_GET` serves `GET`, and so on for every method of HTTP.
///
/// ```
/// use basehttp::{Exchange, Result, http_handler};
///
/// struct Hello;
///
/// #[http_handler(server_version = "Hello/1.0", protocol_version = "HTTP/1.1")]
/// impl Hello {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         ex.send_response(200).send_header("Content-Type", "text/plain; charset=utf-8").end_headers()?;
///         writeln!(ex.wfile, "Hello! You asked for {}", ex.path)?;
///         Ok(())
///     }
/// }
/// ```
///
/// The block stays as it is, with its helper methods and constants, and beside it an `impl BaseHTTPRequestHandler for
/// Hello` is written. `cargo expand` shows it. The type has to be `Send + Sync + 'static`, since all requests share it;
/// what changes goes into a `Mutex` or an atomic. Generics, where clauses and `#[cfg(…)]` on the block and its methods are
/// understood. A type has one such block; others without the attribute may stand beside it.
///
/// # Methods that serve requests
///
/// `fn do_GET(&self, ex: &mut Exchange) -> Result`, and likewise `do_` with any other method of upper-case letters,
/// digits and `_`. It returns nothing, or a `Result<(), E>` whose error can be boxed: one of std's, anyhow's, a `String`.
/// `#[http_method("…")]` above a method of any name says what it serves: `M-SEARCH` for example, which is not an
/// identifier. A name that looks like a misspelling is refused unless name and attribute both say it:
/// `#[http_method("PSOT")] fn do_PSOT`.
///
/// ```
/// # use basehttp::{Exchange, Result, http_handler};
/// # struct Device;
/// #[http_handler]
/// impl Device {
///     fn do_SPAM(&self, ex: &mut Exchange) -> Result {
///         self.search(ex)
///     }
///
///     #[http_method("M-SEARCH")]
///     fn search(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_error((404, "nothing found"))?)
///     }
/// }
/// ```
///
/// `HEAD` is served by what serves `GET`, unless there is a `do_HEAD`; `OPTIONS` is answered with the list of methods,
/// unless there is a `do_OPTIONS`. A method without its `do_*` gets 501, or 405 with `unknown_method = 405`.
///
/// # Arguments
///
/// All are optional. The defaults are those of Python's class variables of the same names.
///
/// | argument | value | default |
/// |---|---|---|
/// | `server_version` | words `name` or `name/version` of the `Server` field | `"BaseHTTP/…"`, the crate's version |
/// | `sys_version` | the same, added to it; `""` adds nothing | `"Rust/…"`, the compiler's version |
/// | `protocol_version` | `"HTTP/1.0"`, which closes after every response, or `"HTTP/1.1"` | `"HTTP/1.0"` |
/// | `error_message_format` | the page of `send_error`, with `%(code)d`, `%(message)s`, `%(explain)s`, `%%` | a small HTML page |
/// | `error_content_type` | its media type, which decides how the texts are escaped | `"text/html; charset=utf-8"` |
/// | `responses` | `{ 299: ("Phrase", "A longer text"), … }`, added to the registered status codes | none |
/// | `MessageClass` | the type of `ex.headers`; `'c` or `'_` in it is the lifetime of the exchange | `Headers<'c>` |
/// | `derive_head` | `false`: `do_GET` does not serve `HEAD` | `true` |
/// | `derive_options` | `false`: nothing but a `do_OPTIONS` answers `OPTIONS` | `true` |
/// | `unknown_method` | `405`: a method that the block has nowhere is refused with a list of those that it has | `501` |
/// | `cors` | `"https://example.org"`, an origin whose pages may read the responses, or `"*"` for all, see below | none |
/// | `pace` | `"inline"`, `"pool"` or `"auto"`: where the methods run, see below | `"auto"` |
/// | `crate` | `"path::to::basehttp"`, for crates that re-export it | `"::basehttp"` |
///
/// # Where methods run
///
/// A request is served on the thread that read it, which is what makes the server fast, and what blocks is given to a
/// pool of threads. The server learns by itself which is which: a method that took longer than 100 µs in three of its
/// last eight runs blocks. These are told apart by method and by the first two segments of the path. So there is seldom
/// a need to say anything; the argument `pace` says it for all methods, `#[pace("…")]` above a method for that one, and
/// goes before the argument. `HEAD` has the pace of the `do_GET` that serves it.
///
/// | pace | the method runs |
/// |---|---|
/// | `"auto"` | where the server has learnt that it should |
/// | `"inline"` | always on the thread that read the request: it never blocks |
/// | `"pool"` | always on a thread of the pool: it blocks, and its first runs shall not hold anybody up |
///
/// ```
/// # use basehttp::{Exchange, Result, http_handler};
/// # struct Reports;
/// # impl Reports { fn compute(&self) -> String { String::new() } }
/// #[http_handler(pace = "inline")]
/// impl Reports {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_text(200, "ready")?)
///     }
///
///     #[pace("pool")]
///     fn do_POST(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_text(200, self.compute())?)
///     }
/// }
/// ```
///
/// # Pages of other sites
///
/// A browser lets a page call a server of another site only if the server says so. This is the CORS protocol of the
/// [Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol). The argument `cors` names the one origin whose
/// pages may do it, as browsers write it, or `"*"` for the pages of all sites:
///
/// ```
/// # use basehttp::{Exchange, Result, http_handler};
/// # struct Api;
/// #[http_handler(protocol_version = "HTTP/1.1", cors = "https://example.org")]
/// impl Api {
///     fn do_PUT(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_text(200, "a page of example.org can read this")?)
///     }
/// }
/// # let preflight = "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://example.org\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
/// # let reply = String::from_utf8(basehttp::testing::respond(&Api, preflight)).unwrap();
/// # assert!(reply.contains("\r\nAccess-Control-Allow-Methods: PUT, OPTIONS\r\n"));
/// # assert!(reply.contains("\r\nAccess-Control-Allow-Origin: https://example.org\r\n"));
/// ```
///
/// * Every response has `Access-Control-Allow-Origin` with that origin, error pages included, unless the handler has sent
///   the field itself. The field is the same for every request, so no `Vary` is needed. Two responses lack it, since no
///   code of the handler runs for them: the 503 of a server without a free thread, and the 500 of an error page that
///   failed.
/// * The derived answer to OPTIONS also answers the question that a browser asks before most requests (the preflight): it
///   allows the methods of the path, the fields that the page wants to send, and to remember this for two hours. A
///   `do_OPTIONS` of the block answers in its place, and can call `basehttp::defaults::options`.
/// * It keeps no client out. A request of another site's page is served like any other, and the browser alone hides the
///   response. So a method that changes something must know its client by other means.
/// * Credentials are not allowed: pages get no response to a request with the cookies of this site. Pages see the usual
///   fields of a response alone. An `end_headers` of your own can send `Access-Control-Expose-Headers` for others.
///
/// # Overridable methods
///
/// A method of one of these names is what the runtime calls in place of its own, so its signature is checked. The
/// original of each is `basehttp::defaults::NAME`, which an override can call. Where `MessageClass` is given,
/// `&Exchange` is spelt out, as in `&Exchange<MyHeaders>`.
///
/// | method | called |
/// |---|---|
/// | `fn log_request(&self, ex: &Exchange, code: u16, size: Option<u64>)` | once a request, when its reply has ended |
/// | `fn log_error(&self, ex: &Exchange, message: fmt::Arguments<'_>)` | when something went wrong |
/// | `fn log_message(&self, ex: &Exchange, message: fmt::Arguments<'_>)` | for every line of the log |
/// | `fn version_string(&self) -> Cow<'_, str>` | for the `Server` field |
/// | `fn date_time_string(&self, time: SystemTime) -> String` | for the `Date` field |
/// | `fn log_date_time_string(&self) -> String` | for the time in the log |
/// | `fn address_string(&self, ex: &Exchange) -> String` | for the client in the log |
/// | `fn handle_expect_100(&self, ex: &Exchange) -> Result<bool>` | before a method whose client waits for `100 Continue`; `false` after another reply |
/// | `fn end_headers(&self, ex: &Exchange) -> io::Result<()>` | before the head of a reply ends: adds fields to all of them |
/// | `fn send_error(&self, ex: &Exchange, code: u16, message: &str, explain: &str) -> io::Result<()>` | for every error reply |
/// | `fn verify_request(&self, client_address: &Address) -> bool` | for every new connection; `false` closes it |
/// | `fn handle_error(&self, client_address: &Address, error: &HandlerError)` | when an error or a panic of a method became a 500 |
/// | `fn handle_timeout(&self)` | when `handle_request` waited for its `timeout` in vain |
/// | `fn service_actions(&self)` | by the serving loop, each `poll_interval` |
///
/// ```
/// use std::fmt;
/// use std::sync::Mutex;
///
/// use basehttp::{Exchange, Result, http_handler};
///
/// #[derive(Default)]
/// struct Remembering {
///     lines: Mutex<Vec<String>>,
/// }
///
/// #[http_handler]
/// impl Remembering {
///     fn do_GET(&self, ex: &mut Exchange) -> Result {
///         Ok(ex.send_error(404)?)
///     }
///
///     fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
///         let line = format!("{}: {message}", self.address_string(ex));
///         self.lines.lock().expect("no writer panics").push(line);
///     }
///
///     fn address_string(&self, ex: &Exchange) -> String {
///         format!("client {}", ex.client_address)
///     }
/// }
/// ```
///
/// # What is refused
///
/// Whatever of this is broken, all of it at once, at the place and with what to write instead. So is what could hide a
/// method that should serve: a macro among the methods, and a name that is a slip away from one that the runtime calls.
/// Such a name is fine where the block calls it, and in a block without the attribute.
///
/// Beyond that, literals on the exchange that could never work: a status code outside 100 to 599 in `send_response(…)`,
/// `send_error(…)` and `send_text(…)`, a name that is no token or a value that cannot be sent in `send_header("…", "…")`.
/// And what is right in Python:
///
/// | refused | to write instead |
/// |---|---|
/// | `self.send_response(200)`, `self.send_text(200, "…")` | `ex.send_response(200)` |
/// | `self.wfile`, `self.client_address` and other fields that only a request has | `ex.wfile` |
/// | `ex.send_error(404, "no such page")` | `ex.send_error((404, "no such page"))` |
/// | `return Err(404)` | `return Err(HTTPError::from(404).into())` |
/// | `ex.log_message("hello")` | `ex.log_message(format_args!("hello"))` |
/// | `ex.headers["Host"]` | `ex.headers.get("Host")` |
/// | `ex.rfile.read(100)`, `ex.rfile.readline()` | `ex.read_body(100)`, `ex.rfile.read_line(&mut line)` |
/// | `ex.send_bytes(200, "…", text.as_str())` of a variable | `ex.send_bytes(200, "…", text)` |
///
/// A method on `self` is fine where the block has one of that name, or the call hands on the exchange, as in
/// `self.send_file(ex)`. Closures are not looked into, and macros only for fields.
///
/// ```compile_fail
/// # use basehttp::{Exchange, Result, http_handler};
/// # struct Hello;
/// #[http_handler]
/// impl Hello {
///     fn do_PSOT(&self, ex: &mut Exchange) -> Result { // did you mean `do_POST`?
///         ex.send_response(2000).end_headers()?; // 2000 is not a status code
///         Ok(())
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn http_handler(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expanded(arguments.into(), &item.into()).into()
}

/// The four steps. They work on `proc_macro2`, so that tests can take them outside the compiler.
fn expanded(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let mut refusals = Refusals::default();
    let arguments = Arguments::parse(arguments, &mut refusals);
    let Some(subject) = Subject::read(item, &mut refusals) else {
        return expand::untouched(item, refusals);
    };
    let handler = Handler::new(&arguments, &subject.block, &mut refusals);
    if let Some(other) = &subject.other {
        return expand::misplaced(other, &handler, refusals);
    }
    check::handler(&handler, &mut refusals);
    if refusals.is_empty() { expand::handler(&handler) } else { expand::refused(&handler, refusals) }
}
