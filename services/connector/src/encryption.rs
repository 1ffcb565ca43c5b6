//! Encryption of a connection to a server, from a PEM file with its authority.

use std::path::Path;
use std::sync::Arc;

use runtime::config::Fault;
use rustls::RootCertStore;
use rustls_pki_types::ServerName;

use crate::mllp::tls;

/// The server must show a certificate of our authority, for its name.
#[derive(Clone)]
pub struct Encryption {
    /// The authority.
    pub config: Arc<rustls::ClientConfig>,
    /// The server's name.
    pub name: ServerName<'static>,
}

/// Encryption with a server that must show a certificate of the authorities in this PEM file, for its name.
pub fn encryption(ca: &Path, host: &str) -> Result<Encryption, Fault> {
    let fault = |error: &dyn std::error::Error| Fault::new("ca", runtime::exit::chain(error));
    let mut roots = RootCertStore::empty();
    for certificate in tls::certificates("ca", ca).map_err(|error| fault(&error))? {
        roots.add(certificate).map_err(|error| fault(&error))?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| fault(&error))?;
    Ok(Encryption { config: Arc::new(config), name })
}
