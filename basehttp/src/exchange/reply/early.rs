//! What a handler gives before the head that carries it: fields before their status line, and cookies.
//!
//! | given              | goes into                   | if the response is replaced by an error |
//! |--------------------|-----------------------------|-----------------------------------------|
//! | an early field     | the next final head         | is lost, as the other fields are        |
//! | a cookie           | the final head, at its end  | goes into the error's head              |

use std::mem;

use super::Reply;
use crate::exchange::cookie::Cookie;

/// The fields and cookies that wait for a head.
#[derive(Default)]
pub(super) struct Early {
    fields: Vec<(String, String)>,
    cookies: Vec<Cookie>,
}

impl Early {
    pub(super) fn clear(&mut self) {
        if !self.fields.is_empty() || !self.cookies.is_empty() {
            *self = Early::default();
        }
    }
}

impl Reply {
    /// Takes a field while no head is open. One that is too late is a mistake.
    #[cold]
    pub(super) fn add_field_elsewhere(&mut self, name: &str, value: &str) {
        if self.is_unsent() {
            self.early.fields.push((name.to_owned(), value.to_owned()));
        } else {
            self.mark_fault(format!("send_header({name:?}) belongs before end_headers"));
        }
    }

    /// Adds the fields that were given before the status line to a final head.
    pub(super) fn add_early_fields(&mut self, out: &mut Vec<u8>) {
        if !self.early.fields.is_empty() && !self.is_interim() {
            self.move_early_fields(out);
        }
    }

    #[cold]
    fn move_early_fields(&mut self, out: &mut Vec<u8>) {
        for (name, value) in mem::take(&mut self.early.fields) {
            self.add_field(&name, &value, out);
        }
    }

    /// Drops the fields that were given before the status line. The response that they were meant for does not come.
    pub(crate) fn forget_early_fields(&mut self) {
        self.early.fields.clear();
    }

    /// Keeps a cookie for the final head. It takes the place of one that a client could not tell from it, since a
    /// response has a cookie once (RFC 6265, section 4.1.1).
    pub(crate) fn add_cookie(&mut self, cookie: Cookie) {
        if let Err(fault) = cookie.check() {
            return self.mark_fault(fault);
        }
        if !self.is_unsent() && !self.is_head_open() {
            return self.mark_fault(format!("send_cookie({:?}) belongs before end_headers", cookie.name()));
        }
        self.early.cookies.retain(|other| !other.is_same(&cookie));
        self.early.cookies.push(cookie);
    }

    /// Returns whether cookies wait for the head that is open.
    pub(crate) fn lacks_cookies(&self) -> bool {
        !self.early.cookies.is_empty() && self.is_head_open()
    }

    /// Adds the cookies to a final head that is about to end. `is_secured` says whether the connection is.
    pub(crate) fn add_cookies(&mut self, is_secured: bool, out: &mut Vec<u8>) {
        for at in 0..self.early.cookies.len() {
            let value = self.early.cookies[at].to_field(is_secured);
            self.add_field("Set-Cookie", &value, out);
        }
    }
}
