//! What one party says of a permit, signed by that party.
//!
//! A statement is a signed note (<https://c2sp.org/signed-note>) over one line of JSON, small enough to travel by hand. An
//! approval names the digest of the record that was read, so that it is of nothing else.

use access_log::{Key, Note};
use jiff::Timestamp;
use linkage::PermitId;
use serde::{Deserialize, Serialize};
use topics::Region;

use crate::record::Permit;
use crate::signers::{AUTHORITY, KEY_HOLDER, Signers, region_signer};

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Change {
    /// The authority asks the regions.
    Request(Box<Permit>),
    /// A region lets its persons be linked.
    Approve {
        /// The region.
        region: Region,
        /// SHA-256 of the record that it has read.
        record: String,
    },
    /// A region does not, or no longer.
    Revoke {
        /// The region.
        region: Region,
    },
    /// It is over, at its end or before; there is no way back.
    Expire,
}

/// A change of one permit, and when its signer said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// When.
    pub at: Timestamp,
    /// Which permit.
    pub permit: PermitId,
    /// What changes.
    pub change: Change,
}

/// A note is no statement that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAStatement {
    /// The text is none.
    #[error("not a statement about a permit")]
    Shape,
    /// Nobody who may say so has signed.
    #[error(
        "not signed by whoever may say so: a region for itself, the authority for a request, it or the key holder for an end"
    )]
    Signature,
}

impl Statement {
    /// Signs it, by this signer.
    ///
    /// # Panics
    /// Never: texts, dates and numbers are JSON.
    #[must_use]
    pub fn sign(&self, signer: &str, key: &Key) -> Note {
        key.sign(signer, &format!("{}\n", serde_json::to_string(self).expect("texts and numbers are JSON")))
    }

    /// Reads a statement that somebody who may say so has signed.
    ///
    /// # Errors
    /// When it is none, or nobody has.
    pub fn read(note: &Note, signers: &Signers) -> Result<Self, NotAStatement> {
        let statement: Self = serde_json::from_str(&note.text).map_err(|_| NotAStatement::Shape)?;
        let is_signed = statement.change.signers().iter().any(|name| signers.has_signed(name, note));
        if is_signed { Ok(statement) } else { Err(NotAStatement::Signature) }
    }
}

impl Change {
    /// Who may say so.
    fn signers(&self) -> Vec<String> {
        match self {
            Self::Request(_) => vec![AUTHORITY.to_owned()],
            Self::Approve { region, .. } | Self::Revoke { region } => vec![region_signer(*region)],
            Self::Expire => vec![AUTHORITY.to_owned(), KEY_HOLDER.to_owned()],
        }
    }
}
