//! The TLS session of an exchange's connection.

use super::Exchange;
use crate::sys::TlsInfo;

impl<M> Exchange<'_, M> {
    /// Returns the facts about the connection's TLS session: version, the name that the client asked for, its
    /// certificates. `None` without TLS, and after a hijack. Needs the feature `tls`.
    ///
    /// ```
    /// # use basehttp::{Exchange, http_handler};
    /// # struct Session;
    /// # #[http_handler] impl Session {
    /// fn do_GET(&self, ex: &mut Exchange) -> std::io::Result<()> {
    ///     let session = ex.tls();
    ///     let name = session.as_ref().and_then(|session| session.server_name()).unwrap_or("no name");
    ///     let has_certificate = session.as_ref().is_some_and(|session| !session.peer_certificates().is_empty());
    ///     ex.send_text(200, format!("you asked for {name}, certificate: {has_certificate}"))
    /// }
    /// # }
    /// # let reply = basehttp::testing::respond(&Session, b"GET / HTTP/1.0\r\n\r\n");
    /// # assert!(reply.ends_with(b"you asked for no name, certificate: false"));
    /// ```
    pub fn tls(&self) -> Option<TlsInfo> {
        self.io.borrow().socket.tls_info()
    }
}
