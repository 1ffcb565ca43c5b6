//! What has to change in the registry; a pure function of what we have and what is there.

use std::fmt;

use schemas::{Compatibility, Kind};

/// A subject as the registry has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Existing {
    /// Its own rule, when it has one.
    pub compatibility: Option<String>,
    /// The registry's numbers of its versions.
    pub versions: Vec<u32>,
    /// The registry's number of each version of the kind, oldest first; `None` for what it lacks.
    pub ours: Vec<Option<u32>>,
}

/// One step. Nothing is ever deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// New versions of the subject are held to another rule, or to none of its own.
    SetCompatibility {
        /// Its name.
        subject: String,
        /// What is there.
        from: Option<String>,
        /// What shall be.
        to: Compatibility,
    },
    /// A version of the kind is not there.
    Register {
        /// The subject's name.
        subject: String,
        /// The kind of record.
        kind: Kind,
        /// Which version of its schema.
        version: u32,
    },
}

/// Something that is left as it is, for somebody to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The subject.
    pub subject: String,
    /// What is there, and what to do.
    pub what: String,
}

/// All steps, in the order in which they are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many subjects there shall be.
    pub subject_count: usize,
    /// What to do.
    pub changes: Vec<Change>,
    /// What is left as it is.
    pub notes: Vec<Note>,
}

/// Adds what has to change under one subject.
pub fn difference(subject: String, kind: Kind, existing: &Existing, plan: &mut Plan) {
    plan.subject_count += 1;
    let to = kind.compatibility();
    // Before the versions, so that the registry holds them to it.
    if existing.compatibility.as_deref() != Some(to.as_str()) {
        let from = existing.compatibility.clone();
        plan.changes.push(Change::SetCompatibility { subject: subject.clone(), from, to });
    }
    let newest = (1..).zip(&existing.ours).filter_map(|(version, there)| there.map(|_| version)).max();
    for (version, there) in (1..).zip(&existing.ours) {
        match newest {
            _ if there.is_some() => {}
            Some(newest) if version < newest => {
                let what = format!(
                    "has version {newest} of {} and lacks the older {version}: not registered, for it would become the \
                     registry's newest; a release that writes version {version} finds no id here",
                    kind.name()
                );
                plan.notes.push(Note { subject: subject.clone(), what });
            }
            _ => plan.changes.push(Change::Register { subject: subject.clone(), kind, version }),
        }
    }
    let foreign = existing.versions.iter().filter(|version| !existing.ours.contains(&Some(**version)));
    let foreign: Vec<String> = foreign.map(u32::to_string).collect();
    if !foreign.is_empty() {
        let what = format!(
            "has what this release does not know, under the registry's version {}: kept; if no newer release registered \
             it, find out who writes there",
            foreign.join(", ")
        );
        plan.notes.push(Note { subject, what });
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetCompatibility { subject, from, to } => {
                let from = from.as_deref().unwrap_or("unset");
                write!(formatter, "set compatibility of {subject}: {from} to {}", to.as_str())
            }
            Self::Register { subject, kind, version } => {
                write!(formatter, "register version {version} of {} under {subject}", kind.name())
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.subject, self.what)
    }
}
