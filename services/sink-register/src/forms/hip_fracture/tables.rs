//! The files: `;`-separated, UTF-8, decimal point; an empty cell is not known or not shown, and `reason` says why.

use std::collections::BTreeMap;

use schemas::{Laterality, Timestamp};

use super::fracture::{Fracture, SetAside, Wait};
use super::{FILES, HOUR, Settings};
use crate::output::{File, Output};
use crate::pseudonym::Pseudonyms;
use crate::table::Table;

/// The target: at most so many hours from arrival to operation.
const TARGET_HOURS: i64 = 24;
const REASONS: [&str; 7] = [
    "arrival-missing",
    "hospital-missing",
    "not-discharged",
    "operation-before-arrival",
    "operation-missing",
    "operation-time-missing",
    "side-unclear",
];

pub(super) fn write(settings: &Settings, pseudonyms: &Pseudonyms, fractures: &[Fracture]) -> Output {
    let mut fractures: Vec<&Fracture> = fractures.iter().collect();
    fractures.sort_by_key(|fracture| {
        (fracture.hospital_code.clone(), fracture.begun, fracture.person.clone(), fracture.side)
    });
    let mut hospitals: BTreeMap<&str, Hospital<'_>> = BTreeMap::new();
    let mut region = Hospital::default();
    for fracture in &fractures {
        hospitals.entry(&fracture.hospital_code).or_default().add(fracture);
        region.add(fracture);
    }
    let Hospital { fractures, set_aside, .. } = &region;
    let waits = |wanted: fn(&Wait) -> bool| fractures.iter().filter(|fracture| wanted(&fracture.wait())).count();
    let totals = [
        ("age_unknown", set_aside[0]),
        ("pathological", set_aside[1]),
        ("under_50", set_aside[2]),
        ("fractures", fractures.len()),
        ("hours_known", waits(|wait| matches!(wait, Wait::Known(_)))),
        ("within_24h", waits(within_target)),
        ("operated", fractures.iter().filter(|fracture| fracture.operation.is_some()).count()),
        ("operation_before_arrival", waits(|wait| *wait == Wait::Negative)),
    ];
    let totals = totals.map(|(name, count)| (name.to_owned(), i64::try_from(count).unwrap_or(i64::MAX))).into();
    let files = vec![
        by_hospital(settings, &hospitals, &region),
        pathway(&hospitals, fractures),
        quality(settings, &region),
        rows(fractures, pseudonyms),
    ];
    Output { files, totals }
}

/// The fractures of a hospital or of the region, and how many were set aside, in the order of [`SetAside::ALL`].
#[derive(Default)]
struct Hospital<'f> {
    /// The first by its letters of those that are said, empty when none is.
    name: &'f str,
    fractures: Vec<&'f Fracture>,
    set_aside: [usize; SetAside::ALL.len()],
}

impl<'f> Hospital<'f> {
    fn add(&mut self, fracture: &'f Fracture) {
        let name = &*fracture.hospital_name;
        if !name.is_empty() && (self.name.is_empty() || name < self.name) {
            self.name = name;
        }
        match fracture.set_aside {
            None => self.fractures.push(fracture),
            Some(reason) => {
                let places = SetAside::ALL.iter().zip(&mut self.set_aside);
                places.filter(|(one, _)| **one == reason).for_each(|(_, count)| *count += 1);
            }
        }
    }
}

fn within_target(wait: &Wait) -> bool {
    matches!(wait, Wait::Known(wait) if *wait <= TARGET_HOURS * HOUR)
}

/// What is missing of a fracture.
fn reasons(fracture: &Fracture) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    if fracture.chain.is_none() {
        reasons.push(REASONS[0]);
    }
    if fracture.hospital_code.is_empty() {
        reasons.push(REASONS[1]);
    }
    if fracture.chain.as_ref().is_some_and(|chain| chain.discharge.is_none()) {
        reasons.push(REASONS[2]);
    }
    if fracture.wait() == Wait::Negative {
        reasons.push(REASONS[3]);
    }
    match &fracture.operation {
        None => reasons.push(REASONS[4]),
        Some(operation) if operation.at.is_none() || operation.is_date => reasons.push(REASONS[5]),
        Some(_) => {}
    }
    if fracture.side_unclear {
        reasons.push(REASONS[6]);
    }
    reasons
}

