//! The page of waiting times: share within the care guarantee, waiting and completed, of country, region and hospital.

pub(super) mod figures;
pub(super) mod series;

use std::fmt::Write as _;

use topics::Region;

use self::figures::{Area, BEYOND_FROM, INTERVALS, Line, Month, Phase, Shown, Sum};
use self::series::Series;
use super::comparison::{Veil, veils};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::bars::{Bar, stacked};
use crate::chart::run::Size;
use crate::escape::escape;
use crate::period::Period;
use crate::published::Extract;

/// The two phases of the same month, with the months before.
struct Both {
    completed: Vec<Month>,
    waiting: Vec<Month>,
}

impl Both {
    fn now(&self) -> (&Month, &Month) {
        let last = |months: &'_ [Month]| months.len() - 1;
        (&self.completed[last(&self.completed)], &self.waiting[last(&self.waiting)])
    }
}

/// The page; `None` when the place is not known.
pub(super) fn report(sight: &Sight<'_>) -> Option<Report> {
    let place = &sight.address.place;
    let heading = Page::Waiting.name(sight.language).to_owned();
    if let Some(block) = kit::nothing(sight, Extract::WaitingTimes) {
        let blocks = vec![block, deviations(sight)];
        return Some(Report { heading, subheading: place_name(place, None), blocks, parcels: Vec::new() });
    }
    let period =
        sight.library.period(Extract::WaitingTimes, sight.address.period.filter(|period| period.is_month()))?;
    let both = Both {
        completed: series::months(sight, Phase::Completed, period),
        waiting: series::months(sight, Phase::Waiting, period),
    };
    let mut hospital_name = None;
    if let Place::Hospital(region, code) = place {
        let months = both.completed.iter().chain(&both.waiting).rev();
        let mut named = months.filter_map(|month| Some(month.area(*region)?.line(code)?.name.to_string()));
        hospital_name = Some(named.next()?);
    }
    let sorts = [
        (Sort::Code, sight.say("Kod", "Code")),
        (Sort::Name, sight.say("Namn", "Name")),
        (Sort::Number, sight.say("Flest kontakter", "Most contacts")),
        (Sort::Share, sight.say("Lägst andel", "Lowest share")),
    ];
    let sorts = if matches!(place, Place::Hospital(..)) { &sorts[..0] } else { &sorts[..] };
    let mut blocks = vec![kit::choices(sight, &sight.library.periods(Extract::WaitingTimes), period, sorts)];
    blocks.push(tiles(sight, &both, period));
    let region_now = place.region().and_then(|region| sight.library.get(Extract::WaitingTimes, region, period));
    let parcels: Vec<_> = match place {
        Place::Country => sight.library.of_period(Extract::WaitingTimes, period).cloned().collect(),
        _ => region_now.into_iter().cloned().collect(),
    };
    blocks.extend(kit::flags(sight, &parcels));
    match place {
        Place::Country => country(sight, &both, &mut blocks),
        Place::Region(region) => one_region(sight, &both, *region, &mut blocks),
        Place::Hospital(region, code) => one_hospital(sight, &both, *region, code, &mut blocks),
    }
    blocks.push(steps(sight, &both));
    blocks.push(deviations(sight));
    blocks.push(Block::Sheet(kit::provenance(sight, Extract::WaitingTimes, period, place)));
    let place = place_name(place, hospital_name.as_deref());
    let subheading = format!("{place}{}{}", if place.is_empty() { "" } else { ", " }, period.text(sight.language));
    Some(Report { heading, subheading, blocks, parcels })
}

/// Region, or hospital and region; nothing for the country.
fn place_name(place: &Place, hospital: Option<&str>) -> String {
    match (place, hospital) {
        (Place::Country, _) => String::new(),
        (Place::Region(region), _) | (Place::Hospital(region, _), None) => region.name().to_owned(),
        (Place::Hospital(region, _), Some(name)) => format!("{name}, {}", region.name()),
    }
}

/// The figures of a place in a month: its sum, whether counts and guarantee are shown.
fn at<'a>(month: &'a Month, place: &Place) -> Option<Shown> {
    match place {
        Place::Country => month.whole(),
        Place::Region(region) => month.area(*region).map(|area| (area.sum, area.counts, area.guarantee)),
        Place::Hospital(region, code) => {
            let line: &'a Line = month.area(*region)?.line(code)?;
            Some((line.sum, line.counts, line.guarantee))
        }
    }
}

