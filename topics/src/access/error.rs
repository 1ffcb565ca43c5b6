//! Why access could not be read or changed.

use std::io;

use kafka_protocol::error::ResponseError;

/// Why access could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration cannot be used.
    #[error("set up a connection to Kafka")]
    Settings(#[from] settings::Fault),
    /// The encryption's files or names do not go together.
    #[error("set up encryption with Kafka")]
    Encryption(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody answers, or the connection broke.
    #[error("{attempt} failed at Kafka {address}; is it running and reachable?")]
    Unreached {
        /// What was attempted.
        attempt: &'static str,
        /// Which broker.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// It is not the Kafka that was meant, or it wants to know us better.
    #[error("{attempt} failed at Kafka {address}: {refusal}")]
    Untrusted {
        /// What was attempted.
        attempt: &'static str,
        /// Which broker.
        address: String,
        /// What in the handshake was wrong.
        refusal: tls::Refusal,
    },
    /// The broker does not let the user in, or does not prove that it knows the password.
    #[error("log in to Kafka {address} as {who}: {reason}; check kafka.sasl, and that the brokers know the user")]
    Login {
        /// Which broker.
        address: String,
        /// Who.
        who: String,
        /// What it said.
        reason: String,
    },
    /// There is no token to log in with.
    #[error(transparent)]
    Token(#[from] crate::token::Error),
    /// An answer that is none to what was asked.
    #[error("{attempt}: the broker at {address} answered what cannot be read: {reason}")]
    Answer {
        /// What was attempted.
        attempt: &'static str,
        /// Which broker.
        address: String,
        /// What was wrong with it.
        reason: String,
    },
    /// Kafka said no.
    #[error("{attempt} {object} was refused: {}{}", .code.map_or_else(|| "unknown error".to_owned(), |code| format!("{code:?}")), hint(*.code))]
    Refused {
        /// What was attempted.
        attempt: &'static str,
        /// On what.
        object: String,
        /// Kafka's word for it.
        code: Option<ResponseError>,
    },
    /// There are users to be made and no place for their passwords.
    #[error(
        "nothing was changed: {} users have no password yet, {} first; name --passwords FOLDER, where their passwords are read \
         from or written to",
        .0.len(), .0.first().map_or("", String::as_str)
    )]
    NoPasswords(Vec<String>),
    /// A password's file cannot be read, written or kept from others.
    #[error("{what} {}", path.display())]
    Password {
        /// What was attempted, or what is wrong.
        what: &'static str,
        /// The file or folder.
        path: std::path::PathBuf,
        /// Why, where the system said it.
        source: Option<io::Error>,
    },
    /// Kafka accepted the changes but does not show them.
    #[error("{0} changes cannot be seen 30 s after Kafka accepted them; look at the brokers' logs")]
    NotVisible(usize),
}

impl Error {
    /// A refusal by its code in the protocol.
    pub(super) fn refused(attempt: &'static str, object: impl Into<String>, code: i16) -> Self {
        Self::Refused { attempt, object: object.into(), code: ResponseError::try_from_code(code) }
    }
}

fn hint(code: Option<ResponseError>) -> &'static str {
    match code {
        Some(ResponseError::ClusterAuthorizationFailed) => {
            "; who reads access rules needs Describe on the cluster, and who changes them Alter: run this as an administrator"
        }
        Some(ResponseError::SecurityDisabled) => {
            "; the brokers have no authorizer, set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        }
        Some(ResponseError::UnsupportedVersion) => "; Apache Kafka 3.9 or later is needed",
        _ => "",
    }
}
