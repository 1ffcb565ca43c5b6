//! Why a record does not become events.

use schemas::ParkedFate;

use crate::rules::{Effect, Rule};

/// The end of a record's way through the pipeline before any event was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Known, nothing to say.
    Ignore(Rule),
    /// Cannot be used: coordinates and rule go to the parked topic.
    Park(Rejection),
}

/// A rule and the field that it looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejection {
    /// The rule; its effect says whether the record is refused or cannot be read.
    pub rule: Rule,
    /// HL7 path or column, never a value.
    pub field: Option<&'static str>,
}

impl Rejection {
    /// Which of the two fates of the parked topic this is.
    pub fn fate(&self) -> ParkedFate {
        match self.rule.entry().effect {
            Effect::Parks => ParkedFate::Parked,
            Effect::Refuses | Effect::Ignores | Effect::Notes => ParkedFate::Refused,
        }
    }
}

impl Stop {
    pub(crate) fn refuse(rule: Rule, field: &'static str) -> Stop {
        debug_assert_eq!(rule.entry().effect, Effect::Refuses);
        Stop::Park(Rejection { rule, field: Some(field) })
    }

    pub(crate) fn park(rule: Rule) -> Stop {
        debug_assert_eq!(rule.entry().effect, Effect::Parks);
        Stop::Park(Rejection { rule, field: None })
    }
}
