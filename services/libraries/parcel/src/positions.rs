//! How far the source topics had been read: what makes a parcel repeatable.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// The highest event of one partition of a source topic that had been applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Source topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Offset of the source record.
    pub offset: i64,
    /// Which of the record's events.
    pub ordinal: i32,
    /// The common events that it is the position of, in an extract of several subjects: each comes by its own topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// One position per partition, sorted: the same positions are the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Positions(pub Vec<Position>);

impl Positions {
    /// These as positions of one subject among several.
    #[must_use]
    pub fn named(mut self, subject: &str) -> Self {
        for position in &mut self.0 {
            position.subject = Some(subject.to_owned());
        }
        self
    }

    /// Those of one subject.
    #[must_use]
    pub fn of(&self, subject: &str) -> Self {
        let its = |position: &&Position| position.subject.as_deref().is_none_or(|name| name == subject);
        Self(self.0.iter().filter(its).cloned().collect())
    }

    /// The first position of `needed` that these have not reached.
    #[must_use]
    pub fn behind<'a>(&self, needed: &'a Self) -> Option<(&'a Position, Option<i64>)> {
        needed.0.iter().find_map(|needed| {
            let place = |position: &'_ Position| (position.topic.clone(), position.partition, position.subject.clone());
            let same = |found: &&Position| place(found) == place(needed);
            let found = self.0.iter().find(same);
            let reached = found.map(|found| (found.offset, found.ordinal)).cmp(&Some((needed.offset, needed.ordinal)));
            (reached == Ordering::Less).then(|| (needed, found.map(|found| found.offset)))
        })
    }

    /// As four columns, for `unnest`.
    #[must_use]
    pub fn columns(&self) -> (Vec<&str>, Vec<i32>, Vec<i64>, Vec<i32>) {
        (
            self.0.iter().map(|position| position.topic.as_str()).collect(),
            self.0.iter().map(|position| position.partition).collect(),
            self.0.iter().map(|position| position.offset).collect(),
            self.0.iter().map(|position| position.ordinal).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Positions};

    fn at(partition: i32, offset: i64, ordinal: i32) -> Position {
        Position { topic: "region.14.source.waiting-times".to_owned(), partition, offset, ordinal, subject: None }
    }

    #[test]
    fn what_is_behind_is_found_by_offset_then_ordinal() {
        let check = |found: &[Position], needed: Position, behind: bool| {
            let needed = Positions(vec![needed]);
            assert_eq!(Positions(found.to_vec()).behind(&needed).is_some(), behind, "{found:?} {needed:?}");
        };
        check(&[at(0, 5, 0)], at(0, 5, 0), false);
        check(&[at(0, 5, 1)], at(0, 5, 0), false);
        check(&[at(0, 5, 0)], at(0, 5, 1), true);
        check(&[at(0, 5, 9)], at(0, 6, 0), true);
        check(&[at(1, 9, 0)], at(0, 0, 0), true);
        check(&[], at(0, 0, 0), true);
    }
}