fn tiles(sight: &Sight<'_>, both: &Both, period: Period) -> Block {
    let place = &sight.address.place;
    let (completed, waiting) = both.now();
    let shares = [
        (both.completed.as_slice(), sight.say("Genomförda inom 90 dagar", "Completed within 90 days")),
        (both.waiting.as_slice(), sight.say("Väntande högst 90 dagar", "Waiting at most 90 days")),
    ];
    let foot = match place {
        Place::Country => kit::coverage(sight, completed.areas.iter().map(|area| &area.parcel)),
        _ => kit::provenance_short(sight, place, Extract::WaitingTimes, period),
    };
    let mut all = Vec::new();
    for (months, title) in shares {
        let series = Series::of(sight, &months[months.len() - 1..], place);
        let value = series.last().map_or(Cell::Absent(Absent::Missing), series::share);
        let side = match series.last().map(|point| point.figure) {
            Some(Ok((part, of))) => format!(
                "{} {} {} {}",
                Cell::Whole(part).shown(sight.language),
                sight.language.words().of,
                Cell::Whole(of).shown(sight.language),
                sight.say("med vårdgaranti", "under the guarantee")
            ),
            _ => String::new(),
        };
        all.push(Tile { title: title.to_owned(), value, side, foot: foot.clone() });
    }
    for (month, title) in [
        (completed, sight.say("Genomförda kontakter", "Completed contacts")),
        (waiting, sight.say("Väntande kontakter", "Waiting contacts")),
    ] {
        let value = counted(at(month, place));
        let side = sight.say("beslut till start", "decision to start").to_owned();
        all.push(Tile { title: title.to_owned(), value, side, foot: foot.clone() });
    }
    kit::tiles(sight, &all)
}

fn counted(found: Option<Shown>) -> Cell {
    match found {
        None => Cell::Absent(Absent::Missing),
        Some((sum, counts, _)) => counts.absent().map_or(Cell::Whole(sum.count), Cell::Absent),
    }
}

fn cells(found: Option<Shown>) -> [Cell; 4] {
    let guarantee = |value: fn(Sum) -> Cell| match found {
        None => Cell::Absent(Absent::Missing),
        Some((sum, _, veil)) => veil.absent().map_or_else(|| value(sum), Cell::Absent),
    };
    [
        counted(found),
        guarantee(|sum| Cell::Whole(sum.of)),
        guarantee(|sum| Cell::Whole(sum.within)),
        guarantee(|sum| Cell::Share(sum.within, sum.of)),
    ]
}

fn share_columns(sight: &Sight<'_>) -> Vec<sheet::Column> {
    let contacts = sight.say("kontakter", "contacts");
    vec![
        sheet::number("completed", sight.say("Genomförda", "Completed"), contacts),
        sheet::number("completed_of", sight.say("Med vårdgaranti", "Under the guarantee"), contacts),
        sheet::number("completed_within", sight.say("Inom 90 dagar", "Within 90 days"), contacts),
        sheet::number("completed_share", sight.say("Andel", "Share"), "%"),
        sheet::number("waiting", sight.say("Väntande", "Waiting"), contacts),
        sheet::number("waiting_of", sight.say("Med vårdgaranti", "Under the guarantee"), contacts),
        sheet::number("waiting_within", sight.say("Högst 90 dagar", "At most 90 days"), contacts),
        sheet::number("waiting_share", sight.say("Andel", "Share"), "%"),
    ]
}

