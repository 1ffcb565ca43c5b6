//! Which groups say nothing: those of few, and those that would tell of them. Pure.
//!
//! * A group of fewer than the limit says nothing. Nobody at all is no small number: there is nobody behind it.
//! * Groups stand under a sum that is said elsewhere, or follows from all others. So the silent ones are at least two, and hold
//!   together at least the limit beside one each; until they do, the next smallest goes with them. What can be computed of
//!   them is then of no few, and leaves room for each. Where no choice does, nothing is said at all.
//! * Choosing begins with what an earlier version was silent about: a difference of two versions would tell it otherwise.

/// Below how many nothing is said, unless a definition says otherwise: the project's limit for figures of care, that of the pages.
pub(crate) const LIMIT: u32 = 20;

/// Whether a number is one of few.
pub(crate) const fn is_few(number: u64, limit: u32) -> bool {
    number > 0 && number < limit as u64
}

/// Whether the sum over groups may be said: it is of nobody, or of so many that none is told by it.
pub(crate) fn is_safe(silent: impl IntoIterator<Item = u64>, limit: u32) -> bool {
    let (count, sum) = silent.into_iter().filter(|size| *size > 0).fold((0, 0), |(n, sum), size| (n + 1, sum + size));
    sum == 0 || (count >= 2 && sum >= u64::from(limit) + count)
}

/// Makes groups under one sum silent beside those that are already, until every one of their sizes is safe. Says whether it came to that: else
/// all are silent, and their sum has to be.
pub(crate) fn choose(sizes: &[&[u64]], silent: &mut [bool], limit: u32) -> bool {
    let of = |size: &[u64], silent: &[bool]| {
        let silent = size.iter().zip(silent).filter(|(_, silent)| **silent).map(|(size, _)| *size);
        is_safe(silent, limit)
    };
    while let Some(size) = sizes.iter().find(|size| !of(size, silent)) {
        let open = (0..silent.len()).filter(|at| !silent[*at] && size[*at] > 0);
        let Some(next) = open.min_by_key(|at| size[*at]) else {
            silent.fill(true);
            return false;
        };
        silent[next] = true;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sizes: &[u64], silent: &str, said: bool) {
        let mut found: Vec<bool> = sizes.iter().map(|size| is_few(*size, LIMIT)).collect();
        let is_said = choose(&[sizes], &mut found, LIMIT);
        let found: String = found.iter().map(|silent| if *silent { 'x' } else { '.' }).collect();
        assert_eq!((&*found, is_said), (silent, said), "{sizes:?}");
    }

    #[test]
    fn few_are_silent_and_never_told_by_what_is_left() {
        check(&[], "", true);
        check(&[20, 30, 0], "...", true);
        // The smallest of the others goes with one that would be alone.
        check(&[100, 1, 40, 60], ".xx.", true);
        // Two that have few together would be told to be few: and twenty of one each to be one each.
        check(&[100, 1, 1, 40], ".xxx", true);
        check(&[[1; 20].as_slice(), &[50, 60]].concat(), &format!("{}x.", "x".repeat(20)), true);
        check(&[100, 12, 10], ".xx", true);
        // Nobody hides nobody.
        check(&[100, 5, 0, 30], ".x.x", true);
        // A sum that is of one group, or of few, is that group's.
        check(&[5], "x", false);
        check(&[0, 5], "xx", false);
        check(&[12, 9], "xx", false);
        check(&[12, 10], "xx", true);
    }

    #[test]
    fn every_size_is_safe_at_once() {
        let (contacts, persons) = ([0, 40, 25, 90], [3, 40, 25, 90]);
        let mut silent = [true, false, false, false];
        assert!(choose(&[&contacts, &persons], &mut silent, LIMIT));
        assert_eq!(silent, [true, true, true, false]);
    }

    #[test]
    fn what_was_silent_stays_so() {
        let mut silent = [true, true, false];
        assert!(choose(&[&[25, 22, 21]], &mut silent, LIMIT));
        assert_eq!(silent, [true, true, false]);
    }
}
