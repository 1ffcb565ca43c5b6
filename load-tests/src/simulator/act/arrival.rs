//! Patients come: admitted, announced, by the emergency department, or before the story began.

use super::movement::{gone, move_to};
use super::told::{Told, event_time, next_movement, plain_times, tell, times, words};
use crate::simulator::country::{Area, Last, Named, Patient, Place, whole_second};
use crate::simulator::person::{self, Fit, Person};
use crate::simulator::random::Random;
use crate::simulator::write::{Times, Writer};
use crate::simulator::{HOUR, Sent, Ward};

/// One in so many admissions has a visit number that holds the person's own number.
const TELLING_VISIT_ONE_IN: u64 = 400;
/// One in so many patients comes without a known identity.
const UNKNOWN_ONE_IN: u64 = 40;
/// That many in a hundred patients lie on another ward than the responsible one.
const OUTLYING_PERCENT: u64 = 4;

/// A patient who came before the start and is still here: pushes the messages that told of it.
pub(in crate::simulator) fn past(
    area: &mut Area,
    place: Place,
    admitted_at: i64,
    start: i64,
    random: &mut Random,
    writer: &mut Writer,
    into: &mut Vec<(i64, Sent)>,
) {
    let Some((mut patient, _)) = new_patient(area, place, "I", admitted_at, random) else { return };
    patient.admitted_at = admitted_at;
    let moved_at = whole_second(admitted_at + random.between(2 * HOUR, 20 * HOUR));
    let acute = acute_ward(area, area.wards[place.0].hospital);
    let moves = random.percent(18) && moved_at < start - HOUR && acute != Some(place.0);
    match acute.filter(|_| moves) {
        Some(acute) => {
            // Acute wards often tell no bed.
            patient.place = (acute, None);
            let told = admission(area, &mut patient, "A01", plain_times(admitted_at), random, writer);
            into.push((admitted_at, told));
            let responsible = patient.responsible;
            let told = move_to(area, &mut patient, place, responsible, "A02", plain_times(moved_at), writer);
            into.push((moved_at, told));
        }
        None => {
            let told = admission(area, &mut patient, "A01", plain_times(admitted_at), random, writer);
            into.push((admitted_at, told));
        }
    }
    patient.last = Last::Other;
    area.take(place);
    area.patients.push(patient);
}

/// Somebody who could have been a patient at a place then, and from when on: later than asked, if somewhere else before.
pub(in crate::simulator) fn patient_of(
    area: &mut Area,
    place: Place,
    admitted_at: i64,
    random: &mut Random,
) -> Option<(Patient, i64)> {
    new_patient(area, place, "I", admitted_at, random)
        .map(|(patient, times)| (patient, times.occurred.max(times.recorded)))
}

/// A patient who came and went before the start: pushes the two messages.
pub(in crate::simulator) fn stayed(
    area: &mut Area,
    mut patient: Patient,
    admitted_at: i64,
    left_at: i64,
    random: &mut Random,
    writer: &mut Writer,
    into: &mut Vec<(i64, Sent)>,
) {
    patient.admitted_at = admitted_at;
    let told = admission(area, &mut patient, "A01", plain_times(admitted_at), random, writer);
    into.push((admitted_at, told));
    let told = gone(area, &mut patient, plain_times(left_at), left_at, false, random, writer);
    into.push((left_at, told));
    area.release(&patient.person, left_at);
}

/// The same by way of the hospital's emergency department: when the patient arrived there, came to the ward, and left.
pub(in crate::simulator) fn came_through_department(
    area: &mut Area,
    mut patient: Patient,
    [arrived_at, moved_at, left_at]: [i64; 3],
    random: &mut Random,
    writer: &mut Writer,
    into: &mut Vec<(i64, Sent)>,
) {
    let ward = patient.place;
    let hospital = area.wards[ward.0].hospital;
    let is_here = |other: &Ward| other.hospital == hospital && other.bed_count == 0;
    if let Some(department) = area.wards.iter().position(is_here) {
        (patient.place, patient.class, patient.admitted_at) = ((department, None), "E", arrived_at);
        let told = admission(area, &mut patient, "A04", plain_times(arrived_at), random, writer);
        into.push((arrived_at, told));
        (patient.class, patient.admitted_at) = ("I", moved_at);
        let responsible = patient.responsible;
        let told = move_to(area, &mut patient, ward, responsible, "A06", plain_times(moved_at), writer);
        into.push((moved_at, told));
    }
    let told = gone(area, &mut patient, plain_times(left_at), left_at, false, random, writer);
    into.push((left_at, told));
    area.release(&patient.person, left_at);
}

pub(super) fn acute_ward(area: &Area, hospital: usize) -> Option<usize> {
    area.wards.iter().position(|ward| ward.hospital == hospital && ward.code.ends_with("MAVA"))
}

pub(super) fn admit(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let place = area.find_bed(None, random)?;
    let (mut patient, times) = new_patient(area, place, "I", at, random)?;
    let sent = admission(area, &mut patient, "A01", times, random, writer);
    area.take(place);
    area.patients.push(patient);
    Some(sent)
}

pub(super) fn arrive(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let departments: Vec<usize> = (0..area.wards.len()).filter(|ward| area.wards[*ward].bed_count == 0).collect();
    let place = (departments[random.pick_index(departments.len())?], None);
    // A department is not a hotel: beyond this many somebody has to go first.
    if area.arrived.len() > 6 * departments.len() {
        return None;
    }
    let (mut patient, times) = new_patient(area, place, "E", at, random)?;
    let sent = admission(area, &mut patient, "A04", times, random, writer);
    patient.last = Last::Other;
    area.arrived.push(patient);
    Some(sent)
}

