//! What a record system keeps in its FHIR server: a hospital's beds, and persons on their way through them.

use std::collections::{BTreeMap, BTreeSet};

use identity::test_identity;
use serde_json::{Value, json};

/// Persons, each with one stay.
pub(super) const PERSONS: u64 = 60;
/// Versions that a stay has, at most: one to three places, then its end.
pub(super) const VERSIONS: u64 = 4;

const WARDS: u64 = 3;
const BEDS: u64 = 4;
/// 2026-01-05T07:00:00Z, in seconds since 1970.
const BEGIN: i64 = 1_767_596_400;
const HOUR: i64 = 3_600;
const SYSTEMS: [&str; 2] = ["urn:oid:1.2.752.129.2.1.3.1", "http://electronichealth.se/identifier/personnummer"];

fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).expect("a time").to_string()
}

fn ward_code(ward: u64) -> String {
    format!("SE2321000016-V00{ward}")
}

/// Identities that stand in what is kept, as identifiers and in texts that nobody may pass on.
pub(super) fn identities() -> Vec<String> {
    (0..PERSONS).map(|person| test_identity::number(person).as_str().to_owned()).collect()
}

/// The hospital: a house, its wards, a room for two beds, the beds. An Encounter names the bed only.
pub(super) fn places() -> Vec<Value> {
    let place = |id: &str, kind: &str, system: &str, value: &str, parent: Option<&str>| {
        let mut place = json!({ "resourceType": "Location", "id": id, "status": "active",
            "physicalType": { "coding": [{ "code": kind }] }, "identifier": [{ "system": system, "value": value }] });
        if let Some(parent) = parent {
            place["partOf"] = json!({ "reference": format!("Location/{parent}") });
        }
        place
    };
    let (hsa, own) = ("urn:oid:1.2.752.129.2.1.4.1", "urn:oid:1.2.752.99999.1");
    let mut places = vec![place("house", "bu", hsa, "SE2321000016-H001", None)];
    for ward in 0..WARDS {
        let name = format!("ward-{ward}");
        places.push(place(&name, "wa", hsa, &ward_code(ward), Some("house")));
        for room in 0..BEDS / 2 {
            places.push(place(&format!("{name}-{room}"), "ro", own, &format!("Sal {room}"), Some(&name)));
        }
        for bed in 0..BEDS {
            let room = format!("{name}-{}", bed / 2);
            let mut bed = place(&format!("bed-{ward}-{bed}"), "bd", own, &bed.to_string(), Some(&room));
            bed["operationalStatus"] = json!({ "code": "O" });
            places.push(bed);
        }
    }
    places
}

/// The persons, each with its referral, booking, diagnosis and operation.
pub(super) fn persons() -> Vec<Value> {
    (0..PERSONS).flat_map(person).collect()
}

fn person(person: u64) -> [Value; 5] {
    let identity = test_identity::number(person);
    let subject = json!({ "reference": format!("Patient/p{person}") });
    let encounter = json!({ "reference": format!("Encounter/e{person}") });
    let told = format!("Patienten {} ringde.", identity.hyphenated());
    let day = time(BEGIN + person as i64 * HOUR);
    [
        json!({ "resourceType": "Patient", "id": format!("p{person}"), "gender": "female", "birthDate": "1950-04-01",
            "identifier": [{ "system": SYSTEMS[person as usize % 2], "value": identity.as_str() }],
            "name": [{ "family": format!("Testsson {}", identity.as_str()), "given": [told] }] }),
        json!({ "resourceType": "ServiceRequest", "id": format!("r{person}"), "status": "active", "intent": "order",
            "subject": subject, "authoredOn": day, "note": [{ "text": told }],
            "identifier": [{ "system": "urn:oid:1.2.752.99999.2", "value": format!("REM-{person}") }] }),
        json!({ "resourceType": "Appointment", "id": format!("a{person}"), "status": "booked", "start": day,
            "end": day, "basedOn": [{ "reference": format!("ServiceRequest/r{person}") }], "comment": told,
            "participant": [{ "actor": subject, "status": "accepted" }] }),
        json!({ "resourceType": "Condition", "id": format!("c{person}"), "subject": subject, "encounter": encounter,
            "recordedDate": day, "note": [{ "text": told }],
            "code": { "coding": [{ "system": "urn:oid:1.2.752.116.1.1.1", "code": "S72.00" }], "text": told } }),
        json!({ "resourceType": "Procedure", "id": format!("o{person}"), "status": "completed", "subject": subject,
            "encounter": encounter, "performedDateTime": day,
            "code": { "coding": [{ "system": "urn:oid:1.2.752.116.1.3.2.3.6", "code": "NFJ59" }] } }),
    ]
}