fn country(sight: &Sight<'_>, both: &Both, blocks: &mut Vec<Block>) {
    let (completed, waiting) = both.now();
    let none = sight.say("Ingen region har publicerat månaden.", "No region has published the month.");
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(share_columns(sight));
    columns.push(sheet::words("flags", sight.say("Förbehåll", "Reservations")));
    let mut table = Sheet::new("regioner", sight.say("Regioner", "Regions"), columns, none);
    table.lead = sight
        .say("I lanskodsordning: ordningen är ingen rangordning.", "By lanskod: the order is no ranking.")
        .to_owned();
    for region in Region::all() {
        let place = Place::Region(region);
        let mut row = vec![kit::link(sight, region.name(), place.clone())];
        row.extend(cells(at(completed, &place)));
        row.extend(cells(at(waiting, &place)));
        row.push(match completed.area(region) {
            Some(area) => kit::flag_cell(sight, &area.parcel),
            None => Cell::Absent(Absent::Missing),
        });
        table.rows.push(row);
    }
    if sight.address.sort != Sort::Code {
        table.lead.clear();
    }
    kit::sort(sight, &mut table.rows, 1, 4, true);
    chart(sight, both, blocks);
    blocks.push(Block::Sheet(table));
    multiples(sight, &both.completed, blocks);
    intervals(sight, both, blocks);
}

fn chart(sight: &Sight<'_>, both: &Both, blocks: &mut Vec<Block>) {
    let mut tables = Vec::new();
    blocks.push(Block::Markup("<div class=\"pair\">".to_owned()));
    for (months, id, title) in [
        (&both.completed, "serie-genomforda", sight.say("Genomförda inom 90 dagar", "Completed within 90 days")),
        (&both.waiting, "serie-vantande", sight.say("Väntande högst 90 dagar", "Waiting at most 90 days")),
    ] {
        let series = Series::of(sight, months, &sight.address.place);
        let finding = series.finding(sight, title);
        let svg = series.draw(sight, Size::Whole, None, &finding, id);
        let lead = sight.say(
            "Andel med vårdgaranti, 13 månader, med gränser för vanlig variation. Prickad del är preliminär; lodrätt streck är brott i serien.",
            "Share of those under the guarantee, 13 months, with limits of ordinary variation. A dotted part is provisional; a vertical line is a break in the series.",
        );
        let Block::Markup(mut card) = kit::drawing(sight, id, title, lead, &svg) else { continue };
        let end = card.rfind("</section>").unwrap_or(card.len());
        card.insert_str(end, &series.signals(sight));
        blocks.push(Block::Markup(card));
        let caption = format!("{title}, {}", sight.say("månad för månad", "month by month"));
        tables.push(Block::Sheet(series.sheet(sight, id, caption)));
    }
    blocks.push(Block::Markup(format!(
        "</div><details class=\"more\"><summary>{}</summary>",
        sight.language.words().chart_table
    )));
    blocks.extend(tables);
    blocks.push(Block::Markup("</details>".to_owned()));
}

/// Every region on one scale, with the country's middle in all.
fn multiples(sight: &Sight<'_>, months: &[Month], blocks: &mut Vec<Block>) {
    let country = Series::of(sight, months, &Place::Country);
    let (part, of) = country
        .points
        .iter()
        .filter_map(|point| point.figure.ok())
        .fold((0, 0), |(part, of), point| (part + point.0, of + point.1));
    let reference = (of > 0).then(|| part as f64 / of as f64);
    let title = sight.say("Regionerna, genomförda inom 90 dagar", "The regions, completed within 90 days");
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(
        months.iter().map(|month| sheet::number(month.period.to_string(), month.period.short(sight.language), "%")),
    );
    let mut table = Sheet::new("regioner-serie", title, columns, "");
    let mut markup = format!(
        "<section class=\"card\" id=\"multiplar\"><h2>{title}</h2><p class=\"hint\">{}</p><ul class=\"multiples\">",
        sight.say(
            "13 månader, 0–100 % i alla. Linjen är riket under perioden.",
            "13 months, 0–100% in all. The line is the country over the period."
        )
    );
    for region in Region::all() {
        let place = Place::Region(region);
        let series = Series::of(sight, months, &place);
        let mut row = vec![kit::link(sight, region.name(), place.clone())];
        row.extend(series.points.iter().map(series::share));
        table.rows.push(row);
        let finding = series.finding(sight, region.name());
        let last = series.last();
        let word = match last.filter(|point| point.judged.signal.is_some()) {
            Some(point) => {
                let (form, class) = series::direction(&point.judged);
                format!(
                    "<span class=\"{class}\">{}{}</span>",
                    kit::shape(form),
                    series::signal_words(sight, &point.judged)
                )
            }
            None => last
                .map(|point| point.flags.clone())
                .filter(|flags| !flags.is_empty())
                .map(|flags| format!("<span>{}</span>", escape(&flags)))
                .unwrap_or_default(),
        };
        let _ = write!(
            markup,
            "<li><h3><a href=\"{}\">{}</a> <span class=\"now-share\">{}</span></h3>{}<p>{word}</p></li>",
            sight.address.at(place).text(sight.language),
            region.name(),
            last.map(|point| series::share(point).shown(sight.language)).unwrap_or_default(),
            series.draw(sight, Size::Small, reference, &finding, "regioner-serie")
        );
    }
    markup.push_str("</ul></section>");
    blocks.push(Block::Markup(markup));
    blocks.push(Block::Sheet(table));
}

