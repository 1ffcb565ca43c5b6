//! Where a contact belongs by SKR's published rules: its step, from when its clock runs, and whether it is in the statistics.
//!
//! | rule | word |
//! |---|---|
//! | first visit (phase 1) and operation or treatment (phase 2) are shown apart | read, skr.se 2026 |
//! | who was offered a contact within the limit and chose to wait longer is left out of the statistics | read, skr.se 2026 |
//! | a first visit's clock starts when the referral is issued or the contact sought, a treatment's at the decision | read, skr.se 2026 |
//! | day 90 is within the guarantee | read, skr.se 2026 |
//! | whole calendar days by Swedish clocks, for who waits to the last day of the month | the pilots' reading |
//! | the referral's date is the start of a first visit; where none is stated, the stated decision, which the information model has for "the decision to seek care" in phase 1 | ours |
//! | a medically caused wait is outside the denominator as a whole while it goes on, and inside once it has ended | the pilots' reading; whether its time or the whole contact is taken off is not verified |
//! | other phases (examination, return visit, emergency) are of no step and set aside | ours |

use schemas::{Deviation, Wait, WaitStatus};
use swedish_time::{Calendar, Day};

use parcel::Month;

use super::statement::{Reason, WAIT_DAYS_MAX};

/// A step of the care guarantee in specialised care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    FirstVisit,
    /// Operation or åtgärd.
    Treatment,
}

/// Whether a contact is waited for or has taken place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Waiting,
    Completed,
}

impl Step {
    /// In the order of the patient's way.
    pub(super) const ALL: [Step; 2] = [Step::FirstVisit, Step::Treatment];

    pub(super) fn name(self) -> &'static str {
        match self {
            Step::FirstVisit => "first_visit",
            Step::Treatment => "treatment",
        }
    }

    /// Of the phase (fas) of SKR's information model.
    fn of_phase(phase: Option<&str>) -> Result<Step, Reason> {
        match phase.map(str::trim) {
            Some("1") => Ok(Step::FirstVisit),
            Some("2") => Ok(Step::Treatment),
            Some("3" | "4" | "5") => Err(Reason::PhaseOther),
            _ => Err(Reason::PhaseUnknown),
        }
    }
}

impl Status {
    /// What fulfilment is measured with in specialised care comes first.
    pub(super) const ALL: [Status; 2] = [Status::Waiting, Status::Completed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Completed => "completed",
        }
    }
}

/// A contact of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepContact {
    pub(super) status: Status,
    pub(super) step: Step,
    /// From the step's start to the contact, or to the last day of the period while waiting; never negative.
    pub(super) wait_days: Day,
    /// Left out of the statistics, and counted apart.
    pub(super) patient_chosen: bool,
    pub(super) medically_caused: bool,
    /// Whether it is in the denominator of the care guarantee.
    pub(super) guaranteed: bool,
    /// A first visit whose clock starts at the stated decision.
    pub(super) without_referral: bool,
    /// Whole years: the local year of the contact, or of the period, less the year of birth, as SKR counts age.
    pub(super) age_years: Option<i32>,
}

/// Decides. The statement must be of the period.
pub(super) fn place(wait: &Wait<'_>, period: Month, calendar: &mut Calendar) -> Result<StepContact, Reason> {
    let status = match wait.status {
        WaitStatus::Completed => Status::Completed,
        WaitStatus::Waiting => Status::Waiting,
        WaitStatus::Unknown => return Err(Reason::StatusUnknown),
    };
    let [without_times, negative, implausible] = match status {
        Status::Completed => [Reason::CompletedWithoutTimes, Reason::CompletedNegative, Reason::CompletedImplausible],
        Status::Waiting => [Reason::WaitingWithoutDecision, Reason::WaitingNegative, Reason::WaitingImplausible],
    };
    let step = Step::of_phase(wait.phase)?;
    let referral = wait.referral_at.filter(|_| step == Step::FirstVisit);
    let begun = referral.or(wait.decided_at).ok_or(without_times)?;
    let (end, year) = match status {
        Status::Completed => {
            let started_at = wait.started_at.ok_or(without_times)?.0;
            (calendar.day(started_at), calendar.local(started_at).year())
        }
        Status::Waiting => (swedish_time::day_of(period.last_day()), period.last_day().year()),
    };
    let wait_days = end - calendar.day(begun.0);
    if wait_days < 0 {
        return Err(negative);
    }
    if wait_days > WAIT_DAYS_MAX {
        return Err(implausible);
    }
    let patient_chosen = wait.deviation == Some(Deviation::Pvv);
    let medically_caused = wait.deviation == Some(Deviation::Mov);
    let excluded = patient_chosen || (medically_caused && status == Status::Waiting);
    Ok(StepContact {
        status,
        step,
        wait_days,
        patient_chosen,
        medically_caused,
        guaranteed: wait.guarantee == Some(true) && !excluded,
        without_referral: step == Step::FirstVisit && referral.is_none(),
        age_years: wait.birth_year.map(|birth_year| i32::from(year) - birth_year),
    })
}
