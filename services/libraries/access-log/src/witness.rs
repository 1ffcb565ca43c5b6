//! A witness: whoever countersigns a log's checkpoints, which is the region. It remembers one thing, the last checkpoint that it
//! signed, and signs another only when that log is proven to be the beginning of this one. So a log that its keeper has written anew
//! finds no second signature, whatever keys the keeper has.

use crate::checkpoint::Checkpoint;
use crate::note::{Key, Note, Public};
use crate::proof::{Proof, Unproven};
use crate::tree::{Hash, consistency_holds};

/// Why a checkpoint is not countersigned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The proof does not hold by itself.
    #[error("the proof does not hold")]
    Proof(#[from] Unproven),
    /// It is no proof between two checkpoints.
    #[error("this proves an entry; a witness wants `access-log prove --from`")]
    NoConsistency,
    /// What the witness signed last cannot be read.
    #[error("the witness's own state cannot be read, or was not signed with this key")]
    State,
    /// Nothing has been signed before, and nobody said that this is the first.
    #[error("this witness has signed nothing of this log before; when that is right, say --first")]
    First,
    /// Another log.
    #[error("the witness signs the log {known}, this is {found}")]
    OtherLog {
        /// What the witness has signed.
        known: String,
        /// What was offered.
        found: String,
    },
    /// Fewer entries than were signed before.
    #[error("rolled back: {signed} entries were countersigned, the checkpoint is of {found}")]
    RolledBack {
        /// What was signed.
        signed: u64,
        /// What was offered.
        found: u64,
    },
    /// Not the log that was signed before, gone on with.
    #[error("forked: the log of {found} entries does not begin with the {signed} that were countersigned")]
    Forked {
        /// What was signed.
        signed: u64,
        /// What was offered.
        found: u64,
    },
    /// The proof begins elsewhere.
    #[error("the proof begins at {found} entries; make it with `access-log prove --from {signed}`")]
    OtherBeginning {
        /// What was signed.
        signed: u64,
        /// Where the proof begins.
        found: u64,
    },
}

/// Who signs, and when.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Its name in the note.
    pub name: String,
    /// Its key.
    pub key: Key,
    /// Seconds since 1970.
    pub seconds: u64,
    /// Whether it may begin with this log.
    pub first: bool,
}

/// Signs the proof's checkpoint when the log of `last`, which this witness signed before, is its beginning.
///
/// # Errors
/// Why it is not signed.
pub fn countersign(proof: &Proof, last: Option<&Note>, log: &[Public], witness: &Witness) -> Result<Note, Refused> {
    let Proof::Consistency { old, checkpoint, path } = proof else { return Err(Refused::NoConsistency) };
    let new = proof.check(log, &[])?;
    let mut note = Note::parse(checkpoint).ok_or(Unproven::Unreadable("checkpoint"))?;
    let known = match last {
        None if !witness.first => return Err(Refused::First),
        None => Checkpoint { origin: new.origin.clone(), size: 0, root: Hash::of_nothing() },
        Some(last) => {
            let own = last.countersigned(&[witness.key.public()]).and_then(|_| Checkpoint::parse(&last.text));
            own.ok_or(Refused::State)?
        }
    };
    let (signed, found) = (known.size, new.size);
    if known.origin != new.origin {
        return Err(Refused::OtherLog { known: known.origin, found: new.origin });
    }
    if found < signed {
        return Err(Refused::RolledBack { signed, found });
    }
    // What the witness remembers is compared, never what the proof says of it.
    let begins = match old {
        None => 0,
        Some(old) => Note::parse(old).and_then(|old| Checkpoint::parse(&old.text)).map_or(0, |old| old.size),
    };
    if found == signed && new.root != known.root {
        return Err(Refused::Forked { signed, found });
    }
    if found > signed && begins != signed {
        return Err(Refused::OtherBeginning { signed, found: begins });
    }
    if found > signed && !consistency_holds(signed, known.root, found, new.root, path) {
        return Err(Refused::Forked { signed, found });
    }
    witness.key.countersign(&witness.name, witness.seconds, &mut note);
    Ok(note)
}