/// Contacts by interval of the wait: of the place as a whole, then of its parts.
fn intervals(sight: &Sight<'_>, both: &Both, blocks: &mut Vec<Block>) {
    let place = &sight.address.place;
    let names: Vec<&str> = INTERVALS.iter().map(|(_, name)| *name).collect();
    let mut columns =
        vec![sheet::words("place", sight.say("Var", "Where")), sheet::words("phase", sight.say("Läge", "Phase"))];
    columns.extend(INTERVALS.iter().map(|(column, name)| sheet::number(*column, *name, sight.say("dagar", "days"))));
    let title = sight.say("Väntetid i intervall", "Waits by interval");
    let mut table = Sheet::new("intervall", title, columns, "");
    let mut bars = Vec::new();
    let (completed, waiting) = both.now();
    let whole = sight.language.words().country;
    for (month, phase) in
        [(completed, sight.say("genomförda", "completed")), (waiting, sight.say("väntande", "waiting"))]
    {
        let mut lines: Vec<(String, Option<Shown>)> = Vec::new();
        match place {
            Place::Country => lines.push((whole.to_owned(), at(month, place))),
            Place::Region(region) => {
                lines.push((region.name().to_owned(), at(month, place)));
                let hospitals = month.area(*region).map(|area| area.lines.as_slice()).unwrap_or_default();
                lines.extend(
                    hospitals.iter().map(|line| (line.name.to_string(), Some((line.sum, line.counts, line.guarantee)))),
                );
            }
            Place::Hospital(region, code) => {
                let name = month.area(*region).and_then(|area| area.line(code)).map(|line| line.name.to_string());
                lines.push((name.unwrap_or_else(|| code.to_string()), at(month, place)));
            }
        }
        for (name, found) in lines {
            let absent = match found {
                None => Some(Absent::Missing),
                Some((sum, Veil::Open, _)) if sum.count == 0 => Some(Absent::NotApplicable),
                Some((_, counts, _)) => counts.absent(),
            };
            let sum = found.map(|(sum, ..)| sum).unwrap_or_default();
            let mut row = vec![Cell::text(name.clone()), Cell::text(phase)];
            row.extend(sum.intervals.map(|count| absent.map_or(Cell::Whole(count), Cell::Absent)));
            table.rows.push(row);
            bars.push(Bar {
                label: format!("{name}, {phase}"),
                parts: absent.map_or_else(|| Ok(sum.intervals.to_vec()), |absent| Err(absent.text(sight.language))),
            });
        }
    }
    let finding = sight.say(
        "Andel av kontakterna i varje intervall; randat är över 90 dagar. Talen står i tabellen.",
        "Share of contacts in each interval; hatched is beyond 90 days. The numbers stand in the table.",
    );
    let svg = stacked(&names, &bars, BEYOND_FROM, finding, "intervall");
    blocks.push(kit::drawing(sight, "staplar", title, finding, &svg));
    blocks.push(Block::Sheet(table));
}

