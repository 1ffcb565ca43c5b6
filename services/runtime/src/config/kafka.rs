use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::secret::ByName;
use super::{Check, Fault, Secret, SecretValue};

/// Settings on which the delivery protocol stands; changing one would break a promise, so they are refused.
const OURS: [&str; 19] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "acks",
    "request.required.acks",
    "enable.idempotence",
    "transactional.id",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "partition.assignment.strategy",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "auto.offset.reset",
    "enable.partition.eof",
    "isolation.level",
    "allow.auto.create.topics",
    "statistics.interval.ms",
];

/// How Kafka is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, several separated by commas.
    pub bootstrap: String,
    /// Further librdkafka settings, for example for TLS; a password is `{ env = "NAME" }`.
    #[serde(default)]
    pub client: BTreeMap<String, Setting>,
}

impl Kafka {
    /// Kafka at this address with no further settings.
    pub fn at(bootstrap: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), client: BTreeMap::new() }
    }

    /// The librdkafka configuration with the file's settings; the caller adds its own on top.
    pub fn client(&self) -> Result<ClientConfig, Fault> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap);
        // A misspelled topic name must be an error, not a new topic with the broker's defaults.
        config.set("allow.auto.create.topics", "false");
        for (name, setting) in &self.client {
            config.set(name, setting.value(name)?.expose());
        }
        Ok(config)
    }
}

impl Check for Kafka {
    fn check(&self) -> Result<(), Fault> {
        if !self.bootstrap.split(',').all(is_host_and_port) {
            return Err(Fault::new("bootstrap", "not a list of addresses; write for example \"127.0.0.1:9092\""));
        }
        if let Some(name) = self.client.keys().find(|name| OURS.contains(&name.as_str())) {
            return Err(Fault::entry("client", name, "belongs to the delivery protocol and cannot be set"));
        }
        for (name, setting) in &self.client {
            // librdkafka itself knows which settings exist and which values they take.
            let mut alone = ClientConfig::new();
            alone.set(name, setting.value(name)?.expose());
            if let Err(KafkaError::ClientConfig(_, reason, ..)) = alone.create_native_config() {
                let reason = match setting {
                    Setting::Plain(_) => reason,
                    // librdkafka quotes the value.
                    Setting::Secret(_) => "the value in the environment variable does not fit".to_owned(),
                };
                return Err(Fault::entry("client", name, format!("librdkafka refuses it: {reason}")));
            }
        }
        Ok(())
    }
}

fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.trim().rsplit_once(':') else { return false };
    !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
}

/// One librdkafka setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Written in the file; numbers and booleans may be written as such.
    Plain(String),
    /// Named in the file, held by the environment.
    Secret(Secret),
}

impl Setting {
    fn value(&self, name: &str) -> Result<SecretValue, Fault> {
        match self {
            Self::Plain(value) => Ok(SecretValue::new(value.clone())),
            Self::Secret(secret) => secret.read().map_err(|message| Fault::entry("client", name, message)),
        }
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Setting;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, a boolean or { env = \"NAME\" }")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Setting, E> {
                Ok(Setting::Plain(value.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Setting, E> {
                Ok(Setting::Plain(value.to_string()))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Setting, E> {
                Ok(Setting::Plain(value.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Setting, A::Error> {
                ByName.visit_map(map).map(Setting::Secret)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
