use std::borrow::Cow;
use std::path::PathBuf;
use std::{env, fmt, fs, io};

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::Fault;

/// Where a secret is: in an environment variable or in a file. The configuration never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Environment(String),
    File(PathBuf),
}

impl Secret {
    /// A secret in this environment variable.
    pub fn in_env(name: impl Into<String>) -> Self {
        Self(Place::Environment(name.into()))
    }

    /// The variable's name or the file's path, for messages.
    pub fn name(&self) -> Cow<'_, str> {
        match &self.0 {
            Place::Environment(name) => name.into(),
            Place::File(path) => path.to_string_lossy(),
        }
    }

    /// The secret, read now. The fault's key is `env` or `file`.
    pub fn value(&self) -> Result<SecretValue, Fault> {
        let key = match &self.0 {
            Place::Environment(_) => "env",
            Place::File(_) => "file",
        };
        self.read().map_err(|message| Fault::new(key, message))
    }

    /// The same, where the caller knows a better key.
    pub fn read(&self) -> Result<SecretValue, String> {
        match &self.0 {
            Place::Environment(name) => {
                let what = match env::var(name) {
                    Ok(value) if value.is_empty() => "is set but empty",
                    Ok(value) => return Ok(SecretValue::new(value)),
                    Err(env::VarError::NotPresent) => "is not set",
                    Err(env::VarError::NotUnicode(_)) => "is not text",
                };
                Err(format!("environment variable {name} {what}; set it before starting"))
            }
            Place::File(path) => {
                let fault = |what: &str| format!("the secret's file {} {what}", path.display());
                let mut text = Zeroizing::new(fs::read_to_string(path).map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidData => fault("is not text"),
                    kind => fault(&format!("cannot be read: {kind}; let this service's user read it")),
                })?);
                // Editors and `echo` end a file with a line break, which is no part of the secret.
                let length = text.trim_end_matches(['\r', '\n']).len();
                text.truncate(length);
                if text.is_empty() { Err(fault("is empty")) } else { Ok(SecretValue(text)) }
            }
        }
    }
}

/// A secret in memory: it cannot be printed and is wiped when dropped.
pub struct SecretValue(Zeroizing<String>);

impl SecretValue {
    /// Takes the secret over.
    pub fn new(value: String) -> Self {
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

/// Reads `{ env = "NAME" }` or `{ file = "PATH" }` for types of which a secret is one form.
pub struct ByName;

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
        let mut place = None;
        while let Some(key) = map.next_key::<String>()? {
            let named = match key.as_str() {
                "env" => Place::Environment(map.next_value()?),
                "file" => Place::File(map.next_value()?),
                other => return Err(de::Error::unknown_field(other, &["env", "file"])),
            };
            if place.replace(named).is_some() {
                return Err(de::Error::custom("a secret is in one place; keep env or file"));
            }
        }
        match place {
            Some(Place::Environment(name)) if name.is_empty() => {
                Err(de::Error::custom("the name of the environment variable is empty"))
            }
            Some(Place::File(path)) if path.as_os_str().is_empty() => {
                Err(de::Error::custom("the path of the secret's file is empty"))
            }
            Some(place) => Ok(Secret(place)),
            None => Err(de::Error::missing_field("env")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Secret;

    #[derive(Debug, serde::Deserialize)]
    struct Table {
        password: Secret,
    }

    fn read(text: &str) -> Result<String, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        table.password.read().map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_file_holds_the_secret_without_its_last_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let check = |content: &[u8], expected: Result<&str, &str>| {
            let path = folder.path().join("password");
            fs::write(&path, content).unwrap();
            match (read(&format!("password = {{ file = {path:?} }}")), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => {
                    assert!(found.contains(expected) && found.contains("password"), "{found}");
                    assert!(!found.contains("hemligt"), "{found}");
                }
                (found, _) => panic!("{found:?}"),
            }
        };
        check(b"hemligt\n", Ok("hemligt"));
        check(b"hem ligt\r\n", Ok("hem ligt"));
        check(b"\n", Err("is empty"));
        check(b"hemligt\xFF", Err("is not text"));
        let missing = read("password = { file = \"/nowhere/password\" }").unwrap_err();
        assert!(
            missing.contains("/nowhere/password") && missing.contains("let this service's user read it"),
            "{missing}"
        );
    }

    #[test]
    fn a_secret_is_in_one_place_and_never_in_the_configuration() {
        for (text, said) in [
            ("password = \"hemligt\"", "never written in the file"),
            ("password = {}", "env"),
            ("password = { env = \"A\", file = \"b\" }", "one place"),
            ("password = { env = \"\" }", "empty"),
            ("password = { path = \"b\" }", "unknown field `path`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said) && !error.contains("hemligt"), "{error}");
        }
    }
}
