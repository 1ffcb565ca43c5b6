//! Whether the snapshot of a slot has been sent, kept in a file, and what to do next.
//!
//! How far the changes have been sent is kept by the slot itself, in the database.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use replication::Lsn;

use crate::config::Cdc;

/// What is kept of a slot. Survives a restart.
///
/// `generation` counts the slots whose rows may be in Kafka, from 1. Behind the first nothing was sent; a later one cannot
/// tell which rows were deleted since the slot before it was lost, and says first that all of them are void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was ever sent: the state of a slot without a file.
    Unused,
    /// The slot is about to be made; none of its rows has been sent.
    Begun { generation: u32 },
    /// The slot is made, and its rows are being sent; entered before the first of them. The slot keeps every change since
    /// `beginning`, so after an interruption the rows are read again as they are then, and the changes follow.
    Made { generation: u32, beginning: Beginning },
    /// The snapshot is in Kafka; entered when the last of its rows is.
    Sent { generation: u32 },
}

/// Where a slot begins. Its rows, whenever they are read, bear this time and place: every change of the slot is younger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The server's time just before the slot was made, microseconds since 1970.
    pub at: i64,
    pub lsn: Lsn,
}

/// What the server says of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// It belongs to this database and to `pgoutput`.
    pub fits: bool,
    /// It cannot be followed any more: why.
    pub lost: Option<Reason>,
}

/// Why a slot was invalidated, as PostgreSQL 17 and later say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It was too far behind (`max_slot_wal_keep_size`), and its log was removed. What is not said is this.
    Behind,
    /// Nobody was connected to it for too long (`idle_replication_slot_timeout`).
    Idle,
    /// On a standby, rows of the catalogue that it needs were removed.
    Rows,
    /// `wal_level` was lowered.
    WalLevel,
}

impl Reason {
    /// By PostgreSQL's word.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "idle_timeout" => Self::Idle,
            "rows_removed" => Self::Rows,
            "wal_level_insufficient" => Self::WalLevel,
            _ => Self::Behind,
        }
    }

    /// What happened, and what keeps it from happening again.
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Behind => ("for being too far behind", "raise max_slot_wal_keep_size"),
            Self::Idle => (
                "because nobody was connected to it for longer than idle_replication_slot_timeout",
                "raise that, or set it to 0",
            ),
            Self::Rows => (
                "because the primary removed rows of the catalogue that the standby needs",
                "set hot_standby_feedback = on",
            ),
            Self::WalLevel => ("because wal_level was lowered", "set wal_level = 'logical'"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The snapshot is sent: go on with the changes.
    Follow,
    /// Make the slot and send its rows.
    Make {
        /// Which slot it is, from 1.
        generation: u32,
        /// A slot is in the way whose rows have not been sent.
        drop: bool,
    },
    /// Send the rows again: the slot is there, and its snapshot was not sent to its end.
    Again {
        /// Which slot it is, from 1.
        generation: u32,
        beginning: Beginning,
    },
}

/// What happened to a slot, or to what it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It does not exist any more.
    Dropped,
    /// It was invalidated, and changes are lost.
    Invalidated(Reason),
    /// It exists, and we have not made it.
    Foreign,
    /// It belongs to another database or plugin.
    Unfit,
    /// A table, quoted, is another than the one whose rows were sent.
    Anew(String),
}

/// The slot is not what it was left as, so changes are missing or not ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Länskod.
    pub region: String,
    pub slot: String,
    pub loss: Loss,
}

impl std::error::Error for Lost {}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { region, slot, loss } = self;
        let command = format!("connector cdc resnapshot --region {region} --slot {slot} --config FILE");
        match loss {
            Loss::Dropped => write!(f, "slot {slot} is gone, and changes with it; run: {command}"),
            Loss::Invalidated(reason) => {
                let (cause, mend) = reason.told();
                write!(f, "slot {slot} was invalidated {cause}, and changes are lost; {mend}, then run: {command}")
            }
            Loss::Anew(table) => write!(
                f,
                "table {table} was dropped and made anew, and the log does not say which rows went and came; run: {command}"
            ),
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
    pub(super) fn next(self, slot: Option<Slot>) -> Result<Step, Loss> {
        match (self, slot) {
            (_, Some(Slot { fits: false, .. })) => Err(Loss::Unfit),
            (Self::Unused, None) => Ok(Step::Make { generation: 1, drop: false }),
            (Self::Unused, Some(_)) => Err(Loss::Foreign),
            // The process ended between the making of the slot and its being kept here, if at all.
            (Self::Begun { generation }, slot) => Ok(Step::Make { generation, drop: slot.is_some() }),
            (Self::Made { .. } | Self::Sent { .. }, None) => Err(Loss::Dropped),
            (Self::Made { .. } | Self::Sent { .. }, Some(Slot { lost: Some(reason), .. })) => {
                Err(Loss::Invalidated(reason))
            }
            (Self::Made { generation, beginning }, Some(_)) => Ok(Step::Again { generation, beginning }),
            (Self::Sent { .. }, Some(_)) => Ok(Step::Follow),
        }
    }

    /// The state from which a new slot is made. Never the first: rows of an earlier one, or of whoever used the slot, may
    /// be in Kafka.
    pub(super) fn again(self) -> Self {
        let before = match self {
            Self::Unused => 1,
            Self::Begun { generation } | Self::Made { generation, .. } | Self::Sent { generation } => generation,
        };
        Self::Begun { generation: before.saturating_add(1) }
    }

    /// The state kept at `path`.
    pub(super) fn load(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => parse(&text).ok_or_else(|| io::Error::other("not a state of ours; move the file away")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Unused),
            Err(error) => Err(error),
        }
    }

    /// Keeps the state, also over a power failure: without it a slot counts as somebody else's, and rows that are sent
    /// again would not bear the slot's own time.
    pub(super) fn store(self, path: &Path) -> io::Result<()> {
        let (generation, rest) = match self {
            Self::Unused => return Ok(()),
            Self::Begun { generation } => (generation, "snapshot begun\n".to_owned()),
            Self::Made { generation, beginning: Beginning { at, lsn } } => {
                (generation, format!("snapshot made\ntime {at}\nlsn {lsn}\n"))
            }
            Self::Sent { generation } => (generation, "snapshot sent\n".to_owned()),
        };
        let new = path.with_extension("new");
        let mut file = fs::File::create(&new)?;
        write!(file, "{HEADING}\nslot {generation}\n{rest}")?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)?;
        // The new name is durable only with its folder.
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    }
}

