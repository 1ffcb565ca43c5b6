//! Hip fractures: from arrival through operation, moves and discharge to reoperation, from events alone.
//!
//! Pure but for [`make`]. In: the latest clinical statement of each contact, and encounter events. Out: figures per
//! hospital, what is lost between the stages of the pathway, what is missing, and one row per fracture, which is
//! personal.
//!
//! Rikshöft reports patients of 50 years and over with fractures that are not pathological, and hours from arrival
//! (Årsrapport 2014, read). Figures and rows are of those; the others are set aside and counted: `pathological`, `under-50`
//! and `age-unknown`, each fracture for the first of these that holds.
//!
//! Readings of the definitions (ICD-10-SE, KVÅ), where two programs could choose differently; they are ours:
//!
//! * **Age** is the year of the fracture's beginning less the year of birth: events have no day of birth, so who turns 50
//!   in the year is 50. The year of birth is that of the fracture's contacts, else of any other contact of the person.
//! * **Pathological** is a fracture of which a contact has M84.4 or M90.7 among its diagnoses. M80 (osteoporosis with
//!   fracture) is not: most hip fractures are of osteoporosis. A diagnosis of cancer alone says nothing of the bone.
//! * **A fracture** is a person and a side. It begins with a contact whose main diagnosis is S720, S721 or S722; a
//!   contact of the same side within [`FOLLOW_DAYS`] is of the same fracture. A side that is not said is that of the
//!   person's only fracture.
//! * **The month** of a fracture is that of its arrival, not of its operation: who was never operated, or whose
//!   operation has no time, would be in no month. Without an arrival it is the contact's start, else the first
//!   procedure, else the stated month.
//! * **Arrival** is the start of the first emergency or inpatient stay of the unbroken chain of stays that the
//!   contact is in: stays of one person with no more than [`GAP_HOURS`] between them. The contact's own start is no
//!   arrival.
//! * **An operation** is the hip procedures (NFB, NFJ) of one moment, in any contact; a day without a time is never
//!   midnight: the hours are unknown. On one day a procedure without a time belongs to the operation that has one.
//! * **Hours** are from arrival to the first operation's start. An operation before arrival is corrupt: counted,
//!   shown, and in no median or share.
//! * **A day** is one of the Swedish calendar, of 23 or 25 hours when clocks change: a contact of which only the last day is
//!   known may have lasted until that day's end.
//! * **A reoperation** is a later operation of the same fracture, in whatever contact, at most 30 or 120 calendar
//!   days after.
//!
//! Persons are those of the timeline: merges and other identifiers are followed. Memory: about 500 bytes per
//! encounter event that is read, from [`LOOKBACK_DAYS`] before the month to [`AHEAD_DAYS`] after it.

mod chain;
mod fracture;
mod statement;
mod tables;

use std::collections::BTreeMap;

use schemas::Subject;
use schemas::{Clinical, Encounter, Timestamp};
use timeline::Event;
use topics::Region;

use crate::error::Error;
use crate::form::Request;
use crate::output::FileKind;
use crate::output::Output;
use crate::pseudonym::Pseudonyms;
use crate::read::{Order, Reader, Snapshot, Source, Stored, Window, count};
use chain::Chains;
use parcel::{Month, Period, Positions};
use statement::Contact;

/// Below how many fractures a hospital's median and share are not shown, unless the definition says otherwise.
pub const HIDE_BELOW: u32 = 20;
/// Days after the first operation, or the beginning, within which things belong to one fracture, by Swedish clocks.
pub const FOLLOW_DAYS: i64 = 120;
/// Longest break between two stays of one chain.
pub const GAP_HOURS: i64 = 24;
/// How long before the month stays may have begun, if nothing has happened to them since.
pub const LOOKBACK_DAYS: i64 = 120;
/// How long after the month moves, discharges and reoperations are looked for.
pub const AHEAD_DAYS: i64 = 150;
/// Months around the month whose statements are read: before it for fractures that go on, after it for contacts that
/// end late.
const MONTHS_BEFORE: i32 = 4;
const MONTHS_AFTER: i32 = 5;

pub(crate) const HOUR: i64 = 3_600_000_000;

