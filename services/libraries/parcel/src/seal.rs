//! Encryption of the files with a row per person, and the list of what came of it.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::Error;
use crate::age_key::AgeKey;
use crate::digest::{self, Digesting};

/// What `ciphertext.json` says. Apart from the manifest, because it differs between two runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ciphertexts {
    /// SHA-256 of the manifest that it belongs to.
    pub(super) manifest_sha256: String,
    /// The age public key that opens the files' other half.
    pub(super) recipient_key: String,
    pub(super) files: Vec<Ciphertext>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ciphertext {
    /// Its name in the parcel.
    pub(super) name: String,
    /// SHA-256 after encryption.
    pub(super) sha256: String,
    /// Length after encryption.
    pub(super) bytes: u64,
}

impl Ciphertexts {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and numbers are JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// Encrypts to a recipient, piece by piece: a file of row after row is never held twice. Gives digest and length of what
/// was written.
pub(super) fn seal(bytes: &[u8], key: &AgeKey, file: &mut File) -> io::Result<(String, u64)> {
    let recipient = key.recipient();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .expect("one recipient is given");
    let mut digesting = Digesting::new(BufWriter::new(file));
    let mut writer = encryptor.wrap_output(&mut digesting)?;
    writer.write_all(bytes)?;
    writer.finish()?;
    digesting.finish()
}

/// A secret key that opens parcels. It cannot be printed.
pub struct Identity(age::x25519::Identity);

impl Identity {
    /// From a file as `age-keygen` writes it.
    ///
    /// # Errors
    /// When the file cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::File {
            attempt: "read the identity file",
            path: path.to_owned(),
            source,
        })?;
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let key = line.and_then(|line| line.parse().ok());
        key.map(Self).ok_or_else(|| Error::NotAnIdentity(path.to_owned()))
    }

    /// SHA-256 and length of a file before it was encrypted.
    pub(super) fn open(&self, path: &Path, recipient_key: &str) -> Result<(String, u64), Error> {
        let file = File::open(path);
        let file = file.map_err(|source| Error::File { attempt: "open", path: path.to_owned(), source })?;
        let locked = |source| Error::Locked {
            path: path.to_owned(),
            recipient_key: recipient_key.to_owned(),
            source: Box::new(source),
        };
        let decryptor = age::Decryptor::new_buffered(BufReader::new(file)).map_err(locked)?;
        let reader = decryptor.decrypt(std::iter::once(&self.0 as &dyn age::Identity)).map_err(locked)?;
        digest::of_reader(reader).map_err(|source| locked(source.into()))
    }
}
