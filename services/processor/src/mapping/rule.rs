//! A package's own rules: what a row must, must not, or should hold.

use super::Target;
use super::slot::{Slot, Slots};
use crate::rules::PackageRule;
use crate::spelling::is_same;

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) said: &'static PackageRule,
    /// Fields and the value that each must have for the rule to be looked at.
    pub(super) when: Vec<(usize, String)>,
    pub(super) demand: Demand,
}

#[derive(Debug)]
pub(super) enum Demand {
    /// The field has a value.
    Present(usize),
    /// The field is empty.
    Absent(usize),
    /// The first time is not after the second, nor after the end of the day where that is a day; empty ones pass.
    Order(usize, usize),
    /// The number lies between these; an empty one passes.
    Between(usize, i64, i64),
    /// The text is one of these; an empty one passes.
    OneOf(usize, Vec<String>),
}

impl Rule {
    /// Whether a row breaks the rule.
    pub(super) fn is_broken(&self, slots: &Slots<'_>) -> bool {
        let applies = self.when.iter().all(|(place, value)| is(slots.at(*place), value));
        applies
            && match &self.demand {
                Demand::Present(place) => slots.at(*place).is_absent(),
                Demand::Absent(place) => !slots.at(*place).is_absent(),
                Demand::Order(first, second) => is_after(slots.at(*first), slots.at(*second)),
                Demand::Between(place, least, greatest) => match slots.at(*place) {
                    Slot::Number(number) => !(*least..=*greatest).contains(number),
                    _ => false,
                },
                Demand::OneOf(place, allowed) => {
                    slots.at(*place).text().is_some_and(|text| !allowed.iter().any(|value| is_same(value, text)))
                }
            }
    }

    /// The rule in words, for `explain`.
    pub(super) fn words(&self, target: Target) -> String {
        let name = |place: &usize| target.fields()[*place].name;
        let demand = match &self.demand {
            Demand::Present(place) => format!("{} must have a value", name(place)),
            Demand::Absent(place) => format!("{} must be empty", name(place)),
            Demand::Order(first, second) => format!("{} must not be after {}", name(first), name(second)),
            Demand::Between(place, least, greatest) => format!("{} must be {least} to {greatest}", name(place)),
            Demand::OneOf(place, allowed) => format!("{} must be one of {}", name(place), allowed.join(", ")),
        };
        let when: Vec<String> = self.when.iter().map(|(place, value)| format!("{} is {value}", name(place))).collect();
        if when.is_empty() { demand } else { format!("when {}: {demand}", when.join(" and ")) }
    }
}

/// Whether a time lies after another; one on the same day is not after a day.
fn is_after(first: &Slot<'_>, second: &Slot<'_>) -> bool {
    let (Some(at), Some(than)) = (first.time(), second.time()) else { return false };
    at > than && !(second.is_date() && swedish_time::date(at.0) == swedish_time::date(than.0))
}

fn is(slot: &Slot<'_>, value: &str) -> bool {
    match slot {
        Slot::Flag(flag) => value == if *flag { "true" } else { "false" },
        slot => slot.text().is_some_and(|text| is_same(text, value)),
    }
}
