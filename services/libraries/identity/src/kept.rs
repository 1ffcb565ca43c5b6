//! What is kept of an identity, sealed, so that its pseudonym can be made by another key.

use zeroize::Zeroizing;

/// Exactly what a pseudonym is made of: the numbering's system, a zero byte and the canonical value. Cannot be printed, and is
/// wiped when dropped.
pub struct Kept(Zeroizing<Vec<u8>>);

impl Kept {
    pub(crate) fn new(system: &str, value: &[u8]) -> Kept {
        let mut bytes = Zeroizing::new(Vec::with_capacity(system.len() + 1 + value.len()));
        bytes.extend_from_slice(system.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(value);
        Kept(bytes)
    }

    /// From the bytes that [`Self::bytes`] gave; nothing of others.
    pub fn from_bytes(bytes: &[u8]) -> Option<Kept> {
        let at = bytes.iter().position(|byte| *byte == 0)?;
        (at + 1 < bytes.len()).then(|| Kept(Zeroizing::new(bytes.to_vec())))
    }

    /// What is to be sealed. Whoever has it has the identity.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
