//! Published waiting times of a month: hospitals, regions and their sums, with what is not shown.
//!
//! Nothing is counted here but sums of what was published; shares are made of the sums where they are written.

use std::ops::AddAssign;
use std::sync::Arc;

use topics::Region;

use super::super::Place;
use super::super::comparison::{self, Veil, both};
use crate::period::Period;
use crate::published::{Extract, Library, Parcel, Row};

/// A sum, whether its counts are shown, and whether its guarantee is.
pub(crate) type Shown = (Sum, Veil, Veil);

/// The published lines: by status, hospital and step. A parcel without this file follows an older definition.
const FILE: &str = "waits_by_step.csv";

/// A step of the guarantee in specialised care, of contacts that are waited for or have taken place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    pub status: Status,
    pub step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Waiting,
    Completed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    FirstVisit,
    Treatment,
}

impl Status {
    /// Its value in published files.
    pub(crate) const fn value(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Completed => "completed",
        }
    }
}

impl Step {
    pub(crate) const ALL: [Self; 2] = [Self::FirstVisit, Self::Treatment];

    /// Its value in published files.
    pub(crate) const fn value(self) -> &'static str {
        match self {
            Self::FirstVisit => "first_visit",
            Self::Treatment => "treatment",
        }
    }
}

/// Whether a parcel has figures by step, which the definitions before version 3 have not.
pub(crate) fn has_steps(parcel: &Parcel) -> bool {
    parcel.tables.contains_key(FILE)
}

/// Whether its source says which step contacts are: otherwise no line means nothing known, and not nobody.
fn says_steps(parcel: &Parcel) -> bool {
    has_steps(parcel) && (parcel.rows(FILE).next().is_some() || parcel.total("phase_unknown").unwrap_or(0) == 0)
}

/// The published columns of the intervals, with their names in days.
pub(crate) const INTERVALS: [(&str, &str); 6] = [
    ("days_0_30", "0–30"),
    ("days_31_60", "31–60"),
    ("days_61_90", "61–90"),
    ("days_91_120", "91–120"),
    ("days_121_180", "121–180"),
    ("days_over_180", ">180"),
];

/// Intervals from this one on lie beyond the guarantee of 90 days.
pub(crate) const BEYOND_FROM: usize = 3;

/// Published counts, or sums of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub count: i64,
    /// Of them, in the denominator of the guarantee.
    pub of: i64,
    pub within: i64,
    /// Contacts by interval.
    pub intervals: [i64; 6],
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.of += other.of;
        self.within += other.within;
        for (sum, more) in self.intervals.iter_mut().zip(other.intervals) {
            *sum += more;
        }
    }
}

