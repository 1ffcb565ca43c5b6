//! The receipt that a recipient sends.

use postgresql::Address;
use serde::{Deserialize, Serialize};

use super::answer::Refusal;
use super::recipients::Served;
use super::shelf;
use crate::ledger::Action;
use parcel::Checked;

/// What a recipient says that it has got.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    parcel: String,
    /// SHA-256 of its `manifest.json`, in lower case hexadecimal digits.
    manifest_sha256: String,
}

impl Confirmation {
    /// Whether it is of this parcel.
    pub(super) fn compare(&self, checked: &Checked) -> Result<(), Refusal> {
        let same = self.parcel == checked.manifest.name() && self.manifest_sha256 == checked.manifest_sha256;
        if same { Ok(()) } else { Err(Refusal::Differs) }
    }
}

/// The ledger has the parcel as delivered and received.
pub(super) async fn enter(database: &Address, recipient: &Served, checked: &Checked) -> Result<(), Refusal> {
    let note = "HTTP, confirmed by the recipient";
    shelf::enter(database, checked, &[Action::Delivered, Action::Received], note).await?;
    tracing::info!(parcel = checked.manifest.name(), recipient = recipient.name, "a parcel was confirmed");
    Ok(())
}
