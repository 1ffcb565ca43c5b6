//! Why topics could not be planned or applied.

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode};

use crate::Conflict;

/// Why topics could not be planned or applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A secret of the configuration that cannot be read any more.
    #[error("set up a client for Kafka at {bootstrap}")]
    Secret {
        /// Which Kafka.
        bootstrap: String,
        /// Which secret.
        source: settings::Fault,
    },
    /// A setting that librdkafka refuses.
    #[error("client settings for Kafka at {bootstrap} are not valid")]
    Settings {
        /// Which Kafka.
        bootstrap: String,
        /// What librdkafka said.
        source: KafkaError,
    },
    /// It is not the Kafka that was meant, or it wants to know us better.
    #[error("{action} failed at Kafka {bootstrap}: {refusal}")]
    Untrusted {
        /// What was attempted.
        action: &'static str,
        /// Which Kafka.
        bootstrap: String,
        /// What in the handshake was wrong.
        refusal: tls::Refusal,
    },
    /// Kafka did not answer, or not to this user.
    #[error("{action} failed at Kafka {bootstrap}; is it running and reachable{}?", and_known(.who))]
    Kafka {
        /// Who asked, where a password or token tells that.
        who: Option<String>,
        /// What was attempted.
        action: &'static str,
        /// Which Kafka.
        bootstrap: String,
        /// What librdkafka said.
        source: Box<KafkaError>,
    },
    /// There is no token to log in with.
    #[error(transparent)]
    Token(#[from] crate::token::Error),
    /// Kafka said no to one topic.
    #[error("{action} {topic} was refused: {code}{}", hint(*code))]
    Refused {
        /// What was attempted.
        action: &'static str,
        /// On which topic.
        topic: String,
        /// Kafka's reason.
        code: RDKafkaErrorCode,
    },
    /// What is declared cannot be reached; nothing was changed.
    #[error("nothing was applied: {}", list(.0))]
    Conflicts(Vec<Conflict>),
    /// Kafka accepted the changes but does not show them.
    #[error("{0} changes cannot be seen 30 s after Kafka accepted them; look at the brokers' logs")]
    NotVisible(usize),
}

fn and_known(who: &Option<String>) -> String {
    who.as_ref().map_or_else(String::new, |who| format!(", and does it let {who} in with what kafka.sasl names"))
}

fn hint(code: RDKafkaErrorCode) -> &'static str {
    match code {
        RDKafkaErrorCode::InvalidReplicationFactor => {
            "; there are fewer brokers than copies, use --replication-factor 1 for a single broker"
        }
        RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed => {
            "; this principal needs CREATE and ALTER_CONFIGS"
        }
        _ => "",
    }
}

fn list(conflicts: &[Conflict]) -> String {
    conflicts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
