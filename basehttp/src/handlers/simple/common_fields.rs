//! Fields that every response of a handler carries, errors included.

use basehttp::{Exchange, HTTPError};

/// Names and values of fields, in the order in which they are sent.
#[derive(Clone, Debug, Default)]
pub(super) struct CommonFields(Vec<(String, String)>);

impl CommonFields {
    /// Adds a field behind the others.
    pub(super) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds the fields to the response that `ex` has begun.
    pub(super) fn send(&self, ex: &Exchange<'_>) {
        for (name, value) in self.iter() {
            ex.send_header(name, value);
        }
    }

    /// Returns `error` with the fields added.
    pub(super) fn add_to(&self, error: HTTPError) -> HTTPError {
        self.iter().fold(error, |error, (name, value)| error.with_header(name, value))
    }
}
