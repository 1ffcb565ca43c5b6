//! Patients move, change beds, go on leave and leave.

use super::arrival::responsible_for;
use super::in_bed;
use super::told::{Told, event_time, next_movement, tell, times};
use crate::simulator::country::{Area, Last, Patient, Place};
use crate::simulator::random::Random;
use crate::simulator::write::{Times, Writer, visit_of};
use crate::simulator::{Kind, Sent};

/// At most one patient in so many is on leave.
const ON_LEAVE_ONE_IN: usize = 50;
/// One in so many discharges forgets PV1-19.
const VISIT_FORGOTTEN_ONE_IN: u64 = 150;

pub(super) fn transfer(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = in_bed(area, random)?;
    let hospital = area.wards[area.patients[index].place.0].hospital;
    let place = area.find_bed(Some(hospital), random)?;
    let mut patient = area.patients.swap_remove(index);
    let times = times(area.dialect(place.0), at, patient.last_at, random);
    area.leave(patient.place);
    let responsible = responsible_for(area, place.0, random);
    let sent = move_to(area, &mut patient, place, responsible, "A02", times, writer);
    area.take(place);
    area.patients.push(patient);
    Some(sent)
}

/// Two patients of a ward change beds: one message, two groups.
pub(super) fn swap(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let first = in_bed(area, random)?;
    let ward = area.patients[first].place.0;
    let second = (0..area.patients.len()).find(|index| {
        let other = &area.patients[*index];
        *index != first && other.place.0 == ward && !other.on_leave
    })?;
    let dialect = area.dialect(ward).clone();
    let last_at = area.patients[first].last_at.max(area.patients[second].last_at);
    let times = times(&dialect, at, last_at, random);
    let places = [area.patients[first].place, area.patients[second].place];
    let locations = places.map(|place| area.location(place));
    let hospital = area.wards[ward].hospital;
    writer.begin(&mut area.hospitals[hospital], "A17", times);
    for (number, index) in [first, second].into_iter().enumerate() {
        let patient = &mut area.patients[index];
        patient.place = places[1 - number];
        patient.last = Last::Other;
        patient.last_at = event_time(&dialect, times);
        let responsible = &area.wards[patient.responsible].code;
        writer.person(&dialect, number + 1, &patient.person, &patient.named);
        let visit = visit_of(patient, &locations[1 - number], &locations[number], responsible);
        writer.visit(&dialect, number + 1, &visit);
    }
    Some(area.sent(Kind::Adt("A17"), writer.finish(&dialect)))
}

pub(super) fn go_on_leave(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    // As often as they come back: without a bound more and more would be away.
    if area.patients.iter().filter(|patient| patient.on_leave).count() * ON_LEAVE_ONE_IN > area.patients.len() {
        return None;
    }
    let index = in_bed(area, random)?;
    Some(stays(area, index, at, "A21", random, writer, |patient| patient.on_leave = true))
}

pub(super) fn come_back(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let away: Vec<usize> = (0..area.patients.len()).filter(|index| area.patients[*index].on_leave).collect();
    let index = away[random.pick_index(away.len())?];
    Some(stays(area, index, at, "A22", random, writer, |patient| patient.on_leave = false))
}

/// To outpatient and back, in the same bed.
pub(super) fn change_class(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = in_bed(area, random)?;
    let (class, trigger) = if area.patients[index].class == "I" { ("O", "A07") } else { ("I", "A06") };
    area.patients[index].class = class;
    Some(stays(area, index, at, trigger, random, writer, |patient| patient.move_count += 1))
}

pub(super) fn send_home(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = random.pick_index(area.arrived.len())?;
    let patient = area.arrived.swap_remove(index);
    Some(leave_care(area, patient, at, random, writer))
}

pub(super) fn discharge(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = in_bed(area, random)?;
    let patient = area.patients.swap_remove(index);
    Some(leave_care(area, patient, at, random, writer))
}

/// A03, of somebody who is no longer among the patients.
pub(super) fn leave_care(
    area: &mut Area,
    mut patient: Patient,
    at: i64,
    random: &mut Random,
    writer: &mut Writer,
) -> Sent {
    let ward = patient.place.0;
    let times = times(area.dialect(ward), at, patient.last_at, random);
    let gone_at = event_time(area.dialect(ward), times);
    let forgotten = random.one_in(VISIT_FORGOTTEN_ONE_IN);
    let sent = gone(area, &mut patient, times, gone_at, forgotten, random, writer);
    area.leave(patient.place);
    if forgotten {
        // Nobody could say which discharge a cancellation means.
        area.release(&patient.person, patient.last_at);
    } else {
        area.remember_discharge(patient);
    }
    sent
}

/// A03; `forgotten` leaves out whose visit ended.
pub(super) fn gone(
    area: &mut Area,
    patient: &mut Patient,
    times: Times,
    gone_at: i64,
    forgotten: bool,
    random: &mut Random,
    writer: &mut Writer,
) -> Sent {
    let place = if random.one_in(20) { String::new() } else { area.location(patient.place) };
    patient.movement = next_movement(area, patient.place.0);
    patient.last_at = gone_at;
    patient.last = Last::Other;
    patient.discharge_count += 1;
    let told = Told {
        place: &place,
        prior: "",
        visit: if forgotten { "" } else { &patient.visit },
        discharged: Some(gone_at),
        movement: (!forgotten).then_some((patient.movement, gone_at, "INSERT")),
        reason: None,
    };
    tell(area, patient, "A03", times, &told, writer)
}

/// A02 or A06 to another place, where this ward is responsible; beds are not taken or left here.
#[allow(clippy::too_many_arguments, reason = "what a movement says, and who writes it")]
pub(super) fn move_to(
    area: &mut Area,
    patient: &mut Patient,
    to: Place,
    responsible: usize,
    trigger: &'static str,
    times: Times,
    writer: &mut Writer,
) -> Sent {
    let at = event_time(area.dialect(to.0), times);
    let from = std::mem::replace(&mut patient.place, to);
    patient.movement = next_movement(area, to.0);
    patient.last_at = at;
    patient.last = Last::Move { from, responsible: std::mem::replace(&mut patient.responsible, responsible) };
    patient.move_count += 1;
    let (place, prior) = (area.location(to), area.location(from));
    let movement = Some((patient.movement, at, "INSERT"));
    let told = Told { place: &place, prior: &prior, visit: &patient.visit, discharged: None, movement, reason: None };
    tell(area, patient, trigger, times, &told, writer)
}

/// A message that leaves the patient where he is, dated after all others about him.
pub(super) fn stays(
    area: &mut Area,
    index: usize,
    at: i64,
    trigger: &'static str,
    random: &mut Random,
    writer: &mut Writer,
    change: impl FnOnce(&mut Patient),
) -> Sent {
    let times = times(area.dialect(area.patients[index].place.0), at, area.patients[index].last_at, random);
    let mut patient = area.patients[index].clone();
    let place = area.location(patient.place);
    let told = Told { place: &place, prior: "", visit: &patient.visit, discharged: None, movement: None, reason: None };
    let sent = tell(area, &patient, trigger, times, &told, writer);
    patient.last = Last::Other;
    patient.last_at = event_time(area.dialect(patient.place.0), times);
    change(&mut patient);
    area.patients[index] = patient;
    sent
}
