//! Staffed capacity of one unit over time.

use std::collections::BTreeMap;

use schemas::{BedCapacity, ClosedReason, Timestamp};

/// What a unit has, from [`Capacity::valid_from`] on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// From when the figures hold.
    pub valid_from: Timestamp,
    /// Until when, if the source says so; otherwise until the next statement.
    pub valid_to: Option<Timestamp>,
    /// Decided beds.
    pub faststallda: Option<u32>,
    /// Staffed beds.
    pub disponibla: Option<u32>,
    /// Closed beds.
    pub stangda: Option<u32>,
    /// Why they are closed.
    pub stangda_reason: Option<ClosedReason>,
}

/// All statements about one unit. Of two for the same `valid_from` the one recorded last holds; at the same time, the one
/// with the greater event id: the result depends on the set only.
#[derive(Debug, Clone, Default)]
pub struct CapacityHistory {
    statements: BTreeMap<Timestamp, (Precedence, Capacity)>,
}

type Precedence = (Option<Timestamp>, Box<str>);

impl CapacityHistory {
    /// Adds a statement; `true` when it changed what holds.
    pub fn insert(&mut self, event: &BedCapacity<'_>) -> bool {
        let precedence = (event.envelope.recorded_at, Box::from(event.envelope.event_id));
        let count = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
        let capacity = Capacity {
            valid_from: event.valid_from,
            valid_to: event.valid_to,
            faststallda: count(event.faststallda),
            disponibla: count(event.disponibla),
            stangda: count(event.stangda),
            stangda_reason: event.stangda_reason,
        };
        match self.statements.get(&event.valid_from) {
            Some((held, _)) if *held >= precedence => false,
            _ => {
                self.statements.insert(event.valid_from, (precedence, capacity));
                true
            }
        }
    }

    /// What holds at `instant`.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Option<&Capacity> {
        let (_, (_, capacity)) = self.statements.range(..=instant).next_back()?;
        capacity.valid_to.is_none_or(|to| instant < to).then_some(capacity)
    }

    /// All statements that hold, by `valid_from`.
    pub fn statements(&self) -> impl DoubleEndedIterator<Item = &Capacity> {
        self.statements.values().map(|(_, capacity)| capacity)
    }
}
