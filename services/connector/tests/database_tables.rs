//! What tables, rights and publications make of what is followed, on each release of PostgreSQL.

use std::collections::{BTreeSet, HashMap};
use std::thread;
use std::time::{Duration, Instant};

use local_stack::Postgres;
use serde_json::Value;

use super::databases::{Database, FEED, SLOT, make_logical, metric, sent, setup, setup_into};
use super::stack::{KAFKA, LONG, Recorded};

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
