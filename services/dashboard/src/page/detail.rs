//! A ward's page: now, a day and a week as step lines, its beds, both clocks, and what was declared and corrected.

use askama::Template;
use board::Scope;
use board::age::Freshness;
use board::detail::{Detail, History, Step};
use board::format;
use board::hyphen;
use board::language::Language;
use board::live::{LogKind, LogLine};
use board::nearest::{self, nearest};
use board::shown::Shown;
use board::ward::Ward;
use board::words::Words;
use figures::chart::{self, Labels};
use schemas::Timestamp;

use super::cell::{age, closed, feed, finding, shape, status_detail, technical};
use super::{Sight, render};
use crate::node::Node;
use crate::page::table::{dialled, lediga, overbelaggningar, whose};

const HOUR: i64 = 3_600_000_000;
/// Lines of the log on the page; the API has all that are kept.
const LOG_SHOWN: usize = 40;

#[derive(Template)]
#[template(path = "ward_now.html")]
struct Now<'a> {
    w: &'static Words,
    fresh: &'static str,
    kind: &'static str,
    shape: String,
    word: &'static str,
    detail: String,
    tel: String,
    phone: &'a str,
    facts: Vec<(&'static str, String, &'static str, String, String)>,
}

#[derive(Template)]
#[template(path = "ward_nearest.html")]
struct Nearest {
    w: &'static Words,
    lead: &'static str,
    rows: Vec<Row>,
    unplaced: String,
}

/// One alternative.
struct Row {
    href: String,
    name: String,
    hospital: String,
    distance: String,
    free: String,
    tel: String,
    phone: String,
}

#[derive(Template)]
#[template(path = "ward_beds.html")]
struct Beds {
    w: &'static Words,
    pairs: Vec<(&'static str, String, &'static str)>,
}

#[derive(Template)]
#[template(path = "ward_sources.html")]
struct Sources {
    w: &'static Words,
    source: String,
    heard: String,
    changed: String,
    fresh_word: &'static str,
}

#[derive(Template)]
#[template(path = "ward_charts.html")]
struct Charts {
    w: &'static Words,
    day: String,
    week: String,
    finding_day: String,
    finding_week: String,
    rows: Vec<(String, String, String)>,
}

struct Line {
    received: String,
    valid: String,
    what: String,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "ward_log.html")]
struct Log {
    w: &'static Words,
    lines: Vec<Line>,
}

/// The ward's page; without content while the ward is not known, as when its region is read again under a reader.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let around = |children| Node::around("levande", "<div id=\"levande\">".into(), children, "</div>");
    let Scope::Ward(region, code) = sight.scope else { return around(Vec::new()) };
    let Some(ward) = sight.board.ward(region, code) else { return around(Vec::new()) };
    let mut main = vec![Node::leaf("nu", now(sight, ward))];
    if ward.has_beds() && ward.can_take().is_none_or(|free| free == 0) {
        main.push(Node::leaf("narmast", alternatives(sight, ward)));
    }
    if let Some(detail) = sight.detail {
        main.push(Node::leaf("kurvor", charts(sight, detail)));
        main.push(Node::leaf("logg", log(sight, detail)));
    }
    let side = vec![Node::leaf("platser", beds(sight, ward)), Node::leaf("kallor", sources(sight, ward))];
    let columns = vec![
        Node::around("huvudspalt", "<div id=\"huvudspalt\" class=\"stack\">".into(), main, "</div>"),
        Node::around("sidospalt", "<div id=\"sidospalt\" class=\"aside\">".into(), side, "</div>"),
    ];
    let columns = Node::around("yta", "<div id=\"yta\" class=\"columns\">".into(), columns, "</div>");
    around(vec![columns])
}

