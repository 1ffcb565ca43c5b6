//! The page of costs: per contact and per DRG point, in current prices, with outliers set aside. Persons only as counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use board::format;
use topics::Region;

use super::comparison::{Veil, nested, of_sum, veils};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::spread::{Strip, strips};
use crate::period::Period;
use crate::published::{Extract, Parcel, Row};

/// Groups that are drawn; the table has them all.
const DRAWN: usize = 30;

/// Published amounts of contacts, or sums of them. Amounts are in öre, weights in hundredths.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    contacts: i64,
    total: i64,
    outliers: i64,
    inner: i64,
    inner_total: i64,
    /// Öre times hundredths of DRG points, over contacts with a weight that are no outliers.
    weighted: i128,
    weight: i64,
}

impl Sum {
    fn of(row: Row<'_>) -> Self {
        let number = |column| row.count(column).unwrap_or(0);
        let ore = |column| row.decimal(column, 2).unwrap_or(0);
        // The published cost per point times the published points: what the points have cost, to the rounding of an öre.
        let weight = row.decimal("drg_weight", 2).unwrap_or(0);
        Self {
            contacts: number("contacts"),
            total: ore("total_kronor"),
            outliers: number("outliers"),
            inner: number("inner_contacts"),
            inner_total: ore("inner_total_kronor"),
            weighted: i128::from(ore("kronor_per_drg_point")) * i128::from(weight),
            weight,
        }
    }

    fn add(&mut self, other: &Self) {
        self.contacts += other.contacts;
        self.total += other.total;
        self.outliers += other.outliers;
        self.inner += other.inner;
        self.inner_total += other.inner_total;
        self.weighted += other.weighted;
        self.weight += other.weight;
    }

    fn mean(&self) -> Cell {
        kronor(self.inner_total.into(), self.inner.into())
    }

    fn per_point(&self) -> Cell {
        kronor(self.weighted, self.weight.into())
    }
}

/// Whole kronor of öre over a count; of nothing it is not applicable.
fn kronor(ore: i128, over: i128) -> Cell {
    if over <= 0 {
        return Cell::Absent(Absent::NotApplicable);
    }
    let whole = (ore * 2 + over * 100) / (over * 200);
    Cell::Whole(i64::try_from(whole).unwrap_or(i64::MAX))
}

struct Line {
    code: Box<str>,
    name: Box<str>,
    form: Box<str>,
    sum: Sum,
    /// The published median, whole kronor.
    median: Option<i64>,
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
    let heading = Page::Costs.name(sight.language).to_owned();
    if let Some(block) = kit::nothing(sight, Extract::Kpp) {
        let blocks = vec![block, method(sight)];
        return Some(Report { heading, subheading: String::new(), blocks, parcels: Vec::new() });
    }
    let period = sight.library.period(Extract::Kpp, sight.address.period.map(Period::year))?;
    let areas = areas(sight, period);
    let sorts = [
        (Sort::Code, sight.say("Kod", "Code")),
        (Sort::Name, sight.say("Namn", "Name")),
        (Sort::Number, sight.say("Flest kontakter", "Most contacts")),
        (Sort::Share, sight.say("Högst kostnad per kontakt", "Highest cost per contact")),
    ];
    let mut blocks = vec![kit::choices(sight, &sight.library.periods(Extract::Kpp), period, &sorts)];
    let parcels: Vec<Arc<Parcel>> = areas
        .iter()
        .filter(|area| place.region().is_none_or(|region| region == area.parcel.region))
        .map(|area| area.parcel.clone())
        .collect();
    blocks.push(tiles(sight, &areas, period));
    blocks.extend(kit::flags(sight, &parcels));
    match place {
        Place::Country => country(sight, &areas, &mut blocks),
        Place::Region(region) | Place::Hospital(region, _) => one_region(sight, &areas, *region, &mut blocks),
    }
    let veil = whole(sight, &areas).map_or(Veil::Open, |(_, veil)| veil);
    groups(sight, &parcels, veil, &mut blocks);
    blocks.push(over_time(sight));
    blocks.push(method(sight));
    blocks.push(Block::Sheet(kit::provenance(sight, Extract::Kpp, period, place)));
    let name = place.region().map(|region| format!("{}, ", region.name())).unwrap_or_default();
    let subheading =
        format!("{name}{}, {}", period.text(sight.language), sight.say("löpande priser", "current prices"));
    Some(Report { heading, subheading, blocks, parcels })
}

