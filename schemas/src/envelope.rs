//! What every common event says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Version of the common envelope and its subjects, raised when a field changes meaning.
pub const SCHEMA_VERSION: i32 = 1;

/// The extension under which an event of a followed database names its table: database, schema and table with full stops.
///
/// A withdrawal that names a table and no contact takes back every statement of that table that stands before it in the same
/// source topic and partition: the table was emptied.
pub const SOURCE_TABLE: &str = "source_table";

/// The part that all common events share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// UUIDv5 text, see [`crate::event_id`].
    pub event_id: &'a str,
    /// Subject and verb, for example `encounter.transferred`.
    pub event_type: &'a str,
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: i32,
    /// Länskod, two digits.
    pub region: &'a str,
    /// HSA-id of the sending system.
    pub source_system: &'a str,
    /// The source's own message id (HL7 v2: MSH-10).
    pub source_message_id: &'a str,
    /// The source record that this event came from.
    #[serde(borrow)]
    pub origin: Origin<'a>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// The source's own text of that time.
    pub occurred_text: &'a str,
    /// When the source recorded it.
    pub recorded_at: Option<Timestamp>,
    /// The source's own text of that time.
    pub recorded_text: Option<&'a str>,
    /// When the connector received it.
    pub ingested_at: Timestamp,
    /// Whether this is new or corrects something.
    #[serde(borrow)]
    pub correction: Correction<'a>,
    /// Pseudonym of the person; `None` for events about units.
    pub subject_token: Option<&'a str>,
    /// Pseudonyms of the same person's other identifiers in the same message.
    #[serde(borrow)]
    pub subject_aliases: Vec<&'a str>,
    /// Id of the pseudonymisation key.
    pub key_id: Option<&'a str>,
    /// The source marks the person as having protected identity.
    pub protected_identity: bool,
    /// What was odd about a record that is used all the same.
    #[serde(borrow)]
    pub quality: Vec<Finding<'a>>,
    /// What one region alone has.
    #[serde(borrow)]
    pub extensions: BTreeMap<&'a str, &'a str>,
}

/// Coordinates of a source record, and which of its events this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin<'a> {
    /// Source topic.
    pub topic: &'a str,
    /// Source partition.
    pub partition: i32,
    /// Source offset.
    pub offset: i64,
    /// 0 for the first event of a source record.
    pub ordinal: i32,
}

/// Whether an event is new or corrects an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction<'a> {
    /// What kind of statement this is.
    pub kind: CorrectionKind,
    /// Set where the source names its target.
    pub target_event_id: Option<&'a str>,
}

/// What kind of statement an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CorrectionKind {
    /// Something new.
    New,
    /// More about something known.
    Update,
    /// An earlier event did not happen.
    Cancel,
    /// An earlier event happened otherwise.
    Replace,
}

/// A quality finding: the event is used, and this is what was odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding<'a> {
    /// Code of the rule.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// HL7 path or column, never a value.
    pub field: &'a str,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Figures may be affected.
    Warning,
    /// Figures are affected.
    Error,
}
