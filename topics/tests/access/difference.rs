//! What is too much and too little, without a Kafka.

use std::collections::BTreeSet;

use topics::{
    Catalogue, Region,
    access::{
        Difference, Existing, Kind, Naming, Operation, Pattern, Permission, Resource, Rule, Scope, difference, plan,
    },
};

use super::plan::region;

/// A cluster that has exactly what the catalogue needs of all regions.
fn exact() -> Existing {
    let plan = plan(&Catalogue::load(), &Region::all().collect::<Vec<_>>(), &Naming::Scram);
    let quotas = plan
        .principals
        .values()
        .filter_map(|access| access.quota.map(|quota| (access.user.clone(), quota.per_broker(3).values())));
    Existing {
        rules: plan.rules().cloned().collect(),
        users: plan.principals.values().map(|access| access.user.clone()).collect(),
        quotas: quotas.collect(),
        brokers: 3,
    }
}

fn compare(codes: &[&str], existing: &Existing) -> Difference {
    let regions =
        if codes.is_empty() { Region::all().collect() } else { codes.iter().map(|code| region(code)).collect() };
    let administrators = BTreeSet::from(["User:admin".to_owned()]);
    difference(&Catalogue::load(), &Scope { regions, naming: Naming::Scram, administrators }, existing)
}

fn topic(pattern: Pattern, name: &str) -> Resource {
    Resource { kind: Kind::TOPIC, pattern, name: name.to_owned() }
}

fn cluster() -> Resource {
    Resource { kind: Kind::CLUSTER, pattern: Pattern::LITERAL, name: "kafka-cluster".to_owned() }
}

/// Adds a rule to what is right, and expects to be told why it is not; or, with `None`, that it is not judged.
fn check(codes: &[&str], rule: &Rule, expected: Option<&str>) {
    let mut existing = exact();
    existing.rules.insert(rule.clone());
    let found = compare(codes, &existing);
    match expected {
        None => assert_eq!(found, Difference { not_judged: 1, ..Difference::default() }, "{rule}"),
        Some(why) => {
            let [surplus] = found.surplus.as_slice() else { panic!("{rule}: {found:#?}") };
            assert!(surplus.rule == *rule && surplus.why.contains(why), "{rule}: {}", surplus.why);
        }
    }
}

#[test]
fn what_the_catalogue_needs_is_neither_too_much_nor_too_little() {
    assert_eq!(compare(&[], &exact()), Difference::default());
    assert_eq!(compare(&["14"], &exact()), Difference::default(), "other regions' rules are the catalogue's, too");
}

#[test]
fn what_the_catalogue_does_not_justify_is_said_with_its_reason() {
    let allow = |who: &str, operation, resource| Rule::allow(format!("User:{who}"), operation, resource);
    let connector = "vardstrom-connector-14";
    let prefixed = allow(connector, Operation::WRITE, topic(Pattern::PREFIXED, "region.14."));
    check(&[], &prefixed, Some("a prefix holds for 19 names of ours"));
    check(&["14"], &prefixed, Some("a prefix holds for 19 names of ours"));
    check(&["13"], &prefixed, None);
    check(&["13"], &allow("x", Operation::READ, topic(Pattern::PREFIXED, "region.1")), Some("a prefix"));
    check(&[], &allow("*", Operation::READ, topic(Pattern::LITERAL, "*")), Some("it holds for 399 names of ours"));
    let across = allow(connector, Operation::WRITE, Resource::topic("region.13.source.adt"));
    for codes in [&[][..], &["14"], &["13"]] {
        check(codes, &across, Some("into another region"));
    }
    check(&[], &allow(connector, Operation::READ, Resource::topic("region.14.source.adt")), Some("does not say"));
    check(&[], &allow("who", Operation::READ, Resource::topic("region.14.source.new")), Some("does not say"));
    check(
        &[],
        &allow("vardstrom-processor-14", Operation::READ, Resource::group("processor-13")),
        Some("group is not"),
    );
    check(&[], &allow("vardstrom-processor-14", Operation::READ, Resource::group("elsewhere")), Some("group is not"));
    check(&[], &allow(connector, Operation::IDEMPOTENT_WRITE, cluster()), Some("does not say"));
    check(&[], &allow("somebody", Operation::ALTER, cluster()), Some("reaches every region"));
    let bound = Rule {
        host: "10.0.0.1".to_owned(),
        ..allow(connector, Operation::WRITE, Resource::topic("region.14.source.adt"))
    };
    check(&[], &bound, Some("bound to an address"));
    let store = allow("vardstrom-sink-store", Operation::READ, Resource::topic("region.14.common.person"));
    check(&[], &Rule { permission: Permission::DENY, ..store }, Some("takes away"));
}

#[test]
fn what_is_no_matter_of_ours_is_counted_and_not_judged() {
    let allow = |who: &str, operation, resource| Rule::allow(format!("User:{who}"), operation, resource);
    check(&[], &allow("billing", Operation::READ, Resource::topic("invoices")), None);
    check(&[], &allow("billing", Operation::DESCRIBE, cluster()), None);
    check(&[], &allow("admin", Operation::ALL, topic(Pattern::LITERAL, "*")), None);
    check(&["13"], &allow("who", Operation::READ, Resource::topic("region.14.source.adt")), None);
}

#[test]
fn what_is_missing_is_said_rule_by_rule() {
    let mut existing = exact();
    let rule = Rule::allow("User:vardstrom-connector-14", Operation::WRITE, Resource::topic("region.14.source.adt"));
    assert!(existing.rules.remove(&rule) && existing.users.remove("vardstrom-processor-14"));
    existing.brokers = 2;
    let found = compare(&["14"], &existing);
    assert_eq!((found.missing, found.users), (vec![rule], vec!["vardstrom-processor-14".to_owned()]));
    // Five services are bounded; with another number of brokers each of them enforces another share.
    assert_eq!(found.quotas.len(), 5, "{:?}", found.quotas);
    assert_eq!(compare(&["13"], &Existing { brokers: 3, ..existing }), Difference::default());
}

#[test]
fn who_shows_a_certificate_needs_no_password() {
    let scope = Scope {
        regions: vec![region("14")],
        naming: "CN=<name>".parse().expect("a subject"),
        administrators: BTreeSet::new(),
    };
    let found = difference(&Catalogue::load(), &scope, &Existing { brokers: 1, ..Existing::default() });
    assert!(found.users.is_empty() && !found.missing.is_empty());
    assert!(found.quotas.contains_key("CN=vardstrom-connector-14"), "{:?}", found.quotas);
}
