use std::path::PathBuf;

use settings::{Fault, chain};

/// Why a connection cannot be encrypted as configured.
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
    /// A certificate without its key, or a key without its certificate.
    #[error("a certificate and its key go together; name both or neither")]
    Alone {
        /// The configuration key that is missing.
        key: &'static str,
    },
    /// Certificate and key do not fit, or an authority cannot be used.
    #[error("use the certificate, key and authorities together")]
    Together(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What a server is called cannot stand in a certificate.
    #[error("{0} is neither a host name nor an IP address; write one that the server's certificate has")]
    Name(String),
}

impl Error {
    /// The configuration key to look at.
    pub fn key(&self) -> &'static str {
        match self {
            Self::File { key, .. } | Self::Empty { key, .. } | Self::Alone { key } => key,
            Self::Together(_) => "certificate",
            Self::Name(_) => "ca",
        }
    }

    /// As a fault of the table that names the files.
    pub fn fault(&self) -> Fault {
        Fault::new(self.key(), chain(self))
    }

    pub(crate) fn together(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Together(Box::new(error))
    }
}
