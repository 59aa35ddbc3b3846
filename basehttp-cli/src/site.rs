//! The handler: the library's files, with a log in local time or none. One type for each version of the protocol, since
//! that is a class variable.

use std::{fmt, io};

use basehttp::{
    BaseHTTPRequestHandler, Endpoint, Exchange, HTTPServer, HTTPServerBuilder, Result, SimpleHTTPRequestHandler,
    defaults, http_handler,
};

use crate::clock;
use crate::flags::{Flags, Protocol};

/// Binds `address`, with the handler for the protocol that the flags name.
pub fn bind(
    server: HTTPServerBuilder,
    address: Endpoint,
    flags: &Flags,
    files: SimpleHTTPRequestHandler,
) -> io::Result<HTTPServer> {
    let is_quiet = flags.quiet;
    match flags.protocol {
        Protocol::Http10 => server.bind(address, Site10 { files, is_quiet }),
        Protocol::Http11 => server.bind(address, Site11 { files, is_quiet }),
    }
}

// Input:  site!(Site11, "HTTP/1.1");
// Output: struct Site11 { ... }
//         #[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = "HTTP/1.1")]
//         impl Site11 { ... }
macro_rules! site {
    ($name:ident, $protocol_version:literal) => {
        struct $name {
            files: SimpleHTTPRequestHandler,
            is_quiet: bool,
        }

        #[http_handler(server_version = "SimpleHTTP/0.1.0", protocol_version = $protocol_version)]
        impl $name {
            fn do_GET(&self, ex: &mut Exchange) -> Result {
                self.files.do_GET(ex)
            }

            // `--header` and `--cors` in replies that the files have no part in.
            fn end_headers(&self, ex: &Exchange) -> io::Result<()> {
                BaseHTTPRequestHandler::end_headers(&self.files, ex)
            }

            fn log_message(&self, ex: &Exchange, message: fmt::Arguments) {
                if !self.is_quiet {
                    defaults::log_message(self, ex, message);
                }
            }

            fn log_date_time_string(&self) -> String {
                clock::local_time()
            }
        }
    };
}

site!(Site10, "HTTP/1.0");
site!(Site11, "HTTP/1.1");
