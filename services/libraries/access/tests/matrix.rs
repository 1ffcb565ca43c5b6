//! Every role, action and set of data, by every region, against what is written by hand in `src/expected.rs`.

use access::{Action, Channel, Dataset, Part, Policies, Principal, Question, Role};
use topics::Region;

pub(crate) use access::expected::{CARE, OTHER, QUALITY, STATISTICS, expected};

/// Asks everything that these regions, purposes and levels give, and tells the first answer that is not the table's.
pub(crate) fn departs(
    policies: &Policies,
    own: &[Option<Region>],
    asked: &[Option<Region>],
    purposes: &[&str],
    levels: &[u8],
) -> Result<usize, String> {
    let mut count = 0;
    for &role in Role::ALL {
        for (&region, (&purpose, &assurance)) in
            own.iter().flat_map(|own| purposes.iter().flat_map(move |p| levels.iter().map(move |l| (own, (p, l)))))
        {
            let principal = Principal { role, region, purpose: purpose.into(), assurance };
            for (&action, (&dataset, &channel)) in Action::ALL.iter().flat_map(|action| {
                Dataset::ALL
                    .iter()
                    .flat_map(move |set| Channel::ALL.iter().map(move |channel| (action, (set, channel))))
            }) {
                for &region in asked {
                    let part = Part { dataset, region };
                    let question = Question { principal: principal.clone(), action, part, channel };
                    let decision = policies.decide(&question);
                    if decision.allowed != expected(&question) {
                        return Err(format!("{question:?} is answered {decision:?}"));
                    }
                    assert_eq!(decision.allowed, !decision.policies.is_empty(), "{question:?}");
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

fn regions() -> Vec<Option<Region>> {
    Region::all().map(Some).chain([None]).collect()
}

#[test]
fn every_region_is_held_against_every_region() {
    let policies = Policies::shipped().unwrap();
    // The right level; the purposes that the roles ask for.
    let count = departs(&policies, &regions(), &regions(), &[CARE, STATISTICS], &[3]).unwrap();
    assert_eq!(count, 7 * 22 * 2 * 4 * 9 * 2 * 22);
}

#[test]
fn every_purpose_and_level_is_held_within_a_region_and_without() {
    let policies = Policies::shipped().unwrap();
    let (own, other) = (Some("14".parse().unwrap()), Some("01".parse().unwrap()));
    let purposes = [CARE, QUALITY, STATISTICS, OTHER, ""];
    let count = departs(&policies, &[own, None], &[own, other, None], &purposes, &[0, 2, 3, 4]).unwrap();
    assert_eq!(count, 7 * 2 * 5 * 4 * 4 * 9 * 2 * 3);
}
