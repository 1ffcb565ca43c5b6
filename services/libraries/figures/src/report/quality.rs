//! The page of data quality: what each region has delivered, how much of it counts, what was found and what has jumped.

pub(super) mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use board::format;
use schemas::Severity;
use topics::Region;

use super::kit::{self, Shape};
use super::sheet::{self, Absent, Cell, Sheet};
use super::{Block, Page, Place, Report, Sight};
use crate::chart;
use crate::period::Period;
use crate::plausible::{self, Verdict};
use crate::published::{Extract, Parcel, Reading};

const TREND: u16 = 13;

/// Control totals that count statements that are in no figure because something is wrong with them. Waits chosen by the
/// patient and contacts of other phases are in none either, and nothing is wrong with those.
const SET_ASIDE: [&str; 9] = [
    "completed_without_times",
    "completed_negative",
    "completed_implausible",
    "waiting_without_decision",
    "waiting_negative",
    "waiting_implausible",
    "status_unknown",
    "phase_unknown",
    "without_total",
];

/// Control totals that are sums of money, not counts.
/// Totals that are not shown: money, and what would tell a hidden count of the waiting times together with the others.
const NOT_COUNTS: [&str; 5] = ["total_ore", "completed", "waiting", "patient_chosen", "phase_other"];

/// The page; `None` never: a region without anything is a region with a word.
pub(super) fn report(sight: &Sight<'_>) -> Option<Report> {
    let place = &sight.address.place;
    let heading = Page::Quality.name(sight.language).to_owned();
    let nothing_read = matches!(sight.library.reading, Reading::NoStore | Reading::NotYet);
    let periods = sight.library.periods(Extract::WaitingTimes);
    let period = sight.library.month(sight.address.period, sight.now);
    let (Some(period), false) = (period, nothing_read) else {
        let blocks = kit::nothing(sight, Extract::WaitingTimes).into_iter().chain([timeline(sight)]).collect();
        return Some(Report { heading, subheading: String::new(), blocks, parcels: Vec::new() });
    };
    let mut blocks = vec![kit::choices(sight, &periods, period, &[])];
    if period == Period::running(sight.now) {
        let text = sight.say(
            "Månaden pågår: mer väntas, och antalen bedöms inte.",
            "The month is running: more is expected, and counts are not judged.",
        );
        blocks.push(Block::Markup(format!("<p class=\"quiet\" id=\"pagar\">{text}</p>")));
    }
    let regions: Vec<Region> = place.region().map_or_else(|| Region::all().collect(), |region| vec![region]);
    let parcels: Vec<Arc<Parcel>> = regions
        .iter()
        .flat_map(|region| Extract::ALL.map(|extract| at(sight, extract, *region, period)))
        .flatten()
        .collect();
    blocks.push(matrix(sight, &regions, period));
    blocks.extend(kit::flags(sight, &parcels));
    blocks.push(coverage(sight, &regions, period));
    blocks.push(found(sight, &regions, period));
    blocks.push(timeline(sight));
    blocks.push(jumps(sight, &parcels));
    blocks.push(method(sight));
    let name = place.region().map(|region| format!("{}, ", region.name())).unwrap_or_default();
    let subheading = format!("{name}{}", kit::period_text(sight, period));
    Some(Report { heading, subheading, blocks, parcels })
}

/// What holds for a month: the month's own parcel, or of a yearly extract the newest year up to it.
fn at(sight: &Sight<'_>, extract: Extract, region: Region, period: Period) -> Option<Arc<Parcel>> {
    if let Some(parcel) = sight.library.get(extract, region, period) {
        return Some(parcel.clone());
    }
    let year = period.year();
    let years = (0..=1).filter_map(|back| sight.library.get(extract, region, year.back(back)));
    years.max_by_key(|parcel| parcel.period).cloned()
}

/// Parcels of the periods before one, oldest first.
fn before(sight: &Sight<'_>, parcel: &Parcel) -> Vec<Option<Arc<Parcel>>> {
    let count = u16::try_from(plausible::PERIODS).unwrap_or(u16::MAX);
    let periods = parcel.period.back(1).ending(count);
    periods.into_iter().map(|period| sight.library.get(parcel.extract, parcel.region, period).cloned()).collect()
}

