//! The wall: one screen, read from four metres, nothing to touch.

use askama::Template;
use board::age::Freshness;
use board::format;
use board::status::{FREE_FROM, Kind, Status};
use board::ward::element_id;
use board::{Scope, Sums};

use super::cell::shape;
use super::{Sight, render};
use crate::node::Node;
use crate::page::table::lediga;
use crate::page::tiles;
use topics::Region;

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

/// Sums on top, then a card per ward, or per region for the country.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let wards = sight.wards();
    let sums = Sums::over(wards.iter().copied());
    let totals = tiles::tiles(sight, &wards, &sums)
        .into_iter()
        .map(|tile| (tile.label, tile.value, if tile.unit.is_empty() { tile.side } else { tile.unit }))
        .collect();
    let mut cards = Vec::new();
    if *sight.scope == Scope::Country && !sight.query.filters() {
        for region in Region::all() {
            let inside: Vec<_> = wards.iter().copied().filter(|ward| &*ward.region == region.code()).collect();
            let sums = Sums::over(inside.iter().copied());
            let total = &sums.total;
            // A region's card is judged as a ward's would be, by its free beds; its sums decide, not its worst ward.
            let kind = match total.lediga {
                _ if total.units_counted == 0 => Kind::Okant,
                0 if total.belagda > total.disponibla => Kind::Overbelagd,
                0 => Kind::Full,
                free if free < FREE_FROM => Kind::FaLediga,
                _ => Kind::Lediga,
            };
            cards.push(Card {
                id: element_id("r", &[region.code()]),
                kind: kind.code(),
                fresh: sums.freshness.map_or("lost", Freshness::class),
                shape: shape(kind),
                name: region.short_name().to_owned(),
                figure: if total.units_counted == 0 {
                    sight.absent(Some(region.code())).text(sight.language)
                } else {
                    format::number(sight.language, total.lediga.into())
                },
                numeric: total.units_counted > 0,
                word: kind.word(w).to_owned(),
            });
        }
    } else {
        for ward in &wards {
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
            cards.push(Card {
                id: ward.element_id(),
                kind: ward.status.kind().code(),
                fresh: ward.freshness.class(),
                shape: shape(ward.status.kind()),
                name: ward.name.to_string(),
                numeric: figure.chars().all(|letter| !letter.is_alphabetic()),
                figure,
                word: ward.status.kind().word(w).to_owned(),
            });
        }
    }
    let size = match cards.len() {
        0..=24 => "few",
        25..=60 => "some",
        _ => "many",
    };
    let cards = cards.into_iter().map(|card| Node::leaf(card.id.clone(), render(&card))).collect();
    Node::around(
        "levande",
        "<div id=\"levande\" class=\"wall-board\">".into(),
        vec![
            Node::leaf("summor", render(&Totals { totals })),
            tiles::nodes(sight, &wards, &sums).pop().unwrap_or_default(),
            Node::around("kort", format!("<ul id=\"kort\" class=\"wall-cards {size}\" data-rows>"), cards, "</ul>"),
        ],
        "</div>",
    )
}
