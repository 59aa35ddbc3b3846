//! The reasons for which two readings differ, with a row of a table for each. A difference without a row is a fault of
//! one of the two, or of the table.
//!
//! A row names the fault of the message where the readings part, not only who refused. Rows about our refusals hold
//! what we said against what `anatomy` finds. If you change a row, `README.md` has the same table, and a test compares
//! them.

mod helpers;
mod ours;
mod theirs;

use crate::anatomy::Message;
use crate::parsers::Ours;
use crate::reading::{Difference, End, Kind, Reading};

/// The reading that we hold to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// We refuse what may be taken.
    WeAreStricter,
    /// The peer takes what must be refused, or should be.
    PeerIsLax,
    /// The peer refuses or drops what must be taken, or should be.
    PeerIsStricter,
    /// Both may do what they do.
    BothMay,
}

impl Direction {
    /// As the table for people has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WeAreStricter => "we are stricter",
            Self::PeerIsLax => "the peer is lax",
            Self::PeerIsStricter => "the peer is stricter",
            Self::BothMay => "both may",
        }
    }
}

/// One reason for differences.
pub struct Rule {
    /// A few words, unique.
    pub name: &'static str,
    /// The peers that were seen to read it so. With another one it is not explained.
    pub peers: &'static [&'static str],
    /// The stricter one of the two.
    pub direction: Direction,
    /// Of RFC 9112, unless it says otherwise.
    pub section: &'static str,
    /// Why the difference is no fault of ours.
    pub why: &'static str,
    /// Returns whether the row explains the difference.
    pub applies: fn(&Case<'_>) -> bool,
}

/// A difference, and everything that a rule may look at.
pub struct Case<'s> {
    /// The peers that read it in another way.
    pub peer: &'s str,
    /// The place at which they part.
    pub difference: Difference,
    ours: &'s Reading,
    theirs: &'s Reading,
    /// The first message that is not the same.
    pub message: Message<'s>,
    /// The last one that is.
    pub previous: Option<Message<'s>>,
}

impl<'s> Case<'s> {
    /// The case of this difference in this stream.
    pub fn new(peer: &'s str, stream: &'s [u8], ours: &'s Ours, theirs: &'s Reading, difference: Difference) -> Self {
        let agreed = difference.agreed;
        let start_of =
            |index: usize| if index == 0 { 0 } else { ours.ends.get(index - 1).copied().unwrap_or_default() };
        let previous = (agreed > 0).then(|| Message::of(&stream[start_of(agreed - 1)..start_of(agreed)]));
        let message = Message::of(&stream[start_of(agreed)..]);
        Self { peer, difference, ours: &ours.reading, theirs, message, previous }
    }

    /// The rule that explains it. No rule may explain that both take a request and not the same one. A client's bytes
    /// would then mean two things, without a warning.
    pub fn rule(&self) -> Option<&'static Rule> {
        if self.difference.kind == Kind::OtherRequest {
            return None;
        }
        rules().find(|rule| rule.peers.contains(&self.peer) && (rule.applies)(self))
    }

    /// Returns whether we refuse the message with this reason, while the peer takes it or waits for more of it.
    fn we_refuse(&self, why: &str) -> bool {
        let refuses = matches!(&self.ours.end, End::Refused { reason, .. } if reason.contains(why));
        let they_do_not = match self.difference.kind {
            Kind::OnlyTheirs => true,
            Kind::OtherEnd => self.theirs.end == End::More,
            _ => false,
        };
        refuses && they_do_not
    }

    /// Returns whether the peer refuses the message with this status and reason, while we take it or wait.
    fn they_refuse(&self, code: u16, why: &str) -> bool {
        let refuse =
            matches!(&self.theirs.end, End::Refused { status, reason } if *status == code && reason.contains(why));
        let we_do_not = match self.difference.kind {
            Kind::OnlyOurs => true,
            Kind::OtherEnd => self.ours.end == End::More,
            _ => false,
        };
        refuse && we_do_not
    }

    /// Returns whether the peer has closed behind the previous message, and we have not.
    fn they_close(&self) -> bool {
        self.theirs.end == End::Closed && matches!(self.difference.kind, Kind::OnlyOurs | Kind::OtherEnd)
    }

    /// Returns whether we have closed behind the previous message, and the peer has not.
    fn we_close(&self) -> bool {
        self.ours.end == End::Closed && matches!(self.difference.kind, Kind::OnlyTheirs | Kind::OtherEnd)
    }
}

/// All rules, in the order in which they are tried.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    theirs::RULES.iter().chain(ours::RULES)
}

#[cfg(test)]
mod tests;
