//! Visits: closed episodes of the timeline, and contacts that sources state and no episode covers.

use std::collections::HashMap;

use schemas::{CareForm, PatientClass, Timestamp};
use timeline::{EpisodeKey, Stay};

use super::id::key;
use super::tables::{VISIT_DETAIL, VISIT_OCCURRENCE};

/// A visit that has ended.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) key: i64,
    /// Pseudonym of the person, after merges.
    pub(super) subject: Box<str>,
    pub(super) source_system: Box<str>,
    /// Visit number, of an episode.
    pub(super) episode: Option<Box<str>>,
    /// The contact's id, where a statement names it.
    pub(super) contact: Option<Box<str>>,
    pub(super) form: Form,
    pub(super) from: Timestamp,
    /// Only the day of `from` is known, and of `to`.
    pub(super) is_date: [bool; 2],
    pub(super) to: Timestamp,
    /// Key of the care site.
    pub(super) care_site: Option<i64>,
    pub(super) admitted_from: Option<Box<str>>,
    pub(super) discharged_to: Option<Box<str>>,
    /// Some source says that the person died in it.
    pub(super) died: bool,
    /// One after the other.
    pub(super) moves: Vec<Move>,
}

/// A stay of a visit.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) key: i64,
    pub(super) form: Form,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) care_site: Option<i64>,
    /// Unit, room and bed as the source writes them.
    pub(super) place: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Inpatient,
    Emergency,
    Outpatient,
    Primary,
    Home,
    Unknown,
}

impl Form {
    fn of_stay(stay: &Stay) -> Self {
        match stay.details.patient_class {
            _ if stay.admitted => Form::Inpatient,
            PatientClass::Emergency => Form::Emergency,
            PatientClass::Outpatient | PatientClass::Recurring => Form::Outpatient,
            _ => Form::Unknown,
        }
    }

    pub(super) fn of_contact(form: CareForm) -> Self {
        match form {
            CareForm::Inpatient => Form::Inpatient,
            CareForm::Outpatient => Form::Outpatient,
            CareForm::Primary => Form::Primary,
            CareForm::Home => Form::Home,
            CareForm::Unknown => Form::Unknown,
        }
    }

    /// Visit concepts that are beyond doubt: inpatient, emergency room, outpatient. Everything else is 0, its text is
    /// kept.
    pub(super) fn concept(self) -> i32 {
        match self {
            Form::Inpatient => 9_201,
            Form::Emergency => 9_203,
            Form::Outpatient | Form::Primary => 9_202,
            Form::Home | Form::Unknown => 0,
        }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Form::Inpatient => "INPATIENT",
            Form::Emergency => "EMERGENCY",
            Form::Outpatient => "OUTPATIENT",
            Form::Primary => "PRIMARY",
            Form::Home => "HOME",
            Form::Unknown => "UNKNOWN",
        }
    }
}

/// An episode's visit, when all its stays have ended and it has a person.
///
/// `units` are the care sites of the stays. Of an episode whose number several persons share, the person is part of its keys.
pub(super) fn closed(stays: &[&Stay], units: &[i64], is_shared: bool) -> Option<Visit> {
    let first = stays.first()?;
    let EpisodeKey { source_system, episode } = &first.episode;
    let subject = first.subject.clone()?;
    let holder = is_shared.then_some(&*subject);
    let key = |table, parts: &[&str]| self::key(table, &[parts, holder.as_slice()].concat());
    let mut moves = Vec::new();
    for (stay, unit) in stays.iter().zip(units) {
        let place = [Some(&stay.place.unit), stay.place.room.as_ref(), stay.place.bed.as_ref()];
        let place: Vec<&str> = place.into_iter().flatten().map(|part| &**part).collect();
        moves.push(Move {
            key: key(&VISIT_DETAIL, &[source_system, episode, &stay.from.0.to_string()]),
            form: Form::of_stay(stay),
            from: stay.from,
            to: stay.to?,
            care_site: Some(*unit),
            place: place.join("^").into(),
        });
    }
    let any = |form: Form| moves.iter().any(|one| one.form == form).then_some(form);
    Some(Visit {
        key: key(&VISIT_OCCURRENCE, &["episode", source_system, episode]),
        subject,
        source_system: source_system.clone(),
        episode: Some(episode.clone()),
        contact: None,
        form: any(Form::Inpatient).or_else(|| any(Form::Emergency)).unwrap_or(moves[0].form),
        is_date: [false, false],
        from: moves.iter().map(|one| one.from).min()?,
        to: moves.iter().map(|one| one.to).max()?,
        care_site: None,
        admitted_from: None,
        discharged_to: None,
        died: false,
        moves,
    })
}

