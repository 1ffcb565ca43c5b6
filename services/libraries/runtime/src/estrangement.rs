//! Why a broker and we do not know each other, in words that name what is wrong and what to do: the one judgement of a failed
//! handshake or login, for every client of Kafka.

use topics::Sasl;
use topics::token::Endpoint;

use crate::config::Kafka;
use crate::policy::{self, Estrangement};

/// Judges what librdkafka logs of the connections to one Kafka.
#[derive(Clone, Debug)]
pub struct Judge {
    tls: Option<tls::Client>,
    sasl: Option<Sasl>,
}

impl Judge {
    /// Of connections as the settings make them.
    pub fn of(kafka: &Kafka) -> Self {
        Self { tls: kafka.tls.clone(), sasl: kafka.sasl.clone() }
    }

    /// Where tokens come from, where tokens are what tells who we are.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match &self.sasl {
            Some(Sasl::Token(endpoint)) => Some(endpoint),
            _ => None,
        }
    }

    /// Whether a line of the log says that a broker and we do not know each other: then [`Self::reason`] may tell more.
    pub fn concerns(&self, line: &str) -> bool {
        self.tls.is_some() && policy::estrangement(line).is_some()
    }

    /// What such a line means; nothing where a second look finds nothing wrong. A failed handshake is made once more with the
    /// same files, to learn why: blocks for seconds at most.
    pub fn reason(&self, line: &str) -> Option<String> {
        let (tls, place) = (self.tls.as_ref()?, place(line).unwrap_or_default());
        let reason = match policy::estrangement(line)? {
            Estrangement::Authentication => self.refused(),
            Estrangement::Handshake => {
                let (host, port) = host_and_port(place)?;
                tls.probe(host, port)?.to_string()
            }
        };
        Some(format!("Kafka at {place}: {reason}"))
    }

    fn refused(&self) -> String {
        let who = self.sasl.as_ref().map(Sasl::who).unwrap_or_default();
        let remedy = match self.endpoint() {
            Some(_) => {
                "check that the brokers trust the tokens' issuer, key and audience, kafka.sasl.scope, and the clocks"
            }
            None => "check kafka.sasl (mechanism, user, password), and that the brokers know the user",
        };
        format!("it does not let {who} in; {remedy}")
    }
}

/// Which broker a line of librdkafka's log is about, as `host:port`.
fn place(line: &str) -> Option<&str> {
    let (_, behind) = line.split_once("://")?;
    behind.split('/').next()
}

fn host_and_port(place: &str) -> Option<(&str, u16)> {
    let (host, port) = place.rsplit_once(':')?;
    Some((host.trim_start_matches('[').trim_end_matches(']'), port.parse().ok()?))
}
