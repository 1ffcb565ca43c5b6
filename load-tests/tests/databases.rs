//! A region's table of waits to the store by change data capture, through every service, while the table changes, services
//! are killed and the database loses its power.

use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use load_tests::{
    account, check_register, simulated,
    source_database::{self, SLOT, Session, SourceDatabase},
    stack::{Keys, Options, Service, Stack},
};

use super::clients::PYTHON;

/// Rows that the snapshot has, unless `FOLLOWED_ROWS` says otherwise.
const ROWS: u64 = 20_000;
const PAUSE: Duration = Duration::from_millis(5);
/// What the slot may hold of the log while other tables are written and the followed one is not.
const RETAINED_MAX: i64 = 32 << 20;
/// What each round writes into another table, at least.
const OTHERS_BYTES: i64 = 48 << 20;

fn rows() -> u64 {
    let set = std::env::var("FOLLOWED_ROWS").ok();
    set.map_or(ROWS, |text| text.parse().expect("FOLLOWED_ROWS is a number"))
}

/// How long any one thing may take.
fn patience() -> Duration {
    Duration::from_secs(180 + rows() / 500)
}

pub(super) fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < patience(), "{what}: not within {:?}", patience());
        thread::sleep(PAUSE);
    }
}

/// What was done to the table.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) transactions: u64,
    broken_connections: u64,
}

/// Changes rows in every way until told to stop.
pub(super) fn disturb(url: String, rows: u64, stop: Arc<AtomicBool>) -> thread::JoinHandle<Done> {
    thread::spawn(move || {
        let mut random = 0x9E37_79B9_7F4A_7C15_u64;
        let mut draw = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        let mut fresh = 10 * rows;
        let mut done = Done::default();
        let mut session = Session::open(&url).ok();
        while !stop.load(Ordering::Relaxed) {
            let Some(connected) = &session else {
                thread::sleep(PAUSE);
                session = Session::open(&url).ok();
                continue;
            };
            let statements: Vec<String> = (0..=draw(3))
                .map(|_| {
                    fresh += 1;
                    // Few rows are changed often, most now and then.
                    let row = if draw(3) == 0 { 1 + draw(100) } else { 1 + draw(rows) };
                    let update = |set: &str| format!("update vantetid set {set} where rad = {row}");
                    match draw(12) {
                        0 => source_database::insert(fresh, fresh),
                        // One that was deleted comes back under its contact, if nobody has taken that.
                        1 => format!("{} on conflict do nothing", source_database::insert(row, row)),
                        2 => format!("delete from vantetid where rad = {row}"),
                        3 => update(
                            "matperiod = case when matperiod = '2026-03-31' then date '2026-02-28' else '2026-03-31' end",
                        ),
                        4 => update(&format!("vardkontakt_id = 'OPT-ö{fresh}'")),
                        5 => [update("sjukhusnamn = 'första'"), update(&format!("sjukhusnamn = 'andra {fresh}'"))].join("; "),
                        // Away and back within one transaction.
                        6 => format!("{}; {}", update("matperiod = '2026-01-31'"), update("matperiod = '2026-03-31'")),
                        7 => update("status = 'VANTANDE', start_datum = null"),
                        8 => update("status = 'GENOMFORD', start_datum = beslut_datum + interval '40 days'"),
                        9 => update(&format!("anteckning = repeat(md5('{fresh}'), 80)")),
                        // Another row for the same contact, and back.
                        10 => {
                            let away = update(&format!("rad = {fresh}"));
                            format!("{away}; update vantetid set rad = {row} where rad = {fresh}")
                        }
                        _ => update(&format!("vantetid_dagar = {}, vardgaranti = null, avvikelsekod = '2'", draw(300))),
                    }
                })
                .collect();
            match connected.run(&format!("begin; {}; commit", statements.join("; "))) {
                Ok(()) => done.transactions += 1,
                // The server is away; the transaction may or may not be in the log, which the comparison does not mind.
                Err(_) => {
                    done.broken_connections += 1;
                    session = None;
                }
            }
        }
        done
    })
}

