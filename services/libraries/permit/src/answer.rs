//! The key holder's answer to a batch, sealed to the hub: the region that carries it reads nothing of it.

use linkage::{EVALUATED_BYTES, Evaluated, PermitId};
use topics::Region;

use crate::record::Permit;
use crate::sealed::{self, Head, Kind, NotOpened};

/// The evaluated points of one batch, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The permit.
    pub permit: PermitId,
    /// The region.
    pub region: Region,
    /// SHA-256 of the batch's points.
    pub batch: String,
    /// The answers.
    pub points: Vec<Evaluated>,
}

impl Answer {
    /// Seals it to the hub that the permit names.
    ///
    /// # Errors
    /// When age cannot, for want of memory or random bytes.
    ///
    /// # Panics
    /// When the permit was not checked.
    pub fn seal(&self, permit: &Permit) -> Result<Vec<u8>, age::EncryptError> {
        let (batch, points) = (self.batch.clone(), self.points.len());
        let head = Head { batch, kind: Kind::Answer, permit: self.permit.clone(), points, region: self.region };
        let body: Vec<u8> = self.points.iter().flat_map(|point| point.to_bytes()).collect();
        sealed::seal(&head, &body, permit)
    }

    /// Opens it at the hub.
    ///
    /// # Errors
    /// When the key is another's, or it is none.
    pub fn open(sealed: &[u8], hub: &age::x25519::Identity) -> Result<Self, NotOpened> {
        let (head, body) = sealed::open(sealed, Kind::Answer, hub)?;
        let (points, rest) = body.as_chunks::<EVALUATED_BYTES>();
        if points.len() != head.points || !rest.is_empty() {
            return Err(NotOpened::Shape);
        }
        let points = points.iter().map(|bytes| Evaluated::from_bytes(*bytes)).collect();
        Ok(Self { permit: head.permit, region: head.region, batch: head.batch, points })
    }
}
