//! Random values, and values that are made of one for different uses.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use openidconnect::CsrfToken;
use sha2::{Digest, Sha256};

/// 32 random bytes, in the letters of base 64 for addresses.
pub(crate) fn random() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

/// The name under which a session is kept: who reads the memory does not read what opens it.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The key of this process, for what browsers keep for us.
pub(crate) struct Key(Hmac<Sha256>);

impl Key {
    pub(crate) fn random() -> Self {
        Self(Hmac::new_from_slice(random().as_bytes()).expect("HMAC takes keys of any length"))
    }

    /// 64 hexadecimal digits that nobody else can make of this text for this use.
    pub(crate) fn derive(&self, usage: &str, text: &str) -> String {
        let mut keyed = self.0.clone();
        keyed.update(usage.as_bytes());
        keyed.update(&[0]);
        keyed.update(text.as_bytes());
        HEXLOWER.encode(&keyed.finalize().into_bytes())
    }
}
