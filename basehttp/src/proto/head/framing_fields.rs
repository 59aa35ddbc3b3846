//! The five fields that the server itself obeys, collected in one pass over a head.

use super::super::{
    field::{is_same_text, list_members},
    refusal::Refusal,
    version::Version,
};
use super::Field;

/// Options of the client's `Connection` fields. With both set, `close` wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionOptions {
    /// `close`: no further request comes (RFC 9112, section 9.6).
    pub close: bool,
    /// `keep-alive`: an HTTP/1.0 client asks for another request on the connection (RFC 9112, appendix C.2.2).
    pub keep_alive: bool,
}

/// Values of the obeyed fields. A second field of those that may come once is refused, equal or not. Two servers on the
/// way may each believe another one, and that is how requests are smuggled (RFC 9112, section 11.2).
#[derive(Default)]
pub(super) struct Known<'b> {
    pub host: Option<&'b [u8]>,
    pub content_length: Option<&'b [u8]>,
    pub transfer_encoding: Option<&'b [u8]>,
    pub connection: ConnectionOptions,
    expects_continue: bool,
    expects_other: bool,
}

impl<'b> Known<'b> {
    pub(super) fn of(fields: &[Field<'b>]) -> Result<Self, Refusal> {
        let mut known = Self::default();
        for field in fields {
            known.note(field)?;
        }
        Ok(known)
    }

    /// Takes note of a field. Most names differ by their length alone.
    fn note(&mut self, field: &Field<'b>) -> Result<(), Refusal> {
        let (name, value) = (field.name(), field.value());
        let is = |lower: &str| is_same_text(name.as_bytes(), lower.as_bytes());
        match name.len() {
            4 if is("host") => once(&mut self.host, value, TWO_HOSTS),
            6 if is("expect") => {
                self.note_expect(value);
                Ok(())
            }
            10 if is("connection") => {
                self.note_connection(value);
                Ok(())
            }
            14 if is("content-length") => once(&mut self.content_length, value, TWO_LENGTHS),
            17 if is("transfer-encoding") => once(&mut self.transfer_encoding, value, TWO_CODINGS),
            _ => Ok(()),
        }
    }

    fn note_connection(&mut self, value: &[u8]) {
        for option in list_members(value) {
            self.connection.close |= option.eq_ignore_ascii_case(b"close");
            self.connection.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    fn note_expect(&mut self, value: &[u8]) {
        for expectation in list_members(value) {
            let is_known = expectation.eq_ignore_ascii_case(b"100-continue");
            self.expects_continue |= is_known;
            self.expects_other |= !is_known;
        }
    }

    /// Returns whether the client holds its body back until it is told to go on. RFC 9110, section 10.1.1: an
    /// expectation in an HTTP/1.0 request is ignored, and an unknown one is a 417.
    pub(super) fn expects_continue(&self, version: Version) -> Result<bool, Refusal> {
        match version {
            Version::Http10 => Ok(false),
            Version::Http11 if self.expects_other => Err(UNKNOWN_EXPECTATION),
            Version::Http11 => Ok(self.expects_continue),
        }
    }
}

fn once<'b>(place: &mut Option<&'b [u8]>, value: &'b [u8], second: Refusal) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(second),
    }
}

const TWO_HOSTS: Refusal = Refusal::bad_request("there are two host fields: send one");
const TWO_LENGTHS: Refusal = Refusal::bad_request("there are two content-length fields: send one");
const TWO_CODINGS: Refusal = Refusal::bad_request("there are two transfer-encoding fields: send one");
const UNKNOWN_EXPECTATION: Refusal = Refusal::new(417, "the only expectation known here is 100-continue");
