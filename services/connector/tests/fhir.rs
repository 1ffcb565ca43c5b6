//! A FHIR server read into a real Kafka.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use schemas::Format;
use serde_json::{Value, json};

use super::fhir_server::{EPOCH, FhirServer, Include};
use super::stack::{Connector, Recorded, Setup, message};
use super::tls::{authority, issued};

/// Text that no log may hold: it stands in every patient and outcome.
const SECRET: &str = "Testsson";

fn patient(index: u64) -> Value {
    let number = identity::test_identity::number(index);
    json!({ "resourceType": "Patient", "id": format!("p{index}"), "name": [{ "family": SECRET }],
            "identifier": [{ "system": "urn:oid:1.2.752.129.2.1.3.1", "value": number.as_str() }] })
}

fn encounter(id: &str, patient: u64, ward: &str) -> Value {
    json!({ "resourceType": "Encounter", "id": id, "status": "in-progress", "length": { "value": 1.5 },
            "subject": { "reference": format!("Patient/p{patient}") },
            "location": [{ "location": { "reference": format!("Location/{ward}") } }] })
}

fn location(id: &str, state: &str) -> Value {
    json!({ "resourceType": "Location", "id": id, "operationalStatus": { "code": state } })
}

pub(crate) fn setup(region: &'static str, base: &str, more: &str) -> Setup {
    let setup = Setup::mllp(region);
    let positions = setup.path("positions");
    std::fs::create_dir(&positions).expect("a folder");
    setup.and(&format!(
        "[[region.fhir]]\nname = \"journal\"\nbase = \"{base}\"\npositions = \"{}\"\n{more}\n",
        positions.display()
    ))
}

/// Ids, each with how often it came; the same id always with the same content.
fn counts(records: &[Recorded]) -> BTreeMap<String, usize> {
    let mut payloads: HashMap<&str, &[u8]> = HashMap::new();
    let mut counts = BTreeMap::new();
    for record in records {
        assert!(!record.has_key && record.format == Format::Fhir);
        let first = payloads.entry(&record.message_id).or_insert(&record.payload);
        assert_eq!(*first, record.payload, "{}", record.message_id);
        *counts.entry(record.message_id.clone()).or_default() += 1;
    }
    counts
}

fn once(ids: &[String]) -> BTreeMap<String, usize> {
    ids.iter().map(|id| (id.clone(), 1)).collect()
}

fn bundle(records: &[Recorded], id: &str) -> Value {
    let record = records.iter().find(|record| record.message_id == id).unwrap_or_else(|| panic!("no {id}"));
    serde_json::from_slice(&record.payload).expect("JSON")
}

fn references(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().expect("entries").iter();
    entries.map(|entry| entry["fullUrl"].as_str().expect("a reference").to_owned()).collect()
}

fn metric(connector: &Connector, region: &str, name: &str) -> f64 {
    connector.metric(&format!("vardstrom_connector_fhir_{name}{{name=\"journal\",region=\"{region}\"}}"))
}

fn stored(connector: &Connector, region: &str) -> f64 {
    connector.metric(&format!("vardstrom_connector_records_stored_total{{feed=\"fhir\",region=\"{region}\"}}"))
}

