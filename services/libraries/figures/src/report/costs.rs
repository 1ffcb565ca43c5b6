//! The page of costs: per contact and per DRG point of each care form, in current prices, with outliers set aside. Persons
//! only as counts.

mod groups;

use std::collections::BTreeMap;
use std::sync::Arc;

use board::format;
use topics::Region;

use super::comparison::{Veil, veils};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::spread::{Strip, strips};
use crate::period::Period;
use crate::published::{Extract, Parcel};
use groups::{Area, FORMS, Group, Sum, areas, is_rounded, read, whole};

/// Groups that are drawn; the table has them all.
const DRAWN: usize = 30;
/// The care forms that have sums at the top of the page: places in [`FORMS`].
const SUMMED: [usize; 2] = [0, 1];

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
    let older = sight.say(
        "leveranser följer en äldre definition, som hade lägsta och högsta belopp. De står som saknade här. Gör om uttaget.",
        "deliveries follow an older definition, which had least and greatest amounts. They stand as missing here. Make the extract again.",
    );
    blocks.extend(kit::older(sight, Extract::Kpp, sight.library.periods(Extract::Kpp), is_rounded, older));
    match place {
        Place::Country => country(sight, &areas, &mut blocks),
        Place::Region(region) | Place::Hospital(region, _) => one_region(sight, &areas, *region, &mut blocks),
    }
    diagnosis_groups(sight, &areas, &parcels, &mut blocks);
    blocks.extend(over_time(sight));
    blocks.push(method(sight));
    blocks.push(Block::Sheet(kit::provenance(sight, Extract::Kpp, period, place)));
    let name = place.region().map(|region| format!("{}, ", region.name())).unwrap_or_default();
    let subheading =
        format!("{name}{}, {}", period.text(sight.language), sight.say("löpande priser", "current prices"));
    Some(Report { heading, subheading, blocks, parcels })
}

