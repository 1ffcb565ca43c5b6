//! From a set of events to stays: the rules of an episode, in the order in which they apply.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::{PatientClass, Timestamp};

use crate::{
    Details, EpisodeKey, Event, EventId, Finding, FindingRule, Location, Stay, Trigger,
    nesting::{self, Nesting},
    order,
    people::{People, Visits},
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
    let mut findings = Vec::new();
    let events = distinct(events);
    let people = People::new(&events);
    let visits = Visits::new(&events, &mut findings);
    let mut placed: Vec<(&Event, Option<EpisodeKey>)> =
        events.iter().map(|event| (*event, event.episode_key().map(|key| visits.current(&key)))).collect();
    let owning = voiding::owners(&placed, &visits);
    let owners: HashMap<EpisodeKey, &str> = owning
        .iter()
        .filter_map(|(key, event)| Some((key.clone(), people.person(event.subject.as_deref()?))))
        .collect();
    let nesting = Nesting::new(&events, &visits, &owners, &people, &mut findings);
    voiding::delete(&mut placed, &owners, &people, &nesting);

    let mut episodes: BTreeMap<EpisodeKey, Vec<&Event>> = BTreeMap::new();
    let mut unnamed: Vec<&Event> = Vec::new();
    for (event, episode) in placed {
        match episode {
            Some(episode) => episodes.entry(episode).or_default().push(event),
            None => unnamed.push(event),
        }
    }
    resolve_unnamed(&mut episodes, &unnamed, &owners, &people, &mut findings);

    let mut stays = Vec::new();
    let mut ended = HashMap::new();
    for (key, events) in &episodes {
        let owner = nesting.chain(key).into_iter().find_map(|key| owning.get(key)?.subject.as_deref());
        let subject = owner.map(|subject| people.survivor(subject));
        let valid = valid(events, &mut findings);
        ended.insert(key.clone(), nesting::discharged(&valid));
        let replayed = replay(&valid, None, &mut findings);
        stays.extend(replayed.into_iter().map(|held| held.into_stay(key, subject)));
    }
    let stays = nesting.join(stays, &ended, &mut findings);
    findings.sort_unstable();
    findings.dedup();
    Timeline { stays, findings, joined: nesting.joined() }
}

/// Events sorted by time, equal ones once.
pub(crate) fn distinct<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut seen = HashSet::new();
    let mut events: Vec<&Event> = events.into_iter().filter(|event| seen.insert(event.id)).collect();
    events.sort_by_cached_key(|event| order::arrival(event));
    events
}

/// The events of an episode that no cancellation voids.
fn valid<'a>(events: &[&'a Event], findings: &mut Vec<Finding>) -> Vec<&'a Event> {
    let void = voiding::cancelled(events, findings);
    events.iter().copied().filter(|event| !void.contains(&event.id)).collect()
}

