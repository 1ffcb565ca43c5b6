use ::settings::{Check, Fault, Secret};
use serde::Deserialize;

use crate::address::{Address, Unusable};

/// Where a database is and how its server is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `postgres://user:password@host:5432/database`, in the environment or a file.
    pub url: Secret,
    /// The server's authority, and our certificate where it demands one; without it the connection is plain text.
    pub tls: Option<tls::Client>,
}

impl Settings {
    /// The address, read from where the secret is, with what the files hold.
    ///
    /// # Errors
    /// By key: what cannot be read, or is asked for and cannot be done.
    pub fn address(&self) -> Result<Address, Fault> {
        let url = self.url.value().map_err(|fault| fault.under("url"))?;
        Address::read(url.expose(), self.tls.as_ref()).map_err(|unusable| match unusable {
            Unusable::Files(error) if self.tls.is_some() => error.fault().under("tls"),
            unusable => Fault::new("url", format!("the address {}", ::settings::chain(&unusable))),
        })
    }
}

impl Check for Settings {
    fn check(&self) -> Result<(), Fault> {
        self.address().map(drop)
    }
}
