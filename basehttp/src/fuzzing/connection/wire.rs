//! The bytes between the client and the server: in the clear, or in records of TLS, which may be held up and cut off
//! anywhere.

use std::io::{self, ErrorKind, Read};

use super::client::Play;
use crate::fuzzing::choices::Choices;

impl Play {
    // The client's acts.

    /// Sends bytes of requests.
    pub(super) fn put(&mut self, bytes: Vec<u8>) {
        if let Some(session) = &mut self.session {
            session.send(bytes);
            self.move_records();
        } else {
            self.news.readable |= !bytes.is_empty();
            self.to_server.extend(bytes);
        }
    }

    /// Sends what is no request, or no record, behind all that was asked.
    pub(super) fn garble(&mut self, garbage: &[u8], choices: &mut Choices<'_>) {
        self.send(usize::MAX);
        if self.sends_no_more() || garbage.is_empty() {
            return;
        }
        let Some(session) = &mut self.session else {
            self.is_garbled = true;
            return self.put(garbage.to_vec());
        };
        match choices.below(4) {
            2 => session.send_garbage(garbage),
            3 => session.send_changed(garbage),
            _ => {
                self.is_garbled = true;
                return self.put(garbage.to_vec());
            }
        }
        self.is_broken = true;
        self.keep_back(0);
        self.lose_the_rest();
    }

    /// Ends the client's side: by the message of TLS, by the socket's end, or by both.
    pub(super) fn end(&mut self, choices: &mut Choices<'_>) {
        let has_ended = self.sends_no_more();
        if let Some(session) = &mut self.session
            && !has_ended
        {
            let how = choices.below(4);
            if how < 2 && session.is_made() {
                session.end();
            }
            if how < 3 {
                self.keep_back(0);
            }
            self.is_at_end = how > 0;
            self.lose_the_rest();
        } else {
            self.is_at_end = true;
        }
        self.has_ended = true;
        self.news.readable = true;
        self.news.closed |= self.is_at_end;
    }

    /// Resets the connection, or sends records that mean nothing.
    pub(super) fn disturb(&mut self, choices: &mut Choices<'_>) {
        match (choices.below(4), &mut self.session) {
            (0, _) => {
                self.has_reset = true;
                self.news.closed = true;
            }
            (act, Some(session)) if !self.has_ended && !self.is_broken => {
                match act {
                    1 => session.update_keys(),
                    2 => session.send_empty(choices.below(40)),
                    _ => self.kept_back = choices.below(64),
                }
                self.move_records();
            }
            _ => {}
        }
    }

    // The way to the server.

    /// Returns whether the client has ended its side, in whatever way.
    pub(super) fn sends_no_more(&self) -> bool {
        self.has_ended || self.has_reset || self.is_broken
    }

    /// Has so many bytes of records be late, and the others arrive. Returns whether some have.
    pub(super) fn keep_back(&mut self, count: usize) -> bool {
        self.kept_back = count;
        self.move_records()
    }

    /// Has records arrive at the server. Returns whether some have.
    pub(super) fn move_records(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        if self.is_at_end || self.has_reset {
            return false;
        }
        let before = self.to_server.len();
        self.to_server.extend(session.arriving(self.kept_back));
        let has_moved = self.to_server.len() > before;
        self.news.readable |= has_moved;
        has_moved
    }

    /// Forgets about bytes that will never arrive.
    fn lose_the_rest(&mut self) {
        let Some(session) = &mut self.session else { return };
        let arrived = session.lose_the_rest();
        for asked in &mut self.asked {
            asked.unsent = asked.unsent.max(asked.end.saturating_sub(arrived));
        }
    }

    pub(super) fn can_be_read(&self) -> bool {
        self.has_reset || self.is_at_end || !self.to_server.is_empty()
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if !self.can_be_read() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.to_server.read(buffer)?;
        self.read += count;
        Ok(count)
    }

    /// Tells the server once more of bytes that it has not read.
    pub(super) fn tell_of_the_rest(&mut self) {
        self.news.readable |= !self.to_server.is_empty();
    }

    // The way to the client.

    pub(super) fn can_be_written(&self) -> bool {
        self.has_reset || self.room > 0
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        assert!(!self.is_shut, "bytes behind the socket's end");
        if !self.can_be_written() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let bytes = &bytes[..bytes.len().min(self.room)];
        self.room -= bytes.len();
        self.read_before.push((self.from_server.len(), self.read_of_requests()));
        if let Some(session) = &mut self.session {
            session.receive(bytes, &mut self.from_server);
            // An answer to the handshake, or to an update of keys.
            self.move_records();
        } else {
            self.from_server.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    /// Returns the bytes of requests that the server has read.
    fn read_of_requests(&self) -> usize {
        self.session.as_ref().map_or(self.read, |session| session.decrypted(self.read))
    }
}
