//! Judges a monthly series: within its usual variation, or out of it. Pure.
//!
//! The middle is the median, as on a run chart: one odd month does not move it. The limits are those of a chart of
//! individual values, 2.66 times the mean difference between neighbours (Shewhart's constant for moving ranges of two).
//! A gap is never bridged, and a break starts a new stretch with limits of its own: what was made in another way is not
//! compared.

use serde::Deserialize;

/// When a point stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// So many points in a row on one side of the middle.
    pub one_side: usize,
    /// So many points in a row, each higher than the one before, or each lower.
    pub trend: usize,
    /// A stretch needs so many points before it has limits; before, nothing is judged.
    pub points_min: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { one_side: 7, trend: 6, points_min: 8 }
    }
}

/// A month: numerator and denominator; `None` where there is no figure to show.
pub(crate) type Point = Option<(i64, i64)>;

/// The rule by which a point stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Signal {
    Outside,
    /// Too many in a row on one side.
    OneSide,
    /// Too many in a row rising or falling.
    Trend,
}

/// The limits of a stretch, as shares between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub middle: f64,
    /// Never below 0.
    pub lower: f64,
    /// Never above 1.
    pub upper: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Judged {
    /// Its share; `None` is a gap.
    pub share: Option<f64>,
    /// The limits of its stretch, when it has any.
    pub limits: Option<Limits>,
    /// The first rule by which it stands out.
    pub signal: Option<Signal>,
    /// Whether it lies above the middle, or rises; only told for a point that stands out.
    pub is_high: bool,
}

/// Judges a series. `breaks` names the points where a new stretch begins.
pub(crate) fn judge(points: &[Point], breaks: &[usize], rules: &Rules) -> Vec<Judged> {
    let mut judged = Vec::with_capacity(points.len());
    let mut start = 0;
    for end in 1..=points.len() {
        if end == points.len() || breaks.contains(&end) {
            stretch(&points[start..end], rules, &mut judged);
            start = end;
        }
    }
    judged
}

fn share(point: Point) -> Option<f64> {
    point.filter(|(_, of)| *of > 0).map(|(part, of)| part as f64 / of as f64)
}

fn stretch(points: &[Point], rules: &Rules, judged: &mut Vec<Judged>) {
    let shares: Vec<Option<f64>> = points.iter().copied().map(share).collect();
    let limits = limits(&shares, rules);
    let first = judged.len();
    judged.extend(shares.iter().map(|share| Judged { share: *share, limits, signal: None, is_high: false }));
    let Some(limits) = limits else { return };
    let judged = &mut judged[first..];
    for (index, share) in shares.iter().enumerate() {
        if let Some(share) = share.filter(|share| *share < limits.lower || *share > limits.upper) {
            judged[index].signal = Some(Signal::Outside);
            judged[index].is_high = share > limits.middle;
        }
    }
    let side = |_: Option<f64>, now: f64| direction(now, limits.middle);
    mark(judged, &shares, rules.one_side, Signal::OneSide, side);
    // The first point of a rise has nothing before it and belongs to it all the same: five steps join six points.
    let step = |before: Option<f64>, now: f64| before.and_then(|before| direction(now, before));
    mark(judged, &shares, rules.trend, Signal::Trend, step);
}

/// True for above, false for below, nothing for neither.
fn direction(one: f64, other: f64) -> Option<bool> {
    (one - other).abs().gt(&1e-12).then_some(one > other)
}

/// Marks the points of every run that is long enough.
fn mark(
    judged: &mut [Judged],
    shares: &[Option<f64>],
    length: usize,
    signal: Signal,
    way: impl Fn(Option<f64>, f64) -> Option<bool>,
) {
    let joins = signal == Signal::Trend;
    let mut run: Vec<usize> = Vec::new();
    let mut held = None;
    for index in 0..=shares.len() {
        let now = shares.get(index).copied().flatten();
        let before = index.checked_sub(1).and_then(|before| shares[before]);
        let found = now.and_then(|now| way(before, now));
        if found.is_some() && found == held {
            run.push(index);
            continue;
        }
        finish(judged, &run, length, signal, held);
        run.clear();
        held = found;
        if found.is_some() {
            if joins {
                run.push(index - 1);
            }
            run.push(index);
        }
    }
}

