//! How Kafka is reached: the table `[kafka]` that `topics` and every service read alike.

use std::collections::BTreeMap;
use std::fmt;

use ::settings::{ByName, Check, Fault, Secret, SecretValue};
use rdkafka::client::Client;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, ProducerContext};
use rdkafka::{ClientConfig, ClientContext};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::sasl::{Password, Sasl};
use crate::token;

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

/// Settings that follow from `tls` and `sasl`: said in two places they could disagree, and some would turn verification off.
const SECURITY: [&str; 5] = ["security.", "ssl.", "sasl.", "enable.ssl.", "enable.sasl."];
/// What of these only narrows what is taken.
const NARROWING: [&str; 3] = ["ssl.cipher.suites", "ssl.curves.list", "ssl.sigalgs.list"];

/// How Kafka is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, several separated by commas.
    pub bootstrap: String,
    /// The authority of the brokers' certificates, and our certificate where they demand one; without it plain text is spoken.
    pub tls: Option<tls::Client>,
    /// User and password or a token, where a certificate is not what tells who we are.
    pub sasl: Option<Sasl>,
    /// Further librdkafka settings.
    #[serde(default)]
    pub client: BTreeMap<String, Setting>,
}

impl Kafka {
    /// Kafka at this address in plain text, with no further settings.
    pub fn at(bootstrap: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), tls: None, sasl: None, client: BTreeMap::new() }
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
        if let Some(tls) = &self.tls {
            config.set("security.protocol", if self.sasl.is_some() { "SASL_SSL" } else { "SSL" });
            config.set("enable.ssl.certificate.verification", "true");
            config.set("ssl.endpoint.identification.algorithm", "https");
            let files = [
                ("ssl.ca.location", Some(&tls.ca)),
                ("ssl.certificate.location", tls.certificate.as_ref()),
                ("ssl.key.location", tls.key.as_ref()),
            ];
            for (name, path) in files.into_iter().filter_map(|(name, path)| Some((name, path?))) {
                config.set(name, path.to_string_lossy());
            }
        }
        if let Some(sasl) = &self.sasl {
            config.set("sasl.mechanism", sasl.mechanism().name());
            if let Sasl::Password(Password { user, password, .. }) = sasl {
                let password = password.value().map_err(|fault| fault.under("sasl.password"))?;
                config.set("sasl.username", user).set("sasl.password", password.expose());
            }
        }
        Ok(config)
    }

    /// Gives a client its token, where tokens are what tells who we are: for one that only asks and is closed, as nobody serves
    /// its events. Blocks for [`token::ANSWER_MAX`] at most.
    pub fn log_in<C: ClientContext>(&self, client: &Client<C>) -> Result<(), token::Error> {
        match &self.sasl {
            Some(Sasl::Token(endpoint)) => endpoint.log_in(client),
            _ => Ok(()),
        }
    }
}

impl Check for Kafka {
    fn check(&self) -> Result<(), Fault> {
        if self.bootstrap.contains("://") {
            let what = "the protocol follows from kafka.tls and kafka.sasl; write host and port, for example \"127.0.0.1:9092\"";
            return Err(Fault::new("bootstrap", what));
        }
        if !self.bootstrap.split(',').all(is_host_and_port) {
            return Err(Fault::new("bootstrap", "not a list of addresses; write for example \"127.0.0.1:9092\""));
        }
        if let Some(tls) = &self.tls {
            tls.check().map_err(|fault| fault.under("tls"))?;
        }
        match (&self.sasl, &self.tls) {
            (Some(_), None) => {
                let what =
                    "a password or token in plain text is read by whoever is on the way; add tls = { ca = \"FILE\" }";
                return Err(Fault::new("sasl", what));
            }
            (Some(sasl), Some(_)) => sasl.check().map_err(|fault| fault.under("sasl"))?,
            (None, _) => {}
        }
        for (name, setting) in &self.client {
            if OURS.contains(&name.as_str()) {
                return Err(Fault::entry("client", name, "belongs to the delivery protocol and cannot be set"));
            }
            let is_security = SECURITY.iter().any(|prefix| name.starts_with(prefix));
            if is_security && !NARROWING.contains(&name.as_str()) {
                let what = "is said by tls = { ca, certificate, key } and sasl = { mechanism, ... } beside client";
                return Err(Fault::entry("client", name, what));
            }
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
        self.check_together()
    }
}

impl Kafka {
    /// Settings that are good one by one may not be so together, which librdkafka tells when it makes a client. Without
    /// addresses a client opens no connection.
    fn check_together(&self) -> Result<(), Fault> {
        if self.client.is_empty() && self.tls.is_none() {
            return Ok(());
        }
        let mut config = self.client()?;
        config.remove("bootstrap.servers");
        let secrets = self.client.iter().filter(|(_, setting)| matches!(setting, Setting::Secret(_)));
        let secrets = secrets.map(|(name, setting)| setting.value(name));
        let password = self.sasl.iter().filter_map(|sasl| match sasl {
            Sasl::Password(Password { password, .. }) => Some(password.value()),
            Sasl::Token(_) => None,
        });
        let secrets = secrets.chain(password).collect::<Result<Vec<_>, _>>()?;
        let key = if self.client.is_empty() { "tls" } else { "client" };
        let refused = |error: KafkaError| {
            let reason = error.to_string();
            // librdkafka may quote values.
            let quotes_a_secret = secrets.iter().any(|secret| reason.contains(secret.expose()));
            let reason = if quotes_a_secret { "they do not go together" } else { &reason };
            Fault::new(key, format!("librdkafka refuses these settings together: {reason}"))
        };
        let mut producing = config.clone();
        producing.set("acks", "all").set("enable.idempotence", "true");
        let _: BaseProducer<Mute> = BaseProducer::from_config_and_context(&producing, Mute).map_err(refused)?;
        config.set("group.id", "check").set("enable.auto.commit", "false");
        let _: BaseConsumer<Mute> = BaseConsumer::from_config_and_context(&config, Mute).map_err(refused)?;
        Ok(())
    }
}

/// Of a client that is only made: what it logs says that it has no addresses.
struct Mute;

impl ClientContext for Mute {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, _: KafkaError, _: &str) {}
}

impl ConsumerContext for Mute {}

impl ProducerContext<NoCustomPartitioner> for Mute {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &rdkafka::producer::DeliveryResult<'_>, (): ()) {}
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
