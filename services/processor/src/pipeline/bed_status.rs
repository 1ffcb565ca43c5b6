//! A20: which beds are closed, dirty, free. EVN and NPU, no patient.

use hl7::{Message, field};
use schemas::{BedState, BedStatus};

use super::context::Context;
use super::encounter::Mapping;
use super::envelope::About;
use super::place;
use super::sink::Sink;
use super::visit::UnitFacts;
use crate::rules::Rule;
use crate::stop::Stop;

/// One event per NPU; a status without place or code refuses the message.
pub(crate) fn map<S: Sink>(mapping: &mut Mapping<'_, S>, message: &Message<'_>) -> Result<(), Stop> {
    if message.segment("NPU").is_none() {
        return Err(Stop::refuse(Rule::BedStatusIncomplete, "NPU-1"));
    }
    for npu in message.all("NPU") {
        if !place::is_named(npu.field(field::NPU_LOCATION.number)) {
            return Err(Stop::refuse(Rule::BedStatusIncomplete, "NPU-1"));
        }
        if npu.field(field::NPU_STATUS.number).component(1).given().is_none() {
            return Err(Stop::refuse(Rule::BedStatusIncomplete, "NPU-2"));
        }
    }
    let mark = mapping.context.findings.mark();
    for npu in message.all("NPU") {
        let Context { region, guard, findings, .. } = &mut mapping.context;
        let directory = &region.directory;
        let location = place::read(npu.field(field::NPU_LOCATION.number), &place::NPU_1, directory, guard, findings);
        let code = guard.text(npu.field(field::NPU_STATUS.number).component(1), "NPU-2", findings);
        // Both were looked for above.
        let (Some(location), Some(code)) = (location, code) else { continue };
        let place = location.place();
        let status = directory.bed_status(&code).unwrap_or_else(|| {
            findings.add(Rule::BedStatusUnknown, "NPU-2");
            BedState::Unknown
        });
        let unit = directory.unit(place.unit, place.facility);
        if unit.is_none() {
            findings.add(Rule::UnitUnknown, "NPU-1.1");
        }
        let facts = UnitFacts::of(unit);
        let quality = findings.list();
        let envelope =
            mapping.head.envelope(mapping.trigger.event_type, mapping.trigger.correction, About::default(), quality);
        mapping.sink.event(&BedStatus {
            envelope,
            place,
            status_code: &code,
            status,
            unit_hsa_id: facts.hsa_id,
            unit_name: facts.name,
            hospital_code: facts.hospital_code,
            hospital_name: facts.hospital_name,
            mvo: facts.mvo,
            care_type: facts.care_type,
        });
        mapping.context.findings.back_to(mark);
    }
    Ok(())
}
