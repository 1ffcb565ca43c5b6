//! Who asks: by a token of ours, or as a program that a provider of logins knows.

use std::collections::HashMap;
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

/// Those who fetch; each has a token, a program, or both.
pub(super) struct Recipients {
    served: Vec<Served>,
    /// By the digest of their token; the tokens themselves are not kept.
    tokens: Vec<([u8; 32], usize)>,
    /// By the client id of their program.
    programs: HashMap<String, usize>,
}

impl Recipients {
    /// Those of the configuration that have a token or a program.
    pub(super) fn of(config: &Config) -> Result<Self, Error> {
        let mut found = Self { served: Vec::new(), tokens: Vec::new(), programs: HashMap::new() };
        for recipient in &config.recipients {
            let Some(folder) = recipient.folder.as_ref().filter(|_| recipient.fetches()) else { continue };
            let at = found.served.len();
            found.served.push(Served { name: recipient.name.clone(), folder: folder.clone() });
            if let Some(token) = &recipient.token {
                let token = token.value().map_err(|source| Error::Secret { what: "a recipient's token", source })?;
                let token_digest = digest::of(token.expose().as_bytes());
                let taken = found.tokens.iter().any(|(other, _)| *other == token_digest);
                if taken || token.expose().len() < TOKEN_LETTERS_MIN {
                    return Err(Error::TokenUnfit(recipient.name.clone()));
                }
                found.tokens.push((token_digest, at));
            }
            if let Some(program) = &recipient.program {
                found.programs.insert(program.clone(), at);
            }
        }
        if found.served.is_empty() { Err(Error::ServeMissing) } else { Ok(found) }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Served> {
        self.served.iter()
    }

    /// The recipient with this token. Digests are compared, all of them and to their ends: the time that it takes says
    /// nothing of a token that is nearly right.
    pub(super) fn with(&self, token: &str) -> Option<&Served> {
        let shown = digest::of(token.as_bytes());
        let mut found = None;
        for (digest, at) in &self.tokens {
            let difference = digest.iter().zip(&shown).fold(0, |difference, (one, other)| difference | (one ^ other));
            if difference == 0 {
                found = self.served.get(*at);
            }
        }
        found
    }

    /// The recipient of this program.
    pub(super) fn of_program(&self, id: &str) -> Option<&Served> {
        self.served.get(*self.programs.get(id)?)
    }
}
