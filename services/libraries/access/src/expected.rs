//! What the shipped policies are to allow, written by hand: who changes a policy says so here, too. Nothing that decides asks it;
//! it is for this crate's tests and for `make check-wall`.

use crate::question::{Action, Channel, Dataset, Question, Role};

/// The purpose of who cares for patients.
pub const CARE: &str = "Vård och behandling";
/// The purpose of who follows quality.
pub const QUALITY: &str = "Kvalitetssäkring";
/// The purpose of who counts.
pub const STATISTICS: &str = "Statistik";
/// A purpose that no role asks for.
pub const OTHER: &str = "Administration";

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

/// Whether the shipped policies are to allow this.
#[must_use]
pub fn expected(question: &Question) -> bool {
    let Question { principal, action, part, channel } = question;
    if part.dataset == Dataset::About && matches!(action, Action::Read | Action::Call) {
        return true;
    }
    let table: Vec<_> = match channel {
        Channel::Token => PROGRAM.to_vec(),
        Channel::Session => {
            let purposes = PURPOSES.iter().find(|(role, _)| *role == principal.role).map_or(&[][..], |(_, some)| *some);
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
