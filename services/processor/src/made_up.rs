//! A key where nobody has given one: a file or an example is tried.

use std::hash::{BuildHasher, RandomState};

use identity::{Key, PseudonymError, Pseudonymiser};

/// A pseudonymiser for this run only.
pub(crate) fn pseudonymiser() -> Result<Pseudonymiser, PseudonymError> {
    Pseudonymiser::new("14", "v0", &key())
}

/// A key for this run only. What is keyed with it is never printed, so it need not outlive the run or be kept.
pub(crate) fn key() -> Key {
    loop {
        let mut bytes = [0_u8; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            // Each state is seeded by the operating system.
            chunk.copy_from_slice(&RandomState::new().hash_one(0_u8).to_ne_bytes());
        }
        if let Ok(key) = Key::from_bytes(&bytes) {
            return key;
        }
    }
}
