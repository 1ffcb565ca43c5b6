//! Which episode is a part of which, and one place at a time for all parts of one stay in hospital.
//!
//! Some sources tell one stay in several contacts: the hospital, in it the department, in it the ward or the bed, or
//! several contacts one after the other under one visit number. Each contact is an episode of its own and is replayed as
//! such, so that the end or the deletion of one says nothing of the others. Then the stays of all contacts of one person's
//! stay in hospital become one row of stays: at each instant the innermost contact places the patient.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::{PatientClass, Timestamp};

use crate::found::Found;
use crate::people::Told;
use crate::step::Step;
use crate::visit::{Episode, Number, Visits};
use crate::{Details, EpisodeKey, Event, Finding, FindingRule, Location, Stay, Trigger};

/// Steps from a contact outwards that are followed: bed, ward, department, hospital and visit number, and some more.
const LEVELS_MAX: usize = 8;

/// How a contact hangs on the one around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tie {
    /// It is one of the contacts that bear a visit number.
    Number,
    /// It is a part of another contact.
    Part,
}

struct Above<'a> {
    number: Number<'a>,
    tie: Tie,
    event: &'a Event,
}

/// Episodes that are parts of others. The latest statement of an episode holds, whatever the order of arrival.
pub(crate) struct Nesting<'a> {
    above: HashMap<Number<'a>, Above<'a>>,
    /// Episodes of which others are parts.
    wholes: HashSet<Number<'a>>,
    /// Contacts that bear a visit number, by number.
    bearers: HashMap<Number<'a>, Vec<Number<'a>>>,
}

/// What says that an episode is a part of another, the latest first.
pub(crate) fn ties<'a>(events: &[Told<'a>]) -> Vec<(Told<'a>, Tie)> {
    let tie = |told: &Told<'a>| match told.event.trigger {
        Trigger::Number => Some((*told, Tie::Number)),
        Trigger::PartOf => Some((*told, Tie::Part)),
        _ => None,
    };
    events.iter().rev().filter_map(tie).collect()
}

