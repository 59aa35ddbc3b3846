//! The status that `send_response` takes: a code, with or without a reason phrase.

/// The status of a response: a code, or a code and a reason phrase.
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
    /// The code as given. It is checked when it is sent.
    pub fn code(self) -> u16 {
        self.code
    }

    /// The phrase, if one was given to replace that of the `responses` map.
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

/// The types that the sending methods take as a status: all that convert into a [`Status`].
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
