//! A real PostgreSQL whose changes are followed into a real Kafka.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use local_stack::{Kafka, Postgres};
use serde_json::Value;
use tokio_postgres::Client;

use super::stack::{Connector, KAFKA, LONG, Recorded, Setup};
use super::tls::{authority, issued, pem};

pub(crate) const FEED: &str = "waiting-times";
pub(crate) const SLOT: &str = "vardstrom";
const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// A connection that waits.
pub(crate) struct Database {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Database {
    pub(crate) fn connect(url: &str) -> Option<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let address: postgresql::Address = url.parse().expect("an address");
        let client = runtime.block_on(address.connect("test")).ok()?;
        Some(Self { runtime, client })
    }

    pub(crate) fn run(&self, statements: &str) {
        self.try_run(statements).unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    pub(crate) fn try_run(&self, statements: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(statements))
    }

    pub(crate) fn text(&self, query: &str) -> String {
        let row = self
            .runtime
            .block_on(self.client.query_one(query, &[]))
            .unwrap_or_else(|error| panic!("{query}: {error:?}"));
        row.get::<_, Option<String>>(0).unwrap_or_default()
    }

    fn rows(&self, query: &str) -> Vec<Vec<String>> {
        let rows = self.runtime.block_on(self.client.query(query, &[])).expect("rows");
        let text = |row: &tokio_postgres::Row, at| row.get::<_, Option<String>>(at).unwrap_or_default();
        rows.iter().map(|row| (0..row.len()).map(|at| text(row, at)).collect()).collect()
    }

    /// Waits until the slot has confirmed everything that is in the log now.
    pub(crate) fn wait_confirmed(&self, connector: &Connector) -> Duration {
        let here = self.text("select pg_current_wal_lsn()::text");
        let start = Instant::now();
        let query = format!(
            "select coalesce(bool_or(confirmed_flush_lsn >= '{here}'), false)::text from pg_replication_slots where slot_name = '{SLOT}'"
        );
        while self.text(&query) != "true" {
            assert!(start.elapsed() < LONG, "the slot does not follow; log:\n{}", connector.log());
            thread::sleep(Duration::from_millis(50));
        }
        start.elapsed()
    }
}

pub(crate) fn make_logical(postgres: &mut Postgres) {
    Database::connect(postgres.url()).expect("connected").run("alter system set wal_level = 'logical'");
    postgres.stop_hard().expect("stopped");
    postgres.start_again().expect("started");
}

pub(crate) fn setup(bootstrap: &str, region: &'static str, url: &str) -> Setup {
    setup_into(FEED, bootstrap, region, url)
}

pub(crate) fn setup_into(feed: &str, bootstrap: &str, region: &'static str, url: &str) -> Setup {
    let mut setup = Setup::on(bootstrap, region);
    let positions = setup.path("positions");
    std::fs::create_dir(&positions).expect("a folder");
    setup.secret = Some(("VARDSTROM_CDC_URL", url.to_owned()));
    setup.sources(&format!(
        "[[region.cdc]]\nurl = {{ env = \"VARDSTROM_CDC_URL\" }}\nslot = \"{SLOT}\"\npublication = \"care\"\n\
         tables = [\"public.contact\", \"public.bed\"]\nfeed = \"{feed}\"\npositions = \"{}\"\n",
        positions.display()
    ))
}

const TABLES: &str = "
    create table contact (id bigint primary key, patient text not null, ward text, at timestamptz, amount numeric(12, 2),
                          open boolean, note text);
    alter table contact alter note set storage external;
    create table bed (ward text, number int, state text, primary key (ward, number));
    create table other (id bigint, filler text);
    create publication care for table contact, bed;
    create function note(seed bigint) returns text immutable language sql
        as $$ select string_agg(md5((seed * 1000 + part)::text), '') from generate_series(1, 100) part $$;";

