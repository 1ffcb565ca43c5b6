//! Which facilities (PV1-3.4) send patients under one unit code. Two hospitals may call different wards the same.

use schemas::Timestamp;

/// Facilities kept per unit; the one heard longest ago leaves first.
const FACILITIES_MAX: usize = 8;

/// A facility under whose name patients were placed on the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facility {
    code: Box<str>,
    first: Timestamp,
    last: Timestamp,
}

/// The facilities seen on a unit, bounded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facilities(Vec<Facility>);

impl Facilities {
    /// Notes one; `true` when it was not there.
    pub(super) fn see(&mut self, code: Option<&str>, at: Timestamp) -> bool {
        let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else { return false };
        if let Some(known) = self.0.iter_mut().find(|known| &*known.code == code) {
            known.first = known.first.min(at);
            known.last = known.last.max(at);
            return false;
        }
        self.0.push(Facility { code: code.into(), first: at, last: at });
        if self.0.len() > FACILITIES_MAX
            && let Some(oldest) = (0..self.0.len()).min_by_key(|index| self.0[*index].last)
        {
            self.0.remove(oldest);
        }
        true
    }

    /// Those heard since an instant, in order of their codes, and since when there has been more than one of them.
    pub(super) fn since(&self, since: Timestamp) -> (Vec<Box<str>>, Option<Timestamp>) {
        let heard: Vec<&Facility> = self.0.iter().filter(|facility| facility.last >= since).collect();
        let mut firsts: Vec<Timestamp> = heard.iter().map(|facility| facility.first).collect();
        firsts.sort_unstable();
        let mut codes: Vec<Box<str>> = heard.iter().map(|facility| facility.code.clone()).collect();
        codes.sort_unstable();
        (codes, firsts.get(1).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_are_told_apart_by_code_and_the_oldest_leaves() {
        let mut seen = Facilities::default();
        assert!(seen.see(Some("B"), Timestamp(10)));
        assert!(
            !seen.see(Some(" B "), Timestamp(12))
                && !seen.see(None, Timestamp(1))
                && !seen.see(Some(" "), Timestamp(1))
        );
        assert_eq!(seen.since(Timestamp(0)), (vec!["B".into()], None));
        seen.see(Some("A"), Timestamp(11));
        assert_eq!(seen.since(Timestamp(0)), (vec!["A".into(), "B".into()], Some(Timestamp(11))));
        assert_eq!(seen.since(Timestamp(12)), (vec!["B".into()], None));
        for n in 0..100 {
            seen.see(Some(&format!("X{n}")), Timestamp(100 + n));
        }
        assert_eq!(seen.since(Timestamp(0)).0.len(), FACILITIES_MAX);
    }
}
