//! Whether a count is plausible beside those of the periods before. Pure.

/// Periods before that are looked at.
pub(crate) const PERIODS: usize = 12;
/// With fewer periods before it a count is not judged: what is usual is not known.
pub(crate) const PERIODS_MIN: usize = 6;
/// Median absolute deviations that are ordinary: 3.5 standard deviations of a normal spread, each 1.4826 such.
const DEVIATIONS: f64 = 3.5 * 1.4826;
/// A difference below this share of the median is no jump, however even the periods before were.
const SHARE_EVEN: f64 = 0.1;
/// Counts below this jump by themselves.
const COUNT_MIN: i64 = 20;

/// What a count is beside those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Too few periods before it to compare with.
    Unknown,
    Usual,
    JumpUp,
    JumpDown,
}

/// Judges `now` by the counts of the periods before; periods that are missing are left out.
pub(crate) fn judge(now: i64, before: &[Option<i64>]) -> Verdict {
    let mut known: Vec<i64> = before.iter().rev().take(PERIODS).filter_map(|count| *count).collect();
    if known.len() < PERIODS_MIN {
        return Verdict::Unknown;
    }
    known.sort_unstable();
    let middle = median(&known);
    if now.max(known[known.len() - 1]) < COUNT_MIN {
        return Verdict::Usual;
    }
    let mut off: Vec<i64> = known.iter().map(|count| ((*count as f64 - middle).abs() * 2.0) as i64).collect();
    off.sort_unstable();
    let width = (DEVIATIONS * median(&off) / 2.0).max(SHARE_EVEN * middle);
    match now as f64 - middle {
        difference if difference > width => Verdict::JumpUp,
        difference if difference < -width => Verdict::JumpDown,
        _ => Verdict::Usual,
    }
}

/// The median of the periods before, whole; `None` when there is nothing to compare with.
pub(crate) fn usual(before: &[Option<i64>]) -> Option<i64> {
    let mut known: Vec<i64> = before.iter().rev().take(PERIODS).filter_map(|count| *count).collect();
    known.sort_unstable();
    (!known.is_empty()).then(|| median(&known).round() as i64)
}

fn median(sorted: &[i64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half] as f64
    } else {
        f64::midpoint(sorted[half - 1] as f64, sorted[half] as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: i64, before: &[i64], expected: Verdict) {
        let before: Vec<Option<i64>> = before.iter().map(|count| (*count >= 0).then_some(*count)).collect();
        assert_eq!(judge(now, &before), expected, "{now} after {before:?}");
    }

    #[test]
    fn fewer_than_six_periods_judge_nothing() {
        check(0, &[100; 5], Verdict::Unknown);
        check(0, &[100; 6], Verdict::JumpDown);
        check(1_000, &[100, -1, 100, 100, 100, 100], Verdict::Unknown);
        check(100, &[], Verdict::Unknown);
    }

    #[test]
    fn with_enough_periods_their_own_spread_decides() {
        let even = [1000, 1004, 996, 1002, 998, 1000];
        check(1099, &even, Verdict::Usual);
        check(1101, &even, Verdict::JumpUp);
        check(899, &even, Verdict::JumpDown);
        let wide = [1000, 700, 1300, 800, 1200, 900, 1100];
        // Median 1000, median deviation 200: up to 1000 ± 1038.
        check(2030, &wide, Verdict::Usual);
        check(2040, &wide, Verdict::JumpUp);
    }

    #[test]
    fn a_missing_period_is_left_out_and_small_counts_do_not_jump() {
        check(131, &[-1, 100, 100, 100, -1, 100, 100, 100], Verdict::JumpUp);
        check(9, &[1, 2, 1, 1, 2, 1], Verdict::Usual);
        check(25, &[1, 2, 1, 1, 2, 1], Verdict::JumpUp);
    }

    #[test]
    fn only_the_nearest_periods_count() {
        let mut before = vec![10_000; 5];
        before.extend([100; 12]);
        check(100, &before, Verdict::Usual);
    }
}
