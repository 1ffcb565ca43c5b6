#![doc = include_str!("../README.md")]

mod age_key;
mod check;
pub mod digest;
mod error;
pub mod flag;
mod groups;
mod left_out;
mod manifest;
mod month;
mod period;
mod positions;
mod seal;
mod series;
mod show;
mod signature;
mod staged;
mod version;
mod write;

pub use age_key::{AgeKey, NotAKey};
pub use check::{Checked, check};
pub use error::Error;
pub use flag::Flag;
pub use groups::Groups;
pub use left_out::LeftOut;
pub use manifest::{
    Change, Explanation, FORMAT, FileEntry, MANIFEST, MANIFEST_SIGNATURE, Manifest, PseudonymKey, Treatments,
};
pub use month::{Month, NotAMonth};
pub use period::{NotAPeriod, Period, PeriodKind};
pub use positions::{Position, Positions};
pub use seal::Identity;
pub use series::Series;
pub use show::{explain, made_text, manifest_text};
pub use signature::{Seed, Trusted};
pub use staged::{Staged, clean, replace};
pub use version::{Agreement, Candidate, Decision, REASON, agree, decide};
pub use write::{Content, write};

const CIPHERTEXT: &str = "ciphertext.json";
const CIPHERTEXT_SIGNATURE: &str = "ciphertext.sig";
const ENCRYPTED: &str = ".age";
