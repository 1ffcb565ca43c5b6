//! By what name a service is known to the brokers.

use std::{fmt, str::FromStr};

use crate::Region;

/// Before the names of our principals, so that they are told from others.
const PREFIX: &str = "vardstrom-";
/// Stands for a principal's name in a pattern of distinguished names.
const NAME_MARK: &str = "<name>";

/// A service of a region, a service of the centre, or the operator's command `topics`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// The service.
    pub service: String,
    /// Its region; `None` of the centre's.
    pub region: Option<Region>,
}

impl Principal {
    /// The name of its user, `vardstrom-connector-14` or `vardstrom-sink-store`: file names, and the common name of a
    /// certificate.
    pub fn name(&self) -> String {
        match self.region {
            Some(region) => format!("{PREFIX}{}-{region}", self.service),
            None => format!("{PREFIX}{}", self.service),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// What the brokers call a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// The name of a user with a password (SCRAM-SHA-512).
    Scram,
    /// A certificate's distinguished name, as RFC 2253 writes it, with `<name>` in place of the principal's.
    Certificate(String),
}

impl Naming {
    /// The distinguished name where nothing else is said.
    pub const SUBJECT: &'static str = "CN=<name>";

    /// What quotas are set for, and what stands behind `User:`.
    pub fn user(&self, principal: &Principal) -> String {
        match self {
            Self::Scram => principal.name(),
            Self::Certificate(subject) => subject.replace(NAME_MARK, &principal.name()),
        }
    }
}

/// A certificate's naming from its pattern.
impl FromStr for Naming {
    type Err = String;

    fn from_str(subject: &str) -> Result<Self, String> {
        if subject.matches(NAME_MARK).count() == 1 {
            return Ok(Self::Certificate(subject.to_owned()));
        }
        Err(format!("must hold {NAME_MARK} once, as in 'CN={NAME_MARK},O=Region,C=SE'"))
    }
}
