//! Topics that Debezium itself wrote into a region's own Kafka, taken over through every service to the store: with its
//! schema around each message and without, in Avro, and as rows without envelopes; with itself and the services killed, and a
//! table that is emptied.

mod connect;
mod registry;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use load_tests::{
    account, check_register, simulated,
    source_database::{self, FEED, SourceDatabase},
    stack::{Keys, Options, Service, Sources, Stack},
};
use local_stack::Kafka;
use topics::Region;

use self::{
    connect::{Connect, Form, Told},
    registry::Registry,
};
use super::databases::{compare, disturb, kill, wait};

const ROWS: u64 = 5_000;
/// Rows that are written last: when all of them are in the store, what was written before is on its way, whatever the
/// partition.
const LAST: std::ops::Range<u64> = 100_000_000..100_000_100;

/// Each region takes over its own telling of the same table. Only in a topic of one partition is there an order between
/// the emptying of a table and its rows.
const TOLD: [(&str, Told); 4] = [
    ("12", Told { name: "bare", form: Form::Bare, partitions: 3 }),
    ("13", Told { name: "avro", form: Form::Avro, partitions: 3 }),
    ("14", Told { name: "wrapped", form: Form::Wrapped, partitions: 1 }),
    ("17", Told { name: "flattened", form: Form::Flattened, partitions: 1 }),
];

fn sources(region: &str, told: &Told, kafka: &Kafka, registry: &str) -> (Region, Sources) {
    let (topic, bootstrap) = (told.topic(), kafka.bootstrap());
    // The table has REPLICA IDENTITY FULL: a schema around the change proves it, without one it has to be said.
    let more = match told.form {
        Form::Bare => format!("full = [\"{topic}\"]\n"),
        Form::Wrapped => String::new(),
        Form::Flattened => format!("flattened = {{ \"{topic}\" = \"__\" }}\n"),
        Form::Avro => format!("registry = \"{registry}\"\nregistry_ids = \"global\"\n"),
    };
    let sources = Sources {
        region: format!(
            "[[region.debezium]]\nname = \"journal\"\nkafka = {{ bootstrap = \"{bootstrap}\" }}\n\
             group = \"vardstrom-{region}\"\ntopics = {{ \"{topic}\" = \"{FEED}\" }}\n\
             keys = {{ \"{topic}\" = \"vardkontakt_id\" }}\n{more}"
        ),
        packages: vec![FEED.to_owned()],
        ..Sources::default()
    };
    (region.parse().expect("a lanskod"), sources)
}

/// Events of a region that match.
fn count(stack: &Stack, region: &str, condition: &str) -> u64 {
    let sql = format!("select count(*) from events where region = '{region}' and {condition}");
    account::query(stack, &sql).expect("the store answers")[0].get::<_, i64>(0).unsigned_abs()
}

/// Waits until rows that are written last, and all before them, are in the store.
fn settle(stack: &Stack, regions: &[&str], last: std::ops::Range<u64>) {
    let contacts: Vec<String> = last.clone().map(|number| format!("'OPT-å{number}'")).collect();
    let condition = format!("contact in ({})", contacts.join(", "));
    for region in regions {
        let wanted = last.end - last.start;
        wait("the last rows", || {
            thread::sleep(Duration::from_millis(200));
            let sql = format!("select count(distinct contact) from events where region = '{region}' and {condition}");
            account::query(stack, &sql).expect("the store answers")[0].get::<_, i64>(0).unsigned_abs() == wanted
        });
    }
    wait("the drain", || {
        thread::sleep(Duration::from_millis(200));
        account::is_drained(stack).expect("servers answer")
    });
}

#[test]
fn what_debezium_tells_of_a_table_is_the_table_in_the_store() {
    let source = SourceDatabase::start(ROWS).expect("a source database");
    let theirs = Kafka::start_own().expect("a Kafka");
    let registry = Registry::start();
    let told = TOLD.map(|(_, told)| told);
    let mut debezium = Connect::start(&told, source.url(), theirs.bootstrap(), &registry.url());
    let session = source.session().expect("connected");
    wait("Debezium's slots", || {
        assert!(debezium.is_running(), "Debezium has ended: {}", debezium.log_end());
        let active = session.number("select count(*) from pg_replication_slots where active").expect("an answer");
        active == TOLD.len() as i64
    });
    let options = simulated::one_region("14".parse().expect("a lanskod"), Keys::random().expect("random bytes"));
    let sources: BTreeMap<_, _> =
        TOLD.iter().map(|(region, told)| sources(region, told, &theirs, &registry.url())).collect();
    let options = Options { regions: sources.keys().copied().collect(), sources, ..options };
    let mut stack = Stack::start(options, &mut |text| println!("{text}")).expect("the stack starts");
    let begin = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = disturb(source.url().to_owned(), ROWS, Arc::clone(&stop));
    for (region, _) in TOLD {
        wait("the snapshot", || count(&stack, region, "true") > ROWS);
    }
    for service in [Service::Connector, Service::Processor, Service::SinkStore] {
        kill(&mut stack, service, "among the changes");
        thread::sleep(Duration::from_secs(1));
    }
    println!("kill -9 Debezium among the changes");
    debezium.kill_and_start();
    thread::sleep(Duration::from_secs(5));
    stop.store(true, Ordering::Relaxed);
    let done = disturbing.join().expect("it ends");
    session.run(&source_database::insert(LAST.start, LAST.end - 1)).expect("inserted");
    settle(&stack, &TOLD.map(|(region, _)| region), LAST);
    let report = check_register::add_up(&stack, begin.elapsed().as_secs_f64()).expect("servers answer");
    println!("{}\n{done:?}", serde_json::to_string(&report).expect("a report is JSON"));
    assert_eq!((report.lost, report.refused, report.parked), (0, 0, 0), "{:?}", report.rejected);
    assert!(done.transactions > 500, "{done:?}");
    let folder = tempfile::tempdir().expect("a folder");
    for (region, _) in TOLD {
        assert!(compare(&source, &stack, region, folder.path(), "*"), "the store of region {region} is not the table");
    }

    println!("compared after {:?}; the table is emptied and filled again", begin.elapsed());
    session.run("truncate vantetid").expect("emptied");
    let last = LAST.end..LAST.end + 100;
    session.run(&source_database::insert(1, ROWS / 10)).expect("filled");
    session.run(&source_database::insert(last.start, last.end - 1)).expect("filled");
    settle(&stack, &["14"], last);
    assert!(compare(&source, &stack, "14", folder.path(), "*"), "the store is not the table that was emptied");
    println!("compared again after {:?}", begin.elapsed());
    stack.stop();
}