fn tells_nothing(connector: &Connector) {
    let log = connector.log();
    let number = identity::test_identity::number(1);
    for secret in [SECRET, number.as_str(), "p1", "e1"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn every_version_arrives_once_with_what_goes_with_it() {
    for (region, include) in [("21", Include::Brings), ("22", Include::Ignores), ("23", Include::Refuses)] {
        let server = FhirServer::start();
        let mut ids = Vec::new();
        {
            let mut store = server.store();
            store.include = include;
            store.token = Some("letmein");
            ids.extend((1..=7).map(|index| store.put(index as i64, patient(index))));
            ids.push(store.put(10, location("51A", "O")));
            let mut bed = location("51A-1", "O");
            bed["partOf"] = json!({ "reference": "Location/51A" });
            ids.push(store.put(11, bed));
            ids.push(store.put(12, encounter("in-bed", 1, "51A-1")));
            // More of one time than a page holds.
            for number in 1..=12 {
                ids.push(store.put(1000, encounter(&format!("e{number}"), 1 + number % 7, "51A")));
            }
            ids.push(store.put(1000, encounter("nobody", 99, "99Z")));
            ids.push(store.put(
                20,
                json!({ "resourceType": "ServiceRequest", "id": "s", "subject": { "reference": "Patient/p2" } }),
            ));
            ids.push(store.put(21, json!({ "resourceType": "Appointment", "id": "a", "basedOn": [{ "reference": "ServiceRequest/s" }],
                "participant": [{ "actor": { "reference": "Location/51A" } }, { "actor": { "reference": "Patient/p2" } }] })));
            for (kind, id) in [("Condition", "c"), ("Procedure", "o")] {
                ids.push(store.put(
                    22,
                    json!({ "resourceType": kind, "id": id, "subject": { "reference": "Patient/p1" },
                    "encounter": { "reference": "Encounter/e7" } }),
                ));
            }
        }
        let mut setup = setup(
            region,
            &server.base(),
            "poll = \"50ms\"\npage = 5\npages = 2\ntoken = { env = \"VARDSTROM_FHIR_TOKEN\" }",
        );
        setup.secret = Some(("VARDSTROM_FHIR_TOKEN", "letmein".to_owned()));
        let mut connector = setup.start();
        connector.wait("everything", |connector| stored(connector, region) >= ids.len() as f64);

        // A new version, and one that was committed late: its time is before what was read already.
        {
            let mut store = server.store();
            ids.push(store.put(60_000, location("51A", "C")));
            ids.push(store.put(500, encounter("late", 3, "51A")));
        }
        connector.wait("what changed", |connector| stored(connector, region) >= ids.len() as f64);
        let pages = metric(&connector, region, "pages_total");
        connector.wait("more polls", |connector| metric(connector, region, "pages_total") > pages + 30.0);

        // The same person by HL7 goes to the same partition.
        assert_eq!(connector.connect().exchange(&message("1", 1)), "AA 1");
        let records = setup.records("fhir", ids.len());
        assert_eq!(counts(&records), once(&ids));
        assert_eq!(references(&bundle(&records, "Encounter/e7@1")), ["Encounter/e7", "Patient/p1", "Location/51A"]);
        let in_bed = references(&bundle(&records, "Encounter/in-bed@1"));
        assert_eq!(in_bed, ["Encounter/in-bed", "Patient/p1", "Location/51A-1", "Location/51A"]);
        assert_eq!(references(&bundle(&records, "Location/51A-1@1")), ["Location/51A-1", "Location/51A"]);
        assert_eq!(references(&bundle(&records, "Encounter/nobody@1")), ["Encounter/nobody"]);
        assert_eq!(references(&bundle(&records, "ServiceRequest/s@1")), ["ServiceRequest/s", "Patient/p2"]);
        assert_eq!(
            references(&bundle(&records, "Appointment/a@1")),
            ["Appointment/a", "Patient/p2", "ServiceRequest/s"]
        );
        assert_eq!(references(&bundle(&records, "Condition/c@1")), ["Condition/c", "Patient/p1", "Encounter/e7"]);
        assert_eq!(references(&bundle(&records, "Location/51A@2")), ["Location/51A"]);
        assert_eq!(bundle(&records, "Procedure/o@1")["entry"][2]["resource"], server.store().get("Encounter", "e7"));
        let found = |id: &str| records.iter().find(|record| record.message_id == id).expect("there");
        assert_eq!(found("Encounter/late@1").recorded_at, Some((EPOCH + 500) * 1000));
        let person = setup.records("adt", 1)[0].partition;
        for id in ["Patient/p1@1", "Encounter/e7@1", "Condition/c@1", "Procedure/o@1"] {
            assert_eq!(found(id).partition, person, "{id}");
        }
        let missing = metric(&connector, region, "context_missing_total");
        assert!(missing >= 2.0, "a patient and a ward are not there");
        let reads = metric(&connector, region, "context_reads_total");
        assert_eq!(reads > missing, include != Include::Brings, "{reads} reads");
        tells_nothing(&connector);
        assert!(!connector.log().contains("letmein"));
    }
}

#[test]
fn what_was_deleted_is_told_by_the_history_and_once() {
    let server = FhirServer::start();
    let mut ids = Vec::new();
    {
        let mut store = server.store();
        // Gone longer than an overlap before anybody looked: never sent, and not told.
        store.put(-90_000, encounter("early", 1, "51A"));
        store.delete(-80_000, "Encounter", "early");
        ids.extend((0..30).map(|number| store.put(1_000 + number, encounter(&format!("e{number}"), 1, "51A"))));
    }
    let more = "poll = \"50ms\"\npage = 4\npages = 2\noverlap = \"1m\"\ndeletions = true\ntypes = [\"Encounter\", \"Location\"]";
    let setup = setup("19", &server.base(), more);
    let mut connector = setup.start();
    connector.wait("everything", |connector| stored(connector, "19") >= ids.len() as f64);
    {
        let mut store = server.store();
        for number in [17, 29] {
            ids.push(store.delete(200_000 + number, "Encounter", &format!("e{number}")));
        }
        // Committed late.
        ids.push(store.delete(190_000, "Encounter", "e5"));
        // Made again before anybody looked: a deletion would void it, wherever it stands.
        store.delete(200_003, "Encounter", "e3");
        ids.push(store.put(300_000, encounter("e3", 1, "51A")));
    }
    connector.wait("what was deleted", |connector| stored(connector, "19") >= ids.len() as f64);
    connector.kill();
    {
        let mut store = server.store();
        ids.push(store.delete(400_000, "Encounter", "e7"));
        store.delete(400_000, "Encounter", "e8");
        ids.push(store.put(400_000, encounter("e8", 1, "51A")));
        ids.extend((0..20).map(|number| store.put(400_001 + number, location(&format!("l{number}"), "O"))));
    }
    let mut connector = setup.start();
    connector.wait("what was deleted meanwhile", |connector| {
        setup.records("fhir", ids.len()).iter().any(|record| record.message_id == "Encounter/e7@2")
            && stored(connector, "19") >= 22.0
    });
    let pages = metric(&connector, "19", "pages_total");
    connector.wait("more polls", |connector| metric(connector, "19", "pages_total") > pages + 30.0);
    let records = setup.records("fhir", ids.len());
    let found = counts(&records);
    let names = |ids: &mut dyn Iterator<Item = &String>| ids.cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&mut found.keys()), names(&mut ids.iter()));
    let deletion = records.iter().find(|record| record.message_id == "Encounter/e17@2").expect("there");
    let payload: Value = serde_json::from_slice(&deletion.payload).expect("JSON");
    assert_eq!(payload["entry"][0]["request"], json!({ "method": "DELETE", "url": "Encounter/e17" }));
    assert_eq!(deletion.recorded_at, Some((EPOCH + 200_017) * 1000));
    tells_nothing(&connector);
}

