//! An Encounter's versions, in any order and with any repeats, give the stays that the HL7 v2 stream gives.

use identity::test_identity;
use processor::pipeline::{Outcome, Pipeline, Sink};
use schemas::{Common, Format, Parked, SourceRecord};
use serde_json::{Value, json};
use timeline::{Event, Stay};

use crate::fhir::{PERSONNUMMER, collection, patient};
use crate::support;

/// Keeps what the timeline needs.
#[derive(Default)]
pub(crate) struct Events(pub Vec<Event>);

impl Sink for Events {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        if let schemas::Event::Encounter(encounter) = event.event() {
            self.0.push(Event::from(encounter));
        }
    }

    fn parked(&mut self, record: &Parked<'_>) {
        panic!("parked: {}", record.rule);
    }
}

fn add(pipeline: &mut Pipeline, format: Format, payload: &str, events: &mut Events) {
    let source = SourceRecord { message_id: "Encounter/e1@1", ..support::source(format, payload.as_bytes()) };
    assert!(matches!(pipeline.process(&source, support::ORIGIN, events), Outcome::Mapped(_)), "{payload}");
}

fn stays_of(format: Format, payloads: &[String]) -> Vec<Stay> {
    let mut pipeline = support::pipeline(support::sample_directory());
    let mut events = Events::default();
    for payload in payloads {
        add(&mut pipeline, format, payload, &mut events);
    }
    timeline::timeline(&events.0).stays
}

/// Every order of up to five things.
pub(crate) fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for order in orders(count - 1) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, count - 1);
            all.push(order);
        }
    }
    all
}

/// An HL7 v2 message about the visit V1001 of the test patient.
fn hl7(trigger: &str, time: &str, class: &str, place: &str, prior: &str) -> String {
    let number = test_identity::number(PERSONNUMMER);
    let number = number.as_str();
    format!(
        "MSH|^~\\&|A|B|C|D|{time}||ADT^{trigger}|{trigger}{time}|P|2.5\rEVN|{trigger}|{time}||||{time}\r\
         PID|1||{number}^^^&1.2.752.129.2.1.3.1&ISO\rPV1|1|{class}|{place}|||{prior}|||||||||||||V1001\r"
    )
}

const MAVA: &str = "SE2321000131-E000000000001";
const MEDICIN: &str = "SE2321000131-E000000000002";

/// The Locations of a ward with one bed: bed, room, ward.
fn bed(name: &str, ward: &str, room: &str, number: &str) -> [Value; 3] {
    let kind = |code: &str| json!({"coding": [{"code": code}]});
    [
        json!({"resourceType": "Location", "id": format!("{name}-bed"), "physicalType": kind("bd"),
            "identifier": [{"value": number}], "partOf": {"reference": format!("Location/{name}-room")}}),
        json!({"resourceType": "Location", "id": format!("{name}-room"), "physicalType": kind("ro"),
            "identifier": [{"value": room}], "partOf": {"reference": format!("Location/{name}-ward")}}),
        json!({"resourceType": "Location", "id": format!("{name}-ward"), "physicalType": kind("wa"),
            "identifier": [{"system": "urn:oid:1.2.752.129.2.1.4.1", "value": ward}]}),
    ]
}

fn stop(location: &str, start: &str) -> Value {
    json!({"location": {"reference": format!("Location/{location}")}, "status": "active", "period": {"start": start}})
}

/// A version of the Encounter e1, `minute` minutes after ten.
fn version(minute: u8, status: &str, class: &str, more: Value) -> Value {
    let mut encounter = json!({
        "resourceType": "Encounter", "id": "e1",
        "meta": {"versionId": minute.to_string(), "lastUpdated": format!("2026-01-10T10:{minute:02}:00Z")},
        "identifier": [{"type": {"coding": [{"code": "VN"}]}, "value": "V1001"}],
        "status": status, "class": {"code": class},
        "subject": {"reference": "Patient/p1"},
    });
    for (name, value) in more.as_object().expect("fields") {
        encounter[name] = value.clone();
    }
    encounter
}

