use std::{env, fmt};

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use zeroize::Zeroizing;

use super::Fault;

/// The name of the environment variable that holds a secret. The file never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    env: String,
}

impl Secret {
    /// A secret in this environment variable.
    pub fn in_env(name: impl Into<String>) -> Self {
        Self { env: name.into() }
    }

    /// The variable's name.
    pub fn name(&self) -> &str {
        &self.env
    }

    /// The secret, from the process's environment.
    pub fn value(&self) -> Result<SecretValue, Fault> {
        self.read().map_err(|message| Fault::new("env", message))
    }

    pub(super) fn read(&self) -> Result<SecretValue, String> {
        let what = match env::var(&self.env) {
            Ok(value) if value.is_empty() => "is set but empty",
            Ok(value) => return Ok(SecretValue::new(value)),
            Err(env::VarError::NotPresent) => "is not set",
            Err(env::VarError::NotUnicode(_)) => "is not text",
        };
        Err(format!("environment variable {} {what}; set it before starting", self.env))
    }
}

/// A secret in memory: it cannot be printed and is wiped when dropped.
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    pub(super) fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ByName)
    }
}

pub(super) struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" }")
    }

    // Written out so that serde's default, which quotes the value, can never put a secret into an error.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Secret, E> {
        Err(E::custom("a secret is never written in the file; write { env = \"NAME\" } and set that variable"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let mut name: Option<String> = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "env" => name = Some(map.next_value()?),
                other => return Err(de::Error::unknown_field(other, &["env"])),
            }
        }
        match name {
            Some(env) if !env.is_empty() => Ok(Secret { env }),
            Some(_) => Err(de::Error::custom("the name of the environment variable is empty")),
            None => Err(de::Error::missing_field("env")),
        }
    }
}