#[test]
fn a_server_without_histories_is_told_and_read_all_the_same() {
    let server = FhirServer::start();
    server.store().shows_history = false;
    let mut ids: Vec<String> =
        (0..30).map(|number| server.store().put(number, encounter(&format!("e{number}"), 1, "51A"))).collect();
    let setup = setup("20", &server.base(), "poll = \"50ms\"\npage = 4\ndeletions = true\ntypes = [\"Encounter\"]");
    let mut connector = setup.start();
    connector.wait("everything", |connector| stored(connector, "20") >= 30.0);
    connector.wait("the fault", |connector| connector.log().contains("deletions = false"));
    server.store().shows_history = true;
    ids.push(server.store().delete(100, "Encounter", "e7"));
    ids.push(server.store().put(101, encounter("later", 1, "51A")));
    connector.wait("what was deleted", |connector| stored(connector, "20") >= 32.0);
    assert_eq!(counts(&setup.records("fhir", ids.len())), once(&ids));
}

#[test]
fn a_history_whose_pages_repeat_is_told_and_its_first_page_sent() {
    let server = FhirServer::start();
    {
        let mut store = server.store();
        store.repeats_history = true;
        for number in 0..10 {
            store.put(number, encounter(&format!("e{number}"), 1, "51A"));
        }
    }
    let more = "poll = \"50ms\"\npage = 4\ndeletions = true\ntypes = [\"Encounter\"]";
    let setup = setup("09", &server.base(), more);
    let mut connector = setup.start_unready();
    connector.wait("the fault", |connector| connector.get("/readyz").contains("history-circle: "));
    connector.wait("everything", |connector| stored(connector, "09") >= 10.0);
    server.store().delete(100, "Encounter", "e7");
    connector.wait("what was deleted", |connector| stored(connector, "09") >= 11.0);
    server.store().repeats_history = false;
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_server_that_does_not_sort_is_read_to_its_end() {
    let server = FhirServer::start();
    let mut ids = Vec::new();
    server.store().sorts = false;
    for number in 0..30 {
        // By name they come in another order than by time.
        ids.push(server.store().put((number * 7919) % 1000, location(&format!("l{number}"), "O")));
    }
    let setup = setup("05", &server.base(), "poll = \"50ms\"\npage = 4\npages = 3\ntypes = [\"Location\"]");
    let mut connector = setup.start();
    connector.wait("everything", |connector| stored(connector, "05") >= 30.0);
    let id = server.store().put(100, location("l3", "C"));
    ids.push(id);
    connector.wait("what changed", |connector| stored(connector, "05") >= 31.0);
    assert_eq!(counts(&setup.records("fhir", ids.len())), once(&ids));
}

#[test]
fn a_kill_between_pages_loses_nothing() {
    let server = FhirServer::start();
    let mut ids = Vec::new();
    {
        let mut store = server.store();
        ids.extend((0..20).map(|index| store.put(index as i64, patient(index))));
        // Over an hour, so that what is read again after a kill is a part only.
        ids.extend(
            (0..600)
                .map(|number| store.put(number * 6_000, encounter(&format!("e{number}"), number as u64 % 20, "51A"))),
        );
        store.delay = Duration::from_millis(15);
    }
    let more = "poll = \"50ms\"\npage = 10\npages = 3\noverlap = \"1m\"\ntypes = [\"Patient\", \"Encounter\"]";
    let setup = setup("06", &server.base(), more);
    let kept = setup.path("positions").join("06-journal.fhir");
    let position = || {
        let text = std::fs::read_to_string(&kept).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("Encounter ")).map_or(0, |at| at.parse::<i64>().expect("a time"))
    };
    let mut last = 0;
    for _ in 0..4 {
        let mut connector = setup.start();
        connector.wait("the position", |_| position() > last);
        connector.kill();
        last = position();
        assert!(last < (EPOCH + 599 * 6_000) * 1000, "killed too late");
    }
    let mut connector = setup.start();
    connector.wait("the end", |_| position() == (EPOCH + 599 * 6_000) * 1000);
    assert_eq!(connector.stop(), 0);
    let records = setup.records("fhir", ids.len());
    let counts = counts(&records);
    assert_eq!(counts.keys().collect::<Vec<_>>(), once(&ids).keys().collect::<Vec<_>>());
    assert!(records.len() < 2 * ids.len(), "{} records of {} versions", records.len(), ids.len());
}

