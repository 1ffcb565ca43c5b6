//! What the dashboard reads from the central store: events to start from, events that memory had let go, and what is
//! usual. Only `SELECT`, as the national reader.

use std::time::Duration;

use board::usual::{Sample, Usual, Week, hours_to_ask};
use figures::published::Extract;
use figures::published::parcel::Head;
use figures::report::operations::Delivery;
use futures_util::{TryStreamExt, pin_mut};
use postgresql::{Address, Client, Fault};
use schemas::{Subject, Timestamp};
use serde_json::Value;
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{IsolationLevel, Row, Transaction};

/// Why the store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("connect to the store; check store.url and that PostgreSQL runs")]
    Connect(#[source] Fault),
    /// The views for readers are not there, or the role may not read them.
    #[error(
        "read {what} from the store; check that `sink-store migrate` has run and that the role is a vardstrom_reader"
    )]
    Read {
        /// What was read.
        what: &'static str,
        /// PostgreSQL's answer.
        source: Fault,
    },
    /// It holds the connection, and says nothing.
    #[error("the store has not answered for {} s; see whether PostgreSQL, or the line to it, is frozen", .0.as_secs())]
    Late(Duration),
}

/// What is asked of the store, given up after a while: one that is frozen would hold who asks for ever.
///
/// # Errors
/// When it is late, or what was asked fails.
pub async fn within<T>(limit: Duration, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, asked).await.unwrap_or(Err(Error::Late(limit)))
}

/// What the server's lists of sessions call us.
const APPLICATION: &str = "vardstrom-dashboard";

/// A connection to the store.
pub struct Store {
    client: Client,
}

/// One instant of the store, for as long as it is looked at.
pub struct Snapshot<'a> {
    transaction: Transaction<'a>,
    region: &'a str,
    since: f64,
}

/// Where a region starts.
pub struct Start {
    /// Schema ids inside the records, with their schemas.
    pub schemas: Vec<(u32, String)>,
    pub(crate) progress: Vec<(String, i32, i64)>,
    /// Topic read, origin topic, partition, offset, ordinal.
    pub origins: Vec<(String, String, i32, i64, i32)>,
    /// When each source system was last heard of persons, whose events are not given.
    pub heard: Vec<(String, Timestamp)>,
    /// The store holds events from before the start, which are given only where they still matter.
    pub is_partial: bool,
}

/// An event as the store holds it.
pub struct Stored<'r> {
    /// The subject of its topic.
    pub subject: &'r str,
    /// Its id, the bytes of a UUID.
    pub event_id: &'r [u8],
    pub(crate) record: &'r [u8],
}