/// The record of a version, with all that it refers to.
fn record(encounter: &Value) -> String {
    let mut entries = vec![encounter.clone(), patient()];
    entries.extend(bed("mava", MAVA, "4", "1"));
    entries.extend(bed("medicin", MEDICIN, "7", "2"));
    collection(&entries).to_string()
}

const ADMITTED: &str = "2026-01-06T08:00:00+01:00";
const MOVED: &str = "2026-01-07T09:30:00+01:00";
const LEFT: &str = "2026-01-09T14:00:00+01:00";

fn a_stay() -> Vec<Value> {
    let planned = json!({"period": {"start": ADMITTED}, "location": [
        {"location": {"reference": "Location/mava-bed"}, "status": "planned", "period": {"start": ADMITTED}}]});
    let first = json!({"period": {"start": ADMITTED}, "location": [stop("mava-bed", ADMITTED)]});
    let second =
        json!({"period": {"start": ADMITTED}, "location": [stop("mava-bed", ADMITTED), stop("medicin-bed", MOVED)]});
    let mut third = second.clone();
    third["period"]["end"] = LEFT.into();
    vec![
        version(0, "planned", "IMP", planned),
        version(1, "in-progress", "IMP", first),
        version(2, "in-progress", "IMP", second),
        version(3, "finished", "IMP", third),
    ]
}

fn same_in_hl7() -> Vec<String> {
    vec![
        hl7("A01", "20260106080000", "I", "MAVA^4^1", ""),
        hl7("A02", "20260107093000", "I", "Medicin^7^2", "MAVA^4^1"),
        hl7("A03", "20260109140000", "I", "Medicin^7^2", ""),
    ]
}

#[track_caller]
fn check(versions: &[Value], expected: &[Stay]) {
    let records: Vec<String> = versions.iter().map(record).collect();
    for order in orders(records.len()) {
        let mut sent: Vec<String> = order.iter().map(|at| records[*at].clone()).collect();
        assert_eq!(stays_of(Format::Fhir, &sent), expected, "{order:?}");
        sent.extend(records.first().cloned());
        assert_eq!(stays_of(Format::Fhir, &sent), expected, "{order:?} and a repeat");
    }
}

#[test]
fn versions_in_any_order_give_the_stays_of_the_hl7_stream() {
    let expected = stays_of(Format::Hl7v2, &same_in_hl7());
    assert_eq!(expected.len(), 2);
    assert!(expected[0].subject.is_some() && expected[0].admitted && expected[1].to.is_some());
    check(&a_stay(), &expected);
    // The last version alone says all of it.
    check(&a_stay()[3..], &expected);
}

#[test]
fn while_the_patient_is_there_the_stay_is_open() {
    check(&a_stay()[..3], &stays_of(Format::Hl7v2, &same_in_hl7()[..2]));
    check(&a_stay()[..2], &stays_of(Format::Hl7v2, &same_in_hl7()[..1]));
    check(&a_stay()[..1], &[]);
}

#[test]
fn a_server_that_tells_only_the_present_place_gives_the_same_stays() {
    let versions = [
        version(
            1,
            "in-progress",
            "IMP",
            json!({"period": {"start": ADMITTED}, "location": [stop("mava-bed", ADMITTED)]}),
        ),
        version(
            2,
            "in-progress",
            "IMP",
            json!({"period": {"start": ADMITTED}, "location": [stop("medicin-bed", MOVED)]}),
        ),
        version(3, "finished", "IMP", json!({"period": {"start": ADMITTED, "end": LEFT}})),
    ];
    check(&versions, &stays_of(Format::Hl7v2, &same_in_hl7()));
}

