//! What needs attention, as a short list beside a board and as a page of its own.

use askama::Template;
use board::age::Freshness;
use board::attention::{Cause, Rule, SHOWN_MAX, causes};
use board::format;
use board::language::Language;
use board::words::Words;
use board::{Board, Scope, Sums, region_name};

use super::cell::{age, feed};
use super::{Sight, render};
use crate::address;
use crate::node::Node;

struct Line {
    href: String,
    title: &'static str,
    place: String,
    count: String,
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

/// The most urgent causes of a scope.
pub(super) fn short(sight: &Sight<'_>) -> Node {
    let all = causes(sight.board, sight.scope);
    let lines: Vec<Line> = all.iter().take(SHOWN_MAX).map(|cause| line(sight.board, sight.language, cause)).collect();
    let short = Short {
        w: sight.words(),
        none: nothing(sight.board, sight.scope, sight.words(), sight.words().attention_none),
        causes: &lines,
        more: all.len().saturating_sub(SHOWN_MAX),
        total: all.len(),
        all: format!("/{}/uppmarksamma", sight.language.code()),
    };
    Node::leaf("uppmarksamma", render(&short))
}

/// What an empty list says: that there is nothing, unless that is not known yet.
fn nothing(board: &Board, scope: &Scope, w: &'static Words, nothing: &'static str) -> &'static str {
    if board.is_loading(scope) { w.loading } else { nothing }
}

/// Every cause in the country.
pub(super) fn page(board: &Board, language: Language) -> Node {
    let lines: Vec<Line> = causes(board, &Scope::Country).iter().map(|cause| line(board, language, cause)).collect();
    let w = language.words();
    let none = nothing(board, &Scope::Country, w, w.attention_none);
    let page = render(&Page { w, none, causes: &lines });
    let stopped = super::stopped(board, &Scope::Country, language);
    let loading = super::loading(board, &Scope::Country, language);
    Node::leaf("levande", format!("<div id=\"levande\">{stopped}{loading}{page}</div>"))
}

/// What is missing, and both clocks.
pub(super) fn missing(sight: &Sight<'_>, sums: &Sums) -> Node {
    let w = sight.words();
    let mut lines = Vec::new();
    if sums.stale > 0 {
        let silent: std::collections::BTreeSet<_> = sight
            .board
            .wards(sight.scope)
            .filter(|ward| !ward.freshness.counts())
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
    let oldest = sight.board.wards(sight.scope).filter(|ward| ward.heard.is_some()).min_by_key(|ward| ward.heard);
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
            None => sight.absent(sight.scope.region()).text(sight.language),
        },
        changed: match sums.changed {
            Some(_) => age(sight, sums.changed, None, None),
            None => sight.absent(sight.scope.region()).text(sight.language),
        },
    };
    Node::leaf("saknas", render(&missing))
}

fn line(board: &Board, language: Language, cause: &Cause) -> Line {
    let w = language.words();
    let hospital = |region: &str, code: &str| {
        let scope = Scope::Hospital(region.into(), code.into());
        let name = board
            .wards(&scope)
            .map(|ward| ward.hospital_name.to_string())
            .find(|name| !name.is_empty())
            .unwrap_or_else(|| w.hospital_unknown.to_owned());
        format!("{name}, {}", region_name(region))
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
        place,
        count: match cause.rule {
            Rule::Overbelagd => format!("{wards}, {}", format::signed(language, cause.patients.into())),
            Rule::NotReceiving => String::new(),
            Rule::TimelineAlarm | Rule::TimelineWarning => doubtful(language, cause),
            Rule::WardCodeShared => format!("{}: {}", w.facilities, cause.facilities.join(", ")),
            Rule::DataStopped | Rule::SourceSilent | Rule::NoBeds | Rule::NoCapacity => wards,
        },
        since: cause.since.map_or_else(|| w.missing.to_owned(), |since| format::since(language, board.now, since)),
        who: cause.rule.who(w),
        ends: cause.rule.ends(w),
    }
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