fn fill(rows: u64) -> String {
    format!(
        "insert into contact select id, 'patient ' || id, 'ward ' || id % 9, '2026-01-05 08:00+01', id / 4.0, id % 2 = 0,
                case when id % 10 = 0 then note(id) else 'short' end from generate_series(1, {rows}) id;
         insert into bed select 'ward ' || ward, number, 'free' from generate_series(1, 9) ward, generate_series(1, 20) number;"
    )
}

/// Changes rows until told to stop; gives how many statements were committed.
fn disturb(url: String, rows: u64, stop: Arc<AtomicBool>) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let mut draw = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        let (mut committed, mut fresh) = (0, 10 * rows);
        let mut database = Database::connect(&url);
        while !stop.load(Ordering::Relaxed) {
            let Some(connected) = &database else {
                thread::sleep(Duration::from_millis(50));
                database = Database::connect(&url);
                continue;
            };
            let count = 1 + draw(5);
            let statements: Vec<String> = (0..count)
                .map(|_| {
                    let id = 1 + draw(rows);
                    fresh += 1;
                    match draw(12) {
                        0 | 1 => format!(
                            "insert into contact values ({fresh}, 'new', null, now(), {id}.25, null, note({fresh}))"
                        ),
                        2 => format!("delete from contact where id = {id}"),
                        // Only short notes: a long one would not be in the log, and known by the old key only.
                        3 => format!("update contact set id = {fresh} where id = {id} and length(note) < 100"),
                        4 => format!("update contact set note = note({fresh}) where id = {id}"),
                        5 => format!("update bed set state = 'taken {fresh}' where number = {}", 1 + draw(20)),
                        _ => format!("update contact set ward = 'ward {fresh}', amount = amount + 1 where id = {id}"),
                    }
                })
                .collect();
            match connected.try_run(&format!("begin; {}; commit", statements.join("; "))) {
                Ok(()) => committed += count,
                // The server is away; the transaction may or may not be in the log, which the comparison does not mind.
                Err(_) => database = None,
            }
        }
        committed
    })
}

/// How many partitions have records.
fn partitions(records: &[Recorded]) -> usize {
    records.iter().map(|record| record.partition).collect::<BTreeSet<_>>().len()
}

/// Every row of the snapshot bears one time and place, however often it was begun, and every change is younger.
fn check_times(records: &[Recorded]) {
    let mut rows = BTreeSet::new();
    let mut first_change = i64::MAX;
    for record in records {
        let envelope: Value = serde_json::from_slice(&record.payload).expect("JSON");
        let at = record.recorded_at.expect("a time");
        match envelope["source"]["snapshot"].as_str() {
            Some("true") => drop(rows.insert((at, envelope["source"]["lsn"].as_u64()))),
            _ => first_change = first_change.min(at),
        }
    }
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows.iter().all(|(at, _)| *at < first_change), "a change is not younger than the rows");
}

/// The tables as the topic has them: the last record of a key in its partition.
fn rebuilt(records: &[Recorded]) -> BTreeMap<String, Value> {
    let mut partitions: HashMap<i32, BTreeMap<String, Value>> = HashMap::new();
    let mut payloads: HashMap<&str, &[u8]> = HashMap::new();
    for record in records {
        assert!(!record.has_key);
        let envelope: Value = serde_json::from_slice(&record.payload).expect("JSON");
        let source = &envelope["source"];
        let table = source["table"].as_str().expect("a table").to_owned();
        let key = |row: &Value| match table.as_str() {
            "contact" => format!("contact {}", row["id"]),
            _ => format!("bed {} {}", row["ward"], row["number"]),
        };
        let rows = partitions.entry(record.partition).or_default();
        let operation = envelope["op"].as_str().expect("an operation");
        match operation {
            "t" => rows.retain(|key, _| !key.starts_with(&table)),
            "d" => drop(rows.remove(&key(&envelope["before"]))),
            "r" | "c" | "u" => {
                let mut row = envelope["after"].clone();
                let known = rows.get(&key(&row)).map(|row| row["note"].clone());
                if row["note"] == UNAVAILABLE {
                    row["note"] = known.unwrap_or(Value::String(UNAVAILABLE.to_owned()));
                }
                rows.insert(key(&row), row);
            }
            other => panic!("operation {other}"),
        }
        assert_eq!(source["ts_ms"], envelope["ts_ms"]);
        if source["snapshot"] == "false" {
            // What is sent again is the same.
            let first = payloads.entry(&record.message_id).or_insert(&record.payload);
            assert_eq!(*first, record.payload, "{}", record.message_id);
            assert_eq!(record.recorded_at.map(|at| at.div_euclid(1000)), source["ts_ms"].as_i64());
        }
    }
    let mut all = BTreeMap::new();
    for (key, row) in partitions.into_values().flatten() {
        assert!(all.insert(key.clone(), row).is_none(), "{key} is in two partitions");
    }
    all
}

