//! What an encrypted stack has beside a plain one: an authority, and the registry's certificate.

use local_stack::{Authority, Certificate, Error};
use schemas::registry::{Client, Settings, development_id};

/// The environment variable with the password of Kafka's user.
pub(super) const KAFKA_PASSWORD: &str = "VARDSTROM_KAFKA_PASSWORD";

pub(super) struct Encryption {
    pub authority: Authority,
    registry: Certificate,
}

impl Encryption {
    pub(super) fn new() -> Result<Self, Error> {
        let authority = Authority::new()?;
        let registry = authority.issue(&["127.0.0.1"])?;
        Ok(Self { authority, registry })
    }

    /// A line for the table of a neighbour.
    pub(super) fn line(&self) -> String {
        format!("tls = {{ ca = {:?} }}\n", self.authority.ca())
    }

    /// What `registry serve` is told.
    pub(super) fn registry_arguments(&self) -> [String; 4] {
        let path = |path: &std::path::Path| path.display().to_string();
        ["--certificate".to_owned(), path(&self.registry.certificate), "--key".to_owned(), path(&self.registry.key)]
    }

    /// Asks for a schema, for seconds.
    pub(super) fn registry_answers(&self, url: &str) -> bool {
        let settings = Settings { tls: Some(tls::Client::trusting(self.authority.ca())), ..Settings::at(url) };
        let first = development_id(schemas::Kind::ALL[0], 1);
        Client::connect(&settings).is_ok_and(|client| client.schema(first).is_ok())
    }
}
