//! What was said, in the order in which the keeper entered it: a file that is only added to.
//!
//! An entry is a note that the keeper signs. Its text has three lines: its number with the SHA-256 of the entry before it, the
//! statement, and the signature of who made it. So nobody can say a thing in another's name, and no entry can be altered, left
//! out or put elsewhere without the next one telling.

use access_log::{Key, Note, Public};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sha256;
use crate::signers::Signers;
use crate::standing::{Rejected, Standings};
use crate::statement::{NotAStatement, Statement};

/// How far a signer's clock may be before the keeper's.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// The ledger's name in the keeper's signatures.
const NAME: &str = "permit-ledger";

/// The state after all entries.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    standings: Standings,
    entries: u64,
    /// SHA-256 of the last entry; empty before the first.
    head: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    entry: u64,
    previous: String,
}

/// A ledger that cannot be gone on from.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry} of the permit ledger: {why}")]
pub struct Broken {
    /// The entry, from 0.
    pub entry: u64,
    /// What is wrong.
    pub why: &'static str,
}

/// A statement is not entered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEntered {
    /// It does not count.
    #[error(transparent)]
    Statement(#[from] NotAStatement),
    /// It changes nothing.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// It is of the future.
    #[error("said more than five minutes after now: one of the clocks is wrong")]
    Ahead,
}

impl Ledger {
    /// Reads a ledger; what a killed keeper left behind the last whole entry does not count, and its length is what is behind
    /// the second value, in bytes.
    ///
    /// # Errors
    /// At the first entry that is not as it was made.
    pub fn read(text: &str, keepers: &[Public], signers: &Signers) -> Result<(Self, u64), Broken> {
        let mut ledger = Self::default();
        let (notes, length) = Note::all(text).ok_or(Broken { entry: 0, why: "some entry is no signed note" })?;
        for note in notes {
            ledger.follow(&note, keepers, signers).map_err(|why| Broken { entry: ledger.entries, why })?;
        }
        Ok((ledger, length))
    }

    fn follow(&mut self, note: &Note, keepers: &[Public], signers: &Signers) -> Result<(), &'static str> {
        if !note.is_signed(NAME, keepers) {
            return Err("not signed by the keeper");
        }
        let (place, said) = note.text.split_once('\n').ok_or("not an entry")?;
        let place: Place = serde_json::from_str(place).map_err(|_| "not an entry")?;
        if place.entry != self.entries || place.previous != self.head {
            return Err("does not follow the entry before it: an entry was altered, left out or moved");
        }
        let (line, signature) = said.split_once('\n').ok_or("not an entry")?;
        let said = Note::parse(&format!("{line}\n\n{signature}")).ok_or("not an entry")?;
        let statement =
            Statement::read(&said, signers).map_err(|_| "its statement is not signed by who may make it")?;
        self.standings.take(&statement).map_err(|_| "its statement changes nothing")?;
        self.entries += 1;
        self.head = sha256::hex(note.to_string().as_bytes());
        Ok(())
    }

    /// Takes a signed statement in. Gives the bytes to add to the file, which must be durable before the new state is used.
    ///
    /// # Errors
    /// When the statement does not count or changes nothing; then neither does the ledger.
    ///
    /// # Panics
    /// Never: a number and a digest are JSON.
    pub fn enter(
        &self,
        said: &Note,
        signers: &Signers,
        key: &Key,
        now: Timestamp,
    ) -> Result<(Self, String), NotEntered> {
        let statement = Statement::read(said, signers)?;
        if statement.at > now + AHEAD_MAX {
            return Err(NotEntered::Ahead);
        }
        let mut next = self.clone();
        next.standings.take(&statement)?;
        let place = Place { entry: self.entries, previous: self.head.clone() };
        let place = serde_json::to_string(&place).expect("a number and a digest are JSON");
        // Of the note the empty line is left out: it would end the text of the entry.
        let said = said.to_string().replacen("\n\n", "\n", 1);
        let note = key.sign(NAME, &format!("{place}\n{said}"));
        next.entries += 1;
        next.head = sha256::hex(note.to_string().as_bytes());
        Ok((next, format!("{note}\n")))
    }

    /// How all permits stand.
    #[must_use]
    pub const fn standings(&self) -> &Standings {
        &self.standings
    }
}
