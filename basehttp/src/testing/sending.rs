//! Requests that are sent to a server, over a new connection each.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

#[cfg(feature = "tls-testing")]
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

#[cfg(feature = "tls-testing")]
use super::certificate::Certificate;
use super::reading::{AfterEnd, read_response};
use super::request::Request;
use super::response::Response;
#[cfg(feature = "tls-testing")]
use crate::{exchange::sentence, proto::host::Authority};

/// Longest time that a request waits to send its next bytes, or for those of its response: 30 s, enough to tell a slow
/// machine from a server that hangs.
const PATIENCE: Duration = Duration::from_secs(30);

impl Request {
    /// Sends the request over a new TCP connection, and returns the response. `send_to_tls` sends it over TLS (feature
    /// `tls-testing`).
    ///
    /// It blocks until the response has ended, so it is not for streams without end. `Host` is the address, unless the
    /// request has another one.
    ///
    /// # Errors
    /// The connection fails or ends before there is a whole head, or nothing comes for 30 s. A connection that ends
    /// later leaves a response that is not [complete](Response::is_complete).
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler, testing};
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, "hi") } }
    /// let server = testing::Server::start(Hello)?;
    /// assert_eq!(testing::get("/").send_to(server.address())?.text(), "hi");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn send_to(&self, address: impl ToSocketAddrs) -> io::Result<Response> {
        let stream = connect(address)?;
        let host = stream.peer_addr()?.to_string();
        self.send_over(stream, &host)
    }

    /// Sends the request, with `host` unless it has another one, and reads the response.
    fn send_over(&self, mut stream: impl Read + Write, host: &str) -> io::Result<Response> {
        // A server may answer and close before it has read everything.
        let written = stream.write_all(&self.to_bytes_for(host));
        read_response(&self.method, stream, AfterEnd::ReadOnIfClosing).or_else(|error| written.and(Err(error)))
    }

    /// Sends the request over a new connection with TLS to a server that shows `certificate`, and returns the response.
    /// Needs the feature `tls-testing`.
    ///
    /// The client trusts that certificate alone, and the certificate must name the host in `Host`, which is the address
    /// unless the request has another one. Everything else is as with [`send_to`](Self::send_to). For other clients,
    /// such as one that shows a certificate, use rustls itself, and give the bytes that it reads to
    /// [`Response::parse`].
    ///
    /// # Errors
    /// Those of [`send_to`](Self::send_to), and [`InvalidData`](io::ErrorKind::InvalidData) if the handshake fails, for
    /// instance because the server has another certificate. A `Host` that no certificate can name is
    /// [`InvalidInput`](io::ErrorKind::InvalidInput).
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// use basehttp::testing::{self, Certificate, Server};
    ///
    /// # struct Hello;
    /// # #[http_handler] impl Hello { fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> { ex.send_text(200, ex.scheme()) } }
    /// let certificate = Certificate::for_names(["example.org"]);
    /// let server = Server::start_tls(&certificate, Hello)?;
    /// let response = testing::get("/").header("Host", "example.org").send_to_tls(&certificate, server.address())?;
    /// assert_eq!(response.text(), "https");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "tls-testing")]
    pub fn send_to_tls(&self, certificate: &Certificate, address: impl ToSocketAddrs) -> io::Result<Response> {
        let socket = connect(address)?;
        let host = socket.peer_addr()?.to_string();
        let name = server_name(self.own_host().unwrap_or(host.as_bytes()))?;
        let session = ClientConnection::new(certificate.client_config(), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(session, socket);
        let response = self.send_over(&mut stream, &host);
        // The server may have closed its side long ago.
        stream.conn.send_close_notify();
        let _ = stream.conn.write_tls(&mut stream.sock);
        response
    }
}

/// Connects, with timeouts and without delays.
fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The name that a certificate must have for this host, with or without a port.
#[cfg(feature = "tls-testing")]
fn server_name(host: &[u8]) -> io::Result<ServerName<'static>> {
    let text =
        Authority::parse(host).ok().and_then(|authority| str::from_utf8(authority.host).ok()).unwrap_or_default();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    ServerName::try_from(text.to_owned()).map_err(|_| {
        let text =
            format!("no certificate can name the host \"{}\": write a name such as example.org", host.escape_ascii());
        sentence(io::ErrorKind::InvalidInput, text)
    })
}
