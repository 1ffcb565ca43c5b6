//! What every step of one source record's way shares, whatever its format.

use std::borrow::Cow;

use hl7::time::Stockholm;
use identity::Date;
use schemas::{Origin, SourceRecord, Timestamp};

use super::region::Region;
use super::subject::Pseudonymising;
use crate::findings::Findings;
use crate::mapping::Reading;
use crate::verbatim::Guard;

/// A source record, its region's rules, and what is gathered on the way.
pub(crate) struct Context<'m> {
    pub source: &'m SourceRecord<'m>,
    pub origin: Origin<'m>,
    pub region: &'m Region,
    pub guard: &'m Guard<'m>,
    pub stockholm: &'m mut Stockholm,
    pub findings: &'m mut Findings,
}

impl<'m> Context<'m> {
    /// Of a record that is just being begun.
    pub(crate) fn new(
        source: &'m SourceRecord<'m>,
        origin: Origin<'m>,
        region: &'m Region,
        guard: &'m Guard<'m>,
        stockholm: &'m mut Stockholm,
        findings: &'m mut Findings,
    ) -> Context<'m> {
        Context { source, origin, region, guard, stockholm, findings }
    }

    /// A text of the source, safe to pass on.
    pub(crate) fn pass<'t>(&mut self, text: Cow<'t, str>, path: &'static str) -> Cow<'t, str> {
        self.guard.pass(text, path, self.findings)
    }

    /// Makes pseudonyms of the record's identifiers; the century of a short form is that of `at`.
    pub(crate) fn pseudonymising(&self, at: Timestamp) -> Pseudonymising<'m> {
        Pseudonymising {
            pseudonymiser: &self.region.pseudonymiser,
            options: self.region.identities.options(Date::of_utc_micros(at.0)),
            source_system: self.source.source_system,
            named: self.region.named.as_ref(),
        }
    }

    /// For a mapping package that reads the record.
    pub(crate) fn reading(&mut self) -> Reading<'_, 'm> {
        let received_at = Some(self.source.received_at);
        Reading { stockholm: self.stockholm, guard: self.guard, findings: self.findings, received_at }
    }

    /// The same, with findings of its own.
    pub(crate) fn noting<'c>(&'c mut self, findings: &'c mut Findings) -> Context<'c> {
        Context { stockholm: self.stockholm, findings, ..*self }
    }
}
