#![doc = include_str!("../README.md")]

mod bed_capacity;
mod bed_status;
mod content_hash;
mod cost;
mod decoder;
mod encoder;
mod encounter;
mod envelope;
mod event_id;
mod file_fault;
mod kind;
mod parked;
mod person;
pub mod region_code;
pub mod registry;
mod source_record;
mod value;
mod wait;
mod wire;

pub use bed_capacity::{BedCapacity, ClosedReason};
pub use bed_status::{BedState, BedStatus};
pub use content_hash::content_hash;
pub use cost::{CareForm, Cost};
pub use decoder::{DecodeError, Decoder, InvalidSchema};
pub use encoder::{EncodeError, Encoder};
pub use encounter::{BedKind, Encounter, MovementAction, PatientClass, Place};
pub use envelope::{Correction, CorrectionKind, Envelope, Finding, Origin, SCHEMA_VERSION, Severity};
pub use event_id::{EVENT_ID_NAMESPACE, event_id};
pub use file_fault::FileFault;
pub use kind::{Compatibility, Kind, Record};
pub use parked::{Parked, ParkedFate};
pub use person::{Person, Sex};
pub use source_record::{Format, SourceRecord};
pub use value::{CareType, Sha256, Timestamp};
pub use wait::{Deviation, Wait, WaitStatus};
