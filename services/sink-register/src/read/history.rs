//! All events of a period, and counts of several subjects: for extracts that are no figures of latest statements.

use futures_util::{StreamExt, pin_mut};
use schemas::Subject;
use schemas::{DecodeError, Timestamp};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Reader, Snapshot, Survey};
use crate::error::{Attempt, Error};
use crate::positions;
use parcel::{Period, PeriodKind, Positions};

/// Which events of a subject are read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) subject: Subject,
    pub(crate) window: Window,
}

#[derive(Debug, Clone)]
pub(crate) enum Window {
    /// Those that count for a period from the first to the last of these texts.
    Stated(String, String),
    /// Those that happened from the first instant until before the second.
    Occurred(Timestamp, Timestamp),
    Always,
    /// What decides about stays of these instants: events of that time, all others of their episodes and persons, and
    /// merges, moves and deletions of any time, which have an effect on times before them.
    Closed(Timestamp, Timestamp),
}

impl Source {
    /// A subject's events of a period: those that count for it, else those of its time.
    pub(crate) fn of(subject: Subject, period: Period) -> Self {
        let window = match (subject.period(), period) {
            (Some(PeriodKind::Month), Period::Year(year)) => {
                Window::Stated(format!("{year:04}-01"), format!("{year:04}-12"))
            }
            (Some(_), _) => Window::Stated(period.to_string(), period.to_string()),
            (None, _) => {
                let (from, to) = period.bounds();
                Window::Occurred(from, to)
            }
        };
        Self { subject, window }
    }
}

/// Where tables were emptied, as `emptied`; `$1` to `$8` are region, subject, positions, window.
const EMPTIED: &str = include_str!("../sql/emptied.sql");

/// Events, and the positions that they lie at or below.
const EVENTS: &str = "\
    FROM events e
    LEFT JOIN unnest($3::text[], $4::int4[], $5::int8[], $6::int4[]) AS p (topic, partition, \"offset\", ordinal)
      ON e.origin_topic = p.topic AND e.origin_partition = p.partition
     AND (e.origin_offset, e.origin_ordinal) <= (p.\"offset\", p.ordinal)";

/// Where an event's table was emptied after it.
const VOIDED: &str = "\
    LEFT JOIN emptied v
      ON e.source_system = v.source_system AND e.source_table = v.source_table
     AND e.origin_topic = v.origin_topic AND e.origin_partition = v.origin_partition AND e.origin_offset < v.\"offset\"";

/// Of a region and subject.
const OWN: &str = "WHERE e.region = $1 AND e.subject = $2";

const OCCURRED: &str = "(e.occurred_at >= timestamptz 'epoch' + $7::int8 * interval '1 microsecond' \
    AND e.occurred_at < timestamptz 'epoch' + $8::int8 * interval '1 microsecond')";

impl Window {
    fn condition(&self) -> String {
        match self {
            Window::Stated(..) => "e.period BETWEEN $7 AND $8".to_owned(),
            Window::Occurred(..) => OCCURRED.to_owned(),
            // The parameters have to be named for the database to know their types.
            Window::Always => "($7::int8 <= $8::int8)".to_owned(),
            Window::Closed(..) => {
                let touched = |column: &str| {
                    format!(
                        "SELECT {column} {EVENTS} {OWN} AND p.topic IS NOT NULL AND {OCCURRED} AND e.episode_id IS NOT NULL"
                    )
                };
                format!(
                    "({OCCURRED} OR e.trigger IN ('{}') OR (e.source_system, e.episode_id) IN ({}) \
                     OR e.subject_token IN ({}))",
                    timeline::Trigger::TIMELESS.join("', '"),
                    touched("e.source_system, e.episode_id"),
                    touched("e.subject_token"),
                )
            }
        }
    }

    fn parameters(&self) -> [Box<dyn ToSql + Sync + Send>; 2] {
        match self {
            Window::Stated(first, last) => [Box::new(first.clone()), Box::new(last.clone())],
            Window::Occurred(from, to) | Window::Closed(from, to) => [Box::new(from.0), Box::new(to.0)],
            Window::Always => [Box::new(0_i64), Box::new(0_i64)],
        }
    }
}

/// In which order events are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// All of them, by time, then by event id.
    Time,
    /// All of them, by time, and of one time in an order that this key makes and nobody without it.
    Scattered([u8; 32]),
    /// All of them, in such an order whatever their time: where times are moved, the order of rows would tell the true ones.
    Shuffled([u8; 32]),
    /// Of each source system and contact the latest, in the order of both.
    Latest,
}

/// An event of the store, closed: a [`super::Reader`] opens it.
pub struct Stored<'r> {
    pub(super) record: &'r [u8],
    /// Whether it is its contact's statement that counts; nothing where events do not replace each other.
    pub(crate) in_force: Option<bool>,
}

