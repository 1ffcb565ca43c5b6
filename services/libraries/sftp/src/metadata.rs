//! What a server says of a file.

const KIND_FILE: u32 = 0o100_000;
const KIND_FOLDER: u32 = 0o040_000;

/// What a server says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Bytes.
    pub size: Option<u64>,
    /// Time of the last change, seconds since 1970.
    pub modified: Option<u32>,
    /// The bits of the mode that say file, folder or something else.
    pub kind: Option<u32>,
}

impl Metadata {
    /// Whether it is a file with bytes of its own.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == Some(KIND_FILE)
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind == Some(KIND_FOLDER)
    }
}
