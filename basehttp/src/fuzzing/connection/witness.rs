//! The witness reads the replies and knows the requests that they answer.

use super::client::{ExpectedReply, Play, Weather};
use super::handler::{FILE, breaks_its_reply};
use crate::conn::Wait;
use crate::fuzzing::reply::{Reader, ReceivedReply, read};

#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // Independent facts.
pub(super) struct Witness {
    /// So many bytes are read.
    read: usize,
    /// So many final replies are.
    answered: usize,
    /// Of the next one, `100 Continue` was read.
    was_continued: bool,
    /// The last reply is read. Bytes after it are not HTTP.
    is_over: bool,
    is_tunnel: bool,
    /// The last reply is not whole.
    is_cut: bool,
}

impl Witness {
    /// Reads what came.
    pub(super) fn look(&mut self, play: &Play, is_closed: bool) {
        loop {
            let bytes = &play.from_server[self.read..];
            if self.is_over {
                assert!(
                    bytes.is_empty() || self.is_tunnel && bytes == b"raw",
                    "after the end: {}",
                    bytes.escape_ascii()
                );
                return;
            }
            let head_end = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_default();
            let says = |wanted: &[u8]| bytes[..head_end].split(|&byte| byte == b'\n').any(|line| line == wanted);
            let (is_to_head, is_to_http_1_0) = (says(b"X-Method: HEAD\r"), says(b"X-Version: HTTP/1.0\r"));
            let Some((reply, used)) = read(bytes, Reader { is_closed, is_to_head, is_to_http_1_0 }) else { return };
            self.read += used;
            match play.asked.get(self.answered) {
                Some(asked) => {
                    let goes_on = !reply.is_interim() && !reply.is_last;
                    assert!(
                        !goes_on || play.read_before(self.read - used) >= asked.end,
                        "says that the connection goes on before the request is whole: {reply:?} to {asked:?}"
                    );
                    self.check(play, asked, &reply);
                }
                None => assert!(play.is_garbled, "nobody asked: {reply:?}"),
            }
            self.is_tunnel = reply.status == 101;
            self.is_over = self.is_tunnel || reply.is_last;
            if !reply.is_interim() {
                self.answered += 1;
                self.was_continued = false;
            }
        }
    }

    fn check(&mut self, play: &Play, asked: &ExpectedReply, reply: &ReceivedReply) {
        match (reply.status, asked.deed) {
            (100, _) => {
                assert!(asked.expects_continue && !self.was_continued, "100 to one who does not wait: {asked:?}");
                self.was_continued = true;
                return;
            }
            (101, "take") | (103, "hint") => return assert!(!asked.is_old, "an interim reply to HTTP/1.0"),
            _ => assert!(!reply.is_interim(), "{reply:?} to {asked:?}"),
        }
        match reply.field("X-Number") {
            Some(number) => {
                assert_eq!((number, reply.field("X-Method")), (&*asked.number.to_string(), Some(asked.method)));
            }
            None => assert!(reply.is_last && reply.status >= 400, "{reply:?} to {asked:?}"),
        }
        assert!(reply.is_last || !asked.is_last, "the client wanted it to end: {reply:?}");
        if reply.status == 200 && asked.method != "HEAD" {
            let may_be_cut = reply.may_be_cut && (is_excused(play) || breaks_its_reply(asked.deed));
            self.is_cut = check_body(asked, &reply.body, may_be_cut) || asked.deed == "late" && reply.may_be_cut;
        }
        let has_arrived = asked.unsent == 0 || asked.is_streamed;
        assert!(has_arrived || !play.sends_no_more() || reply.status >= 400, "{reply:?} to a part: {asked:?}");
        let is_as_asked = matches!(
            (reply.status, asked.deed),
            (200, _) | (204, "empty") | (304, "same") | (500, "fail" | "short" | "late" | "take")
        );
        assert!(is_as_asked || is_excused(play) || reply.is_last && reply.status >= 400, "{reply:?} to {asked:?}");
    }

    /// At the script's end, when nothing more happens by itself.
    pub(super) fn judge(&self, play: &Play, wait: Wait, has_refused: bool) {
        let unread = &play.from_server[self.read..];
        if play.is_garbled || play.has_reset || play.has_stalled || self.is_over {
            return;
        }
        if play.session.as_ref().is_some_and(|session| session.is_doomed()) {
            return assert_eq!(wait, Wait::Closed, "goes on after a wrong record");
        }
        if play.is_broken {
            return;
        }
        let whole = play.asked.iter().take_while(|asked| asked.unsent == 0).count();
        let next = play.asked.get(self.answered);
        match wait {
            Wait::Closed if next.is_some_and(|asked| breaks_its_reply(asked.deed)) => {}
            Wait::Closed => {
                assert!(play.has_ended || play.has_waited || has_refused, "closed without a reason: {next:?}");
                assert!(self.answered >= whole || play.has_waited, "closed before {next:?}");
            }
            _ => {
                assert_eq!(self.answered, whole, "waits, and {next:?} is whole");
                assert!(unread.is_empty() || next.is_some(), "half a reply: {}", unread.escape_ascii());
            }
        }
    }

    /// When the connection has ended, and `failures` sessions have failed.
    pub(super) fn judge_session(&self, play: &Play, failures: u32) {
        let Some(session) = &play.session else { return assert_eq!(failures, 0, "there is no session") };
        let unread = &play.from_server[self.read..];
        let is_whole = !self.is_cut && (unread.is_empty() || self.is_tunnel);
        assert!(!session.has_ended || is_whole && !play.is_aborted, "ends well, and something is missing");
        assert!(session.alert.is_none() || failures == 1, "an alert for no failure: {:?}", session.alert);
        if failures > 0 {
            return assert!(play.is_broken || session.is_doomed(), "all records were right");
        }
        let is_disturbed = play.has_reset || play.has_stalled || play.is_aborted || play.weather == Weather::Blocked;
        let is_told =
            is_disturbed || !session.is_made_by_both(play.read) || !play.takes_everything() || session.has_ended;
        assert!(is_told, "ends without a word");
    }
}

/// True if the client has done what may cost it a reply.
fn is_excused(play: &Play) -> bool {
    play.is_garbled || play.is_broken || play.has_ended || play.has_reset || play.has_stalled || play.has_waited
}

/// Returns whether the body is only a part.
fn check_body(asked: &ExpectedReply, body: &[u8], may_be_cut: bool) -> bool {
    let expected = match asked.deed {
        "echo" | "copy" => asked.body.clone(),
        // One read: as much of the three bytes as it brings.
        "half" if asked.body.starts_with(body) && body.is_empty() == asked.body.is_empty() => body.to_vec(),
        "stream" => vec![b's'; 5000],
        "late" => vec![b's'; 3000],
        "flush" => vec![b's'; 30],
        "length" => vec![b's'; 2000],
        "queued" => vec![b'q'; 6000],
        "file" => FILE.to_vec(),
        "bye" | "hint" => asked.deed.into(),
        _ => b"text".to_vec(),
    };
    if may_be_cut {
        assert!(expected.starts_with(body), "a part of the body of {asked:?}");
        return body.len() < expected.len();
    }
    assert_eq!(body.escape_ascii().to_string(), expected.escape_ascii().to_string(), "the body of {asked:?}");
    false
}