impl<'r> Stored<'r> {
    /// The statement that counts of its contact.
    pub(super) fn of_contact(record: &'r [u8]) -> Self {
        Self { record, in_force: Some(true) }
    }
}

impl Snapshot<'_> {
    /// Counts the events of several sources at or below positions: those given, else the store's own.
    ///
    /// # Errors
    /// When the store has not come so far, or its own positions do not cover its events.
    pub(crate) async fn survey_of(&self, sources: &[Source], as_of: Option<&Positions>) -> Result<Survey, Error> {
        let mut own = Positions::default();
        for source in sources {
            let found = positions::of_store(&self.transaction, self.region, source.subject).await?;
            own.0.extend(if sources.len() > 1 { found.named(source.subject.name()).0 } else { found.0 });
        }
        reached(&own, as_of)?;
        let origin = as_of.unwrap_or(&own).clone();
        let mut survey = Survey { statements: 0, later: 0, until: None, schema_versions: Vec::new(), origin };
        for source in sources {
            self.count(source, as_of.is_none(), &mut survey).await?;
        }
        survey.schema_versions.sort_unstable();
        survey.schema_versions.dedup();
        Ok(survey)
    }

    async fn count(&self, source: &Source, first: bool, survey: &mut Survey) -> Result<(), Error> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE p.topic IS NOT NULL), count(*) FILTER (WHERE p.topic IS NULL), \
             (extract(epoch FROM max(greatest(e.recorded_at, e.ingested_at)) FILTER (WHERE p.topic IS NOT NULL)) \
             * 1000000)::int8, array_agg(DISTINCT e.schema_version) FILTER (WHERE p.topic IS NOT NULL) {EVENTS} {OWN} AND {}",
            source.window.condition()
        );
        let (region, subject) = (self.region.code(), source.subject.name());
        let attempt = || format!("count the {subject} events of region {region}");
        let positions = survey.origin.of(source.subject.name());
        let (topics, partitions, offsets, ordinals) = positions.columns();
        let [from, to] = source.window.parameters();
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&region, &subject, &topics, &partitions, &offsets, &ordinals, &*from, &*to];
        let row = self.transaction.query_one(&sql, &parameters).await.attempt(attempt)?;
        let later: i64 = row.get(1);
        if first && later > 0 {
            let topic = positions::topic(self.region, source.subject);
            return Err(Error::Rereading { count: later, region, period: self.period.to_string(), topic });
        }
        survey.statements += row.get::<_, i64>(0);
        survey.later += later;
        survey.until = survey.until.max(row.get::<_, Option<i64>>(2).map(Timestamp));
        survey.schema_versions.extend(row.get::<_, Option<Vec<i32>>>(3).unwrap_or_default());
        Ok(())
    }

    /// Gives every event of a source at or below positions to `take`, one after the other.
    ///
    /// # Errors
    /// When the database goes away, or a record cannot be decoded.
    pub(crate) async fn each(
        &self,
        source: &Source,
        order: Order,
        origin: &Positions,
        reader: &Reader<'_>,
        mut take: impl FnMut(&Reader<'_>, Stored<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), Error> {
        let (region, subject) = (self.region.code(), source.subject.name());
        let attempt = || format!("read the {subject} events of region {region}");
        let sql = order.sql(&source.window.condition(), matches!(source.window, Window::Stated(..)));
        let positions = origin.of(source.subject.name());
        let (topics, partitions, offsets, ordinals) = positions.columns();
        let [from, to] = source.window.parameters();
        let mut parameters: Vec<&(dyn ToSql + Sync)> =
            vec![&region, &subject, &topics, &partitions, &offsets, &ordinals, &*from, &*to];
        let key = order.key();
        parameters.extend(key.as_ref().map(|key| key as &(dyn ToSql + Sync)));
        let rows = self.transaction.query_raw(&sql, parameters).await.attempt(attempt)?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
            let row = row.attempt(attempt)?;
            let stored = Stored { record: row.get(1), in_force: row.get(2) };
            let undecodable = |cause| Error::Undecodable { region, event_id: row.get::<_, Uuid>(0), source: cause };
            if !reader.is_left_out(source.subject, &stored).map_err(undecodable)? {
                take(reader, stored).map_err(undecodable)?;
            }
        }
        Ok(())
    }
}

