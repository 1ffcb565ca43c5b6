//! What a package has read of a row becomes the event of its subject.

use hl7::time::Stockholm;
use identity::{Pseudonymiser, Reserve};
use schemas::{CorrectionKind, Origin, SourceRecord};

use super::findings::Findings;
use super::sink::Sink;
use super::stop::Stop;
use super::verbatim::Guard;
use super::{cost, wait};
use crate::mapping::{Program, Slots, Subject};

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
