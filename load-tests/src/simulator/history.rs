//! The days before: stays that have ended, so that the past of a ward looks as its present does.

use std::collections::BTreeMap;

use super::country::{Area, IN_CORRIDOR_PERCENT, OCCUPIED_PERCENT, Place, whole_second};
use super::random::Random;
use super::write::Writer;
use super::{HOUR, Sent, act};

/// How long patients stay, in the mean. The beds' patients of today have been here for about as long.
const STAY_HOURS: f64 = 108.0;
/// The shortest stay.
const STAY_MIN: i64 = 4 * HOUR;
/// How many of the open beds are taken, in a hundred, without who lies in the corridor.
const TAKEN_PERCENT: f64 = OCCUPIED_PERCENT as f64 * (100 - IN_CORRIDOR_PERCENT) as f64 / 100.0;
/// A bed is empty for so long between two patients that, in the mean, as many are taken as today.
const GAP_HOURS: f64 = STAY_HOURS * (100.0 - TAKEN_PERCENT) / TAKEN_PERCENT;
/// Who goes from the corridor is followed by another one soon.
const CORRIDOR_GAP_HOURS: f64 = 1.0;
/// How often somebody is looked for who was not somewhere else then.
const TRIES_MAX: usize = 8;

/// Pushes the messages of the patients who were in the beds before those of `start`, back to `from`, each dated.
pub(super) fn before(
    area: &mut Area,
    from: i64,
    start: i64,
    random: &mut Random,
    writer: &mut Writer,
    into: &mut Vec<(i64, Sent)>,
) {
    // A person is one patient at a time: who came first is found first.
    let mut stays = stays(area, from, start, random);
    stays.sort_unstable();
    for (admitted_at, left_at, place) in stays {
        let mut elsewhere = Vec::new();
        for _ in 0..TRIES_MAX {
            let Some((patient, free_at)) = act::patient_of(area, place, admitted_at, random) else { break };
            if free_at > admitted_at {
                elsewhere.push((patient.person, free_at));
                continue;
            }
            act::stayed(area, patient, admitted_at, left_at, random, writer, into);
            break;
        }
        for (person, free_at) in elsewhere {
            area.release(&person, free_at);
        }
    }
}

/// Who lay in each open bed before, and in each taken one of the corridor, from the present backwards: from when, until when, where.
fn stays(area: &Area, from: i64, start: i64, random: &mut Random) -> Vec<(i64, i64, Place)> {
    let here: BTreeMap<Place, i64> = area.patients.iter().map(|patient| (patient.place, patient.admitted_at)).collect();
    let mut stays = Vec::new();
    for (at, ward) in area.wards.iter().enumerate() {
        let corridor = (ward.bed_count..ward.taken.len()).filter(|bed| ward.taken[*bed]);
        for bed in (0..ward.open_bed_count()).chain(corridor) {
            let place = (at, Some(bed));
            let gap_hours = if bed < ward.bed_count { GAP_HOURS } else { CORRIDOR_GAP_HOURS };
            let mut left_at = here.get(&place).copied().unwrap_or(start) - drawn(gap_hours, random);
            while left_at > from {
                let admitted_at = left_at - drawn(STAY_HOURS, random).max(STAY_MIN);
                let began = if admitted_at < from { from - random.between(0, HOUR) } else { admitted_at };
                stays.push((whole_second(began), whole_second(left_at), place));
                left_at = admitted_at - drawn(gap_hours, random);
            }
        }
    }
    stays
}

/// How long a patient of the present has been here.
pub(super) fn stayed_so_far(random: &mut Random) -> i64 {
    drawn(STAY_HOURS, random) + HOUR
}

/// A length of time with this mean, such that having waited says nothing of how long it still takes.
fn drawn(mean_hours: f64, random: &mut Random) -> i64 {
    let share = (1 + random.below(1_000_000)) as f64 / 1_000_000.0;
    (-share.ln() * mean_hours * HOUR as f64) as i64
}
