//! What is usual for this weekday and hour: the median and the middle half of the same hour in earlier weeks.

use std::collections::BTreeMap;

use schemas::Timestamp;

use crate::format;

pub(crate) const WEEKS: usize = 8;
/// From how many weeks on a usual value is told; below it the page says that history is too short.
pub(crate) const WEEKS_MIN: usize = 4;

/// One unit's counts at one past hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Patients.
    pub belagda: u32,
    /// Staffed beds, when they were known.
    pub disponibla: Option<u32>,
}

/// By region and unit code, one sample per week that has one.
pub type Week = BTreeMap<(Box<str>, Box<str>), Sample>;

/// The weeks behind the present weekday and hour.
#[derive(Debug, Clone, Default)]
pub struct Usual {
    /// One entry per week for which the store had anything.
    pub weeks: Vec<Week>,
}

/// Median and middle half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// A quarter lies below.
    pub low: i64,
    /// Half lies below.
    pub middle: i64,
    /// A quarter lies above.
    pub high: i64,
}

/// The same local weekday and hour in each of the last weeks, whatever the clocks did in between.
pub fn hours_to_ask(now: Timestamp) -> Vec<Timestamp> {
    let local = format::local(now).date();
    let hour = format::local(now).hour();
    (1..=WEEKS as i64)
        .filter_map(|week| {
            let date = local.checked_sub(jiff::Span::new().weeks(week)).ok()?;
            swedish_time::instant(date.at(hour, 0, 0, 0)).map(Timestamp)
        })
        .collect()
}

/// Median and quartiles, by the nearest rank: a figure that has occurred, not one between two.
pub(crate) fn spread(mut values: Vec<i64>) -> Option<Spread> {
    if values.len() < WEEKS_MIN {
        return None;
    }
    values.sort_unstable();
    let at = |quarter: usize| values[(values.len() - 1) * quarter / 4];
    Some(Spread { low: at(1), middle: at(2), high: at(3) })
}

impl Usual {
    /// Whether there are weeks enough for a value.
    pub fn is_told(&self) -> bool {
        self.weeks.len() >= WEEKS_MIN
    }

    /// Usual patients over wards, by region and code.
    pub fn belagda(&self, wards: &[(&str, &str)]) -> Option<Spread> {
        self.over(wards, |sample| Some(i64::from(sample.belagda)))
    }

    /// Usual staffed free beds over wards.
    pub fn lediga(&self, wards: &[(&str, &str)]) -> Option<Spread> {
        self.over(wards, |sample| {
            sample.disponibla.map(|disponibla| i64::from(disponibla.saturating_sub(sample.belagda)))
        })
    }

    fn over(&self, wards: &[(&str, &str)], figure: impl Fn(&Sample) -> Option<i64>) -> Option<Spread> {
        if wards.is_empty() {
            return None;
        }
        // A week in which any of the wards is unknown would make the sum smaller than it was: it is left out.
        let sums = self.weeks.iter().filter_map(|week| {
            wards
                .iter()
                .map(|(region, code)| week.get(&(Box::from(*region), Box::from(*code))).and_then(&figure))
                .sum::<Option<i64>>()
        });
        spread(sums.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_history_is_no_value() {
        assert_eq!(spread(vec![1, 2, 3]), None);
        assert_eq!(spread(vec![8, 1, 7, 2, 6, 3, 5, 4]), Some(Spread { low: 2, middle: 4, high: 6 }));
    }

    #[test]
    fn a_week_with_a_gap_does_not_make_the_sum_smaller() {
        let sample = Sample { belagda: 5, disponibla: Some(8) };
        let key = |code: &str| (Box::from("14"), Box::from(code));
        let full: Week = [(key("A"), sample), (key("B"), sample)].into();
        let half: Week = [(key("A"), sample)].into();
        let usual = Usual { weeks: vec![full.clone(), full.clone(), full.clone(), full, half.clone(), half] };
        assert_eq!(usual.belagda(&[("14", "A"), ("14", "B")]).map(|spread| spread.low), Some(10));
        assert_eq!(usual.lediga(&[("14", "A")]).map(|spread| spread.middle), Some(3));
        assert_eq!(usual.belagda(&[("14", "C")]), None);
    }

    #[test]
    fn the_same_local_hour_is_asked_for_across_the_clock_change() {
        let now = Timestamp("2026-11-02T05:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond());
        let hours = hours_to_ask(now);
        assert_eq!(hours.len(), WEEKS);
        assert!(hours.iter().all(|hour| format::time(*hour) == "06:00"));
    }
}
