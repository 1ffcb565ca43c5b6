//! Where an SFTP server is, which key it must show, and how to log in.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use runtime::config::{Check, Fault};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};
use serde::Deserialize;

/// An SFTP server, a login, and the folder there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    #[serde(default = "port")]
    pub port: u16,
    /// The login.
    pub user: String,
    /// File with our private key: Ed25519 or ECDSA, without passphrase. Its permissions protect it.
    pub key: PathBuf,
    /// The only key that the server may show.
    pub host_key: HostKey,
    /// The folder there, from the root.
    pub folder: String,
}

const fn port() -> u16 {
    22
}

impl Server {
    /// Host and port, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The path of a name in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder.trim_end_matches('/'))
    }

    pub(crate) fn private_key(&self) -> Result<Arc<PrivateKey>, russh::keys::Error> {
        russh::keys::load_secret_key(&self.key, None).map(Arc::new)
    }
}

impl Check for Server {
    fn check(&self) -> Result<(), Fault> {
        for (key, text) in [("host", &self.host), ("user", &self.user)] {
            if text.is_empty() || text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
                return Err(Fault::new(key, "must be a word"));
            }
        }
        if self.port == 0 {
            return Err(Fault::new("port", "must not be 0; SFTP has 22"));
        }
        if !self.folder.starts_with('/') || self.folder.contains('\0') {
            return Err(Fault::new("folder", "not a path from the root; write for example \"/outbox\""));
        }
        let key = self.private_key().map_err(|error| {
            let remedy = "make one with `ssh-keygen -t ed25519 -N '' -f FILE`, and give the server FILE.pub";
            Fault::new("key", format!("{} cannot be used: {error}; {remedy}", self.key.display()))
        })?;
        if key.algorithm().is_rsa() {
            return Err(Fault::new("key", "RSA keys are not supported; make one with `ssh-keygen -t ed25519`"));
        }
        Ok(())
    }
}

/// The pinned key of a server: type and key as in `known_hosts`, `ssh-ed25519 AAAA...`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostKey(PublicKey);

/// A text that is no key of a server.
#[derive(Debug, thiserror::Error)]
pub enum NotAHostKey {
    #[error(
        "not a host key; write type and key from a line of `ssh-keyscan -t ed25519 HOST`, \"ssh-ed25519 AAAA...\", after \
         its fingerprint has been compared with what the server's operator says"
    )]
    Unreadable,
    /// A key that we cannot check signatures of.
    #[error("a host key of type {0} is not supported; use the server's Ed25519 or ECDSA key")]
    Unsupported(Algorithm),
}

impl TryFrom<String> for HostKey {
    type Error = NotAHostKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let key = PublicKey::from_openssh(text.trim()).map_err(|_| NotAHostKey::Unreadable)?;
        match key.algorithm() {
            Algorithm::Ed25519 | Algorithm::Ecdsa { .. } => Ok(Self(key)),
            other => Err(NotAHostKey::Unsupported(other)),
        }
    }
}

impl HostKey {
    /// Its type: asked of the server, which may have keys of several.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    /// Whether the server has shown this key.
    pub(crate) fn is(&self, shown: &PublicKey) -> bool {
        self.0.key_data() == shown.key_data()
    }

    /// As OpenSSH prints it: `SHA256:...`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

pub(crate) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
