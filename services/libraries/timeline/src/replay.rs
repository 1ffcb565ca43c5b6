//! From a set of events to stays: the rules of an episode, in the order in which they apply.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::{BedKind, PatientClass, Timestamp};

use crate::{
    Details, EpisodeKey, Event, Finding, FindingRule, Location, Stay, Trigger, cancellation,
    found::Found,
    nesting::{self, Nesting},
    order, overlap,
    people::{People, Told},
    step::{self, Step},
    visit::{Episode, Visits},
    voiding,
};

/// The stays of a set of events, and what was odd.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// By episode, then by time.
    pub stays: Vec<Stay>,
    /// Sorted; a set.
    pub findings: Vec<Finding>,
    /// Each episode that is a part of another, with the outermost one, whose name the stays have.
    pub joined: BTreeMap<EpisodeKey, EpisodeKey>,
}

/// The timeline of all episodes in a set of events: order and repeats do not matter.
///
/// The set must be closed: all events of an episode, of the persons it belongs to, and of the visits it was moved from.
#[must_use]
pub fn timeline<'a>(events: impl IntoIterator<Item = &'a Event>) -> Timeline {
    let events: Vec<&Event> = events.into_iter().collect();
    timeline_of(events, &HashSet::new())
}

/// As [`timeline`], of a set that is closed but for identifiers that are known to link nobody: more persons than one carry
/// them elsewhere.
#[must_use]
pub fn timeline_of<'a>(events: impl IntoIterator<Item = &'a Event>, shared: &'a HashSet<Box<str>>) -> Timeline {
    let mut findings = Vec::new();
    let events = order::distinct(events);
    let (people, told) = People::of(&events, shared, &mut findings);
    let visits = Visits::new(&told, &people, &mut findings);
    let nested = nesting::ties(&told);
    let (mut episodes, mut unnamed) = visits.episodes(told, &people, &mut findings);
    let nesting = Nesting::new(&nested, &visits, &episodes, &mut findings);
    voiding::delete(&mut episodes, &mut unnamed, &nesting);
    resolve_unnamed(&mut episodes, &unnamed, &mut findings);

    // A part that names nobody is its whole's person's.
    let of_number = nesting.owners(&episodes);
    let mut stays = Vec::with_capacity(episodes.len());
    let mut ended = HashMap::new();
    for Episode { visit, events, owner } in &episodes {
        let around = || nesting.around(visit.number).find_map(|number| of_number.get(&number).copied());
        let owner = owner.or_else(around);
        let subject = owner.and_then(|owner| owner.event.subject.as_deref()).map(|subject| people.survivor(subject));
        let steps = valid(events, &mut findings);
        if !nesting.is_empty() && !events.is_empty() {
            ended.insert(visit.number, nesting::discharged(&steps));
        }
        let person = owner.and_then(|owner| owner.person);
        let key = visit.number.key();
        stays.extend(replay(&steps, None, &mut findings).into_iter().map(|held| Found {
            by: held.by,
            number: visit.number,
            stay: held.into_stay(&key, subject),
            person,
        }));
    }
    let stays = nesting.join(stays, &ended, &mut findings);
    overlap::find(&stays, &mut findings);
    findings.sort_unstable();
    findings.dedup();
    Timeline { stays: stays.into_iter().map(|found| found.stay).collect(), findings, joined: nesting.joined() }
}

/// The events of a visit that count, in order.
fn valid<'a>(events: &[Told<'a>], findings: &mut Vec<Finding>) -> Vec<Step<'a>> {
    let events: Vec<&Event> = events.iter().map(|told| told.event).collect();
    let cancelled = cancellation::cancelled(&events, findings);
    step::steps(&events, &cancelled, findings)
}