const HEADING: &str = "vardstrom cdc state 2";

fn parse(text: &str) -> Option<State> {
    let mut lines = text.lines();
    (lines.next()? == HEADING).then_some(())?;
    let generation = lines.next()?.strip_prefix("slot ")?.parse().ok()?;
    match lines.next()?.strip_prefix("snapshot ")? {
        "begun" => Some(State::Begun { generation }),
        "made" => {
            let at = lines.next()?.strip_prefix("time ")?.parse().ok()?;
            let lsn = lines.next()?.strip_prefix("lsn ")?.parse().ok()?;
            Some(State::Made { generation, beginning: Beginning { at, lsn } })
        }
        "sent" => Some(State::Sent { generation }),
        _ => None,
    }
}

/// Where the state of a region's slot is kept.
pub(super) fn path(region: &str, source: &Cdc) -> PathBuf {
    source.positions.join(format!("{region}-{}.cdc", source.slot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next() {
        let here = Some(Slot { fits: true, lost: None });
        let lost = Some(Slot { fits: true, lost: Some(Reason::Idle) });
        let other = Some(Slot { fits: false, lost: None });
        let beginning = Beginning { at: 1_767_600_000_123_456, lsn: Lsn(26_000_000) };
        let made = State::Made { generation: 2, beginning };
        let cases = [
            (State::Unused, None, Ok(Step::Make { generation: 1, drop: false })),
            (State::Unused, here, Err(Loss::Foreign)),
            (State::Begun { generation: 1 }, None, Ok(Step::Make { generation: 1, drop: false })),
            (State::Begun { generation: 2 }, here, Ok(Step::Make { generation: 2, drop: true })),
            (State::Begun { generation: 2 }, lost, Ok(Step::Make { generation: 2, drop: true })),
            (State::Begun { generation: 1 }, other, Err(Loss::Unfit)),
            (made, here, Ok(Step::Again { generation: 2, beginning })),
            (made, None, Err(Loss::Dropped)),
            (made, lost, Err(Loss::Invalidated(Reason::Idle))),
            (State::Sent { generation: 1 }, here, Ok(Step::Follow)),
            (State::Sent { generation: 1 }, None, Err(Loss::Dropped)),
            (State::Sent { generation: 1 }, lost, Err(Loss::Invalidated(Reason::Idle))),
        ];
        for (state, slot, expected) in cases {
            assert_eq!(state.next(slot), expected, "{state:?} {slot:?}");
        }
    }

    #[test]
    fn a_lost_slot_names_what_lost_it() {
        let said = |word: &str| {
            let loss = Loss::Invalidated(Reason::of(word));
            Lost { region: "14".to_owned(), slot: "s".to_owned(), loss }.to_string()
        };
        for (word, setting) in [
            ("wal_removed", "max_slot_wal_keep_size"),
            ("", "max_slot_wal_keep_size"),
            ("idle_timeout", "idle_replication_slot_timeout"),
            ("rows_removed", "hot_standby_feedback"),
            ("wal_level_insufficient", "wal_level"),
        ] {
            let text = said(word);
            assert!(text.contains("was invalidated") && text.contains(setting), "{text}");
            assert_eq!(text.contains("max_slot_wal_keep_size"), setting == "max_slot_wal_keep_size", "{text}");
            assert!(text.ends_with("run: connector cdc resnapshot --region 14 --slot s --config FILE"), "{text}");
        }
    }

    #[test]
    fn a_state_is_kept_and_what_is_no_state_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("14-care.cdc");
        assert_eq!(State::load(&path).expect("none"), State::Unused);
        let beginning = Beginning { at: 1_767_600_000_123_456, lsn: Lsn(26_000_000) };
        for state in
            [State::Begun { generation: 3 }, State::Made { generation: 3, beginning }, State::Sent { generation: 3 }]
        {
            state.store(&path).expect("stored");
            assert_eq!(State::load(&path).expect("kept"), state);
        }
        assert_eq!(State::Unused.again().next(None), Ok(Step::Make { generation: 2, drop: false }));
        assert_eq!(State::Made { generation: 3, beginning }.again(), State::Begun { generation: 4 });
        fs::write(&path, "half").expect("written");
        assert!(State::load(&path).is_err());
    }
}
