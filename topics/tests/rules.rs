//! Each rule is broken once, and says so.

use topics::{Catalogue, breaches};

/// Changes the catalogue's text, and expects exactly these breaches, by topic and a part of their words.
fn check(from: &str, to: &str, expected: &[(&str, &str)]) {
    let text = include_str!("../catalogue.toml");
    assert!(text.contains(from), "the catalogue has no {from:?} to break");
    let found = breaches(&Catalogue::parse(&text.replacen(from, to, 1)).expect("still a catalogue"));
    let matches = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(breach, (topic, what))| breach.topic == *topic && breach.what.contains(what));
    assert!(matches, "{from:?} to {to:?} gave {found:#?}");
}

const ADT: &str = "region.<nn>.source.adt";

#[test]
fn every_rule_can_be_broken() {
    check(
        "name = \"region.<nn>.source.adt\"",
        "name = \"region.<nn>.source.capacity\"",
        &[
            ("region.<nn>.source.capacity", "declared more than once"),
            ("region.<nn>.source.capacity", "declared more than once"),
        ],
    );
    check("purpose = \"Admissions", "purpose = \"\" #", &[(ADT, "no purpose")]);
    check("producers = [\"connector\"]", "producers = []", &[(ADT, "no producer")]);
    check("consumers = [\"processor\"]", "consumers = []", &[(ADT, "no consumer")]);
    check("consumers = [\"processor\"]", "consumers = [\"dashboard\"]", &[(ADT, "service of the centre")]);
    check(
        "schema = \"SourceRecord\"",
        "schema = \"Sauce\"",
        &[
            (ADT, "does not exist; use one of SourceRecord, Encounter"),
            (ADT, "not named after what it carries"),
            (ADT, "exactly the source topics have a dead letter topic"),
        ],
    );
    check(
        "schema = \"Person\"",
        "schema = \"Encounter\"",
        &[("region.<nn>.common.person", "not named after what it carries"), ("Person", "no topic carries this schema")],
    );
    check("retention = \"7 days\"", "retention = \"8 days\"", &[(ADT, "identities for more than 7 days")]);
    let either = "say `retention` or `compacted = true`";
    check("retention = \"7 days\"", "", &[(ADT, either), (ADT, "identities for more than 7 days")]);
    check("retention = \"7 days\"", "compacted = true", &[(ADT, "identities for more than 7 days")]);
    check("compacted = true", "compacted = true\nretention = \"30 days\"", &[("region.<nn>.protected", either)]);
    check("compacted = true", "", &[("region.<nn>.protected", either)]);
    let kept = "region.<nn>.identities";
    check("sealed = true", "", &[(kept, "identities for more than 7 days"), (kept, "have a dead letter topic")]);
    check("sealed = true", "sealed = true\nretention = \"7 days\"", &[(kept, either)]);
    check("dead_letter = \"region.<nn>.parked\"", "sealed = true", &[(ADT, "only a compacted topic of identities")]);
    check("segment = \"1 day\"", "segment = \"8 days\"", &[(ADT, "segment is longer than retention")]);
    check("segment = \"1 day\"", "segment = \"0 s\"", &[(ADT, "segment is 0")]);
    check("segment = \"1 day\"", "segment = \"1 day\"\npartitions = 3", &[(ADT, "all have the same count")]);
    check("dead_letter = \"region.<nn>.parked\"", "", &[(ADT, "have a dead letter topic")]);
    check(
        "dead_letter = \"region.<nn>.parked\"",
        "dead_letter = \"region.<nn>.common.person\"",
        &[(ADT, "not declared with schema Parked")],
    );
    check(
        "name = \"region.<nn>.common.person\"",
        "name = \"region.14.common.person\"",
        &[("region.14.common.person", "must hold <nn> exactly once")],
    );
    check("to = [\"browser\"]", "to = []", &[("dashboard to ", "a service at one end")]);
    check("to = [\"connector\"]", "to = [\"a drawer\"]", &[("source systems to a drawer", "a service at one end")]);
    check(
        "beside = [\"sink-register\"]",
        "beside = [\"sink-register\", \"dashboard\", \"onlooker\"]",
        &[("dashboard", "take it out of `beside`"), ("onlooker", "has to do with nothing")],
    );
    check(
        "service = \"dashboard\", write = \"1 MiB\"",
        "service = \"dashboard\", write = \"0 B\"",
        &[("dashboard", "a quota of 0")],
    );
    check(
        "service = \"dashboard\"",
        "service = \"connector\"",
        &[("connector", "two quotas"), ("dashboard", "no quota")],
    );
    check(
        "service = \"dashboard\"",
        "service = \"nobody\"",
        &[("dashboard", "no quota"), ("nobody", "touches no topic")],
    );
    check(
        "watchers = [\"dashboard\"]",
        "watchers = [\"sink-register\"]",
        &[("sink-register", "has no quota"), ("sink-register", "watches and reads no topic")],
    );
}

#[test]
fn a_misspelled_key_or_unit_is_refused() {
    let text = include_str!("../catalogue.toml");
    for (from, to) in
        [("retention =", "retetnion ="), ("\"7 days\"", "\"7\""), ("partitions = 1", "partitions = \"1\"")]
    {
        assert!(Catalogue::parse(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
}
