//! One person in two places at once: noticed, and counted all the same, for nothing tells which of them is true.

use crate::{Finding, FindingRule, Stay, found::Found};

/// Finds the admitted stays of a person that begin while the person lies elsewhere, or in the same bed, under another visit.
/// A stay during leave is none: its bed is kept.
///
/// Each stay leaves one finding at most.
pub(crate) fn find(stays: &[Found<'_>], findings: &mut Vec<Finding>) {
    let mut admitted: Vec<_> = stays
        .iter()
        .filter(|found| found.stay.admitted && !found.stay.on_leave && found.person.is_some())
        .map(|found| (found.person, found.stay.from, found.by.id, &found.stay))
        .collect();
    if admitted.len() < 2 {
        return;
    }
    admitted.sort_by_key(|(person, from, id, _)| (*person, *from, *id));
    let mut present: Vec<&Stay> = Vec::new();
    let mut of = None;
    for (person, from, event, stay) in admitted {
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
                event,
            });
        }
        present.push(stay);
    }
}
