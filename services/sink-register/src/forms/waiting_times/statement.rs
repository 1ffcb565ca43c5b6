//! What becomes of one statement in the pilots' figures, and why a statement can be in no figure at all.

use schemas::{Deviation, Wait, WaitStatus};
use swedish_time::{Calendar, Day};

use parcel::Month;

/// The one fate of a statement of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Completed(Contact),
    Waiting(Measured),
    SetAside(Reason),
}

/// A contact that took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contact {
    pub(super) measured: Measured,
    /// Whole years: the local year of the start less the year of birth, as SKR counts age.
    pub(super) age_years: Option<i32>,
}

/// The intervals of one contact, in calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measured {
    /// Decision to start, or to the last day of the period while waiting; never negative.
    pub(super) wait_days: Day,
    /// Whether the contact is in the denominator of the care guarantee.
    pub(super) guaranteed: bool,
    /// Referral to start. Negative values are kept: some systems record the decision before the referral.
    pub(super) referral_to_operation_days: Option<Day>,
    /// Referral to decision; negative values are kept.
    pub(super) referral_to_decision_days: Option<Day>,
}

/// Why a statement is in no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Completed, but decision or start is missing.
    CompletedWithoutTimes,
    /// Completed before it was decided.
    CompletedNegative,
    /// Waiting since nobody says when.
    WaitingWithoutDecision,
    /// Waiting from a day after the period.
    WaitingNegative,
    StatusUnknown,
    /// Completed after more days than anybody waits: one of the dates stands for something else.
    CompletedImplausible,
    /// Waiting for more days than anybody does.
    WaitingImplausible,
    /// Of a phase that is no step of the care guarantee: examination, return visit, emergency.
    PhaseOther,
    /// Of no phase that SKR's information model knows.
    PhaseUnknown,
    /// The patient chose to wait longer than was offered: left out of the statistics.
    PatientChosen,
}

/// The longest wait that is one, in days: forty years. A longer one is a mistyped year, or a date as 9999-12-31 that stands
/// for "open"; one of them makes a mean of thousands of years.
pub(super) const WAIT_DAYS_MAX: Day = 14_610;

impl Reason {
    /// Those of the figures by step; totals and the quality file name each, also at zero.
    pub(super) const OF_STEPS: [Reason; 10] = [
        Reason::CompletedWithoutTimes,
        Reason::CompletedNegative,
        Reason::WaitingWithoutDecision,
        Reason::WaitingNegative,
        Reason::StatusUnknown,
        Reason::CompletedImplausible,
        Reason::WaitingImplausible,
        Reason::PhaseOther,
        Reason::PhaseUnknown,
        Reason::PatientChosen,
    ];

    /// Those of the pilots' figures, which know no step.
    pub(super) const OF_PILOTS: [Reason; 7] = [
        Reason::CompletedWithoutTimes,
        Reason::CompletedNegative,
        Reason::WaitingWithoutDecision,
        Reason::WaitingNegative,
        Reason::StatusUnknown,
        Reason::CompletedImplausible,
        Reason::WaitingImplausible,
    ];

    /// Its name in totals and files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Reason::CompletedWithoutTimes => "completed_without_times",
            Reason::CompletedNegative => "completed_negative",
            Reason::WaitingWithoutDecision => "waiting_without_decision",
            Reason::WaitingNegative => "waiting_negative",
            Reason::StatusUnknown => "status_unknown",
            Reason::CompletedImplausible => "completed_implausible",
            Reason::WaitingImplausible => "waiting_implausible",
            Reason::PhaseOther => "phase_other",
            Reason::PhaseUnknown => "phase_unknown",
            Reason::PatientChosen => "patient_chosen",
        }
    }
}

/// Decides. The statement must be of the period.
pub(super) fn fate(wait: &Wait<'_>, period: Month, calendar: &mut Calendar) -> Fate {
    match wait.status {
        WaitStatus::Completed => completed(wait, calendar),
        WaitStatus::Waiting => waiting(wait, period, calendar),
        WaitStatus::Unknown => Fate::SetAside(Reason::StatusUnknown),
    }
}

fn completed(wait: &Wait<'_>, calendar: &mut Calendar) -> Fate {
    let (Some(decided_at), Some(started_at)) = (wait.decided_at, wait.started_at) else {
        return Fate::SetAside(Reason::CompletedWithoutTimes);
    };
    let (decided, started) = (calendar.day(decided_at.0), calendar.day(started_at.0));
    if started < decided {
        return Fate::SetAside(Reason::CompletedNegative);
    }
    if started - decided > WAIT_DAYS_MAX {
        return Fate::SetAside(Reason::CompletedImplausible);
    }
    let referral = wait.referral_at.map(|referral_at| calendar.day(referral_at.0));
    let measured = Measured {
        wait_days: started - decided,
        // Medically caused and co-operation waits count against the guarantee once they have ended; chosen ones do not.
        guaranteed: wait.guarantee == Some(true) && wait.deviation != Some(Deviation::Pvv),
        referral_to_operation_days: referral.map(|referral| started - referral),
        referral_to_decision_days: referral.map(|referral| decided - referral),
    };
    let year = i32::from(calendar.local(started_at.0).year());
    Fate::Completed(Contact { measured, age_years: wait.birth_year.map(|birth_year| year - birth_year) })
}

fn waiting(wait: &Wait<'_>, period: Month, calendar: &mut Calendar) -> Fate {
    let Some(decided_at) = wait.decided_at else {
        return Fate::SetAside(Reason::WaitingWithoutDecision);
    };
    let wait_days = swedish_time::day_of(period.last_day()) - calendar.day(decided_at.0);
    if wait_days < 0 {
        return Fate::SetAside(Reason::WaitingNegative);
    }
    if wait_days > WAIT_DAYS_MAX {
        return Fate::SetAside(Reason::WaitingImplausible);
    }
    // While somebody waits, medically caused waits are left out as well.
    let excluded = matches!(wait.deviation, Some(Deviation::Pvv | Deviation::Mov));
    Fate::Waiting(Measured {
        wait_days,
        guaranteed: wait.guarantee == Some(true) && !excluded,
        referral_to_operation_days: None,
        referral_to_decision_days: None,
    })
}
