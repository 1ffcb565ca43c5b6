//! The page of the hip-fracture pathway: hours from arrival to operation, share within 24 hours, and where patients are
//! lost to the figures.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;

use board::format;
use topics::Region;

use super::comparison::{Veil, nested, of_sum};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::funnel::{Unit, funnel};
use crate::chart::spread::{Strip, strips};
use crate::escape::escape;
use crate::period::Period;
use crate::published::{Extract, Parcel, Row};
use crate::wilson;

/// The published files and columns, in one place. A column that is not there is a figure that is missing.
mod published {
    /// A line per hospital; the last line without a code is the region.
    pub(super) const BY_HOSPITAL: &str = "hip_by_hospital.csv";
    /// Stages with how many came through each and all before; the last block without a code is the region.
    pub(super) const STAGES: &str = "hip_pathway.csv";
    pub(super) const CODE: &str = "hospital_code";
    pub(super) const NAME: &str = "hospital_name";
    pub(super) const PATIENTS: &str = "fractures";
    pub(super) const WITH_ARRIVAL: &str = "with_arrival";
    pub(super) const WITH_OPERATION: &str = "with_operation_time";
    pub(super) const OF: &str = "hours_known";
    pub(super) const WITHIN: &str = "within_24h";
    pub(super) const LOWER: &str = "hours_q1";
    pub(super) const MEDIAN: &str = "hours_median";
    pub(super) const UPPER: &str = "hours_q3";
    pub(super) const DISCHARGED: &str = "discharged";
    pub(super) const REOPERATED: &str = "reoperated_30_days";
    /// Counts of fractures that are set aside, and in Swedish and English why. A parcel without the first follows an older
    /// definition, whose figures are of everybody.
    pub(super) const SET_ASIDE: [(&str, &str, &str); 3] = [
        ("under_50", "yngre än 50 år", "younger than 50"),
        ("pathological", "patologisk fraktur", "pathological fracture"),
        ("age_unknown", "okänd ålder", "unknown age"),
    ];
    /// Counts of what is missing, and in Swedish and English what.
    pub(super) const MISSING: [(&str, &str, &str); 4] = [
        ("arrival_missing", "ankomst", "arrival"),
        ("operation_missing", "operation", "operation"),
        ("operation_time_missing", "operationstid", "time of operation"),
        ("operation_before_arrival", "operation före ankomst", "operation before arrival"),
    ];
    /// Stages in their order, with their Swedish and English names.
    pub(super) const STAGE_NAMES: [(&str, &str, &str); 6] = [
        ("all", "Höftfrakturer", "Hip fractures"),
        ("arrival", "Ankomst känd", "Arrival known"),
        ("diagnosis", "Diagnos", "Diagnosis"),
        ("operation", "Opererade", "Operated"),
        ("moved", "Flyttade till vårdavdelning", "Moved to a ward"),
        ("discharged", "Utskrivna", "Discharged"),
    ];
}

/// A hospital, or a sum of hospitals. `None` is a column that was not published.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    patients: Option<i64>,
    with_arrival: Option<i64>,
    with_operation: Option<i64>,
    of: Option<i64>,
    within: Option<i64>,
    discharged: Option<i64>,
    reoperated: Option<i64>,
}

impl Sum {
    fn of(row: Row<'_>) -> Self {
        Self {
            patients: row.count(published::PATIENTS),
            with_arrival: row.count(published::WITH_ARRIVAL),
            with_operation: row.count(published::WITH_OPERATION),
            of: row.count(published::OF),
            within: row.count(published::WITHIN),
            discharged: row.count(published::DISCHARGED),
            reoperated: row.count(published::REOPERATED),
        }
    }

    fn add(&mut self, other: &Self) {
        let add = |sum: &mut Option<i64>, more: Option<i64>| {
            *sum = match (*sum, more) {
                (None, None) => None,
                (one, other) => Some(one.unwrap_or(0) + other.unwrap_or(0)),
            };
        };
        add(&mut self.patients, other.patients);
        add(&mut self.with_arrival, other.with_arrival);
        add(&mut self.with_operation, other.with_operation);
        add(&mut self.of, other.of);
        add(&mut self.within, other.within);
        add(&mut self.discharged, other.discharged);
        add(&mut self.reoperated, other.reoperated);
    }

