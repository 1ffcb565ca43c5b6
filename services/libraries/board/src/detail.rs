//! A ward's past, as its page, its file and the API tell it.

use schemas::Timestamp;

use crate::board::Scope;
use crate::live::{Live, LogLine, Unit};

const HOUR: i64 = 3_600_000_000;

/// A value from a point in time on; `None` is a gap.
pub type Step = (Timestamp, Option<i64>);

/// A ward's past.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The last 24 hours.
    pub day: History,
    /// The last seven days.
    pub week: History,
    /// Newest first.
    pub log: Vec<LogLine>,
    /// The instant it was taken at.
    pub now: Timestamp,
}

/// Counts over a span, from change to change.
#[derive(Debug, Clone)]
pub struct History {
    /// Where it starts.
    pub from: Timestamp,
    /// Patients.
    pub belagda: Vec<Step>,
    /// Staffed beds; a gap where none were declared.
    pub disponibla: Vec<Step>,
}

impl Detail {
    /// The past before `now` of a scope that is a ward; `None` when it is not, or when nothing is known of it.
    pub fn of(live: &Live, scope: &Scope, now: Timestamp) -> Option<Self> {
        let Scope::Ward(region, code) = scope else { return None };
        let unit = live.regions.get(region)?.units.get(code)?;
        let mut log: Vec<LogLine> = unit.log.iter().copied().chain(unit.found.lines()).collect();
        log.sort_by_key(|line| std::cmp::Reverse(line.received));
        log.retain(|line| line.received.0 > now.0.saturating_sub(7 * 24 * HOUR));
        Some(Self {
            day: History::of(unit, Timestamp(now.0.saturating_sub(24 * HOUR)), now),
            week: History::of(unit, Timestamp(now.0.saturating_sub(7 * 24 * HOUR)), now),
            log,
            now,
        })
    }
}

impl History {
    fn of(unit: &Unit, from: Timestamp, now: Timestamp) -> Self {
        let mut history = Self { from, belagda: Vec::new(), disponibla: Vec::new() };
        let add = |steps: &mut Vec<Step>, at, value: Option<i64>| {
            if steps.last().is_none_or(|(_, held)| *held != value) {
                steps.push((at, value));
            }
        };
        for at in unit.turns(from, now) {
            let counted = unit.occupancy(at);
            add(&mut history.belagda, at, Some(counted.belagda.into()));
            add(&mut history.disponibla, at, counted.disponibla.map(i64::from));
        }
        history
    }
}