impl Store {
    /// Connects; the connection's own task ends with it.
    pub async fn connect(address: &Address) -> Result<Self, Error> {
        Ok(Self { client: address.connect(APPLICATION).await.map_err(Error::Connect)? })
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&mut self) -> Result<(), Error> {
        let read = |error| Error::Read { what: "nothing", source: Fault::from(error) };
        self.client.batch_execute("SELECT 1").await.map_err(read)
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// What of a region is live since an instant.
    pub async fn snapshot<'a>(&'a mut self, region: &'a str, since: Timestamp) -> Result<Snapshot<'a>, Error> {
        let read = |what| move |source| Error::Read { what, source: Fault::from(source) };
        let transaction = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(read("a snapshot"))?;
        // Compiling the query would take longer than its answer, and what it gathers fits in memory.
        let settings = "SET LOCAL ROLE vardstrom_reader; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'";
        transaction.batch_execute(settings).await.map_err(read("as the reader role"))?;
        Ok(Snapshot { transaction, region, since: seconds(since) })
    }

    /// All events of the components that hold the named nodes.
    pub async fn component(&mut self, region: &str, nodes: &[String]) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let read = |error| Error::Read { what: "an episode's events", source: Fault::from(error) };
        let transaction = self.client.build_transaction().read_only(true).start().await.map_err(read)?;
        transaction.batch_execute("SET LOCAL ROLE vardstrom_reader").await.map_err(read)?;
        let rows = transaction
            .query("SELECT subject, record FROM board_component($1, $2)", &[&region, &nodes])
            .await
            .map_err(read)?;
        transaction.commit().await.map_err(read)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// The same weekday and hour in earlier weeks.
    pub async fn usual(&mut self, now: Timestamp) -> Result<Usual, Error> {
        let read = |error| Error::Read { what: "the census of earlier weeks", source: Fault::from(error) };
        let transaction = self.client.build_transaction().read_only(true).start().await.map_err(read)?;
        transaction.batch_execute("SET LOCAL ROLE vardstrom_reader").await.map_err(read)?;
        let mut usual = Usual::default();
        for hour in hours_to_ask(now) {
            let rows = transaction
                .query(
                    "SELECT region, unit, belagda::int8, disponibla::int8 \
                     FROM board_census(to_timestamp($1::float8), to_timestamp($1::float8))",
                    &[&seconds(hour)],
                )
                .await
                .map_err(read)?;
            let week: Week = rows
                .iter()
                .map(|row| {
                    let (region, unit): (&str, &str) = (row.get(0), row.get(1));
                    let count = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
                    let sample = Sample { belagda: count(row.get(2)).unwrap_or(0), disponibla: count(row.get(3)) };
                    ((region.into(), unit.into()), sample)
                })
                .collect();
            if !week.is_empty() {
                usual.weeks.push(week);
            }
        }
        transaction.commit().await.map_err(read)?;
        Ok(usual)
    }
}

impl Snapshot<'_> {
    /// Where the region's topics go on, and what its events are written with.
    pub async fn start(&self) -> Result<Start, Error> {
        let read = |what| move |source| Error::Read { what, source: Fault::from(source) };
        let (transaction, region) = (&self.transaction, &self.region);
        let schemas = transaction.query("SELECT id, avsc FROM record_schema", &[]).await.map_err(read("schemas"))?;
        let progress = "SELECT topic, partition, next_offset FROM board_progress WHERE region = $1";
        let progress = transaction.query(progress, &[region]).await.map_err(read("positions"))?;
        let origins = "SELECT topic, origin_topic, origin_partition, origin_offset, origin_ordinal FROM board_origin WHERE region = $1";
        let origins = transaction.query(origins, &[region]).await.map_err(read("origins"))?;
        let older = "SELECT EXISTS (SELECT FROM events WHERE occurred_at < to_timestamp($2::float8) AND region = $1)";
        let older = transaction.query_one(older, &[region, &self.since]).await.map_err(read("older events"))?;
        let heard = "SELECT source_system, (extract(epoch FROM max(ingested_at)) * 1000000)::int8 FROM events \
                      WHERE region = $1 AND subject = $3 AND occurred_at >= to_timestamp($2::float8) GROUP BY 1";
        let person = Subject::Person.name();
        let heard = transaction.query(heard, &[region, &self.since, &person]).await.map_err(read("sources"))?;
        Ok(Start {
            heard: heard.iter().map(|row| (row.get(0), Timestamp(row.get(1)))).collect(),
            schemas: schemas.iter().map(|row| (schema_id(row), row.get(1))).collect(),
            progress: progress.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect(),
            origins: origins.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect(),
            is_partial: older.get(0),
        })
    }

    /// Gives each event that says something of wards to `take`, as it comes: what is under way is bounded by the connection's buffer.
    pub async fn events(&self, mut take: impl FnMut(Stored<'_>)) -> Result<(), Error> {
        let read = |source| Error::Read { what: "events", source: Fault::from(source) };
        let sql = "SELECT subject, uuid_send(event_id), record FROM board_region($2, to_timestamp($1::float8)) \
                    WHERE subject = ANY ($3)";
        let told = Subject::WARDS.map(Subject::name).into_iter().filter(|name| *name != Subject::Person.name());
        let told: Vec<&str> = told.collect();
        let parameters: [&(dyn ToSql + Sync); 3] = [&self.since, &self.region, &told];
        let rows = self.transaction.query_raw(sql, parameters).await.map_err(read)?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await.map_err(read)? {
            take(Stored { subject: row.get(0), event_id: row.get(1), record: row.get(2) });
        }
        Ok(())
    }
}

impl Store {
    /// What is published since a month and a year: the highest version of each series, with the length of its files.
    ///
    /// # Errors
    /// When the table is not there or may not be read.
    pub async fn published(&mut self, month: &str, year: &str, most: usize) -> Result<Vec<(Head, i64)>, Error> {
        let read = |error| Error::Read { what: "published figures", source: Fault::from(error) };
        let transaction = self.client.build_transaction().read_only(true).start().await.map_err(read)?;
        transaction.batch_execute("SET LOCAL ROLE vardstrom_reader").await.map_err(read)?;
        let names = Extract::ALL.map(Extract::name);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = transaction
            .query(
                "SELECT extract, region, period, version, manifest_sha256, extract(epoch FROM at)::float8, \
                        pg_column_size(files)::int8 \
                   FROM (SELECT DISTINCT ON (region, extract, period) * FROM register.published \
                          WHERE extract = ANY ($1) AND period >= CASE length(period) WHEN 4 THEN $2 ELSE $3 END \
                          ORDER BY region, extract, period, version DESC) AS newest \
                  ORDER BY period DESC LIMIT $4",
                &[&&names[..], &year, &month, &most],
            )
            .await
            .map_err(read)?;
        transaction.commit().await.map_err(read)?;
        Ok(rows.iter().filter_map(head).collect())
    }

