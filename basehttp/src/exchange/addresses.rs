//! The two ends of an exchange: the client, the proxy that speaks for it, and the server as the client has named it.

use std::io;

use super::Exchange;
use crate::proto::Scheme;
use crate::sys::Address;

impl<'c, M> Exchange<'c, M> {
    /// Returns the address at the other end of the connection. It differs from `client_address` if a proxy speaks for
    /// the client and the server was told to believe it
    /// ([`trust_proxies`](crate::HTTPServerBuilder::trust_proxies)).
    pub fn peer_address(&self) -> &'c Address {
        self.peer
    }

    /// Returns the server's address of this connection: the one that the client has reached. It makes one system call.
    ///
    /// A server that listens on `0.0.0.0` learns here which of its addresses that was. A Unix socket has its path. It
    /// is [`Address::Unnamed`] for a connection in memory and for a pipe.
    ///
    /// # Errors
    /// The connection was hijacked, or the system does not tell.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct WhereAmI;
    /// # #[http_handler] impl WhereAmI {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let address = ex.local_address()?;
    ///     ex.send_text(200, format!("you have reached {address}"))
    /// }
    /// # }
    /// # assert!(basehttp::testing::respond(&WhereAmI, b"GET / HTTP/1.0\r\n\r\n").ends_with(b"you have reached -"));
    /// ```
    pub fn local_address(&self) -> io::Result<Address> {
        self.io.borrow().socket.local_address()
    }

    /// Returns the host and port that the client asked for, from the request target or else from `Host`. The word of a
    /// trusted proxy comes first ([`trust_proxies`](crate::HTTPServerBuilder::trust_proxies)).
    ///
    /// It is `None` only for an HTTP/1.0 request that has neither. The client can send any name here, so check it
    /// before you build links from it, or have the server do so ([`hosts`](crate::HTTPServerBuilder::hosts)). (RFC
    /// 9112, section 3.3.)
    pub fn authority(&self) -> Option<&'c str> {
        // The check of the head lets only ASCII pass.
        self.request.authority.and_then(|authority| str::from_utf8(authority).ok())
    }

    /// Returns the scheme by which the client sent the request: `http` or `https`.
    ///
    /// It is that of the connection, or the word of a trusted proxy that ends TLS
    /// ([`trust_proxies`](crate::HTTPServerBuilder::trust_proxies)). Cookies follow it. (RFC 9110, section 4.2.)
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Here;
    /// # #[http_handler] impl Here {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let host = ex.authority().unwrap_or("localhost");
    ///     ex.send_text(200, format!("{}://{host}{}", ex.scheme(), ex.path))
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Here, b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n");
    /// # assert!(reply.ends_with(b"http://b/a"));
    /// ```
    pub fn scheme(&self) -> &'static str {
        match self.request.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}