/// The subject that definitions name; encounters are read beside it.
pub(super) const SUBJECT: Subject = Subject::Clinical;

/// The files, in their order.
pub(super) const FILES: [FileKind; 4] = [
    FileKind::of_groups("hip_by_hospital.csv"),
    FileKind::of_groups("hip_pathway.csv"),
    FileKind::of_groups("quality.csv"),
    FileKind::of_persons("hip_fractures.csv"),
];

/// What one extract is of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that reports.
    pub region: Region,
    /// The month of arrival.
    pub month: Month,
    /// Hospitals with fewer fractures show no median and no share.
    pub hide_below: u32,
}

/// A month while statements and events are added, in any order. It has no `Debug`: the rows are in it.
pub struct HipFractures {
    settings: Settings,
    pseudonyms: Pseudonyms,
    contacts: Vec<Contact>,
    events: Vec<Event>,
}

impl HipFractures {
    /// Of a month.
    #[must_use]
    pub fn new(settings: Settings, pseudonyms: Pseudonyms) -> Self {
        Self { settings, pseudonyms, contacts: Vec::new(), events: Vec::new() }
    }

    /// Adds the latest statement of a contact. Those without a hip fracture or hip procedure are not kept.
    pub fn clinical(&mut self, statement: &Clinical<'_>) {
        self.clinical_with(statement, || true);
    }

    /// The same, and whether rows about its person may leave.
    fn clinical_with(&mut self, statement: &Clinical<'_>, may_leave: impl FnOnce() -> bool) {
        let contact = Contact::of(statement);
        self.contacts.extend(contact.map(|contact| Contact { may_leave: may_leave(), ..contact }));
    }

    /// Adds an event of an episode.
    pub fn encounter(&mut self, encounter: &Encounter<'_>) {
        self.events.push(Event::from(encounter));
    }

    /// The files.
    #[must_use]
    pub fn finish(self) -> Output {
        let chains = Chains::of(self.events);
        let (from, to) = Period::Month(self.settings.month).bounds();
        let mut fractures = fracture::all(self.contacts, &chains);
        fractures.retain(|fracture| from <= fracture.begun && fracture.begun < to);
        tables::write(&self.settings, &self.pseudonyms, &fractures)
    }
}

/// What is read for a month: statements are chosen by their stated month, which is that of the contact's end.
pub(super) fn sources(period: Period) -> [Source; 2] {
    let first = period.month().first_day();
    let month = |months: i32| {
        let day = first.saturating_add(jiff::Span::new().months(months));
        day.strftime("%Y-%m").to_string()
    };
    let days = jiff::Span::new();
    let from = swedish_time::day_begin(first.saturating_sub(days.days(LOOKBACK_DAYS)));
    let to = swedish_time::day_end(first.last_of_month().saturating_add(days.days(AHEAD_DAYS)));
    let (from, to) = (Timestamp(from), Timestamp(to));
    [
        Source { subject: SUBJECT, window: Window::Stated(month(-MONTHS_BEFORE), month(MONTHS_AFTER)) },
        Source { subject: Subject::Encounter, window: Window::Closed(from, to) },
    ]
}

/// Reads and computes.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn make(
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let [statements, encounters] = sources(request.period);
    let reader = snapshot.reader(request.covers_protected).await?;
    let mut findings = BTreeMap::new();
    let settings = Settings {
        region: request.region,
        month: request.period.month(),
        hide_below: request.hide_below.unwrap_or(HIDE_BELOW),
    };
    let mut hips = HipFractures::new(settings, request.pseudonyms.clone());
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let statement: Clinical<'_> = reader.read(&stored)?;
        statement.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        if stored.in_force == Some(true) {
            hips.clinical_with(&statement, || reader.may_leave(&statement.envelope));
        }
        Ok(())
    };
    snapshot.each(&statements, Order::Latest, origin, &reader, take).await?;
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let event: Encounter<'_> = reader.read(&stored)?;
        hips.encounter(&event);
        Ok(())
    };
    snapshot.each(&encounters, Order::Time, origin, &reader, take).await?;
    Ok((hips.finish(), findings))
}