/// A figure of the connector's for the slot; nothing while it does not answer.
fn metric(stack: &Stack, name: &str) -> Option<f64> {
    let text = stack.metrics(Service::Connector).ok()?;
    let begin = format!("vardstrom_connector_{name}{{region=\"14\",slot=\"{SLOT}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&begin)?.trim().parse().ok())
}

pub(super) fn kill(stack: &mut Stack, service: Service, when: &str) {
    println!("kill -9 {} {when}", service.program());
    stack.kill(service).expect("killed");
    stack.spawn(service).expect("started");
}

/// The comparison of somebody who knows the table and the schemas, and nothing of the code between them: whether the
/// store equals the table, of which `columns` are said.
pub(super) fn compare(source: &SourceDatabase, stack: &Stack, region: &str, folder: &Path, columns: &str) -> bool {
    let at = |name: &str| folder.join(name);
    let file = |name: &str| File::create(at(name)).expect("a file");
    let table = format!("select {columns} from vantetid order by vardkontakt_id collate \"C\"");
    source.write_csv(source.url(), &table, file("table.csv")).expect("the table is written");
    let schemas = "select id, avsc from record_schema";
    source.write_csv(stack.database_url(), schemas, file("schemas.csv")).expect("the schemas are written");
    let mut program = Command::new(&*PYTHON)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/followed_table.py"))
        .args([at("table.csv"), at("schemas.csv")])
        .stdin(Stdio::piped())
        .spawn()
        .expect("Python runs");
    // Not what a table said before it was emptied.
    let events = format!(
        "with emptied as materialized (
             select source_table, origin_topic, origin_partition, max(origin_offset) as up_to from events
              where event_type = 'wait.emptied' group by 1, 2, 3)
         select contact, period, correction, encode(record, 'hex') as record
           from events left join emptied using (source_table, origin_topic, origin_partition)
          where region = '{region}' and subject = 'wait' and contact is not null
            and (up_to is null or origin_offset > up_to)
          order by contact collate \"C\", recorded_at, ingested_at, origin_offset, origin_ordinal"
    );
    let input = program.stdin.take().expect("its input");
    source.write_csv(stack.database_url(), &events, input).expect("the events are written");
    program.wait().expect("it ends").success()
}

/// Others write into the same database and the followed table rests: the slot does not hold their log.
fn check_idle(session: &Session) {
    for round in 1..=3 {
        let before = session.log_end().expect("an answer");
        session
            .run("insert into annat select n, repeat('x', 500) from generate_series(1, 90000) n")
            .expect("others write");
        // As a database does now and then by itself; it tells the slot that nothing older is under way.
        session.run("checkpoint").expect("a checkpoint");
        let written = session
            .number(&format!("select pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')::int8"))
            .expect("an answer");
        assert!(written > OTHERS_BYTES, "{written} bytes");
        let start = Instant::now();
        let mut retained = i64::MAX;
        while retained > RETAINED_MAX {
            assert!(start.elapsed() < Duration::from_secs(90), "the slot holds {retained} bytes of others' log");
            thread::sleep(PAUSE);
            retained = session.retained_bytes().expect("a slot");
        }
        println!("idle round {round}: {written} bytes written, {retained} retained after {:?}", start.elapsed());
    }
}

