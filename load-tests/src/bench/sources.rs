//! Tables of a region to the store, through every service: rows of a file, rows of a snapshot, changes of rows.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use topics::Region;

use super::{
    Error,
    costs::{each, kept, used},
};
use crate::{
    account, check_register, simulated,
    source_database::{FEED, SLOT, SourceDatabase},
    stack::{Keys, Options, Service, Stack, Table},
};

/// Rows that one transaction changes.
const TRANSACTION_ROWS: u64 = 100;
/// How long one of the three may take.
const ARRIVAL_MAX: Duration = Duration::from_secs(1_800);
const PAUSE: Duration = Duration::from_millis(20);
/// Each look at the store is a session of its own, whose time counts as PostgreSQL's.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Per second, until the last one is in the store.
#[derive(Debug, Serialize)]
pub struct Sources {
    /// Rows of the file and of the table.
    pub rows: u64,
    /// Rows of a delimited file, from its drop.
    pub delimited_rows_per_second: f64,
    /// Rows of a table, from the making of the slot.
    pub snapshot_rows_per_second: f64,
    /// Changes that waited in the database's log, in transactions of 100 rows.
    pub changes: u64,
    /// Those, from the start of the connector.
    pub changes_per_second: f64,
    /// Processor time in microseconds for a row of the snapshot, by part; of PostgreSQL the store's.
    pub snapshot_cpu_us: BTreeMap<String, f64>,
    /// What is kept of a row of the snapshot, in bytes.
    pub snapshot_bytes: BTreeMap<String, f64>,
    /// Processor time in microseconds for a change.
    pub change_cpu_us: BTreeMap<String, f64>,
}

/// Measures the three one after the other, on two stacks.
///
/// # Errors
/// When something does not start, or not everything arrives exactly once.
pub fn measure(rows: u64, is_sealed: bool, progress: &mut dyn FnMut(&str)) -> Result<Sources, Error> {
    let region = Region::all().find(|region| region.code() == "14").ok_or(Error::Mapping("region 14".to_owned()))?;
    progress(&format!("filling a source database with {rows} rows"));
    let mut source = SourceDatabase::start(rows)?;
    let delimited_rows_per_second = file(&source, region, rows, options(region, is_sealed)?, progress)?;

    // Away until all services run: its snapshot is to be timed from its beginning.
    source.stop_hard()?;
    let options = Options { databases: [(region, vec![source.followed()])].into(), ..options(region, is_sealed)? };
    let mut stack = Stack::start(options, progress)?;
    progress("taking the snapshot");
    let state = stack.slots_folder(region).join(format!("{region}-{SLOT}.cdc"));
    source.start_again()?;
    let patience = Instant::now();
    while !fs::read_to_string(&state).is_ok_and(|text| text.contains("snapshot made")) {
        within(patience, "the slot")?;
        thread::sleep(PAUSE);
    }
    let (begin, before) = (Instant::now(), used(&stack)?);
    arrived(&stack, rows, "the snapshot")?;
    let snapshot_rows_per_second = rows as f64 / begin.elapsed().as_secs_f64();
    let snapshot_cpu_us = each(&before, &used(&stack)?, rows);
    add_up(&stack, rows, begin, "the snapshot")?;
    let snapshot_bytes = kept(&stack, rows)?;

    let session = source.session()?;
    let (place, patience) = (session.log_end()?, Instant::now());
    while !session.is_confirmed(&place)? {
        within(patience, "the slot")?;
        thread::sleep(PAUSE);
    }
    stack.kill(Service::Connector)?;
    progress(&format!("changing {rows} rows"));
    for first in (1..=rows).step_by(usize::try_from(TRANSACTION_ROWS).unwrap_or(1)) {
        let last = rows.min(first + TRANSACTION_ROWS - 1);
        session.run(&format!(
            "update vantetid set vantetid_dagar = vantetid_dagar + 1 where rad between {first} and {last}"
        ))?;
    }
    progress("following the changes");
    let (begin, before) = (Instant::now(), used(&stack)?);
    stack.spawn(Service::Connector)?;
    arrived(&stack, 2 * rows, "the changes")?;
    let changes_per_second = rows as f64 / begin.elapsed().as_secs_f64();
    let change_cpu_us = each(&before, &used(&stack)?, rows);
    add_up(&stack, 2 * rows, begin, "the changes")?;
    stack.stop();
    Ok(Sources {
        rows,
        delimited_rows_per_second,
        snapshot_rows_per_second,
        changes: rows,
        changes_per_second,
        snapshot_cpu_us,
        snapshot_bytes,
        change_cpu_us,
    })
}

/// The same rows as a file.
fn file(
    source: &SourceDatabase,
    region: Region,
    rows: u64,
    options: Options,
    progress: &mut dyn FnMut(&str),
) -> Result<f64, Error> {
    let io = |source| Error::Io { what: "the table as a file", source };
    let table = Table { feed: FEED, package: FEED.to_owned(), key: "vardkontakt_id" };
    let options = Options { tables: [(region, vec![table])].into(), ..options };
    let stack = Stack::start(options, progress)?;
    let part = stack.drop_folder(region, FEED).join("table.part");
    source.write_csv(source.url(), "select * from vantetid", File::create(&part).map_err(io)?)?;
    progress("dropping the file");
    let begin = Instant::now();
    fs::rename(&part, part.with_extension("csv")).map_err(io)?;
    arrived(&stack, rows, "the file")?;
    let per_second = rows as f64 / begin.elapsed().as_secs_f64();
    add_up(&stack, rows, begin, "the file")?;
    stack.stop();
    Ok(per_second)
}

fn options(region: Region, is_sealed: bool) -> Result<Options, Error> {
    let keys = Keys::random().map_err(|source| Error::Io { what: "random bytes", source })?;
    Ok(Options { sealed: is_sealed, ..simulated::one_region(region, keys) })
}

fn within(begin: Instant, what: &'static str) -> Result<(), Error> {
    if begin.elapsed() < ARRIVAL_MAX {
        return Ok(());
    }
    Err(Error::Round { variant: what, output: format!("not within {} s", ARRIVAL_MAX.as_secs()) })
}

/// Waits until the store has read so many waits.
fn arrived(stack: &Stack, count: u64, what: &'static str) -> Result<(), Error> {
    let begin = Instant::now();
    // Of the topics' ends, not by counting rows, which would take time from what is measured.
    let sql = "select coalesce(sum(next_offset), 0)::int8 from delivery.progress where topic like '%.common.wait'";
    loop {
        let rows = account::query(stack, sql).map_err(check_register::Error::from)?;
        if rows.first().is_some_and(|row| row.get::<_, i64>(0).unsigned_abs() >= count) {
            return Ok(());
        }
        within(begin, what)?;
        thread::sleep(LOOK_EVERY);
    }
}

/// Looks that the store has as many and lost none.
fn add_up(stack: &Stack, count: u64, begin: Instant, what: &'static str) -> Result<(), Error> {
    let report = check_register::add_up(stack, begin.elapsed().as_secs_f64())?;
    if (report.events_stored, report.duplicates, report.lost) == (count, 0, 0) {
        return Ok(());
    }
    Err(Error::Round { variant: what, output: format!("{count} were sent: {report:?}") })
}
