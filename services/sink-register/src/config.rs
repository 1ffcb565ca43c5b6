//! What the register extracts are told.

use std::path::PathBuf;

use runtime::config::{self, Check, Fault, Secret};
use serde::Deserialize;

use crate::definition::Definition;
use crate::error::Error;
use crate::pseudonym::{self, Pseudonyms};
use parcel::AgeKey;
use parcel::flag;
use parcel::{Seed, Trusted};
use topics::Region;

/// Longest name of a key.
const ID_MAX: usize = 16;

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The store.
    pub database: postgresql::Settings,
    /// Where each disclosure is an entry before it leaves; without it they are in the ledger only.
    pub access_log: Option<access_log::Settings>,
    /// What is logged.
    #[serde(default)]
    pub log: config::Log,
    /// What parcels are signed with.
    pub signing: Signing,
    /// What pseudonyms of recipients are made with; needed where a file has rows of persons or events.
    #[serde(default)]
    pub pseudonyms: Pseudonymising,
    /// Where definitions come from.
    #[serde(default)]
    pub definitions: Sources,
    /// Where recipients fetch parcels, when they do.
    pub serve: Option<config::Http>,
    /// The provider of logins that knows the programs of recipients, where they have some.
    pub login: Option<login::config::Programs>,
    /// Who may get parcels.
    #[serde(default, rename = "recipient")]
    pub recipients: Vec<Recipient>,
    /// What readers of the figures must know.
    #[serde(default, rename = "flag")]
    pub flags: Vec<flag::Declared>,
}

/// What parcels are signed with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// The Ed25519 seed, 64 hexadecimal digits, in the environment.
    pub seed: Secret,
    /// Public keys of earlier seeds, whose parcels are still to be trusted.
    #[serde(default)]
    pub retired: Vec<String>,
}

/// What pseudonyms of recipients are made with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pseudonymising {
    /// The register's secrets, newest first: the first makes pseudonyms, all of them make earlier parcels again.
    pub keys: Vec<PseudonymSecret>,
}

/// A secret of the register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymSecret {
    /// Its name, which stands in manifests.
    pub id: String,
    /// 64 hexadecimal digits, in the environment or a file.
    pub key: Secret,
}

/// Where definitions come from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sources {
    /// A folder of definitions beside those that we ship.
    pub folder: Option<PathBuf>,
}

/// Who may get parcels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// The name that definitions use.
    pub name: String,
    /// Files with a row per person are encrypted to this key.
    pub age_key: Option<AgeKey>,
    /// Parcels are delivered into this folder; with `token` or `program`, they are offered from it.
    pub folder: Option<PathBuf>,
    /// The recipient fetches its parcels over HTTP and shows this token, 32 letters or more.
    pub token: Option<Secret>,
    /// The recipient fetches them by a program that the provider of `[login]` knows: its client id there (`azp`).
    pub program: Option<String>,
    /// Parcels are delivered into a folder of this server.
    pub sftp: Option<sftp::Server>,
}

impl Recipient {
    /// Whether it fetches its parcels over HTTP.
    #[must_use]
    pub const fn fetches(&self) -> bool {
        self.token.is_some() || self.program.is_some()
    }
}

impl Config {
    /// The database's address.
    ///
    /// # Errors
    /// When the environment does not hold it, or its server cannot be known as the configuration says.
    pub fn address(&self) -> Result<postgresql::Address, Error> {
        self.database.address().map_err(|source| Error::Secret { what: "the database's address", source })
    }

    /// The signing key.
    ///
    /// # Errors
    /// When the environment does not hold it, or holds something else.
    pub fn seed(&self) -> Result<Seed, Error> {
        let fault = |source| Error::Secret { what: "the signing key", source };
        let text = self.signing.seed.value().map_err(fault)?;
        Seed::parse(text.expose()).ok_or_else(|| {
            let name = self.signing.seed.name();
            let message = format!("{name} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`");
            fault(Fault::new("signing.seed", message))
        })
    }

    /// Whose signatures count: the present key's and the retired ones'.
    ///
    /// # Errors
    /// When the environment does not hold the present key.
    pub fn trusted(&self) -> Result<Trusted, Error> {
        let retired = self.signing.retired.iter().filter_map(|text| Trusted::parse(text));
        Ok(retired.fold(self.seed()?.trusted(), Trusted::and))
    }

