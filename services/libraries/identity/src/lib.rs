#![doc = include_str!("../README.md")]

mod canonical;
mod date;
mod guard;
mod hsa;
mod identifier;
mod kept;
mod key;
mod luhn;
mod partition;
mod personal;
mod placeholder;
mod pseudonym;
mod reserve;
mod subject;
mod symbol;
mod system;
pub mod test_identity;

pub use canonical::Canonical;
pub use date::{Birth, Date, Sex};
pub use guard::{Finding, guard, without_numbers};
pub use hsa::{HsaId, HsaWarning};
pub use identifier::{Identifier, Kind, Options, RegionRules, is_reserve_number};
pub use kept::Kept;
pub use key::{Key, KeyError};
pub use partition::PartitionKey;
pub use personal::{Interim, Personnummer, Samordningsnummer};
pub use placeholder::is_placeholder;
pub use pseudonym::{PseudonymError, Pseudonymiser, Purpose, Token, key_id};
pub use reserve::{NationalReserve, RegionalReserve};
pub use subject::{Claim, NoSubject, Subject, primary};
pub use system::{Reserve, System};

/// Why a text is not the identifier it was read as. Says what is wrong with it, never what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Wrong length, a wrong separator, a character that has no place there, or digits that are not ASCII.
    #[error("not the shape of this kind of identifier")]
    Shape,
    /// The date in it does not exist.
    #[error("the date in the identifier does not exist")]
    Date,
    /// The check digit is wrong.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// An interim number, and interim numbers are not enabled.
    #[error("interim numbers are not enabled: set interim = true for the region if it uses them")]
    InterimDisabled,
}
