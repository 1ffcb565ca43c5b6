//! The figures of a dimension's groups, found by value.

use std::collections::HashMap;

use super::figures::Figures;

/// Groups of one dimension by value; the empty value is that of contacts without one.
#[derive(Debug)]
pub(super) struct Groups<F = Figures> {
    /// Places in `figures`. Hashed and not sorted, because every contact asks ten of these.
    places: HashMap<Box<str>, usize>,
    figures: Vec<F>,
}

impl<F> Default for Groups<F> {
    fn default() -> Self {
        Groups { places: HashMap::new(), figures: Vec::new() }
    }
}

impl<F: Default> Groups<F> {
    /// The figures of a group, which is made if it is new.
    pub(super) fn of(&mut self, value: &str) -> &mut F {
        let place = match self.places.get(value) {
            Some(place) => *place,
            None => {
                self.places.insert(value.into(), self.figures.len());
                self.figures.push(F::default());
                self.figures.len() - 1
            }
        };
        &mut self.figures[place]
    }

    /// The figures of a group, if any contact is in it.
    pub(super) fn get(&self, value: &str) -> Option<&F> {
        self.places.get(value).map(|place| &self.figures[*place])
    }

    /// All groups, by value in byte order.
    pub(super) fn sorted(&self) -> Vec<(&str, &F)> {
        let mut groups: Vec<_> = self.places.iter().map(|(value, place)| (&**value, &self.figures[*place])).collect();
        groups.sort_unstable_by_key(|(value, _)| *value);
        groups
    }
}

impl Groups {
    /// All contacts of another's groups.
    pub(super) fn merge(&mut self, other: &Groups) {
        for (value, place) in &other.places {
            self.of(value).merge(&other.figures[*place]);
        }
    }
}
