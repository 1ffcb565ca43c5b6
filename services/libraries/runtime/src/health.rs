//! Whether a service works, said by its parts and asked by whoever watches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who says nothing for so long has stopped. Readiness and the board's banner are promised within 15 s of the last sign: what
/// tells of a sign may be 2 s late, and blocked for 4 s more.
pub const SILENCE_MAX: Duration = Duration::from_secs(8);

/// What each part of a service says of itself. Cheap to clone; all clones share one state.
///
/// A service is ready when every part it was made with is ready; all start as not ready.
#[derive(Clone, Debug)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<&'static str, Part>>>,
}

/// What is said of a part: by whom, whether it is ready, and why. Nobody has said anything yet of one that starts.
#[derive(Clone, Debug, Default)]
struct Part {
    said: BTreeMap<String, (bool, String)>,
    /// Signs of life, by whose they are: the last one, and what has stopped when there is no newer.
    signs: BTreeMap<u64, (Instant, &'static str)>,
}

impl Part {
    /// Ready when all say so; else the reasons of those who do not.
    fn sum(&self, now: Instant) -> (bool, String) {
        if self.said.is_empty() {
            return (false, "starting".to_owned());
        }
        let silences: Vec<String> = self
            .signs
            .values()
            .map(|(at, what)| (now.saturating_duration_since(*at), what))
            .filter(|(silence, _)| *silence > SILENCE_MAX)
            .map(|(silence, what)| format!("{what} for {} s", silence.as_secs()))
            .collect();
        let ready = silences.is_empty() && self.said.values().all(|(ready, _)| *ready);
        let said = self.said.values().filter(|(said, _)| *said == ready).map(|(_, reason)| reason.as_str());
        let mut reasons: Vec<&str> = said.chain(silences.iter().map(String::as_str)).collect();
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
        self.parts().entry(component).or_default().said.insert(who.to_owned(), (ready, reason.into()));
    }

    /// Signs of life of one of several that a part consists of. `what` completes the sentence `… for 12 s`.
    pub fn pulse(&self, component: &'static str, what: &'static str) -> Pulse {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Pulse { health: self.clone(), component, what, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether every part is ready.
    pub fn is_ready(&self) -> bool {
        let now = Instant::now();
        self.parts().values().all(|part| part.sum(now).0)
    }

    /// Every part, whether it is ready, and why.
    pub fn report(&self) -> Vec<(&'static str, bool, String)> {
        let (parts, now) = (self.parts(), Instant::now());
        parts
            .iter()
            .map(|(component, part)| (*component, part.sum(now)))
            .map(|(name, (ready, why))| (name, ready, why))
            .collect()
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, Part>> {
        // A panic while holding the lock leaves the map whole, so the poison says nothing.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs of life: whoever has given one must give another within [`SILENCE_MAX`], or its part is not ready. It is judged when
/// readiness is asked for, so that one that hangs cannot hide it. Nothing is expected before the first sign, nor after
/// [`Self::rest`] or the end of the value.
#[derive(Debug)]
pub struct Pulse {
    health: Health,
    component: &'static str,
    what: &'static str,
    number: u64,
}

impl Pulse {
    /// It was well at this instant.
    pub fn beat(&self, at: Instant) {
        self.health.parts().entry(self.component).or_default().signs.insert(self.number, (at, self.what));
    }

    /// Nothing is expected until the next sign.
    pub fn rest(&self) {
        self.health.parts().entry(self.component).or_default().signs.remove(&self.number);
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Health, SILENCE_MAX};

    #[test]
    fn who_gives_no_sign_of_life_has_stopped_and_whoever_rests_has_not() {
        let ago = |span: Duration| Instant::now().checked_sub(span).expect("the machine runs for so long");
        let health = Health::new(&["kafka"]);
        let [one, other] = [(); 2].map(|()| health.pulse("kafka", "no answer"));
        one.beat(ago(SILENCE_MAX * 2));
        assert_eq!(health.report()[0].2, "starting", "a sign of life is no statement");
        one.rest();
        health.set_ready("kafka", true, "connected");
        assert!(health.is_ready());
        one.beat(ago(SILENCE_MAX.saturating_sub(Duration::from_secs(2))));
        other.beat(Instant::now());
        assert!(health.is_ready());
        one.beat(ago(Duration::from_secs(12)));
        assert_eq!(health.report(), [("kafka", false, "no answer for 12 s".to_owned())]);
        health.set_ready("kafka", false, "down");
        assert_eq!(health.report()[0].2, "down; no answer for 12 s");
        health.set_ready("kafka", true, "connected");
        drop(one);
        assert!(health.is_ready());
    }

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