/// One line per hospital, by code; the last line is the region.
fn by_hospital(settings: &Settings, hospitals: &BTreeMap<&str, Hospital<'_>>, region: &Hospital<'_>) -> File {
    let mut table = Table::new(
        &FILES[0],
        [
            "hospital_code",
            "hospital_name",
            "fractures",
            "with_arrival",
            "operated",
            "with_operation_time",
            "hours_known",
            "hours_q1",
            "hours_median",
            "hours_q3",
            "within_24h",
            "share_within_24h",
            "discharged",
            "reoperated_30_days",
            "reoperated_120_days",
            "arrival_missing",
            "operation_missing",
            "operation_time_missing",
            "operation_before_arrival",
            "age_unknown",
            "pathological",
            "under_50",
            "reason",
        ],
    );
    for (code, hospital) in hospitals {
        line(&mut table, settings, [code, hospital.name], hospital);
    }
    line(&mut table, settings, ["", "Regionen"], region);
    table.finish()
}

fn line(table: &mut Table, settings: &Settings, names: [&str; 2], hospital: &Hospital<'_>) {
    let fractures = &hospital.fractures;
    let count = |wanted: &dyn Fn(&Fracture) -> bool| fractures.iter().filter(|fracture| wanted(fracture)).count();
    let missing = |reason: usize| count(&|fracture| reasons(fracture).contains(&REASONS[reason]));
    let mut hours: Vec<i64> = fractures
        .iter()
        .filter_map(|fracture| match fracture.wait() {
            Wait::Known(wait) => Some(wait),
            _ => None,
        })
        .collect();
    hours.sort_unstable();
    // A quartile of few known hours is a patient's own, of however many fractures they are.
    let is_shown = fractures.len() >= settings.hide_below as usize;
    let is_told = is_shown && hours.len() >= settings.hide_below as usize;
    let shown: &[i64] = if is_told { &hours } else { &[] };
    let within = count(&|fracture| within_target(&fracture.wait()));
    let reoperated = |days: i64| count(&|fracture| fracture.reoperated_after.is_some_and(|after| after <= days));
    let reason = if is_shown && hours.is_empty() {
        "no-hours-known"
    } else if is_told {
        ""
    } else {
        "fewer-than-limit"
    };
    let cells = [
        fractures.len().to_string(),
        count(&|fracture| fracture.chain.is_some()).to_string(),
        count(&|fracture| fracture.operation.is_some()).to_string(),
        count(&|fracture| fracture.operation.as_ref().is_some_and(|one| one.at.is_some() && !one.is_date)).to_string(),
        hours.len().to_string(),
        quartile(shown, 1),
        quartile(shown, 2),
        quartile(shown, 3),
        within.to_string(),
        share(within, shown.len()),
        count(&|fracture| fracture.chain.as_ref().is_some_and(|chain| chain.discharge.is_some())).to_string(),
        reoperated(30).to_string(),
        reoperated(super::FOLLOW_DAYS).to_string(),
        missing(0).to_string(),
        missing(4).to_string(),
        missing(5).to_string(),
        missing(3).to_string(),
    ];
    let set_aside = hospital.set_aside.map(|count| count.to_string());
    let cells = cells.iter().chain(&set_aside).map(String::as_str);
    table.row(names.into_iter().chain(cells).chain([reason]));
}

/// Hours with one decimal, halves up: the quartile of sorted microseconds, between two values in proportion to its
/// place.
fn quartile(sorted: &[i64], which: usize) -> String {
    let Some(last) = sorted.len().checked_sub(1) else { return String::new() };
    let place = which * last;
    let (low, quarters) = (place / 4, i64::try_from(place % 4).unwrap_or_default());
    let high = sorted[(low + 1).min(last)];
    let quadruple = sorted[low] * (4 - quarters) + high * quarters;
    let tenths = (quadruple * 10 + 2 * HOUR) / (4 * HOUR);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Percent with one decimal, halves up.
fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return String::new();
    }
    let tenths = (part * 2_000 + whole) / (whole * 2);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Stages: each counts who came through it and all before. Fractures are found by their diagnosis, so none is lost
