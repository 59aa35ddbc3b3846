//! Asks the handler whether it admits a client, before the TLS handshake and the first request. With the PROXY protocol
//! that is the client which the proxy has named.

use std::ops::ControlFlow;

use super::Drive;
use crate::conn::connection::{State, Wait};
use crate::conn::scheduler::{ConnectionCode, RunOn, run_code};

impl Drive<'_> {
    /// Asks the handler. A panic means no.
    pub(super) fn verify_client(&mut self) -> ControlFlow<Wait> {
        if self.context.spec.overrides.verify_request {
            match self.scheduler.place_code(ConnectionCode::VerifyRequest) {
                RunOn::ThisThread | RunOn::ThisThreadOnceSent => {}
                RunOn::Pool => return ControlFlow::Break(Wait::Thread),
                // Without a thread for the hook it can be neither admitted nor answered.
                RunOn::Refused => return self.close(),
            }
            let ask = || self.service.hooks().verify_request(self.conn.client());
            if !run_code(ConnectionCode::VerifyRequest, self.scheduler, self.context, ask).unwrap_or(false) {
                return self.close();
            }
            // The client is not charged with the time of the hook.
            self.conn.restart_clock(self.scheduler.now(), &self.context.settings);
        }
        self.conn.state = State::of_client(&self.io().socket);
        ControlFlow::Continue(())
    }
}
