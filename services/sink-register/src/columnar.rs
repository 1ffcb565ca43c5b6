//! Any common subject as a Parquet file: every event of a period, a column per field of the subject's schema.
//!
//! * **Columns** are made from the Avro schema itself, so no field can be forgotten and a new one appears by itself.
//!   Records inside are flattened (`origin_topic`, `place_unit`; the envelope without a prefix). Lists stay lists and
//!   maps stay maps, also lists of codes: engines unnest them, and a text of JSON would have to be parsed in every
//!   query.
//! * **Rows** are the event history, also what a later event takes back: an analyst can ask what was known when.
//!   `in_force` says which statements count now: of each source system and contact the latest, unless it takes the
//!   contact back. It is empty for subjects whose events do not replace each other (encounter, person, bed-capacity,
//!   bed-status): what holds of those follows from all of them together.
//! * **Order** is that of time, then of the event id: a row group covers a span of time, and reading a week skips the
//!   others.

mod plan;
mod shred;

use std::collections::BTreeMap;

use parquet::basic::Repetition;
use schemas::{
    BedCapacity, BedStatus, Clinical, CorrectionKind, Cost, DecodeError, Decoder, Encounter, Envelope, Kind, Person,
    Wait,
};
use serde::{Deserialize, Serialize};

use crate::definition::Subject;
use crate::error::Error;
use crate::read::{Order, Snapshot, Source, Stored, count};
use crate::sheet::{Leaf, Sheet};
use crate::waiting_times::Output;
use parcel::Positions;
use plan::Plan;
use shred::shred;

/// The column that no event has itself.
pub const IN_FORCE: &str = "in_force";

/// The file that a subject is made into.
pub(crate) fn file_name(subject: Subject) -> String {
    format!("{}.parquet", subject.name())
}

/// A file of events while they are added. Memory: a row group, and what is compressed already.
struct Columnar {
    plan: Plan,
    sheet: Sheet,
    in_force: usize,
    totals: BTreeMap<String, i64>,
    findings: BTreeMap<String, u64>,
}

impl Columnar {
    fn new(subject: Subject) -> Self {
        let mut plan = Plan::new(kind(subject).avsc());
        plan.fields.push(crate::sheet::Kind::Flag.field(IN_FORCE, Repetition::OPTIONAL));
        let in_force = plan.leaves.len();
        plan.leaves.push(Leaf::new(crate::sheet::Kind::Flag, 1, 0));
        let (fields, leaves) = (std::mem::take(&mut plan.fields), std::mem::take(&mut plan.leaves));
        let sheet = Sheet::new(&file_name(subject), is_personal(subject), fields, leaves);
        let totals = TOTALS.map(|name| (name.to_owned(), 0)).into();
        Self { plan, sheet, in_force, totals, findings: BTreeMap::new() }
    }

    fn add<'r, E: Event + Serialize + Deserialize<'r>>(
        &mut self,
        decoder: &Decoder,
        stored: &Stored<'r>,
    ) -> Result<(), DecodeError> {
        let event: E = decoder.decode(stored.record)?;
        shred(&event, &self.plan.root, self.sheet.leaves());
        let in_force = &mut self.sheet.leaves()[self.in_force];
        match stored.in_force {
            Some(flag) => in_force.push_flag(flag, 0),
            None => in_force.push_null(0, 0),
        }
        self.sheet.end_row();
        let envelope = event.envelope();
        for finding in &envelope.quality {
            count(&mut self.findings, finding.rule);
        }
        let cancelled = envelope.correction.kind == CorrectionKind::Cancel;
        for (name, counts) in [
            ("statements", true),
            ("cancellations", cancelled),
            ("in_force", stored.in_force == Some(true)),
            ("without_subject", envelope.subject_token.is_none()),
        ] {
            *self.totals.entry(name.to_owned()).or_default() += i64::from(counts);
        }
        Ok(())
    }

    fn finish(self) -> (Output, BTreeMap<String, u64>) {
        (Output { files: vec![self.sheet.finish()], totals: self.totals }, self.findings)
    }
}

/// Control totals.
const TOTALS: [&str; 4] = ["cancellations", "in_force", "statements", "without_subject"];

/// Reads a subject's events of a period into a file; counts what rules have found on them.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn make(
    snapshot: &Snapshot<'_>,
    source: &Source,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let mut columnar = Columnar::new(source.subject);
    let decoder = snapshot.decoder().await?;
    let take = |decoder: &Decoder, stored: Stored<'_>| match source.subject {
        Subject::Encounter => columnar.add::<Encounter<'_>>(decoder, &stored),
        Subject::Person => columnar.add::<Person<'_>>(decoder, &stored),
        Subject::BedCapacity => columnar.add::<BedCapacity<'_>>(decoder, &stored),
        Subject::BedStatus => columnar.add::<BedStatus<'_>>(decoder, &stored),
        Subject::Wait => columnar.add::<Wait<'_>>(decoder, &stored),
        Subject::Cost => columnar.add::<Cost<'_>>(decoder, &stored),
        Subject::Clinical => columnar.add::<Clinical<'_>>(decoder, &stored),
    };
    snapshot.each(source, Order::Time, origin, &decoder, take).await?;
    Ok(columnar.finish())
}

fn kind(subject: Subject) -> Kind {
    match subject {
        Subject::Encounter => Kind::Encounter,
        Subject::Person => Kind::Person,
        Subject::BedCapacity => Kind::BedCapacity,
        Subject::BedStatus => Kind::BedStatus,
        Subject::Wait => Kind::Wait,
        Subject::Cost => Kind::Cost,
        Subject::Clinical => Kind::Clinical,
    }
}

/// Whether a row is about a person. Units and beds are none, occupied or not.
fn is_personal(subject: Subject) -> bool {
    !matches!(subject, Subject::BedCapacity | Subject::BedStatus)
}

/// An event, as far as all are the same.
trait Event {
    fn envelope(&self) -> &Envelope<'_>;
}

macro_rules! event {
    ($($subject:ident),*) => {
        $(impl Event for $subject<'_> {
            fn envelope(&self) -> &Envelope<'_> {
                &self.envelope
            }
        })*
    };
}
event!(Encounter, Person, BedCapacity, BedStatus, Wait, Cost, Clinical);