fn one_region(sight: &Sight<'_>, both: &Both, region: Region, blocks: &mut Vec<Block>) {
    let (completed, waiting) = both.now();
    let empty: Vec<Line> = Vec::new();
    let lines = |area: Option<&Area>| area.map_or_else(|| empty.clone(), |area| area.lines.clone());
    let (done, still) = (lines(completed.area(region)), lines(waiting.area(region)));
    let mut codes: Vec<(Box<str>, Box<str>)> =
        done.iter().chain(&still).map(|line| (line.code.clone(), line.name.clone())).collect();
    codes.sort();
    codes.dedup_by(|one, other| one.0 == other.0);
    let mut columns = vec![sheet::words("hospital", sight.say("Sjukhus", "Hospital"))];
    columns.extend(share_columns(sight));
    columns.push(sheet::number(
        "median_wait",
        sight.say("Median", "Median"),
        sight.say("dagar, genomförda", "days, completed"),
    ));
    let none = sight.say("Regionen har inte publicerat månaden.", "The region has not published the month.");
    let mut table = Sheet::new("sjukhus", sight.say("Sjukhus", "Hospitals"), columns, none);
    for (code, name) in codes {
        let place = Place::Hospital(region, code.clone());
        let mut row = vec![kit::link(sight, &name, place.clone())];
        let none_of_it = Some((Sum::default(), Veil::Open, Veil::Open));
        row.extend(cells(at(completed, &place).or(none_of_it)));
        row.extend(cells(at(waiting, &place).or(none_of_it)));
        row.push(match done.iter().find(|line| line.code == code) {
            Some(line) => median(line),
            None => Cell::Absent(Absent::NotApplicable),
        });
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, 1, 4, true);
    chart(sight, both, blocks);
    blocks.push(Block::Sheet(table));
    intervals(sight, both, blocks);
    if let Some(area) = completed.area(region) {
        dimensions(sight, area, blocks);
    }
}

fn median(line: &Line) -> Cell {
    match (line.counts.absent(), line.median) {
        (Some(absent), _) => Cell::Absent(absent),
        (None, Some(tenths)) => Cell::Decimal(tenths, 1),
        (None, None) => Cell::Absent(Absent::NotApplicable),
    }
}

/// The region's completed by speciality, age and sex; within each the same rule of few contacts.
fn dimensions(sight: &Sight<'_>, area: &Area, blocks: &mut Vec<Block>) {
    let contacts = sight.say("kontakter", "contacts");
    let columns = vec![
        sheet::words("value", sight.say("Grupp", "Group")),
        sheet::words("dimension", sight.say("Indelning", "Division")),
        sheet::number("completed", sight.say("Genomförda", "Completed"), contacts),
        sheet::number("completed_of", sight.say("Med vårdgaranti", "Under the guarantee"), contacts),
        sheet::number("completed_within", sight.say("Inom 90 dagar", "Within 90 days"), contacts),
        sheet::number("completed_share", sight.say("Andel", "Share"), "%"),
    ];
    let title = sight.say("Genomförda efter specialitet, ålder och kön", "Completed by speciality, age and sex");
    let mut table = Sheet::new("grupper", title, columns, sight.say("Inget är publicerat.", "Nothing is published."));
    for (dimension, word) in [
        ("mvo", sight.say("verksamhetsområde (MVO)", "speciality (MVO)")),
        ("age_group", sight.say("ålder", "age")),
        ("sex", sight.say("kön", "sex")),
    ] {
        let rows: Vec<_> =
            area.parcel.rows("kpi_by_dimension.csv").filter(|row| row.text("dimension") == Some(dimension)).collect();
        let sums: Vec<Sum> = rows.iter().map(|row| Sum::of_row(*row, "completed")).collect();
        let below = sight.manner.contacts_min;
        let counts = veils(&sums.iter().map(|sum| sum.count).collect::<Vec<_>>(), below);
        let guarantees = veils(&sums.iter().map(|sum| sum.of).collect::<Vec<_>>(), below);
        for (index, row) in rows.iter().enumerate() {
            let guarantee = if counts[index].is_open() { guarantees[index] } else { counts[index] };
            // A region that is hidden hides its groups.
            let (count, guarantee) = match (area.counts.is_open(), area.guarantee.is_open()) {
                (true, true) => (counts[index], guarantee),
                (true, false) => (counts[index], area.guarantee),
                (false, _) => (area.counts, area.counts),
            };
            let name = match row.text("value") {
                None => sight.say("uppges inte", "not given").to_owned(),
                Some("male") => sight.say("män", "men").to_owned(),
                Some("female") => sight.say("kvinnor", "women").to_owned(),
                Some(value) => value.to_owned(),
            };
            let mut cells_of = vec![Cell::text(name), Cell::text(word)];
            cells_of.extend(cells(Some((sums[index], count, guarantee))));
            table.rows.push(cells_of);
        }
    }
    blocks.push(Block::Sheet(table));
}

