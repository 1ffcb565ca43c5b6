//! What was told is taken back, merged or renumbered.

use super::arrival::visit_number;
use super::find;
use super::movement::stays;
use super::told::{Told, event_time, later, tell, times};
use crate::simulator::country::{Area, Last, Named, Patient};
use crate::simulator::random::Random;
use crate::simulator::write::{Times, Writer, identifiers, visit_of};
use crate::simulator::{Kind, Sent};

pub(super) fn cancel_admission(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = find(area, random, |patient, _| patient.last == Last::Admission && patient.move_count == 0)?;
    let patient = area.patients.swap_remove(index);
    let place = area.location(patient.place);
    let target = Target { at: patient.last_at, movement: Some(patient.movement) };
    let sent = cancellation(area, &patient, "A11", &place, "", target, at, writer);
    area.leave(patient.place);
    area.release(&patient.person, later(at, patient.last_at));
    Some(sent)
}

pub(super) fn cancel_transfer(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = find(area, random, |patient, dialect| {
        matches!(patient.last, Last::Move { .. }) && (dialect.occurred || patient.move_count == 1)
    })?;
    let Last::Move { from, responsible } = area.patients[index].last else { return None };
    if !area.is_free(from) {
        return None;
    }
    let mut patient = area.patients.swap_remove(index);
    patient.responsible = responsible;
    let (wrong, right) = (area.location(patient.place), area.location(from));
    let target = Target { at: patient.last_at, movement: Some(patient.movement) };
    let sent = cancellation(area, &patient, "A12", &right, &wrong, target, at, writer);
    area.leave(patient.place);
    area.take(from);
    patient.place = from;
    patient.last = Last::Other;
    patient.last_at = later(at, patient.last_at);
    area.patients.push(patient);
    Some(sent)
}

pub(super) fn cancel_discharge(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = random.pick_index(area.discharged.len())?;
    let candidate = &area.discharged[index];
    let unmistakable = area.dialect(candidate.place.0).occurred || candidate.discharge_count == 1;
    if !unmistakable || !area.is_free(candidate.place) {
        return None;
    }
    let mut patient = area.discharged.remove(index)?;
    let place = area.location(patient.place);
    let target = Target { at: patient.last_at, movement: Some(patient.movement) };
    let sent = cancellation(area, &patient, "A13", &place, "", target, at, writer);
    patient.last = Last::Other;
    patient.last_at = later(at, patient.last_at);
    area.take(patient.place);
    if patient.place.1.is_none() {
        area.arrived.push(patient);
    } else {
        area.patients.push(patient);
    }
    Some(sent)
}

pub(super) fn cancel_plan(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = random.pick_index(area.planned.len())?;
    let patient = area.planned.swap_remove(index);
    let place = area.location(patient.place);
    let trigger = if random.percent(60) { "A38" } else { "A27" };
    let target = Target { at: patient.last_at, movement: None };
    let sent = cancellation(area, &patient, trigger, &place, "", target, at, writer);
    area.release(&patient.person, later(at, patient.last_at));
    Some(sent)
}

/// An admission that should never have been written.
pub(super) fn delete(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = find(area, random, |patient, _| patient.last == Last::Admission && patient.move_count == 0)?;
    let sent = stays(area, index, at, "A23", random, writer, |_| {});
    let patient = area.patients.swap_remove(index);
    area.leave(patient.place);
    area.release(&patient.person, later(at, patient.last_at));
    Some(sent)
}

/// Who came unknown is somebody: the reserve number is merged into the person's own.
pub(super) fn identify(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = find(area, random, |patient, _| matches!(patient.named, Named::Reserve(..)))?;
    let dialect = area.dialect(area.patients[index].place.0).clone();
    let hospital = area.wards[area.patients[index].place.0].hospital;
    let times = times(&dialect, at, area.patients[index].last_at, random);
    let trigger = if dialect.is_old() { "A34" } else { "A40" };
    let patient = &mut area.patients[index];
    let Named::Reserve(number, system) = std::mem::replace(&mut patient.named, Named::Own) else { return None };
    patient.last_at = event_time(&dialect, times);
    patient.last = Last::Other;
    writer
        .begin(&mut area.hospitals[hospital], trigger, times)
        .person(&dialect, 1, &patient.person, &patient.named)
        .merged(&format!("{number}^^^{system}"), "");
    Some(area.sent(Kind::Adt(trigger), writer.finish(&dialect)))
}

/// The visit gets another number.
pub(super) fn renumber_visit(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = find(area, random, |_, dialect| !dialect.is_old())?;
    let mut patient = area.patients.swap_remove(index);
    let ward = patient.place.0;
    let dialect = area.dialect(ward).clone();
    let times = times(&dialect, at, patient.last_at, random);
    let old = std::mem::replace(&mut patient.visit, visit_number(area, ward, &patient.person, random));
    patient.last = Last::Other;
    patient.last_at = event_time(&dialect, times);
    let place = area.location(patient.place);
    let hospital = area.wards[ward].hospital;
    let responsible = area.wards[patient.responsible].code.clone();
    let prior = identifiers(&dialect, &patient.person, &patient.named);
    writer
        .begin(&mut area.hospitals[hospital], "A45", times)
        .person(&dialect, 1, &patient.person, &patient.named)
        .merged(&prior, &old)
        .visit(&dialect, 1, &visit_of(&patient, &place, "", &responsible));
    area.patients.push(patient);
    Some(area.sent(Kind::Adt("A45"), writer.finish(&dialect)))
}

/// What a cancellation undoes: its event time and ZBE-1.
pub(super) struct Target {
    pub(super) at: i64,
    pub(super) movement: Option<u64>,
}

#[allow(clippy::too_many_arguments, reason = "every one of them is a field of the message")]
fn cancellation(
    area: &mut Area,
    patient: &Patient,
    trigger: &'static str,
    place: &str,
    prior: &str,
    target: Target,
    at: i64,
    writer: &mut Writer,
) -> Sent {
    let now = later(at, patient.last_at);
    let times = Times { occurred: target.at, recorded: now, sent: now };
    let movement = target.movement.map(|number| (number, target.at, "CANCEL"));
    let told = Told { place, prior, visit: &patient.visit, discharged: None, movement, reason: None };
    tell(area, patient, trigger, times, &told, writer)
}