fn check_equal(database: &Database, mut rebuilt: BTreeMap<String, Value>) {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    for row in database.rows("select id::text, patient, ward, amount::text, open::text, note from contact") {
        let found =
            rebuilt.remove(&format!("contact {}", row[0])).unwrap_or_else(|| panic!("contact {} is lost", row[0]));
        // Read back as a number, an amount has lost its last zero; both sides are compared as numbers.
        let amount = |text: &str| text.parse::<f64>().unwrap_or(-1.0);
        for (at, column) in [(1, "patient"), (2, "ward"), (4, "open"), (5, "note")] {
            assert!(row[at] == text(&found[column]), "{column} of contact {} differs", row[0]);
        }
        assert_eq!(amount(&row[3]), amount(&text(&found["amount"])), "amount of contact {}", row[0]);
    }
    for row in database.rows("select ward, number::text, state from bed") {
        let key = format!("bed \"{}\" {}", row[0], row[1]);
        let found = rebuilt.remove(&key).unwrap_or_else(|| panic!("{key} is lost"));
        assert_eq!(row[2], text(&found["state"]), "{key}");
    }
    assert!(
        rebuilt.is_empty(),
        "{} rows are no longer in the tables, for example {:?}",
        rebuilt.len(),
        rebuilt.keys().next()
    );
}

pub(crate) fn sent(state: &Path) -> bool {
    std::fs::read_to_string(state).is_ok_and(|text| text.contains("snapshot sent"))
}

pub(crate) fn metric(connector: &Connector, name: &str, region: &str) -> f64 {
    connector.metric(&format!("vardstrom_connector_{name}{{region=\"{region}\",slot=\"{SLOT}\"}}"))
}

