use std::path::PathBuf;
use std::sync::Arc;

use rustls::server::{ServerConfig, WebPkiClientVerifier};
use serde::Deserialize;
use settings::{Check, Fault};

use crate::Error;
use crate::pem::{authorities, certificates, private_key, provider};

/// Encryption of a listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// PEM file with the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// PEM file with the authorities of client certificates; when set, a client without one is refused, unless:
    pub client_ca: Option<PathBuf>,
    /// Beside `client_ca`: a client need not show a certificate. What it shows is of the authority all the same.
    #[serde(default)]
    pub client_optional: bool,
}

impl Listener {
    /// TLS 1.2 and 1.3 with the listener's certificate; client certificates are demanded, or asked for, when an authority is named.
    pub fn config(&self) -> Result<Arc<ServerConfig>, Error> {
        let chain = certificates("certificate", &self.certificate)?;
        let key = private_key(&self.key)?;
        let provider = provider();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(Error::together)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = Arc::new(authorities("client_ca", path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let verifier = if self.client_optional { verifier.allow_unauthenticated() } else { verifier };
                let verifier = verifier.build().map_err(Error::together)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        Ok(Arc::new(builder.with_single_cert(chain, key).map_err(Error::together)?))
    }
}

impl Check for Listener {
    fn check(&self) -> Result<(), Fault> {
        if self.client_optional && self.client_ca.is_none() {
            return Err(Fault::new(
                "client_optional",
                "says who need not show a certificate; name client_ca, of which it is",
            ));
        }
        self.config().map(drop).map_err(|error| error.fault())
    }
}
