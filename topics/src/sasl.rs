//! How a client proves who it is, where a certificate is not what does.

use ::settings::{Check, Fault, Secret};
use serde::Deserialize;
use serde::de::{self, Deserializer};

/// User and password of a client. Only over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// Its password, in the environment or a file.
    pub password: Secret,
}

/// How a password is proved, by the names that IANA has for SASL mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// It is sent to the broker (RFC 4616).
    Plain,
    /// It is not sent; both sides prove that they know it (RFC 7677).
    ScramSha256,
    /// The same with SHA-512.
    ScramSha512,
}

impl Mechanism {
    const ALL: [Self; 3] = [Self::Plain, Self::ScramSha256, Self::ScramSha512];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl<'de> Deserialize<'de> for Mechanism {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Some(found) = Self::ALL.into_iter().find(|mechanism| mechanism.name() == text) {
            return Ok(found);
        }
        let known = Self::ALL.map(Self::name).join(", ");
        let why = match text.as_str() {
            "OAUTHBEARER" => "this build's librdkafka fetches no tokens (it is built without curl)",
            "GSSAPI" => "this build has no Kerberos",
            _ => "no such mechanism",
        };
        Err(de::Error::custom(format!("{why}; write one of {known}, or show a certificate under tls")))
    }
}

impl Check for Sasl {
    fn check(&self) -> Result<(), Fault> {
        if self.user.is_empty() {
            return Err(Fault::new("user", "must not be empty"));
        }
        self.password.value().map(drop).map_err(|fault| fault.under("password"))
    }
}