#[test]
fn a_server_may_be_busy_fail_and_go_away() {
    let mut server = FhirServer::start();
    let mut ids = vec![server.store().put(0, location("a", "O"))];
    server.store().failures.extend([(500, None), (429, Some("2"))]);
    let setup = setup("07", &server.base(), "poll = \"50ms\"\ntypes = [\"Location\"]");
    let mut connector = setup.start();
    connector.wait("the first", |connector| stored(connector, "07") >= 1.0);
    let asked: Vec<_> = server.store().requests.iter().map(|(at, _)| *at).collect();
    assert!(asked[2] - asked[1] >= Duration::from_secs(2), "Retry-After is heeded");
    let outage = |connector: &Connector| metric(connector, "07", "outages_total");
    let before = outage(&connector);
    assert_eq!(before, 1.0, "one outage, however often it was tried");
    server.stop();
    connector.wait("the outage", |connector| outage(connector) > before);
    connector.wait("not connected", |connector| metric(connector, "07", "connected") == 0.0);
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 200"), "an outage goes away by itself");
    ids.push(server.store().put(10, location("b", "O")));
    server.start_again();
    connector.wait("what changed meanwhile", |connector| stored(connector, "07") >= 2.0);
    connector
        .wait("the end to be told", |connector| connector.log().matches("the FHIR server is read again").count() == 2);
    assert_eq!(connector.log().matches("the FHIR server is away").count(), 2, "{}", connector.log());
    assert_eq!(counts(&setup.records("fhir", 2)), once(&ids));
    tells_nothing(&connector);
}

