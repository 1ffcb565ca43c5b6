//! The page of the hip-fracture pathway: hours from arrival to operation, share within 24 hours, and where patients are
//! lost to the figures.

use std::fmt::Write as _;
use std::sync::Arc;

use topics::Region;

use super::comparison::{Veil, nested, of_sum};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::funnel::{Unit, funnel};
use crate::chart::spread::{Strip, strips};
use crate::format;
use crate::page::escape;
use crate::period::Period;
use crate::published::{Extract, Parcel, Row};

/// The published files and columns, in one place. A column that is not there is a figure that is missing.
mod published {
    /// Files with a line per hospital; the first that is published is shown.
    pub const FILES: [&str; 3] = ["hip_fracture.csv", "hip_fracture_by_hospital.csv", "hospitals.csv"];
    pub const CODE: &str = "hospital_code";
    pub const NAME: &str = "hospital_name";
    pub const PATIENTS: &str = "patients";
    pub const WITH_ARRIVAL: &str = "with_arrival";
    pub const WITH_OPERATION: &str = "with_operation_time";
    pub const OF: &str = "within_24_hours_denominator";
    pub const WITHIN: &str = "within_24_hours";
    pub const LOWER: &str = "lower_quartile_hours";
    pub const MEDIAN: &str = "median_hours";
    pub const UPPER: &str = "upper_quartile_hours";
    pub const DISCHARGED: &str = "discharged";
    pub const REOPERATED: &str = "reoperated";
    /// Columns that begin so count patients whose part of the pathway is missing, by reason.
    pub const MISSING: &str = "missing_";
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
    blocks.push(stages(sight, &own, &sum, veil));
    if *place == Place::Country {
        blocks.push(regions(sight, &areas));
    }
    hospitals(sight, &own, &mut blocks);
    blocks.push(missing(sight, &own));
    blocks.push(method(sight));
    blocks.push(Block::Sheet(kit::provenance(sight, Extract::HipFracture, period, place)));
    let name = place.region().map(|region| format!("{}, ", region.name())).unwrap_or_default();
    let subheading = format!("{name}{}", period.text(sight.language));
    Some(Report { heading, subheading, blocks, parcels })
}

fn rows(parcel: &Parcel) -> impl Iterator<Item = Row<'_>> {
    let file = published::FILES.into_iter().find(|file| parcel.tables.contains_key(*file)).unwrap_or_default();
    parcel.rows(file)
}

fn areas(sight: &Sight<'_>, period: Period) -> Vec<Area> {
    let mut areas: Vec<Area> = sight
        .library
        .of_period(Extract::HipFracture, period)
        .map(|parcel| {
            let lines: Vec<Line> = rows(parcel)
                .map(|row| Line {
                    name: row.text(published::NAME).or(row.text(published::CODE)).unwrap_or_default().into(),
                    sum: Sum::of(row),
                    hours: [published::LOWER, published::MEDIAN, published::UPPER].map(|column| row.decimal(column, 1)),
                    veil: Veil::Open,
                })
                .collect();
            let mut sum = Sum::default();
            lines.iter().for_each(|line| sum.add(&line.sum));
            Area { parcel: parcel.clone(), lines, sum, veil: Veil::Open }
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
    let lines: Vec<&Line> = own.iter().flat_map(|area| &area.lines).collect();
    // Medians cannot be added: of a single hospital it is its own, of more there is none.
    let (hours, middle) = match lines.as_slice() {
        [one] => {
            let [lower, median, upper] =
                one.hours.map(|hours| hours.map_or(Cell::Absent(Absent::Missing), |hours| Cell::Decimal(hours, 1)));
            let between = format!("{}–{}", lower.shown(sight.language), upper.shown(sight.language));
            (median, if one.veil.is_open() { between } else { String::new() })
        }
        _ => (
            Cell::Absent(Absent::NotApplicable),
            sight.say("medianer läggs inte ihop; se sjukhusen", "medians are not added; see the hospitals").to_owned(),
        ),
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
    let steps = [
        (sight.say("Patienter", "Patients"), sum.patients),
        (sight.say("Ankomst känd", "Arrival known"), sum.with_arrival),
        (sight.say("Operationstid känd", "Time of operation known"), sum.with_operation),
        (sight.say("Utskrivna", "Discharged"), sum.discharged),
    ];
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
        sight.say("Reopererade:", "Reoperated:"),
        escape(&reoperated.shown(sight.language)),
        if own.is_empty() {
            sight.say("Ingen region har publicerat perioden.", "No region has published the period.")
        } else {
            ""
        }
    ))
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
        sheet::number("share", sight.say("Andel", "Share"), "%"),
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
        let mut reasons: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
        for row in rows(&area.parcel) {
            for (column, reason) in row.columns_of(published::MISSING) {
                *reasons.entry(reason).or_default() += row.count(column).unwrap_or(0);
            }
        }
        for (reason, count) in reasons {
            let cell = area.veil.absent().map_or(Cell::Whole(count), Cell::Absent);
            let reason = match reason {
                "arrival" => sight.say("ankomst", "arrival").to_owned(),
                "operation_time" => sight.say("operationstid", "time of operation").to_owned(),
                other => other.replace('_', " "),
            };
            table.rows.push(vec![Cell::text(area.parcel.region.name()), Cell::text(reason), cell]);
        }
    }
    Block::Sheet(table)
}

fn method(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Tiden räknas från ankomst till sjukhuset till operationens start. Andelen är opererade inom 24 timmar genom patienter med båda tiderna kända.",
            "Time is counted from arrival at the hospital to the start of the operation. The share is operated within 24 hours over patients with both times known.",
        ),
        sight.say(
            "Patienter utan ankomst eller operationstid ingår inte i andelen; hur många de är står mellan stegen. Uppföljning efter fyra månader kommer från register som inte ingår än.",
            "Patients without arrival or time of operation are not in the share; how many they are stands between the stages. Follow-up at four months comes from registers that are not included yet.",
        ),
    ];
    kit::prose("metod", sight.say("Så räknas det", "How it is counted"), &texts.map(str::to_owned))
}
