//! Encounter.location: the places of an encounter in order of time, one at a time.
//!
//! Servers list places with periods, with a status only, or both; ward, room and bed each for itself; places that were
//! left beside the one that holds; a place that the patient came back to once only.

use schemas::Timestamp;

use super::Tools;
use super::datatype::{List, said};
use super::encounter::{State, Visited, moment};
use super::location::{self, Placed};
use super::time::Moment;
use crate::rules::Rule;
use crate::stop::Stop as Halt;
use crate::verbatim::rfc3339;

const PERIOD: &str = "Encounter.location.period";

/// A place with its time.
pub(crate) struct Stop<'m> {
    /// By which the next version's statement of it replaces this one.
    pub movement: String,
    pub at: Timestamp,
    pub text: String,
    pub placed: Placed<'m>,
    /// Planned or reserved: nobody is there.
    pub is_pending: bool,
}

/// Whether somebody is at a place that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Presence {
    Past,
    /// Active, or nothing is said.
    Now,
    /// Planned or reserved.
    Pending,
}

/// An entry of the list.
struct Listed<'m> {
    presence: Presence,
    start: Option<(Timestamp, String)>,
    end: Option<Timestamp>,
    placed: Placed<'m>,
}

/// What is listed for one time.
struct Group<'m> {
    movement: String,
    at: Timestamp,
    text: String,
    /// When they ended; nothing while one of them holds.
    end: Option<Timestamp>,
    presence: Presence,
    placed: Placed<'m>,
}

/// The places in order of time; entries for the same time are one place.
pub(crate) fn of<'m>(
    list: &List<Visited<'_>>,
    own: &str,
    started: Option<Moment<'_>>,
    state: State,
    tools: &mut Tools<'m>,
) -> Result<Vec<Stop<'m>>, Halt> {
    let (timed, untimed): (Vec<_>, Vec<_>) =
        listed(list, state, tools)?.into_iter().partition(|entry| entry.start.is_some());
    let mut groups = grouped(timed, own, tools);
    if let Some(group) = without_time(untimed, own, started, state, &groups, tools) {
        add(&mut groups, group, tools);
        groups.sort_by_key(|group| group.at);
    }
    leave_out_unended(&mut groups, tools);
    let mut stops = with_returns(groups, own);
    // Of a place that is no more than a hospital the rest of the list may say more.
    let is_coarse = |stop: &Stop<'_>| stop.placed.is_coarse();
    if stops.iter().any(is_coarse) {
        if stops.iter().all(is_coarse) {
            tools.note(Rule::FhirPlaceCoarse, "Encounter.location");
        }
        stops.retain(|stop| !is_coarse(stop));
    }
    // A bed that is listed without its ward is in the ward where the patient is.
    for at in 1..stops.len() {
        let (before, after) = stops.split_at_mut(at);
        let last = before.iter().rfind(|stop| !stop.is_pending);
        if let (Some(last), Some(stop)) = (last, after.first_mut())
            && stop.placed.unit.is_empty()
        {
            stop.placed.unit = last.placed.unit.clone();
            (stop.placed.facility, stop.placed.entry) = (last.placed.facility.clone(), last.placed.entry);
        }
    }
    Ok(stops)
}

fn listed<'m>(list: &List<Visited<'_>>, state: State, tools: &mut Tools<'m>) -> Result<Vec<Listed<'m>>, Halt> {
    let mut listed = Vec::with_capacity(list.len());
    for visited in list.iter() {
        let Some(reference) = &visited.location else { continue };
        let presence = match said(&visited.status) {
            _ if state == State::Planned => Presence::Pending,
            Some("planned" | "reserved") => Presence::Pending,
            Some("completed") => Presence::Past,
            None | Some("active") => Presence::Now,
            Some(_) => {
                tools.note(Rule::FhirCodeUnknown, "Encounter.location.status");
                Presence::Now
            }
        };
        let period = visited.period.as_ref();
        let start = moment(period.and_then(|period| said(&period.start)), PERIOD, tools);
        let end = moment(period.and_then(|period| said(&period.end)), PERIOD, tools).map(|end| end.at);
        // An end that lies ahead is a plan.
        let end = end.filter(|end| *end <= tools.recorded().at);
        let physical_type = visited.physical_type.as_ref().or(visited.form.as_ref());
        let Some(placed) = location::placed(reference, physical_type, tools)? else {
            tools.note(Rule::FhirPlaceMissing, "Encounter.location");
            continue;
        };
        listed.push(Listed { presence, start: start.map(|start| (start.at, start.text.to_owned())), end, placed });
    }
    Ok(listed)
}

/// Entries with a start, by time; of one time those that are over first, so that what holds has the last word.
fn grouped<'m>(mut entries: Vec<Listed<'m>>, own: &str, tools: &mut Tools<'m>) -> Vec<Group<'m>> {
    entries.sort_by_key(|entry| (entry.start.as_ref().map(|(at, _)| *at), entry.presence));
    let mut groups: Vec<Group<'m>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let Listed { presence, start: Some((at, text)), end, placed } = entry else { continue };
        let movement = format!("{own}/{}", rfc3339(at));
        add(&mut groups, Group { movement, at, text, end, presence, placed }, tools);
    }
    groups
}

