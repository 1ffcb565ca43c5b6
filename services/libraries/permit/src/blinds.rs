//! What a region gives the hub beside a batch: for each point the pseudonym under which the hub has the person's rows, and the
//! blind that frees the answer. Sealed, for with blinds and points together anybody could try out all numbers.

use linkage::{Blind, PermitId, Pseudonym, Unusable, finish};
use topics::Region;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::record::Permit;
use crate::sealed::{self, Head, Kind, NotOpened};

/// Bytes of a blind.
const BLIND_BYTES: usize = 32;

/// The blinds of one batch, in its order. Cannot be printed, and its blinds are wiped when dropped.
pub struct Blinds {
    /// The permit.
    pub permit: PermitId,
    /// The region.
    pub region: Region,
    /// SHA-256 of the batch's points.
    pub batch: String,
    /// For each point the region's pseudonym and the blind.
    pub rows: Vec<(String, Blind)>,
}

/// Answer and blinds give no pseudonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTogether {
    /// They are of two batches.
    #[error("answer and blinds are not of one batch")]
    Batch,
    /// The answer holds what the key holder cannot have computed.
    #[error("point {at} of the answer")]
    Point {
        /// Which, from 0.
        at: usize,
        /// Why not.
        source: Unusable,
    },
}

impl Blinds {
    /// Seals them to the hub that the permit names.
    ///
    /// # Errors
    /// When age cannot, for want of memory or random bytes.
    ///
    /// # Panics
    /// When the permit was not checked.
    pub fn seal(&self, permit: &Permit) -> Result<Vec<u8>, age::EncryptError> {
        let (batch, points) = (self.batch.clone(), self.rows.len());
        let head = Head { batch, kind: Kind::Blinds, permit: self.permit.clone(), points, region: self.region };
        let length = self.rows.iter().map(|(pseudonym, _)| BLIND_BYTES + pseudonym.len() + 1).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(length));
        for (pseudonym, blind) in &self.rows {
            body.extend_from_slice(&blind.to_bytes()[..]);
            body.extend_from_slice(pseudonym.as_bytes());
            body.push(b'\n');
        }
        sealed::seal(&head, &body, permit)
    }

    /// Opens them at the hub.
    ///
    /// # Errors
    /// When the key is another's, or they are none.
    pub fn open(sealed: &[u8], hub: &age::x25519::Identity) -> Result<Self, NotOpened> {
        let (head, body) = sealed::open(sealed, Kind::Blinds, hub)?;
        let mut rows = Vec::new();
        let mut rest = &body[..];
        while let Some((blind, behind)) = rest.split_first_chunk::<BLIND_BYTES>() {
            let end = behind.iter().position(|byte| *byte == b'\n').ok_or(NotOpened::Shape)?;
            let pseudonym = std::str::from_utf8(&behind[..end]).map_err(|_| NotOpened::Shape)?;
            rows.push((pseudonym.to_owned(), Blind::from_bytes(blind).map_err(|_| NotOpened::Shape)?));
            rest = &behind[end + 1..];
        }
        if rows.len() != head.points || !rest.is_empty() {
            return Err(NotOpened::Shape);
        }
        Ok(Self { permit: head.permit, region: head.region, batch: head.batch, rows })
    }

    /// For each person of the batch the region's pseudonym and the permit's, for this recipient.
    ///
    /// # Errors
    /// When the answer is of another batch, or is no answer.
    pub fn finish(&self, answer: &Answer, recipient: &str) -> Result<Vec<(&str, Pseudonym)>, NotTogether> {
        let one = (&self.permit, self.region, &self.batch, self.rows.len());
        if one != (&answer.permit, answer.region, &answer.batch, answer.points.len()) {
            return Err(NotTogether::Batch);
        }
        let finished = self.rows.iter().zip(&answer.points).enumerate().map(|(at, ((pseudonym, blind), point))| {
            let made = finish(blind, *point, &self.permit, recipient);
            Ok((pseudonym.as_str(), made.map_err(|source| NotTogether::Point { at, source })?))
        });
        finished.collect()
    }
}