impl<'a> Nesting<'a> {
    /// `episodes` say whose each visit is.
    pub(crate) fn new(
        ties: &[(Told<'a>, Tie)],
        visits: &Visits<'a>,
        episodes: &[Episode<'a>],
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut nesting = Self { above: HashMap::new(), wholes: HashSet::new(), bearers: HashMap::new() };
        if ties.is_empty() {
            return nesting;
        }
        let owners = by_number(episodes, |owner| owner.person);
        // Whose an episode is of which nothing but its parts is known: the latest part's person.
        let mut virtual_owners: HashMap<Number<'a>, &str> = HashMap::new();
        for (Told { event, person }, tie) in ties {
            let Some((part, whole)) = Number::of(event).zip(Number::prior(event)) else { continue };
            let (part, whole) = (visits.current_number(part), visits.current_number(whole));
            if nesting.above.contains_key(&part) || part == whole {
                continue;
            }
            let mut find = |rule| findings.push(Finding::of(event, rule));
            if nesting.up(whole).any(|number| number == part) {
                find(FindingRule::NestingCircular);
                continue;
            }
            // A newborn's contact may be a part of the mother's: two persons are never one row of stays.
            if let Some(person) = owners.get(&part).copied().or(*person) {
                let owner = match owners.get(&whole) {
                    Some(owner) => *owner,
                    None => *virtual_owners.entry(whole).or_insert(person),
                };
                if owner != person {
                    find(FindingRule::NestingPersonDiffers);
                    continue;
                }
            }
            if *tie == Tie::Number {
                nesting.bearers.entry(whole).or_default().push(part);
            }
            nesting.wholes.insert(whole);
            nesting.above.insert(part, Above { number: whole, tie: *tie, event });
        }
        for number in nesting.above.keys() {
            let outermost = nesting.chain(*number).last().copied();
            if let Some(beyond) = outermost.and_then(|outermost| nesting.above.get(&outermost)) {
                findings.push(Finding::of(beyond.event, FindingRule::NestingTooDeep));
            }
        }
        nesting
    }

    /// Whether no episode is a part of another.
    pub(crate) fn is_empty(&self) -> bool {
        self.above.is_empty()
    }

    /// What names the person of each visit number; of persons who share a number the first's.
    pub(crate) fn owners(&self, episodes: &[Episode<'a>]) -> HashMap<Number<'a>, Told<'a>> {
        if self.is_empty() { HashMap::new() } else { by_number(episodes, Some) }
    }

    /// An episode and those around it, as far as they go: circles have been refused.
    fn up(&self, number: Number<'a>) -> impl Iterator<Item = Number<'a>> {
        std::iter::successors(Some(number), |number| self.above.get(number).map(|above| above.number))
    }

    /// An episode and those around it, at most [`LEVELS_MAX`] of them.
    fn chain(&self, number: Number<'a>) -> Vec<Number<'a>> {
        self.up(number).take(LEVELS_MAX + 1).collect()
    }

    /// The episodes around one, itself left out.
    pub(crate) fn around(&self, number: Number<'a>) -> impl Iterator<Item = Number<'a>> {
        self.up(number).take(LEVELS_MAX + 1).skip(1)
    }

    /// Each episode that is a part, with the outermost one around it.
    pub(crate) fn joined(&self) -> BTreeMap<EpisodeKey, EpisodeKey> {
        let outermost = |part| self.chain(part).last().copied().unwrap_or(part);
        self.above.keys().map(|part| (part.key(), outermost(*part).key())).collect()
    }

    /// One row of stays for each outermost episode. `stays` are those of each episode by itself, `ended` when an episode
    /// that has events was discharged, if it is.
    pub(crate) fn join(
        &self,
        stays: Vec<Found<'a>>,
        ended: &HashMap<Number<'a>, Option<Timestamp>>,
        findings: &mut Vec<Finding>,
    ) -> Vec<Found<'a>> {
        if self.is_empty() {
            return stays;
        }
        // Persons who share a visit number are not one row.
        let mut wholes: BTreeMap<(Number<'a>, Option<&str>), Vec<Part<'a>>> = BTreeMap::new();
        let mut joined = Vec::with_capacity(stays.len());
        for mut found in stays {
            if !self.above.contains_key(&found.number) && !self.wholes.contains(&found.number) {
                joined.push(found);
                continue;
            }
            let mut chain = self.chain(found.number);
            chain.reverse();
            let Some(outermost) = chain.first().copied() else { continue };
            let (over, expires) = self.bounds(&chain, ended);
            if let (None, Some(over)) = (found.stay.to, over) {
                if found.stay.from >= over {
                    if let Some(above) = self.above.get(&found.number) {
                        findings.push(Finding::of(above.event, FindingRule::PlacementAfterDischarge));
                    }
                    continue;
                }
                found.stay.to = Some(over);
            }
            let expires = expires.filter(|_| found.stay.to.is_none());
            wholes.entry((outermost, found.person)).or_default().push(Part { found, chain, expires });
        }
        joined.extend(wholes.into_iter().flat_map(|((outermost, _), parts)| self.row(outermost, parts)));
        joined.sort_by_key(|found| (found.number, found.person, found.stay.from));
        joined
    }

    /// When the outermost contact that is known ended, which is the end of all its parts, and when the first of those
    /// between did, after which a part that is still open counts only where no other places the patient.
    fn bounds(
        &self,
        chain: &[Number<'a>],
        ended: &HashMap<Number<'a>, Option<Timestamp>>,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut known = chain.windows(2).filter_map(|pair| {
            let (around, part) = (&pair[0], &pair[1]);
            ended.get(around).copied().or_else(|| {
                // A part that names no contact but its number is a part of those that bear the number.
                self.above.get(part).filter(|above| above.tie == Tie::Part)?;
                let bearers = self.bearers.get(around)?.iter().filter_map(|bearer| ended.get(bearer).copied());
                bearers.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other)))
            })
        });
        let over = known.next().flatten();
        (over, known.flatten().min())
    }

    fn row(&self, outermost: Number<'a>, mut parts: Vec<Part<'a>>) -> Vec<Found<'a>> {
        parts.sort_by(|one, other| (one.from(), &one.chain).cmp(&(other.from(), &other.chain)));
        let times = |part: &Part<'_>| [Some(part.from()), part.found.stay.to, part.expires];
        let times: BTreeSet<Timestamp> = parts.iter().flat_map(times).flatten().collect();
        let mut row: Vec<Found<'a>> = Vec::new();
        let (mut present, mut next): (Vec<&Part<'a>>, usize) = (Vec::new(), 0);
        let mut times = times.into_iter().peekable();
        while let Some(at) = times.next() {
            present.retain(|part| part.found.stay.to.is_none_or(|to| to > at));
            while let Some(part) = parts.get(next).filter(|part| part.from() <= at) {
                present.push(part);
                next += 1;
            }
            let Some(shown) = self.shown(&present, at) else { continue };
            let until = times.peek().copied();
            let mut stay = Stay { to: until, episode: outermost.key(), ..shown.stay };
            match row.last_mut() {
                Some(last) if last.stay.to == Some(at) && last.stay.place.is(&stay.place) => {
                    stay.from = last.stay.from;
                    last.stay = stay;
                }
                _ => row.push(Found { stay, number: outermost, ..shown }),
            }
        }
        row
    }

    /// The stay of an instant: the innermost contact's that names a unit, as far into the bed as any contact of that unit
    /// on the way to it says.
    fn shown(&self, present: &[&Part<'a>], at: Timestamp) -> Option<Found<'a>> {
        let path = self.path(present, at);
        let rank = |(depth, part): &(usize, &&Part<'a>)| (part.is_alive(at), !part.place().unit.is_empty(), *depth);
        let (_, placed) = path.iter().enumerate().max_by_key(rank)?;
        let unit = &placed.place().unit;
        let fits = |part: &&&Part<'a>| part.place().unit.is_empty() || part.place().unit == *unit;
        let exact = path.iter().filter(fits).max_by_key(|part| part.exactness()).unwrap_or(placed);
        let of_unit =
            if exact.place().unit.is_empty() { &placed.found.stay.details } else { &exact.found.stay.details };
        // From the inside out: who says more of the same stay.
        let classes = || path.iter().rev().map(|part| part.found.stay.details.patient_class);
        let responsible = || path.iter().rev().find_map(|part| part.found.stay.details.responsible_unit.clone());
        let stay = Stay {
            episode: placed.found.stay.episode.clone(),
            subject: path.iter().rev().find_map(|part| part.found.stay.subject.clone()),
            place: Location { unit: unit.clone(), ..exact.place().clone() },
            from: at,
            to: None,
            admitted: path.iter().any(|part| part.found.stay.admitted),
            on_leave: path.iter().any(|part| part.found.stay.on_leave),
            details: Details {
                patient_class: classes().find(|class| *class != PatientClass::Unknown).unwrap_or(PatientClass::Unknown),
                responsible_unit: exact.found.stay.details.responsible_unit.clone().or_else(responsible),
                bed_kind: exact.found.stay.details.bed_kind,
                left_out: exact.found.stay.details.left_out,
                ..of_unit.clone()
            },
        };
        let person = path.iter().rev().find_map(|part| part.found.person);
        Some(Found { by: placed.found.by, number: placed.found.number, stay, person })
    }

    /// The contacts that lead to the innermost one, the outermost first. Of several side by side the one that placed the
    /// patient last is followed.
    fn path<'p>(&self, present: &[&'p Part<'a>], at: Timestamp) -> Vec<&'p Part<'a>> {
        let mut path = Vec::new();
        let mut left: Vec<&'p Part<'a>> = present.to_vec();
        for level in 0..=LEVELS_MAX {
            let mut branches: BTreeMap<Number<'a>, Vec<&'p Part<'a>>> = BTreeMap::new();
            for part in left {
                match part.chain.get(level + 1) {
                    None => path.push(part),
                    Some(branch) => branches.entry(*branch).or_default().push(part),
                }
            }
            let strength = |(number, parts): &(Number<'a>, Vec<&Part<'a>>)| {
                let tie = self.above.get(number).map(|above| above.tie);
                let latest = parts.iter().map(|part| part.from()).max();
                (parts.iter().any(|part| part.is_alive(at)), tie, latest, *number)
            };
            let Some((_, branch)) = branches.into_iter().max_by_key(strength) else { break };
            left = branch;
        }
        path
    }
}

/// A stay of one contact.
struct Part<'a> {
    found: Found<'a>,
    /// From the outermost episode to its own.
    chain: Vec<Number<'a>>,
    /// When a contact around it ended that is not the outermost.
    expires: Option<Timestamp>,
}

impl Part<'_> {
    fn from(&self) -> Timestamp {
        self.found.stay.from
    }

    fn place(&self) -> &Location {
        &self.found.stay.place
    }

    fn is_alive(&self, at: Timestamp) -> bool {
        self.expires.is_none_or(|expires| at < expires)
    }

    /// A bed says more than a room, a room more than a unit; of two that say the same the inner one holds.
    fn exactness(&self) -> (bool, bool, usize) {
        (self.place().bed.is_some(), self.place().room.is_some(), self.chain.len())
    }
}

/// What `known` says of what names each visit's person, by number; of persons who share a number the first's.
fn by_number<'a, T>(episodes: &[Episode<'a>], known: impl Fn(Told<'a>) -> Option<T>) -> HashMap<Number<'a>, T> {
    // In order of visits, so the first is inserted last.
    let last_first = episodes.iter().rev();
    last_first.filter_map(|episode| Some((episode.visit.number, known(episode.owner?)?))).collect()
}

/// When an episode was discharged, if it is: `steps` are its events in order of time.
pub(crate) fn discharged(steps: &[Step<'_>]) -> Option<Timestamp> {
    steps.iter().fold(None, |ended, step| match step.trigger {
        Trigger::Discharge => Some(step.at),
        Trigger::Admit | Trigger::Register if step.places() => None,
        _ => ended,
    })
}