#[test]
fn a_database_is_followed_through_kills_and_a_power_failure_and_nothing_is_lost() {
    const ROWS: u64 = 20_000;
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    make_logical(&mut postgres);
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    database.run(TABLES);
    database.run(&fill(ROWS));
    let setup = setup(KAFKA.bootstrap(), "21", &url);
    let state = setup.path("positions").join(format!("21-{SLOT}.cdc"));
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = disturb(url.clone(), ROWS, Arc::clone(&stop));

    // Killed in the middle of the snapshot: the slot stays, and tells of a row that goes away before the next one.
    let mut connector = setup.start();
    connector.wait("a part of the snapshot", |connector| metric(connector, "cdc_snapshot_rows_total", "21") > 3000.0);
    connector.kill();
    let half = !sent(&state);
    database.run("delete from contact where id in (select id from contact order by id limit 50)");
    let start = Instant::now();
    let mut connector = setup.start();
    connector.wait("the snapshot", |_| sent(&state));
    let rows = metric(&connector, "cdc_snapshot_rows_total", "21");
    println!("snapshot cut off: {half}; then {rows} rows in {:?}, start included", start.elapsed());
    assert_eq!(connector.log().contains("reading the rows again"), half, "{}", connector.log());

    for pause in [300, 700, 1500] {
        thread::sleep(Duration::from_millis(pause));
        connector.kill();
        connector = setup.start();
    }
    connector.wait("the slot", |connector| metric(connector, "cdc_connected", "21") == 1.0);
    thread::sleep(Duration::from_millis(500));
    drop(database);
    postgres.stop_hard().expect("stopped");
    connector.wait("the outage", |connector| metric(connector, "cdc_connected", "21") == 0.0);
    postgres.start_again().expect("started");
    connector.wait("the database again", |connector| metric(connector, "cdc_connected", "21") == 1.0);
    assert_eq!(connector.log().matches("the database is away").count(), 1, "said once:\n{}", connector.log());
    assert_eq!(metric(&connector, "cdc_outages_total", "21"), 1.0);
    thread::sleep(Duration::from_millis(1500));
    stop.store(true, Ordering::Relaxed);
    let statements = disturbing.join().expect("it ends");

    // One large transaction, a table emptied and filled again.
    let database = Database::connect(&url).expect("connected");
    let before = metric(&connector, "cdc_changes_total", "21");
    let start = Instant::now();
    database.run("update contact set open = not coalesce(open, false)");
    database.run("truncate bed; insert into bed values ('ward 1', 1, 'clean')");
    database.wait_confirmed(&connector);
    let changes = metric(&connector, "cdc_changes_total", "21") - before;
    println!("{changes} changes in {:?}, their making included", start.elapsed());
    println!("{statements} statements beside; {} MiB resident", connector.memory() >> 20);
    let records = setup.records(FEED, 1);
    println!("{} records", records.len());
    let said =
        |piece: &str| records.iter().filter(|record| String::from_utf8_lossy(&record.payload).contains(piece)).count();
    assert!(said(UNAVAILABLE) > 100 && said("\"op\":\"d\"") > 10);
    // Only the table that was emptied says so: once in each partition.
    assert_eq!(said("\"op\":\"t\""), partitions(&records), "{} records", records.len());
    assert!(said("\"at\":\"2026-01-05T07:00:00Z\"") > 10_000);
    check_times(&records);
    check_equal(&database, rebuilt(&records));
    assert_eq!(connector.stop(), 0, "{}", connector.log());
}

