//! Versions on their way into Kafka, each with its name, so that what Kafka has taken is remembered whatever happens to the
//! rest.

use super::seen::Name;
use crate::files::{Interrupted, Window};
use crate::intake::{Arrival, Feed};

/// Versions of one page, in the order they were sent.
pub(super) struct Sending<'a> {
    window: Window<'a, usize>,
    names: Vec<Name>,
    /// So many of them Kafka has.
    taken: usize,
}

impl<'a> Sending<'a> {
    /// Nothing under way.
    pub(super) fn new(feed: &'a Feed) -> Self {
        Self { window: Window::new(feed), names: Vec::new(), taken: 0 }
    }

    /// Hands one to Kafka, as [`Window::send`] does.
    pub(super) async fn send(&mut self, arrival: Arrival<'_>, name: Name) -> Result<(), Interrupted> {
        let taken = self.window.send(arrival, self.names.len() + 1).await?;
        self.names.push(name);
        self.taken = taken.unwrap_or(self.taken);
        Ok(())
    }

    /// Waits until Kafka has everything, or has not taken something.
    pub(super) async fn finish(&mut self) -> Result<(), Interrupted> {
        while self.window.has_failed() || !self.window.is_empty() {
            self.taken = self.window.stored().await?.unwrap_or(self.taken);
        }
        Ok(())
    }

    /// The names of those that Kafka has.
    pub(super) fn taken(mut self) -> Vec<Name> {
        self.names.truncate(self.taken);
        self.names
    }
}
