//! Points as they travel: 33 bytes to the key holder (SEC 1, compressed), 32 bytes from it (the x coordinate alone).
//!
//! The sign of y is left away on the way back because a PKCS#11 token that does plain ECDH tells x alone. It is not missed:
//! the pseudonym is made of the x coordinate, and x of a point and of its negative are the same, with and without blind.

use p256::elliptic_curve::sec1::{FromSec1Point as _, ToSec1Point as _};
use p256::{AffinePoint, Sec1Point};

/// Bytes of a blinded point.
pub const POINT_BYTES: usize = 33;
/// Bytes of an evaluated point.
pub const EVALUATED_BYTES: usize = 32;

/// The tag of a compressed point with an even y.
const EVEN: u8 = 0x02;
const ODD: u8 = 0x03;

/// A person's point under a blind: a random point to whoever does not know the blind. Never the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blinded(pub(crate) AffinePoint);

/// The x coordinate of a blinded point under a permit's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluated(pub(crate) [u8; EVALUATED_BYTES]);

/// Bytes that nothing is computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Not a compressed point.
    #[error("not a compressed point of P-256: {POINT_BYTES} bytes that begin with 02 or 03")]
    Shape,
    /// The neutral element: its answer would be the same under every key.
    #[error("the identity is no person's point")]
    Identity,
    /// No such point: an answer could tell of the key.
    #[error("not a point on P-256")]
    NotOnCurve,
}

impl Blinded {
    /// Reads a point.
    ///
    /// # Errors
    /// When it is none, or the identity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unusable> {
        match bytes {
            [0] => Err(Unusable::Identity),
            [EVEN | ODD, ..] if bytes.len() == POINT_BYTES => point(bytes).map(Self),
            _ => Err(Unusable::Shape),
        }
    }

    /// The point as it travels.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; POINT_BYTES] {
        let mut bytes = [0; POINT_BYTES];
        bytes.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        bytes
    }
}

impl Evaluated {
    /// Takes an x coordinate. Whether there is such a point is found when it is finished.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; EVALUATED_BYTES]) -> Self {
        Self(bytes)
    }

    /// The x coordinate.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; EVALUATED_BYTES] {
        self.0
    }

    /// One of the two points with this x.
    pub(crate) fn point(self) -> Result<AffinePoint, Unusable> {
        let mut bytes = [EVEN; POINT_BYTES];
        bytes[1..].copy_from_slice(&self.0);
        point(&bytes)
    }
}

/// x of a point that is not the identity.
pub(crate) fn x_of(point: &AffinePoint) -> [u8; EVALUATED_BYTES] {
    let mut bytes = [0; EVALUATED_BYTES];
    bytes.copy_from_slice(&point.to_sec1_point(true).as_bytes()[1..]);
    bytes
}

fn point(bytes: &[u8]) -> Result<AffinePoint, Unusable> {
    let encoded = Sec1Point::from_bytes(bytes).map_err(|_| Unusable::NotOnCurve)?;
    Option::from(AffinePoint::from_sec1_point(&encoded)).ok_or(Unusable::NotOnCurve)
}