fn form_word(sight: &Sight<'_>, form: usize) -> &'static str {
    match FORMS[form] {
        "inpatient" => sight.say("sluten", "inpatient"),
        "outpatient" => sight.say("öppen", "outpatient"),
        "primary" => sight.say("primärvård", "primary"),
        "home" => sight.say("hemsjukvård", "home"),
        _ => sight.say("uppges inte", "not given"),
    }
}

fn tiles(sight: &Sight<'_>, areas: &[Area], period: Period) -> Block {
    type Value = fn(&Sum) -> Cell;

    let place = &sight.address.place;
    let mut tiles = Vec::new();
    let values: [(&str, Value); 2] = [
        (sight.say("Kostnad per kontakt", "Cost per contact"), Sum::mean),
        (sight.say("Kostnad per DRG-poäng", "Cost per DRG point"), Sum::per_point),
    ];
    for (title, value) in values {
        for form in SUMMED {
            let (found, regions) = whole(areas, place.region(), form);
            let of = found.map(|sum| Cell::Share(sum.outliers, sum.contacts).shown(sight.language));
            let side = match of {
                Ok(of) => format!(
                    "{}, {of} {}",
                    sight.say("kronor, löpande priser", "kronor, current prices"),
                    sight.say("ytterfall utanför", "outliers outside")
                ),
                Err(_) => String::new(),
            };
            let foot = match place {
                Place::Country => {
                    let said = sight.say("regioner", "regions");
                    format!("{regions} {} {} {said}", sight.language.words().of, Region::COUNT)
                }
                place => kit::provenance_short(sight, place, Extract::Kpp, period),
            };
            let title = format!("{title}, {}", form_word(sight, form));
            tiles.push(Tile { title, value: found.map_or_else(Cell::Absent, |sum| value(&sum)), side, foot });
        }
    }
    kit::tiles(sight, &tiles)
}

fn amount_columns(sight: &Sight<'_>) -> Vec<sheet::Column> {
    let kr = sight.say("kr", "SEK");
    vec![
        sheet::words("care_form", sight.say("Vårdform", "Care form")),
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number("mean_kronor", sight.say("Per kontakt", "Per contact"), kr),
        sheet::number("kronor_per_drg_point", sight.say("Per DRG-poäng", "Per DRG point"), kr),
        sheet::number("outliers", sight.say("Ytterfall", "Outliers"), sight.say("antal", "count")),
        sheet::number("outlier_share", sight.say("Andel ytterfall", "Share of outliers"), "%"),
    ]
}

fn quartile_columns(sight: &Sight<'_>) -> [sheet::Column; 3] {
    let kr = sight.say("kr", "SEK");
    [
        sheet::number("lower_quartile_kronor", sight.say("Undre kvartil", "Lower quartile"), kr),
        sheet::number("median_kronor", sight.say("Median", "Median"), kr),
        sheet::number("upper_quartile_kronor", sight.say("Övre kvartil", "Upper quartile"), kr),
    ]
}

/// The cells of [`amount_columns`].
fn amounts(sight: &Sight<'_>, group: &Group) -> Vec<Cell> {
    let mut cells = vec![Cell::text(form_word(sight, group.form))];
    match group.shown() {
        Ok(sum) => cells.extend([
            Cell::Whole(sum.contacts),
            sum.mean(),
            sum.per_point(),
            Cell::Whole(sum.outliers),
            Cell::Share(sum.outliers, sum.contacts),
        ]),
        Err(absent) => cells.extend(std::iter::repeat_n(Cell::Absent(absent), 5)),
    }
    cells
}

/// A line per region and care form; a region that has published nothing has one.
fn country(sight: &Sight<'_>, areas: &[Area], blocks: &mut Vec<Block>) {
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(amount_columns(sight));
    columns.extend(quartile_columns(sight));
    columns.push(sheet::words("flags", sight.say("Förbehåll", "Reservations")));
    let mut table = Sheet::new("regioner", sight.say("Regioner", "Regions"), columns, "");
    for region in Region::all() {
        let head = || kit::link(sight, region.name(), Place::Region(region));
        let area = areas.iter().find(|area| area.parcel.region == region);
        let Some(area) = area.filter(|area| !area.forms.is_empty()) else {
            table
                .rows
                .push(std::iter::once(head()).chain(std::iter::repeat_n(Cell::Absent(Absent::Missing), 10)).collect());
            continue;
        };
        for group in &area.forms {
            let mut row = vec![head()];
            row.extend(amounts(sight, group));
            row.extend(group.spread());
            row.push(kit::flag_cell(sight, &area.parcel));
            table.rows.push(row);
        }
    }
    kit::sort(sight, &mut table.rows, 2, 3, false);
    blocks.push(Block::Sheet(table));
}

fn one_region(sight: &Sight<'_>, areas: &[Area], region: Region, blocks: &mut Vec<Block>) {
    let mut columns = vec![sheet::words("hospital", sight.say("Sjukhus", "Hospital"))];
    columns.extend(amount_columns(sight));
    columns.extend(quartile_columns(sight));
    let none = sight.say("Regionen har inte publicerat året.", "The region has not published the year.");
    let mut table = Sheet::new("sjukhus", sight.say("Sjukhus", "Hospitals"), columns, none);
    let area = areas.iter().find(|area| area.parcel.region == region);
    let whole = sight.say("Regionen", "The region");
    let forms = area.into_iter().flat_map(|area| &area.forms).map(|group| (whole, group));
    let hospitals = area.into_iter().flat_map(|area| &area.hospitals).map(|group| (&*group.name, group));
    for (name, group) in hospitals.chain(forms) {
        let name = if name.is_empty() { sight.say("uppges inte", "not given") } else { name };
        let mut row = vec![Cell::text(name)];
        row.extend(amounts(sight, group));
        row.extend(group.spread());
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, 2, 3, false);
    blocks.push(Block::Sheet(table));
}

/// Diagnosis groups of each care form with their spread. Over regions amounts are added, and quartiles cannot be.
fn diagnosis_groups(sight: &Sight<'_>, areas: &[Area], parcels: &[Arc<Parcel>], blocks: &mut Vec<Block>) {
    let limit = sight.manner.contacts_min;
    let mut all: BTreeMap<(usize, Box<str>), Vec<Group>> = BTreeMap::new();
    for group in parcels.iter().flat_map(|parcel| read(parcel, "cost_by_drg.csv", "drg", limit)) {
        all.entry((group.form, group.code.clone())).or_default().push(group);
    }
    let kr = sight.say("kr", "SEK");
    let mut columns = vec![
        sheet::words("drg", "DRG"),
        sheet::words("care_form", sight.say("Vårdform", "Care form")),
        sheet::number("regions", sight.say("Regioner", "Regions"), sight.say("antal", "count")),
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number("outliers", sight.say("Ytterfall", "Outliers"), sight.say("antal", "count")),
        sheet::number("mean_kronor", sight.say("Medel utan ytterfall", "Mean without outliers"), kr),
    ];
    columns.extend(quartile_columns(sight));
    let title = sight.say("DRG-grupper med spridning", "DRG groups with their spread");
    let none = sight.say("Ingen grupp är publicerad.", "No group is published.");
    let mut table = Sheet::new("drg", title, columns, none);
    let mut drawn: Vec<(i64, Strip)> = Vec::new();
    for form in 0..FORMS.len() {
        let of_form: Vec<(&str, &Vec<Group>)> =
            all.iter().filter(|((of, _), _)| *of == form).map(|((_, drg), groups)| (&**drg, groups)).collect();
        let counts: Vec<i64> =
            of_form.iter().map(|(_, groups)| groups.iter().map(|group| group.contacts).sum()).collect();
        let mut veils = veils(&counts, limit);
        // The groups of a hidden place add up to it.
        match whole(areas, sight.address.place.region(), form).0 {
            Err(Absent::FewerThan(limit)) => veils.fill(Veil::Few(limit)),
            Err(Absent::Withheld) => veils.fill(Veil::Withheld),
            Ok(_) | Err(Absent::Missing | Absent::Unknown | Absent::NotApplicable) => {}
        }
        for ((drg, groups), veil) in of_form.into_iter().zip(veils) {
            let said: Vec<&Sum> = groups.iter().filter_map(|group| group.sum.as_ref().ok()).collect();
            let mut sum = Sum::default();
            said.iter().for_each(|one| sum.add(one));
            let hidden = if said.is_empty() { groups.iter().find_map(|group| group.sum.as_ref().err()) } else { None };
            let hidden = hidden.copied().or(veil.absent());
            let quartiles = match groups.as_slice() {
                [one] => Some(one.quartiles),
                _ => None,
            };
            let mut row = vec![Cell::text(drg), Cell::text(form_word(sight, form))];
            match hidden {
                Some(absent) => row.extend(std::iter::repeat_n(Cell::Absent(absent), 7)),
                None => {
                    row.extend([
                        Cell::Whole(i64::try_from(said.len()).unwrap_or(0)),
                        Cell::Whole(sum.contacts),
                        Cell::Whole(sum.outliers),
                        sum.mean(),
                    ]);
                    row.extend(match quartiles {
                        Some(quartiles) => quartiles.map(Cell::or_missing),
                        None => [const { Cell::Absent(Absent::NotApplicable) }; 3],
                    });
                }
            }
            table.rows.push(row);
            let spread = match (hidden, quartiles) {
                (Some(absent), _) => Err(absent.text(sight.language)),
                (None, Some([Some(lower), Some(median), Some(upper)])) => {
                    Ok((lower as f64, median as f64, upper as f64))
                }
                (None, _) => Err(sight.language.words().missing.to_owned()),
            };
            let contacts = groups.iter().map(|group| group.contacts).sum();
            drawn.push((contacts, Strip { label: format!("{drg}, {}", form_word(sight, form)), spread }));
        }
    }
    drawn.sort_by_key(|(contacts, _)| std::cmp::Reverse(*contacts));
    let strip: Vec<Strip> = drawn.into_iter().take(DRAWN).map(|(_, strip)| strip).collect();
    if sight.address.place.region().is_some() && !strip.is_empty() {
        let lead = sight.say(
            "Mittersta hälften, med punkten vid medianen. Grupper med flest kontakter, kronor.",
            "The middle half, with the dot at the median. Groups with most contacts, kronor.",
        );
        let tick = |value: f64| format::number(sight.language, value.round() as i64);
        let svg = strips(&strip, tick, lead, "drg");
        blocks.push(kit::drawing(sight, "spridning", title, lead, &svg));
    }
    blocks.push(Block::Sheet(table));
}

/// Cost per contact of each care form, and pseudonyms, year by year.
fn over_time(sight: &Sight<'_>) -> [Block; 2] {
    let regions = || sheet::number("regions", sight.say("Regioner", "Regions"), sight.say("av 21", "of 21"));
    let year = || sheet::words("year", sight.say("År", "Year"));
    let columns = vec![
        year(),
        sheet::words("care_form", sight.say("Vårdform", "Care form")),
        regions(),
        sheet::number("contacts", sight.say("Kontakter", "Contacts"), sight.say("antal", "count")),
        sheet::number(
            "mean_kronor",
            sight.say("Per kontakt", "Per contact"),
            sight.say("kr, löpande priser", "SEK, current prices"),
        ),
    ];
    let mut costs = Sheet::new("ar", sight.say("År för år", "Year by year"), columns, "");
    let columns = vec![
        year(),
        regions(),
        sheet::number("persons", sight.say("Pseudonymer", "Pseudonyms"), sight.say("antal", "count")),
        sheet::words("flags", sight.say("Förbehåll", "Reservations")),
    ];
    let caption = sight.say("Pseudonymer, år för år", "Pseudonyms, year by year");
    let mut persons = Sheet::new("personer", caption, columns, "");
    for period in sight.library.periods(Extract::Kpp) {
        let areas = areas(sight, period);
        let region = sight.address.place.region();
        for form in (0..FORMS.len()).filter(|form| areas.iter().any(|area| area.form(*form).is_some())) {
            let (found, regions) = whole(&areas, region, form);
            let mut row = vec![Cell::Period(period), Cell::text(form_word(sight, form))];
            match found {
                Ok(sum) => row.extend([
                    Cell::Whole(i64::try_from(regions).unwrap_or(0)),
                    Cell::Whole(sum.contacts),
                    sum.mean(),
                ]),
                Err(absent) => row.extend(std::iter::repeat_n(Cell::Absent(absent), 3)),
            }
            costs.rows.push(row);
        }
        let own: Vec<&Area> =
            areas.iter().filter(|area| region.is_none_or(|region| region == area.parcel.region)).collect();
        let counts: Vec<i64> =
            own.iter().filter_map(|area| area.parcel.file_rows.get("cost_by_person.csv").copied()).collect();
        let limit = sight.manner.contacts_min;
        let count = match counts.iter().sum::<i64>() {
            _ if counts.is_empty() => Cell::Absent(Absent::Missing),
            few if (1..i64::from(limit)).contains(&few) => Cell::Absent(Absent::FewerThan(limit)),
            count => Cell::Whole(count),
        };
        let mut words: Vec<String> = own.iter().map(|area| area.parcel.flag_words(sight.language)).collect();
        words.retain(|words| !words.is_empty());
        words.dedup();
        persons.rows.push(vec![
            Cell::Period(period),
            Cell::Whole(i64::try_from(own.len()).unwrap_or(0)),
            count,
            Cell::text(if words.is_empty() { "–".to_owned() } else { words.join(", ") }),
        ]);
    }
    [Block::Sheet(costs), Block::Sheet(persons)]
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
            "Vårdformer läggs aldrig ihop: sluten, öppen, primär- och hemsjukvård har var sina belopp. Vad en patient kostat visas inte: kvartilerna står i stället för lägsta och högsta, belopp ur leveranserna är avrundade (summor till tusen kronor, övriga till hundra), grupper med färre än 20 kontakter har inga, och ytterfallens kostnad finns inte i någon summa.",
            "Care forms are never added: inpatient, outpatient, primary and home care have amounts of their own. What one patient has cost is not shown: quartiles stand in place of least and greatest, amounts of the deliveries are rounded (sums to a thousand kronor, others to a hundred), groups of fewer than 20 contacts have none, and what outliers cost is in no sum.",
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