#[test]
fn faults_name_their_remedy_an_idle_slot_moves_and_a_lost_one_is_made_again() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.fresh_database().expect("a database");
    let setup = setup(KAFKA.bootstrap(), "22", &url);
    let mut connector = setup.start_unready();
    // Does what the log says, until nothing is left to do.
    connector.wait("a word on wal_level", |connector| connector.log().contains("run: ALTER SYSTEM SET wal_level"));
    make_logical(&mut postgres);
    let database = Database::connect(&url).expect("connected");
    database.run(&TABLES.replace(" primary key,", ",").replace("create publication care for table contact, bed;", ""));
    for (remedy, done) in [
        (
            "CREATE PUBLICATION \"care\" FOR TABLE \"public\".\"contact\", \"public\".\"bed\";",
            "create publication care for table bed",
        ),
        ("ALTER PUBLICATION \"care\" ADD TABLE \"public\".\"contact\";", ""),
        ("ALTER TABLE \"public\".\"contact\" REPLICA IDENTITY FULL;", ""),
    ] {
        connector.wait(remedy, |connector| connector.log().contains(&format!("run: {remedy}")));
        database.run(if done.is_empty() { remedy } else { done });
    }
    connector.wait("the slot", |connector| metric(connector, "cdc_connected", "22") == 1.0);
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    database.run(&fill(100));
    database.wait_confirmed(&connector);
    let count = setup.records(FEED, 280).len();
    assert_eq!(count, 280, "100 contacts and 180 beds");

    // The log of a table that is not followed does not stay because of us.
    database.run("insert into other select id, repeat('x', 500) from generate_series(1, 20000) id");
    println!("an idle slot had moved over 12 MB of others' log after {:?}", database.wait_confirmed(&connector));
    assert_eq!(setup.records(FEED, 280).len(), 280);

    assert_eq!(connector.stop(), 0, "{}", connector.log());
    database.run(&format!("select pg_drop_replication_slot('{SLOT}')"));
    database.run(
        "insert into contact values (1000, 'unseen', null, null, null, null, null); delete from contact where id = 1",
    );
    let mut connector = setup.start_unready();
    let command = format!("run: connector cdc resnapshot --region 22 --slot {SLOT} --config FILE");
    connector.wait("a word on the slot", |connector| connector.log().contains(&command));
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 503"));
    let resnapshot = |slot: &str| {
        let mut command = setup.command("cdc");
        command.args(["resnapshot", "--region", "22", "--slot", slot, "--config"]).arg(setup.config());
        let output = command.output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    assert!(resnapshot("another").1.contains("no [[region.cdc]] with slot another"));
    let (code, said) = resnapshot(SLOT);
    assert!(code == Some(0) && said.contains("no slot to drop"), "{said}");
    let state = setup.path("positions").join(format!("22-{SLOT}.cdc"));
    connector.wait("the snapshot", |_| sent(&state));
    assert_eq!(metric(&connector, "cdc_snapshot_rows_total", "22"), 280.0);
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    database.wait_confirmed(&connector);
    let records = setup.records(FEED, 560);
    check_equal(&database, rebuilt(&records));

    // A slot in use is not dropped; one that is too far behind is lost.
    let (code, said) = resnapshot(SLOT);
    assert!(code == Some(1) && said.contains("55006"), "{said}");
    assert_eq!(connector.stop(), 0, "{}", connector.log());
    database.run("alter system set max_slot_wal_keep_size = '1MB'");
    database.run("select pg_reload_conf()");
    for _ in 0..3 {
        database.run("insert into other select id, repeat('x', 500) from generate_series(1, 40000) id");
        database.run("select pg_switch_wal()");
        database.run("checkpoint");
    }
    let mut connector = setup.start_unready();
    connector.wait("a word on the slot", |connector| {
        connector.log().contains("was invalidated") && connector.log().contains(&command)
    });
    assert_eq!(resnapshot(SLOT).0, Some(0));
    connector.wait("the snapshot", |_| sent(&state));
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    database.wait_confirmed(&connector);
    check_equal(&database, rebuilt(&setup.records(FEED, 800)));
    assert!(!connector.log().contains("patient "), "no value of a row is in the log");
}

#[test]
fn a_kafka_that_is_stuck_longer_than_a_record_may_wait_loses_nothing() {
    const ROWS: u64 = 10_000;
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    make_logical(&mut postgres);
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    database.run(TABLES);
    database.run(&fill(ROWS));
    let mut kafka = Kafka::start_own().expect("Kafka starts");
    let setup = setup(kafka.bootstrap(), "23", &url).limits("acknowledge = \"1500ms\"\nstall = \"500ms\"\nwindow = 64");
    let state = setup.path("positions").join(format!("23-{SLOT}.cdc"));
    let mut connector = setup.start();
    connector.wait("a part of the snapshot", |connector| metric(connector, "cdc_snapshot_rows_total", "23") > 1000.0);
    kafka.pause().expect("paused");
    thread::sleep(Duration::from_secs(4));
    let cut = !sent(&state);
    let read = metric(&connector, "cdc_snapshot_rows_total", "23");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(metric(&connector, "cdc_snapshot_rows_total", "23"), read, "nothing is read while Kafka is away");
    kafka.resume().expect("resumed");
    connector.wait("the snapshot", |_| sent(&state));
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = disturb(url, ROWS, Arc::clone(&stop));
    thread::sleep(Duration::from_secs(1));
    kafka.pause().expect("paused");
    thread::sleep(Duration::from_secs(4));
    kafka.resume().expect("resumed");
    thread::sleep(Duration::from_secs(1));
    stop.store(true, Ordering::Relaxed);
    disturbing.join().expect("it ends");
    database.wait_confirmed(&connector);
    let log = connector.log();
    let (rows, changes) = (log.matches("sending them again").count(), log.matches("a change was not stored").count());
    println!("snapshot cut: {cut}; rows sent again {rows} times, changes {changes} times");
    assert_eq!(metric(&connector, "cdc_outages_total", "23"), 0.0, "the database was never away");

    // What Kafka has not acknowledged is not confirmed, and comes again when nobody remembers it.
    kafka.stop_hard().expect("killed");
    database.run("update contact set ward = 'unacknowledged' where id % 1000 = 0");
    let here = database.text("select pg_current_wal_lsn()::text");
    thread::sleep(Duration::from_secs(2));
    let confirmed =
        format!("select (confirmed_flush_lsn >= '{here}')::text from pg_replication_slots where slot_name = '{SLOT}'");
    assert_eq!(database.text(&confirmed), "false");
    connector.kill();
    kafka.start_again().expect("started again");
    let connector = setup.start();
    database.wait_confirmed(&connector);
    check_equal(&database, rebuilt(&setup.records(FEED, 1)));
}

