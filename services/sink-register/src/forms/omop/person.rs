//! What is known of the persons of an extract: what was said of them as persons, else with their contacts.

use std::collections::HashMap;

use schemas::{Envelope, Person, Sex, Timestamp};

#[derive(Debug, Default)]
pub(super) struct Facts {
    said: Said,
    /// Beside contacts, with when it was said; the latest holds.
    beside: Option<((Timestamp, Box<str>), Said)>,
    /// Some statement about a contact says that the person died.
    died: bool,
}

#[derive(Debug, Default)]
struct Said {
    birth_year: Option<i32>,
    sex: Option<Sex>,
    lkf: Option<Box<str>>,
    dead: bool,
}

impl Said {
    fn new(birth_year: Option<i32>, sex: Sex, lkf: Option<&str>) -> Self {
        Self { birth_year, sex: (sex != Sex::Unknown).then_some(sex), lkf: lkf.map(Into::into), dead: false }
    }
}

impl Facts {
    fn beside(&self) -> Option<&Said> {
        self.beside.as_ref().map(|(_, said)| said)
    }

    /// Year of birth. The model has no row for a person without.
    pub(super) fn birth_year(&self) -> Option<i32> {
        self.said.birth_year.or_else(|| self.beside()?.birth_year)
    }

    pub(super) fn sex(&self) -> Sex {
        self.said.sex.or_else(|| self.beside()?.sex).unwrap_or(Sex::Unknown)
    }

    /// Whether the person is said to be dead, on whichever day.
    pub(super) fn is_dead(&self) -> bool {
        self.died || self.said.dead
    }

    /// Län and kommun of residence, four digits. What is read of somebody whose identity is protected does not say it.
    pub(super) fn lkf(&self) -> Option<&str> {
        self.said.lkf.as_deref().or_else(|| self.beside()?.lkf.as_deref())
    }
}

/// Gender concepts that are beyond doubt; everything else is 0, its text is kept.
pub(super) fn gender_concept(sex: Sex) -> i32 {
    match sex {
        Sex::Male => 8_507,
        Sex::Female => 8_532,
        Sex::Other | Sex::Unknown => 0,
    }
}

pub(super) fn gender_text(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "MALE",
        Sex::Female => "FEMALE",
        Sex::Other => "OTHER",
        Sex::Unknown => "UNKNOWN",
    }
}

/// The persons of an extract.
#[derive(Default)]
pub(super) struct Persons(HashMap<Box<str>, Facts>);

impl Persons {
    /// Somebody whose rows are in the extract.
    pub(super) fn want(&mut self, subject: &str) -> &mut Facts {
        if !self.0.contains_key(subject) {
            self.0.insert(subject.into(), Facts::default());
        }
        self.0.get_mut(subject).expect("inserted above")
    }

    /// What a statement about a contact says of its person.
    pub(super) fn beside(
        &mut self,
        subject: &str,
        envelope: &Envelope<'_>,
        (birth_year, sex, lkf): (Option<i32>, Sex, Option<&str>),
        died: bool,
    ) {
        let facts = self.want(subject);
        facts.died |= died;
        let at = (envelope.occurred_at, Box::from(envelope.event_id));
        if facts.beside.as_ref().is_none_or(|(known, _)| *known < at) {
            facts.beside = Some((at, Said::new(birth_year, sex, lkf)));
        }
    }

    /// What was said of a person; the last one called wins. Persons who are not in the extract are passed over, and a mark of
    /// protection says nothing else.
    pub(super) fn said(&mut self, subject: &str, person: &Person<'_>) {
        let Some(facts) = self.0.get_mut(subject).filter(|_| !person.is_mark()) else { return };
        facts.said = Said { dead: person.dead == Some(true), ..Said::new(person.birth_year, person.sex, person.lkf) };
    }

    /// Facts of somebody who can have a row.
    pub(super) fn get(&self, subject: &str) -> Option<&Facts> {
        self.0.get(subject).filter(|facts| facts.birth_year().is_some())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Facts)> {
        self.0.iter().map(|(subject, facts)| (&**subject, facts))
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Correction, CorrectionKind, Origin};

    use super::*;

    fn person(event_type: &str) -> Person<'_> {
        let envelope = Envelope {
            event_id: "",
            event_type,
            schema_version: 1,
            region: "14",
            source_system: "",
            source_message_id: "",
            origin: Origin { topic: "", partition: 0, offset: 0, ordinal: 0 },
            occurred_at: Timestamp(0),
            occurred_text: "",
            recorded_at: None,
            recorded_text: None,
            ingested_at: Timestamp(0),
            correction: Correction { kind: CorrectionKind::Update, target_event_id: None },
            subject_token: Some("one"),
            subject_aliases: Vec::new(),
            key_id: None,
            protected_identity: true,
            quality: Vec::new(),
            extensions: Default::default(),
        };
        let (trigger, linked_subject_tokens) = ("A31", Vec::new());
        Person { envelope, trigger, birth_year: None, sex: Sex::Unknown, lkf: None, dead: None, linked_subject_tokens }
    }

    #[test]
    fn a_mark_of_protection_takes_nothing_back() {
        let mut persons = Persons::default();
        persons.want("one");
        let known = Person { birth_year: Some(1950), sex: Sex::Female, dead: Some(true), ..person("person.updated") };
        persons.said("one", &known);
        persons.said("one", &person(Person::MARK));
        let facts = persons.get("one").expect("a year of birth");
        assert_eq!((facts.birth_year(), facts.sex(), facts.is_dead()), (Some(1950), Sex::Female, true));
    }
}