fn now(sight: &Sight<'_>, ward: &Ward) -> String {
    let w = sight.words();
    let language = sight.language;
    let occupancy = &ward.occupancy;
    let lost = ward.freshness == Freshness::Lost;
    let or_lost = |shown: Shown| if lost { Shown::Missing } else { shown };
    let disponibla = occupancy.disponibla.map_or(0, i64::from);
    let rate = |shown: Shown| match (shown, occupancy.disponibla) {
        (Shown::Number(value), Some(_)) => format!(
            "{} {}",
            format::ratio(language, value, disponibla, 100).unwrap_or_else(|| w.not_applicable.into()),
            w.per_100
        ),
        (Shown::Number(_), None) => format!("{} {}", w.missing, w.per_100),
        _ => String::new(),
    };
    let key = [(&*ward.region, &*ward.code)];
    let usual = |spread: Option<board::usual::Spread>| match spread {
        Some(spread) => format!("{} {} ({}–{})", w.usually, spread.middle, spread.low, spread.high),
        None => w.usually_unknown.to_owned(),
    };
    let share = match occupancy.disponibla {
        Some(beds) => {
            format::percent(language, occupancy.belagda.into(), beds.into()).unwrap_or_else(|| w.not_applicable.into())
        }
        None if !ward.has_beds() => w.not_applicable.to_owned(),
        None => w.missing.to_owned(),
    };
    let or_none = |shown: Shown| if ward.has_beds() { or_lost(shown) } else { Shown::NotApplicable };
    let overbelaggningar = or_none(overbelaggningar(ward));
    let outlying = or_none(sight.hidden.ward(ward));
    let free = or_none(lediga(ward));
    let free_text = match ward.freshness {
        Freshness::Stale if free.number().is_some() => format!("{} {}", w.last_known, free.text(language)),
        Freshness::Lost if ward.has_beds() => ward.heard.map_or_else(
            || w.missing.to_owned(),
            |heard| format!("{} {}", w.missing, format::since(language, sight.board.now, heard)),
        ),
        _ => free.text(language),
    };
    let belagda = or_lost(Shown::Number(occupancy.belagda.into()));
    let left_out = technical(language, occupancy.left_out).map(|text| format!(" · {text}")).unwrap_or_default();
    let facts = vec![
        (
            w.col_free,
            free_text,
            value_class(free, ward.freshness),
            usual(sight.usual.lediga(&key)),
            sight.definition("lediga"),
        ),
        (
            w.col_occupied,
            match belagda {
                Shown::Number(_) if !ward.has_beds() => belagda.text(language),
                Shown::Number(_) => {
                    format!("{}/{}", belagda.text(language), Shown::or_missing(occupancy.disponibla).text(language))
                }
                word => word.text(language),
            },
            value_class(belagda, ward.freshness),
            if lost { String::new() } else { format!("{share} · {}{left_out}", usual(sight.usual.belagda(&key))) },
            sight.definition("belagda"),
        ),
        (
            w.overbelaggningar,
            overbelaggningar.text(language),
            value_class(overbelaggningar, ward.freshness),
            rate(overbelaggningar),
            sight.definition("overbelaggning"),
        ),
        (
            w.utlokaliserade,
            outlying.text(language),
            value_class(outlying, ward.freshness),
            rate(outlying),
            sight.definition("utlokaliserad"),
        ),
    ];
    render(&Now {
        w,
        fresh: ward.freshness.class(),
        kind: ward.status.kind().code(),
        shape: shape(ward.status.kind()),
        word: ward.status.kind().word(w),
        detail: status_detail(language, sight.board.now, ward.status),
        tel: dialled(ward.telephone.as_deref().unwrap_or_default()),
        phone: ward.telephone.as_deref().unwrap_or_default(),
        facts,
    })
}

fn alternatives(sight: &Sight<'_>, ward: &Ward) -> String {
    let (w, language) = (sight.words(), sight.language);
    let found = nearest(sight.board, sight.guide, ward);
    let rows = found.alternatives.iter().map(|other| {
        let phone = other.ward.telephone.as_deref().unwrap_or_default();
        Row {
            href: sight.address(&Scope::Ward(other.ward.region.clone(), other.ward.code.clone())),
            name: other.ward.name.to_string(),
            hospital: whose(sight, other.ward),
            distance: match other.metres {
                Some(0) => w.same_hospital.to_owned(),
                Some(metres) => format::kilometres(language, metres),
                None => w.distance_missing.to_owned(),
            },
            free: format::number(language, other.free.into()),
            tel: dialled(phone),
            phone: phone.to_owned(),
        }
    });
    render(&Nearest {
        w,
        lead: match (found.alternatives.is_empty(), found.same_speciality) {
            (true, _) => w.nearest_none,
            (false, true) => w.nearest_speciality,
            (false, false) => w.nearest_care,
        },
        rows: rows.collect(),
        unplaced: unplaced(sight, &found),
    })
}

/// `Koordinater saknas för Östra sjukhuset, Mölndals sjukhus.`
fn unplaced(sight: &Sight<'_>, found: &nearest::Nearest<'_>) -> String {
    let w = sight.words();
    let named = |name: &&str| if name.is_empty() { w.hospital_unknown.to_owned() } else { (*name).to_owned() };
    let names: Vec<String> = found.unplaced.iter().map(named).collect();
    match names.is_empty() || found.alternatives.is_empty() {
        true => String::new(),
        false => format!("{} {}.", w.nearest_unplaced, names.join(", ")),
    }
}

fn value_class(shown: Shown, freshness: Freshness) -> &'static str {
    match (shown, freshness) {
        (Shown::Number(_), Freshness::Stale) => "value dashed",
        (Shown::Number(_), _) => "value",
        _ => "value word",
    }
}