pub(super) fn admit_arrived(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = random.pick_index(area.arrived.len())?;
    let hospital = area.wards[area.arrived[index].place.0].hospital;
    let place = area.find_bed(Some(hospital), random)?;
    let mut patient = area.arrived.swap_remove(index);
    let times = times(area.dialect(place.0), at, patient.last_at, random);
    patient.class = "I";
    patient.admitted_at = event_time(area.dialect(place.0), times);
    // In the department nobody lies outside of a ward of his own.
    let responsible = responsible_for(area, place.0, random);
    let sent = move_to(area, &mut patient, place, responsible, "A06", times, writer);
    patient.last = Last::Other;
    area.take(place);
    area.patients.push(patient);
    Some(sent)
}

pub(super) fn plan(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    if area.planned.len() > 4 * area.hospitals.len() {
        return None;
    }
    let wards: Vec<usize> = (0..area.wards.len()).filter(|ward| area.wards[*ward].bed_count > 0).collect();
    let place = (wards[random.pick_index(wards.len())?], None);
    let (mut patient, times) = new_patient(area, place, "P", at, random)?;
    let trigger = if random.percent(60) { "A05" } else { "A14" };
    let sent = admission(area, &mut patient, trigger, times, random, writer);
    area.planned.push(patient);
    Some(sent)
}

pub(super) fn admit_planned(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let index = random.pick_index(area.planned.len())?;
    let ward = area.planned[index].place.0;
    let place = (ward, Some(area.wards[ward].free_bed(random)?));
    let mut patient = area.planned.swap_remove(index);
    let times = times(area.dialect(ward), at, patient.last_at, random);
    patient.class = "I";
    patient.place = place;
    patient.admitted_at = event_time(area.dialect(ward), times);
    let sent = admission(area, &mut patient, "A01", times, random, writer);
    area.take(place);
    area.patients.push(patient);
    Some(sent)
}

/// Somebody new in care, at a place, and the times of the message that says so; the bed is not taken yet.
pub(super) fn new_patient(
    area: &mut Area,
    place: Place,
    class: &'static str,
    at: i64,
    random: &mut Random,
) -> Option<(Patient, Times)> {
    let fit = area.wards[place.0].fit;
    let (person, since) = area.take_person(fit, random)?;
    let times = times(area.dialect(place.0), at, since, random);
    let admitted_at = event_time(area.dialect(place.0), times);
    let visit = visit_number(area, place.0, &person, random);
    let named = if random.one_in(UNKNOWN_ONE_IN) && fit == Fit::Adult {
        area.reserve_count += 1;
        let facility = &area.hospital(place.0).facility;
        let (number, system) = person::reserve(area.region.code(), facility, area.reserve_count);
        Named::Reserve(number, system)
    } else {
        Named::Own
    };
    let responsible = responsible_for(area, place.0, random);
    let patient = Patient {
        person,
        named,
        visit,
        place,
        responsible,
        class,
        admitted_at,
        last_at: admitted_at,
        last: Last::Admission,
        move_count: 0,
        discharge_count: 0,
        on_leave: false,
        movement: 0,
    };
    Some((patient, times))
}

/// The ward that is responsible for somebody who comes to this one: nearly always itself.
pub(super) fn responsible_for(area: &Area, ward: usize, random: &mut Random) -> usize {
    if random.percent(OUTLYING_PERCENT) { other_ward(area, ward, random) } else { ward }
}

/// A ward of the same hospital that could be responsible for a patient of this one.
pub(super) fn other_ward(area: &Area, ward: usize, random: &mut Random) -> usize {
    let here = &area.wards[ward];
    let fits = |other: &Ward| {
        other.hospital == here.hospital
            && other.bed_count > 0
            && !other.technical
            && other.psychiatric == here.psychiatric
            && other.fit == here.fit
    };
    let others: Vec<usize> = (0..area.wards.len()).filter(|other| fits(&area.wards[*other])).collect();
    if here.bed_count == 0 || others.is_empty() { ward } else { *random.pick(&others) }
}

/// PV1-19, as this hospital counts its visits; a few hold the person's own number, as some systems build them.
pub(super) fn visit_number(area: &mut Area, ward: usize, person: &Person, random: &mut Random) -> String {
    let code = area.region.code();
    let hospital = &mut area.hospitals[area.wards[ward].hospital];
    hospital.visit_count += 1;
    if random.one_in(TELLING_VISIT_ONE_IN) {
        return format!("{}-{}", person.number.hyphenated(), hospital.visit_count);
    }
    format!("V{code}{}{:07}", &hospital.code[4..], hospital.visit_count)
}

/// A01, A04, A05 or A14 of a patient at his place.
pub(super) fn admission(
    area: &mut Area,
    patient: &mut Patient,
    trigger: &'static str,
    times: Times,
    random: &mut Random,
    writer: &mut Writer,
) -> Sent {
    let at = event_time(area.dialect(patient.place.0), times);
    patient.movement = next_movement(area, patient.place.0);
    patient.last_at = at;
    patient.last = Last::Admission;
    let place = area.location(patient.place);
    let words = words(&patient.person, random);
    let movement = matches!(trigger, "A01" | "A04").then_some((patient.movement, at, "INSERT"));
    let told =
        Told { place: &place, prior: "", visit: &patient.visit, discharged: None, movement, reason: Some(&words) };
    tell(area, patient, trigger, times, &told, writer)
}