#[test]
fn a_next_page_on_another_host_is_not_asked_for() {
    let server = FhirServer::start();
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    other.set_nonblocking(true).expect("set");
    {
        let mut store = server.store();
        store.next_host = Some(other.local_addr().expect("an address").to_string());
        // Every page has a next one, and none of them is needed: the times move.
        for number in 0..9 {
            store.put(number, patient(number as u64));
        }
        // More of one time than a page holds, and what is later.
        for number in 0..9 {
            store.put(0, location(&format!("l{number}"), "O"));
        }
        store.put(5, location("later", "O"));
    }
    let more = "poll = \"50ms\"\npage = 5\ntypes = [\"Patient\", \"Location\"]";
    let setup = setup("08", &server.base(), more);
    let mut connector = setup.start_unready();
    connector.wait("the refusal", |connector| connector.get("/readyz").contains("the next page of Location is not on"));
    connector.wait("what needs no such page", |connector| stored(connector, "08") >= 15.0);
    assert!(!connector.log().contains("the next page of Patient"), "{}", connector.log());
    assert!(matches!(other.accept(), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock));
    assert_eq!(connector.log().matches("the next page of Location is not on").count(), 1);
    server.store().next_host = None;
    connector.wait("everything", |connector| stored(connector, "08") >= 19.0);
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(counts(&setup.records("fhir", 19)).len(), 19);
}

#[test]
fn a_server_without_next_pages_is_read_by_its_times() {
    // A page that is full, and one that is shorter than was asked for while the total says more.
    for (region, count_max, says_total) in [("01", usize::MAX, false), ("03", 7, true)] {
        let server = FhirServer::start();
        let mut ids: Vec<String> =
            (0..95).map(|number| server.store().put(number / 3, location(&format!("l{number}"), "O"))).collect();
        {
            let mut store = server.store();
            (store.gives_next, store.count_max, store.says_total) = (false, count_max, says_total);
        }
        let setup = setup(region, &server.base(), "poll = \"50ms\"\npage = 10\ntypes = [\"Location\"]");
        let mut connector = setup.start();
        connector.wait("everything", |connector| stored(connector, region) >= ids.len() as f64);
        ids.push(server.store().put(200_000, location("new", "O")));
        connector.wait("what changed", |connector| stored(connector, region) >= ids.len() as f64);
        assert!(connector.get("/readyz").starts_with("HTTP/1.1 200"), "{}", connector.log());
        assert_eq!(counts(&setup.records("fhir", ids.len())), once(&ids));
        assert_eq!(metric(&connector, region, "searches_cut_total"), 0.0);
    }
}

