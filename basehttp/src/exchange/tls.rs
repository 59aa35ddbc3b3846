//! The TLS session of an exchange's connection.

use rustls::pki_types::CertificateDer;

use super::Exchange;
use crate::sys::TlsInfo;

impl<M> Exchange<'_, M> {
    /// Returns the facts about the connection's TLS session: version, cipher suite, the name that the client asked for.
    /// `None` without TLS, and after a hijack. Needs the feature `tls`.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Session;
    /// # #[http_handler] impl Session {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let session = ex.tls();
    ///     let name = session.as_ref().and_then(|session| session.server_name()).unwrap_or("no name");
    ///     ex.send_text(200, format!("you asked for {name}"))
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Session, b"GET / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.ends_with(b"you asked for no name"));
    /// ```
    pub fn tls(&self) -> Option<TlsInfo> {
        self.io.borrow().socket.tls_info()
    }

    /// Returns the client's certificate, and behind it those that vouch for it. The list is empty for a client that has
    /// shown none, without TLS, and after a hijack. Needs the feature `tls`.
    ///
    /// Clients show certificates only to a server that asks for them, by a verifier in its `ServerConfig`, as
    /// [`tls`](crate::tls#certificates-of-clients) has it. The verifier has checked each certificate that
    /// is here. They are DER, copied out of the session.
    ///
    /// ```
    /// # use basehttp::{Exchange, Result, http_handler};
    /// # struct Doors;
    /// # #[http_handler] impl Doors {
    /// fn do_GET(&self, ex: &mut Exchange) -> Result {
    ///     match ex.peer_certificates().first() {
    ///         Some(certificate) => ex.send_text(200, format!("a certificate of {} bytes", certificate.len()))?,
    ///         None => ex.send_error(403)?,
    ///     }
    ///     Ok(())
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Doors, b"GET / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.starts_with(b"HTTP/1.0 403 "));
    /// ```
    pub fn peer_certificates(&self) -> Vec<CertificateDer<'static>> {
        self.io.borrow().socket.peer_certificates()
    }
}