impl Order {
    /// The parameter that only such an order has.
    fn key(self) -> Option<Vec<u8>> {
        match self {
            Order::Scattered(key) | Order::Shuffled(key) => Some(key.into()),
            Order::Time | Order::Latest => None,
        }
    }

    fn sql(self, condition: &str, is_stated: bool) -> String {
        // As in `sql/latest.sql`.
        let contact = "e.source_system, e.contact";
        let latest = "e.recorded_at DESC NULLS LAST, e.ingested_at DESC, e.origin_offset DESC, e.origin_ordinal DESC, \
                      e.event_id DESC";
        let order = match self {
            Order::Shuffled(_) => "sha256($9::bytea || uuid_send(e.event_id))",
            Order::Scattered(_) => "e.occurred_at, sha256($9::bytea || uuid_send(e.event_id))",
            Order::Time | Order::Latest => "e.occurred_at, e.event_id",
        };
        match self {
            Order::Time | Order::Scattered(_) | Order::Shuffled(_) => format!(
                "{EMPTIED} SELECT e.event_id, e.record, CASE WHEN e.contact IS NOT NULL THEN \
                 e.correction <> 'CANCEL' AND v.\"offset\" IS NULL AND row_number() OVER \
                 (PARTITION BY {contact} ORDER BY v.\"offset\" IS NOT NULL, {latest}) = 1 END {EVENTS} {VOIDED} {OWN} \
                 AND p.topic IS NOT NULL AND {condition} ORDER BY {order}"
            ),
            Order::Latest => {
                // A resource that was deleted takes its statement back and does not say for which month it counted.
                let gone = if is_stated {
                    "OR (e.period IS NULL AND e.contact IS NOT NULL AND e.correction = 'CANCEL')"
                } else {
                    ""
                };
                format!(
                    "{EMPTIED} SELECT DISTINCT ON ({contact}) e.event_id, e.record, e.correction <> 'CANCEL' \
                 {EVENTS} {VOIDED} {OWN} AND p.topic IS NOT NULL AND v.\"offset\" IS NULL AND ({condition} {gone}) \
                 ORDER BY {contact}, {latest}"
                )
            }
        }
    }
}

/// Refuses positions that the store has not reached.
fn reached(own: &Positions, as_of: Option<&Positions>) -> Result<(), Error> {
    let Some((needed, found)) = as_of.and_then(|as_of| own.behind(as_of)) else { return Ok(()) };
    Err(Error::Behind {
        topic: needed.topic.clone(),
        partition: needed.partition,
        found: found.map_or_else(|| "nothing".to_owned(), |offset| format!("offset {offset}")),
        needed: needed.offset,
    })
}
