//! The TLS handshake, before the first request. It has the time of the first head.
//!
//! Each step is placed like a handler, since a certificate resolver or a verifier of the user's may block or panic. No
//! thread waits for the client between two steps.

use std::io;
use std::ops::ControlFlow;

use super::Drive;
use crate::conn::connection::{Failure, State, Wait};
use crate::conn::scheduler::{ConnectionCode, RunOn, run_code};
use crate::exchange::HTTPError;
use crate::sys::{CountedError, Handshake, Reservation};

/// Reason of a 400 for a client that does not speak TLS.
const PLAIN: &str = "this port speaks https; the request came without TLS";

/// Line in the log when the quota for unfinished requests is used up.
const CROWDED: &str = "TLS failed: the server holds too many unfinished requests";

impl Drive<'_> {
    /// Goes on with the handshake.
    #[cold]
    #[inline(never)] // As in `sys/socket/tls`.
    pub(super) fn shake_hands(&mut self) -> ControlFlow<Wait> {
        match self.scheduler.place_code(ConnectionCode::Handshake) {
            RunOn::ThisThread | RunOn::ThisThreadOnceSent => {}
            RunOn::Pool => return ControlFlow::Break(Wait::Thread),
            RunOn::Refused => {
                self.note(CountedError::ResourceLimit);
                return self.close();
            }
        }
        let socket = &self.buffers.io.get_mut().socket;
        match run_code(ConnectionCode::Handshake, self.scheduler, self.context, || socket.shake_hands()) {
            Some(Ok(Handshake::Complete)) => {
                self.conn.state = State::Reading;
                // A request may have come with the client's last message.
                self.conn.may_read = self.conn.may_have_ended || !socket.is_drained(true);
                ControlFlow::Continue(())
            }
            Some(Ok(Handshake::Waits(direction))) => {
                let held = self.held_input();
                if Reservation::resize(&mut self.buffers.pending.share, held, &self.context.unfinished) {
                    return ControlFlow::Break(Wait::For(direction));
                }
                self.note(CountedError::ResourceLimit);
                self.fail(Failure::of_connection(CROWDED))
            }
            Some(Ok(Handshake::PlainText(bytes))) => self.refuse_plain_text(&bytes),
            Some(Err(error)) => {
                // A failure of TLS is counted with its line in the log.
                if error.kind() != io::ErrorKind::InvalidData && self.held_input() > 0 {
                    self.note(CountedError::ClientGone);
                    return self.fail(Failure::of_connection("TLS failed: the client went away in its handshake"));
                }
                self.close()
            }
            None => {
                self.note(CountedError::Panic);
                self.close()
            }
        }
    }

    /// Tells a client that does not speak TLS what the port is for, in words that it understands.
    fn refuse_plain_text(&mut self, bytes: &[u8]) -> ControlFlow<Wait> {
        let io = self.io();
        let socket = io.detach();
        io.attach(socket.unsecured());
        self.conn.state = State::Reading;
        self.conn.may_read = true;
        self.buffers.input.load(bytes);
        self.note(CountedError::BadHead);
        self.refuse(HTTPError::from(400).with_explain(PLAIN))
    }

    /// Takes the socket out of a TLS session that has ended on our side. Bytes that still come are not decrypted, only
    /// to be thrown away.
    pub(super) fn leave_session(&mut self) {
        let io = self.io();
        // The reason of a failure is still to be logged, and nothing more is decrypted after one.
        if !io.socket.has_failed() {
            let socket = io.detach();
            io.attach(socket.unsecured());
        }
    }
}
