//! The records of a client's handshake, in which rustls overlooks an end.
//!
//! | alert in the handshake       | TLS 1.2        | TLS 1.3                          |
//! |------------------------------|----------------|----------------------------------|
//! | fatal                        | error          | error                            |
//! | `close_notify`, a warning    | passed over    | error                            |
//! | `user_canceled`, a warning   | passed over    | passed over, encrypted or not    |
//! | another warning              | passed over    | error                            |
//!
//! Each of the two ends the handshake (RFC 5246, section 7.2; RFC 8446, section 6.1), and a client that has sent one
//! waits for the server to close. An encrypted `user_canceled` of TLS 1.3 looks like the end of a message in pieces. It
//! is not seen here, and the `close_notify` that should follow it ends the handshake.

/// The type of an alert's record.
const ALERT: u8 = 21;

/// Bytes before the content of a record: its type, its version and its length.
const HEADER_BYTES: usize = 5;

/// Bytes of the record of an alert that is not encrypted. The last one says which alert it is.
const ALERT_BYTES: usize = HEADER_BYTES + 2;

const CLOSE_NOTIFY: u8 = 0;
const USER_CANCELED: u8 = 90;

/// Follows the records of a handshake, and remembers if one of them was an end.
#[derive(Default)]
pub(super) struct HandshakeRecords {
    /// The first bytes of the record that is coming.
    start: [u8; ALERT_BYTES],
    /// Bytes of it that have come.
    length: usize,
    has_ended: bool,
}

impl HandshakeRecords {
    /// Takes the bytes that were received.
    pub(super) fn look_at(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(place) = self.start.get_mut(self.length) {
                *place = *byte;
            }
            self.length += 1;
            let [typ, _, _, high, low, _, alert] = self.start;
            let whole = HEADER_BYTES + usize::from(u16::from_be_bytes([high, low]));
            if self.length >= HEADER_BYTES && self.length == whole {
                // One that is longer is encrypted. It stands where TLS 1.2 allows nothing but `Finished`.
                let is_end = whole > ALERT_BYTES || matches!(alert, CLOSE_NOTIFY | USER_CANCELED);
                self.has_ended |= typ == ALERT && is_end;
                self.length = 0;
            }
        }
    }

    /// Returns whether the client has ended the handshake. Only while the session is not made, and rustls has found
    /// nothing wrong with the records.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_seen_whole_and_byte_by_byte_and_other_records_are_none() {
        let (hello, alert) = ([22, 3, 1, 0, 3, ALERT, 1, 0], |alert| [ALERT, 3, 3, 0, 2, 1, alert]);
        let encrypted = [&[ALERT, 3, 3, 0, 18][..], &[7; 18]].concat();
        let table: [(&[&[u8]], bool); 9] = [
            (&[&hello], false),
            (&[&hello, &hello, &[20, 3, 3, 0, 0]], false),
            (&[&alert(CLOSE_NOTIFY)], true),
            (&[&hello, &alert(USER_CANCELED)], true),
            (&[&hello, &alert(USER_CANCELED), &hello], true),
            (&[&hello, &alert(100), &hello], false),
            (&[&hello, &alert(100), &alert(CLOSE_NOTIFY)], true),
            (&[&hello, &alert(CLOSE_NOTIFY)[..6]], false),
            (&[&hello, &encrypted], true),
        ];
        for (records, expected) in table {
            let bytes = records.concat();
            let mut whole = HandshakeRecords::default();
            whole.look_at(&bytes);
            let mut parts = HandshakeRecords::default();
            bytes.chunks(1).for_each(|part| parts.look_at(part));
            assert_eq!((whole.has_ended(), parts.has_ended()), (expected, expected), "{records:?}");
        }
    }
}
