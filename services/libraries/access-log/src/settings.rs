//! The table `[access_log]` of a service's configuration.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use settings::{Check, Fault, Period, Secret};

use crate::error::Error;
use crate::files::sync;
use crate::limits::Limits;
use crate::log::AccessLog;
use crate::note::{Key, Public};

/// Where entries are written and what they are signed with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The folder, which must be there; each of the service's writers has one of its own in it.
    pub folder: PathBuf,
    /// The Ed25519 seed that checkpoints are signed with, 64 hexadecimal digits.
    pub key: Secret,
    /// Public keys of earlier seeds, whose checkpoints are gone on from.
    #[serde(default)]
    pub retired: Vec<String>,
    /// Begins the logs' names, of which there is one in the world; a domain of one's own is best. Signs without blanks and `+`.
    #[serde(default = "name")]
    pub name: String,
    /// A checkpoint is signed at the latest after so many entries.
    #[serde(default = "checkpoint_entries")]
    pub checkpoint_entries: u32,
    /// And after so much time, where there are any.
    #[serde(default = "checkpoint_after")]
    pub checkpoint_after: Period,
}

fn name() -> String {
    "vardstrom".to_owned()
}

fn checkpoint_entries() -> u32 {
    u32::try_from(Limits::default().checkpoint_entries).expect("a small number")
}

fn checkpoint_after() -> Period {
    Period(Limits::default().checkpoint_after)
}

impl Settings {
    /// The folder of one writer.
    #[must_use]
    pub fn place(&self, writer: &str) -> PathBuf {
        self.folder.join(writer)
    }

    /// The key that signs.
    ///
    /// # Errors
    /// When the environment or the file does not hold it, or holds something else.
    pub fn signing_key(&self) -> Result<Key, Fault> {
        let text = self.key.value().map_err(|fault| fault.under("key"))?;
        let name = self.key.name();
        let message = || format!("{name} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`");
        Key::parse(text.expose()).ok_or_else(|| Fault::new("key", message()))
    }

    /// Opens the log of one of the service's writers, by the command's name.
    ///
    /// # Errors
    /// As [`AccessLog::open`], and when the key is not there.
    pub fn open(&self, writer: &str) -> Result<AccessLog, Error> {
        let key = self.signing_key().map_err(|fault| Error::Key(Arc::new(fault.under("access_log"))))?;
        let retired = self.retired.iter().filter_map(|text| Public::parse(text)).collect();
        let place = self.place(writer);
        if !place.exists() {
            // The folder itself is not made: one that is away would be taken for an empty log.
            fs::create_dir(&place).map_err(Error::file("make the folder", &place))?;
            sync(&self.folder)?;
        }
        let limits = Limits {
            checkpoint_entries: self.checkpoint_entries.into(),
            checkpoint_after: self.checkpoint_after.into(),
            ..Limits::default()
        };
        AccessLog::open(&place, &self.origin(writer), key, retired, limits)
    }

    /// The name of a writer's log, without the region.
    #[must_use]
    pub fn origin(&self, writer: &str) -> String {
        format!("{}/{writer}", self.name)
    }
}

/// Everything but the key, which only some commands of a program need: [`Settings::signing_key`].
impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        for (n, text) in self.retired.iter().enumerate() {
            if Public::parse(text).is_none() {
                return Err(Fault::new(format!("retired.{n}"), "not an Ed25519 public key of 64 hexadecimal digits"));
            }
        }
        let is_sign = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
        if self.name.is_empty() || !self.name.bytes().all(is_sign) {
            return Err(Fault::new("name", "must be letters, digits and signs without blanks and `+`"));
        }
        if self.checkpoint_entries == 0 {
            return Err(Fault::new("checkpoint_entries", "must be at least 1"));
        }
        Ok(())
    }
}