#[test]
fn the_latest_version_corrects_the_place_and_takes_a_discharge_back() {
    let right = json!({"period": {"start": ADMITTED}, "location": [stop("medicin-bed", ADMITTED)]});
    let wrong = json!({"period": {"start": ADMITTED, "end": LEFT}, "location": [stop("mava-bed", ADMITTED)]});
    let versions = [version(1, "finished", "IMP", wrong), version(2, "in-progress", "IMP", right)];
    check(&versions, &stays_of(Format::Hl7v2, &[hl7("A01", "20260106080000", "I", "Medicin^7^2", "")]));
}

#[test]
fn ward_room_and_bed_listed_each_for_itself_are_one_place() {
    let lists = json!({"period": {"start": ADMITTED}, "location": [
        stop("mava-ward", ADMITTED), stop("mava-room", ADMITTED), stop("mava-bed", ADMITTED)]});
    check(&[version(1, "in-progress", "IMP", lists)], &stays_of(Format::Hl7v2, &same_in_hl7()[..1]));
}

#[test]
fn a_class_that_changed_is_an_arrival_and_then_an_admission() {
    let more = json!({
        "period": {"start": ADMITTED},
        "classHistory": [
            {"class": {"code": "EMER"}, "period": {"start": ADMITTED, "end": MOVED}},
            {"class": {"code": "IMP"}, "period": {"start": MOVED}}],
        "location": [stop("mava-bed", ADMITTED), stop("medicin-bed", MOVED)],
    });
    let hl7 = [
        hl7("A04", "20260106080000", "E", "MAVA^4^1", ""),
        hl7("A06", "20260107093000", "I", "Medicin^7^2", "MAVA^4^1"),
    ];
    let expected = stays_of(Format::Hl7v2, &hl7);
    assert!(!expected[0].admitted && expected[1].admitted);
    let first = json!({"period": {"start": ADMITTED}, "location": [stop("mava-bed", ADMITTED)]});
    check(&[version(1, "arrived", "EMER", first), version(2, "in-progress", "IMP", more)], &expected);
}

#[test]
fn on_leave_the_bed_is_kept() {
    let place = json!({"period": {"start": ADMITTED}, "location": [stop("mava-bed", ADMITTED)]});
    let mut away = place.clone();
    away["statusHistory"] = json!([{"status": "in-progress", "period": {"start": ADMITTED, "end": MOVED}}]);
    let there = version(1, "in-progress", "IMP", place.clone());
    let away = version(2, "onleave", "IMP", away);
    let hl7 = [hl7("A01", "20260106080000", "I", "MAVA^4^1", ""), hl7("A21", "20260107093000", "I", "MAVA^4^1", "")];
    let expected = stays_of(Format::Hl7v2, &hl7);
    assert!(expected[0].on_leave);
    check(&[there.clone(), away.clone()], &expected);
    check(&[there, away, version(3, "in-progress", "IMP", place)], &stays_of(Format::Hl7v2, &hl7[..1]));
}

#[test]
fn what_was_cancelled_entered_in_error_or_deleted_leaves_no_stay() {
    for status in ["cancelled", "entered-in-error"] {
        let mut versions = a_stay();
        versions[3] = version(3, status, "IMP", json!({}));
        check(&versions, &[]);
    }
    let deletion = json!({"resourceType": "Bundle", "type": "collection",
        "entry": [{"request": {"method": "DELETE", "url": "Encounter/e1"}}]});
    let mut pipeline = support::pipeline(support::sample_directory());
    for order in orders(3) {
        let mut events = Events::default();
        let mut records: Vec<String> = a_stay()[1..3].iter().map(record).collect();
        records.push(deletion.to_string());
        for at in order {
            add(&mut pipeline, Format::Fhir, &records[at], &mut events);
        }
        assert_eq!(timeline::timeline(&events.0).stays, [], "the deletion names the id only, the visit has a number");
    }
}

#[test]
fn a_visit_that_is_numbered_later_is_one_episode() {
    let mut versions = a_stay();
    for version in &mut versions[..2] {
        version.as_object_mut().expect("an object").remove("identifier");
    }
    check(&versions, &stays_of(Format::Hl7v2, &same_in_hl7()));
}
