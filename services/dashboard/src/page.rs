//! Pages: from a board to markup. Pure functions of board, address and language.
//!
//! A page is a fixed frame (`layout.html`) around a tree of living elements; the stream sends what of the tree
//! changed, made by the same functions as the first page.

mod attention;
mod cell;
mod definitions;
mod detail;
mod frame;
pub(crate) mod lately;
mod table;
mod tiles;
mod wall;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use board::collate;
use board::detail::Detail;
use board::format;
use board::guide::Guide;
use board::hiding::Hidden;
use board::language::Language;
use board::lately::Lately;
use board::shown::Shown;
use board::usual::Usual;
use board::ward::Ward;
use board::words::Words;
use board::{Board, Scope, Sums};
use figures::escape::escape;
use figures::report;
use schemas::Timestamp;

use crate::address::{Order, Query, View};
use crate::node::Node;

pub(crate) use frame::{Frame, Theme, feeds};

/// What a page is made from.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// Every ward at one instant.
    pub board: &'a Board,
    pub hidden: &'a Hidden,
    pub usual: &'a Usual,
    pub guide: &'a Guide,
    pub language: Language,
    /// The part of the country.
    pub scope: &'a Scope,
    pub query: &'a Query,
    /// History of the ward on a ward's page.
    pub detail: Option<&'a Detail>,
    /// The last hour, in the view of it.
    pub lately: Option<&'a Lately>,
}

/// A page that exists once per address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The bed board of a scope.
    Board(Scope),
    /// What needs attention within a scope, and within what the query chooses of it.
    Attention(Scope),
    Definitions,
    /// The description of the API.
    Api,
    Report(report::Address),
}

impl Subject {
    /// The region that a page of the board lies in; `None` for one about the whole country.
    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::Board(scope) | Self::Attention(scope) => scope.region(),
            Self::Definitions | Self::Api | Self::Report(_) => None,
        }
    }
}

