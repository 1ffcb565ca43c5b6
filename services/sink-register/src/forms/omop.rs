//! OMOP CDM 5.4 of a year: visits that have ended, their moves, codes, costs, and the persons, all under pseudonym.
//!
//! * **Visits** are episodes of the encounter events whose stays have all ended, the last one in the year: the stays
//!   are the `timeline`'s, as on the board. A contact that a source states with codes or costs and that belongs to no
//!   such episode is a visit of its own. Who lies in a bed now is not here: the model wants an end.
//! * **Codes** are the statements in force that count for the months of the year; **costs** those that count for the
//!   year. One cost row per component; what the total has beyond them is a row without component, so sums are those of
//!   the totals.
//! * **NordDRG** has four characters and the model's `drg_source_value` three: it is an observation of the visit, with
//!   its weight as `value_as_number`.
//! * **Drugs** are the codes that a contact states; of one it is known on which day it was given and not for how long: it
//!   ends as it starts.
//! * **Observation periods** reach from the first to the last day that the extract tells of a person: what happened before
//!   and after is in other years' extracts.
//! * **Concepts** are 0 where no vocabulary is at hand; the source's codes are kept. Only concepts beyond doubt are
//!   mapped.
//! * **Deaths** are those that a visit ended with (see [`death`]).
//! * **Ids** count from 1 within one extract, in the order of keys that are made from pseudonyms and the sources' numbers
//!   (see [`id::key`]).
//! * Waits are not here: the model has no home for somebody who has not come yet.

mod care_site;
mod cdm_source;
mod death;
mod id;
mod person;
mod row;
mod statement;
mod tables;
mod visit;
mod write;

use std::collections::{BTreeMap, HashMap};

use schemas::Subject;
use schemas::{Clinical, Cost, Encounter, Person, Timestamp};
use timeline::{EpisodeKey, Event, Stay, Timeline, survivors, timeline};

use crate::error::Error;
use crate::form::Request;
use crate::output::FileKind;
use crate::output::Output;
use crate::read::{Order, Reader, Snapshot, Source, Stored, Window, count};
use care_site::CareSites;
use parcel::Period;
use parcel::Positions;
use person::Persons;
use statement::{Coded, CostPart, Observation};
use tables::Table;
use visit::{Visit, Visits};

/// The subject that definitions name; persons, codes and costs are read beside it.
pub(super) const SUBJECT: Subject = Subject::Encounter;

/// The files, in their order.
pub(super) fn files() -> Vec<FileKind> {
    tables::ALL.iter().map(Table::file).collect()
}

/// What a year is made from, in the order in which it is read.
pub(super) fn sources(period: Period) -> [Source; 4] {
    let (from, to) = period.bounds();
    [
        Source { subject: SUBJECT, window: Window::Closed(from, to) },
        Source::of(Subject::Clinical, period),
        Source::of(Subject::Cost, period),
        Source { subject: Subject::Person, window: Window::Always },
    ]
}

/// Reads a year into tables; counts what rules have found on what was read.
///
/// # Errors
/// When there is nothing of the year, the store cannot be read, or two rows get the same key.
pub(super) async fn make(
    snapshot: &Snapshot<'_>,
    request: &Request<'_>,
    origin: &Positions,
) -> Result<(Output, BTreeMap<String, u64>), Error> {
    let [encounters, clinicals, costs, persons] = sources(request.period);
    let reader = snapshot.reader(request.covers_protected).await?;
    let mut findings = BTreeMap::new();
    let mut omop = Omop::default();
    let mut events: Vec<Event> = Vec::new();
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let Some(event) = reader.read_row::<Encounter<'_>>(&stored)? else { return Ok(()) };
        event.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        omop.encounter(&event);
        events.push(Event::from(&event));
        Ok(())
    };
    snapshot.each(&encounters, Order::Time, origin, &reader, take).await?;
    omop.episodes(&events, request.period.bounds());
    drop(events);
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let Some(statement) = reader.read_row::<Clinical<'_>>(&stored)? else { return Ok(()) };
        statement.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        if stored.in_force == Some(true) {
            omop.clinical(&statement);
        }
        Ok(())
    };
    snapshot.each(&clinicals, Order::Latest, origin, &reader, take).await?;
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let Some(statement) = reader.read_row::<Cost<'_>>(&stored)? else { return Ok(()) };
        statement.envelope.quality.iter().for_each(|finding| count(&mut findings, finding.rule));
        if stored.in_force == Some(true) {
            omop.cost(&statement);
        }
        Ok(())
    };
    snapshot.each(&costs, Order::Latest, origin, &reader, take).await?;
    if omop.visits.all.is_empty() && !omop.totals.contains_key("statements") {
        return Err(Error::Empty { region: request.region.code(), period: request.period.to_string() });
    }
    let take = |reader: &Reader<'_>, stored: Stored<'_>| {
        let Some(person) = reader.read_row::<Person<'_>>(&stored)? else { return Ok(()) };
        omop.person(&person);
        Ok(())
    };
    snapshot.each(&persons, Order::Time, origin, &reader, take).await?;
    Ok((omop.finish(request)?, findings))
}

