//! Control totals: what became of every statement, so that a delivery can be added up by whoever receives it.

use std::collections::BTreeMap;

use schemas::Wait;

use super::statement::{Fate, Reason};

/// Counts while statements come in.
#[derive(Debug, Default)]
pub(super) struct Totals {
    completed: i64,
    waiting: i64,
    set_aside: [i64; Reason::ALL.len()],
    other_period: i64,
    without_period: i64,
    /// Statements of the period by the rule of a finding that they carry.
    findings: BTreeMap<Box<str>, i64>,
}

impl Totals {
    /// A statement that is not of the period: outside `statements`.
    pub(super) fn of_another_period(&mut self, wait: &Wait<'_>) {
        match wait.period {
            Some(_) => self.other_period += 1,
            None => self.without_period += 1,
        }
    }

    /// A statement of the period.
    pub(super) fn add(&mut self, wait: &Wait<'_>, fate: &Fate) {
        match fate {
            Fate::Completed(_) => self.completed += 1,
            Fate::Waiting(_) => self.waiting += 1,
            Fate::SetAside(reason) => self.set_aside[*reason as usize] += 1,
        }
        let quality = &wait.envelope.quality;
        for (index, finding) in quality.iter().enumerate() {
            // The same rule can find two fields; it is one statement all the same.
            if quality[..index].iter().all(|earlier| earlier.rule != finding.rule) {
                *super::hospital::of(&mut self.findings, finding.rule) += 1;
            }
        }
    }

    /// Statements that were set aside for a reason.
    pub(super) fn set_aside(&self, reason: Reason) -> i64 {
        self.set_aside[reason as usize]
    }

    /// Statements per rule, sorted by rule.
    pub(super) fn findings(&self) -> impl Iterator<Item = (&str, i64)> {
        self.findings.iter().map(|(rule, statements)| (&**rule, *statements))
    }

    /// All counts but the findings' by name. `statements` = `completed` + `waiting` + every reason.
    pub(super) fn numbers(&self) -> BTreeMap<String, i64> {
        let set_aside: i64 = self.set_aside.iter().sum();
        let named = [
            ("statements", self.completed + self.waiting + set_aside),
            ("completed", self.completed),
            ("waiting", self.waiting),
            ("other_period", self.other_period),
            ("without_period", self.without_period),
        ];
        let reasons = Reason::ALL.map(|reason| (reason.name(), self.set_aside(reason)));
        named.into_iter().chain(reasons).map(|(name, number)| (name.to_owned(), number)).collect()
    }
}
