//! Why a record is not sealed or not opened. No text holds anything of a record but a key's id.

/// What wraps data keys does not answer now. What waited for it waits on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Away {
    /// The system has no random bytes.
    #[error("seal-key-away: the system gives no random bytes for a data key")]
    Random,
    /// The token, or the module that leads to it.
    #[error(
        "seal-key-away: the sealing key {id} is in a token that does not answer ({why}); start it, or mend module, token, label or pin of the key"
    )]
    Token {
        /// The key's id.
        id: String,
        /// What the module said: the name of a function and of its answer.
        why: String,
    },
}

/// Why a record is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unopened {
    /// Another try changes nothing.
    Refused(Refusal),
    /// The key is away; the record is to be tried again.
    Away(Away),
}

/// Why a record is not to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is plain, and the region's records have to be sealed.
    Plain,
    /// It is sealed with a key that the configuration does not have.
    KeyUnknown,
    /// Its data key does not open with the region's key of that id.
    KeyWrong,
    /// It is not what was sealed for this place: a byte was altered, or it stood in another topic, partition or record.
    Broken,
}

impl From<Refusal> for Unopened {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