    fn share(&self) -> Cell {
        match (self.within, self.of) {
            (Some(within), Some(of)) => Cell::Share(within, of),
            _ => Cell::Absent(Absent::Missing),
        }
    }
}

struct Line {
    name: Box<str>,
    sum: Sum,
    /// Lower quartile, median and upper quartile, tenths of hours.
    hours: [Option<i64>; 3],
    veil: Veil,
}

struct Area {
    parcel: Arc<Parcel>,
    lines: Vec<Line>,
    sum: Sum,
    /// The region's own quartiles, as published.
    hours: [Option<i64>; 3],
    veil: Veil,
}

/// The page; `None` never.
pub(super) fn report(sight: &Sight<'_>) -> Option<Report> {
    let place = &sight.address.place;
    let heading = Page::Pathway.name(sight.language).to_owned();
    if let Some(block) = kit::nothing(sight, Extract::HipFracture) {
        let blocks = vec![block, method(sight)];
        return Some(Report { heading, subheading: String::new(), blocks, parcels: Vec::new() });
    }
    let period = sight.library.period(Extract::HipFracture, sight.address.period)?;
    let areas = areas(sight, period);
    let own: Vec<&Area> =
        areas.iter().filter(|area| place.region().is_none_or(|region| region == area.parcel.region)).collect();
    let parcels: Vec<Arc<Parcel>> = own.iter().map(|area| area.parcel.clone()).collect();
    let sorts = [
        (Sort::Code, sight.say("Kod", "Code")),
        (Sort::Name, sight.say("Namn", "Name")),
        (Sort::Number, sight.say("Flest patienter", "Most patients")),
        (Sort::Share, sight.say("Lägst andel", "Lowest share")),
    ];
    let mut blocks = vec![kit::choices(sight, &sight.library.periods(Extract::HipFracture), period, &sorts)];
    let (sum, veil) = whole(&own);
    blocks.push(tiles(sight, &own, &sum, veil, period));
    blocks.extend(kit::flags(sight, &parcels));
    let older = sight.say(
        "leveranser i perioden följer en äldre definition, utan gräns för ålder och utan att patologiska frakturer läggs åt sidan. De står som saknade här. Gör om uttaget.",
        "deliveries of the period follow an older definition, without a limit of age and with pathological fractures. They stand as missing here. Make the extract again.",
    );
    blocks.extend(kit::older(sight, Extract::HipFracture, [period], is_of_population, older));
    blocks.push(stages(sight, &own, &sum, veil));
    if *place == Place::Country {
        blocks.push(regions(sight, &areas));
    }
    hospitals(sight, &own, &mut blocks);
    blocks.push(missing(sight, &own));
    blocks.push(set_aside(sight, &own));
    blocks.push(method(sight));
    blocks.push(Block::Sheet(kit::provenance(sight, Extract::HipFracture, period, place)));
    let name = place.region().map(|region| format!("{}, ", region.name())).unwrap_or_default();
    let subheading = format!("{name}{}", period.text(sight.language));
    Some(Report { heading, subheading, blocks, parcels })
}

/// Whether a parcel's figures are of 50 years and over without pathological fractures, which version 1 has not.
fn is_of_population(parcel: &Parcel) -> bool {
    parcel.rows(published::BY_HOSPITAL).all(|row| row.count(published::SET_ASIDE[0].0).is_some())
}

/// The lines that add up to the region: its hospitals', or its own, of zeros, when no hospital has had a case.
fn adding(parcel: &Parcel) -> Vec<Row<'_>> {
    let (hospitals, region) = rows(parcel);
    if hospitals.is_empty() { region.into_iter().collect() } else { hospitals }
}

/// Hospitals' lines, and the region's own.
fn rows(parcel: &Parcel) -> (Vec<Row<'_>>, Option<Row<'_>>) {
    let mut rows: Vec<Row<'_>> = parcel.rows(published::BY_HOSPITAL).collect();
    let is_region = rows.last().is_some_and(|row| row.text(published::CODE).is_none());
    let region = if is_region { rows.pop() } else { None };
    (rows, region)
}

fn hours(row: Row<'_>) -> [Option<i64>; 3] {
    [published::LOWER, published::MEDIAN, published::UPPER].map(|column| row.decimal(column, 1))
}

