//! A capacity row becomes a BedCapacity.

use std::borrow::Cow;

use schemas::{BedCapacity, CorrectionKind, TECHNICAL_BEDS, TechnicalBeds};

use super::context::Context;
use super::envelope::{About, Head};
use super::event_time::Stated;
use super::row::Row;
use super::sink::Sink;
use super::visit::UnitFacts;
use crate::directory::Unit;
use crate::rules::Rule;

/// One event. Findings call the column of the unit `unit_column`; `extensions` are what the region alone has, past the guard.
pub(crate) fn map<S: Sink>(
    context: &mut Context<'_>,
    row: &Row,
    unit_column: &'static str,
    extensions: &[(&'static str, Cow<'_, str>)],
    sink: &mut S,
) -> u32 {
    let code = context.pass(Cow::Borrowed(row.unit.as_str()), unit_column);
    let unit = context.region.directory.unit(&code, None);
    if unit.is_none() {
        context.findings.add(Rule::UnitUnknown, unit_column);
    }
    let technical = context.region.directory.technical_beds;
    let stated = [row.faststallda, row.disponibla, row.stangda];
    let is_left_out = technical == Some(TechnicalBeds::LeftOut)
        && unit.is_some_and(Unit::is_technical)
        && stated.iter().flatten().any(|beds| *beds > 0);
    if is_left_out {
        // Nobody who lies in them counts, so they would stand as free, or as closed.
        context.findings.add(Rule::TechnicalBedsStated, unit_column);
    }
    let counted = |beds: Option<i32>| beds.filter(|_| !is_left_out);
    let facts = UnitFacts::of(unit);
    let occurred = Stated { at: row.valid_from, text: &row.valid_from_text };
    let mut head = Head::of_row(context, occurred);
    let mut envelope = head.envelope("bed.capacity", CorrectionKind::New, About::default(), context.findings.list());
    envelope.extensions = extensions.iter().map(|(name, text)| (*name, text.as_ref())).collect();
    envelope.extensions.extend(technical.map(|decided| (TECHNICAL_BEDS, decided.word())));
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
        faststallda: counted(row.faststallda),
        disponibla: counted(row.disponibla),
        stangda: counted(row.stangda),
        stangda_reason: row.stangda_reason.filter(|_| !is_left_out),
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    });
    head.made()
}
