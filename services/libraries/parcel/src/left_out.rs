//! Whom an extract leaves out because they object.

use serde::{Deserialize, Serialize};

/// Fewer are not told: whoever knows one of them would know who.
const FEW: u64 = 5;

/// Persons who object to where an extract goes or what it is for: nothing of theirs is in any of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// What they object to: `oppose rikshoft`, `opt-out research`.
    pub ground: String,
    /// How many they are; nothing for fewer than five.
    pub persons: Option<u64>,
    /// How many of their events would have been read; nothing where the persons are not told.
    pub events: Option<u64>,
}

impl LeftOut {
    /// So many, as far as it may be told.
    #[must_use]
    pub fn of(ground: String, persons: u64, events: u64) -> Self {
        let may = persons >= FEW;
        Self { ground, persons: may.then_some(persons), events: may.then_some(events) }
    }
}

/// As a person reads it.
impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.persons, self.events) {
            (Some(persons), Some(events)) => write!(f, "{persons} persons, {events} events",)?,
            _ => write!(f, "fewer than {FEW} persons")?,
        }
        write!(f, " ({})", self.ground)
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, LeftOut};

    #[test]
    fn few_are_not_told() {
        let of = |persons| LeftOut::of("oppose rikshoft".to_owned(), persons, 40).to_string();
        assert_eq!(of(FEW - 1), "fewer than 5 persons (oppose rikshoft)");
        assert_eq!(of(FEW), "5 persons, 40 events (oppose rikshoft)");
    }
}
