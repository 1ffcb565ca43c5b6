//! Findings of the timeline as rows, and what a change of them means for the counts. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::stored::storable;
use timeline::{EventId, Finding};
use uuid::Uuid;

use crate::batch::{FindingKey, day_of, severity_name};
use crate::time::Time;

/// What the counts call the timeline beside the subjects of events.
pub(crate) const SUBJECT: &str = "timeline";

/// A row of `episode_finding`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FindingRow {
    pub(crate) event_id: Uuid,
    pub(crate) rule: String,
    pub(crate) number: i32,
    pub(crate) severity: String,
    pub(crate) source_system: Option<String>,
    pub(crate) episode_id: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) at: Time,
}

impl FindingRow {
    /// What the row is counted under.
    fn key(&self) -> FindingKey {
        let severity = [schemas::Severity::Info, schemas::Severity::Warning, schemas::Severity::Error]
            .map(severity_name)
            .into_iter()
            .find(|name| *name == self.severity)
            .unwrap_or_else(|| severity_name(schemas::Severity::Warning));
        (SUBJECT, self.rule.clone(), severity, day_of(schemas::Timestamp(self.at.0)))
    }
}

/// Rows of findings, numbered from 1 within their event and rule. `ids` names the stored event of each event.
pub(crate) fn rows(mut findings: Vec<Finding>, ids: &HashMap<EventId, Uuid>) -> Vec<FindingRow> {
    findings.sort_unstable();
    findings.dedup();
    let mut numbers: HashMap<(Uuid, &str), i32> = HashMap::new();
    let mut rows = Vec::with_capacity(findings.len());
    for finding in &findings {
        // A finding is about one of the events that the timeline was made from.
        let Some(event_id) = ids.get(&finding.event) else { continue };
        let entry = finding.rule.entry();
        let number = numbers.entry((*event_id, entry.code)).or_default();
        *number += 1;
        let owned = |text: &str| storable(text).into_owned();
        rows.push(FindingRow {
            event_id: *event_id,
            rule: owned(entry.code),
            number: *number,
            severity: severity_name(entry.severity).to_owned(),
            source_system: finding.episode.as_ref().map(|key| owned(&key.source_system)),
            episode_id: finding.episode.as_ref().map(|key| owned(&key.episode)),
            unit: finding.unit.as_deref().map(owned),
            at: finding.at.into(),
        });
    }
    rows
}

/// What differs between the rows there are and the rows there should be.
pub(crate) fn difference(held: Vec<FindingRow>, wanted: Vec<FindingRow>) -> (Vec<FindingRow>, Vec<FindingRow>) {
    let held: HashSet<FindingRow> = held.into_iter().collect();
    let wanted: HashSet<FindingRow> = wanted.into_iter().collect();
    let removed = held.difference(&wanted).cloned().collect();
    let added = wanted.difference(&held).cloned().collect();
    (removed, added)
}

/// How the counts of findings change; what cancels out is left out.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<FindingKey, i64>);

impl Counts {
    /// Takes rows out of the counts and into them.
    pub(crate) fn count(&mut self, removed: &[FindingRow], added: &[FindingRow]) {
        for (rows, sign) in [(removed, -1), (added, 1)] {
            for row in rows {
                *self.0.entry(row.key()).or_default() += sign;
            }
        }
    }

    /// By key; never zero.
    pub(crate) fn changes(&self) -> BTreeMap<&FindingKey, i64> {
        self.0.iter().filter(|(_, change)| **change != 0).map(|(key, change)| (key, *change)).collect()
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Timestamp, content_hash};
    use timeline::FindingRule;

    use super::*;

    #[test]
    fn a_rule_twice_on_an_event_has_two_rows_and_counts_cancel_out() {
        let event = (content_hash(b"x"), 0);
        let ids = HashMap::from([(event, Uuid::from_u128(7))]);
        let finding = |unit: &str| Finding {
            event,
            rule: FindingRule::PersonInTwoPlaces,
            episode: None,
            unit: Some(unit.into()),
            at: Timestamp(86_400_000_000),
        };
        let rows = rows(vec![finding("B"), finding("A"), finding("B")], &ids);
        let shown: Vec<_> = rows.iter().map(|row| (row.number, row.unit.as_deref())).collect();
        assert_eq!(shown, [(1, Some("A")), (2, Some("B"))]);
        let (removed, added) = difference(rows[..1].to_vec(), rows.clone());
        assert_eq!((removed.len(), added.len()), (0, 1));
        let mut counts = Counts::default();
        counts.count(&[], &added);
        let key = (SUBJECT, "person-in-two-places".to_owned(), "WARNING", 1);
        assert_eq!(counts.changes(), BTreeMap::from([(&key, 1)]));
        counts.count(&added, &[]);
        assert!(counts.changes().is_empty());
    }
}