/// The counts of a parcel: name, now, what is usual, verdict. A running month is not judged.
fn judged(sight: &Sight<'_>, parcel: &Parcel) -> Vec<(Box<str>, i64, Option<i64>, Verdict)> {
    let earlier = before(sight, parcel);
    let counts = parcel.totals.iter().filter(|(name, _)| !NOT_COUNTS.contains(&&***name));
    counts
        .map(|(name, now)| {
            // By another definition only what came is the same count.
            let is_same = |held: &&Arc<Parcel>| {
                matches!(&**name, "statements" | "contacts") || held.definition == parcel.definition
            };
            let series: Vec<Option<i64>> =
                earlier.iter().map(|held| held.as_ref().filter(is_same).and_then(|held| held.total(name))).collect();
            let is_running = parcel.period == Period::running(sight.now);
            let verdict = if is_running { Verdict::Unknown } else { plausible::judge(*now, &series) };
            (name.clone(), *now, plausible::usual(&series), verdict)
        })
        .collect()
}

fn verdict_words(sight: &Sight<'_>, verdict: Verdict) -> (Shape, &'static str, &'static str) {
    match verdict {
        Verdict::JumpUp => (Shape::Up, "worse-word", sight.say("hopp upp", "jump up")),
        Verdict::JumpDown => (Shape::Down, "worse-word", sight.say("hopp ned", "jump down")),
        Verdict::Usual => (Shape::Filled, "quiet-word", sight.say("som vanligt", "as usual")),
        Verdict::Unknown => {
            let word = sight.say("jämförelse saknas (kort historik)", "no comparison (short history)");
            (Shape::Dashed, "quiet-word", word)
        }
    }
}

