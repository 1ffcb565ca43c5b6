//! The wall: one screen, read from four metres, nothing to touch.
//!
//! Wards stand under their hospitals in columns that fill the screen, each in the same place until a ward comes or goes. A wall
//! of more wards than the screen holds at a readable size shows hospitals in their stead, as the country's shows regions.

use askama::Template;
use board::age::Freshness;
use board::format;
use board::hyphen;
use board::status::Status;
use board::ward::{Ward, element_id};
use board::{Scope, Sums};
use topics::Region;

use super::cell::{shape, statuses};
use super::table::in_order;
use super::{Sight, render};
use crate::address::Order;
use crate::node::Node;
use crate::page::table::lediga;
use crate::page::tiles;

/// Lines that a wall of so many columns holds at a size that is read from four metres; the style sheet knows as many rows.
const SHAPES: [(usize, usize); 4] = [(2, 8), (3, 11), (4, 14), (5, 15)];

#[derive(Template)]
#[template(path = "wall_totals.html")]
struct Totals {
    totals: Vec<(&'static str, String, String)>,
}

#[derive(Template)]
#[template(path = "wall_card.html")]
struct Card {
    id: String,
    kind: &'static str,
    fresh: &'static str,
    shape: String,
    name: String,
    figure: String,
    numeric: bool,
    word: String,
}

/// A region or a hospital: its free beds, and how many wards have which status.
#[derive(Template)]
#[template(path = "wall_sum.html")]
struct SumCard {
    id: String,
    name: String,
    figure: String,
    numeric: bool,
    unit: &'static str,
    statuses: String,
}

/// What a column holds in a line.
enum Line {
    /// A hospital's name, and whether it goes on from the column before.
    Hospital(String, String, bool),
    Card(Node),
    /// A name at the foot of a column would stand without its wards.
    Gap,
}

/// Sums on top, then the wards of a region or a hospital, or a card per region for the country.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let wards = sight.wards();
    let sums = Sums::over(wards.iter().copied());
    let totals = tiles::tiles(sight, &wards, &sums)
        .into_iter()
        .map(|tile| (tile.label, tile.value, if tile.unit.is_empty() { tile.side } else { tile.unit }))
        .collect();
    let with_beds: Vec<&Ward> = wards.iter().copied().filter(|ward| ward.has_beds()).collect();
    let (class, cards) = if *sight.scope == Scope::Country && !sight.query.filters() {
        ("wall-sums regions".to_owned(), regions(sight, &with_beds))
    } else {
        columns(sight, &with_beds).unwrap_or_else(|| ("wall-sums".to_owned(), hospitals(sight, &with_beds)))
    };
    let mut children = vec![
        Node::leaf("summor", render(&Totals { totals })),
        tiles::nodes(sight, &wards, &sums).pop().unwrap_or_default(),
    ];
    if sight.matches_nothing(&wards) {
        children = vec![Node::leaf("inget", format!("<p id=\"inget\" class=\"wall-none\">{}</p>", w.none_match))];
    }
    children.push(Node::around("kort", format!("<ul id=\"kort\" class=\"wall-cards {class}\">"), cards, "</ul>"));
    Node::around("levande", "<div id=\"levande\" class=\"wall-board\">".into(), children, "</div>")
}

fn regions(sight: &Sight<'_>, wards: &[&Ward]) -> Vec<Node> {
    let cards = Region::all().map(|region| {
        let inside = wards.iter().copied().filter(|ward| &*ward.region == region.code());
        sum_card(
            sight,
            element_id("r", &[region.code()]),
            region.short_name(),
            Some(region.code()),
            &Sums::over(inside),
        )
    });
    cards.collect()
}

fn hospitals(sight: &Sight<'_>, wards: &[&Ward]) -> Vec<Node> {
    let hospitals = in_order(order(sight), wards).into_iter().map(|(hospital, sums)| {
        let id = element_id("h", &[hospital.region, hospital.code]);
        sum_card(sight, id, name_of(sight, hospital.name), Some(hospital.region), &sums)
    });
    hospitals.collect()
}

fn sum_card(sight: &Sight<'_>, id: String, name: &str, region: Option<&str>, sums: &Sums) -> Node {
    let absent = sight.absent_of(region, sums);
    let numeric = sums.total.units_counted > 0;
    let figure = match numeric {
        true => format::number(sight.language, sums.total.lediga.into()),
        false => absent.text(sight.language),
    };
    let card = SumCard {
        id: id.clone(),
        name: hyphen::soft(name).into_owned(),
        figure,
        numeric,
        unit: if numeric { sight.words().free_short } else { "" },
        // Where there is no ward, the figure's word says why.
        statuses: match sums.statuses.iter().sum() {
            0_u32 => String::new(),
            _ => statuses(sight.language, &sums.statuses, absent),
        },
    };
    Node::leaf(id, render(&card))
}

/// The order of a wall's hospitals and wards: nobody presses a button there, so unless the address asks for another they
/// keep their places by name.
fn order(sight: &Sight<'_>) -> Order {
    if sight.query.order == Order::Free { Order::Free } else { Order::Name }
}

