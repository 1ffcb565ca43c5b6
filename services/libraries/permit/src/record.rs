//! What is permitted: the record that regions read and approve.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use linkage::PermitId;
use serde::{Deserialize, Serialize};
use topics::Region;

use crate::sha256;

/// Longest text of a permit.
const TEXT_MAX: usize = 300;

/// One use of data of several regions. It is never changed: another use is another permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// Its name, which no other permit has.
    pub id: PermitId,
    /// What the data are for.
    pub purpose: String,
    /// Whose data, in words: who is one of them is found in each region.
    pub population: String,
    /// The fields that may be delivered.
    pub fields: Vec<String>,
    /// The first day that the data are of.
    pub first_day: Date,
    /// The last day that the data are of.
    pub last_day: Date,
    /// The regions whose data are asked for, with what each may have evaluated.
    pub regions: BTreeMap<Region, Budget>,
    /// Who gets the data; it is bound into every pseudonym.
    pub recipient: String,
    /// The age public key of the hub, to which the key holder's answers are sealed.
    pub hub_key: String,
    /// From then on nothing is evaluated, whatever was approved.
    pub end: Timestamp,
    /// The law by which opt-outs do not count, where one says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out_override: Option<String>,
}

/// How many points of a region are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// In all: the persons of the population and a margin for those who are asked for again.
    pub points: u64,
    /// On a usual day; twice as many are told as an alarm.
    pub usual_day: u64,
}

/// Why a permit cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {what}")]
pub struct Unfit {
    /// The field.
    pub field: &'static str,
    /// What it must be.
    pub what: &'static str,
}

/// A text is no record of a permit.
#[derive(Debug, thiserror::Error)]
pub enum NotAPermit {
    /// Another shape.
    #[error("no record of a permit")]
    Shape(#[from] serde_json::Error),
    /// A field.
    #[error("it cannot be permitted")]
    Unfit(#[from] Unfit),
}

impl Permit {
    /// Reads a record and checks it.
    ///
    /// # Errors
    /// When it is none, or cannot be one.
    pub fn read(text: &str) -> Result<Self, NotAPermit> {
        let permit: Self = serde_json::from_str(text)?;
        permit.check()?;
        Ok(permit)
    }

    /// Whether it can be one.
    ///
    /// # Errors
    /// The first field that cannot.
    pub fn check(&self) -> Result<(), Unfit> {
        let unfit = |field, what| Err(Unfit { field, what });
        let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= TEXT_MAX;
        let texts = [("purpose", &self.purpose), ("population", &self.population), ("recipient", &self.recipient)];
        for (field, text) in
            texts.into_iter().chain(self.opt_out_override.iter().map(|text| ("opt_out_override", text)))
        {
            if access_log::Text::new(text).is_err() {
                return unfit(field, "must be 1 to 300 letters, digits and signs, and hold no personal number");
            }
        }
        if self.fields.is_empty() || !self.fields.iter().all(|field| fits(field)) {
            return unfit("fields", "must name at least one field");
        }
        if self.first_day > self.last_day {
            return unfit("last_day", "must not be before first_day");
        }
        if self.regions.is_empty() {
            return unfit("regions", "must name at least one region");
        }
        if self.regions.values().any(|budget| budget.points == 0 || budget.usual_day == 0) {
            return unfit("regions", "a budget of nothing permits nothing; leave the region out");
        }
        if self.recipient.len() > usize::from(u8::MAX) {
            return unfit("recipient", "must have at most 255 bytes");
        }
        if self.hub_key.parse::<age::x25519::Recipient>().is_err() {
            return unfit("hub_key", "must be an age public key: it begins with age1");
        }
        Ok(())
    }

    /// SHA-256 of the record: what an approval is of.
    ///
    /// # Panics
    /// Never: texts, dates and numbers are JSON.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256::hex(&serde_json::to_vec(self).expect("texts, dates and numbers are JSON"))
    }
}
