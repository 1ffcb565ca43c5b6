//! Every role, action and set of data, by every region, against what is written here by hand.

use access::{Action, Channel, Dataset, Part, Policies, Principal, Question, Role};
use topics::Region;

pub(crate) const CARE: &str = "Vård och behandling";
pub(crate) const QUALITY: &str = "Kvalitetssäkring";
pub(crate) const STATISTICS: &str = "Statistik";
pub(crate) const OTHER: &str = "Administration";

/// Of which regions somebody may see a set of data.
#[derive(Clone, Copy)]
enum Reach {
    /// The own region alone.
    Own,
    /// Every region, and the country.
    All,
}
use Reach::{All, Own};

/// Which purposes a role needs one of; empty: none.
const PURPOSES: [(Role, &[&str]); 7] = [
    (Role::Coordinator, &[CARE]),
    (Role::RegionAnalyst, &[QUALITY, STATISTICS]),
    (Role::NationalAnalyst, &[QUALITY, STATISTICS]),
    (Role::Steward, &[]),
    (Role::DataProtectionOfficer, &[]),
    (Role::Operator, &[]),
    (Role::SenderEngineer, &[]),
];

/// What a login of level 3 with the right purpose may do; `r` read, `d` download, `c` call, `i` inspect. What is not here is
/// denied.
const LOGIN: [(Role, Dataset, &str, Reach); 28] = [
    (Role::Coordinator, Dataset::Beds, "rdc", Own),
    (Role::Coordinator, Dataset::Waiting, "r", All),
    (Role::Coordinator, Dataset::Pathway, "r", All),
    (Role::Coordinator, Dataset::Cost, "r", All),
    (Role::Coordinator, Dataset::Quality, "r", All),
    (Role::RegionAnalyst, Dataset::Beds, "rdc", Own),
    (Role::RegionAnalyst, Dataset::Waiting, "rdc", All),
    (Role::RegionAnalyst, Dataset::Pathway, "rdc", All),
    (Role::RegionAnalyst, Dataset::Cost, "rdc", All),
    (Role::RegionAnalyst, Dataset::Quality, "rdc", All),
    (Role::NationalAnalyst, Dataset::Beds, "rdc", All),
    (Role::NationalAnalyst, Dataset::Waiting, "rdc", All),
    (Role::NationalAnalyst, Dataset::Pathway, "rdc", All),
    (Role::NationalAnalyst, Dataset::Cost, "rdc", All),
    (Role::NationalAnalyst, Dataset::Quality, "rdc", All),
    (Role::Steward, Dataset::Beds, "r", Own),
    (Role::Steward, Dataset::Waiting, "rd", All),
    (Role::Steward, Dataset::Pathway, "rd", All),
    (Role::Steward, Dataset::Cost, "rd", All),
    (Role::Steward, Dataset::Quality, "rd", All),
    (Role::DataProtectionOfficer, Dataset::Waiting, "r", All),
    (Role::DataProtectionOfficer, Dataset::Pathway, "r", All),
    (Role::DataProtectionOfficer, Dataset::Cost, "r", All),
    (Role::DataProtectionOfficer, Dataset::Quality, "r", All),
    (Role::DataProtectionOfficer, Dataset::Operations, "r", All),
    (Role::Operator, Dataset::Operations, "rci", All),
    (Role::Operator, Dataset::Probes, "rci", All),
    (Role::Operator, Dataset::Quality, "rci", All),
];
const LOGIN_ENGINEER: (Role, Dataset, &str, Reach) = (Role::SenderEngineer, Dataset::Quality, "rc", Own);

/// What a program's token may do, whatever its purpose and level.
const PROGRAM: [(Role, Dataset, &str, Reach); 3] = [
    (Role::RegionAnalyst, Dataset::Beds, "c", Own),
    (Role::Operator, Dataset::Probes, "i", All),
    (Role::SenderEngineer, Dataset::Events, "c", All),
];

fn letter(action: Action) -> char {
    match action {
        Action::Read => 'r',
        Action::Download => 'd',
        Action::Call => 'c',
        Action::Inspect => 'i',
    }
}

fn expected(question: &Question) -> bool {
    let Question { principal, action, part, channel } = question;
    if part.dataset == Dataset::About && matches!(action, Action::Read | Action::Call) {
        return true;
    }
    let table: Vec<_> = match channel {
        Channel::Token => PROGRAM.to_vec(),
        Channel::Session => {
            let (_, purposes) = PURPOSES.iter().find(|(role, _)| *role == principal.role).unwrap();
            if principal.assurance < 3 || !(purposes.is_empty() || purposes.contains(&&*principal.purpose)) {
                return false;
            }
            LOGIN.into_iter().chain([LOGIN_ENGINEER]).collect()
        }
    };
    table.iter().any(|(role, dataset, actions, reach)| {
        *role == principal.role
            && *dataset == part.dataset
            && actions.contains(letter(*action))
            && match reach {
                All => true,
                Own => part.region.is_some() && part.region == principal.region,
            }
    })
}

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
