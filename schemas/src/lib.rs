//! The records that Vårdström's topics carry: Avro schemas, typed records kept equal to them, event ids, and the
//! Confluent wire format.
#![doc = ""]

mod bed_capacity;
mod bed_status;
mod encounter;
mod envelope;
mod parked;
mod person;
mod source_record;
mod value;

pub use bed_capacity::{BedCapacity, ClosedReason};
pub use bed_status::{BedState, BedStatus};
pub use encounter::{BedKind, Encounter, MovementAction, PatientClass, Place};
pub use envelope::{Correction, CorrectionKind, Envelope, Finding, Origin, SCHEMA_VERSION, Severity};
pub use parked::{Parked, ParkedFate};
pub use person::{Person, Sex};
pub use source_record::{Format, SourceRecord};
pub use value::{CareType, Sha256, Timestamp};