/// Adds to what is listed for the same time, if there is any.
fn add<'m>(groups: &mut Vec<Group<'m>>, group: Group<'m>, tools: &mut Tools<'m>) {
    let is_pending = group.presence == Presence::Pending;
    let same = |held: &&mut Group<'m>| held.at == group.at && (held.presence == Presence::Pending) == is_pending;
    let Some(held) = groups.iter_mut().rfind(same) else {
        groups.push(group);
        return;
    };
    let is_news = held.presence == group.presence;
    if held.placed.fill(group.placed) && is_news {
        tools.note(Rule::FhirPlacesContradict, "Encounter.location");
    }
    held.end = match (held.presence, group.presence) {
        (Presence::Past, Presence::Now) => group.end,
        (Presence::Now, Presence::Past) => held.end,
        _ => held.end.zip(group.end).map(|(one, other)| one.max(other)),
    };
    held.presence = held.presence.max(group.presence);
}

/// The one place that entries without a start say: what holds, else of an encounter that is over what was. It begins
/// where the last place that is over ended, else with the encounter, else with the version.
fn without_time<'m>(
    entries: Vec<Listed<'m>>,
    own: &str,
    started: Option<Moment<'_>>,
    state: State,
    groups: &[Group<'m>],
    tools: &mut Tools<'m>,
) -> Option<Group<'m>> {
    if entries.is_empty() {
        return None;
    }
    tools.note(Rule::FhirPlaceWithoutTime, PERIOD);
    let holds = |presence: Presence| match state {
        State::Planned => true,
        _ => presence == Presence::Now,
    };
    let anywhere = entries.iter().map(|entry| entry.presence).chain(groups.iter().map(|group| group.presence));
    let was_only = state == State::Ended && anywhere.max() == Some(Presence::Past);
    let chosen: Vec<Listed<'m>> = entries.into_iter().filter(|entry| holds(entry.presence) || was_only).collect();
    let presence = chosen.first()?.presence;
    let latest = groups.iter().filter(|group| group.presence != Presence::Pending).map(|group| match group.presence {
        Presence::Past => group.end.unwrap_or(group.at),
        _ => group.at,
    });
    let recorded = tools.recorded();
    let begin = started.map(|started| (started.at, started.text.to_owned()));
    let (at, text) = match (latest.max(), begin) {
        (Some(latest), Some((at, _))) if latest > at => (latest, rfc3339(latest)),
        (Some(latest), None) => (latest, rfc3339(latest)),
        (_, Some(begin)) => begin,
        (None, None) => (recorded.at, recorded.text.to_owned()),
    };
    let mut places = chosen.into_iter().map(|entry| entry.placed);
    let mut placed = places.next()?;
    for place in places {
        if placed.fill(place) {
            tools.note(Rule::FhirPlacesContradict, "Encounter.location");
        }
    }
    Some(Group { movement: format!("{own}/0"), at, text, end: None, presence, placed })
}

/// A place that is over, nobody knows since when, says nothing where another has held since before it.
fn leave_out_unended(groups: &mut Vec<Group<'_>>, tools: &mut Tools<'_>) {
    let held: Vec<Timestamp> = groups
        .iter()
        .filter(|group| group.presence == Presence::Now && group.end.is_none())
        .map(|group| group.at)
        .collect();
    let Some(last) = held.into_iter().max() else { return };
    let count = groups.len();
    groups.retain(|group| group.presence != Presence::Past || group.end.is_some() || group.at < last);
    if groups.len() < count {
        tools.note(Rule::FhirPlaceWithoutTime, PERIOD);
    }
}

/// After a place that has ended, with no other from then on, the patient is where a place held before it and holds still.
fn with_returns<'m>(groups: Vec<Group<'m>>, own: &str) -> Vec<Stop<'m>> {
    let mut returns = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let is_over = |end: &Timestamp| *end > group.at && group.presence != Presence::Pending;
        let Some(end) = group.end.filter(is_over) else { continue };
        let there = |other: &&Group<'m>| other.presence != Presence::Pending;
        if groups.iter().filter(there).any(|other| other.at > group.at && other.at <= end) {
            continue;
        }
        let holds = |other: &&Group<'m>| there(other) && other.end.is_none_or(|other| other > end);
        let is_now = |other: &&Group<'m>| other.presence == Presence::Now || other.end.is_some();
        if let Some(back) = groups[..at].iter().filter(holds).rfind(is_now) {
            let movement = format!("{own}/{}", rfc3339(end));
            let text = rfc3339(end);
            returns.push(Stop { movement, at: end, text, placed: back.placed.clone(), is_pending: false });
        }
    }
    let stop = |group: Group<'m>| Stop {
        movement: group.movement,
        at: group.at,
        text: group.text,
        placed: group.placed,
        is_pending: group.presence == Presence::Pending,
    };
    let mut stops: Vec<Stop<'m>> = groups.into_iter().map(stop).chain(returns).collect();
    stops.sort_by_key(|stop| stop.at);
    stops
}