    /// A parcel's manifest and those of its files that are named.
    ///
    /// # Errors
    /// When the table is not there or may not be read.
    pub async fn parcel(&mut self, head: &Head, files: &[&str]) -> Result<(Value, Value), Error> {
        let read = |error| Error::Read { what: "a published parcel", source: Fault::from(error) };
        let transaction = self.client.build_transaction().read_only(true).start().await.map_err(read)?;
        transaction.batch_execute("SET LOCAL ROLE vardstrom_reader").await.map_err(read)?;
        let version = i32::try_from(head.version).unwrap_or(i32::MAX);
        let row = transaction
            .query_one(
                "SELECT manifest, (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(files) \
                                    WHERE key = ANY ($5)) \
                   FROM register.published WHERE region = $1 AND extract = $2 AND period = $3 AND version = $4",
                &[&head.region.code(), &head.extract.name(), &head.period.to_string(), &version, &files],
            )
            .await
            .map_err(read)?;
        transaction.commit().await.map_err(read)?;
        Ok((row.get::<_, Json<Value>>(0).0, row.get::<_, Json<Value>>(1).0))
    }
}

impl Store {
    /// Positions, duplicates and rejects by region.
    ///
    /// # Errors
    /// When the tables are not there or may not be read.
    pub async fn deliveries(&mut self) -> Result<Vec<Delivery>, Error> {
        let read = |error| Error::Read { what: "the store's positions", source: Fault::from(error) };
        let transaction = self.client.build_transaction().read_only(true).start().await.map_err(read)?;
        transaction.batch_execute("SET LOCAL ROLE vardstrom_reader").await.map_err(read)?;
        let rows = transaction
            .query(
                "SELECT p.region, sum(p.next_offset)::int8, extract(epoch FROM max(p.updated_at))::float8, \
                        (SELECT coalesce(sum(d.count), 0)::int8 FROM delivery.duplicates d WHERE d.region = p.region), \
                        (SELECT count(*) FROM delivery.rejected r WHERE r.region = p.region), \
                        (SELECT count(*) FROM delivery.dirty q WHERE q.region = p.region) \
                   FROM delivery.progress p GROUP BY p.region ORDER BY p.region",
                &[],
            )
            .await
            .map_err(read)?;
        transaction.commit().await.map_err(read)?;
        let delivery = |row: &Row| Delivery {
            region: row.get::<_, &str>(0).into(),
            next_offsets: row.get(1),
            updated_at: row.get::<_, Option<f64>>(2).map(|at| Timestamp((at * 1_000_000.0) as i64)),
            duplicates: row.get(3),
            rejected: row.get(4),
            unprojected: row.get(5),
        };
        Ok(rows.iter().map(delivery).collect())
    }
}

/// A series that pages know; another one is not theirs.
fn head(row: &Row) -> Option<(Head, i64)> {
    let head = Head {
        extract: Extract::of_name(row.get(0))?,
        region: row.get::<_, &str>(1).parse().ok()?,
        period: row.get::<_, &str>(2).parse().ok()?,
        version: u32::try_from(row.get::<_, i32>(3)).ok()?,
        manifest_sha256: row.get::<_, &str>(4).into(),
        made_at: Timestamp((row.get::<_, f64>(5) * 1_000_000.0) as i64),
    };
    Some((head, row.get(6)))
}

fn schema_id(row: &Row) -> u32 {
    let id: i32 = row.get(0);
    u32::try_from(id).unwrap_or_default()
}

fn seconds(at: Timestamp) -> f64 {
    // Micros of any year near ours fit a double's 53 bits.
    at.0 as f64 / 1_000_000.0
}
