//! Any common subject as a Parquet file: every event of a period, a column per field of the subject's schema.
//!
//! * **Columns** are made from the Avro schema itself, so no field can be forgotten and a new one appears by itself.
//!   Records inside are flattened (`origin_topic`, `place_unit`; the envelope without a prefix). Lists stay lists and
//!   maps stay maps, also lists of codes: engines unnest them, and a text of JSON would have to be parsed in every
//!   query.
//! * **Rows** are the event history, also what a later event takes back: an analyst can ask what was known when.
//!   `in_force` says which statements count now: of each source system and contact the latest, unless it takes the
//!   contact back. It is empty for subjects whose events are no statements of a contact: what holds of those follows from
//!   all of them together.
//! * **Order** is that of time: a row group covers a span of time, and reading a week skips the others. Events of one time are in
//!   an order that is the recipient's alone; where a definition has times moved, all are.
//! * **Pseudonyms** of the recipient's own stand where a column names a person or an event or has a number of a source.

mod plan;
mod shred;

use std::collections::BTreeMap;

use parquet::basic::Repetition;
use schemas::{Common, CorrectionKind, DecodeError, Subject, Visitor};

use crate::column::{Decided, EVENTS, Says};
use crate::error::Error;
use crate::form::Request;
use crate::output::{File, FileKind, Output};
use crate::pseudonym::Pseudonyms;
use crate::quasi::Grouping;
use crate::read::{Order, Reader, Snapshot, Source, Stored, count};
use crate::sheet::{Leaf, Sheet};
use crate::table::treatments;
use crate::treatment::Treatment;
use parcel::Positions;
use plan::Plan;
use shred::shred;

/// The column that no event has itself.
pub(super) const IN_FORCE: &str = "in_force";

/// The file that a subject is made into.
pub(super) fn file(subject: Subject) -> FileKind {
    let name = format!("{}.parquet", subject.name()).into();
    FileKind { name, personal: subject.is_personal(), pseudonymous: true, layout: EVENTS }
}

/// Whether a subject's file has a column.
pub(super) fn has(subject: Subject, column: &str) -> bool {
    Plan::new(subject.kind().avsc(), &Pseudonyms::unused()).names.iter().any(|name| name == column)
}

/// A file of events while they are added. Memory: a row group, and what is compressed already.
struct Columnar {
    pseudonyms: Pseudonyms,
    plan: Plan,
    sheet: Sheet,
    /// Of a subject that is about persons.
    grouping: Option<Grouping>,
    in_force: usize,
    totals: BTreeMap<String, i64>,
    findings: BTreeMap<String, u64>,
}

impl Columnar {
    fn new(subject: Subject, pseudonyms: Pseudonyms) -> Self {
        let mut plan = Plan::new(subject.kind().avsc(), &pseudonyms);
        plan.fields.push(crate::sheet::Kind::Flag.field(IN_FORCE, Repetition::OPTIONAL));
        let in_force = plan.leaves.len();
        plan.leaves.push(Leaf::new(crate::sheet::Kind::Flag, 1, 0));
        let (fields, leaves) = (std::mem::take(&mut plan.fields), std::mem::take(&mut plan.leaves));
        let sheet = Sheet::new(file(subject), fields, leaves);
        let totals = TOTALS.map(|name| (name.to_owned(), 0)).into();
        let kind = file(subject);
        let grouping = kind.personal.then(|| Grouping::of_persons(EVENTS, &kind.name));
        Self { pseudonyms, plan, sheet, grouping, in_force, totals, findings: BTreeMap::new() }
    }

    fn add<'r, E: Common<'r>>(&mut self, event: &E, in_force: Option<bool>) {
        // Of nobody there is no person to move by: then each event is moved by itself.
        let envelope = event.envelope();
        let days = self.pseudonyms.shift_days(envelope.subject_token.unwrap_or(envelope.event_id));
        shred(event, &self.plan.root, self.sheet.leaves(), &self.pseudonyms, days);
        let leaf = &mut self.sheet.leaves()[self.in_force];
        match in_force {
            Some(flag) => leaf.push_flag(flag, 0),
            None => leaf.push_null(0, 0),
        }
        if let Some(grouping) = &mut self.grouping {
            let (leaves, names) = (self.sheet.leaves(), &self.plan.names);
            let at = |name: &str| names.iter().position(|column| column == name).expect("a column of the subject");
            grouping.row(|name| leaves[at(name)].last_text());
        }
        self.sheet.end_row();
        for finding in &envelope.quality {
            count(&mut self.findings, finding.rule);
        }
        let cancelled = envelope.correction.kind == CorrectionKind::Cancel;
        for (name, counts) in [
            ("statements", true),
            ("cancellations", cancelled),
            ("in_force", in_force == Some(true)),
            ("without_subject", envelope.subject_token.is_none()),
        ] {
            *self.totals.entry(name.to_owned()).or_default() += i64::from(counts);
        }
    }

    fn finish(self) -> (Output, BTreeMap<String, u64>) {
        let in_force = (IN_FORCE, Decided::usual(Says::Content));
        let columns = self.plan.names.iter().map(String::as_str).zip(self.plan.decided);
        let treatments = treatments(columns.chain([in_force]));
        let file = File { groups: self.grouping.map(Grouping::finish), treatments, ..self.sheet.finish() };
        (Output { files: vec![file], totals: self.totals }, self.findings)
    }
}

const TOTALS: [&str; 4] = ["cancellations", "in_force", "statements", "without_subject"];

/// Reads a subject's events of a period into a file; counts what rules have found on them.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn make(
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let source = Source::of(request.subject, request.period);
    let mut columnar = Columnar::new(source.subject, request.pseudonyms.clone());
    let reader = snapshot.reader(request.covers_protected).await?;
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        source.subject.visit(Adding { columnar: &mut columnar, reader, stored: &stored })
    };
    let (key, times) = (request.pseudonyms.order_key(), request.pseudonyms.time().treatment);
    let order = if times == Treatment::Shifted { Order::Shuffled(key) } else { Order::Scattered(key) };
    snapshot.each(&source, order, origin, &reader, take).await?;
    Ok(columnar.finish())
}

/// Adds an event of the store.
struct Adding<'c, 'r> {
    columnar: &'c mut Columnar,
    reader: &'r Reader<'r>,
    stored: &'c Stored<'r>,
}

impl<'r> Visitor<'r> for Adding<'_, 'r> {
    type Output = Result<(), DecodeError>;

    fn visit<E: Common<'r>>(self) -> Result<(), DecodeError> {
        if let Some(event) = self.reader.read_row::<E>(self.stored)? {
            self.columnar.add(&event, self.stored.in_force);
        }
        Ok(())
    }
}
