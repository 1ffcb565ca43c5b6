//! The view of the last hour: what changed on each ward, counts of persons by the region's own rules of hiding.

use askama::Template;
use board::hyphen;
use board::lately::Moves;
use board::shown::Shown;
use board::ward::{Ward, element_id};
use board::words::Words;
use board::{Scope, region_name};
use figures::escape::escape;
use topics::Region;

use super::cell::figure;
use super::table::{find, whose};
use super::{Sight, render};
use crate::node::Node;

/// Counts of persons in a row.
const COUNTS: usize = 5;

#[derive(Template)]
#[template(path = "lately_row.html")]
struct Row {
    id: String,
    class: &'static str,
    href: String,
    name: String,
    hospital: String,
    counts: Vec<String>,
    beds: String,
}

/// Sums of rows that may hold hidden counts.
#[derive(Default)]
struct Together {
    counts: [u32; COUNTS],
    hidden: [bool; COUNTS],
}

impl Together {
    fn add(&mut self, counts: [u32; COUNTS], shown: &[Shown; COUNTS]) {
        for at in 0..COUNTS {
            self.counts[at] = self.counts[at].saturating_add(counts[at]);
            self.hidden[at] |= shown[at].number().is_none();
        }
    }

    fn shown(&self) -> [Shown; COUNTS] {
        std::array::from_fn(|at| match self.hidden[at] {
            true => Shown::Withheld,
            false => Shown::Number(self.counts[at].into()),
        })
    }
}

/// The page of the last hour: regions with their sums for the country, else wards, with all of them together on top.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let wards = sight.wards();
    let changed: Vec<(&Ward, Moves)> = wards.iter().filter_map(|ward| Some((*ward, moves(sight, ward)?))).collect();
    let mut all = Together::default();
    let mut rows = Vec::new();
    if *sight.scope == Scope::Country && !sight.query.filters() {
        for region in Region::all() {
            let mut together = Together::default();
            for (ward, moves) in changed.iter().filter(|(ward, _)| &*ward.region == region.code()) {
                together.add(moves.counts(), &sight.hidden.row(&ward.region, moves.counts()));
            }
            all.add(together.counts, &together.shown());
            if together.counts != [0; COUNTS] {
                let scope = Scope::Region(region.code().into());
                let href = format!("{}{}", sight.address(&scope), sight.query.text());
                rows.push(row(
                    sight,
                    "ward",
                    &element_id("r", &[region.code()]),
                    region_name(region.code()),
                    &together.shown(),
                    (href, String::new(), w.not_applicable.to_owned()),
                ));
            }
        }
    } else {
        for (ward, moves) in &changed {
            let shown = sight.hidden.row(&ward.region, moves.counts());
            all.add(moves.counts(), &shown);
            let href = sight.address(&Scope::Ward(ward.region.clone(), ward.code.clone()));
            let named = !matches!(sight.scope, Scope::Hospital(..));
            let hospital = if named { whose(sight, ward) } else { String::new() };
            rows.push(row(sight, "ward", &ward.element_id(), &ward.name, &shown, (href, hospital, beds(sight, moves))));
        }
    }
    if rows.is_empty() {
        let none = if sight.board.is_loading(sight.scope) { w.loading_more } else { w.lately_none };
        let none = if sight.matches_nothing(&wards) { w.none_match } else { none };
        rows.push(Node::leaf(
            "inget",
            format!("<tr id=\"inget\"><td class=\"empty\" colspan=\"7\">{}</td></tr>", escape(none)),
        ));
    } else {
        rows.insert(
            0,
            row(
                sight,
                "group",
                "alla",
                w.all_together,
                &all.shown(),
                (String::new(), String::new(), w.not_applicable.to_owned()),
            ),
        );
    }
    let body = Node::around("rader", "<tbody id=\"rader\">".into(), rows, "</tbody>");
    let table = Node::around("tavla", shell(w), vec![body], "</table></div></div>");
    let lead = format!("<p id=\"ingress\" class=\"lead\">{}</p>", escape(w.lately_lead));
    let children = vec![Node::leaf("ingress", lead), find(sight), table];
    Node::around("levande", "<div id=\"levande\">".into(), children, "</div>")
}

/// What changed on a ward, if anything did.
pub(crate) fn moves(sight: &Sight<'_>, ward: &Ward) -> Option<Moves> {
    sight.lately?.wards.get(&(ward.region.clone(), ward.code.clone())).copied()
}

/// `24 → 22`, or that it did not change.
fn beds(sight: &Sight<'_>, moves: &Moves) -> String {
    let Some((before, after)) = moves.beds else { return sight.words().unchanged.to_owned() };
    let text = |beds| Shown::or_missing(beds).text(sight.language);
    format!("{} → {}", text(before), text(after))
}

fn shell(w: &Words) -> String {
    let head = |word: &str, unit: &str| {
        let unit = if unit.is_empty() { String::new() } else { format!("<small>{}</small>", escape(unit)) };
        format!("<th scope=\"col\" class=\"n\">{}{unit}</th>", escape(word))
    };
    let heads = [
        head(w.col_admitted, w.patients_unit),
        head(w.col_discharged, w.patients_unit),
        head(w.col_came, w.col_came_from),
        head(w.col_went, w.col_went_to),
        head(w.col_corrected, ""),
        head(w.col_beds_changed, w.beds_unit),
    ];
    format!(
        "<div id=\"tavla\" class=\"table-card\"><div class=\"table-wrap\" role=\"region\" tabindex=\"0\" aria-labelledby=\"tabell-rubrik\">\
         <table id=\"tabell\" class=\"board\"><caption id=\"tabell-rubrik\" class=\"vh\">{}</caption><thead><tr><th scope=\"col\">{}</th>{}</tr></thead>",
        escape(w.lately_caption),
        escape(w.ward),
        heads.concat()
    )
}

fn row(
    sight: &Sight<'_>,
    class: &'static str,
    id: &str,
    name: &str,
    counts: &[Shown; COUNTS],
    (href, hospital, beds): (String, String, String),
) -> Node {
    let counts = counts.iter().map(|count| figure(sight.language, *count)).collect();
    let name = hyphen::soft(name).into_owned();
    let row = Row { id: id.to_owned(), class, href, name, hospital, counts, beds };
    Node::leaf(id, render(&row))
}