impl<'a> Sight<'a> {
    /// The words of the page's language.
    pub fn words(&self) -> &'static Words {
        self.language.words()
    }

    /// The wards of the page, in the order its address chooses.
    pub fn wards(&self) -> Vec<&'a Ward> {
        let text = self.query.text.to_lowercase();
        let parts: Vec<&str> = text.split_whitespace().collect();
        let mut wards: Vec<&Ward> = self
            .board
            .wards(self.scope)
            .filter(|ward| {
                parts.iter().all(|part| self.is_named(ward, part))
                    && self.query.care.is_none_or(|care| ward.care_type == care)
                    && (self.query.mvo.is_empty() || ward.mvo.as_deref() == Some(self.query.mvo.as_str()))
                    && self.query.situation.is_none_or(|situation| situation.holds(ward))
            })
            .collect();
        self.sort(&mut wards);
        wards
    }

    /// Whether a ward, its hospital or its speciality is called so, by a part of the name in small letters.
    fn is_named(&self, ward: &Ward, part: &str) -> bool {
        let names = [&ward.name, &ward.code, &ward.hospital_name];
        names.iter().any(|name| name.to_lowercase().contains(part)) || self.guide.is_called(ward, part)
    }

    /// Whether wards are there and the query leaves all of them out: that is an answer, not something missing.
    pub fn matches_nothing(&self, wards: &[&Ward]) -> bool {
        wards.is_empty() && self.query.filters() && self.board.wards(self.scope).next().is_some()
    }

    fn sort(&self, wards: &mut [&Ward]) {
        wards.sort_by(|one, other| match self.query.order {
            Order::Need => one.status.need().cmp(&other.status.need()).then_with(|| compare_names(one, other)),
            Order::Free => other.can_take().cmp(&one.can_take()).then_with(|| compare_names(one, other)),
            Order::Name => compare_names(one, other),
        });
    }

    /// The living part of a board's page.
    pub fn tree(&self) -> Node {
        let mut tree = match (self.query.view, self.scope) {
            (View::Wall, _) => wall::tree(self),
            (_, Scope::Ward(..)) => detail::tree(self),
            (View::Lately, _) => lately::tree(self),
            (View::Desk, _) => table::tree(self),
        };
        let above = [
            Node::leaf("stannat", stopped(self.board, self.scope, self.language)),
            Node::leaf("lagret-borta", store_away(self.board, self.language)),
            Node::leaf("laser-in", loading(self.board, self.scope, self.language)),
            Node::leaf("lage", format!("<p id=\"lage\" class=\"print-only\">{}</p>", escape(&self.as_of()))),
        ];
        tree.children.splice(0..0, above);
        tree
    }

    /// `Läge` of a page in print: when the newest event on the ward, or in the sums, was received.
    fn as_of(&self) -> String {
        let is_ward = matches!(self.scope, Scope::Ward(..));
        let told = self.wards().into_iter().filter(|ward| is_ward || ward.is_in_sums());
        let newest = told.filter_map(|ward| ward.changed).max();
        let absent = || self.absent(self.scope.region()).text(self.language);
        format!("{} {}", self.words().valid, newest.map_or_else(absent, format::date_time))
    }

    /// What stands where a sum over a region, or over the country, has nothing to count.
    pub fn absent(&self, region: Option<&str>) -> Shown {
        if self.board.standings.is_complete(region) { Shown::Missing } else { Shown::Loading }
    }

    /// The same of a sum over units that may all be without vårdplatser: then there is nothing to miss.
    pub fn absent_of(&self, region: Option<&str>, sums: &Sums) -> Shown {
        match (sums.total.units, sums.without_beds) {
            (0, 1..) => Shown::NotApplicable,
            _ => self.absent(region),
        }
    }

    /// The address of a scope's page in the same language.
    pub fn address(&self, scope: &Scope) -> String {
        crate::address::page(self.language, scope)
    }

    /// The address of a definition.
    pub fn definition(&self, id: &str) -> String {
        format!("/{}/definitioner#{id}", self.language.code())
    }

    /// `41 av 44 avdelningar`.
    pub fn coverage(&self, sums: &Sums) -> String {
        let w = self.words();
        format!(
            "{} {} {} {}",
            format::number(self.language, sums.total.units_counted.into()),
            w.of,
            format::number(self.language, sums.total.units.into()),
            w.wards_short
        )
    }

    /// Whether a scope exists: the country and its regions always do, the rest once it has been heard of.
    pub fn exists(&self) -> bool {
        match self.scope {
            Scope::Country => true,
            Scope::Region(region) => !board::region_name(region).is_empty(),
            Scope::Hospital(..) | Scope::Ward(..) => self.board.wards(self.scope).next().is_some(),
        }
    }

    /// The name of the scope: heading of its page.
    pub fn name(&self) -> String {
        let w = self.words();
        match self.scope {
            Scope::Country => w.country.to_owned(),
            Scope::Region(region) => board::region_name(region).to_owned(),
            Scope::Hospital(..) => self
                .board
                .wards(self.scope)
                .map(|ward| ward.hospital_name.to_string())
                .find(|name| !name.is_empty())
                .unwrap_or_else(|| w.hospital_unknown.to_owned()),
            Scope::Ward(region, code) => {
                self.board.ward(region, code).map_or_else(|| code.to_string(), |ward| ward.name.to_string())
            }
        }
    }
}

/// The attribute that says that a name is Swedish where the page is not. What stands for a name that is missing is in the page's own
/// language.
fn swedish(language: Language, name: &str) -> Lang {
    let w = language.words();
    Lang(language == Language::En && !name.starts_with(w.hospital_unknown) && name != w.country)
}

/// `lang="sv"`, or nothing.
#[derive(Clone, Copy)]
struct Lang(bool);

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { " lang=\"sv\"" } else { "" })
    }
}

/// Puts wards in alphabetical order.
fn by_name(wards: &mut [&Ward]) {
    wards.sort_by(|one, other| compare_names(one, other));
}

fn compare_names(one: &Ward, other: &Ward) -> Ordering {
    collate::compare(&one.name, &other.name).then_with(|| one.code.cmp(&other.code))
}

