//! What the program is told. `config.sample.toml` explains every key.

use std::path::PathBuf;

use parcel::{AgeKey, Seed, Trusted};
use processor::config::RegionConfig;
use runtime::config::{Check, Fault, Kafka, Log, Registry, Secret};
use serde::Deserialize;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) kafka: Kafka,
    /// Where the schema registry answers.
    pub registry: Registry,
    /// Where each disclosure is an entry before its parcel is there; without it they are in `disclosures.jsonl` only.
    pub access_log: Option<access_log::Settings>,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
    /// The region, as the processor is told of it.
    pub region: RegionConfig,
    /// What parcels are signed with: 64 hexadecimal digits.
    pub seed: Secret,
    /// Public keys of earlier seeds.
    #[serde(default)]
    pub retired: Vec<String>,
    pub(crate) delivery: Delivery,
}

/// The feed whose source topic is read where the configuration names no other.
pub const FEED: &str = "par";

/// The delivery.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The feed whose source topic is read.
    #[serde(default = "feed")]
    pub feed: String,
    /// Stands in file names and cells: the länskod, for a private provider hospital and clinic.
    pub filkod: String,
    /// Who gets it.
    pub recipient: String,
    /// The recipient's age public key: every file names persons.
    pub age_key: AgeKey,
    /// On which ground.
    pub legal_ground: String,
    /// Whether that ground names persons whose identity is protected: else no row about them is in the delivery.
    #[serde(default)]
    pub covers_protected: bool,
    /// Another layout than the shipped one.
    pub layout: Option<PathBuf>,
}

fn feed() -> String {
    FEED.to_owned()
}

impl Config {
    /// The signing key, and whose signatures count.
    ///
    /// # Errors
    /// When the environment does not hold a seed.
    pub fn keys(&self) -> Result<(Seed, Trusted), Fault> {
        let text = self.seed.value().map_err(|fault| fault.under("seed"))?;
        let seed = Seed::parse(text.expose()).ok_or_else(|| {
            let message =
                format!("{} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`", self.seed.name());
            Fault::new("seed", message)
        })?;
        let retired = self.retired.iter().filter_map(|text| Trusted::parse(text));
        let trusted = retired.fold(seed.trusted(), Trusted::and);
        Ok((seed, trusted))
    }
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.kafka.check().map_err(|fault| fault.under("kafka"))?;
        self.registry.check().map_err(|fault| fault.under("registry"))?;
        self.region.pipeline().map_err(|fault| fault.under("region"))?;
        self.region.opener().map_err(|fault| fault.under("region"))?;
        self.keys()?;
        if let Some(access_log) = &self.access_log {
            let checked = access_log.check().and_then(|()| access_log.signing_key().map(drop));
            checked.map_err(|fault| fault.under("access_log"))?;
        }
        let delivery = &self.delivery;
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain(&delivery.filkod) {
            return Err(Fault::new(
                "delivery.filkod",
                "must be letters, digits and `_`; a public provider's is the lanskod",
            ));
        }
        for (key, text) in [("recipient", &delivery.recipient), ("legal_ground", &delivery.legal_ground)] {
            if text.trim().is_empty() {
                return Err(Fault::new(format!("delivery.{key}"), "must not be empty"));
            }
        }
        for (n, text) in self.retired.iter().enumerate() {
            if Trusted::parse(text).is_none() {
                return Err(Fault::new(format!("retired.{n}"), "not an Ed25519 public key of 64 hexadecimal digits"));
            }
        }
        Ok(())
    }
}
