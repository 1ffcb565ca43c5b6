//! Which figures of compared units are shown. Pure.
//!
//! Few contacts make a statistic that says nothing and may point at persons: fewer than the limit show a word. So that
//! no subtraction from a shown sum brings a hidden figure back, a group never has exactly one hidden unit: the smallest
//! of the others goes with it, and says that it is withheld. A hidden region hides its hospitals.

use super::sheet::Absent;

/// Whether a unit's statistic is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Veil {
    Open,
    Few(u32),
    /// Enough contacts, but it would tell another's.
    Withheld,
}

impl Veil {
    /// The word that stands in the figure's place.
    pub(super) const fn absent(self) -> Option<Absent> {
        match self {
            Self::Open => None,
            Self::Few(limit) => Some(Absent::FewerThan(limit)),
            Self::Withheld => Some(Absent::Withheld),
        }
    }

    /// Whether the statistic is shown.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }
}

/// The first that is not open.
pub(super) const fn both(one: Veil, other: Veil) -> Veil {
    if one.is_open() { other } else { one }
}

/// Chooses among units whose sum is shown. Nothing at all is no small number: there is nobody behind it.
pub(super) fn veils(counts: &[i64], below: u32) -> Vec<Veil> {
    let small = |count: i64| (1..i64::from(below)).contains(&count);
    let mut veils: Vec<Veil> =
        counts.iter().map(|count| if small(*count) { Veil::Few(below) } else { Veil::Open }).collect();
    if veils.iter().filter(|veil| !veil.is_open()).count() == 1 {
        let next = (0..counts.len()).filter(|index| counts[*index] > 0 && veils[*index].is_open());
        if let Some(index) = next.min_by_key(|index| counts[*index]) {
            veils[index] = Veil::Withheld;
        }
    }
    veils
}

/// Whether a sum over units is shown: when a single unit of it is hidden and is not nobody, the sum would be that unit.
pub(super) fn of_sum(units: impl IntoIterator<Item = (i64, Veil)>) -> Veil {
    let mut hidden = units.into_iter().filter(|(count, veil)| *count > 0 && !veil.is_open());
    match (hidden.next(), hidden.next()) {
        (Some((_, veil)), None) => veil,
        _ => Veil::Open,
    }
}

/// The same for groups of units under one sum: veils of the groups, and of each group's units.
pub(super) fn nested(groups: &[Vec<i64>], below: u32) -> (Vec<Veil>, Vec<Vec<Veil>>) {
    let sums: Vec<i64> = groups.iter().map(|counts| counts.iter().sum()).collect();
    let outer = veils(&sums, below);
    let inner = groups
        .iter()
        .zip(&outer)
        .map(|(counts, veil)| {
            if veil.is_open() {
                return veils(counts, below);
            }
            let few =
                |count: i64| if (1..i64::from(below)).contains(&count) { Veil::Few(below) } else { Veil::Withheld };
            counts.iter().map(|count| few(*count)).collect()
        })
        .collect();
    (outer, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Veil = Veil::Few(20);

    #[test]
    fn fewer_than_the_limit_show_nothing_and_zero_is_zero() {
        assert_eq!(veils(&[19, 20, 7, 0], 20), [FEW, Veil::Open, FEW, Veil::Open]);
        assert_eq!(veils(&[1, 0], 0), [Veil::Open, Veil::Open]);
    }

    #[test]
    fn a_hidden_unit_is_never_alone_under_a_sum() {
        assert_eq!(veils(&[100, 19, 30, 0], 20), [Veil::Open, FEW, Veil::Withheld, Veil::Open]);
        assert_eq!(veils(&[5], 20), [FEW]);
    }

    #[test]
    fn the_sum_of_one_hidden_unit_is_as_hidden() {
        assert_eq!(of_sum([(5, FEW), (0, Veil::Open)]), FEW);
        assert_eq!(of_sum([(5, FEW), (30, Veil::Withheld)]), Veil::Open);
        assert_eq!(of_sum([(50, Veil::Open)]), Veil::Open);
    }

    #[test]
    fn a_hidden_region_hides_its_hospitals() {
        let (regions, hospitals) = nested(&[vec![10, 5], vec![40, 30], vec![400]], 20);
        assert_eq!(regions, [FEW, Veil::Withheld, Veil::Open]);
        assert_eq!(hospitals[1], [Veil::Withheld, Veil::Withheld]);
        assert_eq!(hospitals[0], [FEW, FEW]);
    }

    /// Whoever reads everything shown solves for one unknown in each sum: there must be none or at least two.
    #[test]
    fn no_sum_has_exactly_one_unknown() {
        let mut seed = 7_u64;
        for _ in 0..2000 {
            let mut next = |bound: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                i64::try_from((seed >> 33) % bound).unwrap()
            };
            let groups: Vec<Vec<i64>> = (0..=next(5)).map(|_| (0..=next(6)).map(|_| next(60)).collect()).collect();
            let (regions, hospitals) = nested(&groups, 20);
            let unknown = |veils: &[Veil], counts: &[i64]| {
                veils.iter().zip(counts).filter(|(veil, count)| !veil.is_open() && **count > 0).count()
            };
            let sums: Vec<i64> = groups.iter().map(|counts| counts.iter().sum()).collect();
            let positive = sums.iter().filter(|sum| **sum > 0).count();
            // A single region is its own sum: then nothing is left to subtract it from but the country, hidden by its caller.
            assert!(unknown(&regions, &sums) != 1 || positive == 1, "{groups:?}");
            for ((region, veils), counts) in regions.iter().zip(&hospitals).zip(&groups) {
                let alone = counts.iter().filter(|count| **count > 0).count() == 1;
                assert!(!region.is_open() || unknown(veils, counts) != 1 || alone, "{groups:?}");
            }
        }
    }
}
