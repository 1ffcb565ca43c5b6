//! Where the database of a source is, from its settings.

use replication::Address;
use runtime::config::Fault;

use crate::config::Cdc;

/// By the URL in the environment and the authority's file.
pub(crate) fn address(source: &Cdc) -> Result<Address, Fault> {
    let address = Address::read(&source.url, "vardstrom-connector")?;
    match &source.ca {
        Some(ca) => {
            let encryption = tls::Client::trusting(ca).encryption(address.host()).map_err(|error| error.fault())?;
            Ok(address.encrypted(encryption))
        }
        None if address.demands_encryption() => {
            Err(Fault::new("ca", "the URL demands encryption; name the PEM file of the server's authority"))
        }
        None => Ok(address),
    }
}
