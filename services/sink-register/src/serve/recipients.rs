//! Who a token belongs to.

use std::path::PathBuf;

use crate::config::Config;
use crate::error::Error;
use parcel::digest;

/// Half of what `openssl rand -hex 32` gives: 128 bits that nobody guesses.
const TOKEN_LETTERS_MIN: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) name: String,
    pub(super) folder: PathBuf,
}

/// Recipients by the digest of their token; the tokens themselves are not kept.
pub(super) struct Recipients(Vec<([u8; 32], Served)>);

impl Recipients {
    /// Those of the configuration that have a token.
    pub(super) fn of(config: &Config) -> Result<Self, Error> {
        let mut found: Vec<([u8; 32], Served)> = Vec::new();
        for recipient in &config.recipients {
            let (Some(token), Some(folder)) = (&recipient.token, &recipient.folder) else { continue };
            let token = token.value().map_err(|source| Error::Secret { what: "a recipient's token", source })?;
            let token_digest = digest::of(token.expose().as_bytes());
            let taken = found.iter().any(|(other, _)| *other == token_digest);
            if taken || token.expose().len() < TOKEN_LETTERS_MIN {
                return Err(Error::TokenUnfit(recipient.name.clone()));
            }
            found.push((token_digest, Served { name: recipient.name.clone(), folder: folder.clone() }));
        }
        if found.is_empty() { Err(Error::ServeMissing) } else { Ok(Self(found)) }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Served> {
        self.0.iter().map(|(_, recipient)| recipient)
    }

    /// The recipient with this token. Digests are compared, all of them and to their ends: the time that it takes says
    /// nothing of a token that is nearly right.
    pub(super) fn with(&self, token: &str) -> Option<&Served> {
        let shown = digest::of(token.as_bytes());
        let mut found = None;
        for (digest, recipient) in &self.0 {
            let difference = digest.iter().zip(&shown).fold(0, |difference, (one, other)| difference | (one ^ other));
            if difference == 0 {
                found = Some(recipient);
            }
        }
        found
    }
}