fn name_of<'a>(sight: &Sight<'_>, name: &'a str) -> &'a str {
    if name.is_empty() { sight.words().hospital_unknown } else { name }
}

/// The wards under their hospitals, and the class of their columns; `None` when they are too many for a screen.
fn columns(sight: &Sight<'_>, wards: &[&Ward]) -> Option<(String, Vec<Node>)> {
    let order = order(sight);
    let mut hospitals = in_order(order, wards);
    for (hospital, _) in &mut hospitals {
        if order == Order::Name {
            super::by_name(&mut hospital.wards);
        }
    }
    let named = !matches!(sight.scope, Scope::Hospital(..));
    let sizes: Vec<usize> = hospitals.iter().map(|(hospital, _)| hospital.wards.len()).collect();
    let (columns, rows) = SHAPES.into_iter().find_map(|(columns, rows_max)| {
        let rows = (4..=rows_max).find(|rows| place(&sizes, *rows, named).len() <= columns * rows)?;
        Some((columns, rows))
    })?;
    let mut lines = Vec::new();
    for step in place(&sizes, rows, named) {
        lines.push(match step {
            Step::Name(at, again) => {
                let hospital = &hospitals[at].0;
                let id = element_id("h", &[hospital.region, hospital.code]);
                let id = if again { format!("{id}-{}", lines.len() / rows) } else { id };
                let name = hyphen::soft(name_of(sight, hospital.name)).into_owned();
                Line::Hospital(id, name, again)
            }
            Step::Ward(at, ward) => Line::Card(card(sight, hospitals[at].0.wards[ward])),
            Step::Gap => Line::Gap,
        });
    }
    let cards = lines.into_iter().enumerate().map(|(at, line)| match line {
        Line::Card(node) => node,
        Line::Gap => {
            let id = format!("lucka-{at}");
            Node::leaf(id.clone(), format!("<li id=\"{id}\" class=\"wall-gap\" aria-hidden=\"true\"></li>"))
        }
        Line::Hospital(id, name, again) => {
            let more = if again { format!(" <small>{}</small>", sight.words().wall_continued) } else { String::new() };
            let name = figures::escape::escape(&name);
            Node::leaf(id.clone(), format!("<li id=\"{id}\" class=\"wall-hospital\"><span>{name}{more}</span></li>"))
        }
    });
    Some((format!("columns-{columns} rows-{rows}"), cards.collect()))
}

enum Step {
    /// The name of a hospital, and whether it stands at the head of a further column.
    Name(usize, bool),
    Ward(usize, usize),
    Gap,
}

/// What stands in each line, column after column, of hospitals with so many wards.
fn place(sizes: &[usize], rows: usize, named: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for (hospital, size) in sizes.iter().enumerate() {
        if named {
            if steps.len() % rows == rows - 1 {
                steps.push(Step::Gap);
            }
            steps.push(Step::Name(hospital, false));
        }
        for ward in 0..*size {
            if named && ward > 0 && steps.len() % rows == 0 {
                steps.push(Step::Name(hospital, true));
            }
            steps.push(Step::Ward(hospital, ward));
        }
    }
    steps
}

fn card(sight: &Sight<'_>, ward: &Ward) -> Node {
    let w = sight.words();
    let figure = match (ward.freshness, ward.status) {
        (Freshness::Lost, _) => w.missing.to_owned(),
        (_, Status::Overbelagd { by }) => format::signed(sight.language, by.into()),
        (_, Status::TarInteEmot { until: None, .. }) => w.until_unknown.to_owned(),
        (_, Status::TarInteEmot { until: Some(until), .. }) => {
            format!("{} {}", w.until, format::time_in_text(sight.language, until))
        }
        (Freshness::Stale, _) => format!("{} {}", w.last_known, lediga(ward).text(sight.language)),
        _ => lediga(ward).text(sight.language),
    };
    let id = ward.element_id();
    let card = Card {
        id: id.clone(),
        kind: ward.status.kind().code(),
        fresh: ward.freshness.class(),
        shape: shape(ward.status.kind()),
        name: hyphen::soft(&ward.name).into_owned(),
        numeric: figure.chars().all(|letter| !letter.is_alphabetic()),
        figure,
        word: ward.status.kind().word(w).to_owned(),
    };
    Node::leaf(id, render(&card))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each column's lines: a name, a name again, wards, gaps.
    fn check(sizes: &[usize], rows: usize, expected: &[&str]) {
        let letter = |step: &Step| match step {
            Step::Name(_, false) => 'N',
            Step::Name(_, true) => 'n',
            Step::Ward(..) => 'w',
            Step::Gap => '-',
        };
        let steps: Vec<char> = place(sizes, rows, true).iter().map(letter).collect();
        let columns: Vec<String> = steps.chunks(rows).map(|column| column.iter().collect()).collect();
        assert_eq!(columns, expected);
    }

    #[test]
    fn a_column_begins_with_the_name_of_its_hospital_and_never_ends_with_one() {
        check(&[5, 1], 4, &["Nwww", "nww-", "Nw"]);
        check(&[3, 3], 4, &["Nwww", "Nwww"]);
        check(&[2, 6], 5, &["NwwNw", "nwwww", "nw"]);
    }
}
