//! The files: `;`-separated, UTF-8, decimal point; an empty cell is not known, and `reason` says why.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemas::{TechnicalBeds, Timestamp};
use timeline::Total;

use super::hiding::Hidden;
use super::ward::Row;
use super::{FILES, Found, Settings};
use crate::output::{File, Output};
use crate::table::Table;

const NO_CAPACITY: &str = "no-capacity";
const NOT_HEARD: &str = "not-heard";
const OVERBELAGGNING_UNKNOWN: &str = "overbelaggning-unknown";
const SMALL_NUMBER: &str = "small-number";
const WARDS_MISSING: &str = "wards-missing";
const NO_WARD_COUNTED: &str = "no-ward-counted";

/// One hospital and kind of care on one day.
struct Day<'r> {
    rows: Vec<&'r Row>,
    total: Total,
    hidden: bool,
}

pub(super) fn write(
    settings: &Settings,
    mornings: &[(Date, Timestamp)],
    rows: &[Row],
    hidden: &Hidden,
    findings: &Found,
    technical_beds: (Option<TechnicalBeds>, u64),
) -> Output {
    let mut days: BTreeMap<(Date, &str, &str), Day<'_>> = BTreeMap::new();
    for row in rows {
        let day = days.entry((row.day, &row.hospital_code, row.care()));
        let day = day.or_insert_with(|| Day { rows: Vec::new(), total: Total::default(), hidden: false });
        day.rows.push(row);
        day.total.add(row.counted());
    }
    for day in days.values_mut() {
        day.hidden = hidden.sum(&day.rows);
    }
    let mut totals = BTreeMap::new();
    let mut add = |name: &str, by: usize| {
        *totals.entry(name.to_owned()).or_insert(0_i64) += i64::try_from(by).unwrap_or(i64::MAX);
    };
    add("days", mornings.len());
    add("ward_days", rows.len());
    add("ward_days_not_heard", rows.iter().filter(|row| !row.is_heard).count());
    add("ward_days_without_capacity", rows.iter().filter(|row| row.occupancy.disponibla.is_none()).count());
    let belagda = rows.iter().filter_map(Row::counted).map(|counted| counted.belagda as usize).sum();
    add("belagda", belagda);
    let files = vec![
        by_ward(rows, hidden),
        by_hospital(&days),
        month(settings, mornings, &days),
        quality(settings, rows, findings, technical_beds),
    ];
    Output { files, totals }
}

fn text(count: Option<u32>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

fn by_ward(rows: &[Row], hidden: &Hidden) -> File {
    let mut table = Table::new(
        &FILES[0],
        [
            "day",
            "hospital_code",
            "hospital_name",
            "care",
            "ward",
            "ward_name",
            "faststallda",
            "disponibla",
            "belagda",
            "overbelaggningar",
            "utlokaliserade",
            "reason",
        ],
    );
    for row in rows {
        let counts = &row.occupancy;
        let is_hidden = hidden.ward(row);
        let mut reasons = reasons(row);
        if is_hidden {
            reasons.push(SMALL_NUMBER);
        }
        table.row([
            row.day.to_string().as_str(),
            &row.hospital_code,
            &row.hospital_name,
            row.care(),
            &row.ward,
            &row.ward_name,
            &text(counts.faststallda),
            &text(counts.disponibla),
            &text(row.is_heard.then_some(counts.belagda)),
            &text(counts.overbelaggningar_known().filter(|_| row.is_heard)),
            &text((row.is_heard && !is_hidden).then_some(counts.utlokaliserade)),
            &reasons.join(","),
        ]);
    }
    table.finish()
}

/// Why cells of a ward are empty.
fn reasons(row: &Row) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if row.occupancy.disponibla.is_none() {
        reasons.push(NO_CAPACITY);
    }
    if !row.is_heard {
        reasons.push(NOT_HEARD);
    } else if row.occupancy.overbelaggningar_known().is_none() {
        reasons.push(OVERBELAGGNING_UNKNOWN);
    }
    reasons
}

/// Wards without beds or silent ones are left out of every column, as on the board.
fn by_hospital(days: &BTreeMap<(Date, &str, &str), Day<'_>>) -> File {
    let mut table = Table::new(
        &FILES[1],
        [
            "day",
            "hospital_code",
            "hospital_name",
            "care",
            "wards",
            "wards_counted",
            "faststallda",
            "disponibla",
            "belagda",
            "overbelaggningar",
            "utlokaliserade",
            "reason",
        ],
    );
    for ((date, hospital, care), day) in days {
        let total = &day.total;
        let known = |count: u32| text((total.units_counted > 0).then_some(count));
        let faststallda_said = day
            .rows
            .iter()
            .any(|row| row.is_heard && row.occupancy.disponibla.is_some() && row.occupancy.faststallda.is_some());
        let mut reasons = Vec::new();
        if total.units_counted == 0 {
            reasons.push(NO_WARD_COUNTED);
        } else if total.units_counted < total.units {
            reasons.push(WARDS_MISSING);
        }
        if day.hidden {
            reasons.push(SMALL_NUMBER);
        }
        table.row([
            date.to_string().as_str(),
            hospital,
            name(&day.rows),
            care,
            &total.units.to_string(),
            &total.units_counted.to_string(),
            &text(faststallda_said.then_some(total.faststallda)),
            &known(total.disponibla),
            &known(total.belagda),
            &known(total.overbelaggningar),
            &text((total.units_counted > 0 && !day.hidden).then_some(total.utlokaliserade)),
            &reasons.join(","),
        ]);
    }
    table.finish()
}

