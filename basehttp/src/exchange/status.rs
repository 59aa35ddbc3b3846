//! What `send_response` takes: a code, perhaps with a reason phrase.

/// The status of a reply: a code, or a code and a reason phrase.
///
/// ```
/// # use basehttp::Status;
/// assert_eq!(Status::from(200).reason(), None);
/// assert_eq!(Status::from((200, "Script output follows")).reason(), Some("Script output follows"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    code: u16,
    reason: Option<&'a str>,
}

impl<'a> Status<'a> {
    /// The code, as given: it is looked at when it is sent.
    pub fn code(self) -> u16 {
        self.code
    }

    /// The phrase, if one was given instead of the one in the `responses` map.
    pub fn reason(self) -> Option<&'a str> {
        self.reason
    }
}

impl From<u16> for Status<'_> {
    fn from(code: u16) -> Self {
        Status { code, reason: None }
    }
}

impl<'a> From<(u16, &'a str)> for Status<'a> {
    fn from((code, reason): (u16, &'a str)) -> Self {
        Status { code, reason: Some(reason) }
    }
}

/// The status of a reply, as the sending methods take it: whatever a [`Status`] can be made from.
///
/// ```
/// # use basehttp::{Exchange, IntoStatus};
/// fn send_page<'s>(ex: &Exchange, status: impl IntoStatus<'s>, page: String) -> std::io::Result<()> {
///     ex.send_bytes(status, "text/html; charset=utf-8", page)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a status",
    label = "a code, or `(code, \"reason\")`",
    note = "a code is a `u16`: write `404`, or `u16::try_from(code)?` for another number"
)]
pub trait IntoStatus<'s>: Into<Status<'s>> {}

#[diagnostic::do_not_recommend]
impl<'s, S: Into<Status<'s>>> IntoStatus<'s> for S {}
