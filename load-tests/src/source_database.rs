//! A region's own database with a table of waits, for the connector to follow: a private PostgreSQL beside the store's.
//!
//! The table has the columns of the shipped package `waiting-times` with the types that a database would give them, a
//! primary key of its own, and a column that no package reads and that is sometimes too long to be kept in the row.

use std::{
    io,
    process::{Command, Stdio},
};

use local_stack::Postgres;
use tokio_postgres::Client;

use crate::stack::Followed;

/// Name of the slot that the connector makes.
pub const SLOT: &str = "vardstrom_waits";
/// Name of the feed and of its package.
pub const FEED: &str = "waiting-times";

const TABLES: &str = "
    create table vantetid (
        rad bigint primary key, vardkontakt_id text not null unique, remiss_id text, status text not null, matperiod date,
        fas smallint, vardgaranti text, avvikelsekod text, beslut_datum timestamp, start_datum timestamp,
        medicinskt_maldatum timestamp, remiss_datum timestamp, ankomst_datum timestamp, mvo_kod text, aktivitetskod text,
        aktivitet_kva text, aktivitet_icd text, kva_kod text, bokningssatt smallint, vardkontakttyp text,
        yrkeskategori text, typ_akutverksamhet text, remittenttyp text, remittent_hsaid text, regionkod text,
        hsaid_region text, hsaid_vardgivare text, hsaid_vardenhet text, hsaid_enhet text, sjukhuskod text,
        sjukhusnamn text, kon smallint, fodelsear int, lkf text, hsaid_listning text, vantetid_dagar int,
        anteckning text);
    alter table vantetid alter anteckning set storage external;
    alter table vantetid replica identity full;
    create table annat (id bigint, fyllnad text);
    create publication vardstrom for table vantetid;";

/// Contacts `from` to `to`, made up from their numbers; nobody is meant.
#[must_use]
pub fn insert(from: u64, to: u64) -> String {
    format!(
        "insert into vantetid
         select n, 'OPT-å' || n, 'R-' || n / 2, case when n % 5 = 0 then 'VANTANDE' else 'GENOMFORD' end,
                case when n % 20 = 0 then date '2026-01-31' else date '2026-02-28' end, 1 + n % 5,
                case when n % 4 = 0 then 'NEJ' else 'JA' end, case when n % 2 = 0 then null else (n % 3 + 1)::text end,
                timestamp '2025-11-03 08:00' + n % 90 * interval '1 day' + n % 8 * interval '1 hour 5 seconds',
                case when n % 5 = 0 then null else timestamp '2026-02-02 09:30' + n % 25 * interval '1 day' end,
                null, timestamp '2025-10-01 10:15' + n % 30 * interval '1 day', null,
                '511', '51101', 'CJE20', 'H25.9', 'CJE20', 1 + n % 5, case when n % 3 = 0 then '81' else '0' end, 'XS915', '0', '1', 'SE2321000131-E6', '51',
                'SE2321000131-E1', 'SE2321000131-E2', 'SE0000000000-OPT' || n % 7, 'SE0000000000-OPT1',
                case when n % 2 = 0 then '501010' else '502010' end, 'Sjukhuset; \"Östra\" ' || n % 3,
                1 + n % 2, 1930 + n % 80, '1480', 'SE2321000131-E5', n % 200, case when n % 50 = 0 then repeat(md5(n::text), 80) else 'kort' end
           from generate_series({from}::bigint, {to}) n"
    )
}

/// A running source database.
pub struct SourceDatabase {
    postgres: Postgres,
    url: String,
}

impl SourceDatabase {
    /// Starts it, with `rows` contacts.
    ///
    /// # Errors
    /// When PostgreSQL does not start or refuses the table.
    pub fn start(rows: u64) -> Result<Self, Error> {
        let postgres = Postgres::start_own(&["wal_level=logical"])?;
        let url = postgres.fresh_database()?;
        let session = Session::open(&url)?;
        session.run(TABLES)?;
        session.run(&insert(1, rows))?;
        Ok(Self { postgres, url })
    }