/// there.
fn pathway(hospitals: &BTreeMap<&str, Hospital<'_>>, all: &[&Fracture]) -> File {
    type Stage = (&'static str, fn(&Fracture) -> bool);
    let stages: [Stage; 5] = [
        ("arrival", |fracture| fracture.chain.is_some()),
        ("diagnosis", |_| true),
        ("operation", |fracture| fracture.operation.is_some()),
        ("moved", |fracture| fracture.chain.as_ref().is_some_and(|chain| chain.moves > 0)),
        ("discharged", |fracture| fracture.chain.as_ref().is_some_and(|chain| chain.discharge.is_some())),
    ];
    let mut table = Table::new(&FILES[1], ["hospital_code", "stage", "fractures", "lost"]);
    let region = ("", all.to_vec());
    for (hospital, fractures) in hospitals.iter().map(|(code, one)| (*code, one.fractures.clone())).chain([region]) {
        table.row([hospital, "all", &fractures.len().to_string(), "0"]);
        let mut left = fractures;
        for (stage, is_reached) in stages {
            let before = left.len();
            left.retain(|fracture| is_reached(fracture));
            table.row([hospital, stage, &left.len().to_string(), &(before - left.len()).to_string()]);
        }
    }
    table.finish()
}

/// How many fractures lack what, and how many were set aside, also at zero; by reason.
fn quality(settings: &Settings, region: &Hospital<'_>) -> File {
    let mut table = Table::new(&FILES[2], ["region", "month", "reason", "fractures"]);
    let lacks = REASONS
        .map(|reason| (reason, region.fractures.iter().filter(|fracture| reasons(fracture).contains(&reason)).count()));
    let set_aside = SetAside::ALL.map(SetAside::reason).into_iter().zip(region.set_aside);
    let mut lines: Vec<_> = lacks.into_iter().chain(set_aside).collect();
    lines.sort_unstable();
    for (reason, count) in lines {
        table.row([settings.region.code(), &settings.month.to_string(), reason, &count.to_string()]);
    }
    table.finish()
}

/// One row per fracture that figures count: about a person, by pseudonym.
fn rows(fractures: &[&Fracture], pseudonyms: &Pseudonyms) -> File {
    let mut table = Table::of_persons(
        &FILES[3],
        &[
            "person",
            "hospital_code",
            "side",
            "diagnosis",
            "arrival",
            "operation",
            "operation_code",
            "hours",
            "moves",
            "discharge",
            "reoperated_after_days",
            "reason",
        ],
        pseudonyms,
    );
    for fracture in fractures.iter().filter(|fracture| fracture.may_leave) {
        let (chain, operation) = (fracture.chain.as_ref(), fracture.operation.as_ref());
        let hours = match fracture.wait() {
            Wait::Known(wait) => quartile(&[wait], 2),
            _ => String::new(),
        };
        let operated = operation.and_then(|one| one.at.map(|at| if one.is_date { day(at) } else { time(at) }));
        table.row([
            &*fracture.person,
            &fracture.hospital_code,
            side(fracture.side),
            &fracture.diagnosis,
            &chain.map(|chain| time(chain.arrival)).unwrap_or_default(),
            &operated.unwrap_or_default(),
            operation.map(|one| &*one.code).unwrap_or_default(),
            &hours,
            &chain.map(|chain| chain.moves.to_string()).unwrap_or_default(),
            &chain.and_then(|chain| chain.discharge).map(time).unwrap_or_default(),
            &fracture.reoperated_after.map(|days| days.to_string()).unwrap_or_default(),
            &reasons(fracture).join(","),
        ]);
    }
    table.finish()
}

fn side(side: Laterality) -> &'static str {
    match side {
        Laterality::Left => "vänster",
        Laterality::Right => "höger",
        Laterality::Both => "båda",
        Laterality::Unknown => "",
    }
}

fn time(at: Timestamp) -> String {
    swedish_time::local(at.0).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn day(at: Timestamp) -> String {
    swedish_time::date(at.0).to_string()
}
