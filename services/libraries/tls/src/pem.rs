use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;

/// The certificates of a PEM file, which the configuration names under `key`; at least one.
pub fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let certificates =
        read().map_err(|source| Error::File { key, what: "certificates", path: path.to_owned(), source })?;
    if certificates.is_empty() {
        return Err(Error::Empty { key, path: path.to_owned() });
    }
    Ok(certificates)
}

/// The private key of a PEM file, which the configuration names under `key`.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let failed = |source| Error::File { key: "key", what: "a private key", path: path.to_owned(), source };
    PrivateKeyDer::from_pem_file(path).map_err(failed)
}

pub(crate) fn authorities(key: &'static str, path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, path)? {
        roots.add(certificate).map_err(Error::together)?;
    }
    Ok(roots)
}

/// The one implementation of cryptography that is built in.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
