//! A change of a table as Debezium tells it: which row it leaves, and what became of it.
//!
//! Goes in: a JSON envelope, with or without Debezium's schema around it. Comes out: the row after the change (or, of a
//! deleted row, what is left of it), as pairs of column and text for a mapping package. A value that the database did not
//! send is never taken for an empty one: it comes from the row before, or the change is refused.

mod foreign;

use std::borrow::Cow;
use std::fmt;

use ::debezium::COLUMNS_MAX;
use ::debezium::counted;
use ::debezium::envelope::{Envelope, Milliseconds, Operation, Vouched};
use ::debezium::unavailable::{UNAVAILABLE, is_unavailable_list, is_unavailable_text};
use ::debezium::value::UNREADABLE;
use schemas::{CorrectionKind, Timestamp};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::mapping::Program;
use crate::rules::Rule;
use crate::stop::Stop;

/// Column and text; a null is an empty text, as in a file.
type Cell<'a> = (Cow<'a, str>, Cow<'a, str>);

pub(crate) type Cells<'a> = Vec<Cell<'a>>;

pub(crate) enum Told<'a> {
    /// A row came, changed or went.
    Row(Change<'a>),
    /// All rows of the table went at once (TRUNCATE), or are void because changes were lost.
    Emptied { table: String, committed_at: Option<Timestamp> },
}

/// A change that leaves a row to be mapped.
pub(crate) struct Change<'a> {
    pub cells: Cells<'a>,
    /// Of a changed row: as it was, whole or as far as the database tells.
    pub before: Option<Cells<'a>>,
    /// Of a changed row: what it was is told, and only its key is to be believed.
    pub before_unvouched: bool,
    /// Of a changed row: whoever took the envelope away has not told what it was.
    pub before_untold: bool,
    /// Columns that the package reads and whose value may stand for none at all.
    pub maybe_missing: Vec<&'static str>,
    /// `New` for an inserted row or one of a snapshot, `Update`, or `Cancel` for a deleted one.
    pub correction: CorrectionKind,
    pub committed_at: Option<Timestamp>,
    /// Database, schema and table, as far as they are told: `lis.public.vantetid`.
    pub table: Option<String>,
}

/// Reads a change for a package.
pub(crate) fn read<'a>(payload: &'a [u8], program: &Program) -> Result<Told<'a>, Stop> {
    if payload.is_empty() || payload == b"null" {
        return Err(Stop::Ignore(Rule::Tombstone));
    }
    let envelope = envelope(payload).map_err(|_| Stop::park(foreign::rule(payload)))?;
    if !envelope.has_times() {
        return Err(Stop::park(foreign::rule(payload)));
    }
    let (operation, vouched) = (envelope.operation(), envelope.vouched());
    let committed_at = envelope.at().and_then(Milliseconds::value).map(|at| Timestamp(at.saturating_mul(1_000)));
    let table = envelope.source.and_then(|source| source.table());
    let cells = |row: Row<'a>| with_times(row.0, program);
    let row = |row: Option<Row<'a>>| row.map(cells).ok_or(Stop::park(Rule::ChangeUnreadable));
    let told_before = envelope.before.is_some();
    let mut before = envelope.before.filter(|_| vouched != Vouched::Nothing).map(cells);
    let before_unvouched = told_before && vouched != Vouched::Row;
    let (cells, correction) = match operation {
        Some(Operation::Create | Operation::Read) => {
            (whole(row(envelope.after)?, &before.take().unwrap_or_default(), program)?, CorrectionKind::New)
        }
        Some(Operation::Update) => {
            (whole(row(envelope.after)?, before.as_deref().unwrap_or_default(), program)?, CorrectionKind::Update)
        }
        Some(Operation::Delete) if told_before && before.is_none() => {
            return Err(Stop::refuse(Rule::DeleteUnvouched, "before"));
        }
        Some(Operation::Delete) => {
            (before.take().ok_or(Stop::refuse(Rule::DeleteIncomplete, "before"))?, CorrectionKind::Cancel)
        }
        Some(Operation::Truncate) => {
            let table = table.ok_or(Stop::refuse(Rule::TableTruncated, "source"))?;
            return Ok(Told::Emptied { table, committed_at });
        }
        Some(Operation::Message) => return Err(Stop::Ignore(Rule::DatabaseMessage)),
        None => return Err(Stop::park(foreign::rule(payload))),
    };
    let unreadable =
        cells.iter().filter(|(_, value)| value == UNREADABLE).find_map(|(name, _)| program.reads_column(name));
    if let Some(column) = unreadable {
        return Err(Stop::refuse(Rule::ColumnUnreadable, column));
    }
    let is_update = correction == CorrectionKind::Update;
    let before_unvouched = before_unvouched && is_update;
    let before_untold = envelope.flattened && is_update;
    let maybe_missing = match correction {
        CorrectionKind::Cancel => Vec::new(),
        _ => envelope.maybe_missing.iter().filter_map(|column| program.reads_column(column)).collect(),
    };
    Ok(Told::Row(Change {
        cells,
        before,
        before_unvouched,
        before_untold,
        maybe_missing,
        correction,
        committed_at,
        table,
    }))
}