fn areas(sight: &Sight<'_>, period: Period) -> Vec<Area> {
    let mut areas: Vec<Area> = sight
        .library
        .of_period(Extract::Kpp, period)
        .map(|parcel| {
            let lines: Vec<Line> = parcel
                .rows("cost_by_hospital.csv")
                .map(|row| Line {
                    code: row.text("hospital_code").unwrap_or_default().into(),
                    name: row.text("hospital_name").or(row.text("hospital_code")).unwrap_or_default().into(),
                    form: row.text("care_form").unwrap_or_default().into(),
                    sum: Sum::of(row),
                    median: row.decimal("median_kronor", 0),
                    veil: Veil::Open,
                })
                .collect();
            let mut sum = Sum::default();
            lines.iter().for_each(|line| sum.add(&line.sum));
            Area { parcel: parcel.clone(), lines, sum, veil: Veil::Open }
        })
        .collect();
    let counts: Vec<Vec<i64>> =
        areas.iter().map(|area| area.lines.iter().map(|line| line.sum.contacts).collect()).collect();
    let (outer, inner) = nested(&counts, sight.manner.contacts_min);
    for ((area, veil), veils) in areas.iter_mut().zip(outer).zip(inner) {
        area.veil = veil;
        area.lines.iter_mut().zip(veils).for_each(|(line, veil)| line.veil = veil);
    }
    areas
}

/// The sum of the page's place, and whether it is shown.
fn whole(sight: &Sight<'_>, areas: &[Area]) -> Option<(Sum, Veil)> {
    match sight.address.place.region() {
        Some(region) => areas.iter().find(|area| area.parcel.region == region).map(|area| (area.sum, area.veil)),
        None => {
            let mut sum = Sum::default();
            areas.iter().for_each(|area| sum.add(&area.sum));
            let veil = of_sum(areas.iter().map(|area| (area.sum.contacts, area.veil)));
            (!areas.is_empty()).then_some((sum, veil))
        }
    }
}

fn tiles(sight: &Sight<'_>, areas: &[Area], period: Period) -> Block {
    let found = whole(sight, areas);
    let shown = |value: &dyn Fn(&Sum) -> Cell| match &found {
        None => Cell::Absent(Absent::Missing),
        Some((sum, veil)) => veil.absent().map_or_else(|| value(sum), Cell::Absent),
    };
    let foot = match &sight.address.place {
        Place::Country => kit::coverage(sight, areas.iter().map(|area| &area.parcel)),
        place => kit::provenance_short(sight, place, Extract::Kpp, period),
    };
    let tile = |title: &str, value: Cell, side: &str| Tile {
        title: title.to_owned(),
        value,
        side: side.to_owned(),
        foot: foot.clone(),
    };
    let persons: i64 = areas
        .iter()
        .filter(|area| sight.address.place.region().is_none_or(|region| region == area.parcel.region))
        .filter_map(|area| area.parcel.file_rows.get("cost_by_person.csv"))
        .sum();
    let kr = sight.say("kronor, löpande priser", "kronor, current prices");
    kit::tiles(
        sight,
        &[
            tile(sight.say("Kostnad per kontakt", "Cost per contact"), shown(&Sum::mean), kr),
            tile(sight.say("Kostnad per DRG-poäng", "Cost per DRG point"), shown(&Sum::per_point), kr),
            tile(
                sight.say("Ytterfall", "Outliers"),
                shown(&|sum| Cell::Share(sum.outliers, sum.contacts)),
                sight.say(
                    "av kontakterna; regionens egna, per vårdform, utanför medelvärdena",
                    "of contacts; the region's own, by care form, outside the means",
                ),
            ),
            tile(
                sight.say("Pseudonymer", "Pseudonyms"),
                shown(&|_| Cell::Whole(persons)),
                sight.say("personer och vårdformer, bara antal", "persons and care forms, counts only"),
            ),
        ],
    )
}

fn amount_columns(sight: &Sight<'_>) -> Vec<sheet::Column> {
    let kr = sight.say("kr", "SEK");
    vec![
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number("mean_kronor", sight.say("Per kontakt", "Per contact"), kr),
        sheet::number("kronor_per_drg_point", sight.say("Per DRG-poäng", "Per DRG point"), kr),
        sheet::number("outliers", sight.say("Ytterfall", "Outliers"), sight.say("antal", "count")),
        sheet::number("outlier_share", sight.say("Andel ytterfall", "Share of outliers"), "%"),
    ]
}

