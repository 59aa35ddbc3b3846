//! The handler that is served, which is the library's files or its programs beside files, with a log in local time or
//! none. There is one type for each protocol version, since the version is a class variable.

use std::{fmt, io};

use basehttp::{
    BaseHTTPRequestHandler, CGIHTTPRequestHandler, Endpoint, Exchange, HTTPServer, HTTPServerBuilder, Result,
    SimpleHTTPRequestHandler, defaults, http_handler,
};

use crate::clock;
use crate::failure::Failure;
use crate::flags::{Flags, Protocol};

/// Files alone, or programs beside them.
pub(crate) enum Site {
    Files(SimpleHTTPRequestHandler),
    Programs(CGIHTTPRequestHandler),
}

impl Site {
    /// Opens the directory that the flags name, with its programs if they are asked for. Programs get `soft_limit` for
    /// their descriptors, if there is one.
    ///
    /// # Errors
    /// [`Failure::Flag`] for a value that cannot be used; [`Failure::System`] for a directory that cannot be served.
    pub(crate) fn of(flags: &Flags, soft_limit: Option<u64>) -> std::result::Result<Self, Failure> {
        let of_directory = |error: io::Error| Failure::of_directory(&flags.directory, &error);
        let files = flags.files()?.build().map_err(of_directory)?;
        if flags.cgi {
            let mut programs = flags.programs(files);
            if let Some(soft_limit) = soft_limit {
                programs = programs.soft_descriptor_limit(soft_limit);
            }
            return Ok(Site::Programs(programs.build().map_err(of_directory)?));
        }
        Ok(Site::Files(files))
    }

    /// Binds `address`, with the handler for the protocol that the flags name.
    pub(crate) fn bind(self, server: HTTPServerBuilder, address: Endpoint, flags: &Flags) -> io::Result<HTTPServer> {
        let front = Front { is_quiet: flags.quiet, health: flags.health.clone() };
        match (self, flags.protocol) {
            (Site::Files(inner), Protocol::Http10) => server.bind(address, Files10 { inner, front }),
            (Site::Files(inner), Protocol::Http11) => server.bind(address, Files11 { inner, front }),
            (Site::Programs(inner), Protocol::Http10) => server.bind(address, Programs10 { inner, front }),
            (Site::Programs(inner), Protocol::Http11) => server.bind(address, Programs11 { inner, front }),
        }
    }
}

/// The flags that stand before the files and programs.
struct Front {
    is_quiet: bool,
    /// Path of the health check.
    health: Option<String>,
}

impl Front {
    /// Returns whether the request is a health check, which comes every second or so and is not logged.
    fn is_asked_for_health(&self, ex: &Exchange) -> bool {
        self.health.as_deref().is_some_and(|health| ex.path.split('?').next() == Some(health))
    }
}

fn tell_health(ex: &mut Exchange) -> Result {
    let (status, text) = if ex.server.is_ready() { (200, "ready\n") } else { (503, "about to end\n") };
    ex.send_header("Cache-Control", "no-store");
    Ok(ex.send_text(status, text)?)
}

// Input:  handler!(Files11, "HTTP/1.1", SimpleHTTPRequestHandler {});
// Output: struct Files11 { ... }
//         #[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
//         impl Files11 { ... }
macro_rules! handler {
    ($name:ident, $protocol_version:literal, $inner:ty { $($method:ident)* }) => {
        struct $name {
            inner: $inner,
            front: Front,
        }

        #[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = $protocol_version)]
        impl $name {
            fn do_GET(&self, ex: &mut Exchange) -> Result {
                if self.front.is_asked_for_health(ex) {
                    return tell_health(ex);
                }
                self.inner.do_GET(ex)
            }

            $(fn $method(&self, ex: &mut Exchange) -> Result {
                self.inner.$method(ex)
            })*

            // `--header` and `--cors` are for responses as well that do not come from the files.
            fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
                BaseHTTPRequestHandler::end_headers(&self.inner, ex)
            }

            fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
                if !self.front.is_quiet && !self.front.is_asked_for_health(ex) {
                    defaults::log_message(self, ex, message);
                }
            }

            fn log_date_time_string(&self) -> String {
                clock::local_time()
            }
        }
    };
}

handler!(Files10, "HTTP/1.0", SimpleHTTPRequestHandler {});
handler!(Files11, "HTTP/1.1", SimpleHTTPRequestHandler {});
handler!(Programs10, "HTTP/1.0", CGIHTTPRequestHandler { do_POST do_PUT do_PATCH do_DELETE do_OPTIONS });
handler!(Programs11, "HTTP/1.1", CGIHTTPRequestHandler { do_POST do_PUT do_PATCH do_DELETE do_OPTIONS });
