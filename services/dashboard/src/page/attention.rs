//! What needs attention, as a short list beside a board and as a page of its own.

use askama::Template;
use board::age::Freshness;
use board::attention::{Cause, Rule, SHOWN_MAX, causes, causes_among};
use board::format;
use board::language::Language;
use board::ward::Ward;
use board::words::Words;
use board::{Board, Scope, Sums, region_name};
use figures::escape::escape;

use super::cell::{age, feed};
use super::table::dialled;
use super::{Lang, Sight, render, swedish};
use crate::address::{self, Query};
use crate::node::Node;

/// Wards of a cause that are named with their telephones; how many more there are is said.
const CALLS_MAX: usize = 3;

struct Line {
    href: String,
    title: &'static str,
    place: String,
    place_lang: Lang,
    count: String,
    /// Which wards to call, with their telephones.
    calls: String,
    since: String,
    who: &'static str,
    ends: &'static str,
}

#[derive(Template)]
#[template(path = "attention.html")]
struct Short<'a> {
    w: &'static Words,
    none: &'static str,
    causes: &'a [Line],
    filtered: bool,
    more: usize,
    total: usize,
    all: String,
}

#[derive(Template)]
#[template(path = "attention_page.html")]
struct Page<'a> {
    w: &'static Words,
    none: &'static str,
    causes: &'a [Line],
    filtered: bool,
    clear: String,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    w: &'static Words,
    none: &'static str,
    lines: Vec<String>,
    heard: String,
    changed: String,
}

/// The causes of a page: of its scope, or of the wards that its address chooses.
fn chosen(sight: &Sight<'_>, wards: &[&Ward]) -> Vec<Cause> {
    if !sight.query.filters() {
        return causes(sight.board, sight.scope);
    }
    let mut causes = causes_among(sight.board, sight.scope, wards);
    causes.retain(|cause| cause.rule != Rule::NoBeds || !sight.query.names_single_wards());
    causes
}

/// The most urgent causes of a page.
pub(super) fn short(sight: &Sight<'_>, wards: &[&Ward]) -> Node {
    let all = chosen(sight, wards);
    let lines: Vec<Line> = all.iter().take(SHOWN_MAX).map(|cause| line(sight, cause)).collect();
    let short = Short {
        filtered: sight.query.filters(),
        w: sight.words(),
        none: nothing(sight.board, sight.scope, sight.words(), sight.words().attention_none),
        causes: &lines,
        more: all.len().saturating_sub(SHOWN_MAX),
        total: all.len(),
        all: address::attention(sight.language, sight.scope, sight.query),
    };
    Node::leaf("uppmarksamma", render(&short))
}

/// What an empty list says: that there is nothing, unless that is not known yet.
fn nothing(board: &Board, scope: &Scope, w: &'static Words, nothing: &'static str) -> &'static str {
    if board.is_loading(scope) { w.loading } else { nothing }
}

/// Every cause of a page.
pub(super) fn page(sight: &Sight<'_>) -> Node {
    let lines: Vec<Line> = chosen(sight, &sight.wards()).iter().map(|cause| line(sight, cause)).collect();
    let (board, scope, w) = (sight.board, sight.scope, sight.words());
    let page = render(&Page {
        w,
        none: nothing(board, scope, w, w.attention_none),
        causes: &lines,
        filtered: sight.query.filters(),
        clear: address::attention(sight.language, scope, &Query::default()),
    });
    let stopped = super::stopped(board, scope, sight.language);
    let away = super::store_away(board, sight.language);
    let loading = super::loading(board, scope, sight.language);
    Node::leaf("levande", format!("<div id=\"levande\">{stopped}{away}{loading}{page}</div>"))
}

/// What is missing among the wards of a page, and both clocks.
pub(super) fn missing(sight: &Sight<'_>, wards: &[&Ward], sums: &Sums) -> Node {
    let w = sight.words();
    let mut lines = Vec::new();
    if sums.stale > 0 {
        let silent: std::collections::BTreeSet<_> = wards
            .iter()
            .filter(|ward| ward.has_beds() && !ward.freshness.counts())
            .map(|ward| (&ward.region, &ward.source_system))
            .collect();
        lines.push(format!(
            "{} {}, {} {}",
            w.wards_counted(sight.language, sums.stale),
            w.left_out_stale,
            silent.len(),
            if silent.len() == 1 { w.source_short } else { w.sources_short }
        ));
    }
    if sums.no_capacity > 0 {
        lines.push(format!("{} {}", w.wards_counted(sight.language, sums.no_capacity), w.left_out_missing));
    }
    let heard = wards.iter().filter(|ward| ward.has_beds() && ward.heard.is_some());
    let oldest = heard.min_by_key(|ward| ward.heard);
    let missing = Missing {
        w,
        none: nothing(sight.board, sight.scope, w, w.missing_none),
        lines,
        heard: match oldest {
            Some(ward) => age(
                sight,
                ward.heard,
                Some(&feed(&ward.region, ward.source_system.as_deref())),
                sums.freshness.filter(|freshness| *freshness != Freshness::Fresh),
            ),
            None => sight.absent_of(sight.scope.region(), sums).text(sight.language),
        },
        changed: match sums.changed {
            Some(_) => age(sight, sums.changed, None, None),
            None => sight.absent_of(sight.scope.region(), sums).text(sight.language),
        },
    };
    Node::leaf("saknas", render(&missing))
}

