//! The fields this platform reads, by name.

use std::fmt;

/// Segment and field number, written as people say it: `PV1-19`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    /// Three-letter segment name.
    pub segment: &'static str,
    /// Field number, counted as HL7 counts (MSH-1 is the separator itself).
    pub number: usize,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.segment, self.number)
    }
}

macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident = $segment:literal, $number:literal;)*) => {
        $($(#[$doc])* pub const $name: Address = Address { segment: $segment, number: $number };)*
    };
}

addresses! {
    /// Sending application.
    MSH_SENDING_APPLICATION = "MSH", 3;
    /// Sending facility.
    MSH_SENDING_FACILITY = "MSH", 4;
    /// Receiving application.
    MSH_RECEIVING_APPLICATION = "MSH", 5;
    /// Receiving facility.
    MSH_RECEIVING_FACILITY = "MSH", 6;
    /// When the message was sent.
    MSH_SENT = "MSH", 7;
    /// Message type and trigger, `ADT^A01`.
    MSH_TYPE = "MSH", 9;
    /// Message control id.
    MSH_CONTROL_ID = "MSH", 10;
    /// Processing id.
    MSH_PROCESSING_ID = "MSH", 11;
    /// HL7 version.
    MSH_VERSION = "MSH", 12;
    /// Sequence number.
    MSH_SEQUENCE = "MSH", 13;
    /// When a commit acknowledgement is wanted.
    MSH_ACCEPT_ACK = "MSH", 15;
    /// When an application acknowledgement is wanted.
    MSH_APPLICATION_ACK = "MSH", 16;
    /// Character set.
    MSH_CHARSET = "MSH", 18;
    /// Trigger as EVN repeats it.
    EVN_TRIGGER = "EVN", 1;
    /// When the event was recorded.
    EVN_RECORDED = "EVN", 2;
    /// When the event occurred.
    EVN_OCCURRED = "EVN", 6;
    /// External patient id (before v2.3.1).
    PID_EXTERNAL_ID = "PID", 2;
    /// Patient identifier list.
    PID_IDENTIFIERS = "PID", 3;
    /// Alternate patient id.
    PID_ALTERNATE_ID = "PID", 4;
    /// Birth date.
    PID_BIRTH = "PID", 7;
    /// Administrative sex.
    PID_SEX = "PID", 8;
    /// Death date and time.
    PID_DEATH_TIME = "PID", 29;
    /// Death indicator.
    PID_DEATH = "PID", 30;
    /// Prior patient identifier list.
    MRG_IDENTIFIERS = "MRG", 1;
    /// Prior patient account number.
    MRG_ACCOUNT = "MRG", 3;
    /// Prior visit number.
    MRG_VISIT = "MRG", 5;
    /// Patient class.
    PV1_CLASS = "PV1", 2;
    /// Assigned patient location.
    PV1_LOCATION = "PV1", 3;
    /// Admission type.
    PV1_ADMISSION_TYPE = "PV1", 4;
    /// Prior patient location.
    PV1_PRIOR_LOCATION = "PV1", 6;
    /// Hospital service.
    PV1_SERVICE = "PV1", 10;
    /// Admit source.
    PV1_ADMIT_SOURCE = "PV1", 14;
    /// Visit number.
    PV1_VISIT = "PV1", 19;
    /// Discharge disposition.
    PV1_DISPOSITION = "PV1", 36;
    /// Admitted.
    PV1_ADMITTED = "PV1", 44;
    /// Discharged.
    PV1_DISCHARGED = "PV1", 45;
    /// Prior pending location.
    PV2_PRIOR_PENDING = "PV2", 1;
    /// Movement id.
    ZBE_MOVEMENT = "ZBE", 1;
    /// Start of the movement.
    ZBE_START = "ZBE", 2;
    /// End of the movement.
    ZBE_END = "ZBE", 3;
    /// INSERT, UPDATE or CANCEL.
    ZBE_ACTION = "ZBE", 4;
    /// Historical movement.
    ZBE_HISTORICAL = "ZBE", 5;
    /// Trigger of the movement that ZBE-4 corrects.
    ZBE_ORIGINAL_TRIGGER = "ZBE", 6;
    /// Responsible unit.
    ZBE_RESPONSIBLE_UNIT = "ZBE", 7;
    /// Bed location.
    NPU_LOCATION = "NPU", 1;
    /// Bed status, table 0116.
    NPU_STATUS = "NPU", 2;
}
