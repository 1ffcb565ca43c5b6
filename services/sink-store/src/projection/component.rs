//! What the events of some components say, all of them at once. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::stored::storable;
use schemas::{DecodeError, Decoder, Encounter, Person, Sex, Subject};
use timeline::{EventId, Finding, Timeline};
use uuid::Uuid;

use crate::projection::finding::{self, FindingRow};
use crate::projection::stay;
use crate::time::Time;

/// Everything that rows are computed from. Grows by [`Component::add`], in any order.
#[derive(Default)]
pub(crate) struct Component {
    events: Vec<timeline::Event>,
    shared: HashSet<Box<str>>,
    /// The other pseudonyms of the component.
    persons_reached: HashSet<Box<str>>,
    /// The stored event behind each event: of several with equal content the least, whatever their order.
    ids: HashMap<EventId, Uuid>,
    /// Every stored event of an episode: rows about others cannot change.
    stored: Vec<Uuid>,
    /// Every episode that any event names: rows of others cannot change.
    pub(crate) episodes: BTreeSet<(String, String)>,
    /// Latest statement per person.
    pub(crate) persons: BTreeMap<String, PersonRow>,
    /// Latest description per unit.
    pub(crate) units: BTreeMap<String, UnitRow>,
}

/// A row of `person`. Ordered by what decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PersonRow {
    pub(crate) occurred_at: Time,
    pub(crate) event_id: Uuid,
    pub(crate) birth_year: Option<i32>,
    pub(crate) sex: &'static str,
    pub(crate) lkf: Option<String>,
    pub(crate) dead: Option<bool>,
    pub(crate) protected_identity: bool,
}

/// A row of `unit`. Ordered by what decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitRow {
    pub(crate) described_at: Time,
    pub(crate) described_by: Uuid,
    pub(crate) unit_name: Option<String>,
    pub(crate) unit_hsa_id: Option<String>,
    pub(crate) hospital_code: Option<String>,
    pub(crate) hospital_name: Option<String>,
    pub(crate) mvo: Option<String>,
    pub(crate) care_type: &'static str,
}

impl Component {
    /// One that has nothing yet: of these persons, with these identifiers that are known to link nobody.
    pub(crate) fn of(persons: &[&str], shared: &[&str]) -> Component {
        let set = |tokens: &[&str]| tokens.iter().map(|token| Box::from(*token)).collect();
        Component { persons_reached: set(persons), shared: set(shared), ..Component::default() }
    }

    /// Whether an event under a shared identifier that names no episode is about another component's person.
    fn is_of_others(&self, event: &Encounter<'_>) -> bool {
        let is_shared = event.envelope.subject_token.is_some_and(|token| self.shared.contains(token));
        if !is_shared || event.episode_id.is_some() {
            return false;
        }
        let mut others = event.envelope.subject_aliases.iter().chain(&event.prior_subject_tokens).peekable();
        let alone = others.peek().is_none() && self.persons_reached.is_empty();
        !alone && !others.any(|token| self.persons_reached.contains(*token))
    }

    pub(crate) fn add(
        &mut self,
        decoder: &Decoder,
        event_id: Uuid,
        subject: &str,
        record: &[u8],
    ) -> Result<(), DecodeError> {
        if subject == Subject::Encounter.name() {
            self.add_encounter(&decoder.decode(record)?, event_id);
        } else if subject == Subject::Person.name() {
            self.add_person(&decoder.decode(record)?, event_id);
        }
        Ok(())
    }

    fn add_encounter(&mut self, event: &Encounter<'_>, event_id: Uuid) {
        if self.is_of_others(event) {
            return;
        }
        let system = storable(event.envelope.source_system);
        for episode in event.episode_id.iter().chain(&event.prior_episode_id) {
            self.episodes.insert((system.clone().into_owned(), storable(episode).into_owned()));
        }
        if let Some(place) = &event.place {
            let row = UnitRow {
                described_at: event.envelope.occurred_at.into(),
                described_by: event_id,
                unit_name: owned(event.unit_name),
                unit_hsa_id: owned(event.unit_hsa_id),
                hospital_code: owned(event.hospital_code),
                hospital_name: owned(event.hospital_name),
                mvo: owned(event.mvo),
                care_type: stay::care_type_name(event.care_type),
            };
            keep_latest(&mut self.units, place.unit, row);
        }
        let event = timeline::Event::from(event);
        let id = self.ids.entry(event.id).or_insert(event_id);
        *id = event_id.min(*id);
        self.stored.push(event_id);
        self.events.push(event);
    }

    fn add_person(&mut self, event: &Person<'_>, event_id: Uuid) {
        let Some(token) = event.envelope.subject_token.filter(|_| !event.is_mark()) else { return };
        let row = PersonRow {
            occurred_at: event.envelope.occurred_at.into(),
            event_id,
            birth_year: event.birth_year,
            sex: sex_name(event.sex),
            lkf: owned(event.lkf),
            dead: event.dead,
            protected_identity: event.envelope.protected_identity,
        };
        keep_latest(&mut self.persons, token, row);
    }

    /// Of these persons nothing says where they live, also where a source does.
    pub(crate) fn protect(&mut self, tokens: &[String]) {
        for token in tokens {
            if let Some(row) = self.persons.get_mut(token) {
                (row.protected_identity, row.lkf) = (true, None);
            }
        }
    }

    /// Stays and findings by the rules of the timeline.
    pub(crate) fn timeline(&self) -> Timeline {
        timeline::timeline_of(&self.events, &self.shared)
    }

    /// The stored events that findings can be about.
    pub(crate) fn event_ids(&self) -> &[Uuid] {
        &self.stored
    }

    pub(crate) fn findings(&self, findings: Vec<Finding>) -> Vec<FindingRow> {
        finding::rows(findings, &self.ids)
    }
}

/// Keeps the greater of two rows: the choice depends on the set only.
pub(crate) fn keep_latest<R: Ord>(rows: &mut BTreeMap<String, R>, key: &str, row: R) {
    match rows.get_mut(&*storable(key)) {
        Some(held) if *held >= row => {}
        Some(held) => *held = row,
        None => {
            rows.insert(storable(key).into_owned(), row);
        }
    }
}

pub(crate) fn owned(text: Option<&str>) -> Option<String> {
    text.map(|text| storable(text).into_owned())
}

const fn sex_name(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "MALE",
        Sex::Female => "FEMALE",
        Sex::Other => "OTHER",
        Sex::Unknown => "UNKNOWN",
    }
}
