//! Who has opted out of secondary use (Regulation (EU) 2025/327, article 71): what was permitted before the opt-out stays
//! permitted, what is approved while it holds leaves the person out.

use jiff::Timestamp;

/// A time in which a person has opted out; it is reversible, so there may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptOut {
    /// From when.
    pub from: Timestamp,
    /// Until when, where the person has taken it back.
    pub until: Option<Timestamp>,
}

/// Whether a person of the population is in what a region delivers under an approval: no opt-out held when the region
/// approved, or a law says that opt-outs do not count.
#[must_use]
pub fn is_included(opt_outs: &[OptOut], approved: Timestamp, is_overridden: bool) -> bool {
    let holds = |out: &OptOut| out.from <= approved && out.until.is_none_or(|until| approved < until);
    is_overridden || !opt_outs.iter().any(holds)
}
