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
use tokio_postgres::{Client, NoTls};

use super::stack::{Connector, KAFKA, LONG, Recorded, Setup};
use super::tls::{authority, issued, pem};

const FEED: &str = "waiting-times";
const SLOT: &str = "vardstrom";
const UNAVAILABLE: &str = "__debezium_unavailable_value";

/// A connection that waits.
struct Database {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Database {
    fn connect(url: &str) -> Option<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).ok()?;
        runtime.spawn(async move {
            // Whoever uses the connection hears of its end.
            let _ = connection.await;
        });
        Some(Self { runtime, client })
    }

    fn run(&self, statements: &str) {
        self.try_run(statements).unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    }

    fn try_run(&self, statements: &str) -> Result<(), tokio_postgres::Error> {
        self.runtime.block_on(self.client.batch_execute(statements))
    }

    fn text(&self, query: &str) -> String {
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
    fn wait_confirmed(&self, connector: &Connector) -> Duration {
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

fn make_logical(postgres: &mut Postgres) {
    Database::connect(postgres.url()).expect("connected").run("alter system set wal_level = 'logical'");
    postgres.stop_hard().expect("stopped");
    postgres.start_again().expect("started");
}

fn setup(bootstrap: &str, region: &'static str, url: &str) -> Setup {
    setup_into(FEED, bootstrap, region, url)
}

fn setup_into(feed: &str, bootstrap: &str, region: &'static str, url: &str) -> Setup {
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

fn sent(state: &Path) -> bool {
    std::fs::read_to_string(state).is_ok_and(|text| text.contains("snapshot sent"))
}

fn metric(connector: &Connector, name: &str, region: &str) -> f64 {
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

#[test]
fn a_publication_chooses_columns_rows_and_partitions_and_a_key_keeps_rows_together() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    make_logical(&mut postgres);
    check_publication(&postgres, "25", FEED);
}

fn check_publication(postgres: &Postgres, region: &'static str, feed: &str) {
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    database.run(
        "create domain size as int check (value > 0);
         create table contact (id bigint, patient text, size size, note text, primary key (id, patient)) partition by range (id);
         create table contact_low partition of contact for values from (0) to (100);
         create table contact_high partition of contact for values from (100) to (1000);
         create table bed (id bigint primary key, ward text, hidden text);
         create publication care for table contact, bed (id, ward) where (id < 100);",
    );
    // The same before the snapshot and after it.
    let fill = |from: u64| {
        database.run(&format!(
            "insert into contact select id, 'patient ' || id % 5, id + 1, null from generate_series({from}, 900 + {from}, 100) id;
             insert into bed select id, 'ward', 'hidden' from generate_series({from}, 900 + {from}, 100) id"
        ));
    };
    fill(5);
    let setup = setup_into(feed, KAFKA.bootstrap(), region, &url).and("keys = { \"public.contact\" = \"patient\" }");
    let mut connector = setup.start_unready();
    let remedy = "ALTER PUBLICATION \"care\" SET (publish_via_partition_root = true);";
    connector.wait(remedy, |connector| connector.log().contains(&format!("run: {remedy}")));
    database.run(remedy);
    let state = setup.path("positions").join(format!("{region}-{SLOT}.cdc"));
    connector.wait("the snapshot", |_| sent(&state));
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    fill(6);
    database.run("update contact set note = 'moved', id = 712 where id = 5; delete from bed where id = 6");
    database.wait_confirmed(&connector);
    let mut partitions: HashMap<String, i32> = HashMap::new();
    let mut said = Vec::new();
    for record in setup.records(feed, 1) {
        let envelope: Value = serde_json::from_slice(&record.payload).expect("JSON");
        let row = if envelope["op"] == "d" { &envelope["before"] } else { &envelope["after"] };
        let (table, operation) = (envelope["source"]["table"].as_str(), envelope["op"].as_str());
        said.push(format!("{} {} {}", table.expect("a table"), operation.expect("an operation"), row["id"]));
        assert!(row.get("hidden").is_none());
        if let Some(patient) = row["patient"].as_str() {
            assert_eq!(
                *partitions.entry(patient.to_owned()).or_insert(record.partition),
                record.partition,
                "{patient}"
            );
            assert!(operation == Some("d") || row["size"].is_u64(), "a domain is written as what it is made of");
        }
    }
    said.sort();
    let mut expected: Vec<String> = (0..10).map(|at| format!("contact r {}", 5 + 100 * at)).collect();
    expected.extend((0..10).map(|at| format!("contact c {}", 6 + 100 * at)));
    expected.extend(["contact d 5", "contact c 712", "bed r 5", "bed c 6", "bed d 6"].map(str::to_owned));
    expected.sort();
    assert_eq!(said, expected);
}

/// What the records say of the rows of a table: operation, `id` and `note`, before or after.
fn told(records: &[Recorded], table: &str) -> Vec<String> {
    let envelopes = records.iter().map(|record| serde_json::from_slice::<Value>(&record.payload).expect("JSON"));
    let of_table = envelopes.filter(|envelope| envelope["source"]["table"] == table);
    let said = |envelope: Value| {
        let operation = envelope["op"].as_str().expect("an operation").to_owned();
        let row = if operation == "d" { &envelope["before"] } else { &envelope["after"] };
        let note = row.get("note").map_or("untold".to_owned(), |note| note.as_str().unwrap_or("null").to_owned());
        format!("{operation} {} {note}", row["id"])
    };
    let mut said: Vec<_> = of_table.map(said).collect();
    said.sort();
    said
}

#[test]
fn rows_that_are_hidden_and_partitions_that_say_less_than_their_table_are_told() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    make_logical(&mut postgres);
    check_hidden(&postgres, "17", FEED);
}

fn check_hidden(postgres: &Postgres, region: &'static str, feed: &str) {
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    database.run(
        "create table contact (id bigint primary key, note text);
         create table bed (id bigint primary key, note text not null) partition by range (id);
         create table bed_low partition of bed for values from (0) to (100);
         alter table bed replica identity full;
         create publication care for table contact, bed with (publish_via_partition_root = true);
         insert into contact select id, 'c' from generate_series(1, 3) id;
         insert into bed select id, 'b' from generate_series(1, 3) id;
         create role reader login replication password 'reader';
         grant select on contact, bed to reader;
         alter table contact enable row level security;",
    );
    let (_, place) = url.split_once('@').expect("a URL with a user");
    let setup = setup_into(feed, KAFKA.bootstrap(), region, &format!("postgres://reader:reader@{place}"));
    let mut connector = setup.start_unready();
    for remedy in ["ALTER ROLE \"reader\" BYPASSRLS;", "ALTER TABLE public.bed_low REPLICA IDENTITY FULL;"] {
        connector.wait(remedy, |connector| connector.log().contains(&format!("run: {remedy}")));
        database.run(remedy);
    }
    let state = setup.path("positions").join(format!("{region}-{SLOT}.cdc"));
    connector.wait("the snapshot", |_| sent(&state));
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    database.run("delete from bed where id = 1");
    // Made while the table is followed: what it says of an old row is its key, marked as all of it.
    database.run("create table bed_high partition of bed for values from (100) to (200)");
    database.run("insert into bed values (101, 'h'); delete from bed where id = 101");
    database.wait_confirmed(&connector);
    let records = setup.records(feed, 9);
    assert_eq!(told(&records, "contact"), ["r 1 c", "r 2 c", "r 3 c"]);
    assert_eq!(told(&records, "bed"), ["c 101 h", "d 1 b", "d 101 untold", "r 1 b", "r 2 b", "r 3 b"]);
    let remedy = "ALTER TABLE public.bed_high REPLICA IDENTITY FULL;";
    connector.wait(remedy, |connector| connector.log().contains(&format!("run: {remedy}")));
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 503"));
    database.run(remedy);
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    database.run("insert into bed values (102, 'h'); delete from bed where id = 102");
    database.wait_confirmed(&connector);
    assert!(told(&setup.records(feed, 11), "bed").contains(&"d 102 h".to_owned()));
}

/// The same with the other releases of PostgreSQL: into a feed and regions that no other test uses.
#[test]
fn other_releases_are_followed_as_the_systems_own() {
    const OTHER_FEED: &str = "par";
    thread::scope(|scope| {
        for release in local_stack::other_releases() {
            scope.spawn(move || {
                let [publication, hidden] = match release {
                    15 => ["10", "19"],
                    16 => ["12", "20"],
                    17 => ["13", "21"],
                    _ => ["14", "22"],
                };
                let postgres = Postgres::start_release(release, &["wal_level=logical"]).expect("PostgreSQL starts");
                let found = Database::connect(postgres.url()).expect("connected").text("show server_version_num");
                assert!(found.starts_with(&release.to_string()), "{found}");
                check_publication(&postgres, publication, OTHER_FEED);
                drop_slot(&postgres);
                check_hidden(&postgres, hidden, OTHER_FEED);
                if release >= 18 {
                    drop_slot(&postgres);
                    check_generated_and_idle(&postgres, "23", OTHER_FEED);
                }
            });
        }
    });
}

/// Slots belong to the server, not to a database of it. That of a connector that was killed a moment ago is still in use.
fn drop_slot(postgres: &Postgres) {
    let database = Database::connect(postgres.url()).expect("connected");
    let start = Instant::now();
    while let Err(error) = database.try_run(&format!("select pg_drop_replication_slot('{SLOT}')")) {
        assert!(start.elapsed() < LONG, "{error:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What release 18 brought: stored generated columns in the log, and slots that are lost for being idle.
fn check_generated_and_idle(postgres: &Postgres, region: &'static str, feed: &str) {
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    database.run(
        "create table contact (id bigint primary key, note text generated always as ('stored ' || id) stored,
                               other text generated always as ('virtual ' || id) virtual);
         create table bed (id bigint primary key, note text generated always as ('kept ' || id) stored);
         create publication care for table contact, bed with (publish_generated_columns = stored);
         insert into contact values (1); insert into bed values (1);",
    );
    let setup = setup_into(feed, KAFKA.bootstrap(), region, &url);
    let state = setup.path("positions").join(format!("{region}-{SLOT}.cdc"));
    let mut connector = setup.start();
    connector.wait("the snapshot", |_| sent(&state));
    connector.wait("the slot", |connector| metric(connector, "cdc_connected", region) == 1.0);
    database.run("insert into contact values (2); update contact set id = 3 where id = 2; insert into bed values (2)");
    database.wait_confirmed(&connector);
    let records = setup.records(feed, 6);
    let contacts = ["c 2 stored 2", "c 3 stored 3", "d 2 untold", "r 1 stored 1"];
    assert_eq!(told(&records, "contact"), contacts);
    assert_eq!(told(&records, "bed"), ["c 2 kept 2", "r 1 kept 1"]);
    assert!(records.iter().all(|record| !String::from_utf8_lossy(&record.payload).contains("virtual")));

    assert_eq!(connector.stop(), 0, "{}", connector.log());
    database.run("alter system set idle_replication_slot_timeout = '1s'");
    database.run("select pg_reload_conf()");
    let reason = format!("select invalidation_reason from pg_replication_slots where slot_name = '{SLOT}'");
    let start = Instant::now();
    while database.text(&reason) != "idle_timeout" {
        assert!(start.elapsed() < LONG, "the slot is not lost");
        thread::sleep(Duration::from_millis(200));
        database.run("checkpoint");
    }
    let connector = setup.start_unready();
    connector.wait_log("was invalidated");
    connector.wait_log("idle_replication_slot_timeout");
    connector.wait_log(&format!("run: connector cdc resnapshot --region {region} --slot {SLOT} --config FILE"));
}

#[test]
fn a_table_that_is_made_anew_is_told_while_it_is_followed() {
    let mut postgres = Postgres::start().expect("PostgreSQL starts");
    make_logical(&mut postgres);
    let url = postgres.fresh_database().expect("a database");
    let database = Database::connect(&url).expect("connected");
    let bed = "create table bed (id bigint primary key, note text)";
    database.run(&format!(
        "create table contact (id bigint primary key, note text); {bed};
         create publication care for table contact, bed;
         insert into bed select id, 'old' from generate_series(1, 3) id;"
    ));
    let setup = setup(KAFKA.bootstrap(), "18", &url);
    let mut connector = setup.start();
    let state = setup.path("positions").join(format!("18-{SLOT}.cdc"));
    connector.wait("the snapshot", |_| sent(&state));
    connector.wait("the slot", |connector| metric(connector, "cdc_connected", "18") == 1.0);
    database.run(&format!("drop table bed; {bed}; insert into bed values (4, 'new')"));
    let remedy = "ALTER PUBLICATION \"care\" ADD TABLE \"public\".\"bed\";";
    connector.wait(remedy, |connector| connector.log().contains(&format!("run: {remedy}")));
    assert!(connector.get("/readyz").starts_with("HTTP/1.1 503"));
    database.run(remedy);
    // Published again it is still another table; so it is after a start.
    let command = format!(
        "made anew, and the log does not say which rows went and came; run: connector cdc resnapshot --region 18 --slot {SLOT}"
    );
    connector.wait("a word on the table", |connector| connector.log().contains(&command));
    assert_eq!(connector.stop(), 0, "{}", connector.log());
    let mut connector = setup.start_unready();
    connector.wait("a word on the table", |connector| connector.log().contains(&command));
    let mut resnapshot = setup.command("cdc");
    resnapshot.args(["resnapshot", "--region", "18", "--slot", SLOT, "--config"]).arg(setup.config());
    assert!(resnapshot.output().expect("it runs").status.success());
    connector.wait("to be ready", |connector| connector.get("/readyz").starts_with("HTTP/1.1 200"));
    connector.wait("the snapshot", |_| sent(&state));
    database.run("insert into bed values (5, 'new')");
    database.wait_confirmed(&connector);
    let records = setup.records(FEED, 5);
    let (emptied, rows): (Vec<_>, Vec<_>) = told(&records, "bed").into_iter().partition(|said| said.starts_with('t'));
    assert_eq!(rows, ["c 5 new", "r 1 old", "r 2 old", "r 3 old", "r 4 new"]);
    let partitions: BTreeSet<i32> = records.iter().map(|record| record.partition).collect();
    assert_eq!(emptied.len(), partitions.len(), "what the old table said is void, in every partition");
}