/// The hospital's name, of several the first.
fn name<'r>(rows: &[&'r Row]) -> &'r str {
    rows.iter().map(|row| &*row.hospital_name).min().unwrap_or_default()
}

/// Sums over the days: means are of days on which a ward was counted, shares are sum over sum.
fn month(settings: &Settings, mornings: &[(Date, Timestamp)], days: &BTreeMap<(Date, &str, &str), Day<'_>>) -> File {
    let mut groups: BTreeMap<(&str, &str), Vec<&Day<'_>>> = BTreeMap::new();
    for ((_, hospital, care), day) in days {
        groups.entry((hospital, care)).or_default().push(day);
    }
    let mut table = Table::new(
        &FILES[2],
        [
            "month",
            "hospital_code",
            "hospital_name",
            "care",
            "days",
            "days_counted",
            "mean_disponibla",
            "mean_belagda",
            "overbelaggningar_per_100",
            "utlokaliserade_per_100",
            "reason",
        ],
    );
    for ((hospital, care), days) in groups {
        let rows: Vec<&Row> = days.iter().flat_map(|day| day.rows.iter().copied()).collect();
        let counted: Vec<&&Day<'_>> = days.iter().filter(|day| day.total.units_counted > 0).collect();
        let sum = |of: fn(&Total) -> u32| counted.iter().map(|day| u64::from(of(&day.total))).sum::<u64>();
        let disponibla = sum(|total| total.disponibla);
        let over_days = counted.len() as u64;
        // One hidden day could be had back from the month and its other days.
        let is_hidden = counted.iter().filter(|day| day.hidden).count() == 1;
        let mut reasons = Vec::new();
        if counted.len() < mornings.len() {
            reasons.push("days-missing");
        }
        if counted.iter().any(|day| day.total.units_counted < day.total.units) {
            reasons.push(WARDS_MISSING);
        }
        if is_hidden {
            reasons.push(SMALL_NUMBER);
        }
        table.row([
            settings.month.to_string().as_str(),
            hospital,
            name(&rows),
            care,
            &mornings.len().to_string(),
            &counted.len().to_string(),
            &ratio(disponibla, over_days, 1),
            &ratio(sum(|total| total.belagda), over_days, 1),
            &ratio(sum(|total| total.overbelaggningar), disponibla, 100),
            &if is_hidden { String::new() } else { ratio(sum(|total| total.utlokaliserade), disponibla, 100) },
            &reasons.join(","),
        ]);
    }
    table.finish()
}

/// `times * part / whole` with one decimal, halves up; nothing of nothing.
fn ratio(part: u64, whole: u64, times: u64) -> String {
    if whole == 0 {
        return String::new();
    }
    let tenths = (part * times * 20 + whole) / (whole * 2);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Days per ward and reason; then what the rules of the timeline have found in the month, per ward and rule. The lines
/// without a ward are of the whole region, with what no ward is known of.
fn quality(
    settings: &Settings,
    rows: &[Row],
    findings: &Found,
    (technical_beds, left_out): (Option<TechnicalBeds>, u64),
) -> File {
    let mut table = Table::new(&FILES[3], ["region", "month", "hospital_code", "ward", "reason", "count"]);
    let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for row in rows {
        for reason in reasons(row) {
            *counts.entry(("", "", reason)).or_default() += 1;
            *counts.entry((&row.hospital_code, &row.ward, reason)).or_default() += 1;
        }
    }
    let technical = match technical_beds {
        Some(TechnicalBeds::Counted) => "technical-beds-counted",
        Some(TechnicalBeds::LeftOut) => "technical-beds-left-out",
        None => "technical-beds-not-said",
    };
    counts.insert(("", "", technical), left_out);
    for reason in [NO_CAPACITY, NOT_HEARD, OVERBELAGGNING_UNKNOWN] {
        counts.entry(("", "", reason)).or_default();
    }
    for ((hospital, ward, rule), count) in findings {
        *counts.entry(("", "", rule)).or_default() += *count;
        if !ward.is_empty() {
            *counts.entry((hospital, ward, rule)).or_default() += *count;
        }
    }
    let (region, month) = (settings.region.code(), settings.month.to_string());
    for ((hospital, ward, reason), count) in counts {
        table.row([region, &month, hospital, ward, reason, &count.to_string()]);
    }
    table.finish()
}
