//! What a package has read of a row becomes the event of its subject.

use hl7::time::Stockholm;
use identity::{Pseudonymiser, Reserve};
use schemas::{CorrectionKind, Origin, SourceRecord};

use super::event_time::Stated;
use super::findings::Findings;
use super::sink::Sink;
use super::stop::Stop;
use super::verbatim::Guard;
use super::{cost, wait};
use crate::mapping::{Program, Slot, Slots, Subject};

/// What mapping a row needs besides its fields.
pub(crate) struct Mapping<'m> {
    pub source: &'m SourceRecord<'m>,
    pub origin: Origin<'m>,
    /// New, an update, or a statement that is taken back.
    pub correction: CorrectionKind,
    pub program: &'m Program,
    pub key_id: &'m str,
    pub guard: &'m Guard<'m>,
    pub stockholm: &'m Stockholm,
    pub pseudonymiser: &'m Pseudonymiser,
    /// Whether the region uses interim numbers (T-nummer).
    pub interim: bool,
    pub reserves: &'m [Reserve],
    pub findings: &'m mut Findings,
}

impl Mapping<'_> {
    /// One event.
    pub(crate) fn map<S: Sink>(self, slots: &Slots<'_>, sink: &mut S) -> Result<u32, Stop> {
        match self.program.subject() {
            Subject::Wait => wait::map(self, slots, sink),
            Subject::Cost => cost::map(self, slots, sink),
        }
    }

    /// Whether the statement is taken back.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.correction == CorrectionKind::Cancel
    }
}

/// A time that a row states.
pub(crate) fn stated<'s>(slot: &Slot<'s>) -> Option<Stated<'s>> {
    match slot {
        Slot::Time(at, text) => Some(Stated { at: *at, text }),
        _ => None,
    }
}

/// When a row happened that states no time.
pub(crate) fn as_old_as_the_file(source: &SourceRecord<'_>) -> Stated<'static> {
    Stated { at: source.recorded_at.unwrap_or(source.received_at), text: "" }
}
