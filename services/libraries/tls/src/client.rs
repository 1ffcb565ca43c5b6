use std::path::PathBuf;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use serde::Deserialize;
use settings::{Check, Fault};

use crate::Error;
use crate::pem::{authorities, certificates, private_key, provider};

/// How a neighbour's server is known, and how we are known to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// PEM file with the authorities of the server's certificate.
    pub ca: PathBuf,
    /// PEM file with our certificate and its chain, for a server that demands one.
    pub certificate: Option<PathBuf>,
    /// PEM file with our private key.
    pub key: Option<PathBuf>,
}

/// A server that must show a certificate of our authority, for its name.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// Whom we trust and who we are.
    pub config: Arc<ClientConfig>,
    /// The server's name.
    pub name: ServerName<'static>,
}

impl Client {
    /// Trusts the authorities in this PEM file, and shows no certificate.
    pub fn trusting(ca: impl Into<PathBuf>) -> Self {
        Self { ca: ca.into(), certificate: None, key: None }
    }

    /// The same with our own certificate.
    pub fn showing(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: Some(certificate.into()), key: Some(key.into()), ..self }
    }

    /// TLS 1.2 and 1.3 with a server whose certificate is verified, from the files.
    pub fn config(&self) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::together)?
            .with_root_certificates(authorities("ca", &self.ca)?);
        Ok(match (&self.certificate, &self.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => builder
                .with_client_auth_cert(certificates("certificate", certificate)?, private_key(key)?)
                .map_err(Error::together)?,
            (Some(_), None) => return Err(Error::Alone { key: "key" }),
            (None, Some(_)) => return Err(Error::Alone { key: "certificate" }),
        })
    }

    /// Encryption with the server of this name or address.
    pub fn encryption(&self, host: &str) -> Result<Encryption, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::Name(host.to_owned()))?;
        Ok(Encryption { config: Arc::new(self.config()?), name })
    }
}

/// Trusts nobody and shows nothing: where a connection is in plain text, whoever asks to encrypt it is refused.
pub fn trusting_nobody() -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().map_err(Error::together)?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

impl Check for Client {
    fn check(&self) -> Result<(), Fault> {
        self.config().map(drop).map_err(|error| error.fault())
    }
}
