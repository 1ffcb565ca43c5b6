//! The name of a permit, which is bound into everything here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest one.
const LENGTH_MAX: usize = 32;

/// A permit's name: a lower-case letter, then lower-case letters, digits and hyphens, 32 signs at most. Two permits never
/// have the same one: it is what makes their keys and pseudonyms differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PermitId(String);

/// A text is no permit's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a permit's name is a lower-case letter and at most {} lower-case letters, digits and hyphens behind it", LENGTH_MAX - 1)]
pub struct NotAPermitId;

impl PermitId {
    /// Reads a name.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn new(text: &str) -> Result<Self, NotAPermitId> {
        let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        let is_name = begins && text.len() <= LENGTH_MAX && text.bytes().all(is_sign);
        is_name.then(|| Self(text.to_owned())).ok_or(NotAPermitId)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PermitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PermitId {
    type Error = NotAPermitId;

    fn try_from(text: String) -> Result<Self, NotAPermitId> {
        Self::new(&text)
    }
}

impl From<PermitId> for String {
    fn from(id: PermitId) -> Self {
        id.0
    }
}
