//! Beds: the morning counts of wards, as the national bed register wants them.
//!
//! Pure but for [`make`]. In: a region's encounter events and capacity statements, in any order. Out: counts per ward
//! and day, sums per hospital and day, a summary of the month, and what is missing. No row is about a person.
//!
//! * **One function.** A count is [`timeline::occupancy`] at 06:00 Swedish time, a sum is [`timeline::Total`]: those
//!   that the board calls. What is counted and what the words mean is said there.
//! * **Missing is never zero.** A ward that nobody has spoken of, or whose source was silent for the 24 hours before,
//!   has empty cells and a reason; a ward without a capacity statement has its patients and no beds, and is left out
//!   of sums.
//! * **Överbeläggningar** of a ward are the patients in beds that are not disponibla, and at least those beyond the
//!   disponibla. Definition version 1 counted only the former as soon as one bed of the ward was of a known kind, so a
//!   ward with 10 patients, 9 staffed beds and one bed in the unit directory had none; version 2 counts one.
//! * **Technical beds.** A region says whether it leaves them out; version 3 does not count the patients in them then, and
//!   `quality.csv` has what was said and how many patients of mornings are left out for it.
//! * **What the timeline found** in the month stands in `quality.csv` per ward and rule, by the ledger that the stays
//!   come from, and as a sum in the manifest. Version 1 had the sum only, over all events that were read.
//! * **What is read.** Events from [`LOOKBACK_DAYS`] before the month to its end, all others of their episodes and
//!   persons, and merges, moves and deletions of any time. A patient who has been in one place for longer without any
//!   event is not seen.
//!
//! Memory: about 500 bytes per event that is read.

mod hiding;
mod tables;
mod ward;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use schemas::Subject;
use schemas::{BedCapacity, Encounter, TechnicalBeds, Timestamp};
use timeline::{Event, Ledger};
use topics::Region;

use crate::error::Error;
use crate::form::Request;
use crate::output::FileKind;
use crate::output::Output;
use crate::read::{Order, Reader, Snapshot, Source, Stored, Window, count};
use parcel::{Month, Period, Positions};
use ward::Ward;

/// How long before the month events are read for stays that still last.
pub const LOOKBACK_DAYS: i64 = 400;

/// The subject that definitions name; capacity is read beside it.
pub(super) const SUBJECT: Subject = Subject::Encounter;

/// The files, in their order.
pub(super) const FILES: [FileKind; 4] = [
    FileKind::of_groups("beds_by_ward.csv"),
    FileKind::of_groups("beds_by_hospital.csv"),
    FileKind::of_groups("beds_month.csv"),
    FileKind::of_groups("quality.csv"),
];

/// A source that said nothing for so long before a morning was silent: 24 hours, in microseconds.
const SILENCE: i64 = 24 * 3_600_000_000;

/// What the timeline found: by hospital, ward (empty where none is known) and rule.
type Found = BTreeMap<(Box<str>, Box<str>, &'static str), u64>;

/// What one extract is of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that reports.
    pub region: Region,
    /// The month.
    pub month: Month,
    /// Utlokaliserade of a ward are hidden from 1 to below this, by the board's rule; without it none are.
    pub hide_below: Option<u32>,
}

/// What orders capacity statements: when they were received, and their id.
type Stamp = (Timestamp, Box<str>);

/// A month while events are added.
pub struct Beds {
    settings: Settings,
    mornings: Vec<(Date, Timestamp)>,
    events: Vec<Event>,
    wards: BTreeMap<Box<str>, Ward>,
    /// What the latest capacity statement of the time says of technical beds.
    technical_beds: Option<(Stamp, Option<TechnicalBeds>)>,
    /// Source systems and the places of mornings in whose 24 hours they said something.
    heard: BTreeSet<(Box<str>, usize)>,
}

