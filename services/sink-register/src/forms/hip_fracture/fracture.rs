//! Fractures: contacts put together by person and side, with their operations.

use std::collections::BTreeMap;

use schemas::{Laterality, Timestamp};

use super::chain::{Chain, Chains, days, follows};
use super::statement::{Contact, Procedure};
use super::{AHEAD_DAYS, FOLLOW_DAYS};

/// One fracture with everything that is known.
pub(super) struct Fracture {
    pub(super) person: Box<str>,
    pub(super) side: Laterality,
    pub(super) diagnosis: Box<str>,
    pub(super) begun: Timestamp,
    pub(super) chain: Option<Chain>,
    pub(super) hospital_code: Box<str>,
    pub(super) hospital_name: Box<str>,
    pub(super) operation: Option<Operation>,
    /// Days from the operation to the first later one.
    pub(super) reoperated_after: Option<i64>,
    /// Procedures that might be of it, whose side does not tell.
    pub(super) side_unclear: bool,
    /// Whether rows about its person may leave.
    pub(super) may_leave: bool,
    /// Why it is in no figure, if it is in none.
    pub(super) set_aside: Option<SetAside>,
}

/// Why a fracture is not of Rikshöft's population.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetAside {
    Pathological,
    Under50,
    AgeUnknown,
}

impl SetAside {
    /// All of them; figures and the quality file name each, also at zero.
    pub(super) const ALL: [SetAside; 3] = [SetAside::AgeUnknown, SetAside::Pathological, SetAside::Under50];

    /// Its name in `quality.csv`.
    pub(super) fn reason(self) -> &'static str {
        match self {
            SetAside::AgeUnknown => "set-aside-age-unknown",
            SetAside::Pathological => "set-aside-pathological",
            SetAside::Under50 => "set-aside-under-50",
        }
    }
}

/// The youngest age that Rikshöft reports.
const AGE_FROM: i32 = 50;

/// The procedures of one moment.
pub(super) struct Operation {
    pub(super) code: Box<str>,
    pub(super) at: Option<Timestamp>,
    pub(super) is_date: bool,
}

/// The time from arrival to operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Known(i64),
    /// The operation is before the arrival: corrupt.
    Negative,
    NoArrival,
    NoOperation,
    /// Of the operation no time, or only the day is known.
    NoTime,
}

impl Fracture {
    pub(super) fn wait(&self) -> Wait {
        let Some(operation) = &self.operation else { return Wait::NoOperation };
        let Some(chain) = &self.chain else { return Wait::NoArrival };
        match operation.at.filter(|_| !operation.is_date) {
            None => Wait::NoTime,
            Some(at) if at < chain.arrival => Wait::Negative,
            Some(at) => Wait::Known(at.0 - chain.arrival.0),
        }
    }
}

/// A contact with its place in time.
struct Placed {
    contact: Contact,
    chain: Option<Chain>,
    begun: Timestamp,
}

/// A fracture while its contacts are gathered: places of contacts of the person.
struct Draft {
    side: Laterality,
    begun: Timestamp,
    contacts: Vec<usize>,
}

/// All fractures, by person, begin and side.
pub(super) fn all(contacts: Vec<Contact>, chains: &Chains) -> Vec<Fracture> {
    let mut persons: BTreeMap<Box<str>, Vec<Placed>> = BTreeMap::new();
    for contact in contacts {
        let (person, episode) = chains.link(&contact);
        let chain = chains.chain(&contact, &person, episode.as_ref());
        let arrival = chain.as_ref().map(|chain| chain.arrival);
        let begun = arrival.or(contact.started).or(contact.first_procedure()).or(contact.stated);
        // A statement without any time is read by its stated month, so it has one.
        let Some(begun) = begun else { continue };
        persons.entry(person).or_default().push(Placed { contact, chain, begun });
    }
    let mut fractures = Vec::new();
    for (person, mut contacts) in persons {
        contacts.sort_by(|one, other| (one.begun, one.contact.key()).cmp(&(other.begun, other.contact.key())));
        let drafts = drafts(&contacts);
        fractures.extend(drafts.iter().map(|draft| complete(&person, draft, &drafts, &contacts)));
    }
    fractures
}

