//! Why a record does not become events.

use schemas::ParkedFate;

use crate::rules::{Effect, PackageRule, Rule};

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
    /// The mapping package's own rule, when `rule` says that one was broken.
    pub package: Option<&'static PackageRule>,
    /// Line of a file that is left out as a whole.
    pub line: Option<u64>,
}

impl Rejection {
    /// By this rule, on this field.
    pub fn new(rule: Rule, field: Option<&'static str>) -> Rejection {
        Rejection { rule, field, package: None, line: None }
    }

    /// The code that parked records name: the package's own when it is a package's rule.
    pub fn code(&self) -> &'static str {
        self.package.map_or(self.rule.code(), |package| package.code)
    }

    /// What to do about it, in English.
    pub fn remedy(&self) -> &'static str {
        self.package.map_or(self.rule.entry().remedy.en, |package| package.remedy)
    }

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
        Stop::Park(Rejection::new(rule, Some(field)))
    }

    pub(crate) fn refuse_by_package(package: &'static PackageRule) -> Stop {
        let rejection = Rejection::new(Rule::PackageRuleBroken, Some(package.column));
        Stop::Park(Rejection { package: Some(package), ..rejection })
    }

    /// A file that the connector left out as a whole, for a reason at a line.
    pub(crate) fn file(rule: Rule, line: u64) -> Stop {
        Stop::Park(Rejection { line: Some(line), ..Rejection::new(rule, None) })
    }

    /// The same of a deleted row: what is missing there nobody can fill in, the database has to tell it.
    pub(crate) fn of_deletion(self) -> Stop {
        match self {
            Stop::Park(rejection) if rejection.rule == Rule::FieldMissing => {
                Stop::Park(Rejection { rule: Rule::DeleteIncomplete, ..rejection })
            }
            other => other,
        }
    }

    pub(crate) fn park(rule: Rule) -> Stop {
        debug_assert_eq!(rule.entry().effect, Effect::Parks);
        Stop::Park(Rejection::new(rule, None))
    }
}
