//! How a client proves who it is, where a certificate is not what does.

use ::settings::{Check, Fault, Secret};
use serde::Deserialize;
use serde::de::{self, Deserializer};

use crate::token::Endpoint;

/// How a client proves who it is. Only over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Table")]
pub enum Sasl {
    /// By user and password.
    Password(Password),
    /// By a token (OAUTHBEARER, RFC 7628).
    Token(Endpoint),
}

/// User and password of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// Its password, in the environment or a file.
    pub password: Secret,
}

/// By the names that IANA has for SASL mechanisms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The password is sent to the broker (RFC 4616).
    Plain,
    /// It is not sent; both sides prove that they know it (RFC 7677).
    ScramSha256,
    /// The same with SHA-512.
    ScramSha512,
    /// A token that somebody else gave (RFC 7628).
    OauthBearer,
}

impl Mechanism {
    const ALL: [Self; 4] = [Self::Plain, Self::ScramSha256, Self::ScramSha512, Self::OauthBearer];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
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
        let why = if text == "GSSAPI" { "this build has no Kerberos" } else { "no such mechanism" };
        Err(de::Error::custom(format!("{why}; write one of {known}, or show a certificate under tls")))
    }
}

/// The table as it is written: which keys go together the mechanism says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    mechanism: Mechanism,
    user: Option<String>,
    password: Option<Secret>,
    token_endpoint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    scope: Option<String>,
    tls: Option<tls::Client>,
}

impl TryFrom<Table> for Sasl {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let mechanism = table.mechanism;
        match table {
            Table {
                user: None,
                password: None,
                token_endpoint: Some(url),
                client_id: Some(client_id),
                client_secret: Some(client_secret),
                scope,
                tls,
                ..
            } if mechanism == Mechanism::OauthBearer => {
                Ok(Self::Token(Endpoint { url, tls, client_id, client_secret, scope }))
            }
            Table {
                user: Some(user),
                password: Some(password),
                token_endpoint: None,
                client_id: None,
                client_secret: None,
                scope: None,
                tls: None,
                ..
            } if mechanism != Mechanism::OauthBearer => Ok(Self::Password(Password { mechanism, user, password })),
            _ => {
                let keys = match mechanism {
                    Mechanism::OauthBearer => {
                        "token_endpoint, client_id, client_secret, and scope and tls of the endpoint if need be"
                    }
                    _ => "user and password",
                };
                Err(format!("{} goes with {keys}, and with nothing else", mechanism.name()))
            }
        }
    }
}

impl Sasl {
    /// How it is proved.
    pub fn mechanism(&self) -> Mechanism {
        match self {
            Self::Password(password) => password.mechanism,
            Self::Token(_) => Mechanism::OauthBearer,
        }
    }

    /// Who it is, in words for a message.
    pub fn who(&self) -> String {
        match self {
            Self::Password(password) => format!("user {}", password.user),
            Self::Token(endpoint) => format!("client {} of {}", endpoint.client_id, endpoint.url),
        }
    }
}

impl Check for Sasl {
    fn check(&self) -> Result<(), Fault> {
        match self {
            Self::Token(endpoint) => endpoint.check(),
            Self::Password(Password { user, .. }) if user.is_empty() => Err(Fault::new("user", "must not be empty")),
            Self::Password(Password { password, .. }) => {
                password.value().map(drop).map_err(|fault| fault.under("password"))
            }
        }
    }
}