impl Sum {
    /// The counts of a published line.
    pub(crate) fn of_row(row: Row<'_>) -> Self {
        let number = |column| row.count(column).unwrap_or(0);
        Self {
            count: number("contacts"),
            of: number("guarantee_denominator"),
            within: number("within_90_days"),
            intervals: INTERVALS.map(|(column, _)| number(column)),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Its sjukhuskod.
    pub code: Box<str>,
    pub name: Box<str>,
    pub sum: Sum,
    /// The published median wait, in tenths of days.
    pub median: Option<i64>,
    /// Whether its counts are shown.
    pub counts: Veil,
    /// Whether its guarantee is shown.
    pub guarantee: Veil,
}

#[derive(Debug, Clone)]
pub(crate) struct Area {
    pub region: Region,
    pub parcel: Arc<Parcel>,
    /// Its hospitals, by code.
    pub lines: Vec<Line>,
    /// What hospitals whose figures are withheld have together; nothing where that is withheld too.
    together: Sum,
    pub sum: Sum,
    /// Whether its counts are shown.
    pub counts: Veil,
    /// Whether its guarantee is shown.
    pub guarantee: Veil,
}

/// Whether a published line says what others withhold together.
pub(crate) fn is_together(row: Row<'_>) -> bool {
    row.text("reason") == Some("withheld-together")
}

/// Whether the counts and the guarantee of a published line are there: the file itself withholds those of few.
pub(crate) fn veils_of_row(row: Row<'_>) -> (Veil, Veil) {
    let veil = |column| if row.text(column).is_some() { Veil::Open } else { Veil::Withheld };
    (veil("contacts"), veil("guarantee_denominator"))
}

/// A month of all regions that have published it.
#[derive(Debug, Clone)]
pub(crate) struct Month {
    pub period: Period,
    /// By länskod.
    pub areas: Vec<Area>,
    pub sum: Sum,
}

impl Month {
    /// What is published of a month; a parcel that has no figures by step is as one that has not come, and so is one whose
    /// source says of no contact which step it is.
    pub(crate) fn of(library: &Library, measure: Measure, period: Period, below: u32) -> Self {
        let parcels = library.of_period(Extract::WaitingTimes, period).filter(|parcel| says_steps(parcel));
        let mut areas: Vec<Area> = parcels.map(|parcel| Area::of(parcel, measure)).collect();
        // What is withheld together is one more unit under the region's sum.
        let column = |value: fn(&Sum) -> i64| -> Vec<Vec<i64>> {
            let units =
                |area: &Area| area.lines.iter().map(|line| &line.sum).chain([&area.together]).map(value).collect();
            areas.iter().map(units).collect()
        };
        let (counts, line_counts) = comparison::nested(&column(|sum| sum.count), below);
        let (guarantees, line_guarantees) = comparison::nested(&column(|sum| sum.of), below);
        // Whoever's contacts are too few has no share either.
        for (index, area) in areas.iter_mut().enumerate() {
            area.counts = both(area.counts, counts[index]);
            area.guarantee = both(both(area.counts, area.guarantee), guarantees[index]);
            for (line, (count, guarantee)) in
                area.lines.iter_mut().zip(line_counts[index].iter().zip(&line_guarantees[index]))
            {
                line.counts = both(line.counts, *count);
                line.guarantee = both(both(line.counts, line.guarantee), *guarantee);
                if !area.guarantee.is_open() && line.guarantee.is_open() {
                    line.guarantee = Veil::Withheld;
                }
            }
        }
        let mut sum = Sum::default();
        areas.iter().for_each(|area| sum += area.sum);
        Self { period, areas, sum }
    }

    /// The sum of all regions, whether its counts and its guarantee are shown; `None` when nobody has published.
    pub(crate) fn whole(&self) -> Option<Shown> {
        let counts = comparison::of_sum(self.areas.iter().map(|area| (area.sum.count, area.counts)));
        let guarantee = comparison::of_sum(self.areas.iter().map(|area| (area.sum.of, area.guarantee)));
        (!self.areas.is_empty()).then_some((self.sum, counts, guarantee))
    }

    /// The figures of a place; `None` when nothing is published of it. A hospital without a line in a region that has published
    /// has no contacts of the measure: that is zero, and no share.
    pub(crate) fn at(&self, place: &Place) -> Option<Shown> {
        match place {
            Place::Country => self.whole(),
            Place::Region(region) => self.area(*region).map(|area| (area.sum, area.counts, area.guarantee)),
            Place::Hospital(region, code) => {
                let line = self.area(*region)?.line(code);
                let none = (Sum::default(), Veil::Open, Veil::Open);
                Some(line.map_or(none, |line| (line.sum, line.counts, line.guarantee)))
            }
        }
    }

    pub(crate) fn area(&self, region: Region) -> Option<&Area> {
        self.areas.iter().find(|area| area.region == region)
    }
}

impl Area {
    fn of(parcel: &Arc<Parcel>, measure: Measure) -> Self {
        let (status, step) = (Some(measure.status.value()), Some(measure.step.value()));
        let of_measure = |row: &Row<'_>| row.text("status") == status && row.text("step") == step;
        let mut lines = Vec::new();
        let mut together = None;
        for row in parcel.rows(FILE).filter(of_measure) {
            let (counts, guarantee) = veils_of_row(row);
            let sum = Sum::of_row(row);
            if is_together(row) {
                together = Some((sum, counts, guarantee));
                continue;
            }
            lines.push(Line {
                code: row.text("hospital_code").unwrap_or_default().into(),
                name: row.text("hospital_name").or(row.text("hospital_code")).unwrap_or_default().into(),
                sum,
                median: row.decimal("median_wait", 1),
                counts,
                guarantee,
            });
        }
        // A sum without what some withhold says nothing.
        let of_sum = |of: fn(&Line) -> Veil, together: Veil| {
            if lines.iter().all(|line| of(line).is_open()) { Veil::Open } else { together }
        };
        let (together, counts, guarantee) = together.unwrap_or((Sum::default(), Veil::Withheld, Veil::Withheld));
        let (counts, guarantee) = (of_sum(|line| line.counts, counts), of_sum(|line| line.guarantee, guarantee));
        let mut sum = together;
        lines.iter().for_each(|line| sum += line.sum);
        Self { region: parcel.region, parcel: parcel.clone(), lines, together, sum, counts, guarantee }
    }

    pub(crate) fn line(&self, code: &str) -> Option<&Line> {
        self.lines.iter().find(|line| &*line.code == code)
    }
}
