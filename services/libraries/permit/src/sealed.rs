//! What goes to the hub alone: a line that says what it is of, and bytes behind it, encrypted with age to the key in the permit.

use linkage::PermitId;
use serde::{Deserialize, Serialize};
use topics::Region;
use zeroize::Zeroizing;

use crate::record::Permit;

/// What sealed bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Answer,
    Blinds,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) batch: String,
    pub(crate) kind: Kind,
    pub(crate) permit: PermitId,
    pub(crate) points: usize,
    pub(crate) region: Region,
}

/// Bytes are not what they should be, or are another hub's.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// The key does not open it.
    #[error("the hub's key does not open it")]
    Sealed(#[from] age::DecryptError),
    /// What is in it is something else.
    #[error("what was sealed is something else")]
    Shape,
}

/// Seals to the hub of a permit that was checked.
pub(crate) fn seal(head: &Head, body: &[u8], permit: &Permit) -> Result<Vec<u8>, age::EncryptError> {
    let hub: age::x25519::Recipient = permit.hub_key.parse().expect("a permit that was checked has an age key");
    let mut bytes = Zeroizing::new(serde_json::to_vec(head).expect("texts and a number are JSON"));
    bytes.reserve(1 + body.len());
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    age::encrypt(&hub, &bytes)
}

/// Opens at the hub: head and bytes, the bytes wiped when they are dropped.
pub(crate) fn open(
    sealed: &[u8],
    kind: Kind,
    hub: &age::x25519::Identity,
) -> Result<(Head, Zeroizing<Vec<u8>>), NotOpened> {
    let mut bytes = Zeroizing::new(age::decrypt(hub, sealed)?);
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(NotOpened::Shape)?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|_| NotOpened::Shape)?;
    bytes.drain(..=end);
    if head.kind == kind { Ok((head, bytes)) } else { Err(NotOpened::Shape) }
}
