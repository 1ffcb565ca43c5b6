//! One person in two places at once: noticed, and counted all the same, for nothing tells which of them is true.

use crate::{Event, Finding, FindingRule, Stay};

/// Finds the admitted stays of a person that begin while the person lies elsewhere, or in the same bed, under another visit.
/// A stay during leave is none: its bed is kept.
///
/// Each stay comes with the event that began it and the person. Each leaves one finding at most.
pub(crate) fn find(stays: &[(&Event, Stay, Option<&&str>)], findings: &mut Vec<Finding>) {
    let mut admitted: Vec<_> = stays
        .iter()
        .filter(|(_, stay, person)| stay.admitted && !stay.on_leave && person.is_some())
        .map(|(event, stay, person)| (person, stay.from, event.id, event, stay))
        .collect();
    if admitted.len() < 2 {
        return;
    }
    admitted.sort_unstable_by_key(|(person, from, id, ..)| (*person, *from, *id));
    let mut present: Vec<&Stay> = Vec::new();
    let mut of = None;
    for (person, from, _, event, stay) in admitted {
        if of != Some(person) {
            present.clear();
            of = Some(person);
        }
        present.retain(|earlier| earlier.to.is_none_or(|to| to > from));
        let twice = present.iter().any(|earlier| earlier.place.bed.is_some() && earlier.place.is(&stay.place));
        let rule = if twice { FindingRule::PersonTwiceInBed } else { FindingRule::PersonInTwoPlaces };
        if !present.is_empty() {
            findings.push(Finding {
                rule,
                episode: Some(stay.episode.clone()),
                unit: Some(stay.place.unit.clone()),
                at: from,
                event: event.id,
            });
        }
        present.push(stay);
    }
}
