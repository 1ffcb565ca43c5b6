//! A recipient's age public key.

use std::fmt;

use serde::Deserialize;

/// A public key that is known to be one.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AgeKey(String);

/// A text that is no key. It is not quoted: it may be the secret one.
#[derive(Debug, thiserror::Error)]
#[error("not an age public key; it starts with age1 and is made by `age-keygen -y IDENTITY_FILE`")]
pub struct NotAKey;

impl TryFrom<String> for AgeKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse::<age::x25519::Recipient>().map_err(|_| NotAKey)?;
        Ok(Self(text))
    }
}

impl AgeKey {
    pub(crate) fn recipient(&self) -> age::x25519::Recipient {
        self.0.parse().expect("it was parsed when it was made")
    }
}

impl fmt::Display for AgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