    /// What a definition's pseudonyms in a region are made with, newest first; empty where there is no key.
    ///
    /// # Errors
    /// When a secret cannot be read, or is none.
    pub fn pseudonyms(&self, definition: &Definition, region: Region) -> Result<Vec<Pseudonyms>, Error> {
        let fault = |source| Error::Secret { what: "the key of pseudonyms", source };
        let of = |secret: &PseudonymSecret| {
            let text = secret.key.value().map_err(fault)?;
            let secret = pseudonym::Secret::parse(&secret.id, text.expose()).ok_or_else(|| {
                let name = secret.key.name();
                let message = format!("{name} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`");
                fault(Fault::new("pseudonyms.keys", message))
            })?;
            let pseudonyms = secret.pseudonyms(&definition.recipient, definition.series(), region);
            Ok(pseudonyms.leaving(&definition.plain_extensions).treating(&definition.treatments, definition.k_at_least))
        };
        self.pseudonyms.keys.iter().map(of).collect()
    }

    /// The recipient with this name.
    #[must_use]
    pub fn recipient(&self, name: &str) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.name == name)
    }

    /// The key that a definition's files are encrypted to.
    ///
    /// # Errors
    /// When configuration and definition say different ones: nobody can know which is meant.
    pub fn age_key<'a>(&'a self, definition: &'a Definition) -> Result<Option<&'a AgeKey>, Error> {
        let own = self.recipient(&definition.recipient).and_then(|recipient| recipient.age_key.as_ref());
        match (own, definition.recipient_key.as_ref()) {
            (Some(own), Some(other)) if own != other => Err(Error::KeyTwice(definition.recipient.clone())),
            (own, other) => Ok(own.or(other)),
        }
    }
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        if let Some(serve) = &self.serve {
            serve.check_alone().map_err(|fault| fault.under("serve"))?;
        }
        if let Some(login) = &self.login {
            let checked = self.serve.as_ref().map_or_else(|| login.check(), |serve| login.check_at(serve));
            checked.map_err(|fault| fault.under("login"))?;
        }
        if let Some(access_log) = &self.access_log {
            access_log.check().map_err(|fault| fault.under("access_log"))?;
        }
        for (n, text) in self.signing.retired.iter().enumerate() {
            if Trusted::parse(text).is_none() {
                let message = "not an Ed25519 public key of 64 hexadecimal digits, as `sink-register key` prints it";
                return Err(Fault::new(format!("signing.retired.{n}"), message));
            }
        }
        for (n, secret) in self.pseudonyms.keys.iter().enumerate() {
            let key = format!("pseudonyms.keys.{n}.id");
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if secret.id.is_empty() || secret.id.len() > ID_MAX || !secret.id.bytes().all(plain) {
                return Err(Fault::new(key, format!("must be 1 to {ID_MAX} letters, digits and `-`, as \"2026-12\"")));
            }
            if self.pseudonyms.keys[..n].iter().any(|earlier| earlier.id == secret.id) {
                return Err(Fault::new(key, "another key has this id; a new key needs a new one"));
            }
        }
        for (n, recipient) in self.recipients.iter().enumerate() {
            let key = format!("recipient.{n}.name");
            if recipient.name.trim().is_empty() {
                return Err(Fault::new(key, "must not be empty"));
            }
            if self.recipients[..n].iter().any(|earlier| earlier.name == recipient.name) {
                return Err(Fault::new(key, "stands twice"));
            }
            recipient.check().map_err(|fault| fault.under(&format!("recipient.{n}")))?;
            let Some(program) = &recipient.program else { continue };
            let key = format!("recipient.{n}.program");
            if self.login.is_none() {
                return Err(Fault::new(key, "is known to no provider; add [login] with the issuer that knows it"));
            }
            if self.recipients[..n].iter().any(|earlier| earlier.program.as_ref() == Some(program)) {
                return Err(Fault::new(key, "stands twice; a program fetches for one recipient"));
            }
        }
        flag::check(&self.flags)
    }
}

impl Check for Recipient {
    fn check(&self) -> Result<(), Fault> {
        if self.fetches() && self.folder.is_none() {
            let key = if self.token.is_some() { "token" } else { "program" };
            return Err(Fault::new(key, "parcels that are fetched are offered from a folder; add folder"));
        }
        if self.program.as_ref().is_some_and(|program| program.trim().is_empty()) {
            return Err(Fault::new("program", "must not be empty"));
        }
        let Some(server) = &self.sftp else { return Ok(()) };
        if self.folder.is_some() {
            return Err(Fault::new("folder", "a recipient has one delivery; remove folder or sftp"));
        }
        server.check().map_err(|fault| fault.under("sftp"))
    }
}
