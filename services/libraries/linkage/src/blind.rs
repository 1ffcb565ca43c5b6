//! The region's step: a person becomes a point, and the point is hidden.

use p256::Scalar;
use p256::elliptic_curve::{Group as _, PrimeField as _};
use zeroize::{Zeroize as _, Zeroizing};

use crate::group::{self, NoRandom};
use crate::person::Person;
use crate::point::Blinded;

/// What hides one person's point in one batch, and frees the answer. The key holder never gets it: with blind and blinded
/// point anybody can try out all numbers. Cannot be printed and is wiped when dropped.
pub struct Blind(Scalar);

/// Bytes are no blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a blind: 32 bytes between zero and the order of P-256")]
pub struct NotABlind;

/// Hides a person under a blind of its own, drawn now.
///
/// # Errors
/// When the system gives no random bytes.
pub fn blind(person: &Person) -> Result<(Blind, Blinded), NoRandom> {
    loop {
        let blind = Blind(group::random_scalar()?);
        let point = group::hash_to_group(person.bytes()) * blind.0;
        // RFC 9497 calls an input that hashes to the identity invalid; none is known, and a permit's name would have to change.
        if !bool::from(point.is_identity()) {
            return Ok((blind, Blinded(point.to_affine())));
        }
    }
}

impl Blind {
    /// Reads a blind.
    ///
    /// # Errors
    /// When it is zero or not below the order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotABlind> {
        group::scalar(bytes).map(Self).ok_or(NotABlind)
    }

    /// The blind, for the sealed file in which it goes to the hub.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_repr().into())
    }

    pub(crate) const fn scalar(&self) -> &Scalar {
        &self.0
    }
}

impl Drop for Blind {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
