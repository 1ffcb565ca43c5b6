//! Encryption of a listener, from PEM files.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;

/// Why a listener cannot be encrypted as configured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or holds something else.
    #[error("read {what} from {}", path.display())]
    File {
        /// The configuration key that names it.
        key: &'static str,
        /// What should be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// A file holds no certificate.
    #[error("{} holds no certificate; write a PEM file with BEGIN CERTIFICATE", path.display())]
    Empty {
        /// The configuration key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not fit, or an authority cannot be used.
    #[error("use the certificate, key and client authorities together")]
    Together(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The configuration key to look at.
    pub fn key(&self) -> &'static str {
        match self {
            Self::File { key, .. } | Self::Empty { key, .. } => key,
            Self::Together(_) => "certificate",
        }
    }
}

/// TLS 1.2 and 1.3 with the listener's certificate; client certificates are demanded when an authority is named.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let chain = certificates("certificate", &tls.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|source| Error::File {
        key: "key",
        what: "a private key",
        path: tls.key.clone(),
        source,
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(together)?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("client_ca", path)? {
                roots.add(certificate).map_err(together)?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(together)?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let config = builder.with_single_cert(chain, key).map_err(together)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The certificates of a PEM file, which the configuration names under `key`; at least one.
pub(crate) fn certificates(key: &'static str, path: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let certificates =
        read().map_err(|source| Error::File { key, what: "certificates", path: path.to_owned(), source })?;
    if certificates.is_empty() {
        return Err(Error::Empty { key, path: path.to_owned() });
    }
    Ok(certificates)
}

fn together(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Together(Box::new(error))
}