#[test]
fn an_encrypted_connection_wants_the_servers_proof_and_a_row_that_is_too_long_is_told() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    let folder = database.text("select current_setting('data_directory')");
    let (authority, stranger) = (authority(), authority());
    let server = issued(&authority, "localhost");
    let owner = std::fs::metadata(&folder).expect("a folder");
    for (name, text) in [("server.crt", pem(&server.certificate)), ("server.key", server.key.serialize_pem())] {
        let path = Path::new(&folder).join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        chown(&path, Some(owner.uid()), Some(owner.gid())).expect("set");
    }
    database.run("alter system set ssl = on");
    drop(database);
    make_logical(&mut postgres);
    let database = Database::connect(&url).expect("connected");
    database.run(TABLES);
    let long = |letter: char, length: u64| format!("repeat('{letter}', {length})");
    database.run(&format!(
        "insert into contact values (1, 'a', 'w', null, null, null, {}), (2, 'b', 'w', null, null, null, {}),
                                    (3, 'c', 'w', null, null, null, 'n')",
        long('x', 1_000_000),
        long('x', 9_000_000)
    ));
    let mut setup = setup(KAFKA.bootstrap(), "24", &url.replace("127.0.0.1", "localhost"));
    let ca = setup.path("ca.pem");
    setup.sources = setup.sources.replace("slot =", &format!("ca = \"{}\"\nslot =", ca.display()));
    std::fs::write(&ca, pem(stranger.der())).expect("written");
    let mut connector = setup.start_unready();
    connector.wait("a refusal", |connector| connector.log().contains("the database is away: connect to PostgreSQL"));
    assert_eq!(connector.stop(), 0, "{}", connector.log());
    std::fs::write(&ca, pem(authority.der())).expect("written");
    let mut connector = setup.start();
    connector.wait("the slot", |connector| metric(connector, "cdc_connected", "24") == 1.0);
    database.run(&format!("update contact set note = {} where id = 3", long('y', 9_000_000)));
    database.run("update contact set ward = 'v' where id = 3");
    database.wait_confirmed(&connector);
    let encrypted = "select bool_and(ssl)::text from pg_stat_ssl join pg_stat_activity using (pid)
                     where application_name = 'vardstrom-connector'";
    assert_eq!(database.text(encrypted), "true");
    let records = setup.records(FEED, 5);
    let left_out = |record: &&Recorded| record.payload.starts_with(b"vardstrom: a message of ");
    assert_eq!((records.len(), records.iter().filter(left_out).count()), (5, 3));
    assert!(connector.memory() < 100 << 20, "{} bytes resident", connector.memory());
}
