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

#[derive(Clone, Debug)]
struct Part {
    ready: bool,
    reason: String,
}

impl Health {
    /// A service of these parts.
    pub fn new(components: &[&'static str]) -> Self {
        let starting = Part { ready: false, reason: "starting".to_owned() };
        let parts = components.iter().map(|component| (*component, starting.clone())).collect();
        Self { parts: Arc::new(Mutex::new(parts)) }
    }

    /// A part says whether it is ready, and why. A reason never holds anything about a person.
    pub fn set_ready(&self, component: &'static str, ready: bool, reason: impl Into<String>) {
        self.parts().insert(component, Part { ready, reason: reason.into() });
    }

    /// Whether every part is ready.
    pub fn is_ready(&self) -> bool {
        self.parts().values().all(|part| part.ready)
    }

    /// Every part, whether it is ready, and why.
    pub fn report(&self) -> Vec<(&'static str, bool, String)> {
        self.parts().iter().map(|(component, part)| (*component, part.ready, part.reason.clone())).collect()
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, Part>> {
        // A panic while holding the lock leaves the map whole, so the poison says nothing.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
