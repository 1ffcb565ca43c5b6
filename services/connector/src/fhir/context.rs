//! What goes with a resource: resources that a page brought or that were read, remembered with a bound.

use std::collections::HashMap;
use std::sync::Arc;

use super::address::Address;
use super::resource::Resource;
use crate::intake;
use crate::route::Router;

/// A resource and how it was written.
#[derive(Clone)]
pub(super) struct Known {
    /// As the server wrote it.
    pub text: Arc<str>,
    /// What was read of it.
    pub resource: Arc<Resource>,
}

/// The partition of a resource, with the patient it refers to and what is known of that one: the same for everything about
/// one person. What is about nobody goes by its own name.
pub(super) fn partition(focus: &Resource, patient: Option<(&str, Option<&Known>)>, router: &Router) -> i32 {
    let at = focus.updated.unwrap_or_else(intake::now);
    match patient {
        _ if focus.kind == "Patient" => focus.partition_of_patient(router, at),
        Some((_, Some(known))) => known.resource.partition_of_patient(router, at),
        Some((reference, None)) => router.of_text(reference),
        None => router.of_text(&focus.reference()),
    }
}

/// Resources that go with one resource, with the places around them: at most.
const SURROUNDINGS_MAX: usize = 128;

/// What goes with a resource beside its patient: what it refers to, and around a bed or a room the places that it is a
/// part of, for a ward is often named by neither, and around a contact the contacts that it is a part of. Each once, so
/// that a circle ends.
pub(super) struct Surroundings {
    references: Vec<String>,
    next: usize,
    /// Contacts around a contact that are still looked for.
    contacts_left: usize,
}

/// Levels of contacts around one that go with it: department, hospital stay, and one more.
const CONTACTS_MAX: usize = 3;

impl Surroundings {
    /// What a resource refers to.
    pub(super) fn of(focus: &Resource, address: &Address) -> Self {
        let mut surroundings = Self { references: vec![focus.reference()], next: 1, contacts_left: CONTACTS_MAX };
        surroundings.add(focus, address);
        surroundings
    }

    /// What is to be looked up next, as `Type/id`.
    pub(super) fn next(&mut self) -> Option<String> {
        let reference = self.references.get(self.next)?.clone();
        self.next += 1;
        Some(reference)
    }

    /// Goes on from a place or a contact that was found to what it is a part of.
    pub(super) fn found(&mut self, known: &Resource, address: &Address) {
        match &*known.kind {
            "Location" => self.add(known, address),
            "Encounter" if self.contacts_left > 0 => {
                self.contacts_left -= 1;
                let whole = known.whole(address).filter(|whole| !self.references.contains(whole));
                self.references.extend(whole.filter(|_| self.references.len() <= SURROUNDINGS_MAX));
            }
            _ => {}
        }
    }

    fn add(&mut self, resource: &Resource, address: &Address) {
        for reference in resource.context(address) {
            if self.references.len() <= SURROUNDINGS_MAX && !self.references.contains(&reference) {
                self.references.push(reference);
            }
        }
    }
}

/// Resources by reference; `None` for those that the server does not have. Of two generations: what is asked for moves to
/// the younger one, and when that is full the older one is forgotten. So what was used last is kept, at one step a use.
pub(super) struct Cache {
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
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { young: HashMap::new(), young_bytes: 0, old: HashMap::new(), generation_bytes: bytes_max / 2 }
    }

    /// What is known of a resource; nothing, when it was not asked for.
    pub(super) fn get(&mut self, reference: &str) -> Option<Option<Known>> {
        if let Some(known) = self.young.get(reference) {
            return Some(known.clone());
        }
        let (reference, known) = self.old.remove_entry(reference)?;
        self.put(reference, known.clone());
        Some(known)
    }

    /// Remembers a resource, or that there is none.
    pub(super) fn put(&mut self, reference: String, known: Option<Known>) {
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
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.young_bytes = 0;
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Address {
        Address { host: String::new(), port: 0, path: String::new(), tls: None }
    }

    fn read(text: &str) -> Resource {
        Resource::read(text).expect("a resource")
    }

    #[test]
    fn places_are_followed_to_the_ward_and_a_circle_ends() {
        let places = [("bed", "room"), ("room", "ward"), ("ward", "house"), ("house", "room")];
        let location = |id: &str| {
            let (_, parent) = places.iter().find(|(place, _)| *place == id)?;
            let part_of = format!(r#""partOf":{{"reference":"Location/{parent}"}}"#);
            Some(read(&format!(r#"{{"resourceType":"Location","id":"{id}",{part_of}}}"#)))
        };
        let all = |focus: &Resource| {
            let (mut surroundings, mut all) = (Surroundings::of(focus, &address()), Vec::new());
            while let Some(reference) = surroundings.next() {
                if let Some(known) = location(reference.strip_prefix("Location/").expect("a place")) {
                    surroundings.found(&known, &address());
                }
                all.push(reference);
            }
            all
        };
        let stay = r#"{"location":{"reference":"Location/bed"}},{"location":{"reference":"Location/away"}}"#;
        let encounter = read(&format!(r#"{{"resourceType":"Encounter","id":"e","location":[{stay}]}}"#));
        assert_eq!(
            all(&encounter),
            ["Location/bed", "Location/away", "Location/room", "Location/ward", "Location/house"]
        );
        assert_eq!(all(&location("house").expect("there")), ["Location/room", "Location/ward"]);
    }

    #[test]
    fn a_contact_goes_with_those_around_it_and_not_with_their_places() {
        let contact = |id: &str, whole: &str| {
            let part_of = format!(r#""partOf":{{"reference":"Encounter/{whole}"}}"#);
            let location = r#""location":[{"location":{"reference":"Location/elsewhere"}}]"#;
            read(&format!(r#"{{"resourceType":"Encounter","id":"{id}",{location},{part_of}}}"#))
        };
        let condition = read(r#"{"resourceType":"Condition","id":"c","encounter":{"reference":"Encounter/1"}}"#);
        let (mut surroundings, mut all) = (Surroundings::of(&condition, &address()), Vec::new());
        while let Some(reference) = surroundings.next() {
            let number: u32 = reference.strip_prefix("Encounter/").expect("a contact").parse().expect("a number");
            surroundings.found(&contact(&number.to_string(), &(number + 1).to_string()), &address());
            all.push(reference);
        }
        assert_eq!(all, ["Encounter/1", "Encounter/2", "Encounter/3", "Encounter/4"]);
    }

    #[test]
    fn a_chain_without_end_is_cut() {
        let mut surroundings = Surroundings::of(&read(r#"{"resourceType":"Encounter","id":"e"}"#), &address());
        for number in 0..1000 {
            let part_of = format!(r#""partOf":{{"reference":"Location/{}"}}"#, number + 1);
            let place = format!(r#"{{"resourceType":"Location","id":"{number}",{part_of}}}"#);
            surroundings.found(&read(&place), &address());
        }
        assert_eq!(std::iter::from_fn(|| surroundings.next()).count(), SURROUNDINGS_MAX);
    }

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