fn areas(sight: &Sight<'_>, period: Period) -> Vec<Area> {
    let mut areas: Vec<Area> = sight
        .library
        .of_period(Extract::HipFracture, period)
        .filter(|parcel| is_of_population(parcel))
        .map(|parcel| {
            let (hospitals, region) = rows(parcel);
            let lines: Vec<Line> = hospitals
                .into_iter()
                .map(|row| Line {
                    name: row.text(published::NAME).or(row.text(published::CODE)).unwrap_or("–").into(),
                    sum: Sum::of(row),
                    hours: hours(row),
                    veil: Veil::Open,
                })
                .collect();
            let mut sum = Sum::default();
            adding(parcel).into_iter().for_each(|row| sum.add(&Sum::of(row)));
            // Where the source says nobody's age, nobody is known to be of 50 years, and that is no zero.
            let ages_unknown: i64 = adding(parcel).iter().filter_map(|row| row.count("age_unknown")).sum();
            if sum.patients == Some(0) && ages_unknown > 0 {
                sum = Sum::default();
            }
            let hours = region.map(hours).unwrap_or_default();
            Area { parcel: parcel.clone(), lines, sum, hours, veil: Veil::Open }
        })
        .collect();
    let counts: Vec<Vec<i64>> =
        areas.iter().map(|area| area.lines.iter().map(|line| line.sum.patients.unwrap_or(0)).collect()).collect();
    let (outer, inner) = nested(&counts, sight.manner.contacts_min);
    for ((area, veil), veils) in areas.iter_mut().zip(outer).zip(inner) {
        area.veil = veil;
        area.lines.iter_mut().zip(veils).for_each(|(line, veil)| line.veil = veil);
    }
    areas
}

fn whole(own: &[&Area]) -> (Sum, Veil) {
    let mut sum = Sum::default();
    own.iter().for_each(|area| sum.add(&area.sum));
    let veil = of_sum(own.iter().map(|area| (area.sum.patients.unwrap_or(0), area.veil)));
    (sum, veil)
}

fn tiles(sight: &Sight<'_>, own: &[&Area], sum: &Sum, veil: Veil, period: Period) -> Block {
    let shown = |value: Cell| veil.absent().map_or(value, Cell::Absent);
    let foot = match &sight.address.place {
        Place::Country => kit::coverage(sight, own.iter().map(|area| &area.parcel)),
        place => kit::provenance_short(sight, place, Extract::HipFracture, period),
    };
    let tile =
        |title: &str, value: Cell, side: String| Tile { title: title.to_owned(), value, side, foot: foot.clone() };
    // Medians cannot be added: a region's is its own, and the country has none.
    let (hours, middle) = match (&sight.address.place, own) {
        (Place::Region(_), [one]) => {
            // Of nobody's hours there is no median; of somebody's it is missing.
            let none = if one.sum.of == Some(0) { Absent::NotApplicable } else { Absent::Missing };
            let [lower, median, upper] =
                one.hours.map(|hours| hours.map_or(Cell::Absent(none), |hours| Cell::Decimal(hours, 1)));
            let half = sight.say("mittersta hälften", "middle half");
            let between = format!("{half} {}–{}", lower.shown(sight.language), upper.shown(sight.language));
            let has_half = veil.is_open() && one.hours.iter().all(Option::is_some);
            (median, if has_half { between } else { String::new() })
        }
        (Place::Region(_), _) => (Cell::Absent(Absent::Missing), String::new()),
        _ => {
            let text = sight.say("medianer läggs inte ihop; se sjukhusen", "medians are not added; see the hospitals");
            (Cell::Absent(Absent::NotApplicable), text.to_owned())
        }
    };
    let of = match (sum.within, sum.of, veil.is_open()) {
        (Some(within), Some(of), true) => format!("{within} {} {of}", sight.language.words().of),
        _ => String::new(),
    };
    kit::tiles(
        sight,
        &[
            tile(sight.say("Opererade inom 24 timmar", "Operated within 24 hours"), shown(sum.share()), of),
            tile(sight.say("Ankomst till operation, timmar", "Arrival to operation, hours"), shown(hours), middle),
            tile(
                sight.say("Patienter", "Patients"),
                shown(Cell::or_missing(sum.patients)),
                sight.say("höftfraktur", "hip fracture").to_owned(),
            ),
            tile(
                sight.say("Uppföljda efter 4 månader", "Followed up at 4 months"),
                Cell::Absent(Absent::Missing),
                sight.say("finns inte i händelserna", "not in the events").to_owned(),
            ),
        ],
    )
}

