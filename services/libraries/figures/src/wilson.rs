//! How sure a share is: Wilson's score interval.
//!
//! For `part` of `of` with p = part/of and z the quantile of the normal distribution:
//! (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n). E. B. Wilson, *Probable inference, the law of succession, and statistical
//! inference*, JASA 22 (1927), 209–212. It never leaves 0–1 and holds for few contacts and for shares near the ends, where the
//! usual p ± z·√(p(1−p)/n) does not.

/// Of 95 intervals in a hundred the true share is inside.
const Z: f64 = 1.959_963_984_540_054;

/// The lower and upper end, between 0 and 1; `None` when there is nothing to be a share of.
pub(crate) fn interval(part: i64, of: i64) -> Option<(f64, f64)> {
    if of <= 0 || !(0..=of).contains(&part) {
        return None;
    }
    let n = of as f64;
    let p = part as f64 / n;
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    Some((((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0)))
}

/// The same in tenths of a per cent.
pub(crate) fn tenths(part: i64, of: i64) -> Option<[i64; 2]> {
    interval(part, of).map(|(lower, upper)| [lower, upper].map(|end| (end * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, *Two-sided confidence intervals for the single proportion*, Statistics in Medicine 17 (1998), 857–872,
    /// table I, method 3.
    #[test]
    fn the_published_examples_come_out() {
        for (part, of, lower, upper) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let (found_lower, found_upper) = interval(part, of).unwrap();
            assert!((found_lower - lower).abs() < 0.00005 && (found_upper - upper).abs() < 0.00005, "{part} of {of}");
        }
    }

    #[test]
    fn both_ends_mirror_each_other_and_of_nothing_there_is_none() {
        assert_eq!(tenths(0, 20), Some([0, 161]));
        assert_eq!(tenths(20, 20), Some([839, 1000]));
        assert_eq!((interval(0, 0), interval(3, 2), interval(-1, 2)), (None, None, None));
    }
}
