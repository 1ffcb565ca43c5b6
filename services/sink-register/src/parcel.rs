//! A parcel: a folder `<extract>_<region>_<period>_v<version>` that can be checked by whoever gets it.
//!
//! | file | what it is | the same in every run |
//! |---|---|---|
//! | data files without personal rows | as they are | yes |
//! | `<file>.age` | a file with a row per person, encrypted to the recipient with age; never on disk in the clear | no: age draws a new key each time |
//! | `manifest.json` | what is in the parcel and why, with the SHA-256 of every file *before* encryption | yes |
//! | `manifest.sig` | Ed25519 over the bytes of `manifest.json`, 128 hexadecimal digits | yes |
//! | `ciphertext.json` | SHA-256 of the encrypted files, only when there are any | no |
//! | `ciphertext.sig` | Ed25519 over the bytes of `ciphertext.json` | no |
//!
//! A parcel is written beside its place and renamed into it, so it is whole or absent. Once there it is never changed.
//! Refused: ciphertext hashes inside the manifest (two runs of the same month could then not be compared by it), and a
//! clock anywhere in it (the ledger says when).

mod check;
mod error;
mod manifest;
mod seal;
mod series;
mod signature;
mod staged;
mod write;

pub use check::{Checked, check};
pub use error::Error;
pub use manifest::{Change, Explanation, FORMAT, FileEntry, Manifest};
pub use seal::Identity;
pub use series::Series;
pub use signature::{Seed, Trusted};
pub use staged::clean;
pub use write::{Content, write};

pub(crate) use staged::{Staged, replace};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const MANIFEST_SIGNATURE: &str = "manifest.sig";
const CIPHERTEXT: &str = "ciphertext.json";
const CIPHERTEXT_SIGNATURE: &str = "ciphertext.sig";
const ENCRYPTED: &str = ".age";