/// The stages as a horizontal line, with how many are lost to the figures between them.
fn stages(sight: &Sight<'_>, own: &[&Area], sum: &Sum, veil: Veil) -> Block {
    let steps: Vec<(&str, Option<i64>)> = published::STAGE_NAMES
        .iter()
        .map(|(stage, sv, en)| {
            let counts = own.iter().filter_map(|area| stage_of(&area.parcel, stage));
            let counts: Vec<i64> = counts.collect();
            (sight.say(sv, en), (!counts.is_empty()).then(|| counts.iter().sum()))
        })
        .collect();
    let mut list = String::new();
    let mut before: Option<i64> = None;
    for (name, count) in steps {
        let cell = veil.absent().map_or(Cell::or_missing(count), Cell::Absent);
        let lost = match (before, count, veil.is_open()) {
            (Some(before), Some(now), true) if before > now => {
                format!(
                    "<span class=\"lost\">{} {}</span>",
                    format::signed(sight.language, now - before),
                    sight.say("saknas här", "missing here")
                )
            }
            _ => String::new(),
        };
        let _ = write!(list, "<li><span>{name}</span><b>{}</b>{lost}</li>", escape(&cell.shown(sight.language)));
        before = count.or(before);
    }
    let reoperated = veil.absent().map_or(Cell::or_missing(sum.reoperated), Cell::Absent);
    Block::Markup(format!(
        "<section class=\"card\" id=\"forlopp\"><h2>{}</h2><ol class=\"stages\">{list}</ol><p class=\"hint\">{} {}. {}</p></section>",
        sight.say("Förloppet", "The pathway"),
        sight.say("Reopererade inom 30 dagar:", "Reoperated within 30 days:"),
        escape(&reoperated.shown(sight.language)),
        if own.is_empty() {
            sight.say("Ingen region har publicerat perioden.", "No region has published the period.")
        } else {
            ""
        }
    ))
}

/// How many of the region came through a stage and all before it.
fn stage_of(parcel: &Parcel, stage: &str) -> Option<i64> {
    let own = parcel.rows(published::STAGES).filter(|row| row.text(published::CODE).is_none());
    let found = own.filter(|row| row.text("stage") == Some(stage)).last()?;
    found.count(published::PATIENTS)
}

fn columns(sight: &Sight<'_>, first: sheet::Column) -> Vec<sheet::Column> {
    let patients = sight.say("patienter", "patients");
    vec![
        first,
        sheet::number("patients", sight.say("Alla", "All"), patients),
        sheet::number("with_arrival", sight.say("Ankomst känd", "Arrival known"), patients),
        sheet::number("with_operation_time", sight.say("Operationstid känd", "Operation known"), patients),
        sheet::number("within_24_hours", sight.say("Inom 24 timmar", "Within 24 hours"), patients),
        sheet::number("of", sight.say("Av", "Of"), patients),
        sheet::share("share", sight.say("Andel", "Share")),
        sheet::number("discharged", sight.say("Utskrivna", "Discharged"), patients),
        sheet::number("reoperated", sight.say("Reopererade", "Reoperated"), patients),
    ]
}

fn cells(sum: Option<&Sum>, veil: Veil) -> Vec<Cell> {
    let Some(sum) = sum else { return vec![Cell::Absent(Absent::Missing); 8] };
    if let Some(absent) = veil.absent() {
        return vec![Cell::Absent(absent); 8];
    }
    vec![
        Cell::or_missing(sum.patients),
        Cell::or_missing(sum.with_arrival),
        Cell::or_missing(sum.with_operation),
        Cell::or_missing(sum.within),
        Cell::or_missing(sum.of),
        sum.share(),
        Cell::or_missing(sum.discharged),
        Cell::or_missing(sum.reoperated),
    ]
}

fn regions(sight: &Sight<'_>, areas: &[Area]) -> Block {
    let mut columns = columns(sight, sheet::words("region", sight.say("Region", "Region")));
    columns.push(sheet::words("flags", sight.say("Förbehåll", "Reservations")));
    let mut table = Sheet::new("regioner", sight.say("Regioner", "Regions"), columns, "");
    for region in Region::all() {
        let area = areas.iter().find(|area| area.parcel.region == region);
        let mut row = vec![kit::link(sight, region.name(), Place::Region(region))];
        row.extend(cells(area.map(|area| &area.sum), area.map_or(Veil::Open, |area| area.veil)));
        row.push(area.map_or(Cell::Absent(Absent::Missing), |area| kit::flag_cell(sight, &area.parcel)));
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, 1, 6, true);
    Block::Sheet(table)
}