/// The bed that a person gets with the version, and when.
fn bed(person: u64, version: u64) -> (u64, u64, i64) {
    let at = BEGIN + (person as i64 * 2 + version as i64 * 7) * HOUR;
    ((person + version) % WARDS, (person / 2 + version) % BEDS, at)
}

/// Beds that the stay of a person has at last.
fn beds(person: u64) -> u64 {
    1 + person % (VERSIONS - 1)
}

fn ends(person: u64) -> bool {
    !person.is_multiple_of(4)
}

fn cancelled(person: u64) -> bool {
    person % 10 == 9
}

/// A version of everybody's Encounter, from 1; of those that have one.
pub(super) fn encounters(version: u64) -> Vec<Value> {
    (0..PERSONS).filter_map(|person| encounter(person, version)).collect()
}

fn encounter(person: u64, version: u64) -> Option<Value> {
    let over = version == beds(person) + 1;
    if version > beds(person) && !(over && (ends(person) || cancelled(person))) {
        return None;
    }
    let known = version.min(beds(person));
    let stays: Vec<Value> = (0..known)
        .map(|number| {
            let (ward, bed_number, at) = bed(person, number);
            let mut stay = json!({ "location": { "reference": format!("Location/bed-{ward}-{bed_number}") },
                                   "status": "active", "period": { "start": time(at) } });
            if number + 1 < known {
                stay["status"] = "completed".into();
                stay["period"]["end"] = time(bed(person, number + 1).2).into();
            }
            stay
        })
        .collect();
    let mut encounter = json!({ "resourceType": "Encounter", "id": format!("e{person}"), "status": "in-progress",
        "identifier": [{ "type": { "coding": [{ "code": "VN" }] }, "value": format!("V{person}") }],
        "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" },
        "subject": { "reference": format!("Patient/p{person}") },
        "period": { "start": time(bed(person, 0).2) }, "location": stays });
    if over && cancelled(person) {
        encounter["status"] = "cancelled".into();
    } else if over {
        encounter["status"] = "finished".into();
        encounter["period"]["end"] = time(bed(person, beds(person)).2).into();
    }
    Some(encounter)
}

/// A stay as the store has it: visit number, unit, room, bed, start, end.
pub(super) type Stay = (String, String, String, String, i64, Option<i64>);

/// The stays that all versions together mean.
pub(super) fn stays() -> BTreeSet<Stay> {
    let mut stays = BTreeSet::new();
    for person in (0..PERSONS).filter(|person| !cancelled(*person)) {
        for number in 0..beds(person) {
            let (ward, bed_number, at) = bed(person, number);
            let next = bed(person, number + 1).2;
            let end = (number + 1 < beds(person) || ends(person)).then_some(next);
            let room = format!("Sal {}", bed_number / 2);
            stays.insert((format!("V{person}"), ward_code(ward), room, bed_number.to_string(), at, end));
        }
    }
    stays
}

/// Somebody who comes when everything is quiet, and the stay that this is.
pub(super) fn latecomer(id: &str) -> (Value, Stay) {
    let (ward, bed, at) = (0, 0, BEGIN + 1_000 * HOUR);
    let encounter = json!({ "resourceType": "Encounter", "id": id, "status": "in-progress",
        "identifier": [{ "value": format!("V-{id}") }], "class": { "code": "IMP" },
        "subject": { "reference": "Patient/p0" }, "period": { "start": time(at) },
        "location": [{ "location": { "reference": format!("Location/bed-{ward}-{bed}") },
                       "status": "active", "period": { "start": time(at) } }] });
    (encounter, (format!("V-{id}"), ward_code(ward), "Sal 0".to_owned(), bed.to_string(), at, None))
}

/// Records that become events of a kind, by kind, without those of Encounters.
pub(super) fn records() -> BTreeMap<&'static str, i64> {
    let persons = PERSONS as i64;
    [("bed-status", (WARDS * BEDS) as i64), ("clinical", 2 * persons), ("person", persons), ("wait", 2 * persons)]
        .into()
}
