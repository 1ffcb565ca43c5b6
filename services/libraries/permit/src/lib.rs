#![doc = include_str!("../README.md")]

mod answer;
mod batch;
mod blinds;
mod ledger;
mod opt_out;
mod record;
mod sealed;
mod sha256;
mod signers;
mod standing;
mod statement;

pub use answer::Answer;
pub use batch::{BATCH_BYTES_MAX, Batch, NotABatch, POINTS_MAX};
pub use blinds::{Blinds, NotTogether};
pub use ledger::{Broken, Ledger, NotEntered};
pub use opt_out::{OptOut, is_included};
pub use record::{Budget, NotAPermit, Permit, Unfit};
pub use sealed::NotOpened;
pub use signers::{AUTHORITY, KEY_HOLDER, Signers, region_signer};
pub use standing::{Refused, Rejected, Standing, Standings, may_evaluate};
pub use statement::{Change, NotAStatement, Statement};