/// A discharge without visit number closes the person's only episode that is open at its time; in order of time, so that
/// each sees what the earlier ones closed. From then on it is one of the episode's events, and can be cancelled as such.
fn resolve_unnamed<'a>(
    episodes: &mut BTreeMap<EpisodeKey, Vec<&'a Event>>,
    unnamed: &[&'a Event],
    owners: &HashMap<EpisodeKey, &'a str>,
    people: &People<'a>,
    findings: &mut Vec<Finding>,
) {
    for event in unnamed {
        let unresolved = Finding { event: event.id, rule: FindingRule::EpisodeUnresolved };
        match event.trigger {
            Trigger::Discharge => {}
            Trigger::CancelAdmit | Trigger::CancelTransfer | Trigger::CancelDischarge => {
                findings.push(unresolved);
                continue;
            }
            _ => continue,
        }
        let person = event.subject.as_deref().map(|subject| people.person(subject));
        let mut open = episodes.iter().filter(|(key, events)| {
            person.is_some_and(|person| owners.get(*key) == Some(&person)) && is_open(events, event)
        });
        match (open.next().map(|(key, _)| key.clone()), open.next()) {
            (Some(key), None) => {
                if let Some(events) = episodes.get_mut(&key) {
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
    replay(&valid, Some(before), &mut Vec::new()).last().is_some_and(|held| held.to.is_none())
}

/// A stay while it is being built.
struct Held<'a> {
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

/// Runs the valid events of one episode, sorted, up to but without `before`.
fn replay<'a>(events: &[&'a Event], before: Option<&Event>, findings: &mut Vec<Finding>) -> Vec<Held<'a>> {
    let superseded = superseded_discharges(events);
    let mut held: Vec<Held<'a>> = Vec::new();
    let mut discharged = false;
    let mut left: Vec<&Event> = events
        .iter()
        .copied()
        .filter(|event| before.is_none_or(|before| order::arrival(event) < order::arrival(before)))
        .rev()
        .collect();
    while let Some(event) = next(&mut left, held.last()) {
        let current = held.last_mut().filter(|stay| stay.to.is_none());
        let at = event.occurred_at;
        let mut find = |rule| findings.push(Finding { event: event.id, rule });
        match event.trigger {
            Trigger::Admit | Trigger::Register => {
                if event.place.is_some() {
                    discharged = false;
                }
                place(&mut held, event);
            }
            Trigger::Transfer | Trigger::ClassChange | Trigger::Swap | Trigger::LeaveEnd => {
                if discharged {
                    find(FindingRule::PlacementAfterDischarge);
                    continue;
                }
                let prior_differs = match (&event.prior_place, &current) {
                    (Some(prior), Some(current)) => prior != current.place,
                    (Some(_), None) => true,
                    (None, _) => false,
                };
                if prior_differs {
                    find(FindingRule::PriorPlaceDiffers);
                }
                if let Some(current) = current
                    && event.trigger == Trigger::LeaveEnd
                {
                    current.on_leave = false;
                }
                place(&mut held, event);
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
                if let Some(current) = current {
                    if event.place.as_ref().is_some_and(|place| place != current.place) {
                        find(FindingRule::DischargePlaceDiffers);
                    }
                    current.to = Some(at);
                }
                drop_empty(&mut held);
            }
            Trigger::Other => {
                if let Some(current) = current
                    && event.place.as_ref() == Some(current.place)
                {
                    current.describe(event);
                }
            }
            _ => {}
        }
    }
    held
}

/// The next event: in order, but among moves of one instant and rank the one whose prior place is where the patient is.
fn next<'a>(left: &mut Vec<&'a Event>, current: Option<&Held<'a>>) -> Option<&'a Event> {
    let first = *left.last()?;
    let moves = matches!(first.trigger, Trigger::Transfer | Trigger::ClassChange | Trigger::Swap | Trigger::LeaveEnd);
    let current = current.filter(|stay| stay.to.is_none());
    if let Some(current) = current.filter(|_| moves) {
        let tied = left
            .iter()
            .rev()
            .take_while(|event| {
                event.occurred_at == first.occurred_at && order::rank(event.trigger) == order::rank(first.trigger)
            })
            .position(|event| event.prior_place.as_ref() == Some(current.place));
        if let Some(position) = tied {
            return Some(left.remove(left.len() - 1 - position));
        }
    }
    left.pop()
}

/// Puts the patient at the event's place from its time: the same place again is one stay.
fn place<'a>(held: &mut Vec<Held<'a>>, event: &'a Event) {
    let at = event.occurred_at;
    let current = held.last_mut().filter(|stay| stay.to.is_none());
    let Some(place) = &event.place else {
        if let Some(current) = current {
            current.describe(event);
        }
        return;
    };
    let mut admitted = false;
    match current {
        Some(current) if current.place == place => {
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
        && last.place == place
    {
        last.to = None;
        last.describe(event);
        return;
    }
    let mut stay = Held { place, from: at, to: None, admitted, on_leave: false, details: event.details.clone() };
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
        if event.place.as_ref() == Some(self.place) {
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

/// Of two discharges without an admission between them the last holds.
fn superseded_discharges(events: &[&Event]) -> HashSet<EventId> {
    let mut superseded = HashSet::new();
    let mut earlier: Option<EventId> = None;
    for event in events {
        match event.trigger {
            Trigger::Discharge => {
                superseded.extend(earlier.replace(event.id));
            }
            Trigger::Admit | Trigger::Register if event.place.is_some() => earlier = None,
            _ => {}
        }
    }
    superseded
}