fn amounts(found: Option<(&Sum, Veil)>) -> Vec<Cell> {
    let Some((sum, veil)) = found else { return vec![Cell::Absent(Absent::Missing); 5] };
    if let Some(absent) = veil.absent() {
        return vec![Cell::Absent(absent); 5];
    }
    vec![
        Cell::Whole(sum.contacts),
        sum.mean(),
        sum.per_point(),
        Cell::Whole(sum.outliers),
        Cell::Share(sum.outliers, sum.contacts),
    ]
}

fn country(sight: &Sight<'_>, areas: &[Area], blocks: &mut Vec<Block>) {
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(amount_columns(sight));
    columns.push(sheet::words("cost_run", sight.say("Kostnadskörning", "Cost run")));
    columns.push(sheet::words("flags", sight.say("Förbehåll", "Reservations")));
    let mut table = Sheet::new("regioner", sight.say("Regioner", "Regions"), columns, "");
    for region in Region::all() {
        let area = areas.iter().find(|area| area.parcel.region == region);
        let mut row = vec![kit::link(sight, region.name(), Place::Region(region))];
        row.extend(amounts(area.map(|area| (&area.sum, area.veil))));
        row.push(area.map_or(Cell::Absent(Absent::Missing), |area| cost_run(&area.parcel)));
        row.push(area.map_or(Cell::Absent(Absent::Missing), |area| kit::flag_cell(sight, &area.parcel)));
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, 1, 2, false);
    blocks.push(Block::Sheet(table));
}

/// Which runs the contacts' costs come from, when the parcel publishes it.
fn cost_run(parcel: &Parcel) -> Cell {
    let mut runs: Vec<&str> = parcel.rows("cost_by_hospital.csv").filter_map(|row| row.text("cost_run_id")).collect();
    runs.sort_unstable();
    runs.dedup();
    if runs.is_empty() { Cell::Absent(Absent::Missing) } else { Cell::text(runs.join(", ")) }
}

