//! Each FHIR resource, what it becomes, and every rule that it can break.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity::test_identity;
use processor::pipeline::{Outcome, Pipeline};
use processor::rules::TABLE;
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};

use crate::support::{self, Kept};

/// Which of the test identities has a personnummer.
pub(crate) const PERSONNUMMER: u64 = 0;

const INERA: &str = "urn:oid:1.2.752.129.2.1.3.1";

/// A record as the connector sends it: the focus, and after it what it refers to.
pub(crate) fn collection(resources: &[Value]) -> Value {
    let entry = |resource: &Value| {
        let name = |key: &str| resource[key].as_str().unwrap_or_default();
        json!({"fullUrl": format!("{}/{}", name("resourceType"), name("id")), "resource": resource})
    };
    json!({"resourceType": "Bundle", "type": "collection", "entry": resources.iter().map(entry).collect::<Vec<_>>()})
}

/// The patient of the tests.
pub(crate) fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "identifier": [{"system": INERA, "value": test_identity::number(PERSONNUMMER).as_str()}],
        "birthDate": "1975-03-02", "gender": "female",
    })
}

pub(crate) fn encounter() -> Value {
    json!({
        "resourceType": "Encounter", "id": "e1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "identifier": [{"value": "V1001"}], "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2026-01-06T08:00:00+01:00", "end": "2026-02-01T12:00:00+01:00"},
        "hospitalization": {
            "admitSource": {"coding": [{"code": "1"}]}, "dischargeDisposition": {"coding": [{"code": "2"}]}},
        "serviceProvider": {"reference": "Organization/o1",
            "identifier": {"system": "urn:oid:1.2.752.29.4.19", "value": "SE2321000131-E000000000002"}},
        "location": [{"location": {"reference": "Location/MAVA"}, "status": "active",
            "period": {"start": "2026-01-06T08:00:00+01:00"}}],
        "diagnosis": [{"condition": {"reference": "Condition/c1"}, "rank": 1},
            {"condition": {"reference": "Condition/c2"}, "rank": 2}],
    })
}

pub(crate) fn condition() -> Value {
    json!({
        "resourceType": "Condition", "id": "c1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "code": {"coding": [{"system": "urn:oid:1.2.752.116.1.1.1", "code": "S72.00", "display": "x"}], "text": "x"},
        "bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": "7771000"}]}],
        "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
        "recordedDate": "2026-01-06",
    })
}

pub(crate) fn procedure() -> Value {
    json!({
        "resourceType": "Procedure", "id": "o1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "status": "completed", "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"},
        "code": {"coding": [{"system": "urn:oid:1.2.752.116.1.3.2.3.6", "code": "nfb49"}]},
        "performedPeriod": {"start": "2026-01-07T10:00:00+01:00", "end": "2026-01-07T11:00:00+01:00"},
    })
}

pub(crate) fn service_request() -> Value {
    json!({
        "resourceType": "ServiceRequest", "id": "r1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "identifier": [{"value": "REM-77"}], "status": "active", "intent": "order", "priority": "urgent",
        "category": [{"coding": [{"code": "3457005"}]}], "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "urn:oid:1.2.752.116.1.3.2.1.4", "code": "NFB49"}]},
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-se", "code": "M16.1"}]}],
        "authoredOn": "2025-12-01", "occurrenceDateTime": "2026-02-01",
        "requester": {"reference": "Organization/vc",
            "identifier": {"system": "1.2.752.129.2.1.4.1", "value": "SE2321000131-E000000000009"}},
        "performer": [{"reference": "Organization/m",
            "identifier": {"system": "1.2.752.129.2.1.4.1", "value": "SE2321000131-E000000000002"}}],
    })
}