/// Says that data of a scope have stopped, since when, and what is not known; an element without content otherwise.
fn stopped(board: &Board, scope: &Scope, language: Language) -> String {
    let w = language.words();
    let Some(since) = board.stopped.since(scope.region()) else { return silent(board, scope, language) };
    let mut what = w.stopped.to_owned();
    if *scope == Scope::Country && !board.stopped.is_all() {
        let regions: Vec<&str> = board.stopped.regions().map(board::region_name).collect();
        what = format!("{what} {} {}", w.stopped_for, regions.join(", "));
    }
    let newest = board.newest(scope);
    let newest = newest.map_or_else(|| w.missing.to_owned(), |at| format::moment(language, board.now, at));
    let since = format::since(language, board.now, since);
    format!(
        "<p id=\"stannat\" class=\"banner\" role=\"alert\">{}: {} {since}. {} {newest}. {}</p>",
        escape(&what),
        w.stopped_nothing,
        w.stopped_last,
        w.stopped_then
    )
}

/// The same of feeds alone.
fn silent(board: &Board, scope: &Scope, language: Language) -> String {
    let w = language.words();
    let feeds = board.silent_in(scope).map(|(region, source, since)| {
        let of_region = Scope::Region(region.into());
        let wards = board.wards(&of_region).filter(|ward| ward.source_system.as_deref() == Some(source)).count();
        let wards = w.wards_counted(language, u32::try_from(wards).unwrap_or(u32::MAX));
        let since = format::since(language, board.now, since);
        format!("{source}, {}, {since} ({wards})", board::region_name(region))
    });
    let feeds: Vec<String> = feeds.collect();
    if feeds.is_empty() {
        return "<p id=\"stannat\" hidden></p>".to_owned();
    }
    format!(
        "<p id=\"stannat\" class=\"banner\" role=\"alert\">{}: {}. {}</p>",
        w.rule_source_silent,
        escape(&feeds.join("; ")),
        w.stopped_then
    )
}

/// Says that the store does not answer, since when, and what a page of the board has not for that; an element without content
/// otherwise.
fn store_away(board: &Board, language: Language) -> String {
    let away = store_away_then(board, language, language.words().store_away_board);
    away.unwrap_or_else(|| "<p id=\"lagret-borta\" hidden></p>".to_owned())
}

/// The same over published figures; nothing while it answers.
pub(crate) fn store_away_report(board: &Board, language: Language) -> String {
    store_away_then(board, language, language.words().store_away_report).unwrap_or_default()
}

fn store_away_then(board: &Board, language: Language, then: &str) -> Option<String> {
    let since = format::since(language, board.now, board.store_away?);
    let what = language.words().store_away;
    Some(format!("<p id=\"lagret-borta\" class=\"banner calm\">{what} {since}. {then}</p>"))
}

/// Says that figures of a scope are not complete, and which regions are read while others are complete; an element without
/// content otherwise.
fn loading(board: &Board, scope: &Scope, language: Language) -> String {
    let regions: Vec<&str> = board.loading(scope).map(board::region_name).collect();
    let w = language.words();
    match (regions.is_empty(), *scope == Scope::Country && board.standings.any_complete()) {
        (true, _) => "<p id=\"laser-in\" hidden></p>".to_owned(),
        (false, false) => format!("<p id=\"laser-in\" class=\"banner calm\">{}</p>", w.not_ready),
        (false, true) => format!(
            "<p id=\"laser-in\" class=\"banner calm\">{} {}: {}.</p>",
            w.not_ready,
            w.loading_regions,
            escape(&regions.join(", "))
        ),
    }
}

/// Renders a template; ours only fail when a `Display` fails, and none of those in them can.
pub(crate) fn render(template: &impl askama::Template) -> String {
    template.render().expect("our templates hold only text")
}

/// The living page of attention lines.
pub(crate) fn attention_tree(sight: &Sight<'_>) -> Node {
    attention::page(sight)
}

/// The definitions page's content; it does not live.
pub(crate) fn definitions(language: Language, board: &Board) -> String {
    definitions::page(language, board)
}

/// Whole seconds, as the page's script reads them.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

/// A shared board with what belongs to it, replaced as one.
#[derive(Clone)]
pub struct Picture {
    pub board: Arc<Board>,
    /// Which of its figures are hidden.
    pub hidden: Arc<Hidden>,
    /// What is usual at its hour.
    pub usual: Arc<Usual>,
    /// Names of specialities and places of hospitals.
    pub guide: Arc<Guide>,
}
