//! What goes with a resource: resources that a page brought or that were read, remembered with a bound.

use std::collections::HashMap;
use std::sync::Arc;

use super::resource::Resource;
use crate::intake;
use crate::route::Router;

/// A resource and how it was written.
#[derive(Clone)]
pub struct Known {
    /// As the server wrote it.
    pub text: Arc<str>,
    /// What was read of it.
    pub resource: Arc<Resource>,
}

/// The partition of a resource, with the patient it refers to and what is known of that one: the same for everything about
/// one person. What is about nobody goes by its own name.
pub fn partition(focus: &Resource, patient: Option<(&str, Option<&Known>)>, router: &Router) -> i32 {
    let at = focus.updated.unwrap_or_else(intake::now);
    match patient {
        _ if focus.kind == "Patient" => focus.partition_of_patient(router, at),
        Some((_, Some(known))) => known.resource.partition_of_patient(router, at),
        Some((reference, None)) => router.of_text(reference),
        None => router.of_text(&focus.reference()),
    }
}

/// Resources by reference; `None` for those that the server does not have. Of two generations: what is asked for moves to
/// the younger one, and when that is full the older one is forgotten. So what was used last is kept, at one step a use.
pub struct Cache {
    young: HashMap<String, Option<Known>>,
    young_bytes: usize,
    old: HashMap<String, Option<Known>>,
    generation_bytes: usize,
}

/// What an entry costs beyond its text: the same text read, and its place.
const ENTRY_FACTOR: usize = 4;
const ENTRY_OVERHEAD: usize = 512;

impl Cache {
    /// For about so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { young: HashMap::new(), young_bytes: 0, old: HashMap::new(), generation_bytes: bytes_max / 2 }
    }

    /// What is known of a resource; nothing, when it was not asked for.
    pub fn get(&mut self, reference: &str) -> Option<Option<Known>> {
        if let Some(known) = self.young.get(reference) {
            return Some(known.clone());
        }
        let (reference, known) = self.old.remove_entry(reference)?;
        self.put(reference, known.clone());
        Some(known)
    }

    /// Remembers a resource, or that there is none.
    pub fn put(&mut self, reference: String, known: Option<Known>) {
        let bytes =
            |known: &Option<Known>| ENTRY_OVERHEAD + known.as_ref().map_or(0, |known| known.text.len() * ENTRY_FACTOR);
        self.young_bytes += bytes(&known);
        if let Some(before) = self.young.insert(reference, known) {
            self.young_bytes -= bytes(&before);
        }
        if self.young_bytes > self.generation_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }

    /// Forgets everything: it may have changed since.
    pub fn clear(&mut self) {
        self.young.clear();
        self.young_bytes = 0;
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_is_kept_and_memory_is_bounded() {
        let mut cache = Cache::new(20 * ENTRY_OVERHEAD);
        cache.put("Patient/kept".to_owned(), None);
        for number in 0..1000 {
            cache.put(format!("Patient/{number}"), None);
            assert!(cache.get("Patient/kept").is_some(), "after {number}");
            assert!(cache.young.len() + cache.old.len() <= 22);
        }
        assert!(cache.get("Patient/0").is_none());
        cache.clear();
        assert!(cache.get("Patient/kept").is_none());
    }
}
