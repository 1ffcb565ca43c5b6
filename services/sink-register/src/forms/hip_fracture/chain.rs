//! Unbroken chains of stays: from arrival to the last discharge, across wards, visit numbers and hospitals.

use std::collections::HashMap;

use schemas::{PatientClass, Timestamp};
use timeline::{EpisodeKey, Event, Ledger, Stay, persons};

use super::statement::Contact;
use super::{GAP_HOURS, HOUR};

pub(super) struct Chains {
    persons: HashMap<Box<str>, Box<str>>,
    /// By person, by time: emergency and inpatient stays.
    stays: HashMap<Box<str>, Vec<Stay>>,
    /// Who an episode is of, by visit number.
    episodes: HashMap<Box<str>, Vec<(EpisodeKey, Box<str>)>>,
}

#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) arrival: Timestamp,
    /// Until when; nothing while the person is still there.
    pub(super) discharge: Option<Timestamp>,
    pub(super) moves: usize,
    pub(super) hospital_code: Option<Box<str>>,
}

impl Chains {
    pub(super) fn of(events: Vec<Event>) -> Self {
        let persons = persons(&events);
        let mut ledger = Ledger::new();
        ledger.insert(events);
        let mut chains = Self { persons, stays: HashMap::new(), episodes: HashMap::new() };
        for stay in ledger.stays() {
            let Some(subject) = &stay.subject else { continue };
            let person: Box<str> = chains.person(subject).into();
            let episodes = chains.episodes.entry(stay.episode.episode.clone()).or_default();
            // Persons who share a visit number have an episode each.
            let found = (stay.episode.clone(), person.clone());
            if !episodes.contains(&found) {
                episodes.push(found);
            }
            if is_arrival(stay) {
                chains.stays.entry(person).or_default().push(stay.clone());
            }
        }
        for stays in chains.stays.values_mut() {
            stays.sort_by(|one, other| (one.from, &one.episode).cmp(&(other.from, &other.episode)));
        }
        chains
    }

    /// The one pseudonym that stands for a person.
    fn person<'s>(&'s self, subject: &'s str) -> &'s str {
        self.persons.get(subject).map_or(subject, |person| person)
    }

    /// The person of a contact, and its episode: by visit number within the source system, else by a visit number
    /// that is one of the person's own, else no episode. Without either the contact stands alone.
    pub(super) fn link(&self, contact: &Contact) -> (Box<str>, Option<EpisodeKey>) {
        let subject = contact.subject.as_deref().map(|subject| self.person(subject));
        if let Some(named) = &contact.episode
            && let Some(found) = self.episodes.get(&named.episode)
        {
            let is_of_person = |(_, person): &&(EpisodeKey, Box<str>)| Some(&**person) == subject;
            let mut same: Vec<_> = found.iter().filter(|(key, _)| key == named).collect();
            if same.len() > 1 {
                same.retain(is_of_person);
            }
            let of_person = || found.iter().find(is_of_person);
            if let Some((key, person)) = same.first().copied().or_else(of_person) {
                return (person.clone(), Some(key.clone()));
            }
        }
        let alone = || format!("{}/{}", contact.source_system, contact.statement_id).into();
        (subject.map_or_else(alone, Box::from), None)
    }

    /// The chain of a contact: that of its episode's stays, else that of the person's stays in its time.
    pub(super) fn chain(&self, contact: &Contact, person: &str, episode: Option<&EpisodeKey>) -> Option<Chain> {
        let stays = self.stays.get(person)?;
        let from = contact.started.or(contact.first_procedure());
        // A start without an end, or with one before it, is an instant.
        let to = contact.ended.max(from);
        let in_time = |stay: &Stay| {
            from.zip(to).is_some_and(|(from, to)| stay.from <= to && stay.to.is_none_or(|until| until > from))
        };
        let of_episode = |stay: &Stay| episode.is_some_and(|episode| stay.episode == *episode);
        let seed = stays.iter().position(of_episode).or_else(|| stays.iter().position(in_time))?;
        let mut begin = 0;
        let mut until = Some(stays[0].from);
        for (at, stay) in stays.iter().enumerate() {
            if until.is_some_and(|until| stay.from.0 - until.0 > GAP_HOURS * HOUR) {
                if at > seed {
                    return Some(chain(&stays[begin..at]));
                }
                begin = at;
                until = stay.to;
            } else {
                until = until.zip(stay.to).map(|(one, other)| one.max(other));
            }
        }
        Some(chain(&stays[begin..]))
    }
}

fn chain(stays: &[Stay]) -> Chain {
    let moves = stays.windows(2).filter(|pair| pair[0].place.unit != pair[1].place.unit).count();
    let ends: Option<Vec<Timestamp>> = stays.iter().map(|stay| stay.to).collect();
    Chain {
        arrival: stays[0].from,
        discharge: ends.and_then(|ends| ends.into_iter().max()),
        moves,
        hospital_code: stays.iter().find_map(|stay| stay.details.hospital_code.clone()),
    }
}

/// A visit to a reception is no arrival.
fn is_arrival(stay: &Stay) -> bool {
    let class = stay.details.patient_class;
    stay.admitted || !matches!(class, PatientClass::Outpatient | PatientClass::Recurring | PatientClass::Preadmit)
}

/// Whole Swedish days from one time to another.
pub(super) fn days(from: Timestamp, to: Timestamp) -> i64 {
    i64::from(swedish_time::day(to.0) - swedish_time::day(from.0))
}

/// Whether `at` is within so many days after `from`, `from` itself included: on the last day not later than on the first,
/// by Swedish clocks.
pub(super) fn follows(from: Timestamp, at: Timestamp, most: i64) -> bool {
    const DAY: i64 = 24 * HOUR;
    at >= from && swedish_time::wall(at.0) - swedish_time::wall(from.0) <= most * DAY
}
