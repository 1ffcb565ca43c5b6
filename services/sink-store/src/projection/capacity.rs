//! A unit's capacity over time, from all statements about it. Pure; the same choice as `timeline::CapacityHistory`.

use std::collections::BTreeMap;

use schemas::stored::storable;
use schemas::{BedCapacity, ClosedReason};
use uuid::Uuid;

use crate::time::Time;

/// A row of `unit_capacity`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CapacityRow {
    pub(crate) valid_from: Time,
    pub(crate) valid_to: Option<Time>,
    pub(crate) faststallda: Option<i32>,
    pub(crate) disponibla: Option<i32>,
    pub(crate) stangda: Option<i32>,
    pub(crate) stangda_reason: Option<String>,
    pub(crate) telephone: Option<String>,
    pub(crate) event_id: Uuid,
}

/// Of two statements for the same `valid_from` the one recorded last holds, then the one with the greater event id.
type Precedence = (Option<Time>, Uuid);

/// All statements about one unit.
#[derive(Debug, Default)]
pub(crate) struct History {
    statements: BTreeMap<Time, (Precedence, CapacityRow)>,
}

impl History {
    pub(crate) fn insert(&mut self, event: &BedCapacity<'_>, event_id: Uuid) {
        let precedence = (event.envelope.recorded_at.map(Time::from), event_id);
        let row = CapacityRow {
            valid_from: event.valid_from.into(),
            valid_to: event.valid_to.map(Time::from),
            // A negative count of beds is no count.
            faststallda: event.faststallda.filter(|count| *count >= 0),
            disponibla: event.disponibla.filter(|count| *count >= 0),
            stangda: event.stangda.filter(|count| *count >= 0),
            stangda_reason: event.stangda_reason.map(|reason| reason_name(reason).to_owned()),
            telephone: event.telephone.map(|telephone| storable(telephone).into_owned()),
            event_id,
        };
        match self.statements.get(&row.valid_from) {
            Some((held, _)) if *held >= precedence => {}
            _ => {
                self.statements.insert(row.valid_from, (precedence, row));
            }
        }
    }

    /// Periods that do not overlap: each ends where it says, or where the next one begins.
    pub(crate) fn rows(self) -> Vec<CapacityRow> {
        let mut rows: Vec<CapacityRow> = self.statements.into_values().map(|(_, row)| row).collect();
        for n in 1..rows.len() {
            let next = rows[n].valid_from;
            let row = &mut rows[n - 1];
            row.valid_to = Some(row.valid_to.map_or(next, |to| to.min(next)));
        }
        rows
    }
}

const fn reason_name(reason: ClosedReason) -> &'static str {
    match reason {
        ClosedReason::Personal => "PERSONAL",
        ClosedReason::Hygien => "HYGIEN",
        ClosedReason::Material => "MATERIAL",
        ClosedReason::Lokal => "LOKAL",
        ClosedReason::Other => "OTHER",
    }
}
