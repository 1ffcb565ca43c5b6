//! Ed25519 signatures in files of their own: 128 hexadecimal digits and a line end.

use std::fmt;

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// The key that signs. It cannot be printed and is wiped when dropped.
pub struct Seed(SigningKey);

/// Public keys whose signatures count.
#[derive(Clone, Debug)]
pub struct Trusted(Vec<VerifyingKey>);

impl Seed {
    /// From 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(SigningKey::from_bytes(&thirty_two(text)?)))
    }

    /// The public key as 64 hexadecimal digits.
    #[must_use]
    pub fn public_key(&self) -> String {
        HEXLOWER.encode(self.0.verifying_key().as_bytes())
    }

    /// Trusts its own signatures.
    #[must_use]
    pub fn trusted(&self) -> Trusted {
        Trusted(vec![self.0.verifying_key()])
    }

    /// The content of the signature's file.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        format!("{}\n", HEXLOWER.encode(&self.0.sign(bytes).to_bytes()))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

impl Trusted {
    /// From a public key of 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(vec![VerifyingKey::from_bytes(&thirty_two(text)?).ok()?]))
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether one of them made this signature.
    pub(super) fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        let Some(signature) = HEXLOWER.decode(signature.trim_end().as_bytes()).ok() else { return false };
        let Ok(signature) = Signature::from_slice(&signature) else { return false };
        self.0.iter().any(|key| key.verify_strict(bytes, &signature).is_ok())
    }
}

fn thirty_two(text: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(text.trim().to_ascii_lowercase().as_bytes()).ok()?.try_into().ok()
}