/// A year while it is read. Memory grows with its visits, codes and costs.
#[derive(Default)]
struct Omop {
    care_sites: CareSites,
    /// How persons came to an episode and left it, as the last event that says so has it.
    modes: HashMap<EpisodeKey, Modes>,
    merged: HashMap<Box<str>, Box<str>>,
    visits: Visits,
    persons: Persons,
    conditions: Vec<Coded>,
    procedures: Vec<Coded>,
    drugs: Vec<Coded>,
    observations: BTreeMap<i64, Observation>,
    costs: Vec<CostPart>,
    totals: BTreeMap<&'static str, i64>,
}

#[derive(Default)]
struct Modes {
    admitted_from: Option<Box<str>>,
    discharged_to: Option<Box<str>>,
}

impl Omop {
    /// What an event says beside the stays that it makes. Events come in order of time.
    fn encounter(&mut self, event: &Encounter<'_>) {
        self.count("encounter_events", 1);
        self.care_sites.learn(event);
        let (admitted, discharged) = (event.admit_source, event.discharge_disposition);
        let Some(episode) = event.episode_id.filter(|_| admitted.is_some() || discharged.is_some()) else { return };
        let key = EpisodeKey { source_system: event.envelope.source_system.into(), episode: episode.into() };
        let modes = self.modes.entry(key).or_default();
        if let Some(from) = admitted {
            modes.admitted_from = Some(from.into());
        }
        if let Some(to) = discharged {
            modes.discharged_to = Some(to.into());
        }
    }

    /// Visits of episodes that ended between the two instants.
    fn episodes(&mut self, events: &[Event], (from, to): (Timestamp, Timestamp)) {
        self.merged = survivors(events);
        let Timeline { stays, joined, .. } = timeline(events);
        self.join(&joined);
        // Stays come by episode, then by time. Persons who share a visit number have an episode each.
        let of_one = |one: &Stay, other: &Stay| (&one.episode, &one.subject) == (&other.episode, &other.subject);
        let episodes: Vec<&[Stay]> = stays.chunk_by(of_one).collect();
        for (at, stays) in episodes.iter().enumerate() {
            let neighbours = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| episodes.get(at));
            let is_shared = neighbours.into_iter().any(|other| other[0].episode == stays[0].episode);
            let stays: Vec<&Stay> = stays.iter().collect();
            if stays.iter().any(|stay| stay.to.is_none()) {
                self.count("episodes_open", 1);
                continue;
            }
            let ended = stays.iter().filter_map(|stay| stay.to).max();
            if !ended.is_some_and(|ended| from <= ended && ended < to) {
                continue;
            }
            self.episode(&stays, is_shared);
        }
        self.modes = HashMap::new();
    }

    /// How persons came and left, by the name that the stays have: contacts that are parts of one stay say it together.
    fn join(&mut self, joined: &BTreeMap<EpisodeKey, EpisodeKey>) {
        for (part, whole) in joined {
            let Some(said) = self.modes.remove(part) else { continue };
            let modes = self.modes.entry(whole.clone()).or_default();
            modes.admitted_from = modes.admitted_from.take().or(said.admitted_from);
            modes.discharged_to = modes.discharged_to.take().or(said.discharged_to);
        }
    }

    fn episode(&mut self, stays: &[&Stay], is_shared: bool) {
        let units: Vec<i64> = stays.iter().map(|stay| self.care_sites.unit(&stay.place.unit)).collect();
        let Some(mut visit) = visit::closed(stays, &units, is_shared) else {
            self.count("episodes_without_subject", 1);
            return;
        };
        let hospital = stays.iter().rev().find_map(|stay| stay.details.hospital_code.as_deref());
        visit.care_site = hospital.map(|code| self.care_sites.hospital(code, None));
        if let Some(modes) = self.modes.remove(&stays[0].episode) {
            visit.admitted_from = modes.admitted_from;
            let died = modes.discharged_to.as_deref().is_some_and(death::is_death_disposition);
            // Of several persons with one visit number nothing says who left it so.
            visit.died = died && !is_shared;
            self.count("deaths_of_shared_numbers", i64::from(died && is_shared));
            visit.discharged_to = modes.discharged_to;
        }
        self.persons.want(&visit.subject);
        self.visits.add(visit);
    }

    /// What is known of a person. Events come in order of time; the last one holds, as in the store.
    fn person(&mut self, person: &Person<'_>) {
        if let Some(subject) = person.envelope.subject_token {
            let subject = self.survivor(subject).to_owned();
            self.persons.said(&subject, person);
        }
    }

    /// The pseudonym that the person has now.
    fn survivor<'s>(&'s self, subject: &'s str) -> &'s str {
        self.merged.get(subject).map_or(subject, |survivor| survivor)
    }

    fn count(&mut self, name: &'static str, by: i64) {
        let total = self.totals.entry(name).or_default();
        *total = total.saturating_add(by);
    }

    /// Of a visit in the extract.
    fn visit(&self, at: usize) -> &Visit {
        &self.visits.all[at]
    }
}