/// What can be read of the row that a refused change leaves, or of what it was.
pub(crate) fn legible<'a>(payload: &'a [u8], program: &Program) -> Option<Cells<'a>> {
    let envelope = envelope(payload).ok()?;
    let is_believed = envelope.vouched() != Vouched::Nothing;
    let rows = [envelope.after, envelope.before.filter(|_| is_believed)];
    let mut cells: Cells<'a> = Vec::new();
    for (name, value) in rows.into_iter().flatten().flat_map(|row| row.0) {
        if value != UNAVAILABLE && value != UNREADABLE && cells.iter().all(|(known, _)| *known != name) {
            cells.push((name, value));
        }
    }
    Some(with_times(cells, program))
}

/// The envelope, without a schema around it.
fn envelope(payload: &[u8]) -> Result<Envelope<'_, Row<'_>>, serde_json::Error> {
    let outer: Envelope<'_, Row<'_>> = serde_json::from_slice(payload)?;
    Ok(match outer.payload {
        Some(inner) => *inner,
        None => outer,
    })
}

/// The row with times written out that the database counts. Only where the package reads a time: elsewhere a number is one.
fn with_times<'a>(mut cells: Cells<'a>, program: &Program) -> Cells<'a> {
    for (name, value) in &mut cells {
        if counted::is_endless_day(value) && program.reads_time(name) {
            *value = Cow::Borrowed("infinity");
        } else if counted::is_count(value)
            && program.reads_time(name)
            && let Some(written) = counted::written(value)
        {
            *value = Cow::Owned(written);
        }
    }
    cells
}

/// The row with what the database did not send filled in from before.
fn whole<'a>(mut cells: Cells<'a>, before: &[Cell<'a>], program: &Program) -> Result<Cells<'a>, Stop> {
    for (name, value) in &mut cells {
        if value != UNAVAILABLE {
            continue;
        }
        let known = before.iter().find(|(other, value)| other == name && value != UNAVAILABLE);
        match (known, program.reads_column(name)) {
            (Some((_, known)), _) => value.clone_from(known),
            (None, Some(column)) => return Err(Stop::refuse(Rule::ColumnUnavailable, column)),
            (None, None) => {}
        }
    }
    Ok(cells)
}

/// A row as it stands in the envelope.
struct Row<'a>(Cells<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Cells<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a row")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
                let mut cells = Vec::with_capacity(map.size_hint().unwrap_or(32));
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if cells.len() >= COLUMNS_MAX {
                        return Err(de::Error::custom("too many columns"));
                    }
                    cells.push((name, text_of(value).map_err(de::Error::custom)?));
                }
                Ok(cells)
            }
        }
        deserializer.deserialize_map(Columns).map(Row)
    }
}

/// A name, borrowed where it has nothing escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Any JSON value as the text that a file would have; what is nested has none. A number is as it stands: to reckon with it
/// would lose the last digits of a long one, and two contacts would be one. What was not sent, or only a schema explains, is
/// told as such, whatever its type.
fn text_of(value: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    let text = value.get();
    Ok(match text.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<Name<'_>>(text)?.0 {
            unsent if is_unavailable_text(&unsent) => Cow::Borrowed(UNAVAILABLE),
            written => written,
        },
        Some(b'[') if is_unavailable_list(text) => Cow::Borrowed(UNAVAILABLE),
        Some(b'{') if serde_json::from_str::<Scaled<'_>>(text).is_ok() => Cow::Borrowed(UNREADABLE),
        None | Some(b'n' | b'{' | b'[') => Cow::Borrowed(""),
        Some(_) => Cow::Borrowed(text),
    })
}

/// A number whose decimals stand beside it, as Debezium writes `numeric` without scale.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Scaled<'a> {
    #[serde(rename = "scale")]
    _scale: i64,
    #[serde(borrow, rename = "value")]
    _value: Cow<'a, str>,
}