fn beds(sight: &Sight<'_>, ward: &Ward) -> String {
    let w = sight.words();
    let language = sight.language;
    let occupancy = &ward.occupancy;
    let or_word = |count: Option<u32>| match (ward.capacity, count) {
        (None, None) if !ward.has_beds() => Shown::NotApplicable,
        (_, Some(count)) => Shown::Number(count.into()),
        (Some(_), None) => Shown::Unreadable,
        (None, None) => Shown::Missing,
    };
    let pair = |term, shown: Shown| (term, shown.text(language), shown.class());
    let morning = &ward.morning;
    let phone = match ward.telephone.as_deref() {
        Some(phone) if !dialled(phone).is_empty() => phone.to_owned(),
        _ => w.missing.to_owned(),
    };
    let plain = |term, text: String| (term, text, "text");
    render(&Beds {
        w,
        pairs: vec![
            pair(w.faststallda, or_word(occupancy.faststallda)),
            pair(w.disponibla, or_word(occupancy.disponibla)),
            plain(w.stangda, closed(language, occupancy.stangda, ward.closed_reason())),
            plain(
                w.capacity_since,
                ward.capacity.map_or_else(|| w.missing.to_owned(), |held| format::date_time(held.valid_from)),
            ),
            plain(
                w.at_six,
                format!(
                    "{}/{}, {} {} ({} {})",
                    format::number(language, morning.belagda.into()),
                    Shown::or_missing(morning.disponibla).text(language),
                    w.col_over.to_lowercase(),
                    Shown::or_missing(morning.overbelaggningar_known()).text(language),
                    w.at_six_cutoff,
                    format::date_time(sight.board.morning_at())
                ),
            ),
            plain(w.care_type, w.care(ward.care_type).to_owned()),
            plain(
                w.specialty,
                hyphen::soft(ward.mvo.as_deref().map_or(w.missing, |code| sight.guide.speciality(language, code)))
                    .into_owned(),
            ),
            plain(w.col_phone, phone),
            plain(w.planned, w.planned_missing.to_owned()),
        ],
    })
}

fn sources(sight: &Sight<'_>, ward: &Ward) -> String {
    let w = sight.words();
    render(&Sources {
        w,
        source: ward.source_system.as_deref().unwrap_or(w.missing).to_owned(),
        heard: age(sight, ward.heard, Some(&feed(&ward.region, ward.source_system.as_deref())), Some(ward.freshness)),
        changed: age(sight, ward.changed, None, None),
        fresh_word: match ward.freshness {
            Freshness::Fresh => w.fresh,
            Freshness::Ageing => w.ageing,
            Freshness::Stale => w.stale,
            Freshness::Lost => w.lost,
        },
    })
}

fn charts(sight: &Sight<'_>, detail: &Detail) -> String {
    let w = sight.words();
    let draw = |history: &History, span: &str| {
        let values = history.belagda.iter().map(|(_, value)| *value);
        let finding = finding(sight.language, span, values);
        let labels = Labels { finding: &finding, table: "siffror", values: w.patients_line, capacity: w.capacity_line };
        (chart::steps(&history.belagda, &history.disponibla, history.from, detail.now, &labels), finding)
    };
    let (day, finding_day) = draw(&detail.day, w.last_24h);
    let (week, finding_week) = draw(&detail.week, w.last_7d);
    let at = |steps: &[Step], hour: Timestamp| {
        let index = steps.partition_point(|(at, _)| *at <= hour);
        index.checked_sub(1).and_then(|index| steps[index].1)
    };
    let last = detail.now.0.div_euclid(HOUR);
    let rows = (0..25)
        .map(|back| Timestamp((last - back) * HOUR))
        .filter(|hour| *hour >= detail.week.from)
        .map(|hour| {
            let text = |steps: &[Step]| Shown::or_missing(at(steps, hour)).text(sight.language);
            (format::date_time(hour), text(&detail.week.belagda), text(&detail.week.disponibla))
        })
        .collect();
    render(&Charts { w, day, week, finding_day, finding_week, rows })
}

fn log(sight: &Sight<'_>, detail: &Detail) -> String {
    let w = sight.words();
    let number = |line: &LogLine, value: Option<i64>| match line.kind {
        LogKind::Found => Shown::NotApplicable,
        _ => Shown::or_missing(value),
    };
    let number = |line: &LogLine, value| number(line, value).text(sight.language);
    let lines = detail
        .log
        .iter()
        .take(LOG_SHOWN)
        .map(|line| Line {
            received: format::date_time(line.received),
            valid: format::date_time(line.valid),
            what: what(sight.language, line),
            before: number(line, line.before),
            after: number(line, line.after),
        })
        .collect();
    render(&Log { w, lines })
}

/// The kind of line, and of a finding how often and what it means.
fn what(language: Language, line: &LogLine) -> String {
    let word = kind_word(language, line.kind);
    let Some(rule) = line.rule else { return word.to_owned() };
    let entry = rule.entry();
    let count = format::number(language, line.findings.unwrap_or(1).into());
    format!("{word} ({count}): {}", language.say(entry.meaning.sv, entry.meaning.en))
}

fn kind_word(language: Language, kind: LogKind) -> &'static str {
    let w = language.words();
    match kind {
        LogKind::Declared => w.log_capacity,
        LogKind::Cancelled => w.log_cancel,
        LogKind::Replaced => w.log_replace,
        LogKind::Late => w.log_late,
        LogKind::Found => w.log_found,
    }
}
