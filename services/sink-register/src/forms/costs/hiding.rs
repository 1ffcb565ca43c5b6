//! What files of groups say of few contacts: how many there are, and nothing of what they cost. Pure.
//!
//! The limit is the definition's `hide_below`, else [`LIMIT`]: that of hip fractures and of the
//! pages. A group is never hidden alone under a sum, by the board's rule: the next smallest goes with it. What is shown is
//! rounded, so that no amount, and no difference of two, is one contact's own: a quartile lies on a contact, and a sum less
//! another sum can leave a single one.

use crate::amount;

/// Below how many contacts no amount is said, unless the definition says otherwise: the project's limit for figures of care.
pub const LIMIT: u32 = 20;

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
    let mut amounts: Vec<Amounts> = contacts.iter().map(|contacts| Amounts::of(*contacts, limit)).collect();
    if amounts.iter().filter(|one| **one == Amounts::Few).count() == 1 {
        let open = (0..contacts.len()).filter(|at| amounts[*at] == Amounts::Shown);
        if let Some(at) = open.min_by_key(|at| contacts[*at]) {
            amounts[at] = Amounts::Withheld;
        }
    }
    amounts
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
    fn few_contacts_have_no_amounts_and_are_never_alone_under_a_sum() {
        use Amounts::{Few, Shown, Withheld};
        for (contacts, expected) in [
            (&[][..], vec![]),
            (&[19], vec![Few]),
            (&[20], vec![Shown]),
            (&[100, 1, 40, 60], vec![Shown, Few, Withheld, Shown]),
            (&[100, 1, 19, 60], vec![Shown, Few, Few, Shown]),
            (&[0, 20], vec![Few, Withheld]),
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
