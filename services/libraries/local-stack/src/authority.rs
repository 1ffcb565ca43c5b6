//! Certificates that are made for the run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::Error;

/// An authority that nobody outside of the run trusts. Its files are gone when it is dropped.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
    count: AtomicU32,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key (PKCS#8).
    pub key: PathBuf,
    /// Both in one file, as Kafka's brokers want them.
    pub both: PathBuf,
}

impl Authority {
    /// Makes an authority.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "local-stack");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let folder = TempDir::with_prefix("vardstrom-authority-")
            .map_err(|source| Error::File { path: env::temp_dir(), source })?;
        let authority = Self { issuer, folder, count: AtomicU32::new(0) };
        write(&authority.ca(), &authority.issuer.pem())?;
        Ok(authority)
    }

    /// The file with its own certificate, which clients trust.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Makes a certificate for these names or addresses; the first is its common name, too.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate, or a file cannot be written.
    pub fn issue(&self, names: &[&str]) -> Result<Certificate, Error> {
        self.issue_until(names, 2999)
    }

    /// The same, but it expired long ago.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub fn issue_expired(&self, names: &[&str]) -> Result<Certificate, Error> {
        self.issue_until(names, 2001)
    }

    fn issue_until(&self, names: &[&str], year: i32) -> Result<Certificate, Error> {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("nobody"));
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate()?;
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = |ending: &str| self.folder.path().join(format!("{number}.{ending}"));
        let made = Certificate { certificate: path("pem"), key: path("key"), both: path("both.pem") };
        write(&made.certificate, &pem)?;
        write(&made.key, &key.serialize_pem())?;
        write(&made.both, &format!("{}{pem}", key.serialize_pem()))?;
        Ok(made)
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::File { path: path.to_owned(), source })
}
