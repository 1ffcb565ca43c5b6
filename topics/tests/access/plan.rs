//! Rules as a function of the catalogue.

use std::collections::BTreeSet;

use topics::{
    Catalogue, Region,
    access::{Kind, Naming, Pattern, Permission, Plan, Principal, plan},
};

pub(super) fn region(code: &str) -> Region {
    code.parse().expect("a lanskod")
}

fn whole() -> Plan {
    plan(&Catalogue::load(), &Region::all().collect::<Vec<_>>(), &Naming::Scram)
}

/// What a principal may do with the topics and groups whose names hold this, as `Operation name`.
fn check(service: &str, code: Option<&str>, part: &str, expected: &[&str]) {
    let principal = Principal { service: service.to_owned(), region: code.map(region) };
    let access = &whole().principals[&principal];
    let may = access.rules.iter().filter(|rule| rule.resource.name.contains(part));
    let may: Vec<_> = may.map(|rule| format!("{} {}", rule.operation, rule.resource.name)).collect();
    assert_eq!(may, expected, "{principal}");
}

#[test]
fn each_service_gets_what_the_catalogue_says_that_it_does() {
    check(
        "connector",
        Some("14"),
        "",
        &[
            "Write region.14.source.adt",
            "Write region.14.source.capacity",
            "Write region.14.source.fhir",
            "Write region.14.source.kpp",
            "Write region.14.source.par",
            "Write region.14.source.waiting-times",
            "Write region.14.source.ward-capacity",
        ],
    );
    check("processor", Some("14"), "adt", &["Read region.14.source.adt"]);
    let both = ["Read region.14.common.wait", "Write region.14.common.wait"];
    check("processor", Some("14"), "common.wait", &both);
    check("processor", Some("14"), "parked", &["Read region.14.parked", "Write region.14.parked"]);
    check("processor", Some("14"), "protected", &["Read region.14.protected", "Write region.14.protected"]);
    let kept = ["Read region.14.identities", "Write region.14.identities", "Read region.14.source.identities"];
    check("processor", Some("14"), "identities", &kept);
    check("processor", Some("14"), "processor", &["Read processor-14"]);
    check("processor", Some("14"), "vardstrom", &["Describe vardstrom-reached"]);
    check(
        "region-register",
        Some("14"),
        "",
        &[
            "Read region.14.common.clinical",
            "Read region.14.common.cost",
            "Read region.14.common.encounter",
            "Read region.14.common.person",
            "Read region.14.common.wait",
            "Read region.14.identities",
            "Read region.14.objections",
            "Write region.14.objections",
            "Read region.14.protected",
            "Write region.14.source.identities",
            "Read region.14.source.par",
            "Describe vardstrom-tail",
        ],
    );
    check("sink-store", None, "14.common.person", &["Read region.14.common.person"]);
    check("sink-store", None, "source", &[]);
    check("sink-store", None, "parked", &[]);
    check("sink-store", None, "14.objections", &["Read region.14.objections"]);
    check("dashboard", None, "objections", &[]);
    for centre in ["sink-store", "dashboard"] {
        check(centre, None, "protected", &[]);
        check(centre, None, "14.identities", &[]);
    }
    check("dashboard", None, "14.common.person", &["Read region.14.common.person"]);
    check("dashboard", None, "common.cost", &[]);
    check("dashboard", None, "14.source.adt", &["Describe region.14.source.adt"]);
    check("dashboard", None, "14.parked", &["Describe region.14.parked"]);
    check("dashboard", None, "processor-14", &["Describe processor-14"]);
    let operator = ["Create region.14.parked", "Alter region.14.parked", "AlterConfigs region.14.parked"];
    check("topics", None, "14.parked", &operator);
    assert!(!whole().principals.keys().any(|principal| principal.service == "sink-register"), "it reads no topic");
}

#[test]
fn nothing_is_wide_and_nobody_but_the_centre_reaches_two_regions() {
    let whole = whole();
    let services = 3 * Region::COUNT;
    assert_eq!(whole.principals.len(), services + 3);
    for (principal, access) in &whole.principals {
        for rule in &access.rules {
            assert_eq!((rule.resource.pattern, rule.permission), (Pattern::LITERAL, Permission::ALLOW), "{rule}");
            assert!([Kind::TOPIC, Kind::GROUP].contains(&rule.resource.kind) && !rule.resource.is_wildcard(), "{rule}");
            let of = topics::name::region_of(&rule.resource.name);
            assert!(principal.region.is_none() || of.is_none() || of == principal.region, "{rule}");
            // Of groups the region stands at the end.
            let is_own = principal.region.is_none_or(|region| rule.resource.name.ends_with(region.code()));
            assert!(is_own || rule.resource.kind == Kind::TOPIC || rule.operation.name() == "Describe", "{rule}");
        }
    }
    let quotas: BTreeSet<_> = whole
        .principals
        .iter()
        .filter(|(_, access)| access.quota.is_none())
        .map(|(who, _)| who.service.as_str())
        .collect();
    assert_eq!(quotas, BTreeSet::from(["topics"]), "everybody else is bounded");
}

#[test]
fn a_plan_of_one_region_is_that_part_of_the_whole() {
    let (whole, one) = (whole(), plan(&Catalogue::load(), &[region("14")], &Naming::Scram));
    let all: BTreeSet<_> = whole.rules().collect();
    assert!(one.rules().all(|rule| all.contains(rule)));
    let of_14 = |name: &str| topics::name::region_of(name) == Some(region("14"));
    let expected = all.iter().filter(|rule| of_14(&rule.resource.name) || rule.resource.name == "processor-14");
    assert_eq!(one.rules().filter(|rule| !rule.resource.name.starts_with("vardstrom")).count(), expected.count());
}

#[test]
fn certificates_are_named_by_their_subject() {
    let naming: Naming = "CN=<name>,O=Region Värmland,C=SE".parse().expect("a subject");
    let plan = plan(&Catalogue::load(), &[region("17")], &naming);
    let named = plan.rules().filter(|rule| rule.principal == "User:CN=vardstrom-connector-17,O=Region Värmland,C=SE");
    assert_eq!(named.count(), 7, "the connector writes seven topics");
    assert!("CN=everybody".parse::<Naming>().is_err(), "one name for all is no wall");
}

#[test]
fn a_quota_is_divided_by_the_brokers_that_enforce_it() {
    let principal = Principal { service: "connector".to_owned(), region: Some(region("14")) };
    let quota = whole().principals[&principal].quota.expect("it has one");
    assert_eq!(quota.producer_byte_rate, f64::from(32 << 20));
    assert_eq!(quota.per_broker(3).producer_byte_rate, (f64::from(32 << 20) / 3.0).ceil());
    assert_eq!(quota.per_broker(0), quota.per_broker(1), "no broker is told as one");
}
