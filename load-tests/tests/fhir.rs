//! A FHIR server that others wrote, read through every service to the store: notified by its Subscription, killed on the
//! way, with persons' identities in every text.

mod hospital;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::{Duration, Instant},
};

use load_tests::{
    account,
    canary::Canaries,
    check_register, simulated,
    stack::{Keys, Options, Service, Sources, Stack},
};
use local_stack::free_port;

use self::{hospital::Stay, server::FhirServer};

const PATIENCE: Duration = Duration::from_secs(300);
/// How long the connector waits where nobody calls it.
const POLL: Duration = Duration::from_secs(120);
/// A change that is seen within this time was seen because of a call.
const CALLED_MAX: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);
const SECRET: &str = "bell-4711";

fn wait(what: &str, within: Duration, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < within, "{what}: not within {within:?}");
        thread::sleep(PAUSE);
    }
}

fn sources(server: &FhirServer, hook: u16, positions: &str) -> Sources {
    Sources {
        connector: format!("[fhir_hook]\nlisten = \"127.0.0.1:{hook}\"\n"),
        region: format!(
            "[[region.fhir]]\nname = \"journal\"\nbase = \"{}\"\npositions = \"{positions}\"\nfeed = \"fhir\"\n\
             hook = {{ env = \"VARDSTROM_FHIR_HOOK\" }}\npoll = \"{}s\"\npage = 20\ndeletions = true\n",
            server.base(),
            POLL.as_secs()
        ),
        feeds: vec!["adt", "capacity", "fhir"],
        environment: vec![("VARDSTROM_FHIR_HOOK".to_owned(), SECRET.to_owned())],
        ..Sources::default()
    }
}

fn stays(stack: &Stack) -> BTreeSet<Stay> {
    let sql = "select episode_id, unit, coalesce(room, ''), coalesce(bed, ''), extract(epoch from started_at)::int8,
                      extract(epoch from ended_at)::int8 from episode_stay";
    let rows = account::query(stack, sql).expect("the store answers");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5))).collect()
}

/// Events by kind, without those of Encounters, of which a version makes several.
fn records(stack: &Stack) -> BTreeMap<String, i64> {
    let sql = "select subject, count(distinct source_message_id) from events where subject <> 'encounter' group by 1";
    let rows = account::query(stack, sql).expect("the store answers");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn notified(stack: &Stack) -> f64 {
    let name = "vardstrom_connector_fhir_notifications_total{name=\"journal\",region=\"14\"} ";
    let text = stack.metrics(Service::Connector).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_default()
}

#[test]
fn a_fhir_servers_encounters_are_the_stays_of_the_store_whatever_is_killed() {
    let server = FhirServer::start();
    server.put(&hospital::places());
    let region = "14".parse().expect("a lanskod");
    let folder = tempfile::tempdir().expect("a folder");
    let hook = free_port().expect("a port");
    let options = simulated::one_region(region, Keys::random().expect("random bytes"));
    let sources = sources(&server, hook, folder.path().to_str().expect("a path in UTF-8"));
    let options = Options { sources: [(region, sources)].into(), ..options };
    let mut stack = Stack::start(options, &mut |text| println!("{text}")).expect("the stack starts");
    server
        .subscribe(&format!("http://127.0.0.1:{hook}/fhir/notify/journal"), &format!("Authorization: Bearer {SECRET}"));

    for version in 1..=hospital::VERSIONS {
        let mut changed = hospital::encounters(version);
        if version == 1 {
            changed.extend(hospital::persons());
        }
        server.put(&changed);
        if version == hospital::VERSIONS {
            break;
        }
        for service in [Service::Connector, Service::Processor, Service::SinkStore] {
            println!("kill -9 {} after version {version}", service.program());
            stack.kill(service).expect("killed");
            stack.spawn(service).expect("started");
            thread::sleep(PAUSE);
        }
    }
    let start = Instant::now();
    let expected = hospital::stays();
    wait("the stays", PATIENCE, || stays(&stack) == expected);
    println!("{} stays after {:?}", expected.len(), start.elapsed());

    let (encounter, stay) = hospital::latecomer("late");
    let (calls, start) = (notified(&stack), Instant::now());
    server.put(&[encounter]);
    wait("what the server called for", CALLED_MAX, || stays(&stack).contains(&stay));
    println!("seen {:?} after it was written", start.elapsed());
    assert!(notified(&stack) > calls, "the server has not called");
    // A Subscription says nothing of a deletion: whoever changes next has it found.
    server.delete("Encounter/late");
    let (encounter, next) = hospital::latecomer("next");
    server.put(&[encounter]);
    wait("what was deleted", CALLED_MAX, || {
        let stays = stays(&stack);
        stays.contains(&next) && !stays.contains(&stay)
    });

    wait("the drain", PATIENCE, || account::is_drained(&stack).expect("servers answer"));
    let report = check_register::add_up(&stack, start.elapsed().as_secs_f64()).expect("servers answer");
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
    assert_eq!((report.refused, report.parked, report.lost), (0, 0, 0), "{:?}", report.rejected);
    assert_eq!(report.events, report.events_stored + report.duplicates);
    let expected = hospital::records().into_iter().map(|(subject, count)| (subject.to_owned(), count)).collect();
    assert_eq!(records(&stack), expected);
    let doubled = "select count(*) - count(distinct (source_message_id, origin_ordinal)) from events";
    assert_eq!(account::query(&stack, doubled).expect("the store answers")[0].get::<_, i64>(0), 0, "doubled events");

    let identities = hospital::identities();
    let canaries = Canaries::new(identities.iter().map(String::as_str));
    let told = serde_json::to_vec(&hospital::persons()).expect("JSON");
    assert!(!canaries.scan("the server", &told).is_empty(), "the search finds what is there");
    assert_eq!(*load_tests::search::search(&stack, &canaries).leaks(), BTreeSet::new());
    stack.stop();
}
