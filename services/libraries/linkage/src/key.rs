//! The key holder's step: points under a permit's key.

use data_encoding::HEXLOWER_PERMISSIVE;
use hkdf::Hkdf;
use p256::{ProjectivePoint, Scalar};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::group;
use crate::permit_id::PermitId;
use crate::person::push;
use crate::point::{Blinded, Evaluated, x_of};

/// Says what is derived, and by which version.
const DOMAIN: &[u8] = b"vardstrom linkage key 1";

const SEED_BYTES: usize = 32;

/// What the permits' keys are derived from. Cannot be printed and is wiped when dropped.
pub struct Seed(Zeroizing<[u8; SEED_BYTES]>);

/// Why a text is no seed. Never says what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Another shape.
    #[error("a seed is 64 hexadecimal digits: make one with `openssl rand -hex 32`")]
    Shape,
    /// Every byte is the same.
    #[error("the seed is a placeholder: make one with `openssl rand -hex 32`")]
    Placeholder,
}

/// The key of one permit. Cannot be printed and is wiped when dropped.
pub struct Key(Scalar);

impl Seed {
    /// Reads 64 hexadecimal digits, blanks around them allowed.
    ///
    /// # Errors
    /// When it is something else, or a placeholder.
    pub fn from_hex(text: &str) -> Result<Self, SeedError> {
        let digits = text.trim_ascii().as_bytes();
        let mut bytes = Zeroizing::new([0_u8; SEED_BYTES]);
        if digits.len() != 2 * SEED_BYTES || HEXLOWER_PERMISSIVE.decode_mut(digits, &mut bytes[..]).is_err() {
            return Err(SeedError::Shape);
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(SeedError::Placeholder);
        }
        Ok(Self(bytes))
    }

    /// This seed mixed with a share of one permit (HKDF-SHA-256). When the share is destroyed, the seed alone makes that
    /// permit's key no more.
    ///
    /// # Panics
    /// Never: 32 bytes are less than 255 hashes.
    #[must_use]
    pub fn with(&self, share: &[u8; SEED_BYTES]) -> Self {
        let mut bytes = Zeroizing::new([0_u8; SEED_BYTES]);
        let mixed = Hkdf::<Sha256>::new(Some(share), &self.0[..]).expand(b"vardstrom linkage share 1", &mut bytes[..]);
        mixed.expect("32 bytes are less than 255 hashes");
        Self(bytes)
    }
}

/// The key of a permit: `DeriveKeyPair` of RFC 9497 with the permit's name in `info`.
#[must_use]
pub fn derive_key(seed: &Seed, permit: &PermitId) -> Key {
    let mut info = Vec::with_capacity(64);
    push(&mut info, DOMAIN);
    push(&mut info, permit.as_str().as_bytes());
    Key(group::derive_key(&seed.0[..], &info).expect("256 hashes that are all zero are never met"))
}

/// Evaluates a batch, in its order. A key and a point that are not zero never give the identity: the order is prime.
#[must_use]
pub fn evaluate(key: &Key, batch: &[Blinded]) -> Vec<Evaluated> {
    batch.iter().map(|blinded| Evaluated(x_of(&(ProjectivePoint::from(blinded.0) * key.0).to_affine()))).collect()
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
