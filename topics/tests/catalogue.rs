//! The catalogue keeps its rules and covers exactly what the schema registry serves.

use std::collections::BTreeSet;

use schemas::registry::{server, subject};
use topics::{Catalogue, Region, breaches};

#[test]
fn ours_keeps_every_rule() {
    assert_eq!(breaches(&Catalogue::load()), []);
}

#[test]
fn it_declares_the_topics_that_the_registry_lists() {
    let regions: Vec<_> = Region::all().collect();
    let declared: BTreeSet<_> =
        Catalogue::load().topics(&regions, None, None).into_iter().map(|topic| subject(&topic.name)).collect();
    assert_eq!(declared, server::subjects().into_iter().collect());
}

#[test]
fn it_can_be_read_at_once() {
    let lines = include_str!("../catalogue.toml").lines().count();
    let catalogue = Catalogue::load();
    let (topics, services) = (catalogue.declarations.len(), catalogue.services().len());
    assert!(lines <= 10 * topics + 2 * services, "{lines} lines for {topics} topics and {services} services");
}

#[test]
fn settings_follow_from_the_declaration() {
    let region = "14".parse().expect("a lanskod");
    let topics = Catalogue::load().topics(&[region], Some(5), None);
    let check = |name: &str, expected: [&str; 4]| {
        let topic = topics.iter().find(|topic| topic.name == name).expect("declared");
        let settings: Vec<_> = topic.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!((topic.partitions, topic.replication_factor), (5, 3));
        assert_eq!(settings, expected);
    };
    check(
        "region.14.source.adt",
        ["cleanup.policy=delete", "min.insync.replicas=2", "retention.ms=604800000", "segment.ms=86400000"],
    );
    check(
        "region.14.protected",
        ["cleanup.policy=compact", "min.insync.replicas=2", "retention.ms=-1", "segment.ms=86400000"],
    );
    for (copies, in_sync) in [(1, "1"), (2, "1"), (3, "2"), (5, "2")] {
        let topics = Catalogue::load().topics(&[region], None, Some(copies));
        assert!(topics.iter().all(|topic| topic.settings["min.insync.replicas"] == in_sync), "{copies} copies");
    }
}
