//! Resources whose reads fail while the rest of the server answers: asked again for a while, then done without.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Tries of one resource before what refers to it goes without: with the pauses between them about 15 seconds.
pub(super) const TRIES_MAX: u32 = 6;
/// Resources that are counted so at a time. More than these are no single faults: then nothing more is done without, until the
/// first of them are forgotten.
pub(super) const FAILING_MAX: usize = 50;
/// How long one that is not asked for any more is remembered. So at most [`FAILING_MAX`] are given up in this time.
pub(super) const REMEMBERED: Duration = Duration::from_secs(600);

/// How often each has failed.
#[derive(Default)]
pub(super) struct Failing(HashMap<String, Tries>);

struct Tries {
    count: u32,
    /// The round of the last one: within a round a resource is asked for once.
    round: u64,
    at: Instant,
}

/// What to do about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ask,
    /// What refers to it waits for the next round.
    Later,
    /// What refers to it goes without.
    Without {
        /// That has just been decided.
        first: bool,
    },
    /// Too many fail: the server does.
    TooMany,
}

impl Failing {
    /// Before a resource is asked for.
    pub(super) fn before(&self, reference: &str, round: u64) -> Verdict {
        match self.0.get(reference) {
            Some(tries) if tries.round == round && tries.count >= TRIES_MAX => Verdict::Without { first: false },
            Some(tries) if tries.round == round => Verdict::Later,
            _ => Verdict::Ask,
        }
    }

    /// It could not be read.
    pub(super) fn failed(&mut self, reference: &str, round: u64, now: Instant) -> Verdict {
        self.0.retain(|_, tries| now.saturating_duration_since(tries.at) < REMEMBERED);
        if !self.0.contains_key(reference) && self.0.len() >= FAILING_MAX {
            return Verdict::TooMany;
        }
        let tries = self.0.entry(reference.to_owned()).or_insert(Tries { count: 0, round, at: now });
        *tries = Tries { count: tries.count.saturating_add(1), round, at: now };
        match tries.count {
            TRIES_MAX.. => Verdict::Without { first: tries.count == TRIES_MAX },
            _ => Verdict::Later,
        }
    }

    pub(super) fn answered(&mut self, reference: &str) {
        self.0.remove(reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_done_without_after_its_tries_and_asked_for_once_a_round() {
        let (mut failing, now) = (Failing::default(), Instant::now());
        for round in 1..u64::from(TRIES_MAX) {
            assert_eq!(failing.before("Patient/p", round), Verdict::Ask);
            assert_eq!(failing.failed("Patient/p", round, now), Verdict::Later);
            assert_eq!(failing.before("Patient/p", round), Verdict::Later);
        }
        assert_eq!(failing.failed("Patient/p", 7, now), Verdict::Without { first: true });
        assert_eq!(failing.before("Patient/p", 7), Verdict::Without { first: false });
        assert_eq!(failing.before("Patient/p", 8), Verdict::Ask, "it may have been mended");
        assert_eq!(failing.failed("Patient/p", 8, now), Verdict::Without { first: false });
        failing.answered("Patient/p");
        assert_eq!(failing.failed("Patient/p", 9, now), Verdict::Later);
    }

    #[test]
    fn many_that_fail_are_an_outage() {
        let (mut failing, now) = (Failing::default(), Instant::now());
        for number in 0..FAILING_MAX {
            assert_eq!(failing.failed(&format!("Patient/{number}"), 1, now), Verdict::Later);
        }
        assert_eq!(failing.failed("Patient/more", 1, now), Verdict::TooMany);
        assert_eq!(failing.0.len(), FAILING_MAX);
        assert_eq!(failing.failed("Patient/more", 2, now + REMEMBERED), Verdict::Later);
    }
}
