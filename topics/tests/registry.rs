//! Registering the schemas of topics, against a registry that keeps them.

use schemas::{
    Compatibility, Kind,
    registry::{Client, client, server, subject},
};
use topics::{
    Region,
    registry::{Change, Error, Existing, Plan, apply, difference, plan},
};

use crate::storing_registry::StoringRegistry;

const ENCOUNTERS: &str = "region.14.common.encounter";

fn region() -> [Region; 1] {
    ["14".parse().expect("a lanskod")]
}

/// Plans and applies for region 14.
fn put_right(client: &Client) -> Plan {
    let planned = plan(client, &region()).expect("planned");
    apply(client, &planned).expect("applied");
    planned
}

#[test]
fn an_empty_registry_gets_every_version_and_every_rule_and_the_second_time_nothing() {
    let registry = StoringRegistry::start();
    let client = Client::new(registry.url());
    let error = client.id_of(ENCOUNTERS, Kind::Encounter).expect_err("nothing is there");
    assert!(matches!(error, client::Error::NotRegistered { .. }), "{error}");

    let planned = plan(&client, &region()).expect("planned");
    assert_eq!(plan(&client, &region()).expect("planned"), planned);
    assert_eq!((planned.subject_count, registry.writes()), (19, 0), "planning changes nothing");
    apply(&client, &planned).expect("applied");
    assert_eq!(registry.writes() as usize, planned.changes.len());

    let topics = topics::Catalogue::load().topics(&region(), None, None);
    for (topic, kind) in topics.iter().map(|topic| (&topic.name, Kind::of_topic(&topic.name).expect("ours"))) {
        let subject = subject(topic);
        for (version, avsc) in (1..).zip(kind.versions()) {
            let there = client.look_up(&subject, avsc).expect("answered").expect("registered");
            assert_eq!(there.version, version, "oldest first: {subject}");
        }
        let newest = client.look_up(&subject, kind.avsc()).expect("answered").expect("registered");
        assert_eq!(client.id_of(topic, kind).expect("looked up"), newest.id);
        assert_eq!(client.compatibility(&subject).expect("answered").as_deref(), Some(kind.compatibility().as_str()));
    }
    let again = put_right(&client);
    assert_eq!((again.changes, again.notes), (vec![], vec![]));
    assert_eq!(registry.writes() as usize, planned.changes.len(), "applying twice changes nothing");
}

#[test]
fn a_service_registers_only_when_it_is_told_to() {
    let registry = StoringRegistry::start();
    let client = Client::new(registry.url());
    client.id_of(ENCOUNTERS, Kind::Encounter).expect_err("looked up only");
    assert_eq!(registry.writes(), 0);
    let id = client.clone().registering(true).id_of(ENCOUNTERS, Kind::Encounter).expect("registered");
    assert_eq!(client.id_of(ENCOUNTERS, Kind::Encounter).expect("looked up"), id);
}

#[test]
fn what_somebody_else_did_is_put_right_or_told_and_never_deleted() {
    let registry = StoringRegistry::start();
    let client = Client::new(registry.url());
    put_right(&client);
    let encounters = subject(ENCOUNTERS);
    client.register(&encounters, "\"string\"").expect("somebody's own");
    client.set_compatibility(&subject("region.14.source.adt"), Compatibility::FullTransitive).expect("somebody's rule");

    let found = put_right(&client);
    let changes: Vec<String> = found.changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        changes,
        ["set compatibility of region.14.source.adt-value: FULL_TRANSITIVE to BACKWARD_TRANSITIVE".to_owned()]
    );
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.starts_with("region.14.common.encounter-value has what this release does not know"), "{note}");
    assert!(note.contains("version 3: kept"), "{note}");
    assert_eq!(client.versions(&encounters).expect("answered"), [1, 2, 3]);
}

#[test]
fn a_subject_that_a_service_of_an_earlier_release_began_is_left_in_order() {
    let registry = StoringRegistry::start();
    let client = Client::new(registry.url());
    client.register(&subject(ENCOUNTERS), Kind::Encounter.avsc()).expect("registered");
    let found = put_right(&client);
    let notes: Vec<String> = found.notes.iter().map(ToString::to_string).collect();
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.contains("has version 2 of Encounter and lacks the older 1: not registered"), "{note}");
    assert_eq!(client.versions(&subject(ENCOUNTERS)).expect("answered"), [1], "the newest is still ours");
}

#[test]
fn a_refusal_names_subject_version_and_remedy_and_goes_on_from_there() {
    let registry = StoringRegistry::start();
    let client = Client::new(registry.url());
    let planned = plan(&client, &region()).expect("planned");
    for (status, code, remedy) in [
        (409, 409, "; the subject has a version that does not go with it"),
        (403, 40301, "; let this client write subjects"),
        (422, 42205, "; the registry is read-only, set its mode to READWRITE"),
    ] {
        registry.refuse("region.14.common.wait-value", status, code);
        let error = apply(&client, &planned).expect_err("refused");
        let Error::Refused { change: Change::Register { version: 1, .. }, .. } = &error else { panic!("{error:?}") };
        let said = format!("register version 1 of Wait under region.14.common.wait-value{remedy}");
        assert!(error.to_string().starts_with(&said), "{error}");
    }
    let left = plan(&client, &region()).expect("planned").changes;
    assert!(!left.is_empty() && left.len() < planned.changes.len(), "what came before is done: {left:?}");
}

#[test]
fn the_development_registry_needs_nothing() {
    let registry = server::spawn("127.0.0.1:0").expect("listens");
    let regions: Vec<Region> = Region::all().collect();
    let planned = plan(&Client::new(registry.url()), &regions).expect("planned");
    assert_eq!(planned, Plan { subject_count: 21 * 19, ..Plan::default() });
}

/// Plans the subject `t-value` of [`Kind::Encounter`], which has two versions; one line per step and note.
#[test]
fn steps() {
    let check = |compatibility: Option<&str>, versions: &[u32], ours: [Option<u32>; 2], expected: &[&str]| {
        let compatibility = compatibility.map(str::to_owned);
        let existing = Existing { compatibility, versions: versions.to_vec(), ours: ours.to_vec() };
        let mut plan = Plan::default();
        difference("t-value".to_owned(), Kind::Encounter, &existing, &mut plan);
        let steps = plan.changes.iter().map(ToString::to_string);
        let notes = plan.notes.iter().map(|note| format!("note {note}"));
        let said: Vec<String> = steps.chain(notes).collect();
        assert_eq!(said.len(), expected.len(), "{said:?}");
        assert!(said.iter().zip(expected).all(|(said, expected)| said.starts_with(expected)), "{said:?}");
    };
    let rule = Some("FULL_TRANSITIVE");
    let (one, two) = ("register version 1 of Encounter under t-value", "register version 2 of Encounter under t-value");
    check(None, &[], [None, None], &["set compatibility of t-value: unset to FULL_TRANSITIVE", one, two]);
    check(rule, &[1, 2], [Some(1), Some(2)], &[]);
    check(rule, &[1], [Some(1), None], &[two]);
    check(rule, &[1], [None, Some(1)], &["note t-value has version 2 of Encounter and lacks the older 1"]);
    check(rule, &[4], [None, None], &[one, two, "note t-value has what this release does not know, under the"]);
    check(Some("NONE"), &[1, 2], [Some(1), Some(2)], &["set compatibility of t-value: NONE to FULL_TRANSITIVE"]);
}
