//! What files of groups say of few contacts: how many there are, and nothing of what they cost. Pure.
//!
//! The limit is the definition's `hide_below`, else [`LIMIT`]. Groups without amounts hold more than few contacts together, by
//! [`crate::hiding`]: else the sum that they stand under would tell what those few have cost. What is shown is
//! rounded, so that no amount, and no difference of two, is one contact's own: a quartile lies on a contact, and a sum less
//! another sum can leave a single one.

use crate::amount;

/// Below how many contacts no amount is said, unless the definition says otherwise.
pub const LIMIT: u32 = crate::hiding::LIMIT;

/// What sums are rounded to, in öre: a thousand kronor.
const SUM_STEP: i64 = 100_000;
/// What a contact's cost (mean, quartile) and that of a point are rounded to, in öre: a hundred kronor.
const ONE_STEP: i64 = 10_000;

/// Whether a group's amounts are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amounts {
    Shown,
    /// Of fewer contacts than the limit.
    Few,
    /// Enough contacts, but they would tell another group's.
    Withheld,
}

impl Amounts {
    /// Why there are none, in the files' words; empty when they are there.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Shown => "",
            Self::Few => "fewer-than-limit",
            Self::Withheld => "withheld",
        }
    }

    pub(super) const fn of(contacts: usize, limit: u32) -> Self {
        if contacts < limit as usize { Self::Few } else { Self::Shown }
    }
}

/// Of groups under one sum, each by how many contacts its amounts are of.
pub(super) fn choose(contacts: &[usize], limit: u32) -> Vec<Amounts> {
    let sizes: Vec<u64> = contacts.iter().map(|contacts| *contacts as u64).collect();
    let few = |contacts: &usize| Amounts::of(*contacts, limit) == Amounts::Few;
    let mut silent: Vec<bool> = contacts.iter().map(few).collect();
    crate::hiding::choose(&[&sizes], &mut silent, limit);
    let amounts = contacts.iter().zip(&silent).map(|(contacts, silent)| match Amounts::of(*contacts, limit) {
        Amounts::Shown if *silent => Amounts::Withheld,
        amounts => amounts,
    });
    amounts.collect()
}

/// A sum over contacts, in whole thousands of kronor.
pub(super) fn sum(ore: i64) -> String {
    rounded(ore, SUM_STEP)
}

/// A mean, quartile or cost of a point, in whole hundreds of kronor; empty when there is none.
pub(super) fn one(ore: Option<i64>) -> String {
    ore.map(|ore| rounded(ore, ONE_STEP)).unwrap_or_default()
}

/// Whole kronor, halves away from zero.
fn rounded(ore: i64, step: i64) -> String {
    let steps = amount::mean(ore, usize::try_from(step).unwrap_or(1)).unwrap_or_default();
    (steps * (step / 100)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_contacts_have_no_amounts_alone_or_together() {
        use Amounts::{Few, Shown, Withheld};
        for (contacts, expected) in [
            (&[][..], vec![]),
            (&[19], vec![Few]),
            (&[20], vec![Shown]),
            (&[100, 1, 40, 60], vec![Shown, Few, Withheld, Shown]),
            (&[100, 1, 19, 60], vec![Shown, Few, Few, Withheld]),
            (&[100, 3, 19, 60], vec![Shown, Few, Few, Shown]),
            // Of nobody in innerfall there is no sum to tell.
            (&[0, 20], vec![Few, Shown]),
        ] {
            assert_eq!(choose(contacts, LIMIT), expected, "{contacts:?}");
        }
    }

    #[test]
    fn amounts_are_rounded_halves_away_from_zero() {
        assert_eq!(
            [49_999, 50_000, 149_999, 150_000, -50_000, 0].map(sum),
            ["0", "1000", "1000", "2000", "-1000", "0"]
        );
        assert_eq!([Some(1_234_567), Some(5_000), None].map(one), ["12300", "100", ""]);
    }
}
