//! What happens in a region: one act, one message, and the truth of the region kept in step with it.
//!
//! Every act holds to what a sender may say by the rules of the timeline, so that the truth is what any right reader of the
//! whole set of messages finds: events of one episode have distinct times, a cancellation names a time and place that
//! exist, and where a dialect has no EVN-6 nothing is cancelled that could be confused with something else.

mod arrival;
mod correction;
mod movement;
mod notice;
mod told;

use super::Sent;
use super::country::{Area, Patient};
use super::dialect::Dialect;
use super::random::Random;
use super::write::Writer;

pub(super) use arrival::{came_through_department, past, patient_of, stayed};

/// Tries to find an act that is possible now, before somebody's address changes instead.
const TRIES_MAX: usize = 40;

type Act = fn(&mut Area, i64, &mut Random, &mut Writer) -> Option<Sent>;

/// How often a region that is crowded or empty by [`slack`] or more discharges or admits before anything else, in a hundred.
const LEANING_PERCENT: u64 = 35;

/// Each act and how often it is tried, beside the others. Who comes to a bed (admitted directly, from the department, as planned, or
/// because a discharge was cancelled) and who leaves one are as many: what is left is chance, and that is leant against.
const ACTS: [(Act, u64); 26] = [
    (arrival::admit, 190),
    (arrival::arrive, 100),
    (arrival::admit_arrived, 55),
    (movement::send_home, 45),
    (movement::transfer, 150),
    (movement::discharge, 255),
    (notice::update, 80),
    (notice::update_person, 40),
    (notice::add_person, 5),
    (correction::cancel_admission, 8),
    (correction::cancel_transfer, 12),
    (correction::cancel_discharge, 10),
    (movement::go_on_leave, 10),
    (movement::come_back, 10),
    (arrival::plan, 14),
    (arrival::admit_planned, 10),
    (correction::cancel_plan, 3),
    (notice::announce_transfer, 12),
    (notice::announce_discharge, 14),
    (notice::withdraw_announcement, 6),
    (movement::swap, 6),
    (notice::clean_bed, 20),
    (correction::identify, 8),
    (correction::renumber_visit, 3),
    (correction::delete, 2),
    (movement::change_class, 3),
];

/// The next thing that happens.
pub(super) fn next(area: &mut Area, at: i64, random: &mut Random, writer: &mut Writer) -> Sent {
    // The country breathes: crowded wards discharge, empty ones admit.
    let crowding = area.crowding();
    let leaning: Act = if crowding < 0 { arrival::admit } else { movement::discharge };
    // The further from what the country tends to, the stronger.
    let percent = (crowding.unsigned_abs() * LEANING_PERCENT / slack(area)).min(LEANING_PERCENT);
    if random.percent(percent)
        && let Some(sent) = leaning(area, at, random, writer)
    {
        return sent;
    }
    let total: u64 = ACTS.iter().map(|(_, weight)| weight).sum();
    for _ in 0..TRIES_MAX {
        let mut drawn = random.below(total);
        for (act, weight) in ACTS {
            if drawn < weight {
                if let Some(sent) = act(area, at, random, writer) {
                    return sent;
                }
                break;
            }
            drawn -= weight;
        }
    }
    notice::add_person(area, at, random, writer).unwrap_or_else(|| notice::clean_any_bed(area, at, random, writer))
}

/// So many patients more or less than usual are as far off as a region gets.
fn slack(area: &Area) -> u64 {
    (area.bed_count() as u64 / 60).max(2)
}

/// A patient who may be moved or go.
pub(super) fn in_bed(area: &Area, random: &mut Random) -> Option<usize> {
    find(area, random, |_, _| true)
}

/// A patient in a bed, not on leave, for whom `fits` holds; looks at a few.
pub(super) fn find(area: &Area, random: &mut Random, fits: impl Fn(&Patient, &Dialect) -> bool) -> Option<usize> {
    let first = random.pick_index(area.patients.len())?;
    (0..area.patients.len().min(200)).map(|step| (first + step) % area.patients.len()).find(|index| {
        let patient = &area.patients[*index];
        !patient.on_leave && fits(patient, area.dialect(patient.place.0))
    })
}