fn name_of(sight: &Sight<'_>, extract: Extract) -> &'static str {
    match extract {
        Extract::WaitingTimes => sight.say("Väntetider", "Waiting times"),
        Extract::Beds => sight.say("Vårdplatser", "Beds"),
        Extract::HipFracture => sight.say("Höftfraktur", "Hip fracture"),
        Extract::Kpp => sight.say("KPP, senaste år", "KPP, latest year"),
    }
}

/// The state of a delivery in one cell: the worst that is known of it, in words.
fn state(sight: &Sight<'_>, parcel: Option<&Parcel>) -> Cell {
    let Some(parcel) = parcel else {
        return Cell::State {
            shape: kit::shape(Shape::Dashed),
            class: "absent-word",
            word: sight.language.words().missing.to_owned(),
        };
    };
    let main = ["statements", "contacts"].into_iter().find(|name| parcel.total(name).is_some());
    let is_running = parcel.period == Period::running(sight.now);
    let verdict = judged(sight, parcel).into_iter().find(|(name, ..)| Some(&**name) == main).map(|found| found.3);
    let mut words = Vec::new();
    let (mut shape, mut class) = (Shape::Filled, "quiet-word");
    if !parcel.flags.is_empty() {
        (shape, class) = (Shape::Half, "reserved");
        words.push(parcel.flag_words(sight.language));
    }
    if let Some(verdict) = verdict.filter(|verdict| matches!(verdict, Verdict::JumpUp | Verdict::JumpDown)) {
        let (form, of, word) = verdict_words(sight, verdict);
        (shape, class) = (form, of);
        words.insert(0, word.to_owned());
    }
    if words.is_empty() {
        words.push(sight.say("levererad", "delivered").to_owned());
    }
    match verdict {
        _ if is_running => words.push(sight.say("pågår", "running").to_owned()),
        Some(Verdict::Unknown) => words.push(verdict_words(sight, Verdict::Unknown).2.to_owned()),
        _ => {}
    }
    if !parcel.period.is_month() {
        words.push(parcel.period.to_string());
    }
    Cell::State { shape: kit::shape(shape), class, word: words.join(", ") }
}

fn matrix(sight: &Sight<'_>, regions: &[Region], period: Period) -> Block {
    let mut columns = vec![sheet::words("region", sight.say("Region", "Region"))];
    columns.extend(Extract::ALL.map(|extract| sheet::words(extract.name(), name_of(sight, extract))));
    let mut table = Sheet::new("leveranser", sight.say("Leveranser", "Deliveries"), columns, "");
    table.lead = kit::as_of(sight);
    for region in regions {
        let mut row = vec![kit::link(sight, region.name(), Place::Region(*region))];
        row.extend(Extract::ALL.map(|extract| state(sight, at(sight, extract, *region, period).as_deref())));
        table.rows.push(row);
    }
    Block::Sheet(table)
}

/// How much of what came counts. Statements, set aside and findings of each delivery; sums by extract for the country.
fn coverage(sight: &Sight<'_>, regions: &[Region], period: Period) -> Block {
    let columns = vec![
        sheet::words("extract", sight.say("Uttag", "Extract")),
        sheet::number("regions", sight.say("Regioner", "Regions"), sight.say("levererade", "delivered")),
        sheet::number("statements", sight.say("Uppgifter", "Statements"), sight.say("antal", "count")),
        sheet::number(
            "set_aside",
            sight.say("Lagda åt sidan för fel", "Set aside as faulty"),
            sight.say("antal", "count"),
        ),
        sheet::number("set_aside_share", sight.say("Andel åt sidan", "Share set aside"), "%"),
        sheet::number("findings", sight.say("Anmärkningar", "Findings"), sight.say("antal", "count")),
        sheet::number(
            "days",
            sight.say("Dagar till framställning", "Days until made"),
            sight.say("efter periodens slut, flest", "after the period's end, most"),
        ),
    ];
    let mut table =
        Sheet::new("tackning", sight.say("Täckning och aktualitet", "Coverage and timeliness"), columns, "");
    for extract in Extract::ALL {
        let parcels: Vec<Arc<Parcel>> =
            regions.iter().filter_map(|region| at(sight, extract, *region, period)).collect();
        let mut row = vec![Cell::text(name_of(sight, extract)), Cell::Whole(i64::try_from(parcels.len()).unwrap_or(0))];
        if parcels.is_empty() {
            row.extend(std::iter::repeat_n(Cell::Absent(Absent::Missing), 5));
        } else {
            let sum = |value: &dyn Fn(&Parcel) -> i64| parcels.iter().map(|parcel| value(parcel)).sum::<i64>();
            let says = parcels.iter().any(|parcel| parcel.total("statements").is_some());
            let statements = sum(&|parcel| parcel.total("statements").unwrap_or(0));
            let aside = sum(&|parcel| SET_ASIDE.iter().filter_map(|name| parcel.total(name)).sum());
            let findings = sum(&|parcel| parcel.findings.values().sum());
            let days = parcels.iter().map(|parcel| days_after(parcel)).max().unwrap_or(0);
            row.push(Cell::or_missing(says.then_some(statements)));
            row.push(Cell::or_missing(says.then_some(aside)));
            row.push(if says { Cell::Share(aside, statements) } else { Cell::Absent(Absent::Missing) });
            row.push(Cell::Whole(findings));
            row.push(Cell::Whole(days));
        }
        table.rows.push(row);
    }
    Block::Sheet(table)
}

fn days_after(parcel: &Parcel) -> i64 {
    let made = format::local(parcel.made_at).date();
    i64::from((made - parcel.period.last_day()).get_days())
}

/// Findings and reasons by rule, with their trend, what helps and who can do it.
fn found(sight: &Sight<'_>, regions: &[Region], period: Period) -> Block {
    let columns = vec![
        sheet::words("rule", sight.say("Regel", "Rule")),
        sheet::words("extract", sight.say("Uttag", "Extract")),
        sheet::words("finds", sight.say("Vad", "What")),
        sheet::number("statements", sight.say("Uppgifter", "Statements"), sight.say("antal", "count")),
        sheet::number("share", sight.say("Andel", "Share"), "%"),
        sheet::words("trend", sight.say("13 perioder", "13 periods")),
        sheet::words("remedy", sight.say("Åtgärd", "Remedy")),
        sheet::words("owner", sight.say("Vem", "Who")),
    ];
    let none = sight.say("Inget är anmärkt eller lagt åt sidan.", "Nothing was found or set aside.");
    let mut table = Sheet::new("regler", sight.say("Anmärkningar per regel", "Findings by rule"), columns, none);
    for extract in Extract::ALL {
        let mut counts: BTreeMap<Box<str>, i64> = BTreeMap::new();
        let mut statements = 0;
        for parcel in regions.iter().filter_map(|region| at(sight, extract, *region, period)) {
            statements += parcel.total("statements").unwrap_or(0);
            for (rule, count) in rules_of(&parcel) {
                *counts.entry(rule).or_default() += count;
            }
        }
        for (rule, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let known = rules::known(&rule, sight.language);
            let or_dash = |text: Option<&'static str>| Cell::text(text.unwrap_or("–"));
            table.rows.push(vec![
                Cell::text(&*rule),
                Cell::text(name_of(sight, extract)),
                or_dash(known.map(|(finds, ..)| finds)),
                Cell::Whole(count),
                Cell::Share(count, statements),
                trend(sight, extract, regions, period, &rule),
                or_dash(known.map(|(_, helps, _)| helps)),
                or_dash(known.map(|(.., owner)| owner.word(sight.language))),
            ]);
        }
    }
    Block::Sheet(table)
}

/// What the rules of the timeline find now: live, and so also where nothing has been published yet.
fn timeline(sight: &Sight<'_>) -> Block {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::words("rule", sight.say("Regel", "Rule")),
        sheet::words("severity", sight.say("Nivå", "Level")),
        sheet::number("findings", sight.say("Anmärkningar", "Findings"), sight.say("antal nu", "count now")),
        sheet::words("meaning", sight.say("Betydelse", "Meaning")),
        sheet::words("remedy", sight.say("Åtgärd", "Remedy")),
    ];
    let none = sight.say("Tidslinjens regler har inget att anmärka.", "The rules of the timeline have found nothing.");
    let title = sight.say("Anmärkningar ur tidslinjen, nu", "Findings of the timeline, now");
    let mut table = Sheet::new("tidslinje", title, columns, none);
    table.lead = sight
        .say(
            "Räknas på tavlans händelser, så långt tillbaka som tavlan minns. En varning betyder att en siffra kan vara fel; en upplysning att reglerna har ett svar. Samma anmärkningar per avdelning och månad finns i uttaget vårdplatser.",
            "Counted on the board's events, as far back as the board remembers. A warning means that a figure may be wrong; an information that the rules have an answer. The same findings per ward and month are in the extract of beds.",
        )
        .to_owned();
    let chosen = sight.address.place.region();
    for ((code, rule), count) in sight.board.findings.iter().filter(|(_, count)| **count > 0) {
        let Ok(region) = code.parse::<Region>() else { continue };
        if chosen.is_some_and(|chosen| chosen != region) {
            continue;
        }
        let entry = rule.entry();
        let level = match entry.severity {
            Severity::Info => sight.say("upplysning", "information"),
            Severity::Warning | Severity::Error => sight.say("varning", "warning"),
        };
        table.rows.push(vec![
            kit::link(sight, region.name(), Place::Region(region)),
            Cell::text(entry.code),
            Cell::text(level),
            Cell::Whole((*count).into()),
            Cell::text(sight.say(entry.meaning.sv, entry.meaning.en)),
            Cell::text(sight.say(entry.remedy.sv, entry.remedy.en)),
        ]);
    }
    Block::Sheet(table)
}

