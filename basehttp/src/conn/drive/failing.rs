//! Connections that fail: the handler's hooks log why, and then they are closed.
//!
//! The hooks get an exchange without a request, and without the socket, since there is nothing to send.

use std::mem;
use std::ops::ControlFlow;

use super::Drive;
use super::refusing::refused_request;
use crate::conn::connection::{Failure, State, Wait};
use crate::conn::scheduler::{ConnectionCode, RunOn, run_code};
use crate::exchange::{DecodedPaths, IncomingRequest, ReplyContext};
use crate::sys::{Address, CountedError, log};

impl Drive<'_> {
    /// Has the reason logged, and closes.
    pub(super) fn fail(&mut self, failure: Failure) -> ControlFlow<Wait> {
        self.conn.state = State::Failed(Box::new(failure));
        ControlFlow::Continue(())
    }

    /// Takes the reason why the connection fails, if the log does not have it.
    #[inline]
    pub(super) fn untold_failure(&mut self) -> Option<Failure> {
        #[cfg(feature = "tls")]
        if let Some(fault) = self.io().socket.take_fault() {
            self.note(CountedError::Tls);
            return Some(Failure::of_connection(format!("TLS failed: {fault}")));
        }
        let queued = self.buffers.pending.queued.as_mut()?;
        queued.cut_off().map(|reason| Failure { reason, client: Some(queued.client.clone()) })
    }

    /// Calls the hooks, on a thread that may run them.
    pub(super) fn log_failure(&mut self) -> ControlFlow<Wait> {
        let place = self.scheduler.place_code(ConnectionCode::LogError);
        if let RunOn::Pool = place {
            return ControlFlow::Break(Wait::Thread);
        }
        if let State::Failed(failure) = mem::replace(&mut self.conn.state, State::Closed) {
            let Failure { reason, client } = *failure;
            let client = client.unwrap_or_else(|| self.conn.client().clone());
            match place {
                RunOn::Refused => log::add_lines(&log::default_line(&client, &reason)),
                _ => self.call_hooks(&client, &reason),
            }
        }
        self.close()
    }

    fn call_hooks(&mut self, client: &Address, reason: &str) {
        let (now, server) = (self.scheduler.now(), self.context.spec.protocol_version);
        let scheme = self.served_scheme();
        let io = self.io();
        let socket = io.detach();
        let asked = ReplyContext { version: server, server, method: "GET", keeps_alive: false, is_whole: false };
        io.begin(asked, false, now);
        let incoming = IncomingRequest {
            request: &refused_request("", scheme),
            fields: &[],
            refusal: None,
            ahead: &[],
            peer: &self.conn.peer,
            client,
            io: &self.buffers.io,
            context: self.context,
            decoded: &DecodedPaths::default(),
        };
        let called = run_code(ConnectionCode::LogError, self.scheduler, self.context, || {
            self.service.log_failure(incoming, reason);
        });
        self.io().attach(socket);
        if called.is_none() {
            self.note(CountedError::Panic);
        }
    }
}
