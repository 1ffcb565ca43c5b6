use ::settings::{Check, Fault};
use schemas::registry;
use serde::Deserialize;

use crate::Kafka;

/// What `topics plan` and `apply` are told in a file: the two tables that every service has, too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How Kafka is reached. The user may create and alter topics.
    pub kafka: Kafka,
    /// Where the schema registry answers; without it schemas are neither compared nor registered.
    pub registry: Option<registry::Settings>,
}

impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.iter().try_for_each(|registry| registry.check().map_err(|fault| fault.under("registry")))
    }
}
