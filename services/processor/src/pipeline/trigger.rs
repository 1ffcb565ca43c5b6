//! What each ADT trigger says, in one table: which place, cancel, merge, or only tell of a person (HL7 v2.5.1, chapter 3).

use hl7::Message;
use schemas::CorrectionKind;

use super::event_time;
use crate::findings::Findings;
use crate::rules::Rule;
use crate::stop::Stop;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// As HL7 writes it, `A01`.
    pub code: &'static str,
    /// What it becomes.
    pub shape: Shape,
    /// `event_type` of its first event.
    pub event_type: &'static str,
    /// Whether it says something new or corrects.
    pub correction: CorrectionKind,
    /// It also tells of the person (a Person event beside the Encounter).
    pub person: bool,
}

/// What a trigger becomes, and what it needs for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An Encounter that places a patient: nothing without a visit number.
    Placement,
    /// As a placement if it names a place, else an Encounter that needs nothing.
    PlacementIfPlaced,
    /// Two Encounters, one per patient.
    Swap,
    /// An Encounter that closes: the timeline finds the episode if the visit number is missing.
    Discharge,
    /// An Encounter that cancels: without a visit number it cancels nothing.
    Cancellation,
    /// An Encounter without effect on place.
    Record,
    /// An Encounter if there is a visit number; the Person event is what matters.
    Update,
    /// A Person event; a second patient of the message is linked to the first.
    Link,
    /// All episodes of the persons in MRG go to the person in PID.
    Merge,
    /// The visit in MRG-5 becomes PV1-19.
    VisitMove,
    /// The person's events are void.
    PersonDelete,
    /// A BedStatus, without a patient.
    BedStatus,
    /// Known to the standard, nothing to say here.
    Nothing,
}

use CorrectionKind::{Cancel, New, Update};

macro_rules! triggers {
    ($($code:literal $shape:ident $event_type:literal $correction:ident $person:literal;)+) => {
        static TABLE: &[Trigger] = &[$(Trigger {
            code: $code,
            shape: Shape::$shape,
            event_type: $event_type,
            correction: $correction,
            person: $person,
        },)+];
    };
}

// Ordered by number: `A01` is at index 0, so a lookup is one index.
triggers! {
    "A01" Placement         "encounter.admitted"      New    true;
    "A02" Placement         "encounter.transferred"   New    false;
    "A03" Discharge         "encounter.discharged"    New    false;
    "A04" PlacementIfPlaced "encounter.registered"    New    true;
    "A05" Record            "encounter.preadmitted"   New    true;
    "A06" PlacementIfPlaced "encounter.class-changed" New    false;
    "A07" PlacementIfPlaced "encounter.class-changed" New    false;
    "A08" Update            "encounter.updated"       Update true;
    "A09" Record            "encounter.updated"       New    false;
    "A10" Record            "encounter.updated"       New    false;
    "A11" Cancellation      "encounter.cancelled"     Cancel false;
    "A12" Cancellation      "encounter.cancelled"     Cancel false;
    "A13" Cancellation      "encounter.cancelled"     Cancel false;
    "A14" Record            "encounter.pending"       New    false;
    "A15" Record            "encounter.pending"       New    false;
    "A16" Record            "encounter.pending"       New    false;
    "A17" Swap              "encounter.swapped"       New    false;
    "A18" Merge             "encounter.merged"        New    true;
    "A19" Nothing           ""                        New    false;
    "A20" BedStatus         "bed.status"              New    false;
    "A21" Record            "encounter.leave-started" New    false;
    "A22" PlacementIfPlaced "encounter.leave-ended"   New    false;
    "A23" Cancellation      "encounter.deleted"       Cancel false;
    "A24" Link              "person.updated"          Update true;
    "A25" Record            "encounter.pending"       Cancel false;
    "A26" Record            "encounter.pending"       Cancel false;
    "A27" Record            "encounter.pending"       Cancel false;
    "A28" Update            "encounter.updated"       New    true;
    "A29" PersonDelete      "encounter.deleted"       Cancel false;
    "A30" Merge             "encounter.merged"        New    true;
    "A31" Update            "encounter.updated"       Update true;
    "A32" Nothing           ""                        New    false;
    "A33" Nothing           ""                        New    false;
    "A34" Merge             "encounter.merged"        New    true;
    "A35" Nothing           ""                        New    false;
    "A36" Merge             "encounter.merged"        New    true;
    "A37" Nothing           ""                        New    false;
    "A38" Record            "encounter.pending"       Cancel false;
    "A39" Nothing           ""                        New    false;
    "A40" Merge             "encounter.merged"        New    true;
    "A41" Nothing           ""                        New    false;
    "A42" VisitMove         "encounter.visit-moved"   New    false;
    "A43" Nothing           ""                        New    false;
    "A44" Nothing           ""                        New    false;
    "A45" VisitMove         "encounter.visit-moved"   New    false;
    "A46" Nothing           ""                        New    false;
    "A47" Merge             "encounter.merged"        New    true;
    "A48" Nothing           ""                        New    false;
    "A49" Nothing           ""                        New    false;
    "A50" VisitMove         "encounter.visit-moved"   New    false;
    "A51" Nothing           ""                        New    false;
    "A52" Cancellation      "encounter.cancelled"     Cancel false;
    "A53" Cancellation      "encounter.cancelled"     Cancel false;
    "A54" Nothing           ""                        New    false;
    "A55" Nothing           ""                        New    false;
    "A60" Nothing           ""                        New    false;
    "A61" Nothing           ""                        New    false;
    "A62" Nothing           ""                        New    false;
}

