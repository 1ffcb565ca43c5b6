//! No identity gets through a FHIR resource: canaries in every text of every resource, those that nobody reads
//! included.

use identity::test_identity::{self, TestIdentity};
use processor::pipeline::Pipeline;
use schemas::{Format, SourceRecord};
use serde_json::{Value, json};

use crate::canary::{WAYS, forms, holds, planted};
use crate::fhir::{appointment, bed, collection, condition, encounter, patient, procedure, service_request};
use crate::support::{self, Kept};

/// What R4 lets stand beside what is read: names, addresses, narratives, notes, display texts.
fn with_all_texts(mut resource: Value) -> Value {
    let reference = json!({"reference": "Practitioner/1", "display": "t", "identifier": {"system": "s", "value": "v"}});
    let more = json!({
        "text": {"status": "generated", "div": "t"},
        "name": [{"text": "t", "family": "t", "given": ["t", "t"]}],
        "telecom": [{"system": "phone", "value": "t"}],
        "note": [{"text": "t", "authorString": "t"}],
        "extension": [{"url": "u", "valueString": "t"}, {"url": "u", "valueCoding": {"system": "s", "code": "c"}},
            {"url": "u", "valueCoding": {"system": "urn:oid:1.2.752.129.2.2.1.17", "code": "c"}}],
        "description": "t", "comment": "t", "patientInstruction": "t", "alias": ["t"],
        "contained": [{"resourceType": "Patient", "id": "t", "name": [{"text": "t"}]}],
        "reasonReference": [reference], "performerDisplay": "t", "supportingInfo": [reference],
        "implicitRules": "t", "language": "sv",
    });
    for (name, value) in more.as_object().expect("fields") {
        if resource.get(name).is_none() {
            resource[name] = value.clone();
        }
    }
    for field in ["subject", "encounter", "serviceProvider", "partOf"] {
        if let Some(reference) = resource.get_mut(field) {
            reference["display"] = "t".into();
        }
    }
    if resource["resourceType"] == "Patient" {
        resource["address"] = json!([{"text": "t", "line": ["t"], "city": "t", "postalCode": "t",
            "extension": [{"url": "u", "valueCodeableConcept": {"coding": [{"system": "1.2.752.129.2.2.1.17", "code": "c"}]}}]}]);
        resource["contact"] = json!([{"name": {"text": "t"}}]);
        resource["link"] =
            json!([{"other": {"reference": "Patient/2", "identifier": {"value": "t"}}, "type": "refer"}]);
    }
    if resource["resourceType"] == "Encounter" {
        resource["partOf"] =
            json!({"reference": "Encounter/e0", "display": "t", "identifier": {"system": "s", "value": "v"}});
        let places =
            ["Location?identifier=s|v", "urn:uuid:l", "#t"].map(|place| json!({"location": {"reference": place}}));
        resource["location"].as_array_mut().expect("a list").extend(places);
        resource["classHistory"] = json!([{"class": {"code": "EMER"}, "period": {"start": "2026-01-06T08:00:00Z"}},
            {"class": {"code": "IMP"}, "period": {"start": "2026-01-06T09:00:00Z"}}]);
    }
    resource
}

fn records() -> Vec<Vec<Value>> {
    let patient = with_all_texts(patient());
    let ward = json!({"resourceType": "Location", "id": "MAVA", "name": "t", "identifier": [{"value": "MAVA"}],
        "partOf": {"reference": "Location/house", "display": "t"}});
    [
        vec![patient.clone()],
        vec![encounter(), patient.clone(), ward],
        vec![encounter(), patient.clone()],
        vec![bed()],
        vec![service_request(), patient.clone()],
        vec![appointment(), patient.clone(), service_request()],
        vec![condition(), patient.clone(), encounter()],
        vec![procedure(), patient, encounter()],
    ]
    .map(|resources| resources.into_iter().map(with_all_texts).collect())
    .into()
}

