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