fn finish(judged: &mut [Judged], run: &[usize], length: usize, signal: Signal, held: Option<bool>) {
    if run.len() < length.max(2) {
        return;
    }
    for index in run {
        let point = &mut judged[*index];
        if point.signal.is_none() {
            point.signal = Some(signal);
            point.is_high = held == Some(true);
        }
    }
}

fn limits(shares: &[Option<f64>], rules: &Rules) -> Option<Limits> {
    let mut known: Vec<f64> = shares.iter().copied().flatten().collect();
    if known.len() < rules.points_min.max(2) {
        return None;
    }
    known.sort_by(f64::total_cmp);
    let half = known.len() / 2;
    let middle = if known.len() % 2 == 1 { known[half] } else { f64::midpoint(known[half - 1], known[half]) };
    let steps: Vec<f64> = shares.windows(2).filter_map(|pair| Some((pair[1]? - pair[0]?).abs())).collect();
    if steps.is_empty() {
        return None;
    }
    let width = 2.66 * steps.iter().sum::<f64>() / steps.len() as f64;
    Some(Limits { middle, lower: (middle - width).max(0.0), upper: (middle + width).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(percents: &[i64]) -> Vec<Point> {
        percents.iter().map(|percent| (*percent >= 0).then_some((*percent, 100))).collect()
    }

    fn signals(percents: &[i64], breaks: &[usize]) -> String {
        judge(&series(percents), breaks, &Rules::default())
            .iter()
            .map(|point| match point.signal {
                None => '.',
                Some(Signal::Outside) => 'o',
                Some(Signal::OneSide) => 's',
                Some(Signal::Trend) => 't',
            })
            .collect()
    }

    #[test]
    fn limits_are_those_of_individual_values() {
        let judged = judge(&series(&[50, 52, 50, 52, 50, 52, 50, 52]), &[], &Rules::default());
        let limits = judged[0].limits.unwrap();
        // Every neighbour differs by 2: 51 ± 2.66 · 2.
        for (found, expected) in [(limits.middle, 0.51), (limits.lower, 0.4568), (limits.upper, 0.5632)] {
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
        assert_eq!(signals(&[50, 52, 50, 52, 50, 52, 50, 52], &[]), "........");
    }

    #[test]
    fn one_odd_month_does_not_move_the_middle() {
        let judged = judge(&series(&[50, 52, 50, 52, 50, 52, 50, 99]), &[], &Rules::default());
        assert!((judged[0].limits.unwrap().middle - 0.51).abs() < 1e-12);
    }

    #[test]
    fn a_point_outside_the_limits_stands_out() {
        assert_eq!(signals(&[50, 51, 50, 51, 50, 51, 50, 51, 50, 51, 50, 51, 90], &[]), "............o");
    }

    #[test]
    fn seven_on_one_side_stand_out_and_six_do_not() {
        assert_eq!(signals(&[44, 45, 44, 55, 56, 55, 56, 55, 56, 55, 44, 45, 44, 45], &[]), "...sssssss....");
        assert_eq!(signals(&[44, 45, 44, 55, 56, 55, 56, 55, 56, 44, 55, 45, 44, 45], &[]), "..............");
    }

    #[test]
    fn six_in_a_row_rising_or_falling_stand_out_and_five_do_not() {
        assert_eq!(signals(&[50, 40, 44, 48, 52, 56, 60, 50, 50], &[]), ".tttttt..");
        assert_eq!(signals(&[50, 60, 56, 52, 48, 44, 40, 50, 50], &[]), ".tttttt..");
        assert_eq!(signals(&[50, 40, 45, 50, 55, 60, 45, 50, 52], &[]), ".........");
    }

    #[test]
    fn a_gap_and_a_break_end_a_run_and_few_points_are_not_judged() {
        assert_eq!(signals(&[50, 40, 44, 48, -1, 52, 56, 60, 50, 50], &[]), "..........");
        assert_eq!(signals(&[50, 51, 50, 51, 50, 51, 50, 51, 90, 91, 90], &[8]), "...........");
        let judged = judge(&series(&[50, 51, 50, 51, 50, 51, 50, 51, 90, 91]), &[8], &Rules::default());
        assert!(judged[7].limits.is_some() && judged[8].limits.is_none());
    }
}