fn drafts(contacts: &[Placed]) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (at, placed) in contacts.iter().enumerate().filter(|(_, placed)| placed.contact.diagnosis.is_some()) {
        for side in &placed.contact.sides {
            let unknown = Laterality::Unknown;
            let fits = |draft: &&mut Draft| {
                (draft.side == *side || draft.side == unknown || *side == unknown)
                    && follows(draft.begun, placed.begun, FOLLOW_DAYS)
            };
            match drafts.iter_mut().rev().find(fits) {
                Some(draft) => {
                    if draft.side == unknown {
                        draft.side = *side;
                    }
                    draft.contacts.push(at);
                }
                None => drafts.push(Draft { side: *side, begun: placed.begun, contacts: vec![at] }),
            }
        }
    }
    drafts
}

fn complete(person: &str, draft: &Draft, drafts: &[Draft], contacts: &[Placed]) -> Fracture {
    let mut side_unclear = false;
    let mut found: Vec<(usize, &Procedure)> = Vec::new();
    for (at, placed) in contacts.iter().enumerate() {
        let is_inside = draft.contacts.contains(&at);
        for procedure in &placed.contact.procedures {
            let in_time = procedure.at.is_some_and(|at| at >= draft.begun && days(draft.begun, at) <= AHEAD_DAYS);
            if !is_inside && !in_time {
                continue;
            }
            let others = drafts.iter().filter(|other| !std::ptr::eq(*other, draft));
            let claimed =
                if is_inside { others.filter(|other| other.contacts.contains(&at)).count() } else { others.count() };
            let unknown = procedure.side == Laterality::Unknown || draft.side == Laterality::Unknown;
            if procedure.side == draft.side || procedure.side == Laterality::Both || (unknown && claimed == 0) {
                found.push((at, procedure));
            } else if unknown {
                side_unclear = true;
            }
        }
    }
    let operations = operations(&mut found);
    let (first, rest) = operations.split_first().map_or((None, &[][..]), |(first, rest)| (Some(first), rest));
    let reoperated_after = first
        .and_then(|(_, first)| first.at)
        .zip(rest.first().and_then(|(_, next)| next.at))
        .map(|(first, next)| days(first, next));
    let begin = &contacts[draft.contacts[0]];
    let chain = draft.contacts.iter().find_map(|at| contacts[*at].chain.clone());
    let operated = first.map(|(at, _)| &contacts[*at].contact).filter(|contact| !contact.hospital_code.is_empty());
    let hospital = operated.unwrap_or(&begin.contact);
    let of_stay = || chain.as_ref().and_then(|chain| chain.hospital_code.clone()).unwrap_or_default();
    Fracture {
        person: person.into(),
        side: draft.side,
        diagnosis: begin.contact.diagnosis.clone().unwrap_or_default(),
        begun: draft.begun,
        hospital_code: if hospital.hospital_code.is_empty() { of_stay() } else { hospital.hospital_code.clone() },
        hospital_name: hospital.hospital_name.clone(),
        chain,
        operation: operations.into_iter().next().map(|(_, operation)| operation),
        reoperated_after,
        side_unclear,
        may_leave: contacts.iter().all(|placed| placed.contact.may_leave),
        set_aside: set_aside(draft, contacts),
    }
}

fn set_aside(draft: &Draft, contacts: &[Placed]) -> Option<SetAside> {
    let own = || draft.contacts.iter().map(|at| &contacts[*at].contact);
    let birth_year = |contact: &Contact| contact.birth_year;
    let birth_year = own().find_map(birth_year).or_else(|| contacts.iter().find_map(|one| one.contact.birth_year));
    let year = i32::from(swedish_time::local(draft.begun.0).year());
    if own().any(|contact| contact.pathological) {
        return Some(SetAside::Pathological);
    }
    match birth_year {
        None => Some(SetAside::AgeUnknown),
        Some(birth_year) if year - birth_year < AGE_FROM => Some(SetAside::Under50),
        Some(_) => None,
    }
}

/// Operations by time, with the place of their contact. Procedures without any time are an operation only where no
/// other is.
fn operations(found: &mut [(usize, &Procedure)]) -> Vec<(usize, Operation)> {
    let day = |procedure: &Procedure| procedure.at.map(|at| swedish_time::day(at.0));
    found.sort_by_key(|(at, procedure)| {
        let no_time = procedure.at.is_none();
        (no_time, day(procedure), procedure.is_date, procedure.at, procedure.code.clone(), *at)
    });
    let mut operations: Vec<(usize, Operation)> = Vec::new();
    for (at, procedure) in found.iter() {
        let same = operations.last().is_some_and(|(_, last)| match (last.at, procedure.at) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(last), Some(this)) => last == this || (procedure.is_date && days(last, this) == 0),
        });
        if !same {
            let operation = Operation { code: procedure.code.clone(), at: procedure.at, is_date: procedure.is_date };
            operations.push((*at, operation));
        }
    }
    operations
}
