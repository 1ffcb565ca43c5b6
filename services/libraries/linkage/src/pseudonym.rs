//! The hub's step: an answer is freed of its blind and becomes a pseudonym of one permit and recipient.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hkdf::Hkdf;
use p256::ProjectivePoint;
use p256::elliptic_curve::Group as _;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::blind::Blind;
use crate::group;
use crate::permit_id::PermitId;
use crate::person::push;
use crate::point::{Evaluated, Unusable, x_of};

/// Says what is made, and by which version.
const DOMAIN: &[u8] = b"vardstrom linkage pseudonym 1";

/// The version of the profile: it is in every pseudonym and bound into it.
pub const VERSION: &str = "v1";

/// 160 bits, so that no two persons of a nation ever share one.
const SHOWN_BYTES: usize = 20;

/// A person's pseudonym under a permit, for its recipient: `p17.v1.` and base32.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(String);

/// Frees an answer of its blind and makes the pseudonym: HKDF-SHA-256 of the x coordinate, without salt.
///
/// # Errors
/// When no point has the answer's x coordinate.
pub fn finish(blind: &Blind, evaluated: Evaluated, permit: &PermitId, recipient: &str) -> Result<Pseudonym, Unusable> {
    let point = group::unblind(ProjectivePoint::from(evaluated.point()?), blind.scalar()).ok_or(Unusable::Identity)?;
    if bool::from(point.is_identity()) {
        return Err(Unusable::Identity);
    }
    let x = Zeroizing::new(x_of(&point.to_affine()));
    let mut info = Vec::with_capacity(128);
    for part in [DOMAIN, permit.as_str().as_bytes(), recipient.as_bytes(), VERSION.as_bytes()] {
        push(&mut info, part);
    }
    let mut shown = [0; SHOWN_BYTES];
    Hkdf::<Sha256>::new(None, &x[..]).expand(&info, &mut shown).expect("20 bytes are less than 255 hashes");
    Ok(Pseudonym(format!("{permit}.{VERSION}.{}", BASE32_NOPAD.encode(&shown).to_ascii_lowercase())))
}

impl Pseudonym {
    /// The pseudonym.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
