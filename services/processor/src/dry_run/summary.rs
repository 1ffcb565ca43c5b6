//! What a dry run found, for people.

use std::collections::BTreeMap;
use std::fmt;

use runtime::fate::FateCounts;
use schemas::ParkedFate;
use timeline::FindingRule;

use crate::pipeline::Outcome;
use crate::rules::Rule;

/// Counts of a whole file.
#[derive(Debug, Default)]
pub struct Summary {
    fates: FateCounts,
    rejected: BTreeMap<Rule, u64>,
    ignored: BTreeMap<Rule, u64>,
    found: BTreeMap<Rule, u64>,
    timeline: BTreeMap<FindingRule, u64>,
}

impl Summary {
    pub(super) fn add(&mut self, outcome: &Outcome, found: &[Rule]) {
        self.fates.add(outcome.fate());
        match outcome {
            Outcome::Mapped(_) => {
                for rule in found {
                    *self.found.entry(*rule).or_default() += 1;
                }
            }
            Outcome::Ignored(rule) => *self.ignored.entry(*rule).or_default() += 1,
            Outcome::Rejected(rejection) => *self.rejected.entry(rejection.rule).or_default() += 1,
        }
    }

    pub(super) fn add_timeline(&mut self, findings: &[timeline::Finding]) {
        for finding in findings {
            *self.timeline.entry(finding.rule).or_default() += 1;
        }
    }

    /// How many messages there were.
    pub fn messages(&self) -> u64 {
        self.fates.consumed()
    }

    /// How many of them could be read.
    pub fn read(&self) -> u64 {
        let unreadable: u64 = self
            .rejected
            .iter()
            .filter(|(rule, _)| matches!(rule.entry().effect, crate::rules::Effect::Parks))
            .map(|(_, count)| count)
            .sum();
        self.messages() - unreadable
    }

    /// How many rows lack a column that their package requires.
    pub(super) fn without_column(&self) -> u64 {
        self.rejected.get(&Rule::ColumnMissing).copied().unwrap_or_default()
    }

    /// Counts by fate.
    pub fn fates(&self) -> FateCounts {
        self.fates.clone()
    }

    /// How many messages met this fate of the parked topic.
    pub fn rejected(&self, fate: ParkedFate) -> u64 {
        match fate {
            ParkedFate::Refused => self.fates.refused,
            ParkedFate::Parked => self.fates.parked,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FateCounts { mapped, ignored, refused, parked, events, .. } = self.fates;
        writeln!(
            formatter,
            "{} messages: {mapped} mapped to {events} events, {ignored} ignored, {refused} refused, {parked} parked",
            self.messages()
        )?;
        for (title, rules) in [("rejected", &self.rejected), ("ignored", &self.ignored), ("found", &self.found)] {
            for (rule, count) in rules {
                writeln!(formatter, "  {count:>7} {title}  {:<26} {}", rule.code(), rule.entry().meaning.en)?;
            }
        }
        for (rule, count) in &self.timeline {
            writeln!(formatter, "  {count:>7} timeline  {:<26} {}", rule.code(), rule.entry().meaning.en)?;
        }
        let said = [&self.rejected, &self.ignored, &self.found].iter().any(|rules| !rules.is_empty());
        if said || !self.timeline.is_empty() {
            writeln!(formatter, "`processor explain CODE` says what to do about each")?;
        }
        Ok(())
    }
}
