//! Which version of a parcel comes next. Decisions only: what the ledger and the folder hold goes in.

use std::collections::BTreeMap;

use crate::flag::Flag;
use crate::manifest::{Change, Explanation, FileEntry, Manifest};

/// The reason of a new version when nobody gives one.
pub const REASON: &str = "later statements";

/// What becomes of an extract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing was made for the period before.
    First,
    /// The latest version says the same: nothing is made.
    Unchanged,
    /// Something differs.
    Next {
        /// The new version.
        version: u32,
        /// The one that it takes the place of.
        replaces: u32,
        /// What differs.
        explained: Explanation,
    },
}

/// What a parcel would say, as far as it decides.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Version of the definition.
    pub definition: &'a str,
    /// Who gets it.
    pub recipient: &'a str,
    /// On which ground.
    pub legal_ground: &'a str,
    /// The files before encryption.
    pub files: &'a [FileEntry],
    /// Control totals.
    pub totals: &'a BTreeMap<String, i64>,
    /// What a reader must know.
    pub flags: &'a [Flag],
}

/// Compares with the latest version. How far the topics were read does not count: later events of other months or
/// statements that change nothing make no new version.
#[must_use]
pub fn decide(latest: Option<&Manifest>, candidate: Candidate<'_>) -> Decision {
    let Some(latest) = latest else { return Decision::First };
    let same = latest.definition == candidate.definition
        && latest.recipient == candidate.recipient
        && latest.legal_ground == candidate.legal_ground
        && latest.files == candidate.files
        && latest.totals == *candidate.totals
        && latest.flags == candidate.flags;
    if same {
        return Decision::Unchanged;
    }
    let explained = explain(latest, candidate);
    Decision::Next { version: latest.version + 1, replaces: latest.version, explained }
}

fn explain(latest: &Manifest, candidate: Candidate<'_>) -> Explanation {
    let mut names: Vec<&String> = latest.totals.keys().chain(candidate.totals.keys()).collect();
    names.sort();
    names.dedup();
    let change = |name: &String| {
        let (before, after) = (latest.totals.get(name).copied(), candidate.totals.get(name).copied());
        (before != after).then(|| Change { total: name.clone(), before, after })
    };
    let sha256 =
        |files: &[FileEntry], name: &str| files.iter().find(|file| file.name == name).map(|file| file.sha256.clone());
    let mut files: Vec<String> = candidate
        .files
        .iter()
        .chain(&latest.files)
        .filter(|file| sha256(candidate.files, &file.name) != sha256(&latest.files, &file.name))
        .map(|file| file.name.clone())
        .collect();
    files.sort();
    files.dedup();
    Explanation { totals: names.into_iter().filter_map(change).collect(), files }
}

/// What a folder holds against what the ledger says, both as versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The ledger lacks these, ascending: a run was killed between a parcel and its entry.
    Entries(Vec<u32>),
    /// The ledger knows a later parcel than the folder.
    ParcelMissing(u32),
}

/// Compares them.
#[must_use]
pub fn agree(ledger: Option<u32>, folder: &[u32]) -> Agreement {
    match ledger {
        Some(latest) if !folder.contains(&latest) && folder.iter().all(|version| *version < latest) => {
            Agreement::ParcelMissing(latest)
        }
        _ => {
            let mut lacking: Vec<u32> =
                folder.iter().copied().filter(|version| ledger.is_none_or(|latest| *version > latest)).collect();
            lacking.sort_unstable();
            Agreement::Entries(lacking)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Agreement, agree};

    #[test]
    fn the_ledger_is_completed_and_a_lost_parcel_is_noticed() {
        let check = |ledger, folder: &[u32], expected| assert_eq!(agree(ledger, folder), expected);
        check(None, &[], Agreement::Entries(vec![]));
        check(None, &[2, 1], Agreement::Entries(vec![1, 2]));
        check(Some(1), &[1], Agreement::Entries(vec![]));
        check(Some(1), &[2, 1], Agreement::Entries(vec![2]));
        // Earlier versions may be archived elsewhere.
        check(Some(2), &[2], Agreement::Entries(vec![]));
        check(Some(2), &[1], Agreement::ParcelMissing(2));
        check(Some(1), &[], Agreement::ParcelMissing(1));
    }
}
