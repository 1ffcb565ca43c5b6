//! The steps of RFC 9497's OPRF mode over P-256 with SHA-256, on elements and scalars. What is ours begins outside of this file.

use p256::elliptic_curve::consts::U48;
use p256::elliptic_curve::{Field as _, PrimeField as _};
use p256::hash2curve::{ExpandMsgXmd, GroupDigest as _, hash_to_scalar};
use p256::{NistP256, ProjectivePoint, Scalar};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::Sha256;
use zeroize::Zeroizing;

/// `contextString` of the suite in OPRF mode: mode 0x00.
const CONTEXT: &[u8] = b"OPRFV1-\x00-P256-SHA256";

/// The system gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandom;

/// `HashToGroup`. The identity, which nobody has ever found an input for, is left to the caller.
pub(crate) fn hash_to_group(input: &[u8]) -> ProjectivePoint {
    NistP256::hash_from_bytes(&[input], &[b"HashToGroup-", CONTEXT]).expect("the tag has 33 bytes, less than 256")
}

/// `DeriveKeyPair`, of which the secret half. Nothing when 256 hashes in turn are zero.
pub(crate) fn derive_key(seed: &[u8], info: &[u8]) -> Option<Scalar> {
    let length = u16::try_from(info.len()).ok()?.to_be_bytes();
    (0..=u8::MAX).find_map(|counter| {
        let parts: [&[u8]; 4] = [seed, &length, info, &[counter]];
        let scalar =
            hash_to_scalar::<NistP256, ExpandMsgXmd<Sha256>, U48>(&parts, &[b"DeriveKeyPair", CONTEXT]).ok()?;
        is_usable(scalar)
    })
}

/// A scalar of 32 bytes, big-endian; nothing when it is zero or not below the order.
pub(crate) fn scalar(bytes: &[u8; 32]) -> Option<Scalar> {
    is_usable(Option::from(Scalar::from_repr((*bytes).into()))?)
}

/// `RandomScalar`: bytes are drawn again while they are zero or not below the order, which one draw in 2^32 is.
pub(crate) fn random_scalar() -> Result<Scalar, NoRandom> {
    let random = SystemRandom::new();
    let mut bytes = Zeroizing::new([0_u8; 32]);
    loop {
        random.fill(&mut bytes[..]).map_err(|_| NoRandom)?;
        if let Some(scalar) = scalar(&bytes) {
            return Ok(scalar);
        }
    }
}

/// The element that `Finalize` hashes: the evaluated one, freed of the blind. Nothing for a blind of zero.
pub(crate) fn unblind(evaluated: ProjectivePoint, blind: &Scalar) -> Option<ProjectivePoint> {
    let inverse: Zeroizing<Scalar> = Zeroizing::new(Option::from(blind.invert())?);
    Some(evaluated * *inverse)
}

fn is_usable(scalar: Scalar) -> Option<Scalar> {
    (!bool::from(scalar.is_zero())).then_some(scalar)
}

/// RFC 9497, A.3.1: OPRF(P-256, SHA-256), OPRF mode.
#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use p256::elliptic_curve::Group as _;
    use p256::elliptic_curve::sec1::ToSec1Point as _;
    use sha2::Digest as _;

    use super::*;

    const SEED: [u8; 32] = [0xa3; 32];
    const KEY: &str = "159749d750713afe245d2d39ccfaae8381c53ce92d098a9375ee70739c7ac0bf";
    const BLIND: &str = "3338fa65ec36e0290022b48eb562889d89dbfa691d1cde91517fa222ed7ad364";
    /// Input, blinded element, evaluation element, output; all in hexadecimal.
    const VECTORS: [[&str; 4]; 2] = [
        [
            "00",
            "03723a1e5c09b8b9c18d1dcbca29e8007e95f14f4732d9346d490ffc195110368d",
            "030de02ffec47a1fd53efcdd1c6faf5bdc270912b8749e783c7ca75bb412958832",
            "a0b34de5fa4c5b6da07e72af73cc507cceeb48981b97b7285fc375345fe495dd",
        ],
        [
            "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
            "03cc1df781f1c2240a64d1c297b3f3d16262ef5d4cf102734882675c26231b0838",
            "03a0395fe3828f2476ffcd1f4fe540e5a8489322d398be3c4e5a869db7fcb7c52c",
            "c748ca6dd327f0ce85f4ae3a8cd6d4d5390bbb804c9e12dcf94f853fece3dcce",
        ],
    ];

    fn hex(point: ProjectivePoint) -> String {
        HEXLOWER.encode(point.to_affine().to_sec1_point(true).as_bytes())
    }

    fn of_hex(text: &str) -> Scalar {
        scalar(&HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()).unwrap()
    }

    #[test]
    fn derive_key_pair() {
        let key = derive_key(&SEED, b"test key").unwrap();
        assert_eq!(HEXLOWER.encode(&key.to_repr()), KEY);
    }

    #[test]
    fn blind_evaluate_finalize() {
        for [input, blinded, evaluated, output] in VECTORS {
            let input = HEXLOWER.decode(input.as_bytes()).unwrap();
            let blind = of_hex(BLIND);
            let found = hash_to_group(&input) * blind;
            assert_eq!(hex(found), blinded);
            let found = found * of_hex(KEY);
            assert_eq!(hex(found), evaluated);
            let element = unblind(found, &blind).unwrap().to_affine().to_sec1_point(true);
            let length = u16::try_from(input.len()).unwrap().to_be_bytes();
            let hash = Sha256::new().chain_update(length).chain_update(&input).chain_update(33_u16.to_be_bytes());
            let hash = hash.chain_update(element.as_bytes()).chain_update(b"Finalize").finalize();
            assert_eq!(HEXLOWER.encode(&hash), output);
        }
    }

    #[test]
    fn zero_and_what_is_not_below_the_order_are_no_scalars() {
        const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let mut order: [u8; 32] = HEXLOWER.decode(ORDER.as_bytes()).unwrap().try_into().unwrap();
        assert!(scalar(&[0; 32]).is_none() && scalar(&order).is_none() && scalar(&[0xff; 32]).is_none());
        order[31] -= 1;
        assert!(scalar(&order).is_some());
        assert!(unblind(ProjectivePoint::generator(), &Scalar::ZERO).is_none());
    }
}
