//! The key figures of one group of contacts.

use super::{
    days::Days,
    interval::INTERVALS,
    number::{one_decimal, or_empty, whole_or_half},
    silence::{Says, Size},
    statement::Measured,
};

/// Days that the care guarantee allows from decision to start.
pub(super) const GUARANTEE_DAYS: i32 = 90;

/// Everything that a group's figures are made of.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Decision to start, over all contacts.
    pub(super) wait: Days,
    /// The same over the denominator of the care guarantee only.
    pub(super) guaranteed: Days,
    /// Over the contacts that have a referral date.
    pub(super) referral_to_operation: Days,
    /// Over the contacts that have a referral date.
    pub(super) referral_to_decision: Days,
}

/// Columns of [`Figures::cells`].
pub(super) const COLUMNS: [&str; 8] = [
    "completed",
    "guarantee_denominator",
    "within_90_days",
    "share_percent",
    "median_wait",
    "mean_wait",
    "median_referral_to_operation",
    "median_referral_to_decision",
];

impl Figures {
    pub(super) fn add(&mut self, measured: &Measured) {
        self.wait.add(measured.wait_days);
        if measured.guaranteed {
            self.guaranteed.add(measured.wait_days);
        }
        if let Some(days) = measured.referral_to_operation_days {
            self.referral_to_operation.add(days);
        }
        if let Some(days) = measured.referral_to_decision_days {
            self.referral_to_decision.add(days);
        }
    }

    /// All contacts of another group.
    pub(super) fn merge(&mut self, other: &Figures) {
        self.wait.merge(&other.wait);
        self.guaranteed.merge(&other.guaranteed);
        self.referral_to_operation.merge(&other.referral_to_operation);
        self.referral_to_decision.merge(&other.referral_to_decision);
    }

    /// Of the denominator, those within the guarantee.
    pub(super) fn within_guarantee(&self) -> u64 {
        self.guaranteed.within(0..=GUARANTEE_DAYS)
    }

    pub(super) fn share(&self) -> Option<f64> {
        share(self.within_guarantee(), self.guaranteed.count())
    }

    /// How many are behind it.
    pub(super) fn size(&self) -> Size {
        let contacts = self.wait.count();
        Size { contacts, persons: contacts, guaranteed: self.guaranteed.count() }
    }

    /// The figures in the order of [`COLUMNS`]; empty what is not said, and a median of fewer than the limit.
    pub(super) fn cells(&self, says: Says, limit: u32) -> [String; 8] {
        let (of, within) = (self.guaranteed.count(), self.within_guarantee());
        let said = |is_said: bool, text: String| if is_said { text } else { String::new() };
        let median = |days: &Days| said(says.counts, or_empty(days.median_of(limit), whole_or_half));
        [
            said(says.counts, self.wait.count().to_string()),
            said(says.guarantee, of.to_string()),
            said(says.guarantee, within.to_string()),
            said(says.guarantee, or_empty(self.share(), one_decimal)),
            median(&self.wait),
            said(says.counts, or_empty(self.wait.mean(), one_decimal)),
            median(&self.referral_to_operation),
            median(&self.referral_to_decision),
        ]
    }

    /// Contacts per interval of the wait, in the order of [`INTERVALS`].
    pub(super) fn interval_cells(&self, says: Says) -> [String; 6] {
        INTERVALS.map(
            |interval| {
                if says.counts { self.wait.within(interval.days()).to_string() } else { String::new() }
            },
        )
    }
}

/// A share in percent; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}
