//! Which statement of a movement holds.

use std::collections::{HashMap, HashSet};

use schemas::MovementAction;

use crate::{Event, EventId, Trigger, order};

/// ZBE: a cancelled movement did not happen; of several statements of one movement the one sent last holds. Only what can
/// change a place states a movement: an update (A08) that repeats its number does not.
pub(crate) fn replaced_movements(events: &[&Event]) -> HashSet<EventId> {
    let mut void = HashSet::new();
    let stated = || {
        events.iter().copied().filter(|event| event.trigger != Trigger::Update).filter_map(|event| {
            let (movement, action) = event.movement.as_ref()?;
            Some((&**movement, *action, event))
        })
    };
    let mut latest: HashMap<&str, &Event> = HashMap::new();
    let mut corrected: HashMap<&str, bool> = HashMap::new();
    for (movement, action, event) in stated() {
        let held = latest.entry(movement).or_insert(event);
        if order::sent(event) > order::sent(held) {
            *held = event;
        }
        if action != MovementAction::Insert {
            *corrected.entry(movement).or_default() |= action == MovementAction::Cancel;
        }
    }
    for (movement, _, event) in stated() {
        let Some(cancelled) = corrected.get(movement) else { continue };
        if *cancelled || latest.get(movement).is_some_and(|held| held.id != event.id) {
            void.insert(event.id);
        }
    }
    void
}