pub(crate) fn appointment() -> Value {
    json!({
        "resourceType": "Appointment", "id": "a1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "status": "booked", "created": "2025-12-10", "start": "2026-02-03T09:00:00+01:00",
        "basedOn": [{"reference": "ServiceRequest/r1"}],
        "participant": [{"actor": {"reference": "Practitioner/x"}, "status": "accepted"},
            {"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    })
}

pub(crate) fn bed() -> Value {
    json!({
        "resourceType": "Location", "id": "b1", "meta": {"lastUpdated": "2026-01-10T10:00:00Z"},
        "identifier": [{"value": "1"}], "physicalType": {"coding": [{"code": "bd"}]},
        "operationalStatus": {"system": "http://terminology.hl7.org/CodeSystem/v2-0116", "code": "H"},
        "partOf": {"reference": "Location/x", "identifier": {"value": "SE2321000131-E000000000001"}},
    })
}

/// One record of each kind, as bytes.
pub(crate) fn records() -> Vec<Vec<u8>> {
    let records = [
        vec![patient()],
        vec![encounter(), patient()],
        vec![bed()],
        vec![service_request(), patient()],
        vec![appointment(), patient(), service_request()],
        vec![condition(), patient(), encounter()],
        vec![procedure(), patient(), encounter()],
    ];
    records.iter().map(|resources| collection(resources).to_string().into_bytes()).collect()
}

pub(crate) fn process(record: &Value) -> (Outcome, Kept) {
    process_bytes(record.to_string().as_bytes())
}

fn process_bytes(payload: &[u8]) -> (Outcome, Kept) {
    process_with(&mut support::pipeline(support::sample_directory()), payload)
}

fn process_with(pipeline: &mut Pipeline, payload: &[u8]) -> (Outcome, Kept) {
    let source = SourceRecord { message_id: "Thing/1@1", ..support::source(Format::Fhir, payload) };
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source, support::ORIGIN, &mut kept);
    (outcome, kept)
}

/// The one event of a record.
fn event(resources: &[Value]) -> Value {
    let (outcome, mut kept) = process(&collection(resources));
    assert_eq!(outcome, Outcome::Mapped(1), "{:?}", kept.parked);
    kept.events.remove(0)
}

/// A resource with one field changed.
fn with(mut resource: Value, field: &str, value: Value) -> Value {
    resource[field] = value;
    resource
}

fn rules(event: &Value) -> Vec<String> {
    let found = event["envelope"]["quality"].as_array().expect("a list");
    found.iter().map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

fn text<'v>(event: &'v Value, path: &str) -> &'v str {
    event.pointer(path).and_then(Value::as_str).unwrap_or("nothing")
}

#[test]
fn each_resource_in_full() {
    let patient = with(
        patient(),
        "link",
        json!([{"other": {"identifier": {"system": INERA,
        "value": test_identity::number(1).as_str()}}, "type": "seealso"}]),
    );
    for (name, resources) in [
        ("fhir-patient", vec![patient.clone()]),
        ("fhir-encounter", vec![encounter(), patient.clone()]),
        ("fhir-bed", vec![bed()]),
        ("fhir-service-request", vec![service_request(), patient.clone()]),
        ("fhir-appointment", vec![appointment(), patient.clone(), service_request()]),
        ("fhir-condition", vec![condition(), patient.clone(), encounter()]),
        ("fhir-procedure", vec![procedure(), patient, encounter()]),
    ] {
        let (_, kept) = process(&collection(&resources));
        assert!(kept.parked.is_empty(), "{name}");
        insta::assert_json_snapshot!(name, kept.events);
    }
}

#[test]
fn one_person_has_the_pseudonym_of_the_hl7_stream_in_both_families_of_systems() {
    let token_of_hl7 = |value: &str, assigner: &str| {
        let message = format!(
            "MSH|^~\\&|A|B|C|D|20260106120000||ADT^A28|1|P|2.5\rEVN|A28|20260106110000\rPID|1||{value}^^^&{assigner}&ISO\r"
        );
        let mut pipeline = support::pipeline(support::sample_directory());
        let (_, kept) = support::process(&mut pipeline, Format::Hl7v2, message.as_bytes());
        text(&kept.events[0], "/envelope/subject_token").to_owned()
    };
    let token_of_fhir = |value: &str, system: &str| {
        let identifier = json!([{"system": system, "value": value}]);
        text(&event(&[with(patient(), "identifier", identifier)]), "/envelope/subject_token").to_owned()
    };
    for index in 0..40 {
        let identity = test_identity::number(index);
        let personnummer = identity.kind() == identity::Kind::Personnummer;
        let (oid, name) = if personnummer { ("3.1", "personnummer") } else { ("3.3", "samordningsnummer") };
        let oid = format!("1.2.752.129.2.1.{oid}");
        let expected = token_of_hl7(identity.as_str(), &oid);
        for system in [
            oid.clone(),
            format!("urn:oid:{oid}"),
            format!("http://electronichealth.se/identifier/{name}"),
            String::new(),
        ] {
            for value in [identity.as_str().to_owned(), identity.hyphenated()] {
                assert_eq!(token_of_fhir(&value, &system), expected, "identity {index}");
            }
        }
    }
    let reserve = test_identity::reserve(identity::Reserve::VastraGotaland, 1).expect("a reserve number");
    let oid = "1.2.752.113.11.0.2.1.1.1";
    assert_eq!(token_of_fhir(&reserve, &format!("urn:oid:{oid}")), token_of_hl7(&reserve, oid));
    // A number of the hospital's own is the same in both, too.
    assert_eq!(token_of_fhir("77-88-99", "urn:oid:1.2.3.4"), token_of_hl7("77-88-99", "1.2.3.4"));
}

#[test]
fn a_protected_person_is_marked_and_has_no_municipality() {
    let coding = json!([{"valueCoding": {"system": "urn:oid:1.2.752.129.2.2.1.17", "code": "1480"}}]);
    let open = with(patient(), "address", json!([{"city": "x", "extension": coding}]));
    assert_eq!(text(&event(std::slice::from_ref(&open)), "/lkf"), "1480");
    for label in ["sekretessmarkering", "skyddadFolkbokforing"] {
        let meta = json!({"lastUpdated": "2026-01-10T10:00:00Z", "security": [{"code": label}]});
        let person = event(&[with(open.clone(), "meta", meta.clone())]);
        assert_eq!((person["lkf"].is_null(), person["envelope"]["protected_identity"].as_bool()), (true, Some(true)));
        let (_, kept) = process(&collection(&[encounter(), with(open.clone(), "meta", meta)]));
        assert!(kept.events.iter().all(|event| event["envelope"]["protected_identity"] == true), "{label}");
    }
    let dead = event(&[with(patient(), "deceasedDateTime", json!("2026-01"))]);
    assert_eq!(dead["dead"], true);
}

#[test]
fn a_wait_follows_referral_and_appointment() {
    let wait = |resources: &[Value]| {
        let event = event(resources);
        let kind = text(&event, "/envelope/event_type").to_owned();
        (kind, text(&event, "/status").to_owned(), text(&event, "/period").to_owned(), event)
    };
    let (kind, status, period, event) = wait(&[service_request(), patient()]);
    assert_eq!((&*kind, &*status, &*period), ("wait.waiting", "WAITING", "2026-01"));
    assert_eq!((text(&event, "/contact_id"), text(&event, "/referral_id")), ("ServiceRequest/r1", "REM-77"));
    for status in ["revoked", "entered-in-error"] {
        let (kind, _, _, event) = wait(&[with(service_request(), "status", json!(status)), patient()]);
        assert_eq!((&*kind, text(&event, "/envelope/correction/kind")), ("wait.withdrawn", "CANCEL"));
    }
    let (_, _, period, booked) = wait(&[appointment(), patient(), service_request()]);
    assert_eq!((&*period, booked["started_at"].is_null()), ("2026-01", true));
    assert_eq!(text(&booked, "/envelope/extensions/planned_at"), "2026-02-03T09:00:00+01:00");
    for status in ["arrived", "checked-in", "fulfilled"] {
        let done = with(appointment(), "status", json!(status));
        let (kind, _, period, event) = wait(&[done, patient(), service_request()]);
        assert_eq!((&*kind, &*period), ("wait.completed", "2026-02"));
        assert_eq!(event["decided_at"], booked["decided_at"]);
        assert!(event["started_at"].is_i64() && event["decided_at"].is_i64());
    }
    for status in ["cancelled", "noshow", "entered-in-error"] {
        assert_eq!(wait(&[with(appointment(), "status", json!(status)), patient()]).0, "wait.withdrawn");
    }
    // Without the referral beside it, its id is all that is known.
    let (_, _, _, event) = wait(&[appointment(), patient()]);
    assert_eq!(text(&event, "/referral_id"), "ServiceRequest/r1");
    assert!(rules(&event).contains(&"fhir-decision-missing".to_owned()));
}

#[test]
fn a_place_is_named_as_the_directory_knows_it() {
    let kind = |code: &str| json!({"coding": [{"code": code}]});
    let location = |id: &str, more: Value| {
        let mut location = json!({"resourceType": "Location", "id": id});
        for (name, value) in more.as_object().expect("fields") {
            location[name] = value.clone();
        }
        location
    };
    let placed = |reference: Value, locations: &[Value]| {
        let stop = json!([{"location": reference, "period": {"start": "2026-01-06T08:00:00+01:00"}}]);
        let mut resources = vec![with(encounter(), "location", stop), patient()];
        resources.extend_from_slice(locations);
        let (_, kept) = process(&collection(&resources));
        let event = kept.events.iter().find(|event| !event["place"].is_null()).expect("a place").clone();
        let part = |name: &str| event["place"][name].as_str().map(str::to_owned);
        (part("unit"), part("room"), part("bed"), rules(&event).contains(&"unit-unknown".to_owned()))
    };
    let text = |text: &str| Some(text.to_owned());
    // By id, by HSA-id in the reference, by number; the directory's code stands for all three.
    assert_eq!(placed(json!({"reference": "Location/MAVA"}), &[]), (text("MAVA"), None, None, false));
    let by_hsa = json!({"identifier": {"system": "urn:oid:1.2.752.29.4.19", "value": "se2321000131-e000000000001"}});
    assert_eq!(placed(by_hsa, &[]), (text("MAVA"), None, None, false));
    let ward = location("77", json!({"identifier": [{"use": "old", "value": "X"}, {"value": "Medicin"}]}));
    assert_eq!(placed(json!({"reference": "Location/77"}), &[ward]), (text("Medicin"), None, None, false));
    // What it does not know keeps the nearest name, and a ward above that it does know is better.
    assert_eq!(placed(json!({"reference": "Location/77"}), &[]), (text("77"), None, None, true));
    let above = location("77", json!({"partOf": {"reference": "Location/MAVA"}}));
    assert_eq!(placed(json!({"reference": "Location/77"}), &[above]), (text("MAVA"), None, None, false));
    // A bed whose ward is not in the record; one in a circle.
    let bed = location("9", json!({"physicalType": kind("bd"), "partOf": {"reference": "Location/MAVA"}}));
    assert_eq!(placed(json!({"reference": "Location/9"}), &[bed]), (text("MAVA"), None, text("9"), false));
    let circle = location("9", json!({"physicalType": kind("bd"), "partOf": {"reference": "Location/9"}}));
    assert_eq!(placed(json!({"reference": "Location/9"}), &[circle]), (text(""), None, text("9"), true));
}

#[test]
fn a_version_from_the_future_is_noted() {
    let meta = json!({"lastUpdated": "2026-01-15T12:06:00Z"});
    assert!(rules(&event(&[with(patient(), "meta", meta)])).contains(&"time-in-future".to_owned()));
}

#[test]
fn a_code_knows_its_role_its_day_and_its_side() {
    let code = |resources: &[Value]| event(resources)["codes"][0].clone();
    let main = code(&[condition(), patient(), encounter()]);
    assert_eq!(
        (text(&main, "/role"), text(&main, "/code"), text(&main, "/verbatim")),
        ("MAIN_DIAGNOSIS", "S7200", "S72.00")
    );
    assert_eq!((text(&main, "/laterality"), &main["performed_is_date"]), ("LEFT", &json!(true)));
    let other = with(condition(), "id", json!("c2"));
    assert_eq!(text(&code(&[other, patient(), encounter()]), "/role"), "OTHER_DIAGNOSIS");
    let unlisted = with(condition(), "id", json!("c3"));
    assert_eq!(text(&code(&[unlisted, patient(), encounter()]), "/role"), "UNKNOWN");
    assert_eq!(text(&code(&[condition(), patient()]), "/role"), "UNKNOWN");
    let fall = json!({"coding": [{"system": "urn:oid:1.2.752.116.1.1.1.1.3", "code": "W010"}]});
    assert_eq!(text(&code(&[with(condition(), "code", fall), patient()]), "/role"), "EXTERNAL_CAUSE");
    let operation = code(&[procedure(), patient(), encounter()]);
    assert_eq!((text(&operation, "/system"), text(&operation, "/code")), ("KVA", "NFB49"));
    assert_eq!(operation["performed_is_date"], false);
    let statement = event(&[procedure(), patient(), encounter()]);
    assert_eq!((text(&statement, "/statement_id"), text(&statement, "/contact_id")), ("Procedure/o1", "Encounter/e1"));
    assert_eq!((text(&statement, "/episode_id"), text(&statement, "/period")), ("V1001", "2026-02"));
    for (resource, field, value) in [
        (condition(), "verificationStatus", json!({"coding": [{"code": "refuted"}]})),
        (condition(), "verificationStatus", json!({"coding": [{"code": "entered-in-error"}]})),
        (procedure(), "status", json!("not-done")),
        (procedure(), "status", json!("entered-in-error")),
    ] {
        let withdrawn = event(&[with(resource, field, value), patient()]);
        assert_eq!(text(&withdrawn, "/envelope/event_type"), "clinical.withdrawn");
        assert_eq!(text(&withdrawn, "/envelope/correction/kind"), "CANCEL");
    }
}

#[test]
fn a_complete_list_of_the_region_makes_codes_unknown_or_discontinued() {
    let lists = Arc::new(support::complete_code_lists());
    let mut pipeline = support::pipeline(support::sample_directory()).with_code_lists(lists);
    let mut found = |resource: Value| {
        let record = collection(&[resource, patient(), encounter()]).to_string();
        let (outcome, mut kept) = process_with(&mut pipeline, record.as_bytes());
        assert_eq!(outcome, Outcome::Mapped(1), "{:?}", kept.parked);
        let rules = rules(&kept.events.remove(0)).into_iter();
        rules.filter(|rule| rule.starts_with("code-")).collect::<Vec<_>>()
    };
    let diagnosis = |code: &str| {
        let coding = json!({"coding": [{"system": "urn:oid:1.2.752.116.1.1.1", "code": code}]});
        with(condition(), "code", coding)
    };
    let operation = |day: &str| {
        let coding = json!({"coding": [{"system": "urn:oid:1.2.752.116.1.3.2.3.6", "code": "NFJ59"}]});
        with(with(procedure(), "code", coding), "performedPeriod", json!({"start": day}))
    };
    assert_eq!(found(diagnosis("S72.00")), Vec::<String>::new());
    assert_eq!(found(diagnosis("S72.01")), ["code-unknown"]);
    assert_eq!(found(diagnosis("I48.9")), ["code-discontinued"]);
    assert_eq!(found(operation("2026-02-03")), ["code-discontinued"]);
    assert_eq!(found(operation("2026-02-04")), Vec::<String>::new());
    assert_eq!(found(service_request()), ["code-unknown", "code-unknown"]);
}

#[test]
fn a_server_id_of_a_patient_is_shown_to_nobody() {
    let payload = collection(&[patient()]).to_string();
    let mut pipeline = support::pipeline(support::sample_directory());
    let source = SourceRecord { message_id: "Patient/kort-77@3", ..support::source(Format::Fhir, payload.as_bytes()) };
    let mut kept = Kept::default();
    pipeline.process(&source, support::ORIGIN, &mut kept);
    assert!(text(&kept.events[0], "/envelope/source_message_id").starts_with("x."));
    assert!(!kept.events[0].to_string().contains("kort-77"));
}

#[test]
fn every_rule_of_resources_is_shown() {
    let without = |mut resource: Value, field: &str| {
        resource.as_object_mut().expect("an object").remove(field);
        resource
    };
    let deletion = |url: &str| {
        json!({"resourceType": "Bundle", "type": "collection",
            "entry": [{"request": {"method": "DELETE", "url": url}}]})
    };
    let other = |kind: &str| collection(&[json!({"resourceType": kind, "id": "1"})]);
    let place = |status: &str, period: Value| {
        let location = json!([{"location": {"reference": "Location/MAVA"}}]);
        collection(&[with(with(with(encounter(), "status", json!(status)), "period", period), "location", location)])
    };
    let places = |places: Value| collection(&[with(encounter(), "location", places)]);
    let link = json!([{"other": {"reference": "Patient/9"}}]);
    let completed = with(service_request(), "status", json!("completed"));
    let cases = [
        ("fhir-unreadable", json!([1])),
        ("fhir-id-missing", collection(&[without(encounter(), "id"), patient()])),
        ("fhir-id-missing", collection(&[without(service_request(), "id"), patient()])),
        ("fhir-identifier-missing", collection(&[without(patient(), "identifier")])),
        ("fhir-delete-incomplete", deletion("ServiceRequest/r1")),
        ("fhir-delete-incomplete", deletion("Appointment/a1")),
        ("fhir-resource-unknown", other("Observation")),
        ("fhir-resource-unknown", deletion("Observation/1")),
        ("fhir-nothing-to-say", other("Location")),
        ("fhir-nothing-to-say", deletion("Patient/p1")),
        ("fhir-nothing-to-say", collection(&[with(procedure(), "status", json!("preparation"))])),
        ("fhir-nothing-to-say", collection(&[with(service_request(), "status", json!("draft"))])),
        ("fhir-code-unknown", collection(&[with(encounter(), "class", json!({"code": "??"}))])),
        ("fhir-code-unknown", collection(&[with(bed(), "operationalStatus", json!({"code": "?"}))])),
        ("fhir-code-missing", collection(&[with(condition(), "code", json!({"text": "x"}))])),
        ("fhir-patient-missing", collection(&[encounter()])),
        ("fhir-encounter-missing", collection(&[condition()])),
        ("fhir-link-unresolved", collection(&[with(patient(), "link", link)])),
        ("fhir-time-imprecise", collection(&[with(encounter(), "period", json!({"start": "2026-01-06"}))])),
        ("fhir-end-missing", place("finished", json!({"start": "2026-01-06T08:00:00Z"}))),
        ("fhir-end-ahead", place("in-progress", json!({"end": "2027-01-06T08:00:00Z"}))),
        ("fhir-place-missing", collection(&[without(encounter(), "location")])),
        ("fhir-parent-unknown", collection(&[with(encounter(), "partOf", json!({"reference": "Encounter/e0"}))])),
        ("fhir-status-other-release", collection(&[with(encounter(), "status", json!("completed"))])),
        ("fhir-reference-unresolved", places(json!([{"location": {"reference": "urn:uuid:x"}}]))),
        (
            "fhir-place-coarse",
            places(json!([{"location": {"reference": "Location/h"},
            "physicalType": {"coding": [{"code": "bu"}]}}])),
        ),
        (
            "fhir-places-contradict",
            places(json!([{"location": {"reference": "Location/MAVA"}},
            {"location": {"reference": "Location/Medicin"}}])),
        ),
        ("fhir-place-without-time", place("in-progress", json!({"start": "2026-01-06T08:00:00Z"}))),
        ("fhir-period-derived", collection(&[without(condition(), "recordedDate")])),
        ("fhir-decision-missing", collection(&[without(service_request(), "authoredOn")])),
        ("fhir-start-missing", collection(&[completed])),
    ];
    let mut shown = BTreeSet::new();
    for (rule, record) in &cases {
        let (outcome, kept) = process(record);
        let found = match outcome {
            Outcome::Mapped(_) => kept.events.iter().flat_map(rules).any(|found| found == *rule),
            Outcome::Ignored(found) => found.code() == *rule,
            Outcome::Rejected(rejection) => rejection.code() == *rule,
        };
        assert!(found, "{rule}: {outcome:?} {:?}", kept.events.first().map(rules));
        shown.insert(*rule);
    }
    let all = TABLE.iter().map(|entry| entry.code).filter(|code| code.starts_with("fhir-"));
    assert_eq!(all.filter(|code| !shown.contains(code)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_is_not_json_or_not_fhir_is_parked() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_in_resource = format!("{{\"resourceType\":\"Encounter\",\"id\":\"1\",\"extension\":{deep}}}");
    let many = format!("{{\"resourceType\":\"Patient\",\"identifier\":[{}]}}", vec!["{}"; 1_001].join(","));
    let long = format!("{{\"resourceType\":\"Patient\",\"x\":\"{}\"}}", "x".repeat(1 << 20));
    for payload in [
        &b""[..],
        b"null",
        b"{",
        b"{}",
        b"[]",
        b"\"x\"",
        b"\xFF\xFE",
        b"<Patient/>",
        b"{\"resourceType\":7}",
        b"{\"resourceType\":\"Bundle\"}",
        b"{\"resourceType\":\"Bundle\",\"entry\":[]}",
        b"{\"resourceType\":\"Bundle\",\"entry\":[{}]}",
        b"{\"resourceType\":\"Bundle\",\"entry\":{}}",
        b"{\"resourceType\":\"Bundle\",\"entry\":[{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/1\"}}]}",
        b"{\"resourceType\":\"Bundle\",\"entry\":[{\"request\":{\"method\":\"DELETE\",\"url\":\"x\"}}]}",
        b"{\"resourceType\":\"Encounter\",\"id\":\"1\",\"period\":\"x\"}",
        b"{\"resourceType\":\"Encounter\",\"id\":\"1\",\"location\":[1]}",
        b"{\"resourceType\":\"Encounter\",\"id\":\"1\",\"id\":\"2\"}",
        b"{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":12}]}",
        deep.as_bytes(),
        many.as_bytes(),
        long.as_bytes(),
    ] {
        let (outcome, kept) = process_bytes(payload);
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(80)]).into_owned();
        assert!(matches!(outcome, Outcome::Rejected(rejection) if rejection.code() == "fhir-unreadable"), "{shown}");
        assert_eq!(kept.parked.len(), 1);
    }
    // What is not read may be as deep as it likes: it is skipped without recursion.
    assert!(matches!(process_bytes(deep_in_resource.as_bytes()).0, Outcome::Mapped(_) | Outcome::Rejected(_)));
}
