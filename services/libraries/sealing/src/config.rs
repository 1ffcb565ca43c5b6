//! The table `sealing` of a region.

use std::collections::HashSet;

use serde::Deserialize;
use settings::{Fault, Secret};

use crate::key::{ID_BYTES_MAX, Keys, RegionKey, is_id};
use crate::open::Opener;
use crate::token::{Token, TokenSettings};

/// More keys than a region rotates within what Kafka keeps.
const KEYS_MAX: usize = 16;

/// With what a region's source records are sealed and opened.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The region's keys, newest first: the first seals, all of them open.
    pub keys: Vec<KeySettings>,
    /// Whether a reader refuses plain records; it does where nothing is said. The connector, which seals all that it writes, has
    /// no such key.
    pub required: Option<bool>,
}

/// One key, in one place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// Its name, which travels with every record: letters, digits and `-`.
    pub id: String,
    /// 64 hexadecimal digits, in a file or an environment variable.
    pub key: Option<Secret>,
    /// In place of `key`: the key is in a token and stays there.
    pub token: Option<TokenSettings>,
}

impl Settings {
    /// The keys of a region, its secrets read now. A token is not asked before its key is needed.
    ///
    /// # Errors
    /// When a key's id is none, two have one, or a secret cannot be read or is no key.
    pub fn keys(&self, region: &str) -> Result<Keys, Fault> {
        if self.keys.is_empty() || self.keys.len() > KEYS_MAX {
            return Err(Fault::new("keys", format!("must be between 1 and {KEYS_MAX} keys")));
        }
        let mut ids = HashSet::new();
        let mut keys = Vec::with_capacity(self.keys.len());
        for (at, settings) in self.keys.iter().enumerate() {
            let key = settings.read(region).map_err(|fault| fault.under(&format!("keys.{at}")))?;
            if !ids.insert(&settings.id) {
                return Err(Fault::new(format!("keys.{at}.id"), "another key has this id; a new key needs a new one"));
            }
            keys.push(key);
        }
        Ok(Keys::new(keys))
    }

    /// What opens the region's records.
    ///
    /// # Errors
    /// As [`Self::keys`].
    pub fn opener(&self, region: &str) -> Result<Opener, Fault> {
        Ok(Opener::new(self.keys(region)?, self.required.unwrap_or(true)))
    }
}

impl KeySettings {
    fn read(&self, region: &str) -> Result<RegionKey, Fault> {
        if !is_id(&self.id) {
            return Err(Fault::new(
                "id",
                format!("must be 1 to {ID_BYTES_MAX} letters, digits and `-`, as \"2026-11\""),
            ));
        }
        match (&self.key, &self.token) {
            (Some(secret), None) => {
                let text = secret.value().map_err(|fault| fault.under("key"))?;
                RegionKey::in_memory(region, &self.id, text.expose())
                    .map_err(|what| Fault::new("key", format!("{}: {what}", secret.name())))
            }
            (None, Some(token)) => {
                let pin = token.pin.value().map_err(|fault| fault.under("token.pin"))?;
                Ok(RegionKey::in_token(region, &self.id, Token::new(token.clone(), pin)))
            }
            _ => Err(Fault::new("id", "a key is in one place: write key or token")),
        }
    }
}
