//! What the timeline found about one unit: a set, which the same events always make the same, with when each was seen.

use std::collections::BTreeMap;

use schemas::{Severity, Timestamp};
use timeline::{Finding, FindingRule};

use super::{LogKind, LogLine};
use crate::format;

/// Findings and when they came to be known. Bound: a finding is about an event that the ledger holds, see [`Found::retire`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    findings: BTreeMap<Finding, Timestamp>,
    counts: BTreeMap<FindingRule, u32>,
}

impl Found {
    pub(super) fn add(&mut self, finding: Finding, received: Timestamp) {
        let rule = finding.rule;
        if self.findings.insert(finding, received).is_none() {
            *self.counts.entry(rule).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, finding: &Finding) {
        if self.findings.remove(finding).is_some() {
            self.forget(finding.rule);
        }
    }

    /// Forgets what is older than `before`, unless it is still so by the caller's word.
    pub(super) fn retire(&mut self, before: Timestamp, still: impl Fn(&Finding) -> bool) {
        let gone: Vec<Finding> =
            self.findings.keys().filter(|finding| finding.at < before && !still(finding)).cloned().collect();
        for finding in &gone {
            self.remove(finding);
        }
    }

    fn forget(&mut self, rule: FindingRule) {
        if let Some(count) = self.counts.get_mut(&rule) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many findings there are of each rule that has any.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (FindingRule, u32)> {
        self.counts.iter().map(|(rule, count)| (*rule, *count)).filter(|(_, count)| *count > 0)
    }

    /// Warnings since `since` and those that are still so by the caller's word: how many, and the time of the first.
    pub(super) fn warnings(&self, since: Timestamp, still: impl Fn(&Finding) -> bool) -> (u32, Option<Timestamp>) {
        let counted = self
            .findings
            .keys()
            .filter(|finding| finding.rule.entry().severity != Severity::Info)
            .filter(|finding| finding.at >= since || still(finding));
        counted.fold((0, None), |(count, first), finding| {
            (count + 1, Some(first.map_or(finding.at, |first: Timestamp| first.min(finding.at))))
        })
    }

    /// Lines for the unit's log, one per rule and day: a rule that finds the same in every message must not push
    /// everything else out of the log.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        let mut lines: BTreeMap<(FindingRule, String), LogLine> = BTreeMap::new();
        for (finding, received) in &self.findings {
            let line = lines.entry((finding.rule, format::date(*received))).or_insert(LogLine {
                received: *received,
                valid: finding.at,
                kind: LogKind::Found,
                before: None,
                after: None,
                rule: Some(finding.rule),
                findings: Some(0),
            });
            line.received = line.received.max(*received);
            line.valid = line.valid.max(finding.at);
            line.findings = line.findings.map(|count| count + 1);
        }
        lines.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use schemas::content_hash;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn finding(rule: FindingRule, at: i64) -> Finding {
        Finding { event: (content_hash(&at.to_be_bytes()), 0), rule, episode: None, unit: None, at: Timestamp(at) }
    }

    #[test]
    fn only_warnings_warn_and_each_counts_once() {
        let mut found = Found::default();
        for at in [DAY, 2 * DAY, 3 * DAY] {
            found.add(finding(FindingRule::PriorPlaceDiffers, at), Timestamp(at));
            found.add(finding(FindingRule::CancellationUnmatched, at), Timestamp(at));
            found.add(finding(FindingRule::CancellationUnmatched, at), Timestamp(at + 1));
        }
        assert_eq!(found.warnings(Timestamp(2 * DAY), |_| false), (2, Some(Timestamp(2 * DAY))));
        assert_eq!(found.warnings(Timestamp(9 * DAY), |_| true), (3, Some(Timestamp(DAY))));
        assert_eq!(found.counts().map(|(_, count)| count).collect::<Vec<_>>(), [3, 3]);
        found.remove(&finding(FindingRule::CancellationUnmatched, DAY));
        found.remove(&finding(FindingRule::CancellationUnmatched, DAY));
        found.retire(Timestamp(3 * DAY), |finding| finding.rule == FindingRule::CancellationUnmatched);
        let counts: Vec<_> = found.counts().collect();
        assert_eq!(counts, [(FindingRule::CancellationUnmatched, 2), (FindingRule::PriorPlaceDiffers, 1)]);
    }

    #[test]
    fn a_rule_that_finds_the_same_all_day_is_one_line_a_day() {
        let mut found = Found::default();
        for n in 0..1000 {
            found.add(finding(FindingRule::PriorPlaceDiffers, n), Timestamp(n));
        }
        found.add(finding(FindingRule::CancellationUnmatched, 5), Timestamp(5));
        let lines = found.lines();
        assert_eq!(lines.len(), 2);
        let of = |rule| lines.iter().find(|line| line.rule == Some(rule)).unwrap();
        assert_eq!(of(FindingRule::PriorPlaceDiffers).findings, Some(1000));
        assert_eq!(of(FindingRule::PriorPlaceDiffers).received, Timestamp(999));
    }
}
