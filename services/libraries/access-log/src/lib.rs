#![doc = include_str!("../README.md")]

mod checkpoint;
mod disclosure;
mod entry;
mod error;
mod field;
mod files;
mod limits;
mod log;
mod note;
mod personal;
mod proof;
mod region_log;
mod retention;
mod segment;
mod settings;
mod show;
mod tree;
mod verify;
mod witness;
mod writer;

pub use checkpoint::Checkpoint;
pub use disclosure::{Disclosure, WITHOUT};
pub use entry::{Action, Entry, Line, Outcome, Receipt};
pub use error::Error;
pub use field::{Digest, Person, Region, Text, Unfit, WITHHELD, system_user};
pub use limits::Limits;
pub use log::AccessLog;
pub use note::{Key, Note, Public};
pub use proof::{Proof, Unproven, prove_consistency, prove_inclusion};
pub use retention::{Removed, YEARS_MIN, remove};
pub use settings::Settings;
pub use show::{Filter, entries, show};
pub use tree::{Frontier, Hash, Leaves, consistency_holds, inclusion_holds};
pub use verify::{Keys, Report, Stored, Wrong, verify};
pub use witness::{Refused, Witness, countersign};