/// What a statement says of the contact it is about.
pub(super) struct Stated<'s> {
    pub(super) subject: &'s str,
    pub(super) source_system: &'s str,
    pub(super) contact: &'s str,
    pub(super) episode: Option<&'s str>,
    pub(super) form: CareForm,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// Only the day of `started_at` is known, and of `ended_at`.
    pub(super) is_date: [bool; 2],
    pub(super) care_site: Option<i64>,
    pub(super) admission_mode: Option<&'s str>,
    pub(super) discharge_mode: Option<&'s str>,
    /// It says that the person died.
    pub(super) died: bool,
}

/// All visits, and how statements find theirs.
#[derive(Default)]
pub(super) struct Visits {
    pub(super) all: Vec<Visit>,
    /// By person and number, which may be that of an episode or of a contact; nothing where several have it.
    numbers: HashMap<(Box<str>, Box<str>), Option<usize>>,
}

impl Visits {
    pub(super) fn add(&mut self, visit: Visit) {
        let number = visit.episode.clone().expect("a visit of the timeline is an episode");
        let at = self.all.len();
        self.numbers.entry((visit.subject.clone(), number)).and_modify(|known| *known = None).or_insert(Some(at));
        self.all.push(visit);
    }

    /// The visit that a statement is about: the person's episode with the visit number that it names, else the one
    /// whose number is the contact's; else a visit of the contact itself, once it is known to have ended.
    pub(super) fn of(&mut self, stated: &Stated<'_>) -> Option<usize> {
        let find = |number: &str| self.numbers.get(&(stated.subject.into(), number.into())).copied().flatten();
        let known = stated.episode.and_then(find).or_else(|| find(stated.contact));
        let at = match known {
            Some(at) => at,
            None => self.begin(stated)?,
        };
        let visit = &mut self.all[at];
        visit.contact.get_or_insert_with(|| stated.contact.into());
        visit.admitted_from = visit.admitted_from.take().or(stated.admission_mode.map(Into::into));
        visit.discharged_to = visit.discharged_to.take().or(stated.discharge_mode.map(Into::into));
        visit.died |= stated.died;
        if visit.episode.is_none() {
            // Statements of several systems about a contact: it lasted as long as all of them together say.
            if let Some(from) = stated.started_at.filter(|from| *from < visit.from) {
                (visit.from, visit.is_date[0]) = (from, stated.is_date[0]);
            }
            if let Some(to) = stated.ended_at.filter(|to| *to > visit.to) {
                (visit.to, visit.is_date[1]) = (to, stated.is_date[1]);
            }
        }
        self.numbers.entry((stated.subject.into(), stated.contact.into())).or_insert(Some(at));
        Some(at)
    }

    fn begin(&mut self, stated: &Stated<'_>) -> Option<usize> {
        let from = stated.started_at?;
        let to = match stated.form {
            // Somebody who lies in a bed has no visit until it has ended.
            CareForm::Inpatient => stated.ended_at?,
            _ => stated.ended_at.unwrap_or(from),
        };
        self.all.push(Visit {
            key: key(&VISIT_OCCURRENCE, &["contact", stated.subject, stated.contact]),
            subject: stated.subject.into(),
            source_system: stated.source_system.into(),
            episode: None,
            contact: None,
            form: Form::of_contact(stated.form),
            from,
            is_date: [stated.is_date[0], if stated.ended_at.is_some() { stated.is_date[1] } else { stated.is_date[0] }],
            to: to.max(from),
            care_site: stated.care_site,
            admitted_from: None,
            discharged_to: None,
            died: false,
            moves: Vec::new(),
        });
        Some(self.all.len() - 1)
    }

    /// Of each visit, the person's one before it.
    pub(super) fn preceding(&self) -> HashMap<i64, i64> {
        let mut order: Vec<&Visit> = self.all.iter().collect();
        order.sort_unstable_by_key(|visit| (&visit.subject, visit.from, visit.to, visit.key));
        let pairs = order.array_windows().filter(|[one, other]| one.subject == other.subject);
        pairs.map(|[one, other]| (other.key, one.key)).collect()
    }
}