impl Beds {
    /// Of a month.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let (first, last) = (settings.month.first_day(), settings.month.last_day());
        let mornings = swedish_time::mornings(first, last).map(|(day, at)| (day, Timestamp(at))).collect();
        Self {
            settings,
            mornings,
            events: Vec::new(),
            wards: BTreeMap::new(),
            technical_beds: None,
            heard: BTreeSet::new(),
        }
    }

    /// Adds an event of an episode.
    pub fn encounter(&mut self, encounter: &Encounter<'_>) {
        let envelope = &encounter.envelope;
        let said = envelope.recorded_at.unwrap_or(envelope.occurred_at);
        let next = self.mornings.partition_point(|(_, at)| *at < said);
        if self.mornings.get(next).is_some_and(|(_, at)| said.0 > at.0 - SILENCE) {
            self.heard.insert((envelope.source_system.into(), next));
        }
        if let Some(place) = &encounter.place {
            self.ward(place.unit).placed(encounter);
        }
        self.events.push(Event::from(encounter));
    }

    /// Adds a statement of capacity.
    pub fn capacity(&mut self, statement: &BedCapacity<'_>) {
        let envelope = &statement.envelope;
        let stamp = (envelope.ingested_at, Box::from(envelope.event_id));
        let is_of_month = self.mornings.last().is_some_and(|(_, last)| statement.valid_from <= *last);
        if is_of_month && self.technical_beds.as_ref().is_none_or(|(held, _)| *held < stamp) {
            self.technical_beds = Some((stamp, TechnicalBeds::said_by(envelope)));
        }
        self.ward(statement.unit).declared(statement);
    }

    fn ward(&mut self, unit: &str) -> &mut Ward {
        if !self.wards.contains_key(unit) {
            self.wards.insert(unit.into(), Ward::default());
        }
        self.wards.get_mut(unit).expect("inserted above")
    }

    /// The files.
    #[must_use]
    pub fn finish(self) -> Output {
        self.files_and_findings().0
    }

    fn files_and_findings(mut self) -> (Output, Found) {
        let mut ledger = Ledger::new();
        ledger.insert(std::mem::take(&mut self.events));
        let (from, to) = Period::Month(self.settings.month).bounds();
        let mut findings = Found::new();
        for finding in ledger.findings().filter(|finding| (from..to).contains(&finding.at)) {
            let ward = finding.unit.as_deref().and_then(|unit| self.wards.get_key_value(unit));
            let (hospital, code) = ward.map_or(("", ""), |(code, ward)| (ward.hospital(), &**code));
            *findings.entry((hospital.into(), code.into(), finding.rule.code())).or_default() += 1;
        }
        for stay in ledger.stays() {
            // A stay is at a place that an event names, so its ward is there.
            if let Some(ward) = self.wards.get_mut(&stay.place.unit) {
                ward.stays.push(stay.clone());
            }
        }
        drop(ledger);
        let (mut rows, mut left_out) = (Vec::new(), 0_u64);
        for (code, ward) in &self.wards {
            let is_heard = |morning: usize| {
                ward.source.as_ref().is_some_and(|source| self.heard.contains(&(source.clone(), morning)))
            };
            // A ward of technical beds alone has no row where none of them counts.
            left_out += ward.left_out(&self.mornings, is_heard);
            rows.extend(ward.rows(code, &self.mornings, is_heard));
        }
        rows.sort_by(|one, other| one.key().cmp(&other.key()));
        let hidden = hiding::choose(&rows, self.settings.hide_below.unwrap_or(0));
        let technical_beds = self.technical_beds.and_then(|(_, said)| said);
        let output =
            tables::write(&self.settings, &self.mornings, &rows, &hidden, &findings, (technical_beds, left_out));
        (output, findings)
    }
}

/// What is read for a month.
pub(super) fn sources(period: Period) -> [Source; 2] {
    let from = period.month().first_day().saturating_sub(jiff::Span::new().days(LOOKBACK_DAYS));
    let (from, to) = (Timestamp(swedish_time::day_begin(from)), period.bounds().1);
    [
        Source { subject: SUBJECT, window: Window::Closed(from, to) },
        Source { subject: Subject::BedCapacity, window: Window::Always },
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
    let [encounters, capacities] = sources(request.period);
    let reader = snapshot.reader(request.covers_protected).await?;
    let mut findings = BTreeMap::new();
    let Request { region, period, hide_below, .. } = *request;
    let mut beds = Beds::new(Settings { region, month: period.month(), hide_below });
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let event: Encounter<'_> = reader.read(&stored)?;
        event.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        beds.encounter(&event);
        Ok(())
    };
    snapshot.each(&encounters, Order::Time, origin, &reader, take).await?;
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let statement: BedCapacity<'_> = reader.read(&stored)?;
        statement.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        beds.capacity(&statement);
        Ok(())
    };
    snapshot.each(&capacities, Order::Time, origin, &reader, take).await?;
    let (output, found) = beds.files_and_findings();
    for ((_, _, rule), count) in found {
        *findings.entry(rule.to_owned()).or_default() += count;
    }
    Ok((output, findings))
}
