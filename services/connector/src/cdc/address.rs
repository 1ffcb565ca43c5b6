//! Where the database of a source is, from its settings.

use replication::Address;
use runtime::config::Fault;

use crate::config::Cdc;
use crate::encryption::{Encryption, encryption};

/// By the URL in the environment and the authority's file.
pub fn address(source: &Cdc) -> Result<Address, Fault> {
    let address = Address::read(&source.url, "vardstrom-connector")?;
    match &source.ca {
        Some(ca) => {
            let Encryption { config, name } = encryption(ca, address.host())?;
            Ok(address.encrypted(config, name))
        }
        None if address.demands_encryption() => {
            Err(Fault::new("ca", "the URL demands encryption; name the PEM file of the server's authority"))
        }
        None => Ok(address),
    }
}
