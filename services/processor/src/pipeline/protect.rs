//! Of a protected person no event says where the person lives, and what an event says of protection is handed on beside it: the
//! one place that every event passes on its way out, whatever its subject and the format it came in.

use identity::{Kept, Token};
use schemas::{Common, Parked, Protection, SourceRecord};

use super::sink::Sink;

/// Hands events on; of protected persons only what may be known of them.
pub(super) struct Protecting<'s, S>(pub(super) &'s mut S);

impl<S: Sink> Sink for Protecting<'_, S> {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        if event.envelope().protected_identity {
            let mut event = event.clone();
            event.protect();
            self.0.event(&event);
        } else {
            self.0.event(event);
        }
        for said in Protection::said_by(event) {
            self.0.protection(&said);
        }
    }

    fn protection(&mut self, said: &Protection<'_>) {
        self.0.protection(said);
    }

    fn has_told(&mut self, token: &Token) -> bool {
        self.0.has_told(token)
    }

    fn identity(&mut self, source: &SourceRecord<'_>, token: &Token, kept: &Kept) {
        self.0.identity(source, token, kept);
    }

    fn parked(&mut self, record: &Parked<'_>) {
        self.0.parked(record);
    }
}
