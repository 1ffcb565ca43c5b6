//! How an act becomes a message: its times, and what is told beside who it is about.

use crate::simulator::country::{Area, Patient, whole_second};
use crate::simulator::dialect::Dialect;
use crate::simulator::person::Person;
use crate::simulator::random::Random;
use crate::simulator::write::{Movement, Times, Writer, visit_of};
use crate::simulator::{Kind, MINUTE, SECOND, Sent, wording};

/// That many in a hundred events are told late.
const LATE_PERCENT: u64 = 5;

/// What a message says of a patient beside who it is.
pub(super) struct Told<'a> {
    pub(super) place: &'a str,
    pub(super) prior: &'a str,
    pub(super) visit: &'a str,
    pub(super) discharged: Option<i64>,
    /// ZBE-1, ZBE-2 and ZBE-4.
    pub(super) movement: Option<(u64, i64, &'static str)>,
    pub(super) reason: Option<&'a str>,
}

pub(super) fn tell(
    area: &mut Area,
    patient: &Patient,
    trigger: &'static str,
    times: Times,
    told: &Told<'_>,
    writer: &mut Writer,
) -> Sent {
    let ward = patient.place.0;
    let dialect = area.dialect(ward).clone();
    let hospital = area.wards[ward].hospital;
    let responsible = &area.wards[patient.responsible].code;
    let mut visit = visit_of(patient, told.place, told.prior, responsible);
    visit.visit = told.visit;
    visit.discharged = told.discharged;
    writer
        .begin(&mut area.hospitals[hospital], trigger, times)
        .person(&dialect, 1, &patient.person, &patient.named)
        .visit(&dialect, 1, &visit);
    if let Some(words) = told.reason {
        writer.reason(words);
    }
    if let Some((number, start, action)) = told.movement {
        let movement = Movement { number, start, action, responsible };
        writer.movement(&dialect, &area.hospitals[hospital].facility, &movement);
    }
    area.sent(Kind::Adt(trigger), writer.finish(&dialect))
}

pub(super) fn next_movement(area: &mut Area, ward: usize) -> u64 {
    let hospital = &mut area.hospitals[area.wards[ward].hospital];
    hospital.movement_count += 1;
    hospital.movement_count
}

/// Times of something that happens now, after `last_at`; a few are told later than they happened.
pub(super) fn times(dialect: &Dialect, at: i64, last_at: i64, random: &mut Random) -> Times {
    let happened = if random.percent(LATE_PERCENT) { at - random.between(5, 90) * MINUTE } else { at };
    let happened = later(happened, last_at);
    let told = whole_second(at).max(happened);
    let recorded = if dialect.occurred { told } else { happened };
    Times { occurred: happened, recorded, sent: told }
}

pub(super) const fn plain_times(at: i64) -> Times {
    Times { occurred: at, recorded: at, sent: at }
}

/// The event time that a reader finds.
pub(super) const fn event_time(dialect: &Dialect, times: Times) -> i64 {
    if dialect.occurred { times.occurred } else { times.recorded }
}

/// A whole second, after `last_at`.
pub(super) fn later(at: i64, last_at: i64) -> i64 {
    whole_second(at).max(last_at.saturating_add(SECOND))
}

/// A nurse's words, now and then with the person's own number in them.
pub(super) fn words(person: &Person, random: &mut Random) -> String {
    let words = random.pick(&wording::REASONS).replace('#', &person.telephone);
    if random.one_in(30) { format!("{words}. Pnr {}", person.number.hyphenated()) } else { words }
}
