//! The difference between what is declared and what is there.

use std::collections::BTreeMap;

use topics::{Change, Existing, Topic, difference};

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Partitions, copies and settings of a topic.
type There = (i32, i32, &'static [(&'static str, &'static str)]);

/// Plans one topic of 2 partitions, 3 copies and `retention.ms=7`, against what is there; one line per step.
fn check(existing: Option<There>, expected: &[&str]) {
    let declared = Topic {
        name: "t".to_owned(),
        partitions: 2,
        replication_factor: 3,
        settings: settings(&[("retention.ms", "7")]),
    };
    let existing = existing.map(|(partitions, replication_factor, pairs)| {
        ("t".to_owned(), Existing { partitions, replication_factor, settings: settings(pairs) })
    });
    let plan = difference(&[declared], &existing.into_iter().collect());
    let steps = plan.changes.iter().map(ToString::to_string);
    let conflicts = plan.conflicts.iter().map(|conflict| format!("conflict {conflict}"));
    assert_eq!(steps.chain(conflicts).collect::<Vec<_>>(), expected);
}

#[test]
fn steps() {
    check(None, &["create t: 2 partitions, 3 copies, retention.ms=7"]);
    check(Some((2, 3, &[("retention.ms", "7")])), &[]);
    check(Some((2, 3, &[("retention.ms", "7"), ("by.hand", "1")])), &[]);
    check(Some((1, 3, &[("retention.ms", "7")])), &["grow t: 1 to 2 partitions"]);
    check(Some((2, 3, &[])), &["alter t: retention.ms unset to 7"]);
    check(Some((1, 3, &[("retention.ms", "6")])), &["grow t: 1 to 2 partitions", "alter t: retention.ms 6 to 7"]);
    check(
        Some((4, 3, &[("retention.ms", "7")])),
        &["conflict t has 4 partitions and 2 are declared; Kafka cannot take partitions away, declare 4 or more"],
    );
    check(
        Some((2, 1, &[("retention.ms", "7")])),
        &["conflict t has replication factor 1 and 3 is declared; move its replicas with kafka-reassign-partitions, \
         or declare 1"],
    );
}

#[test]
fn a_change_of_settings_keeps_what_was_set_by_hand() {
    let declared =
        Topic { name: "t".to_owned(), partitions: 1, replication_factor: 1, settings: settings(&[("a", "1")]) };
    let existing =
        Existing { partitions: 1, replication_factor: 1, settings: settings(&[("a", "0"), ("by.hand", "x")]) };
    let plan = difference(&[declared], &BTreeMap::from([("t".to_owned(), existing)]));
    let [Change::Alter { settings: after, .. }] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(*after, settings(&[("a", "1"), ("by.hand", "x")]));
}