fn form_word(sight: &Sight<'_>, form: &str) -> &'static str {
    match form {
        "inpatient" => sight.say("sluten", "inpatient"),
        "outpatient" => sight.say("öppen", "outpatient"),
        "primary" => sight.say("primärvård", "primary"),
        "home" => sight.say("hemsjukvård", "home"),
        _ => sight.say("uppges inte", "not given"),
    }
}

fn one_region(sight: &Sight<'_>, areas: &[Area], region: Region, blocks: &mut Vec<Block>) {
    let mut columns = vec![sheet::words("hospital", sight.say("Sjukhus", "Hospital"))];
    columns.extend(amount_columns(sight));
    columns.push(sheet::number("median_kronor", sight.say("Median", "Median"), sight.say("kr", "SEK")));
    columns.push(sheet::words("care_form", sight.say("Vårdform", "Care form")));
    let none = sight.say("Regionen har inte publicerat året.", "The region has not published the year.");
    let mut table = Sheet::new("sjukhus", sight.say("Sjukhus", "Hospitals"), columns, none);
    let lines = areas.iter().find(|area| area.parcel.region == region).map(|area| area.lines.as_slice());
    for line in lines.unwrap_or_default() {
        let name = if line.name.is_empty() { line.code.to_string() } else { line.name.to_string() };
        let mut row = vec![Cell::text(name)];
        row.extend(amounts(Some((&line.sum, line.veil))));
        row.push(line.veil.absent().map_or_else(|| Cell::or_missing(line.median), Cell::Absent));
        row.push(Cell::text(form_word(sight, &line.form)));
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, 1, 2, false);
    blocks.push(Block::Sheet(table));
}

/// A diagnosis group over the page's parcels.
#[derive(Default)]
struct Group {
    contacts: i64,
    outliers: i64,
    inner: i64,
    inner_total: i64,
    least: Option<i64>,
    /// Of a single parcel only: medians cannot be added.
    median: Option<i64>,
    greatest: Option<i64>,
    parcels: usize,
}

/// Diagnosis groups with their spread; `whole` tells whether the sum of them all is shown.
fn groups(sight: &Sight<'_>, parcels: &[Arc<Parcel>], whole: Veil, blocks: &mut Vec<Block>) {
    let mut all: BTreeMap<(Box<str>, Box<str>), Group> = BTreeMap::new();
    for row in parcels.iter().flat_map(|parcel| parcel.rows("cost_by_drg.csv")) {
        let key = (row.text("drg").unwrap_or_default().into(), row.text("care_form").unwrap_or_default().into());
        let group = all.entry(key).or_default();
        group.contacts += row.count("contacts").unwrap_or(0);
        group.outliers += row.count("outliers").unwrap_or(0);
        group.inner += row.count("inner_contacts").unwrap_or(0);
        group.inner_total += row.decimal("inner_total_kronor", 2).unwrap_or(0);
        let (least, greatest) = (row.decimal("least_kronor", 0), row.decimal("greatest_kronor", 0));
        group.least = group.least.into_iter().chain(least).min();
        group.greatest = group.greatest.into_iter().chain(greatest).max();
        group.median = row.decimal("median_kronor", 0);
        group.parcels += 1;
    }
    let kr = sight.say("kr", "SEK");
    let columns = vec![
        sheet::words("drg", "DRG"),
        sheet::words("care_form", sight.say("Vårdform", "Care form")),
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number("outliers", sight.say("Ytterfall", "Outliers"), sight.say("antal", "count")),
        sheet::number("mean_kronor", sight.say("Medel utan ytterfall", "Mean without outliers"), kr),
        sheet::number("least_kronor", sight.say("Lägst", "Least"), kr),
        sheet::number("median_kronor", sight.say("Median", "Median"), kr),
        sheet::number("greatest_kronor", sight.say("Högst", "Greatest"), kr),
    ];
    let title = sight.say("DRG-grupper med spridning", "DRG groups with their spread");
    let none = sight.say("Ingen grupp är publicerad.", "No group is published.");
    let mut table = Sheet::new("drg", title, columns, none);
    let counts: Vec<i64> = all.values().map(|group| group.contacts).collect();
    let mut veils = veils(&counts, sight.manner.contacts_min);
    if !whole.is_open() {
        // The groups of a hidden place add up to it.
        veils.fill(whole);
    }
    let mut drawn: Vec<(i64, Strip)> = Vec::new();
    for (((drg, form), group), veil) in all.iter().zip(veils) {
        let name = Cell::text(&**drg);
        let mean = kronor(group.inner_total.into(), group.inner.into());
        let median =
            if group.parcels == 1 { Cell::or_missing(group.median) } else { Cell::Absent(Absent::NotApplicable) };
        let mut row = vec![name, Cell::text(form_word(sight, form))];
        match veil.absent() {
            Some(absent) => row.extend(std::iter::repeat_n(Cell::Absent(absent), 6)),
            None => row.extend([
                Cell::Whole(group.contacts),
                Cell::Whole(group.outliers),
                mean.clone(),
                Cell::or_missing(group.least),
                median.clone(),
                Cell::or_missing(group.greatest),
            ]),
        }
        table.rows.push(row);
        let middle = if let Cell::Whole(median) = median {
            Some(median)
        } else if let Cell::Whole(mean) = mean {
            Some(mean)
        } else {
            None
        };
        let spread = match (veil.absent(), group.least, middle, group.greatest) {
            (Some(absent), ..) => Err(absent.text(sight.language)),
            (None, Some(least), Some(middle), Some(greatest)) => Ok((least as f64, middle as f64, greatest as f64)),
            _ => Err(sight.language.words().missing.to_owned()),
        };
        let label = format!("{drg}, {}", form_word(sight, form));
        drawn.push((group.contacts, Strip { label, spread }));
    }
    drawn.sort_by_key(|(contacts, _)| std::cmp::Reverse(*contacts));
    let strip: Vec<Strip> = drawn.into_iter().take(DRAWN).map(|(_, strip)| strip).collect();
    if !strip.is_empty() {
        let lead = sight.say(
            "Lägst till högst, med punkten vid medianen (i riket vid medelvärdet). Grupper med flest kontakter, kronor.",
            "Least to greatest, with the dot at the median (for the country at the mean). Groups with most contacts, kronor.",
        );
        let tick = |value: f64| format::number(sight.language, value.round() as i64);
        let svg = strips(&strip, tick, lead, "drg");
        blocks.push(kit::drawing(sight, "spridning", title, lead, &svg));
    }
    blocks.push(Block::Sheet(table));
}

/// Cost per contact and contacts, year by year.
fn over_time(sight: &Sight<'_>) -> Block {
    let columns = vec![
        sheet::words("year", sight.say("År", "Year")),
        sheet::number("regions", sight.say("Regioner", "Regions"), sight.say("av 21", "of 21")),
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number(
            "mean_kronor",
            sight.say("Per kontakt", "Per contact"),
            sight.say("kr, löpande priser", "SEK, current prices"),
        ),
        sheet::number("persons", sight.say("Pseudonymer", "Pseudonyms"), sight.say("antal", "count")),
        sheet::words("flags", sight.say("Förbehåll", "Reservations")),
    ];
    let mut table = Sheet::new("ar", sight.say("År för år", "Year by year"), columns, "");
    for period in sight.library.periods(Extract::Kpp) {
        let areas = areas(sight, period);
        let place = sight.address.place.region();
        let own = || areas.iter().filter(|area| place.is_none_or(|region| region == area.parcel.region));
        let mut row = vec![Cell::text(period.to_string()), Cell::Whole(i64::try_from(areas.len()).unwrap_or(0))];
        match whole(sight, &areas) {
            None => row.extend(std::iter::repeat_n(Cell::Absent(Absent::Missing), 3)),
            Some((_, veil)) if !veil.is_open() => {
                row.extend(std::iter::repeat_n(Cell::Absent(veil.absent().unwrap_or(Absent::Missing)), 3));
            }
            Some((sum, _)) => {
                let persons: Vec<i64> =
                    own().filter_map(|area| area.parcel.file_rows.get("cost_by_person.csv").copied()).collect();
                row.extend([
                    Cell::Whole(sum.contacts),
                    sum.mean(),
                    Cell::or_missing((!persons.is_empty()).then(|| persons.iter().sum())),
                ]);
            }
        }
        let mut words: Vec<String> = own().map(|area| area.parcel.flag_words(sight.language)).collect();
        words.retain(|words| !words.is_empty());
        words.dedup();
        row.push(Cell::text(if words.is_empty() { "–".to_owned() } else { words.join(", ") }));
        table.rows.push(row);
    }
    Block::Sheet(table)
}

fn method(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Löpande priser: beloppen är årets egna och räknas inte om mellan år.",
            "Current prices: amounts are those of the year and are not adjusted between years.",
        ),
        sight.say(
            "Ytterfall är de 5 % dyraste kontakterna i sluten vård och de 3 % dyraste i öppen vård. De ingår i antal och totalsumma men inte i kostnad per kontakt och per DRG-poäng. Andelarna är lästa hos SKR (2024), som märker ytterfallen i den nationella KPP-databasen.",
            "Outliers are the 5% most expensive inpatient contacts and the 3% most expensive outpatient ones. They are in counts and totals but not in cost per contact and per DRG point. The shares were read at SKR (2024), which marks the outliers in the national KPP database.",
        ),
        sight.say(
            "Vår läsning: här väljs de dyraste inom regionen, sluten och öppen vård var för sig, somatik och psykiatri tillsammans. De är därför inte samma kontakter som SKR:s. Om SKR väljer inom DRG är inte känt; här görs det inte. Primärvård och hemsjukvård har inga ytterfall.",
            "Our reading: here the dearest of the region are chosen, inpatient and outpatient care apart, somatic and psychiatric care together. They are therefore not the contacts that SKR marks. Whether SKR chooses within a DRG is not known; here it is not done. Primary care and home care have no outliers.",
        ),
        sight.say(
            "Kostnad per DRG-poäng är kostnaden för kontakter med DRG-vikt genom summan av vikterna. I en summa vägs sjukhusens publicerade kostnad per poäng med deras poäng.",
            "Cost per DRG point is the cost of contacts with a DRG weight over the sum of the weights. In a sum the hospitals' published cost per point is weighed by their points.",
        ),
        sight.say(
            "Personer visas bara som antal pseudonymer, en per person och vårdform. Vilken kostnadskörning beloppen kommer från är inte publicerat än.",
            "Persons are shown only as counts of pseudonyms, one per person and care form. Which cost run the amounts come from is not published yet.",
        ),
    ];
    kit::prose("metod", sight.say("Så räknas det", "How it is counted"), &texts.map(str::to_owned))
}