fn hospitals(sight: &Sight<'_>, own: &[&Area], blocks: &mut Vec<Block>) {
    let hours = sight.say("timmar", "hours");
    let mut columns = columns(sight, sheet::words("hospital", sight.say("Sjukhus", "Hospital")));
    columns.extend([
        sheet::number("lower_quartile_hours", sight.say("Undre kvartil", "Lower quartile"), hours),
        sheet::number("median_hours", sight.say("Median", "Median"), hours),
        sheet::number("upper_quartile_hours", sight.say("Övre kvartil", "Upper quartile"), hours),
    ]);
    let none = sight.say("Inget sjukhus är publicerat.", "No hospital is published.");
    let mut table = Sheet::new("sjukhus", sight.say("Sjukhus", "Hospitals"), columns, none);
    let (mut strip, mut units) = (Vec::new(), Vec::new());
    let (mut within, mut all) = (0, 0);
    for line in own.iter().flat_map(|area| &area.lines) {
        let mut row = vec![Cell::text(&*line.name)];
        row.extend(cells(Some(&line.sum), line.veil));
        row.extend(line.hours.map(|hours| match (line.veil.absent(), hours) {
            (Some(absent), _) => Cell::Absent(absent),
            (None, Some(hours)) => Cell::Decimal(hours, 1),
            (None, None) => Cell::Absent(Absent::Missing),
        }));
        table.rows.push(row);
        let spread = match (line.veil.absent(), line.hours) {
            (Some(absent), _) => Err(absent.text(sight.language)),
            (None, [Some(lower), Some(median), Some(upper)]) => {
                Ok((lower as f64 / 10.0, median as f64 / 10.0, upper as f64 / 10.0))
            }
            (None, _) => Err(sight.language.words().missing.to_owned()),
        };
        strip.push(Strip { label: line.name.to_string(), spread });
        if let (Some(part), Some(of)) = (line.sum.within, line.sum.of) {
            within += part;
            all += of;
            if line.veil.is_open() {
                units.push(Unit { name: line.name.to_string(), part, of });
            }
        }
    }
    kit::sort(sight, &mut table.rows, 1, 6, true);
    if !strip.is_empty() {
        let title = sight.say("Timmar från ankomst till operation", "Hours from arrival to operation");
        let lead =
            sight.say("Mittersta hälften, med punkten vid medianen.", "The middle half, with the dot at the median.");
        let svg = strips(&strip, |value| format::number(sight.language, value.round() as i64), lead, "sjukhus");
        blocks.push(kit::drawing(sight, "timmar", title, lead, &svg));
    }
    if !units.is_empty() {
        let title = sight.say("Andel inom 24 timmar, med 95 % intervall", "Share within 24 hours, with 95% intervals");
        let lead = sight.say(
            "Punkten är andelen, strecket Wilsons intervall; sjukhus med få patienter visas inte.",
            "The dot is the share, the line Wilson's interval; hospitals with few patients are not shown.",
        );
        let shares = units.iter().filter_map(|unit| {
            let (lower, upper) = wilson::interval(unit.part, unit.of)?;
            let share = unit.part as f64 / unit.of as f64;
            let spread = [lower, share, upper].map(|share| share * 100.0);
            Some(Strip { label: unit.name.clone(), spread: Ok((spread[0], spread[1], spread[2])) })
        });
        let percent = |value: f64| format!("{}\u{a0}%", value.round());
        let svg = strips(&shares.collect::<Vec<_>>(), percent, lead, "sjukhus");
        blocks.push(kit::drawing(sight, "andel", title, lead, &svg));
    }
    if units.len() > 1 && all > 0 {
        let title =
            sight.say("Andel inom 24 timmar efter antal patienter", "Share within 24 hours by number of patients");
        let lead = sight.say(
            "Utanför de streckade gränserna är skillnaden större än slumpen väntas ge; de sjukhusen är utskrivna. Sjukhus med få patienter visas inte.",
            "Outside the dashed limits the difference is larger than chance is expected to give; those hospitals are named. Hospitals with few patients are not shown.",
        );
        let words = (sight.say("alla", "all"), sight.say("patienter med känd tid", "patients with a known time"));
        let svg = funnel(&units, within as f64 / all as f64, words, lead, "sjukhus");
        blocks.push(kit::drawing(sight, "tratt", title, lead, &svg));
    }
    blocks.push(Block::Sheet(table));
}

