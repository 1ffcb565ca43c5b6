//! Whether a folder is a whole, unchanged parcel by somebody trusted.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::Error;
use super::manifest::{FileEntry, Manifest};
use super::seal::{Ciphertext, Ciphertexts, Identity};
use super::signature::Trusted;
use super::{CIPHERTEXT, CIPHERTEXT_SIGNATURE, ENCRYPTED, MANIFEST, MANIFEST_SIGNATURE};
use crate::digest;

/// A manifest with its totals, positions and findings takes some kilobytes.
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// A parcel that is what it says.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest's digest, by which the ledger knows the parcel.
    pub manifest_sha256: String,
    /// Files whose content before encryption was compared with the manifest.
    pub opened: usize,
    /// Every file of the parcel as it stands there, by name: SHA-256 in hexadecimal digits, and length in bytes.
    pub files: BTreeMap<String, (String, u64)>,
}

impl Manifest {
    /// Reads a manifest, whoever signed it.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(folder: &Path) -> Result<(Self, String), Error> {
        let path = folder.join(MANIFEST);
        let bytes = small(&path)?.ok_or_else(|| Error::NotAParcel(folder.to_owned()))?;
        let manifest: Self = parse(&path, &bytes)?;
        if !manifest.files.iter().all(|file| is_plain(&file.name)) {
            return Err(Error::NameUnsafe { path });
        }
        Ok((manifest, digest::hex(&bytes)))
    }

    /// Reads a manifest that somebody trusted has signed. Data files are not looked at.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or the signature is not one of theirs.
    pub fn read_trusted(folder: &Path, trusted: &Trusted) -> Result<(Self, String), Error> {
        let path = folder.join(MANIFEST);
        let bytes = small(&path)?.ok_or_else(|| Error::NotAParcel(folder.to_owned()))?;
        signed(&path, &bytes, &folder.join(MANIFEST_SIGNATURE), trusted)?;
        Self::read(folder)
    }
}

/// Checks signature, names, lengths and hashes; with an identity also what the encrypted files hold.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(folder: &Path, trusted: &Trusted, identity: Option<&Identity>) -> Result<Checked, Error> {
    let (manifest, manifest_sha256) = Manifest::read_trusted(folder, trusted)?;
    let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
    if name.as_ref() != Some(&manifest.name()) {
        return Err(Error::NameDiffers { path: folder.to_owned(), found: manifest.name() });
    }
    let ciphertexts = ciphertexts(folder, &manifest, &manifest_sha256, trusted)?;
    let mut files = BTreeMap::new();
    let own: &[&str] = match ciphertexts {
        Some(_) => &[MANIFEST, MANIFEST_SIGNATURE, CIPHERTEXT, CIPHERTEXT_SIGNATURE],
        None => &[MANIFEST, MANIFEST_SIGNATURE],
    };
    for name in own {
        let path = folder.join(name);
        let bytes = small(&path)?.ok_or_else(|| Error::FileMissing(path.clone()))?;
        files.insert((*name).to_owned(), (digest::hex(&bytes), bytes.len() as u64));
    }
    if files[MANIFEST].0 != manifest_sha256 {
        return Err(Error::FileDiffers { path: folder.join(MANIFEST), difference: "it was changed while it was read" });
    }
    let mut opened = 0;
    for file in &manifest.files {
        let Some(ciphertexts) = ciphertexts.as_ref().filter(|_| file.encrypted) else {
            compare(&folder.join(&file.name), &file.sha256, file.bytes)?;
            files.insert(file.name.clone(), (file.sha256.clone(), file.bytes));
            opened += 1;
            continue;
        };
        let sealed = sealed(folder, file, ciphertexts)?;
        let path = folder.join(&sealed.name);
        compare(&path, &sealed.sha256, sealed.bytes)?;
        files.insert(sealed.name.clone(), (sealed.sha256.clone(), sealed.bytes));
        if let Some(identity) = identity {
            let found = identity.open(&path, &ciphertexts.recipient_key)?;
            agree(&path, &found, &file.sha256, file.bytes)?;
            opened += 1;
        }
    }
    foreign(folder, &files)?;
    Ok(Checked { manifest, manifest_sha256, opened, files })
}

/// The list of encrypted files, when the manifest says that there are some.
fn ciphertexts(
    folder: &Path,
    manifest: &Manifest,
    manifest_sha256: &str,
    trusted: &Trusted,
) -> Result<Option<Ciphertexts>, Error> {
    if !manifest.files.iter().any(|file| file.encrypted) {
        return Ok(None);
    }
    let path = folder.join(CIPHERTEXT);
    let bytes = small(&path)?.ok_or_else(|| Error::FileMissing(path.clone()))?;
    signed(&path, &bytes, &folder.join(CIPHERTEXT_SIGNATURE), trusted)?;
    let ciphertexts: Ciphertexts = parse(&path, &bytes)?;
    if ciphertexts.manifest_sha256 != manifest_sha256 {
        return Err(Error::FileDiffers { path, difference: "it belongs to another manifest" });
    }
    Ok(Some(ciphertexts))
}

/// What the list says of an encrypted file.
fn sealed<'a>(folder: &Path, file: &FileEntry, ciphertexts: &'a Ciphertexts) -> Result<&'a Ciphertext, Error> {
    let name = format!("{}{ENCRYPTED}", file.name);
    let found = ciphertexts.files.iter().find(|ciphertext| ciphertext.name == name);
    found.ok_or_else(|| Error::FileDiffers { path: folder.join(CIPHERTEXT), difference: "it lacks a file" })
}

fn compare(path: &Path, sha256: &str, bytes: u64) -> Result<(), Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::FileMissing(path.to_owned())),
        Err(source) => return Err(Error::File { attempt: "open", path: path.to_owned(), source }),
    };
    let found = digest::of_reader(file);
    let found = found.map_err(|source| Error::File { attempt: "read", path: path.to_owned(), source })?;
    agree(path, &found, sha256, bytes)
}

fn agree(path: &Path, found: &(String, u64), sha256: &str, bytes: u64) -> Result<(), Error> {
    let differs = |difference| Err(Error::FileDiffers { path: path.to_owned(), difference });
    match found {
        (_, length) if *length != bytes => differs("another length"),
        (hash, _) if hash != sha256 => differs("another SHA-256"),
        _ => Ok(()),
    }
}

fn signed(path: &Path, bytes: &[u8], signature: &Path, trusted: &Trusted) -> Result<(), Error> {
    let text = small(signature)?.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    if trusted.signed(bytes, &text) {
        return Ok(());
    }
    Err(Error::SignatureWrong { path: path.to_owned() })
}

/// A file that nobody has listed could be taken for part of the disclosure.
fn foreign(folder: &Path, known: &BTreeMap<String, (String, u64)>) -> Result<(), Error> {
    let failed = |source| Error::File { attempt: "look into", path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_str().is_some_and(|name| known.contains_key(name)) {
            return Err(Error::FileForeign(entry.path()));
        }
    }
    Ok(())
}

/// A small file's bytes; nothing when it is not there.
fn small(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |source| Error::File { attempt: "read", path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mut bytes = Vec::new();
    file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(Error::TooLarge { path: path.to_owned(), max: MANIFEST_BYTES_MAX });
    }
    Ok(Some(bytes))
}

fn parse<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Malformed { path: path.to_owned(), source })
}

/// A name that cannot lead out of the folder.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain)
}
