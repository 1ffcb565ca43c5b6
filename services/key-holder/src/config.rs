//! What the key holder is told. `config.sample.toml` explains every key.

use std::path::PathBuf;

use access_log::{Key, Public};
use linkage::Seed;
use permit::{AUTHORITY, KEY_HOLDER, Signers, region_signer};
use runtime::config::{Check, Fault, Http, Log, Secret};
use serde::Deserialize;
use topics::Region;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where ledger, shares of keys and what was spent are kept; must be there.
    pub folder: PathBuf,
    /// What permits' keys are derived from: 64 hexadecimal digits.
    pub seed: Secret,
    /// Signs the ledger's entries: 64 hexadecimal digits.
    pub ledger_key: Secret,
    /// Public keys of earlier ones.
    #[serde(default)]
    pub retired: Vec<String>,
    /// Where each batch is an entry before it is answered.
    pub access_log: access_log::Settings,
    /// Where regions ask.
    pub http: Http,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
    /// Public keys of who asks for permits.
    pub authority: Vec<String>,
    /// The regions.
    #[serde(rename = "region")]
    pub regions: Vec<RegionKeys>,
}

/// A region and what it signs with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionKeys {
    /// The lanskod.
    pub code: Region,
    /// Its public keys; two while it replaces one.
    pub keys: Vec<String>,
}

impl Config {
    /// What permits' keys are derived from.
    ///
    /// # Errors
    /// When the environment or the file does not hold it.
    pub fn seed(&self) -> Result<Seed, Fault> {
        let text = self.seed.value().map_err(|fault| fault.under("seed"))?;
        Seed::from_hex(text.expose()).map_err(|error| Fault::new("seed", format!("{}: {error}", self.seed.name())))
    }

    /// What signs the ledger's entries.
    ///
    /// # Errors
    /// When the environment or the file does not hold it.
    pub fn ledger_key(&self) -> Result<Key, Fault> {
        let text = self.ledger_key.value().map_err(|fault| fault.under("ledger_key"))?;
        let name = self.ledger_key.name();
        let message = || format!("{name} is not 64 hexadecimal digits; make one with `openssl rand -hex 32`");
        Key::parse(text.expose()).ok_or_else(|| Fault::new("ledger_key", message()))
    }

    /// Earlier ledger keys.
    ///
    /// # Errors
    /// When one is no public key.
    pub fn retired(&self) -> Result<Vec<Public>, Fault> {
        publics("retired", &self.retired)
    }

    /// Whose statements and batches count; the key holder's own key among them, which only ends permits.
    ///
    /// # Errors
    /// When one is no public key.
    pub fn signers(&self, own: Public) -> Result<Signers, Fault> {
        let named = |name: &str, keys: Vec<Public>, signers: Signers| {
            keys.into_iter().fold(signers, |signers, key| signers.with(name, key))
        };
        let own = [own].into_iter().chain(self.retired()?).collect();
        let mut signers = named(KEY_HOLDER, own, Signers::default());
        signers = named(AUTHORITY, publics("authority", &self.authority)?, signers);
        for (at, region) in self.regions.iter().enumerate() {
            let keys = publics(&format!("region.{at}.keys"), &region.keys)?;
            signers = named(&region_signer(region.code), keys, signers);
        }
        Ok(signers)
    }
}

fn publics(key: &str, texts: &[String]) -> Result<Vec<Public>, Fault> {
    let public = |(at, text): (usize, &String)| {
        let fault = || Fault::new(format!("{key}.{at}"), "not an Ed25519 public key of 64 hexadecimal digits");
        Public::parse(text).ok_or_else(fault)
    };
    texts.iter().enumerate().map(public).collect()
}

impl Check for Config {
    fn check(&self) -> Result<(), Fault> {
        self.access_log.check().map_err(|fault| fault.under("access_log"))?;
        self.http.check_alone().map_err(|fault| fault.under("http"))?;
        let has_certificates = |tls: &tls::Listener| tls.client_ca.is_some() && !tls.client_optional;
        if !self.http.listen.ip().is_loopback() && !self.http.tls.as_ref().is_some_and(has_certificates) {
            return Err(Fault::new("http.tls", "with client_ca is needed where other machines reach the port"));
        }
        if self.authority.is_empty() {
            return Err(Fault::new("authority", "must name who may ask for permits"));
        }
        let twice = |at: usize| self.regions[..at].iter().any(|other| other.code == self.regions[at].code);
        if let Some(at) = (0..self.regions.len()).find(|at| twice(*at)) {
            return Err(Fault::new(
                format!("region.{at}.code"),
                "another region has this code; name both its keys there",
            ));
        }
        self.signers(self.ledger_key()?.public())?;
        self.seed().map(drop)
    }
}
