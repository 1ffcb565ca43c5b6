//! Whether the snapshot of a slot has been sent, kept in a file, and what to do next.
//!
//! How far the changes have been sent is kept by the slot itself, in the database.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::Cdc;

/// What is kept of a slot. Survives a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was ever sent: the state of a slot without a file.
    Unused,
    /// A snapshot is being sent, or is to be sent again; entered before the slot is made.
    Begun {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The snapshot is in Kafka; entered when the last of its rows is.
    Sent {
        /// Which attempt it was.
        attempt: u32,
    },
}

/// What the server says of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// It belongs to this database and to `pgoutput`.
    pub fits: bool,
    /// Its log has been removed.
    pub lost: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The snapshot is sent: go on with the changes.
    Follow,
    /// Make the slot and send the snapshot.
    Snapshot {
        /// Which attempt it is, from 1.
        attempt: u32,
        /// A slot of an earlier attempt is in the way; its snapshot ended with the connection that made it.
        drop: bool,
    },
}

/// What happened to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It does not exist any more.
    Dropped,
    /// It was too far behind (`max_slot_wal_keep_size`), and its log was removed.
    Invalidated,
    /// It exists, and we have not made it.
    Foreign,
    /// It belongs to another database or plugin.
    Unfit,
}

/// The slot is not what it was left as, so changes are missing or not ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Lost {
    /// Lanskod.
    pub region: String,
    /// Its name.
    pub slot: String,
    /// What happened.
    pub loss: Loss,
}

impl std::error::Error for Lost {}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { region, slot, loss } = self;
        let command = format!("connector cdc resnapshot --region {region} --slot {slot} --config FILE");
        match loss {
            Loss::Dropped => write!(f, "slot {slot} is gone, and changes with it; run: {command}"),
            Loss::Invalidated => {
                write!(
                    f,
                    "slot {slot} was invalidated, and changes are lost; raise max_slot_wal_keep_size, then run: {command}"
                )
            }
            Loss::Foreign => write!(
                f,
                "slot {slot} exists and its state is not in positions; if nobody else uses it, run: {command}; \
                 else choose another slot in [[region.cdc]]"
            ),
            Loss::Unfit => {
                write!(f, "slot {slot} belongs to another database or plugin; choose another slot in [[region.cdc]]")
            }
        }
    }
}

impl State {
    /// What to do next, with what the server says of the slot.
    pub fn next(self, slot: Option<Slot>) -> Result<Step, Loss> {
        match (self, slot) {
            (_, Some(Slot { fits: false, .. })) => Err(Loss::Unfit),
            (Self::Unused, None) => Ok(Step::Snapshot { attempt: 1, drop: false }),
            (Self::Unused, Some(_)) => Err(Loss::Foreign),
            (Self::Begun { attempt }, slot) => {
                Ok(Step::Snapshot { attempt: attempt.saturating_add(1), drop: slot.is_some() })
            }
            (Self::Sent { .. }, None) => Err(Loss::Dropped),
            (Self::Sent { .. }, Some(Slot { lost: true, .. })) => Err(Loss::Invalidated),
            (Self::Sent { .. }, Some(_)) => Ok(Step::Follow),
        }
    }

    /// The state from which the snapshot is taken again. Never the first attempt: rows of an earlier one, or of whoever
    /// used the slot, may be in Kafka.
    pub fn again(self) -> Self {
        match self {
            Self::Unused => Self::Begun { attempt: 1 },
            Self::Begun { attempt } | Self::Sent { attempt } => Self::Begun { attempt },
        }
    }

    /// The state kept at `path`.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => parse(&text).ok_or_else(|| io::Error::other("not a state of ours; move the file away")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Unused),
            Err(error) => Err(error),
        }
    }

    /// Keeps the state, also over a power failure: without it a slot counts as somebody else's.
    pub fn store(self, path: &Path) -> io::Result<()> {
        let (word, attempt) = match self {
            Self::Unused => return Ok(()),
            Self::Begun { attempt } => ("begun", attempt),
            Self::Sent { attempt } => ("sent", attempt),
        };
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        write!(file, "{HEADING}\nattempt {attempt}\nsnapshot {word}\n")?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)
    }
}

const HEADING: &str = "vardstrom cdc state 1";

fn parse(text: &str) -> Option<State> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let attempt = lines.next()?.strip_prefix("attempt ")?.parse().ok()?;
    match lines.next()?.strip_prefix("snapshot ")? {
        "begun" => Some(State::Begun { attempt }),
        "sent" => Some(State::Sent { attempt }),
        _ => None,
    }
}

/// Where the state of a region's slot is kept.
pub fn path(region: &str, source: &Cdc) -> PathBuf {
    source.positions.join(format!("{region}-{}.cdc", source.slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next() {
        let here = Some(Slot { fits: true, lost: false });
        let lost = Some(Slot { fits: true, lost: true });
        let other = Some(Slot { fits: false, lost: false });
        let cases = [
            (State::Unused, None, Ok(Step::Snapshot { attempt: 1, drop: false })),
            (State::Unused, here, Err(Loss::Foreign)),
            (State::Begun { attempt: 1 }, None, Ok(Step::Snapshot { attempt: 2, drop: false })),
            (State::Begun { attempt: 2 }, lost, Ok(Step::Snapshot { attempt: 3, drop: true })),
            (State::Sent { attempt: 1 }, here, Ok(Step::Follow)),
            (State::Sent { attempt: 1 }, None, Err(Loss::Dropped)),
            (State::Sent { attempt: 1 }, lost, Err(Loss::Invalidated)),
            (State::Begun { attempt: 1 }, other, Err(Loss::Unfit)),
        ];
        for (state, slot, expected) in cases {
            assert_eq!(state.next(slot), expected, "{state:?} {slot:?}");
        }
    }

    #[test]
    fn a_state_is_kept_and_what_is_no_state_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("14-care.cdc");
        assert_eq!(State::load(&path).expect("none"), State::Unused);
        for state in [State::Begun { attempt: 3 }, State::Sent { attempt: 4 }] {
            state.store(&path).expect("stored");
            assert_eq!(State::load(&path).expect("kept"), state);
        }
        assert_eq!(State::Unused.again().next(None), Ok(Step::Snapshot { attempt: 2, drop: false }));
        fs::write(&path, "half").expect("written");
        assert!(State::load(&path).is_err());
    }
}
