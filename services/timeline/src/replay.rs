//! From a set of events to stays: the rules of an episode, in the order in which they apply.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::{PatientClass, Timestamp};

use crate::{
    Details, EpisodeKey, Event, Finding, FindingRule, Location, Stay, Trigger, cancellation,
    nesting::{self, Nesting},
    order, overlap,
    people::People,
    step::{self, Step},
    visit::{self, Visit, Visits},
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

/// A stay with what began it, and the person whose it is.
pub(crate) struct Found<'a> {
    pub(crate) by: &'a Event,
    pub(crate) stay: Stay,
    pub(crate) person: Option<&'a str>,
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
    let people = People::new(&events, shared, &mut findings);
    let visits = Visits::new(&events, &people, &mut findings);
    let mut placed = visits.assign(&events, &people, &mut findings);
    let owning = visit::owners(&placed, &visits);
    let owners: HashMap<Visit<'a>, &str> =
        owning.iter().filter_map(|(visit, event)| Some((visit.clone(), people.of(event)?))).collect();
    let nesting = Nesting::new(&events, &visits, &owners, &people, &mut findings);
    voiding::delete(&mut placed, &owners, &people, &nesting);

    let mut episodes: BTreeMap<Visit<'a>, Vec<&Event>> = BTreeMap::new();
    let mut unnamed: Vec<&Event> = Vec::new();
    for (event, visit) in placed {
        match visit {
            Some(visit) => episodes.entry(visit).or_default().push(event),
            None if event.episode.is_none() => unnamed.push(event),
            // Of several persons who share the number none is meant: a finding says so.
            None => {}
        }
    }
    resolve_unnamed(&mut episodes, &unnamed, &owners, &people, &mut findings);

    // A part that names nobody is its whole's person's.
    let of_key = nesting::by_key(&owning);
    let mut stays = Vec::new();
    let mut ended = HashMap::new();
    for (visit, events) in &episodes {
        let around = || nesting.around(&visit.key).find_map(|key| of_key.get(key).copied());
        let owner = owning.get(visit).copied().or_else(around);
        let subject = owner.and_then(|event| event.subject.as_deref()).map(|subject| people.survivor(subject));
        let person = owner.and_then(|event| people.of(event));
        let steps = valid(events, &mut findings);
        ended.insert(visit.key.clone(), nesting::discharged(&steps));
        let replayed = replay(&steps, None, &mut findings);
        stays.extend(replayed.into_iter().map(|held| Found {
            by: held.by,
            stay: held.into_stay(&visit.key, subject),
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
fn valid<'a>(events: &[&'a Event], findings: &mut Vec<Finding>) -> Vec<Step<'a>> {
    let cancelled = cancellation::cancelled(events, findings);
    step::steps(events, &cancelled, findings)
}

/// A discharge without visit number closes the person's only episode that is open at its time; in order of time, so that
/// each sees what the earlier ones closed. From then on it is one of the episode's events, and can be cancelled as such.
fn resolve_unnamed<'a>(
    episodes: &mut BTreeMap<Visit<'a>, Vec<&'a Event>>,
    unnamed: &[&'a Event],
    owners: &HashMap<Visit<'a>, &'a str>,
    people: &People<'a>,
    findings: &mut Vec<Finding>,
) {
    if unnamed.is_empty() {
        return;
    }
    let mut of_person: HashMap<&str, Vec<&Visit<'a>>> = HashMap::new();
    for (visit, person) in owners {
        of_person.entry(person).or_default().push(visit);
    }
    for event in unnamed {
        let unresolved = Finding::of(event, FindingRule::EpisodeUnresolved);
        match event.trigger {
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
        let visits = people.of(event).and_then(|person| of_person.get(person));
        let mut open = visits
            .into_iter()
            .flatten()
            .filter(|visit| episodes.get(**visit).is_some_and(|events| is_open(events, event)));
        match (open.next(), open.next()) {
            (Some(visit), None) => {
                if let Some(events) = episodes.get_mut(*visit) {
                    events.push(event);
                    events.sort_by_cached_key(|event| order::arrival(event));
                }
            }
            _ => findings.push(unresolved),
        }
    }
}

fn is_open(events: &[&Event], before: &Event) -> bool {
    let valid = valid(events, &mut Vec::new());
    let at = before.between().1.max(before.occurred_at);
    let before = Step { at, ..Step::of(before) };
    replay(&valid, Some(before), &mut Vec::new()).last().is_some_and(|held| held.to.is_none())
}

/// A stay while it is being built.
struct Held<'a> {
    /// What began it.
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
            self.details = Details { patient_class, ..details.clone() };
        }
    }
}

/// Zero-length stays vanish.
fn drop_empty(held: &mut Vec<Held<'_>>) {
    if held.last().is_some_and(|stay| stay.to == Some(stay.from)) {
        held.pop();
    }
}
