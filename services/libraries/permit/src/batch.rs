//! A region's blinded points on their way to the key holder: a signed note that says of which permit, region and points, and
//! behind it the points, 33 bytes each. The region has put them in an order that says nothing.

use access_log::{Key, Note};
use linkage::{Blinded, POINT_BYTES, PermitId, Unusable};
use serde::{Deserialize, Serialize};
use topics::Region;

use crate::sha256;
use crate::signers::{Signers, region_signer};

/// Points of a batch at most: some seconds of one core.
pub const POINTS_MAX: usize = 100_000;
/// The note before the points is shorter than this.
const NOTE_BYTES_MAX: usize = 1024;
/// Bytes of a batch at most.
pub const BATCH_BYTES_MAX: usize = NOTE_BYTES_MAX + POINTS_MAX * POINT_BYTES;

/// Blinded points of one region under one permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The permit.
    pub permit: PermitId,
    /// The region that has blinded and signed them.
    pub region: Region,
    /// The points, none twice.
    pub points: Vec<Blinded>,
    /// SHA-256 of the points, by which answer and blinds are found together.
    pub digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    permit: PermitId,
    points: usize,
    region: Region,
    sha256: String,
}

/// Bytes are no batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABatch {
    /// Another shape.
    #[error("not a batch: a signed note and {POINT_BYTES} bytes for each of its points")]
    Shape,
    /// None or too many.
    #[error("a batch has 1 to {POINTS_MAX} points")]
    Count,
    /// The region that it names has not signed it.
    #[error("not signed by the region that it names")]
    Signature,
    /// Its points are others than those that were signed.
    #[error("its points are not those that were signed")]
    Digest,
    /// A point that nothing is computed with.
    #[error("point {at} of the batch")]
    Point {
        /// Which, from 0.
        at: usize,
        /// Why not.
        source: Unusable,
    },
}

impl Batch {
    /// Points of a region, to be signed.
    ///
    /// # Errors
    /// When there are none, or too many.
    pub fn new(permit: PermitId, region: Region, points: Vec<Blinded>) -> Result<Self, NotABatch> {
        if points.is_empty() || points.len() > POINTS_MAX {
            return Err(NotABatch::Count);
        }
        let digest = sha256::hex(&bytes_of(&points));
        Ok(Self { permit, region, points, digest })
    }

    /// The batch as it travels.
    ///
    /// # Panics
    /// Never: texts and a number are JSON.
    #[must_use]
    pub fn sign(&self, key: &Key) -> Vec<u8> {
        let (permit, points, region) = (self.permit.clone(), self.points.len(), self.region);
        let head = Head { permit, points, region, sha256: self.digest.clone() };
        let head = serde_json::to_string(&head).expect("texts and a number are JSON");
        let note = key.sign(&region_signer(region), &format!("{head}\n"));
        [note.to_string().into_bytes(), bytes_of(&self.points)].concat()
    }

    /// Reads a batch that its region has signed. Every point is looked at before any is used.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8], signers: &Signers) -> Result<Self, NotABatch> {
        // Head, empty line, signature: the third line break ends the note.
        let breaks = bytes.iter().take(NOTE_BYTES_MAX).enumerate().filter(|(_, byte)| **byte == b'\n');
        let end = breaks.map(|(at, _)| at + 1).nth(2).ok_or(NotABatch::Shape)?;
        let (note, points) = bytes.split_at(end);
        let note = std::str::from_utf8(note).ok().and_then(Note::parse).ok_or(NotABatch::Shape)?;
        let head: Head = serde_json::from_str(&note.text).map_err(|_| NotABatch::Shape)?;
        if !signers.has_signed(&region_signer(head.region), &note) {
            return Err(NotABatch::Signature);
        }
        if head.points == 0 || head.points > POINTS_MAX {
            return Err(NotABatch::Count);
        }
        if points.len() != head.points * POINT_BYTES {
            return Err(NotABatch::Shape);
        }
        if sha256::hex(points) != head.sha256 {
            return Err(NotABatch::Digest);
        }
        let point = |(at, bytes)| Blinded::from_bytes(bytes).map_err(|source| NotABatch::Point { at, source });
        let points = points.chunks_exact(POINT_BYTES).enumerate().map(point).collect::<Result<_, _>>()?;
        Ok(Self { permit: head.permit, region: head.region, points, digest: head.sha256 })
    }
}

fn bytes_of(points: &[Blinded]) -> Vec<u8> {
    points.iter().flat_map(Blinded::to_bytes).collect()
}
