//! Messages that move nobody: about persons, about what is to come, about beds.

use super::told::{Told, tell, times, words};
use crate::simulator::country::{Area, Named};
use crate::simulator::random::Random;
use crate::simulator::write::Writer;
use crate::simulator::{Kind, Sent};

pub(super) fn update(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    let reason = words(&area.patients[random.pick_index(area.patients.len())?].person, random);
    about_patient(area, at, "A08", Some(&reason), random, writer)
}

pub(super) fn update_person(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    about_person(area, at, "A31", random, writer)
}

pub(super) fn add_person(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    about_person(area, at, "A28", random, writer)
}

pub(super) fn announce_transfer(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    about_patient(area, at, "A15", None, random, writer)
}

pub(super) fn announce_discharge(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    about_patient(area, at, "A16", None, random, writer)
}

pub(super) fn withdraw_announcement(
    area: &mut Area,
    at: i64,
    random: &mut Random,
    writer: &mut Writer,
) -> Option<Sent> {
    let trigger = random.pick(&["A25", "A26"]);
    about_patient(area, at, trigger, None, random, writer)
}

/// A message about a patient that changes nothing.
pub(super) fn about_patient(
    area: &mut Area,
    at: i64,
    trigger: &'static str,
    reason: Option<&str>,
    random: &mut Random,
    writer: &mut Writer,
) -> Option<Sent> {
    let index = random.pick_index(area.patients.len())?;
    let patient = area.patients[index].clone();
    // Its time may equal that of another message: it has no effect on a place.
    let times = times(area.dialect(patient.place.0), at, i64::MIN, random);
    let place = area.location(patient.place);
    let told = Told { place: &place, prior: "", visit: &patient.visit, discharged: None, movement: None, reason };
    Some(tell(area, &patient, trigger, times, &told, writer))
}

/// A message about a person who is not in care.
pub(super) fn about_person(
    area: &mut Area,
    at: i64,
    trigger: &'static str,
    random: &mut Random,
    writer: &mut Writer,
) -> Option<Sent> {
    let person = area.bystander(random)?;
    let hospital = random.pick_index(area.hospitals.len())?;
    let dialect = area.hospitals[hospital].dialect.clone();
    let times = times(&dialect, at, i64::MIN, random);
    writer.begin(&mut area.hospitals[hospital], trigger, times).person(&dialect, 1, &person, &Named::Own);
    Some(area.sent(Kind::Adt(trigger), writer.finish(&dialect)))
}

pub(super) fn clean_bed(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Option<Sent> {
    Some(clean_any_bed(area, at, random, writer))
}

/// A bed's status: no patient at all.
pub(super) fn clean_any_bed(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Sent {
    let wards: Vec<usize> = (0..area.wards.len()).filter(|ward| area.wards[*ward].bed_count > 0).collect();
    let ward = *random.pick(&wards);
    let bed = random.below(area.wards[ward].bed_count as u64) as usize;
    let status = if area.wards[ward].taken[bed] { "O" } else { *random.pick(&["H", "U", "U", "K", "C", "I"]) };
    let place = area.location((ward, Some(bed)));
    let dialect = area.dialect(ward).clone();
    let times = times(&dialect, at, i64::MIN, random);
    let hospital = area.wards[ward].hospital;
    writer.begin(&mut area.hospitals[hospital], "A20", times).segment("NPU", &[(1, &place), (2, status)]);
    area.sent(Kind::Adt("A20"), writer.finish(&dialect))
}
