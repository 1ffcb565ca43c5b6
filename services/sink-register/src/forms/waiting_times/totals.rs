//! Control totals: what became of every statement, so that a delivery can be added up by whoever receives it.

use std::collections::BTreeMap;

use schemas::Wait;

use super::statement::Reason;

/// What a statement of the period counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Completed,
    Waiting,
    SetAside(Reason),
}

/// Counts while statements come in.
#[derive(Debug)]
pub(super) struct Totals {
    /// The reasons that are named, also at zero.
    reasons: &'static [Reason],
    completed: i64,
    waiting: i64,
    set_aside: BTreeMap<Reason, i64>,
    other_period: i64,
    without_period: i64,
    /// Statements of the period by the rule of a finding that they carry.
    findings: BTreeMap<Box<str>, i64>,
}

impl Totals {
    /// Of nothing yet, with these reasons.
    pub(super) fn new(reasons: &'static [Reason]) -> Totals {
        Totals {
            reasons,
            completed: 0,
            waiting: 0,
            set_aside: BTreeMap::new(),
            other_period: 0,
            without_period: 0,
            findings: BTreeMap::new(),
        }
    }

    /// A statement that is not of the period: outside `statements`.
    pub(super) fn of_another_period(&mut self, wait: &Wait<'_>) {
        match wait.period {
            Some(_) => self.other_period += 1,
            None => self.without_period += 1,
        }
    }

    /// A statement of the period.
    pub(super) fn add(&mut self, wait: &Wait<'_>, counted: Counted) {
        match counted {
            Counted::Completed => self.completed += 1,
            Counted::Waiting => self.waiting += 1,
            Counted::SetAside(reason) => *self.set_aside.entry(reason).or_default() += 1,
        }
        let quality = &wait.envelope.quality;
        for (index, finding) in quality.iter().enumerate() {
            // The same rule can find two fields; it is one statement all the same.
            if quality[..index].iter().all(|earlier| earlier.rule != finding.rule) {
                *super::hospital::of(&mut self.findings, finding.rule) += 1;
            }
        }
    }

    /// Statements that were set aside, by the reason's name, unsorted.
    pub(super) fn set_aside(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.reasons.iter().map(|reason| (reason.name(), self.set_aside.get(reason).copied().unwrap_or_default()))
    }

    /// Statements per rule, sorted by rule.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&str, i64)> {
        self.findings.iter().map(|(rule, statements)| (&**rule, *statements))
    }

    /// All counts but the findings' by name. `statements` = `completed` + `waiting` + every reason.
    pub(super) fn numbers(&self) -> BTreeMap<String, i64> {
        let set_aside: i64 = self.set_aside.values().sum();
        let named = [
            ("statements", self.completed + self.waiting + set_aside),
            ("completed", self.completed),
            ("waiting", self.waiting),
            ("other_period", self.other_period),
            ("without_period", self.without_period),
        ];
        named.into_iter().chain(self.set_aside()).map(|(name, number)| (name.to_owned(), number)).collect()
    }
}
