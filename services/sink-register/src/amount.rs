//! Amounts and weights as files write them.

pub(crate) fn kronor(ore: i64) -> String {
    let sign = if ore < 0 { "-" } else { "" };
    let ore = ore.unsigned_abs();
    format!("{sign}{}.{:02}", ore / 100, ore % 100)
}

/// A whole number of öre nearest to `ore / count`, halves away from zero.
pub(crate) fn mean(ore: i64, count: usize) -> Option<i64> {
    let count = i128::try_from(count).ok().filter(|count| *count > 0)?;
    let (ore, half) = (i128::from(ore), count / 2);
    let rounded = if ore < 0 { (ore - half) / count } else { (ore + half) / count };
    i64::try_from(rounded).ok()
}

/// A quartile of sorted amounts, 2 being the median: between two amounts in proportion to its place, as quartiles of hours
/// of hip fractures are.
pub(crate) fn quartile(sorted: &[i64], which: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    let (low, quarters) = (which * last / 4, i128::try_from(which * last % 4).ok()?);
    let high = i128::from(sorted[(low + 1).min(last)]);
    let quadruple = i128::from(sorted[low]) * (4 - quarters) + high * quarters;
    mean(i64::try_from(quadruple).ok()?, 4)
}

/// Millionths of a decimal text; further decimals are cut.
pub(crate) fn millionths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals: String = decimals.chars().chain(std::iter::repeat('0')).take(6).collect();
    let (whole, decimals): (i64, i64) = (whole.parse().ok()?, decimals.parse().ok()?);
    whole.checked_mul(1_000_000)?.checked_add(decimals)
}

/// A weight with four decimals.
pub(crate) fn weight(millionths: i64) -> String {
    let rounded = (millionths + 50) / 100;
    format!("{}.{:04}", rounded / 10_000, rounded % 10_000)
}

/// Öre per whole weight.
pub(crate) fn per_weight(ore: i64, millionths: i64) -> Option<i64> {
    (millionths > 0).then(|| i64::try_from(i128::from(ore) * 1_000_000 / i128::from(millionths)).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_rounded_once() {
        assert_eq!([0, 5, -105, 14_250_050].map(kronor), ["0.00", "0.05", "-1.05", "142500.50"]);
        assert_eq!((mean(5, 2), mean(-5, 2), mean(4, 0), mean(7, 3)), (Some(3), Some(-3), None, Some(2)));
        let quartiles = |sorted: &[i64]| [1, 2, 3].map(|which| quartile(sorted, which));
        assert_eq!(quartiles(&[]), [None; 3]);
        assert_eq!(quartiles(&[1]), [Some(1); 3]);
        assert_eq!(quartiles(&[10, 20, 90]), [Some(15), Some(20), Some(55)]);
        assert_eq!(quartiles(&[0, 400, 800, 1_200]), [Some(300), Some(600), Some(900)]);
        assert_eq!((millionths("1.873"), millionths("2"), millionths("x")), (Some(1_873_000), Some(2_000_000), None));
        assert_eq!(
            (weight(1_873_000).as_str(), per_weight(18_730, 1_873_000), per_weight(1, 0)),
            ("1.8730", Some(10_000), None)
        );
    }
}
