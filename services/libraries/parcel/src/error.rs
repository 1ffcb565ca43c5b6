use std::io;
use std::path::PathBuf;

/// Why a parcel cannot be written, read or trusted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder.
    #[error("{attempt} {}", path.display())]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no parcel.
    #[error("{} is not a parcel: it has no manifest.json", .0.display())]
    NotAParcel(PathBuf),
    /// A text that should be small is not.
    #[error("{} is larger than {max} bytes and is not read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        max: u64,
    },
    /// The manifest, or the list of encrypted files, is not one.
    #[error("{} cannot be read; it was changed, or made by another version of this program", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The manifest names a file that is not a plain name.
    #[error("{} names a file outside of the parcel; do not open it", path.display())]
    NameUnsafe {
        /// The manifest.
        path: PathBuf,
    },
    /// The signature is absent, or not one of a trusted key.
    #[error(
        "the signature of {} is not by a trusted key; it was changed, or signed by somebody else: ask the sender for \
         the public key (`sink-register key`) and for the parcel again",
        path.display()
    )]
    SignatureWrong {
        /// What was signed.
        path: PathBuf,
    },
    /// A file of the manifest is not there.
    #[error("{} is missing; fetch the parcel again", .0.display())]
    FileMissing(PathBuf),
    /// A file is not the one that was signed.
    #[error("{} is not what the manifest says ({difference}); fetch the parcel again", path.display())]
    FileDiffers {
        /// The file.
        path: PathBuf,
        /// Its length or its hash.
        difference: &'static str,
    },
    /// Something that the manifest does not know.
    #[error("{} does not belong to the parcel; remove it, or find out who put it there", .0.display())]
    FileForeign(PathBuf),
    /// The folder's name and its manifest disagree.
    #[error("{} holds the manifest of {found}; a parcel keeps its name", path.display())]
    NameDiffers {
        /// The folder.
        path: PathBuf,
        /// What the manifest says.
        found: String,
    },
    /// The key does not open a file.
    #[error("{} cannot be opened with this identity; it is encrypted to {recipient_key}", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// Whose key does.
        recipient_key: String,
        /// What age said.
        source: Box<age::DecryptError>,
    },
    /// A file that should hold a secret key does not.
    #[error("{} holds no age identity; it is a line that starts with AGE-SECRET-KEY-1", .0.display())]
    NotAnIdentity(PathBuf),
}