#[test]
fn what_a_server_without_next_pages_keeps_back_is_told() {
    let server = FhirServer::start();
    {
        let mut store = server.store();
        (store.gives_next, store.says_total) = (false, true);
        for number in 0..12 {
            store.put(1_000, location(&format!("l{number}"), "O"));
        }
        store.put(2_000, location("later", "O"));
    }
    let setup = setup("04", &server.base(), "poll = \"50ms\"\npage = 10\ntypes = [\"Location\"]");
    let mut connector = setup.start_unready();
    let told = "search-cut-short: the FHIR server gave 10 of 13 resources of Location";
    connector.wait("a word of the rest", |connector| connector.get("/readyz").contains(told));
    connector.wait("what is later", |connector| stored(connector, "04") >= 11.0);
    assert_eq!(connector.log().matches(told).count(), 1, "{}", connector.log());
    assert!(metric(&connector, "04", "searches_cut_total") >= 1.0);
    server.store().gives_next = true;
    connector.wait("everything", |connector| stored(connector, "04") >= 13.0);
    connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    assert!(counts(&setup.records("fhir", 13)).values().all(|count| *count == 1));
}

#[test]
fn a_resource_without_a_time_is_sent_once() {
    let server = FhirServer::start();
    let mut ids = Vec::new();
    {
        let mut store = server.store();
        ids.push(store.put(1_000, location("timed", "O")));
        for number in 0..12 {
            store.put_timeless(location(&format!("l{number}"), "O"));
        }
        let mut versioned = location("versioned", "O");
        versioned["meta"] = json!({ "versionId": "7" });
        ids.push(format!("{}@7", store.put_timeless(versioned)));
    }
    let setup = setup("17", &server.base(), "poll = \"50ms\"\npage = 5\ntypes = [\"Location\"]");
    let mut connector = setup.start();
    connector.wait("everything", |connector| stored(connector, "17") >= 14.0);
    let pages = |connector: &Connector| metric(connector, "17", "pages_total");
    let before = pages(&connector);
    connector.wait("more polls", |connector| pages(connector) > before + 30.0);
    let found = counts(&setup.records("fhir", 14));
    assert!(found.len() == 14 && found.values().all(|count| *count == 1), "{found:?}");
    assert!(ids.iter().all(|id| found.contains_key(id)));
    server.store().put_timeless(location("l3", "C"));
    connector.wait("what changed", |connector| stored(connector, "17") >= 15.0);
    assert_eq!(counts(&setup.records("fhir", 15)).len(), 15);
}

