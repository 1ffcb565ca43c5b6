//! Encounters that are parts of others, and places that say less than a period: one person in one bed.

use identity::test_identity;
use processor::pipeline::{Outcome, Pipeline};
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};
use timeline::{Event, Timeline};

use crate::fhir::{PERSONNUMMER, collection, patient};
use crate::fhir_stays::{Events, orders};
use crate::support;

/// An hour of 2026-01-06, Swedish time.
fn hour(hour: u8) -> String {
    format!("2026-01-06T{hour:02}:00:00+01:00")
}

fn kind(code: &str) -> Value {
    json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": code}]})
}

/// Two wards with a bed each, in one hospital.
fn locations() -> Vec<Value> {
    let place = |id: &str, code: &str, part_of: Option<&str>| {
        let mut place = json!({"resourceType": "Location", "id": id, "physicalType": kind(code)});
        if let Some(part_of) = part_of {
            place["partOf"] = json!({"reference": format!("Location/{part_of}")});
        }
        place
    };
    vec![
        place("house", "si", None),
        place("w1", "wa", Some("house")),
        place("w1b1", "bd", Some("w1")),
        place("w2", "wa", Some("house")),
        place("w2b1", "bd", Some("w2")),
    ]
}

/// An Encounter in progress since eight; `more` changes it.
fn contact(id: &str, more: Value) -> Value {
    let mut encounter = json!({
        "resourceType": "Encounter", "id": id, "meta": {"versionId": "1", "lastUpdated": "2026-01-06T20:00:00Z"},
        "status": "in-progress", "class": {"code": "IMP"}, "subject": {"reference": "Patient/p1"},
        "period": {"start": hour(8)},
    });
    for (name, value) in more.as_object().expect("fields") {
        encounter[name] = value.clone();
    }
    encounter
}

fn part_of(id: &str) -> Value {
    json!({"reference": format!("Encounter/{id}")})
}

fn stay(location: &str, from: u8) -> Value {
    json!({"location": {"reference": format!("Location/{location}")}, "status": "active", "period": {"start": hour(from)}})
}

fn number(value: &str) -> Value {
    json!([{"type": {"coding": [{"code": "VN"}]}, "system": "https://sjukhus.example/besok", "value": value}])
}

fn period(from: u8, to: Option<u8>) -> Value {
    match to {
        Some(to) => json!({"start": hour(from), "end": hour(to)}),
        None => json!({"start": hour(from)}),
    }
}

fn add(pipeline: &mut Pipeline, resources: &[Value], events: &mut Events) {
    let payload = collection(resources).to_string();
    let source = SourceRecord { message_id: "Encounter/e@1", ..support::source(Format::Fhir, payload.as_bytes()) };
    assert!(matches!(pipeline.process(&source, support::ORIGIN, events), Outcome::Mapped(_)), "{payload}");
}

fn shown(timeline: &Timeline) -> Vec<String> {
    let hour = |at: schemas::Timestamp| at.0.div_euclid(3_600_000_000).rem_euclid(24) + 1;
    let stays = timeline.stays.iter().map(|stay| {
        let to = stay.to.map(|to| hour(to).to_string()).unwrap_or_default();
        let bed = stay.place.bed.as_deref().unwrap_or("-");
        assert!(stay.admitted && stay.subject.is_some(), "{stay:?}");
        format!("{} {}/{bed} {}-{to}", stay.episode.episode, stay.place.unit, hour(stay.from))
    });
    stays.collect()
}

/// The stays, whatever the order of arrival, with repeats, and whether or not the other encounters are at hand.
#[track_caller]
fn check(encounters: &[Value], expected: &[&str]) {
    let mut pipeline = support::pipeline(support::sample_directory());
    for at_hand in [true, false] {
        let records: Vec<Vec<Event>> = encounters
            .iter()
            .map(|encounter| {
                let mut resources = vec![encounter.clone(), patient()];
                resources.extend(locations());
                if at_hand {
                    resources.extend(encounters.iter().filter(|other| other["id"] != encounter["id"]).cloned());
                }
                let mut events = Events::default();
                add(&mut pipeline, &resources, &mut events);
                events.0
            })
            .collect();
        for order in orders(records.len()) {
            let arrived = order.iter().chain(order.first()).flat_map(|at| &records[*at]);
            assert_eq!(shown(&timeline::timeline(arrived)), expected, "{order:?}, at hand: {at_hand}");
        }
    }
}