/// What is missing, by reason, as published.
fn missing(sight: &Sight<'_>, own: &[&Area]) -> Block {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::words("reason", sight.say("Vad som saknas", "What is missing")),
        sheet::number("patients", sight.say("Patienter", "Patients"), sight.say("antal", "count")),
    ];
    let none = sight.say("Inget är angivet som saknat.", "Nothing is said to be missing.");
    let mut table = Sheet::new("saknade", sight.say("Saknade uppgifter", "Missing data"), columns, none);
    for area in own {
        let hospitals = adding(&area.parcel);
        for (column, sv, en) in published::MISSING {
            let counts: Vec<i64> = hospitals.iter().filter_map(|row| row.count(column)).collect();
            let count = (!counts.is_empty()).then(|| counts.iter().sum());
            let cell = area.veil.absent().map_or(Cell::or_missing(count), Cell::Absent);
            table.rows.push(vec![Cell::text(area.parcel.region.name()), Cell::text(sight.say(sv, en)), cell]);
        }
    }
    Block::Sheet(table)
}

/// Who is not of the population, by reason, as published.
fn set_aside(sight: &Sight<'_>, own: &[&Area]) -> Block {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::words("reason", sight.say("Varför", "Why")),
        sheet::number("patients", sight.say("Patienter", "Patients"), sight.say("antal", "count")),
    ];
    let none = sight.say("Ingen är lagd åt sidan.", "Nobody is set aside.");
    let mut table = Sheet::new("utanfor", sight.say("Utanför måttet", "Outside the measure"), columns, none);
    for area in own {
        let hospitals = adding(&area.parcel);
        for (column, sv, en) in published::SET_ASIDE {
            let count = hospitals.iter().filter_map(|row| row.count(column)).sum();
            let cell = area.veil.absent().map_or(Cell::Whole(count), Cell::Absent);
            table.rows.push(vec![Cell::text(area.parcel.region.name()), Cell::text(sight.say(sv, en)), cell]);
        }
    }
    Block::Sheet(table)
}

fn method(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Läst i Rikshöfts årsrapport 2014: patienter från 50 år med fraktur som inte är patologisk, tid från ankomst, inom 24 timmar. Vår läsning: åldern är årtalet minus födelseåret, för händelserna har ingen födelsedag; patologisk är en fraktur med M84.4 eller M90.7 bland diagnoserna, medan osteoporos (M80) eller enbart en cancerdiagnos inte gör den patologisk. De andra och de med okänd ålder läggs åt sidan med antal. Version 1 av uttaget räknade alla; en serie över bytet är inte jämförbar.",
            "Read in Rikshöft's yearly report of 2014: patients of 50 years and over with a fracture that is not pathological, time from arrival, within 24 hours. Our reading: age is the year less the year of birth, for events have no day of birth; a fracture with M84.4 or M90.7 among the diagnoses is pathological, while osteoporosis (M80) or a diagnosis of cancer alone does not make it so. The others, and those of unknown age, are set aside with a count. Version 1 of the extract counted everybody; a series over the change is not comparable.",
        ),
        sight.say(
            "Andelar räknas som summa delat med summa. Tiden räknas från ankomst till sjukhuset till operationens start. Andelen är opererade inom 24 timmar genom patienter med båda tiderna kända. Under varje andel står Wilsons 95 % intervall (1927).",
            "Shares are sums over sums. Time is counted from arrival at the hospital to the start of the operation. The share is operated within 24 hours over patients with both times known. Under each share stands Wilson's 95% interval (1927).",
        ),
        sight.say(
            "Patienter utan ankomst eller operationstid ingår inte i andelen; hur många de är står mellan stegen. Uppföljning efter fyra månader kommer från register som inte ingår än.",
            "Patients without arrival or time of operation are not in the share; how many they are stands between the stages. Follow-up at four months comes from registers that are not included yet.",
        ),
    ];
    kit::prose("metod", sight.say("Så räknas det", "How it is counted"), &texts.map(str::to_owned))
}
