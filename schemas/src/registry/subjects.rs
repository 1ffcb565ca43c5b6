//! What a registry has under a subject, and how it is changed there. Only `topics apply` changes it.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{Client, client::Error};
use crate::Compatibility;

/// The interface's codes for no such subject, no such schema under it, and no compatibility of its own.
const NOT_THERE: [u32; 3] = [40401, 40403, 40408];

/// A schema under a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// What records are marked with.
    pub id: u32,
    /// The registry's own number for it under this subject, which need not be ours.
    pub version: u32,
}

#[derive(Deserialize)]
struct Id {
    id: u32,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "compatibilityLevel")]
    level: String,
}

impl Client {
    /// Where the subject has this schema; the registry judges which schemas are the same.
    pub fn look_up(&self, subject: &str, avsc: &str) -> Result<Option<Registered>, Error> {
        if_there(self.post(&format!("/subjects/{subject}"), &schema(avsc)))
    }

    /// Registers a schema as the subject's newest version, unless it has it already; its id.
    pub fn register(&self, subject: &str, avsc: &str) -> Result<u32, Error> {
        self.post::<Id>(&format!("/subjects/{subject}/versions"), &schema(avsc)).map(|answer| answer.id)
    }

    /// The registry's numbers of the subject's versions, oldest first; none when there is no such subject.
    pub fn versions(&self, subject: &str) -> Result<Vec<u32>, Error> {
        if_there(self.get(&format!("/subjects/{subject}/versions"))).map(Option::unwrap_or_default)
    }

    /// The rule that the registry holds new versions of this subject to; `None` when only its general rule applies.
    pub fn compatibility(&self, subject: &str) -> Result<Option<String>, Error> {
        let answer = if_there(self.get::<Config>(&format!("/config/{subject}")))?;
        Ok(answer.map(|config| config.level))
    }

    /// Has the registry hold new versions of this subject to a rule.
    pub fn set_compatibility(&self, subject: &str, to: Compatibility) -> Result<(), Error> {
        let body = json!({ "compatibility": to.as_str() });
        self.put::<IgnoredAny>(&format!("/config/{subject}"), &body).map(|_| ())
    }
}

fn schema(avsc: &str) -> Value {
    json!({ "schemaType": "AVRO", "schema": avsc })
}

fn if_there<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Refused { code, .. }) if NOT_THERE.contains(&code) => Ok(None),
        answer => answer.map(Some),
    }
}
