//! What was odd about a record that is used all the same.

use schemas::Finding;

use crate::rules::{Effect, PackageRule, Rule};

/// Findings of the record at hand.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What the next event carries.
    current: Vec<Finding<'static>>,
    /// All that was found in the record, for the metrics.
    found: Vec<Rule>,
}

/// A place in the list of findings to come back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

impl Findings {
    pub(crate) fn clear(&mut self) {
        self.current.clear();
        self.found.clear();
    }

    /// Notes a rule on a field. The same rule on the same field is noted once.
    pub(crate) fn add(&mut self, rule: Rule, field: &'static str) {
        let entry = rule.entry();
        debug_assert_eq!(entry.effect, Effect::Notes);
        if self.current.iter().any(|finding| finding.rule == entry.code && finding.field == field) {
            return;
        }
        self.found.push(rule);
        self.current.push(Finding { rule: entry.code, severity: entry.severity, field });
    }

    /// Notes a rule of a mapping package. The metrics count all of those as one.
    pub(crate) fn add_package(&mut self, rule: &'static PackageRule) {
        self.found.push(Rule::PackageRuleNoted);
        self.current.push(Finding { rule: rule.code, severity: rule.severity, field: rule.column });
    }

    /// Where the list stands: what is added later belongs to one event only.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.current.len())
    }

    /// Takes back to a mark, for the next event of the message.
    pub(crate) fn back_to(&mut self, mark: Mark) {
        self.current.truncate(mark.0);
    }

    /// Keeps only what was found about the message and about one segment; the rest is on another event.
    pub(crate) fn only(&mut self, segment: &str) {
        const MESSAGE: [&str; 2] = ["MSH", "EVN"];
        self.current.retain(|finding| {
            finding.field.starts_with(segment) || MESSAGE.iter().any(|name| finding.field.starts_with(name))
        });
    }

    /// The list as an event carries it; no allocation when nothing was found.
    pub(crate) fn list(&self) -> Vec<Finding<'static>> {
        self.current.clone()
    }

    /// All that was found in the record.
    pub(crate) fn found(&self) -> &[Rule] {
        &self.found
    }
}