fn line(sight: &Sight<'_>, cause: &Cause) -> Line {
    let (board, language, w) = (sight.board, sight.language, sight.words());
    let hospital = |region: &str, code: &str| {
        let scope = Scope::Hospital(region.into(), code.into());
        let name = board
            .wards(&scope)
            .map(|ward| ward.hospital_name.to_string())
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| w.hospital_unknown.to_owned());
        if *sight.scope == Scope::Country { format!("{name}, {}", region_name(region)) } else { name }
    };
    let place = match &cause.scope {
        Scope::Country => w.country.to_owned(),
        Scope::Region(region) => region_name(region).to_owned(),
        Scope::Hospital(region, code) => hospital(region, code),
        Scope::Ward(region, code) => match board.ward(region, code) {
            Some(ward) => format!("{}, {}", ward.name, hospital(region, &ward.hospital_code)),
            None => code.to_string(),
        },
    };
    let wards = format!("{} {}", format::number(language, cause.wards.into()), w.wards_abbreviated(language));
    Line {
        href: address::page(language, &cause.scope),
        title: cause.rule.title(w),
        place_lang: swedish(language, &place),
        place,
        count: match cause.rule {
            Rule::Overbelagd => format!("{wards}, {}", format::signed(language, cause.patients.into())),
            Rule::NotReceiving => String::new(),
            Rule::TimelineAlarm | Rule::TimelineWarning => doubtful(language, cause),
            Rule::WardCodeShared => format!("{}: {}", w.facilities, cause.facilities.join(", ")),
            Rule::DataStopped | Rule::SourceSilent | Rule::NoBeds | Rule::NoCapacity => wards,
        },
        calls: calls(sight, cause),
        since: cause.since.map_or_else(|| w.missing.to_owned(), |since| format::since(language, board.now, since)),
        who: cause.rule.who(w),
        ends: cause.rule.ends(w),
    }
}

/// Links to the wards of a cause and to their telephones.
fn calls(sight: &Sight<'_>, cause: &Cause) -> String {
    let (w, language) = (sight.words(), sight.language);
    let Some(region) = cause.scope.region() else { return String::new() };
    let (codes, named) = match &cause.scope {
        Scope::Ward(_, code) => (std::slice::from_ref(code), false),
        _ => (&*cause.call, true),
    };
    let mut markup = String::new();
    for ward in codes.iter().take(CALLS_MAX).filter_map(|code| sight.board.ward(region, code)) {
        let mut parts = Vec::new();
        if named {
            let href = address::page(language, &Scope::Ward(ward.region.clone(), ward.code.clone()));
            let lang = swedish(language, &ward.name);
            parts.push(format!("<a href=\"{href}\"{lang}>{}</a>", escape(&ward.name)));
        }
        if let (Rule::Overbelagd, Some(by)) = (cause.rule, ward.occupancy.overbelaggningar_known()) {
            parts.push(format::signed(language, by.into()));
        }
        let phone = ward.telephone.as_deref().unwrap_or_default();
        parts.push(match dialled(phone) {
            tel if tel.is_empty() => format!("<span class=\"word\">{} {}</span>", w.col_phone, w.missing),
            tel => format!("<a href=\"tel:{tel}\">{}</a>", escape(phone)),
        });
        markup.push_str(&format!("<p class=\"calls\">{}</p>", parts.join(" · ")));
    }
    if let more @ 1.. = codes.len().saturating_sub(CALLS_MAX) {
        let count = format::number(language, i64::try_from(more).unwrap_or(i64::MAX));
        markup.push_str(&format!("<p class=\"calls\">+ {count} {}</p>", w.attention_more));
    }
    markup
}

/// `3 anmärkningar, 99 räknade flera gånger`.
fn doubtful(language: Language, cause: &Cause) -> String {
    let w = language.words();
    let counted = |count: u32, words: &str| format!("{} {words}", format::number(language, count.into()));
    let findings = counted(cause.findings, if cause.findings == 1 { w.finding_short } else { w.findings_short });
    match (cause.findings, cause.again) {
        (_, 0) => findings,
        (0, again) => counted(again, w.counted_again),
        (_, again) => format!("{findings}, {}", counted(again, w.counted_again)),
    }
}
