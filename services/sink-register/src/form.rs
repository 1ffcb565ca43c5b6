//! What every form has: a form is what events are made into, and `forms` is the table of them.

use std::collections::BTreeMap;
use std::pin::Pin;

use parcel::{Period, PeriodKind, Positions};
use schemas::Subject;
use topics::Region;

use crate::error::Error;
use crate::output::{FileKind, Output};
use crate::pseudonym::Pseudonyms;
use crate::read::{Snapshot, Source};

/// An entry of the table.
pub(crate) struct Form {
    /// What definitions call it. Forms of one name are told apart by their subjects.
    pub(crate) name: &'static str,
    /// The subject that definitions of it name; without one, any.
    pub(crate) subject: Option<Subject>,
    /// What one extract covers; without it, what the subject's statements count for, else a month.
    pub(crate) period: Option<PeriodKind>,
    /// Whether a definition of it may say `hide_below`.
    pub(crate) hides: bool,
    /// The files that it gives, always these, in their order. Which of them leave, the definition says; that a file of
    /// persons is encrypted and what pages may read of the others follows from their kinds.
    pub(crate) files: fn(Subject) -> Vec<FileKind>,
    /// Whether files of a subject have a column, of those that their layout has.
    pub(crate) has: fn(Subject, &str) -> bool,
    /// What it reads of the store for a period.
    pub(crate) sources: fn(Subject, Period) -> Vec<Source>,
    /// Reads that at or below positions, and computes. The period is of the kind that the form covers.
    pub(crate) make: for<'a> fn(&'a Snapshot<'a>, &'a Request<'a>, &'a Positions) -> Making<'a>,
    /// The definitions of it that we ship, as TOML: name, version, recipient, the files that leave.
    pub(crate) definitions: &'static [&'static str],
}

/// What comes of a form: the output, and statements per quality rule that found something on them. It fails when the
/// store cannot be read, or has nothing of the period.
pub(crate) type Making<'a> = Pin<Box<dyn Future<Output = Result<(Output, BTreeMap<String, u64>), Error>> + 'a>>;

/// What is asked of a form.
pub(crate) struct Request<'a> {
    pub(crate) definition: &'a str,
    pub(crate) version: &'a str,
    /// The subject that it names.
    pub(crate) subject: Subject,
    /// Whether its ground names persons whose identity is protected: else no row about them leaves.
    pub(crate) covers_protected: bool,
    /// Below how many it wants nothing to be said.
    pub(crate) hide_below: Option<u32>,
    /// The published files of the version that this one replaces, by name: what they are silent about stays so.
    pub(crate) earlier: &'a BTreeMap<String, String>,
    /// What the recipient gets in place of tokens and numbers.
    pub(crate) pseudonyms: &'a Pseudonyms,
    pub(crate) region: Region,
    pub(crate) period: Period,
}

impl Form {
    /// What one extract of a subject covers.
    pub(crate) fn covers(&self, subject: Subject) -> PeriodKind {
        self.period.or(subject.period()).unwrap_or(PeriodKind::Month)
    }
}