/// A discharge without visit number closes the person's only episode that is open at its time; in order of time, so that
/// each sees what the earlier ones closed. From then on it is one of the episode's events, and can be cancelled as such.
fn resolve_unnamed<'a>(episodes: &mut [Episode<'a>], unnamed: &[Told<'a>], findings: &mut Vec<Finding>) {
    if unnamed.is_empty() {
        return;
    }
    let mut of_person: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, episode) in episodes.iter().enumerate() {
        if let Some(person) = episode.owner.and_then(|owner| owner.person) {
            of_person.entry(person).or_default().push(at);
        }
    }
    for told in unnamed {
        let unresolved = Finding::of(told.event, FindingRule::EpisodeUnresolved);
        match told.event.trigger {
            Trigger::Discharge => {}
            Trigger::CancelAdmit
            | Trigger::CancelTransfer
            | Trigger::CancelDischarge
            | Trigger::CancelLeaveStart
            | Trigger::CancelLeaveEnd => {
                findings.push(unresolved);
                continue;
            }
            _ => continue,
        }
        let theirs = told.person.and_then(|person| of_person.get(person));
        let is_open = |at: &usize| is_open(&episodes[*at].events, told.event);
        let mut open = theirs.into_iter().flatten().copied().filter(is_open);
        match (open.next(), open.next()) {
            (Some(at), None) => {
                let events = &mut episodes[at].events;
                events.push(*told);
                events.sort_by_cached_key(|told| order::arrival(told.event));
            }
            _ => findings.push(unresolved),
        }
    }
}

fn is_open(events: &[Told<'_>], before: &Event) -> bool {
    let valid = valid(events, &mut Vec::new());
    let at = before.between().1.max(before.occurred_at);
    let before = Step { at, ..Step::of(before) };
    replay(&valid, Some(before), &mut Vec::new()).last().is_some_and(|held| held.to.is_none())
}

/// A stay while it is being built.
struct Held<'a> {
    by: &'a Event,
    place: &'a Location,
    from: Timestamp,
    to: Option<Timestamp>,
    admitted: bool,
    on_leave: bool,
    details: Details,
}

impl Held<'_> {
    fn into_stay(self, episode: &EpisodeKey, subject: Option<&str>) -> Stay {
        Stay {
            episode: episode.clone(),
            subject: subject.map(Into::into),
            place: self.place.clone(),
            from: self.from,
            to: self.to,
            admitted: self.admitted,
            on_leave: self.on_leave,
            details: self.details,
        }
    }
}