fn one_hospital(sight: &Sight<'_>, both: &Both, region: Region, code: &str, blocks: &mut Vec<Block>) {
    let (completed, _) = both.now();
    if let Some(line) = completed.area(region).and_then(|area| area.line(code)) {
        blocks.push(Block::Markup(format!(
            "<p class=\"lead\">{}: {} {}</p>",
            sight.say("Median väntetid, genomförda", "Median wait, completed"),
            escape(&median(line).shown(sight.language)),
            if line.counts.is_open() { sight.say("dagar", "days") } else { "" }
        )));
    }
    chart(sight, both, blocks);
    intervals(sight, both, blocks);
}

/// The four steps of the guarantee, with what is published of each.
fn steps(sight: &Sight<'_>, both: &Both) -> Block {
    let columns = vec![
        sheet::words("step", sight.say("Steg i vårdgarantin", "Step of the guarantee")),
        sheet::number("limit", sight.say("Gräns", "Limit"), sight.say("dagar", "days")),
        sheet::number("completed_share", sight.say("Genomförda inom gränsen", "Completed within it"), "%"),
        sheet::number("waiting_share", sight.say("Väntande inom gränsen", "Waiting within it"), "%"),
    ];
    let mut table =
        Sheet::new("steg", sight.say("Vårdgarantins fyra steg", "The four steps of the guarantee"), columns, "");
    table.lead = sight
        .say(
            "Uttaget waiting-times gäller det sista steget, beslut till åtgärd. De andra stegen är inte publicerade.",
            "The extract waiting-times is about the last step, decision to treatment. The other steps are not published.",
        )
        .to_owned();
    let (completed, waiting) = both.now();
    let missing = || Cell::Absent(Absent::Missing);
    for (name, days) in [
        (sight.say("Kontakt med primärvården", "Contact with primary care"), 0),
        (sight.say("Medicinsk bedömning i primärvården", "Medical assessment in primary care"), 3),
        (sight.say("Första besök i specialistvården", "First visit in specialised care"), 90),
    ] {
        table.rows.push(vec![Cell::text(name), Cell::Whole(days), missing(), missing()]);
    }
    let last = |month: &Month| {
        let series = Series::of(sight, std::slice::from_ref(month), &sight.address.place);
        series.last().map_or_else(missing, series::share)
    };
    table.rows.push(vec![
        Cell::text(sight.say("Operation eller åtgärd", "Operation or treatment")),
        Cell::Whole(90),
        last(completed),
        last(waiting),
    ]);
    Block::Sheet(table)
}

/// Which deviations count, as text.
fn deviations(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Väntetiden är hela dagar från beslut till start; för väntande till månadens sista dag. Inom vårdgarantin är högst 90 dagar.",
            "The wait is whole days from decision to start; for those waiting, to the last day of the month. Within the guarantee is at most 90 days.",
        ),
        sight.say(
            "Avvikelser. Patientvald väntan (PvV, kod 1) räknas inte i vårdgarantin, varken för genomförda eller väntande. Medicinskt orsakad väntan (MoV, kod 2) räknas för genomförda men inte för väntande. Samverkansorsakad väntan (SoV, kod 3) räknas för båda.",
            "Deviations. Waits chosen by the patient (PvV, code 1) are outside the guarantee for both. Medically caused waits (MoV, code 2) count for completed and not for waiting. Waits from co-operation (SoV, code 3) count for both.",
        ),
        sight.say(
            "Andelen är kontakter inom gränsen genom kontakter med vårdgaranti. Summor är summa genom summa över det som är publicerat. Medianer går inte att lägga ihop och visas bara per sjukhus.",
            "The share is contacts within the limit over contacts under the guarantee. Totals are sum over sum of what is published. Medians cannot be added and are shown per hospital only.",
        ),
    ];
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.push(format!(
        "{} {} {}",
        sight.say("Färre än", "Fewer than"),
        sight.manner.contacts_min,
        sight.say(
            "kontakter visar inget mått. ”Döljs” står där en siffra annars skulle avslöja en annan.",
            "contacts show no statistic. “Withheld” stands where a figure would otherwise tell another."
        )
    ));
    kit::prose("avvikelser", sight.say("Så räknas det", "How it is counted"), &texts)
}
