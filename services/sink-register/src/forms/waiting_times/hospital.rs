//! What is gathered per hospital while statements come in.

use std::{array, collections::BTreeMap};

use schemas::Wait;

use super::{
    dimension::Dimension,
    figures::Figures,
    given,
    groups::Groups,
    statement::{Contact, Measured},
};

#[derive(Debug, Default)]
pub(super) struct CompletedHospital {
    /// Names that its contacts give it.
    pub(super) names: Names,
    pub(super) figures: Figures,
    groups: [Groups; Dimension::ALL.len()],
}

#[derive(Debug, Default)]
pub(super) struct WaitingHospital {
    /// Names that its contacts give it.
    pub(super) names: Names,
    pub(super) figures: Figures,
}

/// Texts with the number of contacts that state them.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<Box<str>, u64>);

impl CompletedHospital {
    pub(super) fn add(&mut self, wait: &Wait<'_>, contact: &Contact) {
        self.names.add(given(wait.hospital_name));
        self.figures.add(&contact.measured);
        for dimension in Dimension::ALL {
            self.groups[dimension as usize].of(dimension.value(wait, contact.age_years)).add(&contact.measured);
        }
    }

    /// The groups of a dimension.
    pub(super) fn groups(&self, dimension: Dimension) -> &Groups {
        &self.groups[dimension as usize]
    }

    pub(super) fn count(&self, dimension: Dimension, value: &str) -> u64 {
        self.groups(dimension).get(value).map_or(0, |group| group.wait.count())
    }
}

impl WaitingHospital {
    pub(super) fn add(&mut self, wait: &Wait<'_>, measured: &Measured) {
        self.names.add(given(wait.hospital_name));
        self.figures.add(measured);
    }
}

impl Names {
    /// One more contact; an empty text is none.
    pub(super) fn add(&mut self, name: &str) {
        if !name.is_empty() {
            *of(&mut self.0, name) += 1;
        }
    }

    /// The text that most contacts state, the first by byte order if several do; none if nobody states any.
    pub(super) fn most_common(&self) -> Option<&str> {
        let most = self.0.values().max()?;
        self.0.iter().find(|(_, count)| *count == most).map(|(name, _)| &**name)
    }
}

/// The name of a hospital in files. Contacts without a hospital code may come from several hospitals, so they have none.
pub(super) fn name<'a>(code: &str, names: &'a Names) -> &'a str {
    if code.is_empty() { "" } else { names.most_common().unwrap_or_default() }
}

/// The groups of the whole region: each hospital's, put together.
pub(super) fn region_groups(hospitals: &BTreeMap<Box<str>, CompletedHospital>) -> [Groups; Dimension::ALL.len()] {
    let mut region: [Groups; Dimension::ALL.len()] = array::from_fn(|_| Groups::default());
    for hospital in hospitals.values() {
        for (groups, more) in region.iter_mut().zip(&hospital.groups) {
            groups.merge(more);
        }
    }
    region
}

/// The entry of a key. The key is copied the first time only, which `BTreeMap::entry` cannot do.
pub(super) fn of<'a, T: Default>(entries: &'a mut BTreeMap<Box<str>, T>, key: &str) -> &'a mut T {
    if !entries.contains_key(key) {
        entries.insert(key.into(), T::default());
    }
    entries.get_mut(key).expect("the key is there or was just put there")
}