/// Takes the steps of one visit, in order, up to but without `before`.
fn replay<'a>(steps: &[Step<'a>], before: Option<Step<'_>>, findings: &mut Vec<Finding>) -> Vec<Held<'a>> {
    let superseded = step::superseded_discharges(steps);
    let mut held: Vec<Held<'a>> = Vec::new();
    let mut discharged = false;
    let mut left: Vec<Step<'a>> = steps.to_vec();
    if let Some(before) = before {
        left.retain(|step| step.order() < before.order());
    }
    left.reverse();
    while let Some(step) = next(&mut left, held.last()) {
        let Step { event, at, trigger } = step;
        let nowhere_yet = held.is_empty();
        let current = held.last_mut().filter(|stay| stay.to.is_none());
        let mut find = |rule| findings.push(Finding { at, ..Finding::of(event, rule) });
        match trigger {
            Trigger::Admit | Trigger::Register => {
                if event.place.is_some() {
                    discharged = false;
                }
                place(&mut held, step);
            }
            Trigger::Transfer | Trigger::ClassChange | Trigger::Swap | Trigger::LeaveEnd => {
                if discharged {
                    find(FindingRule::PlacementAfterDischarge);
                    continue;
                }
                let prior_differs = match (&event.prior_place, &current) {
                    (Some(prior), Some(current)) => !(prior.takes_in(current.place) || current.place.takes_in(prior)),
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if prior_differs {
                    find(FindingRule::PriorPlaceDiffers);
                }
                if let Some(current) = current
                    && trigger == Trigger::LeaveEnd
                {
                    current.on_leave = false;
                }
                place(&mut held, step);
            }
            Trigger::LeaveStart => {
                if let Some(current) = current {
                    current.on_leave = true;
                }
            }
            Trigger::Discharge => {
                if superseded.contains(&event.id) {
                    find(FindingRule::DischargeSuperseded);
                    continue;
                }
                discharged = true;
                match current {
                    Some(current) => {
                        if event.place.as_ref().is_some_and(|place| !place.takes_in(current.place)) {
                            find(FindingRule::DischargePlaceDiffers);
                        }
                        current.to = Some(at);
                    }
                    None if nowhere_yet && left.iter().any(Step::places) => {
                        find(FindingRule::DischargeBeforeAdmission);
                    }
                    None => {}
                }
                drop_empty(&mut held);
            }
            // The patient is where an A13 says: the bed may have been given away after the discharge.
            Trigger::CancelDischarge => {
                let stays = current
                    .is_some_and(|current| event.place.as_ref().is_none_or(|place| place.takes_in(current.place)));
                if !stays && !discharged {
                    place(&mut held, step);
                }
            }
            Trigger::Update | Trigger::Other => {
                let place = event.place.as_ref();
                let differs = match current {
                    Some(current) if place.is_some_and(|place| place.is(current.place)) => {
                        current.describe(event);
                        false
                    }
                    Some(current) => place.is_some_and(|place| !place.takes_in(current.place)),
                    // Nobody has told of an admission: a feed that began in the middle.
                    None => nowhere_yet && !discharged && place.is_some() && is_inpatient(event),
                };
                if differs && trigger == Trigger::Update {
                    find(FindingRule::UpdatePlaceDiffers);
                }
            }
            _ => {}
        }
    }
    held
}

fn is_inpatient(event: &Event) -> bool {
    matches!(event.details.patient_class, PatientClass::Inpatient | PatientClass::Obstetrics)
}

/// The next step: in order, but among moves of one instant and rank the one whose prior place is where the patient is.
fn next<'a>(left: &mut Vec<Step<'a>>, current: Option<&Held<'a>>) -> Option<Step<'a>> {
    let first = *left.last()?;
    let moves = matches!(first.trigger, Trigger::Transfer | Trigger::ClassChange | Trigger::Swap | Trigger::LeaveEnd);
    let current = current.filter(|stay| stay.to.is_none());
    if let Some(current) = current.filter(|_| moves) {
        let tied = left
            .iter()
            .rev()
            .take_while(|step| step.at == first.at && order::rank(step.trigger) == order::rank(first.trigger))
            .position(|step| step.event.prior_place.as_ref().is_some_and(|prior| prior.is(current.place)));
        if let Some(position) = tied {
            return Some(left.remove(left.len() - 1 - position));
        }
    }
    left.pop()
}

/// Puts the patient at the step's place from its time: the same place again is one stay.
fn place<'a>(held: &mut Vec<Held<'a>>, step: Step<'a>) {
    let Step { event, at, .. } = step;
    let current = held.last_mut().filter(|stay| stay.to.is_none());
    let Some(place) = &event.place else {
        if let Some(current) = current {
            current.describe(event);
        }
        return;
    };
    let mut admitted = false;
    match current {
        Some(current) if current.place.is(place) => {
            current.describe(event);
            return;
        }
        Some(current) => {
            admitted = current.admitted;
            current.to = Some(at);
        }
        None => {}
    }
    drop_empty(held);
    // Back where the patient was when the stay between had no length: that stay goes on.
    if let Some(last) = held.last_mut()
        && last.to == Some(at)
        && last.place.is(place)
    {
        last.to = None;
        last.describe(event);
        return;
    }
    let details = event.details.clone();
    let mut stay = Held { by: event, place, from: at, to: None, admitted, on_leave: false, details };
    stay.describe(event);
    held.push(stay);
}

impl Held<'_> {
    /// Later events at the same place may know more.
    fn describe(&mut self, event: &Event) {
        let details = &event.details;
        self.admitted = match (event.trigger, details.patient_class) {
            (Trigger::Admit, _) | (_, PatientClass::Inpatient | PatientClass::Obstetrics) => true,
            (Trigger::ClassChange, PatientClass::Unknown) => self.admitted,
            (Trigger::ClassChange, _) => false,
            _ => self.admitted,
        };
        if details.patient_class != PatientClass::Unknown {
            self.details.patient_class = details.patient_class;
        }
        if event.place.as_ref().is_some_and(|place| place.is(self.place)) {
            let patient_class = self.details.patient_class;
            // What held when the patient was placed: a later decision of the region does not change mornings before it.
            let left_out = self.details.left_out && details.bed_kind == BedKind::Teknisk;
            self.details = Details { patient_class, left_out, ..details.clone() };
        }
    }
}

fn drop_empty(held: &mut Vec<Held<'_>>) {
    if held.last().is_some_and(|stay| stay.to == Some(stay.from)) {
        held.pop();
    }
}