/// Findings of a parcel, and the reasons why statements are in no figure.
fn rules_of(parcel: &Parcel) -> Vec<(Box<str>, i64)> {
    let reasons = SET_ASIDE.iter().filter_map(|name| Some(((*name).into(), parcel.total(name)?)));
    parcel.findings.iter().map(|(rule, count)| (rule.clone(), *count)).chain(reasons).collect()
}

fn trend(sight: &Sight<'_>, extract: Extract, regions: &[Region], period: Period, rule: &str) -> Cell {
    let is_yearly = !sight.library.periods(extract).iter().any(|period| period.is_month());
    let last = if is_yearly { period.year() } else { period };
    let values: Vec<Option<i64>> = last
        .ending(TREND)
        .into_iter()
        .map(|period| {
            let parcels = regions.iter().filter_map(|region| sight.library.get(extract, *region, period));
            let mut sums = parcels.map(|parcel| {
                rules_of(parcel).into_iter().filter(|(found, _)| &**found == rule).map(|(_, count)| count).sum::<i64>()
            });
            // Nobody's delivery is a gap; somebody's without the finding is zero.
            sums.next().map(|first| first + sums.sum::<i64>())
        })
        .collect();
    let missing = sight.language.words().missing;
    let list: Vec<String> = values
        .iter()
        .map(|value| value.map_or_else(|| missing.to_owned(), |value| format::number(sight.language, value)))
        .collect();
    let plain = list.join(" · ");
    Cell::Drawing { markup: chart::sparkline(chart::Place::Row, &values, &[], &plain), plain }
}