#[test]
fn the_store_equals_the_followed_table_whatever_is_killed_and_nothing_is_lost_or_doubled() {
    let rows = rows();
    let region = "14".parse().expect("a lanskod");
    let mut source = SourceDatabase::start(rows).expect("a source database");
    // Away until all services run, so that the snapshot does not end before anybody can be killed in it.
    source.stop_hard().expect("stopped");
    let options = simulated::one_region(region, Keys::random().expect("random bytes"));
    let options = Options { databases: [(region, vec![source.followed()])].into(), ..options };
    let mut stack = Stack::start(options, &mut |text| println!("{text}")).expect("the stack starts");
    let state = stack.slots_folder(region).join(format!("14-{SLOT}.cdc"));
    let says = |word: &str| std::fs::read_to_string(&state).is_ok_and(|text| text.contains(word));

    source.start_again().expect("started");
    let begin = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = disturb(source.url().to_owned(), rows, Arc::clone(&stop));
    let session = source.session().expect("connected");
    for part in [20, 3] {
        wait("a part of the snapshot", || {
            metric(&stack, "cdc_snapshot_rows_total").is_some_and(|sent| sent > (rows / part) as f64)
        });
        assert!(says("snapshot made"), "the snapshot is under way");
        kill(&mut stack, Service::Connector, "in the snapshot");
    }
    kill(&mut stack, Service::Processor, "in the snapshot");
    wait("the snapshot", || says("snapshot sent"));
    println!("snapshot sent after {:?}", begin.elapsed());
    for changes in [200.0, 1_000.0] {
        wait("changes", || metric(&stack, "cdc_changes_total").is_some_and(|sent| sent > changes));
        kill(&mut stack, Service::Connector, "among the changes");
    }
    kill(&mut stack, Service::SinkStore, "among the changes");
    wait("the slot", || metric(&stack, "cdc_connected") == Some(1.0));
    println!("immediate stop of the source database");
    drop(session);
    source.stop_hard().expect("stopped");
    wait("the outage", || metric(&stack, "cdc_connected") == Some(0.0));
    source.start_again().expect("started");
    wait("the source database", || metric(&stack, "cdc_connected") == Some(1.0));
    let before = metric(&stack, "cdc_changes_total").expect("a figure");
    wait("more changes", || metric(&stack, "cdc_changes_total").is_some_and(|sent| sent > before + 1_000.0));
    stop.store(true, Ordering::Relaxed);
    let done = disturbing.join().expect("it ends");

    let session = source.session().expect("connected");
    let end = session.log_end().expect("an answer");
    wait("the slot to have everything", || session.is_confirmed(&end).expect("an answer"));
    println!("everything is in Kafka after {:?}", begin.elapsed());
    wait("the drain", || {
        thread::sleep(20 * PAUSE);
        account::is_drained(&stack).expect("servers answer")
    });
    let report = check_register::add_up(&stack, begin.elapsed().as_secs_f64()).expect("servers answer");
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
    println!("{done:?}; the table has {} rows", session.number("select count(*) from vantetid").expect("an answer"));
    assert!(done.broken_connections > 0 && done.transactions > 500, "{done:?}");
    assert_eq!(report.lost, 0);
    assert_eq!((report.refused, report.parked), (0, 0), "{:?}", report.rejected);
    assert_eq!(report.events, report.events_stored + report.duplicates);
    assert!(report.events_stored > rows && report.duplicates > 0);
    // A change is one record of the log, whatever was sent again; a row of the snapshot may have been read twice. An id that
    // looks like a personal number by chance is a keyed code, and says no more of which it was.
    let doubled = "select source_message_id || ', event ' || origin_ordinal || ': ' ||
                          string_agg(concat_ws(' ', origin_partition, origin_offset, correction, md5(record)), ', ')
                   from events where source_message_id not like '%@snapshot/%' and source_message_id not like 'x.%'
                   group by source_message_id, origin_ordinal having count(*) > 1";
    let doubled = account::query(&stack, doubled).expect("the store answers");
    let doubled: Vec<String> = doubled.iter().map(|row| row.get(0)).collect();
    assert_eq!(doubled, [""; 0], "doubled events");
    let folder = tempfile::tempdir().expect("a folder");
    assert!(compare(&source, &stack, "14", folder.path(), "*"), "the store is not the table");
    println!("compared after {:?}", begin.elapsed());
    // One value of one row is another: the comparison must notice.
    let altered = "*, vantetid_dagar + (rad = (select max(rad) from vantetid))::int as vantetid_dagar";
    assert!(!compare(&source, &stack, "14", folder.path(), altered), "the comparison sees nothing");
    check_idle(&session);
    let settled = |stack: &Stack, source: &SourceDatabase| {
        let session = source.session().expect("connected");
        let end = session.log_end().expect("an answer");
        wait("the slot to have everything", || session.is_confirmed(&end).expect("an answer"));
        wait("the drain", || {
            thread::sleep(20 * PAUSE);
            account::is_drained(stack).expect("servers answer")
        });
        assert_eq!(check_register::add_up(stack, 0.0).expect("servers answer").lost, 0);
        assert!(compare(source, stack, "14", folder.path(), "*"), "the store is not the table");
    };
    println!("the table is emptied and filled again with a tenth");
    session.run("truncate vantetid").expect("emptied");
    session.run(&source_database::insert(1, rows / 10)).expect("filled");
    settled(&stack, &source);
    println!("the slot is lost, and half of the rows with nobody looking");
    stack.kill(Service::Connector).expect("killed");
    wait("the slot to be free", || {
        session
            .run(&format!("select pg_drop_replication_slot('{SLOT}') from pg_replication_slots where not active"))
            .is_ok()
            && session.number("select count(*) from pg_replication_slots").expect("an answer") == 0
    });
    session.run("delete from vantetid where rad % 2 = 0").expect("deleted");
    let config = stack.config(Service::Connector);
    let config = config.to_str().expect("a path in UTF-8");
    let arguments = ["cdc", "resnapshot", "--region", "14", "--slot", SLOT, "--config", config];
    stack.run_program("resnapshot", "connector", &arguments).expect("marked");
    stack.spawn(Service::Connector).expect("started");
    wait("the new snapshot to begin", || says("snapshot made") || says("snapshot sent"));
    kill(&mut stack, Service::Connector, "in the new snapshot");
    kill(&mut stack, Service::Processor, "in the new snapshot");
    wait("the new snapshot", || says("snapshot sent"));
    settled(&stack, &source);
    println!("compared again after {:?}", begin.elapsed());
    stack.stop();
}
