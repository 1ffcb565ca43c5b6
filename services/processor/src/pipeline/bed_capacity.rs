//! A capacity row becomes a BedCapacity.

use std::borrow::Cow;

use schemas::{BedCapacity, CorrectionKind, Origin, SourceRecord};

use super::envelope::{About, Head};
use super::event_time::Stated;
use super::findings::Findings;
use super::row::Row;
use super::sink::Sink;
use super::verbatim::Guard;
use super::visit::UnitFacts;
use crate::directory::Directory;
use crate::rules::Rule;

/// What mapping a row needs.
pub(crate) struct Mapping<'m> {
    pub source: &'m SourceRecord<'m>,
    pub origin: Origin<'m>,
    pub key_id: &'m str,
    pub directory: &'m Directory,
    pub guard: &'m Guard<'m>,
    pub findings: &'m mut Findings,
    /// What findings call the column of the unit.
    pub unit_column: &'static str,
    /// What the region alone has, past the guard.
    pub extensions: &'m [(&'static str, Cow<'m, str>)],
}

impl Mapping<'_> {
    /// One event.
    pub(crate) fn map<S: Sink>(self, row: &Row, sink: &mut S) -> u32 {
        let Mapping { source, origin, key_id, directory, guard, findings, unit_column, extensions } = self;
        let code = guard.pass(Cow::Borrowed(row.unit.as_str()), unit_column, findings);
        let unit = directory.unit(&code, None);
        if unit.is_none() {
            findings.add(Rule::UnitUnknown, unit_column);
        }
        let facts = UnitFacts::of(unit);
        let occurred = Stated { at: row.valid_from, text: &row.valid_from_text };
        let mut head = Head::of_row(source, origin, key_id, occurred, guard, findings);
        let mut envelope = head.envelope("bed.capacity", CorrectionKind::New, About::default(), findings.list());
        envelope.extensions = extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
        sink.event(&BedCapacity {
            envelope,
            unit: &code,
            unit_hsa_id: facts.hsa_id,
            unit_name: facts.name,
            hospital_code: facts.hospital_code,
            hospital_name: facts.hospital_name,
            mvo: facts.mvo,
            care_type: facts.care_type,
            telephone: facts.telephone,
            faststallda: row.faststallda,
            disponibla: row.disponibla,
            stangda: row.stangda,
            stangda_reason: row.stangda_reason,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
        });
        head.made()
    }
}