/// Every count that lies far from those of the periods before.
fn jumps(sight: &Sight<'_>, parcels: &[Arc<Parcel>]) -> Block {
    let columns = vec![
        sheet::words("region", sight.say("Region", "Region")),
        sheet::words("extract", sight.say("Uttag", "Extract")),
        sheet::words("total", sight.say("Kontrollsumma", "Control total")),
        sheet::words("verdict", sight.say("Bedömning", "Verdict")),
        sheet::number("now", sight.say("Nu", "Now"), ""),
        sheet::number(
            "usual",
            sight.say("Vanligen", "Usually"),
            sight.say("median av upp till 12", "median of up to 12"),
        ),
        sheet::words("flags", sight.say("Förbehåll", "Reservations")),
    ];
    let none = sight.say("Inget antal avviker från perioderna före.", "No count differs from the periods before.");
    let mut table = Sheet::new("rimlighet", sight.say("Rimlighet mot perioderna före", "Plausibility"), columns, none);
    for parcel in parcels {
        let counts = judged(sight, parcel).into_iter();
        let jumps = counts.filter(|(.., verdict)| matches!(verdict, Verdict::JumpUp | Verdict::JumpDown));
        for (name, now, usual, verdict) in jumps {
            let (shape, class, word) = verdict_words(sight, verdict);
            table.rows.push(vec![
                kit::link(sight, parcel.region.name(), Place::Region(parcel.region)),
                Cell::text(format!("{} {}", name_of(sight, parcel.extract), parcel.period)),
                Cell::text(&*name),
                Cell::State { shape: kit::shape(shape), class, word: word.to_owned() },
                Cell::Whole(now),
                Cell::or_missing(usual),
                kit::flag_cell(sight, parcel),
            ]);
        }
    }
    Block::Sheet(table)
}

fn method(sight: &Sight<'_>) -> Block {
    let texts = [
        sight.say(
            "Ett hopp är en kontrollsumma som ligger längre än 3,5 robusta standardavvikelser (median och medianavvikelse av upp till tolv perioder) och mer än 10 % från medianen. Med färre än sex perioder före bedöms inget: jämförelse saknas (kort historik). Den pågående månaden och antal under 20 bedöms inte.",
            "A jump is a control total farther than 3.5 robust standard deviations (median and median deviation of up to twelve periods) and more than 10% from the median. With fewer than six periods before, nothing is judged: no comparison (short history). The running month and counts below 20 are not judged.",
        ),
        sight.say(
            "Ett hopp är inget fel: fråga regionen. En period som saknas räknas inte som noll. Avvisade och parkerade meddelanden står på sidan Drift.",
            "A jump is no fault: ask the region. A missing period does not count as zero. Refused and parked messages stand on the page Operations.",
        ),
    ];
    kit::prose("metod", sight.say("Så bedöms det", "How it is judged"), &texts.map(str::to_owned))
}