/// Paths of all texts in a record, but for the types of resources, without which there is none.
fn texts(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name != "resourceType" {
                    texts(value, &format!("{path}/{name}"), found);
                }
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                texts(value, &format!("{path}/{at}"), found);
            }
        }
        Value::String(_) => found.push(path.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The id that the connector gives the record.
fn message_id(record: &Value) -> String {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let version = text("/entry/0/resource/meta/versionId");
    format!("{}/{}@{version}", text("/entry/0/resource/resourceType"), text("/entry/0/resource/id"))
}

fn leaks(pipeline: &mut Pipeline, record: &Value, identity: &TestIdentity) -> bool {
    let (payload, message_id) = (record.to_string(), message_id(record));
    let source = SourceRecord { message_id: &message_id, ..support::source(Format::Fhir, payload.as_bytes()) };
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source, support::ORIGIN, &mut kept);
    let mut given_out = format!("{outcome:?}");
    kept.all().for_each(|value| given_out.push_str(&value.to_string()));
    holds(&given_out, identity)
}

fn each_planting(mut check: impl FnMut(&Value, &TestIdentity, &str)) {
    let mut index = 0;
    for resources in records() {
        let record = collection(&resources);
        let mut paths = Vec::new();
        texts(&record, "", &mut paths);
        for path in &paths {
            for way in 0..WAYS {
                index += 1;
                let identity = test_identity::number(index);
                let mut record = record.clone();
                *record.pointer_mut(path).expect("a text") = planted(&identity, way).into();
                check(&record, &identity, &format!("{path}, way {way}"));
            }
        }
        // The same identity wherever it is not needed to find one's way.
        for way in 0..WAYS {
            index += 1;
            let identity = test_identity::number(index);
            let mut record = record.clone();
            for path in
                paths.iter().filter(|path| !["/fullUrl", "/reference", "/status"].iter().any(|end| path.ends_with(end)))
            {
                *record.pointer_mut(path).expect("a text") = planted(&identity, way).into();
            }
            check(&record, &identity, &format!("everywhere, way {way}"));
        }
    }
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn no_planted_identity_gets_through() {
    for directory in [Default::default(), support::sample_directory()] {
        let mut pipeline = support::pipeline(directory);
        let mut planted = 0;
        each_planting(|record, identity, what| {
            planted += 1;
            assert!(!leaks(&mut pipeline, record, identity), "{what}");
        });
        assert!(planted > 2_000, "{planted}");
    }
}

#[cfg(feature = "leak-test")]
#[test]
fn a_leaking_build_is_caught() {
    let mut pipeline = support::pipeline(Default::default());
    let mut caught = 0;
    each_planting(|record, identity, _| caught += u32::from(leaks(&mut pipeline, record, identity)));
    assert!(caught > 20, "{caught}");
}

#[cfg(not(feature = "leak-test"))]
#[test]
fn the_dry_run_prints_none_either() {
    use processor::dry_run::{self, Language, Options};

    let (mut file, mut identities) = (String::new(), Vec::new());
    each_planting(|record, identity, _| {
        file.push_str(&record["entry"][0]["resource"].to_string());
        file.push('\n');
        identities.push(*identity);
    });
    let options = Options {
        region: "14".into(),
        directory: support::sample_directory(),
        program: None,
        code_lists: None,
        format: None,
        census: false,
        stays: false,
        language: Language::Sv,
        received_at: support::RECEIVED_AT,
    };
    let mut output = Vec::new();
    dry_run::run(options, file.as_bytes(), &mut output).expect("a dry run");
    let printed = String::from_utf8(output).expect("UTF-8");
    // One line per resource, each with an identity of its own.
    assert_eq!(printed.lines().count(), identities.len());
    for (line, identity) in printed.lines().zip(&identities) {
        assert!(!forms(identity).iter().any(|form| line.contains(form.as_str())), "{line}");
    }
}
