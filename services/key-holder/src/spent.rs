//! How many points were evaluated, by permit and region. A line is durable before its points are evaluated, so that a killed
//! process never gives more than the budget; what it charged and did not answer is lost to the region.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use linkage::PermitId;
use permit::{Batch, Budget};
use serde::{Deserialize, Serialize};
use topics::Region;

use crate::appended::Appended;
use crate::error::Error;

/// How many times the points of a usual day are an alarm.
const ALARM_TIMES: u64 = 2;

#[derive(Debug)]
pub(crate) struct Spent {
    file: Appended,
    sums: BTreeMap<(PermitId, Region), Sum>,
}

/// Of a permit and region.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) points: u64,
    /// The day of the last batch, in UTC, and the points since it began.
    day: Option<Date>,
    today: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: Timestamp,
    batch: String,
    permit: PermitId,
    points: u64,
    region: Region,
}

/// What a batch costs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    Usual,
    /// More than twice a usual day's points today.
    Alarm,
    /// More than is left.
    Exhausted {
        left: u64,
    },
}

impl Spent {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let (mut file, text) = Appended::open(path)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.cut(whole as u64)?;
        let mut spent = Self { file, sums: BTreeMap::new() };
        for (number, line) in text[..whole].lines().enumerate() {
            let none_of_ours = |_| Error::Spent { path: path.to_owned(), line: number + 1 };
            let line: Line = serde_json::from_str(line).map_err(none_of_ours)?;
            let sum = spent.sums.entry((line.permit, line.region)).or_default();
            *sum = sum.with(line.points, line.at);
        }
        Ok(spent)
    }

    pub(crate) fn of(&self, permit: &PermitId, region: Region) -> Sum {
        self.sums.get(&(permit.clone(), region)).copied().unwrap_or_default()
    }

    /// Whether any region's points were evaluated.
    pub(crate) fn was_evaluated(&self, permit: &PermitId) -> bool {
        self.sums.keys().any(|(known, _)| known == permit)
    }

    /// Charges a batch, durably; nothing is charged of one that costs more than is left.
    pub(crate) fn charge(&mut self, batch: &Batch, budget: Budget, now: Timestamp) -> Result<Cost, Error> {
        let points = batch.points.len() as u64;
        let sum = self.of(&batch.permit, batch.region).with(points, now);
        if sum.points > budget.points {
            return Ok(Cost::Exhausted { left: budget.points.saturating_sub(sum.points - points) });
        }
        let (permit, region) = (batch.permit.clone(), batch.region);
        let line = Line { at: now, batch: batch.digest.clone(), permit: permit.clone(), points, region };
        let line = serde_json::to_string(&line).expect("texts and numbers are JSON");
        self.file.add(&format!("{line}\n"))?;
        self.sums.insert((permit, region), sum);
        Ok(if sum.today > budget.usual_day.saturating_mul(ALARM_TIMES) { Cost::Alarm } else { Cost::Usual })
    }
}

impl Sum {
    fn with(self, points: u64, now: Timestamp) -> Self {
        let day = now.to_zoned(TimeZone::UTC).date();
        let today = if self.day == Some(day) { self.today } else { 0 };
        Self { points: self.points.saturating_add(points), day: Some(day), today: today.saturating_add(points) }
    }
}
