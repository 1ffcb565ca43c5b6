//! Whether a service works, said by its parts and asked by whoever watches it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What each part of a service says of itself. Cheap to clone; all clones share one state.
///
/// A service is ready when every part it was made with is ready; all start as not ready.
#[derive(Clone, Debug)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<&'static str, Part>>>,
}

/// What is said of a part: by whom, whether it is ready, and why. Nobody has said anything yet of one that starts.
#[derive(Clone, Debug, Default)]
struct Part(BTreeMap<String, (bool, String)>);

impl Part {
    /// Ready when all say so; else the reasons of those who do not.
    fn sum(&self) -> (bool, String) {
        if self.0.is_empty() {
            return (false, "starting".to_owned());
        }
        let ready = self.0.values().all(|(ready, _)| *ready);
        let mut reasons: Vec<&str> =
            self.0.values().filter(|(said, _)| *said == ready).map(|(_, reason)| reason.as_str()).collect();
        reasons.dedup();
        (ready, reasons.join("; "))
    }
}

impl Health {
    /// A service of these parts.
    pub fn new(components: &[&'static str]) -> Self {
        let parts = components.iter().map(|component| (*component, Part::default())).collect();
        Self { parts: Arc::new(Mutex::new(parts)) }
    }

    /// A part says whether it is ready, and why. A reason never holds anything about a person.
    pub fn set_ready(&self, component: &'static str, ready: bool, reason: impl Into<String>) {
        self.set_ready_of(component, "", ready, reason);
    }

    /// The same by one of several that a part consists of: the part is ready when all are, whoever spoke last.
    pub fn set_ready_of(&self, component: &'static str, who: &str, ready: bool, reason: impl Into<String>) {
        self.parts().entry(component).or_default().0.insert(who.to_owned(), (ready, reason.into()));
    }

    /// Whether every part is ready.
    pub fn is_ready(&self) -> bool {
        self.parts().values().all(|part| part.sum().0)
    }

    /// Every part, whether it is ready, and why.
    pub fn report(&self) -> Vec<(&'static str, bool, String)> {
        let parts = self.parts();
        parts
            .iter()
            .map(|(component, part)| (*component, part.sum()))
            .map(|(name, (ready, why))| (name, ready, why))
            .collect()
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, Part>> {
        // A panic while holding the lock leaves the map whole, so the poison says nothing.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[test]
    fn a_part_of_several_is_ready_when_all_are_whoever_spoke_last() {
        let health = Health::new(&["delivery", "kafka"]);
        let check = |ready: bool, delivery: &str| {
            let report = health.report();
            assert_eq!((health.is_ready(), report[0].2.as_str()), (ready, delivery), "{report:?}");
        };
        health.set_ready("kafka", true, "connected");
        check(false, "starting");
        health.set_ready("delivery", true, "nothing refused");
        check(true, "nothing refused");
        health.set_ready_of("delivery", "a", false, "a waits");
        health.set_ready_of("delivery", "b", false, "b waits");
        check(false, "a waits; b waits");
        health.set_ready_of("delivery", "b", true, "b goes on");
        check(false, "a waits");
        health.set_ready("delivery", true, "nothing refused");
        check(false, "a waits");
        health.set_ready_of("delivery", "a", true, "a goes on");
        assert!(health.is_ready());
    }
}