#[test]
fn a_neighbour_that_cannot_be_read_holds_up_neither_its_type_nor_the_others() {
    let server = FhirServer::start();
    let mut ids = Vec::new();
    {
        let mut store = server.store();
        for index in 0..5 {
            store.put(index as i64, patient(index));
        }
        store.put(5, location("51A", "O"));
        ids.extend(
            (0..20).map(|number| store.put(10 + number, encounter(&format!("e{number}"), number as u64 % 5, "51A"))),
        );
        ids.push(
            store.put(50, json!({ "resourceType": "Procedure", "id": "o", "subject": { "reference": "Patient/p1" } })),
        );
        store.broken.insert("Patient/p3".to_owned(), 500);
    }
    let more = "poll = \"50ms\"\npage = 10\ninclude = false\ntypes = [\"Encounter\", \"Procedure\"]";
    let setup = setup("12", &server.base(), more);
    let mut connector = setup.start();
    // Eight Encounters of the first page, and the other type, before anything is done without the neighbour.
    connector.wait("the others", |connector| stored(connector, "12") >= 9.0);
    assert!(setup.records("fhir", 9).iter().any(|record| record.message_id == "Procedure/o@1"));
    connector.wait("everything", |connector| stored(connector, "12") >= ids.len() as f64);
    let records = setup.records("fhir", ids.len());
    assert_eq!(counts(&records), once(&ids), "each once, however often it was tried");
    for (id, patient) in [("e3", false), ("e13", false), ("e4", true)] {
        let references = references(&bundle(&records, &format!("Encounter/{id}@1")));
        assert_eq!(references.iter().any(|reference| reference.starts_with("Patient/")), patient, "{id}");
    }
    assert!(metric(&connector, "12", "context_failed_total") >= 1.0);
    assert_eq!(connector.log().matches("context-failed: a Patient").count(), 1, "{}", connector.log());
    connector.wait("the end of it", |connector| metric(connector, "12", "connected") == 1.0);
    tells_nothing(&connector);
    // It can be read again, and goes with what comes.
    server.store().broken.clear();
    ids.push(server.store().put(60, encounter("e13", 3, "51A")));
    connector.wait("what changed", |connector| stored(connector, "12") >= ids.len() as f64);
    let records = setup.records("fhir", ids.len());
    let mended = references(&bundle(&records, "Encounter/e13@2"));
    assert_eq!(mended, ["Encounter/e13", "Patient/p3", "Location/51A"]);
}

#[test]
fn a_type_whose_search_fails_does_not_hold_up_the_others() {
    let server = FhirServer::start();
    let mut ids = vec![server.store().put(0, location("a", "O"))];
    ids.push(server.store().put(1, encounter("e", 1, "a")));
    server.store().broken.insert("Location".to_owned(), 500);
    let setup = setup("18", &server.base(), "poll = \"50ms\"\ntypes = [\"Location\", \"Encounter\"]");
    let mut connector = setup.start();
    connector.wait("the other type", |connector| stored(connector, "18") >= 1.0);
    ids.push(server.store().put(2, encounter("e", 1, "a")));
    connector.wait("what changed", |connector| stored(connector, "18") >= 2.0);
    assert_eq!(metric(&connector, "18", "connected"), 0.0);
    assert_eq!(metric(&connector, "18", "outages_total"), 1.0);
    server.store().broken.clear();
    connector.wait("everything", |connector| stored(connector, "18") >= 3.0);
    connector.wait("the end of it", |connector| metric(connector, "18", "connected") == 1.0);
    assert_eq!(counts(&setup.records("fhir", 3)), once(&ids));
}

#[test]
fn a_server_must_show_a_certificate_of_its_authority() {
    let (theirs, strangers) = (authority(), authority());
    let server = FhirServer::start_encrypted(&issued(&theirs, "localhost"));
    server.store().put(0, patient(1));
    for (authority, trusted) in [(&strangers, false), (&theirs, true)] {
        let base = format!("https://localhost:{}/r4", server.port());
        let setup = setup("14", &base, "poll = \"50ms\"");
        let file = setup.path("fhir-ca.pem");
        std::fs::write(&file, authority.pem()).expect("written");
        let setup = setup.and(&format!("ca = {file:?}"));
        let mut connector = setup.start();
        if trusted {
            connector.wait("the patient", |connector| stored(connector, "14") >= 1.0);
        } else {
            connector.wait("the refusal", |connector| connector.log().contains("the FHIR server is away"));
            assert!(server.store().requests.is_empty(), "nothing is asked of a stranger");
        }
    }
}

