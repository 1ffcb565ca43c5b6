//! The page of waiting times: share within the care guarantee by step, waiting first and completed beside it, of country,
//! region and hospital.

mod basis;
pub(super) mod figures;
pub(super) mod series;

use std::fmt::Write as _;

use topics::Region;

use self::basis::{method, outside, steps};
use self::figures::{
    BEYOND_FROM, INTERVALS, Line, Measure, Month, Shown, Status, Step, Sum, has_steps, is_together, veils_of_row,
};
use self::series::Series;
use super::comparison::{both, veils};
use super::kit::{self, Tile};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight, Sort};
use crate::chart::bars::{Bar, stacked};
use crate::chart::run::Size;
use crate::escape::escape;
use crate::period::Period;
use crate::published::Extract;

/// The four measures of a month, with the months before.
struct Measures {
    first_visit: Pair,
    treatment: Pair,
}

/// A step's months: who waits, and what has taken place.
struct Pair {
    waiting: Vec<Month>,
    completed: Vec<Month>,
}

/// The status that fulfilment is measured with comes first.
const STATUSES: [Status; 2] = [Status::Waiting, Status::Completed];

impl Measures {
    fn of(sight: &Sight<'_>, period: Period) -> Self {
        let months = |status, step| series::months(sight, Measure { status, step }, period);
        let pair = |step| Pair { waiting: months(Status::Waiting, step), completed: months(Status::Completed, step) };
        Self { first_visit: pair(Step::FirstVisit), treatment: pair(Step::Treatment) }
    }

    fn months(&self, status: Status, step: Step) -> &[Month] {
        let pair = match step {
            Step::FirstVisit => &self.first_visit,
            Step::Treatment => &self.treatment,
        };
        match status {
            Status::Waiting => &pair.waiting,
            Status::Completed => &pair.completed,
        }
    }

    fn now(&self, status: Status, step: Step) -> &Month {
        let months = self.months(status, step);
        &months[months.len() - 1]
    }

    /// Every month of every measure.
    fn all(&self) -> impl Iterator<Item = &Month> {
        STATUSES
            .into_iter()
            .flat_map(move |status| Step::ALL.into_iter().flat_map(move |step| self.months(status, step)))
    }

    /// Hospitals of a region that have contacts of any measure this month, by code, with their names.
    fn hospitals(&self, region: Region) -> Vec<(Box<str>, Box<str>)> {
        let now = STATUSES.into_iter().flat_map(|status| Step::ALL.map(|step| self.now(status, step)));
        let lines = now.filter_map(|month| month.area(region)).flat_map(|area| &area.lines);
        let mut hospitals: Vec<(Box<str>, Box<str>)> =
            lines.map(|line| (line.code.clone(), line.name.clone())).collect();
        hospitals.sort();
        hospitals.dedup_by(|one, other| one.0 == other.0);
        hospitals
    }

    /// A hospital's newest name; `None` when it has contacts in none of the months.
    fn hospital_name(&self, region: Region, code: &str) -> Option<String> {
        let mut named = self.all().filter_map(|month| Some((month.period, &month.area(region)?.line(code)?.name)));
        let first = named.next()?;
        Some(named.fold(first, |newest, next| if next.0 > newest.0 { next } else { newest }).1.to_string())
    }
}