/// Z99, IHE PAM: an earlier movement happened otherwise, and ZBE-6 cannot say which trigger it was.
pub(crate) static MOVEMENT_UPDATE: Trigger = Trigger {
    code: "Z99",
    shape: Shape::Record,
    event_type: "encounter.updated",
    correction: CorrectionKind::Replace,
    person: false,
};

/// What the message says happened. MSH-9 is right; EVN-1 helps out where MSH-9 is silent.
pub(crate) fn of(message: &Message<'_>, findings: &mut Findings) -> Result<&'static Trigger, Stop> {
    let (kind, code) = (message.kind(), message.trigger());
    if kind.is_empty() && code.is_empty() {
        return Err(Stop::refuse(Rule::TriggerMissing, "MSH-9"));
    }
    if kind != "ADT" && !(kind.is_empty() && code.starts_with('A')) {
        return Err(Stop::Ignore(Rule::MessageTypeOther));
    }
    if code.is_empty() {
        return Err(Stop::refuse(Rule::TriggerMissing, "MSH-9"));
    }
    let repeated = message.at(hl7::field::EVN_TRIGGER).given();
    if repeated.is_some_and(|repeated| repeated != code) {
        findings.add(Rule::EventTypeDiffers, "EVN-1");
    }
    let trigger = match code {
        "Z99" => movement_update(message, findings),
        code => named(code).ok_or(Stop::Ignore(Rule::TriggerUnknown))?,
    };
    let trigger = if code != MOVEMENT_UPDATE.code && moves(trigger.shape) && is_timeless_history(message) {
        findings.add(Rule::MovementNotApplied, "ZBE-2");
        &MOVEMENT_UPDATE
    } else {
        trigger
    };
    match trigger.shape {
        Shape::Nothing => Err(Stop::Ignore(Rule::TriggerWithoutEffect)),
        _ => Ok(trigger),
    }
}

impl Trigger {
    /// Whether a patient comes with it: its time is a beginning.
    pub(crate) fn arrives(&self) -> bool {
        matches!(self.code, "A01" | "A04" | "A05")
    }
}

/// A past movement (ZBE-5) that does not say when it was is none of the present.
fn is_timeless_history(message: &Message<'_>) -> bool {
    let historical = message.at(hl7::field::ZBE_HISTORICAL).component(1).given();
    historical.is_some_and(|flag| flag.eq_ignore_ascii_case("Y") || flag.eq_ignore_ascii_case("J"))
        && !event_time::says_when(message)
}

/// A changed movement is a new statement of its original trigger; the timeline lets the latest statement hold.
fn movement_update(message: &Message<'_>, findings: &mut Findings) -> &'static Trigger {
    let named_movement = message.at(hl7::field::ZBE_MOVEMENT).component(1).given().is_some();
    let original = message.at(hl7::field::ZBE_ORIGINAL_TRIGGER).given().and_then(named);
    match original {
        Some(trigger) if named_movement && trigger.shape != Shape::Nothing => trigger,
        _ => {
            findings.add(Rule::MovementNotApplied, "ZBE-6");
            &MOVEMENT_UPDATE
        }
    }
}

const fn moves(shape: Shape) -> bool {
    matches!(shape, Shape::Placement | Shape::PlacementIfPlaced | Shape::Discharge | Shape::Record)
}

fn named(code: &str) -> Option<&'static Trigger> {
    let number: usize = code.strip_prefix('A')?.parse().ok()?;
    let likely = TABLE.get(number.checked_sub(1)?).filter(|trigger| trigger.code == code);
    likely.or_else(|| TABLE.iter().find(|trigger| trigger.code == code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ordered_and_names_only_known_events() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} is out of order", pair[1].code);
        }
        for trigger in TABLE {
            assert_eq!(named(trigger.code).map(|found| found.code), Some(trigger.code));
            assert_eq!(trigger.event_type.is_empty(), trigger.shape == Shape::Nothing, "{}", trigger.code);
        }
    }

    #[test]
    fn odd_codes_are_unknown() {
        for code in ["", "A", "A0", "A00", "A1", "A63", "B01", "A01x", "a01", "A+1", "A99999999999999999999"] {
            assert_eq!(named(code), None, "{code}");
        }
    }
}