/// The status that a call is answered with.
fn call(connector: &Connector, method: &str, path: &str, secret: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(connector.fhir_hook()).expect("it listens");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {secret}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    // A body that is not read to its end may end the connection before its last byte is written.
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_string(&mut answer);
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

#[test]
fn a_notification_makes_it_look_at_once() {
    let server = FhirServer::start();
    let mut ids = vec![server.store().put(0, location("a", "O"))];
    let more = "poll = \"1h\"\ntypes = [\"Location\"]\nhook = { env = \"VARDSTROM_FHIR_HOOK\" }";
    let mut setup = setup("10", &server.base(), more);
    setup.secret = Some(("VARDSTROM_FHIR_HOOK", "bell-4711".to_owned()));
    let mut connector = setup.start();
    connector.wait("the first", |connector| stored(connector, "10") >= 1.0);
    let asked = server.store().requests.len();
    for (secret, path) in
        [("", "journal"), ("Bearer wrong", "journal"), ("bell-4711", "journal"), ("Bearer bell-4711", "other")]
    {
        assert_eq!(call(&connector, "POST", &format!("/fhir/notify/{path}"), secret, ""), 401, "{secret} {path}");
    }
    assert_eq!(call(&connector, "GET", "/fhir/notify/journal", "Bearer bell-4711", ""), 405);
    assert_eq!(server.store().requests.len(), asked, "nobody who does not know the secret makes it look");
    let calls = [
        ("POST", "/fhir/notify/journal", String::new()),
        ("PUT", "/fhir/notify/journal/Patient/p1", patient(1).to_string()),
        ("POST", "/fhir/notify/journal", SECRET.repeat(300_000)),
    ];
    for (at, (method, path, body)) in (1..).zip(&calls) {
        ids.push(server.store().put(at, location(&format!("l{at}"), "O")));
        call(&connector, method, path, "Bearer bell-4711", body);
        let called = Instant::now();
        connector.wait("what changed", |connector| stored(connector, "10") >= (1 + at) as f64);
        println!("stored {:?} after {method} {path}", called.elapsed());
    }
    assert_eq!(metric(&connector, "10", "notifications_total"), calls.len() as f64);
    assert_eq!(counts(&setup.records("fhir", ids.len())), once(&ids));
    tells_nothing(&connector);
    assert!(!connector.log().contains("bell-4711"));
}

#[test]
fn a_type_that_is_refused_does_not_have_the_others_asked_more_often() {
    // A search that is refused, and a history that there is not.
    for (broken, fault) in [("Location", "refused a search for Location"), ("Encounter/_history", "deletions = false")]
    {
        let server = FhirServer::start();
        server.store().broken.insert(broken.to_owned(), 400);
        server.store().put(0, encounter("e", 1, "51A"));
        let more = "poll = \"1h\"\ndeletions = true\ntypes = [\"Location\", \"Encounter\"]\nhook = { env = \"VARDSTROM_FHIR_HOOK\" }";
        let mut setup = setup("25", &server.base(), more);
        setup.secret = Some(("VARDSTROM_FHIR_HOOK", "bell-4711".to_owned()));
        let mut connector = setup.start_unready();
        connector.wait("the fault", |connector| connector.get("/readyz").contains(fault));
        connector.wait("several tries", |_| server.store().asked(broken) >= 4);
        assert_eq!(server.store().asked("Encounter"), 1, "{broken}: an hour is an hour");
        server.store().put(1, encounter("e", 1, "51A"));
        assert_eq!(call(&connector, "POST", "/fhir/notify/journal", "Bearer bell-4711", ""), 200);
        let called = Instant::now();
        connector.wait("what changed", |connector| stored(connector, "25") >= 2.0);
        println!("stored {:?} after the call", called.elapsed());
        assert_eq!(server.store().asked("Encounter"), 2, "{broken}: heard, once");
        server.store().broken.clear();
        connector.wait("readiness", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    }
}

#[test]
fn a_token_that_the_server_does_not_know_is_told() {
    let server = FhirServer::start();
    server.store().token = Some("letmein");
    server.store().put(0, patient(1));
    let setup = setup("09", &server.base(), "poll = \"50ms\"");
    let mut connector = setup.start_unready();
    connector.wait("the remedy", |connector| connector.get("/readyz").contains("401 (error login); see `token`"));
    tells_nothing(&connector);
}
