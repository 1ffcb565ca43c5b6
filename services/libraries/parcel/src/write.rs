//! From a manifest and the bytes it describes to a folder.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::manifest::Manifest;
use super::seal::{Ciphertext, Ciphertexts, seal};
use super::signature::Seed;
use super::staged::Staged;
use super::{CIPHERTEXT, CIPHERTEXT_SIGNATURE, ENCRYPTED, MANIFEST, MANIFEST_SIGNATURE};
use crate::age_key::AgeKey;
use crate::digest;
use runtime::failpoint::stop;

/// The bytes of a file that the manifest describes, in the manifest's order.
pub struct Content<'a> {
    /// Its name.
    pub name: &'a str,
    /// Before encryption.
    pub bytes: &'a [u8],
    /// The key to encrypt it to.
    pub key: Option<&'a AgeKey>,
}

/// Writes the parcel into its place under `parent`.
///
/// # Errors
/// When a file cannot be written. Then there is no parcel.
pub fn write(parent: &Path, manifest: &Manifest, contents: &[Content<'_>], seed: &Seed) -> Result<PathBuf, Error> {
    let staged = Staged::begin(parent, &manifest.name())?;
    stop("folder-begun");
    let mut sealed = Vec::new();
    for content in contents {
        let Some(key) = content.key else {
            staged.write(content.name, content.bytes)?;
            continue;
        };
        let name = format!("{}{ENCRYPTED}", content.name);
        let (sha256, bytes) = staged.fill(&name, |file| seal(content.bytes, key, file))?;
        sealed.push((key, Ciphertext { sha256, bytes, name }));
    }
    stop("files-written");
    let bytes = manifest.bytes();
    staged.write(MANIFEST, &bytes)?;
    staged.write(MANIFEST_SIGNATURE, seed.sign(&bytes).as_bytes())?;
    if let Some(recipient_key) = sealed.first().map(|(key, _)| key.to_string()) {
        let files = sealed.into_iter().map(|(_, file)| file).collect();
        let ciphertexts = Ciphertexts { manifest_sha256: digest::hex(&bytes), recipient_key, files }.bytes();
        staged.write(CIPHERTEXT, &ciphertexts)?;
        staged.write(CIPHERTEXT_SIGNATURE, seed.sign(&ciphertexts).as_bytes())?;
    }
    stop("manifest-written");
    let place = staged.finish()?;
    stop("renamed");
    Ok(place)
}