fn step_word(sight: &Sight<'_>, step: Step) -> &'static str {
    match step {
        Step::FirstVisit => sight.say("första besök", "first visit"),
        Step::Treatment => sight.say("operation eller åtgärd", "operation or treatment"),
    }
}

fn short_word(sight: &Sight<'_>, step: Step) -> &'static str {
    match step {
        Step::FirstVisit => sight.say("besök", "visit"),
        Step::Treatment => sight.say("åtgärd", "treatment"),
    }
}

fn status_word(sight: &Sight<'_>, status: Status) -> &'static str {
    match status {
        Status::Waiting => sight.say("väntande", "waiting"),
        Status::Completed => sight.say("genomförda", "completed"),
    }
}

/// What a share of a measure is called.
fn share_title(sight: &Sight<'_>, status: Status, step: Step) -> &'static str {
    match (status, step) {
        (Status::Waiting, Step::FirstVisit) => {
            sight.say("Första besök: väntande högst 90 dagar", "First visit: waiting at most 90 days")
        }
        (Status::Waiting, Step::Treatment) => sight
            .say("Operation eller åtgärd: väntande högst 90 dagar", "Operation or treatment: waiting at most 90 days"),
        (Status::Completed, Step::FirstVisit) => {
            sight.say("Första besök: genomförda inom 90 dagar", "First visit: completed within 90 days")
        }
        (Status::Completed, Step::Treatment) => sight.say(
            "Operation eller åtgärd: genomförda inom 90 dagar",
            "Operation or treatment: completed within 90 days",
        ),
    }
}

/// The id of a measure's series.
const fn series_id(status: Status, step: Step) -> &'static str {
    match (status, step) {
        (Status::Waiting, Step::FirstVisit) => "serie-vantande-besok",
        (Status::Waiting, Step::Treatment) => "serie-vantande-atgard",
        (Status::Completed, Step::FirstVisit) => "serie-genomforda-besok",
        (Status::Completed, Step::Treatment) => "serie-genomforda-atgard",
    }
}

/// The page; `None` when the place is not known.
pub(super) fn report(sight: &Sight<'_>) -> Option<Report> {
    let place = &sight.address.place;
    let heading = Page::Waiting.name(sight.language).to_owned();
    if let Some(block) = kit::nothing(sight, Extract::WaitingTimes) {
        let blocks = vec![block, method(sight)];
        return Some(Report { heading, subheading: place_name(place, None), blocks, parcels: Vec::new() });
    }
    let period =
        sight.library.period(Extract::WaitingTimes, sight.address.period.filter(|period| period.is_month()))?;
    let measures = Measures::of(sight, period);
    let hospital_name = match place {
        Place::Hospital(region, code) => Some(measures.hospital_name(*region, code)?),
        Place::Country | Place::Region(_) => None,
    };
    let sorts = [
        (Sort::Code, sight.say("Kod", "Code")),
        (Sort::Name, sight.say("Namn", "Name")),
        (Sort::Number, sight.say("Flest kontakter, åtgärd", "Most contacts, treatment")),
        (Sort::Share, sight.say("Lägst andel, åtgärd", "Lowest share, treatment")),
    ];
    let sorts = if matches!(place, Place::Hospital(..)) { &sorts[..0] } else { &sorts[..] };
    let mut blocks = vec![kit::choices(sight, &sight.library.periods(Extract::WaitingTimes), period, sorts)];
    blocks.push(tiles(sight, &measures, period));
    let region_now = place.region().and_then(|region| sight.library.get(Extract::WaitingTimes, region, period));
    let parcels: Vec<_> = match place {
        Place::Country => sight.library.of_period(Extract::WaitingTimes, period).cloned().collect(),
        _ => region_now.into_iter().cloned().collect(),
    };
    blocks.extend(kit::flags(sight, &parcels));
    let older = sight.say(
        "leveranser i perioden och månaderna före följer en äldre definition, utan delning i steg. De står som saknade här. Gör om uttaget för de månaderna.",
        "deliveries of the period and the months before follow an older definition, which does not divide by step. They stand as missing here. Make the extract of those months again.",
    );
    blocks.extend(kit::older(sight, Extract::WaitingTimes, period.ending(series::MONTHS), has_steps, older));
    match place {
        Place::Country => country(sight, &measures, &mut blocks),
        Place::Region(region) => one_region(sight, &measures, *region, &mut blocks),
        Place::Hospital(region, code) => one_hospital(sight, &measures, *region, code, &mut blocks),
    }
    blocks.push(steps(sight, &measures));
    blocks.push(outside(sight, &parcels, &measures));
    blocks.push(method(sight));
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

fn tiles(sight: &Sight<'_>, measures: &Measures, period: Period) -> Block {
    let place = &sight.address.place;
    let now = measures.now(Status::Waiting, Step::FirstVisit);
    let foot = match place {
        Place::Country => kit::coverage(sight, now.areas.iter().map(|area| &area.parcel)),
        _ => kit::provenance_short(sight, place, Extract::WaitingTimes, period),
    };
    let mut all = Vec::new();
    for status in STATUSES {
        for step in Step::ALL {
            let month = measures.now(status, step);
            let series = Series::of(sight, std::slice::from_ref(month), place);
            let value = series.last().map_or(Cell::Absent(Absent::Missing), series::share);
            let side = match series.last().map(|point| point.figure) {
                Some(Ok((part, of))) => format!(
                    "{} {} {} {}; {} {}",
                    Cell::Whole(part).shown(sight.language),
                    sight.language.words().of,
                    Cell::Whole(of).shown(sight.language),
                    sight.say("med vårdgaranti", "under the guarantee"),
                    counted(month.at(place)).shown(sight.language),
                    status_word(sight, status),
                ),
                _ => String::new(),
            };
            let title = share_title(sight, status, step).to_owned();
            all.push(Tile { title, value, side, foot: foot.clone() });
        }
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

/// Four columns a step: `visit` and `treatment` with `_of`, `_within` and `_share`, which has its interval.
fn share_columns(sight: &Sight<'_>, status: Status) -> Vec<sheet::Column> {
    let contacts = status_word(sight, status);
    // Short heads: eight columns have to fit beside a name.
    let within = sight.say("≤ 90 dagar", "≤ 90 days");
    let mut columns = Vec::new();
    for (step, word) in [("visit", sight.say("Besök", "Visit")), ("treatment", sight.say("Åtgärd", "Treatment"))] {
        let of = sight.say("med garanti", "guaranteed");
        let share = sight.say("andel", "share");
        columns.push(sheet::number(step, word, contacts));
        columns.push(sheet::number(format!("{step}_of"), format!("{word}, {of}"), contacts));
        columns.push(sheet::number(format!("{step}_within"), format!("{word}, {within}"), contacts));
        columns.push(sheet::share(format!("{step}_share"), format!("{word}, {share}")));
    }
    columns
}

/// Where [`share_columns`] have the contacts and the share of treatments, by which tables are sorted.
const SORTED: (usize, usize) = (5, 8);

fn country(sight: &Sight<'_>, measures: &Measures, blocks: &mut Vec<Block>) {
    charts(sight, measures, Status::Waiting, blocks);
    blocks.push(Block::Sheet(regions(sight, measures, Status::Waiting)));
    multiples(sight, measures, blocks);
    charts(sight, measures, Status::Completed, blocks);
    blocks.push(Block::Sheet(regions(sight, measures, Status::Completed)));
    intervals(sight, measures, blocks);
}

fn regions(sight: &Sight<'_>, measures: &Measures, status: Status) -> Sheet {
    let none = sight.say("Ingen region har publicerat månaden.", "No region has published the month.");
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(share_columns(sight, status));
    columns.push(sheet::words("flags", sight.say("Förbehåll", "Reservations")));
    let (id, title) = match status {
        Status::Waiting => ("regioner", sight.say("Regioner, väntande", "Regions, waiting")),
        Status::Completed => ("regioner-genomforda", sight.say("Regioner, genomförda", "Regions, completed")),
    };
    let mut table = Sheet::new(id, title, columns, none);
    if sight.address.sort == Sort::Code {
        let lead = "I lanskodsordning: ordningen är ingen rangordning.";
        table.lead = sight.say(lead, "By lanskod: the order is no ranking.").to_owned();
    }
    for region in Region::all() {
        let place = Place::Region(region);
        let mut row = vec![kit::link(sight, region.name(), place.clone())];
        row.extend(Step::ALL.into_iter().flat_map(|step| cells(measures.now(status, step).at(&place))));
        row.push(match measures.now(status, Step::FirstVisit).area(region) {
            Some(area) => kit::flag_cell(sight, &area.parcel),
            None => Cell::Absent(Absent::Missing),
        });
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, SORTED.0, SORTED.1, true);
    table
}

/// The two steps beside each other, of one status.
fn charts(sight: &Sight<'_>, measures: &Measures, status: Status, blocks: &mut Vec<Block>) {
    let mut tables = Vec::new();
    blocks.push(Block::Markup("<div class=\"pair\">".to_owned()));
    for step in Step::ALL {
        let (id, title) = (series_id(status, step), share_title(sight, status, step));
        let series = Series::of(sight, measures.months(status, step), &sight.address.place);
        let finding = series.finding(sight, title);
        let svg = series.draw(sight, Size::Whole, None, &finding, id);
        let lead = sight.say(
            "Andel med vårdgaranti, 13 månader, med gränser för vanlig variation. Lodräta streck genom punkterna är 95 % intervall. Prickad del är preliminär; helt lodrätt streck är brott i serien.",
            "Share of those under the guarantee, 13 months, with limits of ordinary variation. Upright lines through the points are 95% intervals. A dotted part is provisional; a full vertical line is a break in the series.",
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

/// Every region that is waited in on one scale, with the country's middle in all; a section a step.
fn multiples(sight: &Sight<'_>, measures: &Measures, blocks: &mut Vec<Block>) {
    for (step, id, section) in [
        (Step::FirstVisit, "regioner-serie-besok", "multiplar-besok"),
        (Step::Treatment, "regioner-serie-atgard", "multiplar-atgard"),
    ] {
        let months = measures.months(Status::Waiting, step);
        let country = Series::of(sight, months, &Place::Country);
        let (part, of) = country
            .points
            .iter()
            .filter_map(|point| point.figure.ok())
            .fold((0, 0), |(part, of), point| (part + point.0, of + point.1));
        let reference = (of > 0).then(|| part as f64 / of as f64);
        let title = format!(
            "{}, {}",
            sight.say("Regionerna, väntande högst 90 dagar", "The regions, waiting at most 90 days"),
            step_word(sight, step)
        );
        let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
        columns.extend(
            months.iter().map(|month| sheet::number(month.period.to_string(), month.period.short(sight.language), "%")),
        );
        let mut markup = format!(
            "<section class=\"card\" id=\"{section}\"><h2>{title}</h2><p class=\"hint\">{}</p><ul class=\"multiples\">",
            sight.say(
                "13 månader, 0–100 % i alla. Linjen är riket under perioden. Regioner som inget publicerat står under tabellen.",
                "13 months, 0–100% in all. The line is the country over the period. Regions that have published nothing stand under the table."
            )
        );
        let mut table = Sheet::new(id, title, columns, "");
        for region in Region::all() {
            let place = Place::Region(region);
            let series = Series::of(sight, months, &place);
            let mut row = vec![kit::link(sight, region.name(), place.clone())];
            row.extend(series.points.iter().map(series::share));
            let has_nothing = row[1..].iter().all(|cell| *cell == Cell::Absent(Absent::Missing));
            table.rows.push(row);
            if has_nothing {
                continue;
            }
            let _ = write!(
                markup,
                "<li><h3><a href=\"{}\">{}</a> <span class=\"now-share\">{}</span></h3>{}<p>{}</p></li>",
                sight.address.at(place).text(sight.language),
                region.name(),
                series.last().map(|point| series::share(point).shown(sight.language)).unwrap_or_default(),
                series.draw(sight, Size::Small, reference, &series.finding(sight, region.name()), id),
                remark(sight, &series)
            );
        }
        markup.push_str("</ul></section>");
        blocks.push(Block::Markup(markup));
        blocks.push(Block::Sheet(table));
    }
}

/// What stands under a small series: how it stands out, else its flags.
fn remark(sight: &Sight<'_>, series: &Series) -> String {
    let last = series.last();
    match last.filter(|point| point.judged.signal.is_some()) {
        Some(point) => {
            let (form, class) = series::direction(&point.judged);
            let words = series::signal_words(sight, &point.judged);
            format!("<span class=\"{class}\">{}{words}</span>", kit::shape(form))
        }
        None => last
            .map(|point| point.flags.clone())
            .filter(|flags| !flags.is_empty())
            .map(|flags| format!("<span>{}</span>", escape(&flags)))
            .unwrap_or_default(),
    }
}

/// Contacts by interval of the wait: of the place as a whole, then of its parts.
fn intervals(sight: &Sight<'_>, measures: &Measures, blocks: &mut Vec<Block>) {
    let place = &sight.address.place;
    let names: Vec<&str> = INTERVALS.iter().map(|(_, name)| *name).collect();
    let mut columns = vec![
        sheet::words("place", sight.say("Var", "Where")),
        sheet::words("phase", sight.say("Läge", "Phase")),
        sheet::words("step", sight.say("Steg", "Step")),
    ];
    columns.extend(INTERVALS.iter().map(|(column, name)| sheet::number(*column, *name, sight.say("dagar", "days"))));
    let title = sight.say("Väntetid i intervall", "Waits by interval");
    let mut table = Sheet::new("intervall", title, columns, "");
    let mut bars = Vec::new();
    for status in STATUSES {
        for step in Step::ALL {
            let phase = status_word(sight, status);
            for (name, part) in parts(sight, measures, place) {
                let found = measures.now(status, step).at(&part);
                let absent = found.map_or(Some(Absent::Missing), |(_, counts, _)| counts.absent());
                let sum = found.map(|(sum, ..)| sum).unwrap_or_default();
                // A bar of nobody has no parts.
                let word = absent.or((sum.count == 0).then_some(Absent::NotApplicable));
                let mut row = vec![Cell::text(name.clone()), Cell::text(phase), Cell::text(step_word(sight, step))];
                row.extend(sum.intervals.map(|count| absent.map_or(Cell::Whole(count), Cell::Absent)));
                table.rows.push(row);
                bars.push(Bar {
                    // What tells them apart comes first: a label is cut where it does not fit.
                    label: format!("{phase}, {}: {name}", short_word(sight, step)),
                    parts: word.map_or_else(|| Ok(sum.intervals.to_vec()), |word| Err(word.text(sight.language))),
                });
            }
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

/// The place as a whole, then its parts where they are shown, by name.
fn parts(sight: &Sight<'_>, measures: &Measures, place: &Place) -> Vec<(String, Place)> {
    let name = match place {
        Place::Country => sight.language.words().country.to_owned(),
        Place::Region(region) => region.name().to_owned(),
        Place::Hospital(region, code) => measures.hospital_name(*region, code).unwrap_or_else(|| code.to_string()),
    };
    let mut parts = vec![(name, place.clone())];
    if let Place::Region(region) = place {
        let hospitals = measures.hospitals(*region).into_iter();
        parts.extend(hospitals.map(|(code, name)| (name.into(), Place::Hospital(*region, code))));
    }
    parts
}

fn one_region(sight: &Sight<'_>, measures: &Measures, region: Region, blocks: &mut Vec<Block>) {
    for status in STATUSES {
        charts(sight, measures, status, blocks);
        blocks.push(Block::Sheet(hospitals(sight, measures, status, region)));
    }
    intervals(sight, measures, blocks);
    dimensions(sight, measures, region, blocks);
}

fn hospitals(sight: &Sight<'_>, measures: &Measures, status: Status, region: Region) -> Sheet {
    let mut columns = vec![sheet::words("hospital", sight.say("Sjukhus", "Hospital"))];
    columns.extend(share_columns(sight, status));
    let days = sight.say("dagar", "days");
    columns.push(sheet::number("visit_median", sight.say("Besök, median", "Visit, median"), days));
    columns.push(sheet::number("treatment_median", sight.say("Åtgärd, median", "Treatment, median"), days));
    let none = sight.say("Regionen har inte publicerat månaden.", "The region has not published the month.");
    let (id, title) = match status {
        Status::Waiting => ("sjukhus", sight.say("Sjukhus, väntande", "Hospitals, waiting")),
        Status::Completed => ("sjukhus-genomforda", sight.say("Sjukhus, genomförda", "Hospitals, completed")),
    };
    let mut table = Sheet::new(id, title, columns, none);
    for (code, name) in measures.hospitals(region) {
        let place = Place::Hospital(region, code.clone());
        let mut row = vec![kit::link(sight, &name, place.clone())];
        let now = |step| measures.now(status, step);
        row.extend(Step::ALL.into_iter().flat_map(|step| cells(now(step).at(&place))));
        row.extend(Step::ALL.map(|step| median(now(step).area(region).and_then(|area| area.line(&code)))));
        table.rows.push(row);
    }
    kit::sort(sight, &mut table.rows, SORTED.0, SORTED.1, true);
    table
}

fn median(line: Option<&Line>) -> Cell {
    match line.map(|line| (line.counts.absent(), line.median)) {
        Some((Some(absent), _)) => Cell::Absent(absent),
        Some((None, Some(tenths))) => Cell::Decimal(tenths, 1),
        Some((None, None)) | None => Cell::Absent(Absent::NotApplicable),
    }
}

/// The region's waiting by speciality, age and sex; within each the same rule of few contacts.
fn dimensions(sight: &Sight<'_>, measures: &Measures, region: Region, blocks: &mut Vec<Block>) {
    let contacts = sight.say("kontakter", "contacts");
    let columns = vec![
        sheet::words("value", sight.say("Grupp", "Group")),
        sheet::words("dimension", sight.say("Indelning", "Division")),
        sheet::words("step", sight.say("Steg", "Step")),
        sheet::number("waiting", sight.say("Väntande", "Waiting"), contacts),
        sheet::number("waiting_of", sight.say("Med vårdgaranti", "Under the guarantee"), contacts),
        sheet::number("waiting_within", sight.say("Högst 90 dagar", "At most 90 days"), contacts),
        sheet::share("waiting_share", sight.say("Andel", "Share")),
    ];
    let title = sight.say("Väntande efter specialitet, ålder och kön", "Waiting by speciality, age and sex");
    let mut table = Sheet::new("grupper", title, columns, sight.say("Inget är publicerat.", "Nothing is published."));
    for step in Step::ALL {
        let Some(area) = measures.now(Status::Waiting, step).area(region) else { continue };
        for (dimension, word) in [
            ("mvo", sight.say("verksamhetsområde (MVO)", "speciality (MVO)")),
            ("age_group", sight.say("ålder", "age")),
            ("sex", sight.say("kön", "sex")),
        ] {
            let is_wanted =
                |column: &str, value: &str, row: &crate::published::Row<'_>| row.text(column) == Some(value);
            let rows: Vec<_> = area
                .parcel
                .rows("waits_by_dimension.csv")
                .filter(|row| is_wanted("status", Status::Waiting.value(), row) && is_wanted("step", step.value(), row))
                .filter(|row| is_wanted("dimension", dimension, row))
                .collect();
            let sums: Vec<Sum> = rows.iter().map(|row| Sum::of_row(*row)).collect();
            let below = sight.manner.contacts_min;
            let counts = veils(&sums.iter().map(|sum| sum.count).collect::<Vec<_>>(), below);
            let guarantees = veils(&sums.iter().map(|sum| sum.of).collect::<Vec<_>>(), below);
            for (index, row) in rows.iter().enumerate() {
                let published = veils_of_row(*row);
                let count = both(published.0, counts[index]);
                let guarantee = both(both(count, published.1), guarantees[index]);
                // A region that is hidden hides its groups.
                let (count, guarantee) = match (area.counts.is_open(), area.guarantee.is_open()) {
                    (true, true) => (count, guarantee),
                    (true, false) => (count, area.guarantee),
                    (false, _) => (area.counts, area.counts),
                };
                let name = match row.text("value") {
                    None if is_together(*row) => {
                        sight.say("de som döljs, tillsammans", "those withheld, together").to_owned()
                    }
                    None => sight.say("uppges inte", "not given").to_owned(),
                    Some("male") => sight.say("män", "men").to_owned(),
                    Some("female") => sight.say("kvinnor", "women").to_owned(),
                    Some(value) => value.to_owned(),
                };
                let mut cells_of = vec![Cell::text(name), Cell::text(word), Cell::text(step_word(sight, step))];
                cells_of.extend(cells(Some((sums[index], count, guarantee))));
                table.rows.push(cells_of);
            }
        }
    }
    blocks.push(Block::Sheet(table));
}

fn one_hospital(sight: &Sight<'_>, measures: &Measures, region: Region, code: &str, blocks: &mut Vec<Block>) {
    for step in Step::ALL {
        let line = measures.now(Status::Waiting, step).area(region).and_then(|area| area.line(code));
        let Some(line) = line else { continue };
        blocks.push(Block::Markup(format!(
            "<p class=\"lead\">{}, {}: {} {}</p>",
            sight.say("Median väntetid, väntande", "Median wait, waiting"),
            step_word(sight, step),
            escape(&median(Some(line)).shown(sight.language)),
            if line.counts.is_open() { sight.say("dagar", "days") } else { "" }
        )));
    }
    for status in STATUSES {
        charts(sight, measures, status, blocks);
    }
    intervals(sight, measures, blocks);
}

#[cfg(test)]
mod tests;