/// The rules that one encounter breaks, with what is beside it.
fn rules(resources: &[Value]) -> Vec<String> {
    let payload = collection(resources).to_string();
    let mut pipeline = support::pipeline(support::sample_directory());
    let (_, kept) = support::process(&mut pipeline, Format::Fhir, payload.as_bytes());
    let found =
        kept.events.iter().flat_map(|event| event["envelope"]["quality"].as_array().cloned().unwrap_or_default());
    let mut found: Vec<String> = found.map(|found| found["rule"].as_str().unwrap_or_default().to_owned()).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn hospital_and_ward_in_the_same_bed_are_one_stay() {
    let hospital = contact("hosp", json!({"location": [stay("w1b1", 8)]}));
    let ward = contact("ward", json!({"location": [stay("w1b1", 8)], "partOf": part_of("hosp")}));
    check(&[hospital.clone(), ward.clone()], &["Encounter/hosp w1/w1b1 8-"]);
    // Each alone is a stay of the same name.
    check(&[ward], &["Encounter/hosp w1/w1b1 8-"]);
    check(&[hospital], &["Encounter/hosp w1/w1b1 8-"]);
}

#[test]
fn numbers_may_be_the_same_differ_or_be_on_one_of_them_only() {
    for (of_hospital, of_ward, episode) in [
        (Some("V1"), Some("V1"), "V1"),
        (Some("V1"), Some("V2"), "V1"),
        (Some("V1"), None, "V1"),
        (None, Some("V2"), "Encounter/hosp"),
    ] {
        let mut hospital = contact("hosp", json!({"location": [stay("w1b1", 8)]}));
        let mut ward = contact("ward", json!({"location": [stay("w2b1", 10)], "partOf": part_of("hosp")}));
        for (encounter, value) in [(&mut hospital, of_hospital), (&mut ward, of_ward)] {
            if let Some(value) = value {
                encounter["identifier"] = number(value);
            }
        }
        let expected = [format!("{episode} w1/w1b1 8-10"), format!("{episode} w2/w2b1 10-")];
        check(&[hospital, ward], &[&expected[0], &expected[1]]);
    }
}

#[test]
fn the_parent_is_named_in_any_notation() {
    let hospital = |more: Value| {
        let mut hospital = contact("hosp", json!({"location": [stay("w1", 8)]}));
        if more["identifier"].is_object() {
            hospital["identifier"] = json!([more["identifier"]]);
        }
        hospital
    };
    for part_of in [
        json!({"reference": "Encounter/hosp"}),
        json!({"reference": "Encounter/hosp/_history/3"}),
        json!({"reference": "http://server/fhir/Encounter/hosp"}),
        json!({"reference": "urn:uuid:hosp"}),
        json!({"reference": "Encounter?_id=hosp"}),
        json!({"identifier": {"system": "https://sjukhus.example/besok", "value": "V1"}}),
        json!({"reference": "Encounter?identifier=https://sjukhus.example/besok|V1",
            "identifier": {"system": "https://sjukhus.example/besok", "value": "V1"}}),
    ] {
        let hospital = hospital(part_of.clone());
        let episode = if hospital["identifier"].is_array() { "V1" } else { "Encounter/hosp" };
        let ward = contact("ward", json!({"location": [stay("w1b1", 8)], "partOf": part_of}));
        check(&[hospital, ward], &[&format!("{episode} w1/w1b1 8-")]);
    }
}

#[test]
fn one_part_a_ward_follows_the_patient_through_the_hospital() {
    let hospital = |end: Option<u8>| {
        let status = if end.is_some() { "finished" } else { "in-progress" };
        contact("hosp", json!({"status": status, "period": period(8, end), "identifier": number("V1")}))
    };
    let part = |id: &str, bed: &str, from: u8, to: Option<u8>| {
        let status = if to.is_some() { "finished" } else { "in-progress" };
        contact(
            id,
            json!({"status": status, "period": period(from, to), "partOf": part_of("hosp"), "location": [stay(bed, from)]}),
        )
    };
    let (first, second) = (part("a", "w1b1", 8, Some(11)), part("b", "w2b1", 11, None));
    check(&[hospital(None), first.clone(), second.clone()], &["V1 w1/w1b1 8-11", "V1 w2/w2b1 11-"]);
    // The hospital stay has ended, and its last part says nothing of it yet.
    check(&[hospital(Some(15)), first.clone(), second], &["V1 w1/w1b1 8-11", "V1 w2/w2b1 11-15"]);
    // Parts that overlap, or of which the first is never ended.
    for end in [Some(12), None] {
        let (first, second) = (part("a", "w1b1", 8, end), part("b", "w2b1", 11, None));
        check(&[hospital(None), first, second], &["V1 w1/w1b1 8-11", "V1 w2/w2b1 11-"]);
    }
    // The part has ended, and the hospital stay goes on: in no bed that anybody names.
    check(&[hospital(None), first], &["V1 w1/w1b1 8-11"]);
}

#[test]
fn a_parent_takes_nobody_out_of_the_bed_of_a_part() {
    let part = contact("ward", json!({"location": [stay("w1b1", 8)], "partOf": part_of("hosp")}));
    let parent = |places: Value| contact("hosp", json!({"location": places}));
    check(&[parent(json!([stay("house", 8)])), part.clone()], &["Encounter/hosp w1/w1b1 8-"]);
    check(&[parent(json!([stay("w1", 8), stay("w2", 12)])), part.clone()], &["Encounter/hosp w1/w1b1 8-"]);
    check(&[parent(json!([stay("w2b1", 12)])), part], &["Encounter/hosp w1/w1b1 8-"]);
    // Where the part has ended the parent says where the patient is.
    let ended = contact(
        "ward",
        json!({"status": "finished", "period": period(8, Some(10)), "location": [stay("w1b1", 8)], "partOf": part_of("hosp")}),
    );
    check(&[parent(json!([stay("w2b1", 8)])), ended], &["Encounter/hosp w1/w1b1 8-10", "Encounter/hosp w2/w2b1 10-"]);
}

#[test]
fn three_levels_are_one_stay() {
    let level = |code: &str| json!([{"coding": [{"system": "http://fhir.de/CodeSystem/Kontaktebene", "code": code}]}]);
    let levels = [
        contact(
            "e",
            json!({"type": level("einrichtungskontakt"), "identifier": number("F1"), "location": [stay("house", 8)]}),
        ),
        contact(
            "a",
            json!({"type": level("abteilungskontakt"), "identifier": number("F1"), "partOf": part_of("e"), "location": [stay("w1", 8)]}),
        ),
        contact(
            "v",
            json!({"type": level("versorgungsstellenkontakt"), "identifier": number("F1"), "partOf": part_of("a"),
                "location": [stay("w1b1", 8)]}),
        ),
    ];
    check(&levels, &["F1 w1/w1b1 8-"]);
    check(&levels[1..], &["Encounter/e w1/w1b1 8-"]);
    check(&levels[2..], &["Encounter/a w1/w1b1 8-"]);
    check(&[levels[0].clone(), levels[2].clone()], &["Encounter/a w1/w1b1 8-"]);
}

#[test]
fn contacts_of_departments_under_one_number_follow_each_other() {
    let department = |id: &str, bed: &str, from: u8, to: Option<u8>| {
        let status = if to.is_some() { "finished" } else { "in-progress" };
        contact(
            id,
            json!({"status": status, "identifier": number("F1"), "period": period(from, to), "location": [stay(bed, from)]}),
        )
    };
    let first = department("a", "w1b1", 8, Some(11));
    check(&[first.clone(), department("b", "w2b1", 11, None)], &["F1 w1/w1b1 8-11", "F1 w2/w2b1 11-"]);
    check(&[first, department("b", "w2b1", 11, Some(14))], &["F1 w1/w1b1 8-11", "F1 w2/w2b1 11-14"]);
}

#[test]
fn what_is_entered_in_error_voids_itself_and_its_parts() {
    let hospital = contact("hosp", json!({"location": [stay("w2b1", 8)]}));
    let ward = contact("ward", json!({"location": [stay("w1b1", 8)], "partOf": part_of("hosp")}));
    for status in ["entered-in-error", "cancelled"] {
        let mut wrong = ward.clone();
        wrong["status"] = status.into();
        wrong["meta"]["lastUpdated"] = "2026-01-06T21:00:00Z".into();
        check(&[hospital.clone(), ward.clone(), wrong], &["Encounter/hosp w2/w2b1 8-"]);
        let mut wrong = hospital.clone();
        wrong["status"] = status.into();
        wrong["meta"]["lastUpdated"] = "2026-01-06T21:00:00Z".into();
        check(&[hospital.clone(), ward.clone(), wrong], &[]);
    }
    let planned =
        contact("ward", json!({"status": "planned", "location": [stay("w1b1", 8)], "partOf": part_of("hosp")}));
    check(&[hospital, planned], &["Encounter/hosp w2/w2b1 8-"]);
}

#[test]
fn a_newborn_under_the_mother_is_a_person_in_a_bed_of_its_own() {
    let mother = contact("mother", json!({"location": [stay("w1b1", 8)]}));
    let child = contact(
        "child",
        json!({"location": [stay("w2b1", 9)], "partOf": part_of("mother"), "subject": {"reference": "Patient/p2"}}),
    );
    let mut of_child = patient();
    of_child["id"] = "p2".into();
    of_child["identifier"][0]["value"] = test_identity::number(PERSONNUMMER + 1).as_str().into();
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut events = Events::default();
    for encounter in [mother, child] {
        let resources = [vec![encounter, patient(), of_child.clone()], locations()].concat();
        add(&mut pipeline, &resources, &mut events);
    }
    let timeline = timeline::timeline(&events.0);
    assert_eq!(shown(&timeline), ["Encounter/child w2/w2b1 9-", "Encounter/mother w1/w1b1 8-"]);
    assert_eq!(timeline.findings.iter().map(|found| found.rule.code()).collect::<Vec<_>>(), ["nesting-person-differs"]);
}

#[test]
fn a_part_without_a_class_has_that_of_the_whole() {
    let hospital = contact("hosp", json!({}));
    let ward = contact("ward", json!({"class": null, "location": [stay("w1b1", 8)], "partOf": part_of("hosp")}));
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut events = Events::default();
    add(&mut pipeline, &[vec![ward.clone(), patient(), hospital], locations()].concat(), &mut events);
    assert_eq!(shown(&timeline::timeline(&events.0)), ["Encounter/hosp w1/w1b1 8-"]);
    assert!(rules(&[vec![ward, patient()], locations()].concat()).contains(&"fhir-parent-unknown".to_owned()));
}

#[test]
fn what_is_not_known_of_a_parent_is_said() {
    let unknown = |part_of: Value| {
        let ward = contact("ward", json!({"location": [stay("w1b1", 8)], "partOf": part_of}));
        rules(&[vec![ward, patient()], locations()].concat()).contains(&"fhir-parent-unknown".to_owned())
    };
    for part_of in [
        part_of("hosp"),
        json!({"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}),
        json!({"reference": "Encounter?identifier=x|V1"}),
        json!({"reference": "#hosp"}),
        json!({"identifier": {"value": "V1"}}),
        json!({"display": "Hospital"}),
    ] {
        assert!(unknown(part_of.clone()), "{part_of}");
    }
}

#[test]
fn a_diagnosis_is_of_the_whole_that_its_contact_is_a_part_of() {
    let hospital = contact("hosp", json!({"identifier": number("V1")}));
    let department = contact("dept", json!({"partOf": part_of("hosp")}));
    let ward = contact("ward", json!({"identifier": number("V2"), "partOf": part_of("dept")}));
    let mut condition = crate::fhir::condition();
    condition["encounter"] = part_of("ward");
    let episode = |resources: &[Value]| {
        let payload = collection(resources).to_string();
        let mut pipeline = support::pipeline(support::sample_directory());
        let (_, kept) = support::process(&mut pipeline, Format::Fhir, payload.as_bytes());
        assert_eq!(kept.events[0]["contact_id"], "Encounter/ward");
        kept.events[0]["episode_id"].as_str().expect("an episode").to_owned()
    };
    assert_eq!(episode(&[condition.clone(), patient(), ward.clone(), department.clone(), hospital]), "V1");
    assert_eq!(episode(&[condition.clone(), patient(), ward.clone(), department]), "Encounter/hosp");
    assert_eq!(episode(&[condition, patient(), ward]), "Encounter/dept");
}

/// A place without a period.
fn listed(location: &str, status: Option<&str>) -> Value {
    let mut place = json!({"location": {"reference": format!("Location/{location}")}});
    if let Some(status) = status {
        place["status"] = status.into();
    }
    place
}

#[test]
fn the_active_place_wins_without_periods() {
    let of = |places: Value| contact("e", json!({"location": places}));
    let active = Some("active");
    for places in [
        json!([listed("w1b1", active)]),
        json!([listed("w1b1", None)]),
        json!([listed("w2b1", Some("completed")), listed("w1b1", active)]),
        json!([listed("w1b1", active), listed("w2b1", Some("completed"))]),
        json!([listed("w1b1", active), listed("w2b1", Some("planned"))]),
        json!([listed("w2b1", Some("reserved")), listed("w1b1", active)]),
        json!([listed("house", active), listed("w1", active), listed("w1b1", active)]),
        json!([listed("w1b1", active), listed("w1", active), listed("house", active)]),
    ] {
        check(&[of(places)], &["Encounter/e w1/w1b1 8-"]);
    }
    let contradict = |places: Value| {
        rules(&[vec![of(places), patient()], locations()].concat()).contains(&"fhir-places-contradict".to_owned())
    };
    let two = json!([listed("w1b1", active), listed("w2b1", active)]);
    check(&[of(two.clone())], &["Encounter/e w2/w2b1 8-"]);
    assert!(contradict(two));
    assert!(contradict(json!([listed("w1b1", active), listed("w2", active)])));
    assert!(!contradict(json!([listed("house", active), listed("w1", active), listed("w1b1", active)])));
    // Of who has left, the place that is over is where the patient was.
    let over = contact(
        "e",
        json!({"status": "finished", "period": period(8, Some(12)), "location": [listed("w1b1", Some("completed"))]}),
    );
    check(&[over], &["Encounter/e w1/w1b1 8-12"]);
    // Who is there at no time that anybody says is there since the version.
    check(&[contact("e", json!({"period": null, "location": [listed("w1b1", active)]}))], &["Encounter/e w1/w1b1 21-"]);
}

#[test]
fn a_place_that_is_over_gives_way_to_one_that_holds() {
    let past = |location: &str, from: u8, to: Option<u8>| {
        let mut place = stay(location, from);
        place["status"] = "completed".into();
        place["period"] = period(from, to);
        place
    };
    let of = |places: Value| contact("e", json!({"location": places}));
    let (first, second) = ("Encounter/e w1/w1b1 8-10", "Encounter/e w2/w2b1 10-");
    check(&[of(json!([past("w1b1", 8, Some(10)), stay("w2b1", 10)]))], &[first, second]);
    check(&[of(json!([past("w1b1", 8, Some(10)), listed("w2b1", Some("active"))]))], &[first, second]);
    check(&[of(json!([past("w1b1", 8, None), stay("w2b1", 10)]))], &[first, second]);
    // There and back again.
    check(
        &[of(json!([stay("w1b1", 8), past("w2b1", 10, Some(12))]))],
        &[first, "Encounter/e w2/w2b1 10-12", "Encounter/e w1/w1b1 12-"],
    );
    check(&[of(json!([stay("w1b1", 8), past("w2b1", 10, None)]))], &["Encounter/e w1/w1b1 8-"]);
}

#[test]
fn a_hospital_is_no_ward() {
    let of = |places: Value| contact("e", json!({"location": places}));
    check(&[of(json!([stay("house", 8)]))], &[]);
    assert!(
        rules(&[vec![of(json!([stay("house", 8)])), patient()], locations()].concat())
            .contains(&"fhir-place-coarse".to_owned())
    );
    check(&[of(json!([stay("house", 8), stay("w1", 9)]))], &["Encounter/e w1/- 9-"]);
    // The kind may be told by the entry, and by what R5 calls it.
    let told = |name: &str| {
        let mut entry = json!({"location": {"identifier": {"system": "x", "value": "123"}}, "status": "active"});
        entry[name] = kind("bd");
        json!([{"location": {"identifier": {"system": "x", "value": "W"}}, "status": "active", "physicalType": kind("wa")}, entry])
    };
    check(&[of(told("physicalType"))], &["Encounter/e W/123 8-"]);
    check(&[of(told("form"))], &["Encounter/e W/123 8-"]);
}

#[test]
fn references_are_resolved_or_said() {
    let placed = |reference: Value, more: &[Value]| {
        let encounter = contact("e", json!({"location": [{"location": reference, "period": period(8, None)}]}));
        let resources = [vec![encounter, patient()], locations(), more.to_vec()].concat();
        let payload = collection(&resources).to_string();
        let mut pipeline = support::pipeline(support::sample_directory());
        let (_, kept) = support::process(&mut pipeline, Format::Fhir, payload.as_bytes());
        let place = kept.events.iter().find(|event| !event["place"].is_null()).map(|event| event["place"].clone());
        let part = |name: &str| place.as_ref().and_then(|place| place[name].as_str().map(str::to_owned));
        let said = rules(&resources).contains(&"fhir-reference-unresolved".to_owned());
        (part("unit").unwrap_or_default(), part("bed").unwrap_or_default(), said)
    };
    let text = str::to_owned;
    let bed = json!({"resourceType": "Location", "id": "b", "identifier": [{"system": "https://s.example", "value": "7"}],
        "physicalType": kind("bd"), "partOf": {"reference": "Location/w1"}});
    let beside = std::slice::from_ref(&bed);
    for reference in [
        json!({"reference": "Location/b"}),
        json!({"reference": "http://server/fhir/Location/b/_history/2"}),
        json!({"reference": "urn:uuid:b"}),
        json!({"reference": "Location?identifier=https://s.example|7"}),
        json!({"reference": "Location?identifier=https%3A%2F%2Fs.example%7C7"}),
        json!({"reference": "Location?identifier=7"}),
        json!({"reference": "Location?_id=b"}),
        json!({"identifier": {"system": "https://s.example", "value": "7"}}),
    ] {
        assert_eq!(placed(reference.clone(), beside), (text("w1"), text("7"), false), "{reference}");
    }
    // A query is never a code; its identifier may be one, and that is said.
    let query = json!({"reference": "Location?identifier=https://s.example|8"});
    assert_eq!(placed(query.clone(), beside), (text("8"), text(""), true));
    assert_eq!(placed(json!({"reference": "urn:uuid:x"}), beside), (text("x"), text(""), true));
    assert_eq!(placed(json!({"reference": "Location?name=ward"}), beside), (text(""), text(""), true));
    assert_eq!(placed(json!({"reference": "#none"}), beside), (text(""), text(""), true));
    // Two that have the identifier are none.
    let other = json!({"resourceType": "Location", "id": "c", "identifier": bed["identifier"]});
    assert_eq!(
        placed(json!({"reference": "Location?identifier=7"}), &[bed.clone(), other]),
        (text("7"), text(""), true)
    );
    // A Location within the Encounter; its id is no code.
    let inner = |identifier: Value| {
        let encounter = contact(
            "e",
            json!({"location": [{"location": {"reference": "#bed"}, "period": period(8, None)}], "contained": [
                {"resourceType": "Location", "id": "bed", "identifier": identifier, "physicalType": kind("bd"),
                    "partOf": {"reference": "Location/w2"}}]}),
        );
        let mut pipeline = support::pipeline(support::sample_directory());
        let mut events = Events::default();
        add(&mut pipeline, &[vec![encounter, patient()], locations()].concat(), &mut events);
        shown(&timeline::timeline(&events.0))
    };
    assert_eq!(inner(json!([{"value": "9"}])), ["Encounter/e w2/9 8-"]);
    assert_eq!(inner(json!([])), ["Encounter/e w2/- 8-"]);
}

#[test]
fn a_person_is_found_by_a_query_and_within_the_resource() {
    let number = test_identity::number(PERSONNUMMER);
    let system = "http://electronichealth.se/identifier/personnummer";
    let place = json!([stay("w1b1", 8)]);
    let inner =
        json!({"resourceType": "Patient", "id": "p", "identifier": [{"system": system, "value": number.as_str()}]});
    for (subject, contained) in [
        (json!({"reference": format!("Patient?identifier={system}|{}", number.as_str())}), json!([])),
        (json!({"reference": "#p"}), json!([inner])),
        (json!({"reference": "urn:uuid:p1"}), json!([])),
    ] {
        let encounter = contact("e", json!({"subject": subject, "contained": contained, "location": place}));
        let mut pipeline = support::pipeline(support::sample_directory());
        let mut events = Events::default();
        add(&mut pipeline, &[vec![encounter, patient()], locations()].concat(), &mut events);
        let known = events.0.iter().map(|event| event.subject.clone()).next().flatten();
        let mut events = Events::default();
        add(
            &mut pipeline,
            &[vec![contact("e", json!({"location": place})), patient()], locations()].concat(),
            &mut events,
        );
        assert_eq!(known, events.0[0].subject);
    }
}

#[test]
fn a_number_of_a_person_in_a_query_is_shown_to_nobody() {
    let number = test_identity::number(PERSONNUMMER + 1);
    let query = |kind: &str| json!({"reference": format!("{kind}?identifier=x|{}", number.as_str())});
    let places = json!([{"location": query("Location"), "period": period(8, None)}]);
    let encounter = contact("e", json!({"location": places, "partOf": query("Encounter")}));
    let payload = collection(&[encounter, patient()]).to_string();
    let mut pipeline = support::pipeline(support::sample_directory());
    let (_, kept) = support::process(&mut pipeline, Format::Fhir, payload.as_bytes());
    assert!(!serde_json::to_string(&kept.events).expect("JSON").contains(number.as_str()));
}

#[test]
fn every_status_says_something() {
    let of = |status: &str| {
        contact("e", json!({"status": status, "period": period(8, None), "location": [stay("w1b1", 8)]}))
    };
    for status in ["arrived", "triaged", "in-progress", "onleave", "unknown", "on-hold", "whatever"] {
        check(&[of(status)], &["Encounter/e w1/w1b1 8-"]);
    }
    for status in ["finished", "discharged", "completed", "discontinued"] {
        let mut ended = of(status);
        ended["period"] = period(8, Some(12));
        check(&[ended], &["Encounter/e w1/w1b1 8-12"]);
    }
    for status in ["planned", "cancelled", "entered-in-error"] {
        check(&[of(status)], &[]);
    }
    let said = |status: &str| rules(&[vec![of(status), patient()], locations()].concat());
    for status in ["discharged", "completed", "on-hold", "discontinued"] {
        assert!(said(status).contains(&"fhir-status-other-release".to_owned()), "{status}");
    }
    for status in ["unknown", "whatever"] {
        assert!(said(status).contains(&"fhir-code-unknown".to_owned()), "{status}");
    }
}