    /// How the connector is told of it.
    #[must_use]
    pub fn followed(&self) -> Followed {
        Followed {
            url: self.url.clone(),
            slot: SLOT.to_owned(),
            publication: "vardstrom".to_owned(),
            table: "public.vantetid".to_owned(),
            key: "vardkontakt_id",
            feed: FEED,
            package: FEED.to_owned(),
        }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn session(&self) -> Result<Session, Error> {
        Session::open(&self.url)
    }

    /// Immediate stop, as a power failure would.
    ///
    /// # Errors
    /// When it cannot be told to.
    pub fn stop_hard(&mut self) -> Result<(), Error> {
        Ok(self.postgres.stop_hard()?)
    }

    /// Starts it again with what it had made durable.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<(), Error> {
        Ok(self.postgres.start_again()?)
    }

    /// Writes the answer of a query, of this or another database, as CSV with `;` and a header to `output`.
    ///
    /// # Errors
    /// When the database refuses the query.
    pub fn write_csv(&self, url: &str, query: &str, output: impl Into<Stdio>) -> Result<(), Error> {
        let copy = format!("copy ({query}) to stdout (format csv, header, delimiter ';')");
        let ended = Command::new(self.postgres.psql())
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", &copy, url])
            .stdout(output)
            .status()?;
        if ended.success() { Ok(()) } else { Err(Error::Io(io::Error::other("psql refused the query"))) }
    }
}

/// A connection that waits.
pub struct Session {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

/// What the source database did not do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be started.
    #[error("run the source database")]
    Server(#[from] local_stack::Error),
    /// It refused a statement, or went away.
    #[error("use the source database")]
    Postgres(#[from] tokio_postgres::Error),
    /// It does not answer.
    #[error("connect to the source database")]
    Connect(#[from] postgresql::Fault),
    /// Its address is none.
    #[error("the source database's address {0}")]
    Address(#[from] postgresql::Unusable),
    /// No thread, file or program.
    #[error("run a database client")]
    Io(#[from] io::Error),
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn open(url: &str) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let client = runtime.block_on(url.parse::<postgresql::Address>()?.connect("load-tests"))?;
        Ok(Self { runtime, client })
    }

    /// Runs statements.
    ///
    /// # Errors
    /// When one is refused, or the database goes away.
    pub fn run(&self, statements: &str) -> Result<(), Error> {
        Ok(self.runtime.block_on(self.client.batch_execute(statements))?)
    }

    /// The one number that a query gives.
    ///
    /// # Errors
    /// When the query is refused, or the database goes away.
    pub fn number(&self, query: &str) -> Result<i64, Error> {
        Ok(self.runtime.block_on(self.client.query_one(query, &[]))?.get(0))
    }

    /// The one text that a query gives.
    ///
    /// # Errors
    /// When the query is refused, or the database goes away.
    pub fn text(&self, query: &str) -> Result<String, Error> {
        Ok(self.runtime.block_on(self.client.query_one(query, &[]))?.get(0))
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When the database goes away.
    pub fn log_end(&self) -> Result<String, Error> {
        self.text("select pg_current_wal_lsn()::text")
    }

    /// Whether everything before a place in the log is stored, by what the slot has been told.
    ///
    /// # Errors
    /// When the database goes away.
    pub fn is_confirmed(&self, place: &str) -> Result<bool, Error> {
        let query = format!(
            "select count(*) from pg_replication_slots where slot_name = '{SLOT}' and confirmed_flush_lsn >= '{place}'"
        );
        Ok(self.number(&query)? == 1)
    }

    /// Bytes of log that the database keeps for the slot.
    ///
    /// # Errors
    /// When there is no slot, or the database goes away.
    pub fn retained_bytes(&self) -> Result<i64, Error> {
        let query = format!(
            "select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 from pg_replication_slots \
             where slot_name = '{SLOT}'"
        );
        self.number(&query)
    }
}
