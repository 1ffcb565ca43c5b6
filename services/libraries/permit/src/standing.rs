//! How permits stand after what was said of them, and the one decision: may a region's points be evaluated now?
//!
//! Pure: no clock, no files. Of each region the statement that it made last counts, whatever the order in which they come: one
//! that is older than what is known is refused, so that an approval cannot be used again after a revocation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use linkage::PermitId;
use topics::Region;

use crate::record::{Permit, Unfit};
use crate::statement::{Change, Statement};

/// All permits that are known.
#[derive(Clone, Debug, Default)]
pub struct Standings(BTreeMap<PermitId, Standing>);

/// One permit, and what was said of it.
#[derive(Clone, Debug)]
pub struct Standing {
    permit: Permit,
    /// SHA-256 of the record.
    digest: String,
    /// What each region has said last, and when; nothing of those that were only asked.
    regions: BTreeMap<Region, (Timestamp, Said)>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Approved,
    Revoked,
}

/// Why nothing is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such permit.
    #[error("no such permit")]
    Unknown,
    /// The region was not asked.
    #[error("the permit is not of this region")]
    Foreign,
    /// The region has not answered.
    #[error("the region has not approved the permit")]
    Requested,
    /// The region has said no.
    #[error("the region has revoked its approval")]
    Revoked,
    /// Its end has come, or it was ended.
    #[error("the permit has expired")]
    Expired,
}

/// Why a statement changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Nobody has asked for the permit.
    #[error("no such permit: enter its request first")]
    Unknown,
    /// Its name is taken.
    #[error("a permit of this name was requested; a new use needs a new name")]
    Taken,
    /// The record cannot be one.
    #[error("the permit cannot be used")]
    Unfit(#[from] Unfit),
    /// The statement is about another permit than its record.
    #[error("the statement names another permit than its record")]
    Name,
    /// The region was not asked.
    #[error("the permit is not of this region")]
    Foreign,
    /// The region has read another record.
    #[error("the approval is of another record than the one that was requested")]
    Record,
    /// The region has said something since.
    #[error("older than what the region has said last")]
    Older,
    /// It has ended.
    #[error("the permit has expired; a new use needs a new permit")]
    Expired,
}

impl Standings {
    /// Takes a statement in, whose signature the caller has checked.
    ///
    /// # Errors
    /// When it changes nothing.
    pub fn take(&mut self, statement: &Statement) -> Result<(), Rejected> {
        let Statement { at, permit: id, change } = statement;
        if let Change::Request(permit) = change {
            permit.check()?;
            if permit.id != *id {
                return Err(Rejected::Name);
            }
            if self.0.contains_key(id) {
                return Err(Rejected::Taken);
            }
            let (permit, digest) = (Permit::clone(permit), permit.digest());
            self.0.insert(id.clone(), Standing { permit, digest, regions: BTreeMap::new(), is_over: false });
            return Ok(());
        }
        let standing = self.0.get_mut(id).ok_or(Rejected::Unknown)?;
        if standing.is_over {
            return Err(Rejected::Expired);
        }
        match change {
            Change::Request(_) => unreachable!("taken above"),
            Change::Approve { record, .. } if *record != standing.digest => Err(Rejected::Record),
            Change::Approve { .. } if *at >= standing.permit.end => Err(Rejected::Expired),
            Change::Approve { region, .. } => standing.say(*region, *at, Said::Approved),
            Change::Revoke { region } => standing.say(*region, *at, Said::Revoked),
            Change::Expire => {
                standing.is_over = true;
                Ok(())
            }
        }
    }

    /// A permit.
    #[must_use]
    pub fn of(&self, permit: &PermitId) -> Option<&Standing> {
        self.0.get(permit)
    }

    /// All permits, by name.
    pub fn all(&self) -> impl Iterator<Item = &Standing> {
        self.0.values()
    }
}

impl Standing {
    fn say(&mut self, region: Region, at: Timestamp, said: Said) -> Result<(), Rejected> {
        if !self.permit.regions.contains_key(&region) {
            return Err(Rejected::Foreign);
        }
        if self.regions.get(&region).is_some_and(|(last, _)| at <= *last) {
            return Err(Rejected::Older);
        }
        self.regions.insert(region, (at, said));
        Ok(())
    }

    /// The record.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Whether it has ended, by this clock or by a statement.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.is_over || now >= self.permit.end
    }

    /// Whether its end was said: it then never evaluates again, whatever the clock says.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// When a region approved, while it does.
    #[must_use]
    pub fn approved(&self, region: Region) -> Option<Timestamp> {
        self.regions.get(&region).and_then(|(at, said)| (*said == Said::Approved).then_some(*at))
    }
}

/// The decision.
///
/// # Errors
/// Why not.
pub fn may_evaluate(standing: Option<&Standing>, region: Region, now: Timestamp) -> Result<&Standing, Refused> {
    let standing = standing.ok_or(Refused::Unknown)?;
    if standing.is_expired(now) {
        return Err(Refused::Expired);
    }
    if !standing.permit.regions.contains_key(&region) {
        return Err(Refused::Foreign);
    }
    match standing.regions.get(&region) {
        None => Err(Refused::Requested),
        Some((_, Said::Revoked)) => Err(Refused::Revoked),
        Some((_, Said::Approved)) => Ok(standing),
    }
}
