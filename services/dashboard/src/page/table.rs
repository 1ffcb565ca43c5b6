//! The board's table at every level: regions, or wards under their hospitals, with what needs attention beside it.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use askama::Template;
use board::age::Freshness;
use board::collate;
use board::format;
use board::hyphen;
use board::shown::Shown;
use board::ward::{Ward, element_id};
use board::words::Words;
use board::{Hospital, Scope, Sums};
use figures::chart;
use figures::escape::escape;
use topics::Region;

use super::cell::{
    age, aged, closed, feed, figure, finding, further, occupied, shape, status_detail, statuses, technical, text,
};
use super::{Lang, Sight, attention, render, swedish, tiles};
use crate::address::{self, Order, Situation, View};
use crate::node::Node;

/// Ends the id of a hospital's row of sums.
const SUM: &str = "-sum";
const BODY: &str = "<tbody id=\"rader\" data-rows>";

#[derive(Template)]
#[template(path = "ward_row.html")]
struct WardRow<'a> {
    w: &'static Words,
    id: String,
    fresh: &'static str,
    href: String,
    name: &'a str,
    name_lang: Lang,
    corrected: bool,
    /// Where the ward is, on a row that stands under no hospital.
    hospital: String,
    hospital_lang: Lang,
    technical: String,
    kind: &'static str,
    shape: String,
    word: &'static str,
    detail: String,
    free: String,
    occupied: String,
    over: String,
    out: String,
    closed: String,
    spark: String,
    heard: String,
    tel: String,
    phone: &'a str,
}

#[derive(Template)]
#[template(path = "group_row.html")]
struct GroupRow {
    id: String,
    href: String,
    name: String,
    lang: Lang,
    cover: String,
    statuses: String,
    free: String,
    occupied: String,
    over: String,
    out: String,
    closed: String,
    spark: String,
    heard: String,
    last: &'static str,
    share: String,
}

#[derive(Template)]
#[template(path = "find.html")]
struct Find<'a> {
    w: &'static Words,
    action: String,
    query: &'a crate::address::Query,
    care: &'static str,
    specialities: Vec<(&'a str, &'a str)>,
    situations: Vec<(&'static str, &'static str, bool)>,
    order: &'static str,
    /// Whether something that is folded away on a phone is chosen.
    more: bool,
    filtered: bool,
    /// The view of the last hour, or back from it.
    lately: String,
    is_lately: bool,
}

/// The page of the country, a region or a hospital.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let wards = sight.wards();
    let sums = Sums::over(wards.iter().copied());
    let nothing = sight.matches_nothing(&wards);
    // Sums over nothing say nothing.
    let mut children = if nothing { Vec::new() } else { tiles::nodes(sight, &wards, &sums) };
    children.push(find(sight));
    let table = match sight.scope {
        Scope::Country if !sight.query.filters() => regions(sight, &wards),
        _ if sight.query.filters() => hits(sight, &wards),
        _ => hospitals(sight, &wards),
    };
    let aside = Node::around(
        "sidospalt",
        "<div id=\"sidospalt\" class=\"aside\">".into(),
        vec![attention::short(sight, &wards), attention::missing(sight, &wards, &sums)],
        "</div>",
    );
    let order = order(&table);
    children.push(Node::around("yta", "<div id=\"yta\" class=\"columns\">".into(), vec![table, aside], "</div>"));
    children.push(order);
    children.push(Node::leaf("omsortering", format!(
        "<p id=\"omsortering\"><button id=\"sortera-om\" type=\"button\" class=\"primary reorder\" data-do=\"sort\" data-word=\"{}\" hidden></button></p>",
        sight.words().reorder
    )));
    Node::around("levande", "<div id=\"levande\">".into(), children, "</div>")
}

/// The order of hospitals and rows that the address asks for, which the page offers and never forces.
fn order(table: &Node) -> Node {
    let bodies = table.children.iter().flat_map(|body| [body].into_iter().chain(&body.children));
    let rows: Vec<&str> = bodies.map(|row| row.id.as_str()).filter(|id| !id.ends_with(SUM)).collect();
    Node::leaf("ordning", format!("<span id=\"ordning\" data-order=\"{}\" hidden></span>", rows.join(" ")))
}

/// The form that chooses wards.
pub(super) fn find(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let codes: BTreeSet<&str> = sight.board.wards(sight.scope).filter_map(|ward| ward.mvo.as_deref()).collect();
    let mut specialities: Vec<(&str, &str)> =
        codes.into_iter().map(|code| (code, sight.guide.speciality(sight.language, code))).collect();
    specialities.sort_by(|(_, one), (_, other)| collate::compare(one, other));
    let word = |situation| match situation {
        Situation::AtLeastOne => w.at_least_one,
        Situation::Is(kind) => kind.word(w),
    };
    let situations = Situation::all()
        .map(|situation| (situation.code(), word(situation), sight.query.situation == Some(situation)))
        .collect();
    let is_lately = sight.query.view == View::Lately;
    let other_view = sight.query.with_view(if is_lately { View::Desk } else { View::Lately });
    let form = Find {
        w,
        action: sight.address(sight.scope),
        lately: format!("{}{}", sight.address(sight.scope), other_view.text()),
        is_lately,
        more: sight.query.care.is_some() || !sight.query.mvo.is_empty() || sight.query.order != Order::Need,
        query: sight.query,
        care: sight.query.care.and_then(address::care_code).unwrap_or_default(),
        specialities,
        situations,
        order: match sight.query.order {
            Order::Need => "",
            Order::Free => "lediga",
            Order::Name => "namn",
        },
        filtered: sight.query.filters(),
    };
    Node::leaf("hitta", render(&form))
}

fn table_shell(sight: &Sight<'_>, caption: &str, first: &str, status: &str, last: &str) -> String {
    let w = sight.words();
    let head = |word: &str, unit: &str, id: &str| {
        let unit = if unit.is_empty() { String::new() } else { format!("<small>{}</small>", escape(unit)) };
        let word = if id.is_empty() {
            escape(word)
        } else {
            format!("<a href=\"{}\">{}</a>", sight.definition(id), escape(word))
        };
        format!("<th scope=\"col\" class=\"n\">{word}{unit}</th>")
    };
    format!(
        "<div id=\"tavla\" class=\"table-card\"><div class=\"table-wrap\" role=\"region\" tabindex=\"0\" aria-labelledby=\"tabell-rubrik\">\
         <table id=\"tabell\" class=\"board\" data-rows><caption id=\"tabell-rubrik\" class=\"vh\">{}</caption><thead><tr>\
         <th scope=\"col\">{}</th>{}<th scope=\"col\"><a href=\"{}\">{}</a></th>{}{}{}{}<th scope=\"col\" class=\"trend-head\">{}</th><th scope=\"col\">{}</th>\
         <th scope=\"col\"{}>{}</th></tr></thead>",
        escape(caption),
        escape(first),
        head(w.col_free, w.beds_unit, "lediga"),
        sight.definition("lagen"),
        escape(status),
        head(w.col_occupied, w.of_disponibla(sight.language), "belagda"),
        head(w.col_over, w.patients_unit, "overbelaggning"),
        head(w.col_out, w.patients_unit, "utlokaliserad"),
        head(w.col_closed, w.beds_unit, "stangda").replace(" class=\"n\"", ""),
        escape(w.col_24h),
        escape(w.col_heard),
        if last == w.col_share { " class=\"n\"" } else { "" },
        escape(last),
    )
}

fn regions(sight: &Sight<'_>, wards: &[&Ward]) -> Node {
    let w = sight.words();
    let mut rows: Vec<(String, Sums, Node)> = Region::all()
        .map(|region| {
            let inside: Vec<&Ward> = wards.iter().copied().filter(|ward| &*ward.region == region.code()).collect();
            let sums = Sums::over(inside.iter().copied());
            let row = sum_row(
                sight,
                &inside,
                &sums,
                &Sum {
                    id: element_id("r", &[region.code()]),
                    href: sight.address(&Scope::Region(region.code().into())),
                    name: region.short_name().to_owned(),
                    absent: sight.absent_of(Some(region.code()), &sums),
                    share: true,
                },
            );
            (region.short_name().to_owned(), sums, row)
        })
        .collect();
    rows.sort_by(|(name, sums, _), (other_name, other, _)| {
        by_sums(sight.query.order, sums, other).then_with(|| collate::compare(name, other_name))
    });
    let rows = rows.into_iter().map(|(_, _, row)| row).collect();
    let body = Node::around("rader", BODY.into(), rows, "</tbody>");
    let open = table_shell(sight, w.board_caption_country, w.region, w.col_statuses, w.col_share);
    Node::around("tavla", open, vec![body], "</table></div></div>")
}

/// How places stand by their sums; those with nothing counted come last. By name they are equal.
fn by_sums(order: Order, sums: &Sums, other: &Sums) -> Ordering {
    let silent = |sums: &Sums| sums.total.units_counted == 0;
    let need = |sums: &Sums| format::ratio_tenths(sums.total.belagda.into(), sums.total.disponibla.into(), 1000);
    match order {
        Order::Name => Ordering::Equal,
        Order::Free => silent(sums).cmp(&silent(other)).then(other.total.lediga.cmp(&sums.total.lediga)),
        Order::Need => silent(sums).cmp(&silent(other)).then(need(other).cmp(&need(sums))),
    }
}

struct Sum {
    id: String,
    href: String,
    name: String,
    /// What stands where nothing is counted.
    absent: Shown,
    share: bool,
}

fn sum_row(sight: &Sight<'_>, wards: &[&Ward], sums: &Sums, row: &Sum) -> Node {
    let w = sight.words();
    let total = &sums.total;
    let counted = total.units_counted > 0;
    let absent = row.absent.text(sight.language);
    let count = |value: u32| if counted { Shown::Number(value.into()) } else { row.absent };
    let outlying = if counted && !sight.hidden.sum_shown(wards.iter().copied()) {
        Shown::FewerThan(sight.hidden.limit(wards.first().map(|ward| &*ward.region)))
    } else {
        count(total.utlokaliserade)
    };
    let rated = |shown: Shown| match shown {
        Shown::Number(value) => {
            let rate = format::ratio(sight.language, value, total.disponibla.into(), 100)
                .unwrap_or_else(|| w.not_applicable.to_owned());
            format!(
                "<td class=\"n number\">{}<small>{rate} {}</small></td>",
                format::number(sight.language, value),
                if row.share { w.per_100_short(sight.language) } else { "" }
            )
        }
        word => figure(sight.language, word),
    };
    let rated = |shown: Shown| if row.share { rated(shown) } else { figure(sight.language, shown) };
    let belagda: Vec<_> = sums.hours.iter().map(|hour| Some(i64::from(hour.belagda))).collect();
    let disponibla: Vec<_> = sums.hours.iter().map(|hour| hour.disponibla.map(i64::from)).collect();
    let spark = if counted {
        chart::sparkline(
            chart::Place::Row,
            &belagda,
            &disponibla,
            &finding(sight.language, "24 h", belagda.iter().copied()),
        )
    } else {
        format!("<span class=\"word\">{}</span>", escape(&absent))
    };
    let oldest = wards.iter().min_by_key(|ward| ward.heard);
    let heard = match oldest {
        Some(ward) => {
            age(sight, sums.heard, Some(&feed(&ward.region, ward.source_system.as_deref())), Some(ward.freshness))
        }
        None => format!("<span class=\"word\">{}</span>", escape(&absent)),
    };
    let mut cover = if wards.is_empty() {
        String::new()
    } else {
        format!("{} {} {} {}", total.units_counted, w.of, total.units, w.wards_abbreviated(sight.language))
    };
    if let Some(left_out) = technical(sight.language, total.left_out) {
        cover.push_str(&format!(" · {left_out}"));
    }
    let row = GroupRow {
        id: row.id.clone(),
        href: row.href.clone(),
        lang: swedish(sight.language, &row.name),
        name: row.name.clone(),
        cover,
        statuses: statuses(sight.language, &sums.statuses, row.absent),
        free: figure(sight.language, count(total.lediga)),
        occupied: if counted {
            text(&occupied(sight.language, total.belagda, Some(total.disponibla)))
        } else {
            figure(sight.language, row.absent)
        },
        over: rated(count(total.overbelaggningar)),
        out: rated(outlying),
        closed: if sums.stangda_said > 0 {
            format::number(sight.language, total.stangda.into())
        } else {
            absent.clone()
        },
        spark,
        heard,
        last: if row.share { "share" } else { "phone" },
        share: if counted {
            format::percent(sight.language, total.belagda.into(), total.disponibla.into())
                .unwrap_or_else(|| w.not_applicable.to_owned())
        } else {
            absent
        },
    };
    Node::leaf(row.id.clone(), render(&row))
}

/// The hospitals of the page's wards with their sums, in the order its address chooses.
pub(super) fn in_order<'a>(order: Order, wards: &[&'a Ward]) -> Vec<(Hospital<'a>, Sums)> {
    let mut hospitals: Vec<_> = Hospital::of(wards.iter().copied())
        .into_iter()
        .map(|hospital| {
            let sums = Sums::over(hospital.wards.iter().copied());
            (hospital, sums)
        })
        .collect();
    // They are by name already.
    hospitals.sort_by(|(_, sums), (_, other)| by_sums(order, sums, other));
    hospitals
}

/// What a choice found: one row each, in the order chosen, with its hospital.
fn hits(sight: &Sight<'_>, wards: &[&Ward]) -> Node {
    let w = sight.words();
    let named = !matches!(sight.scope, Scope::Hospital(..));
    let rows: Vec<Node> = wards
        .iter()
        .map(|ward| ward_row(sight, ward, if named { whose(sight, ward) } else { String::new() }))
        .collect();
    let body = if rows.is_empty() { nothing(sight) } else { Node::around("rader", BODY.into(), rows, "</tbody>") };
    let open = table_shell(sight, w.board_caption_wards, w.ward, w.status, w.col_phone);
    Node::around("tavla", open, vec![body], "</table></div></div>")
}

/// The hospital of a ward, and of the country its region.
pub(super) fn whose(sight: &Sight<'_>, ward: &Ward) -> String {
    let w = sight.words();
    let name = if ward.hospital_name.is_empty() { w.hospital_unknown } else { &ward.hospital_name };
    match sight.scope {
        Scope::Country => format!("{name}, {}", board::region_name(&ward.region)),
        _ => name.to_owned(),
    }
}

/// The row that stands where no ward does, with the way back from a choice that nothing fits.
fn nothing(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let (text, back) = match (sight.matches_nothing(&[]), sight.absent(sight.scope.region())) {
        (true, _) => {
            let back = format!(" <a class=\"tool\" href=\"{}\">{}</a>", sight.address(sight.scope), escape(w.clear));
            (w.none_match, back)
        }
        (false, Shown::Loading) => (w.loading_more, String::new()),
        (false, _) => (w.none_yet, String::new()),
    };
    let text = escape(text);
    Node::leaf(
        "rader",
        format!("<tbody id=\"rader\"><tr><td class=\"empty\" colspan=\"10\">{text}{back}</td></tr></tbody>"),
    )
}

fn hospitals(sight: &Sight<'_>, wards: &[&Ward]) -> Node {
    let w = sight.words();
    let mut groups = Vec::new();
    let grouped = !matches!(sight.scope, Scope::Hospital(..));
    // The wards are in the order chosen, and stay so within their hospitals.
    for (hospital, sums) in in_order(sight.query.order, wards) {
        let inside = &hospital.wards;
        let id = element_id("h", &[hospital.region, hospital.code]);
        let mut rows = Vec::with_capacity(inside.len() + 1);
        if grouped {
            let name = if hospital.name.is_empty() { w.hospital_unknown } else { hospital.name };
            rows.push(sum_row(
                sight,
                inside,
                &sums,
                &Sum {
                    id: format!("{id}{SUM}"),
                    href: sight.address(&Scope::Hospital(hospital.region.into(), hospital.code.into())),
                    name: name.to_owned(),
                    absent: sight.absent_of(Some(hospital.region), &sums),
                    share: false,
                },
            ));
        }
        rows.extend(inside.iter().map(|ward| ward_row(sight, ward, String::new())));
        let open = format!("<tbody id=\"{id}\" data-rows>");
        groups.push(Node::around(id, open, rows, "</tbody>"));
    }
    if groups.is_empty() {
        groups.push(nothing(sight));
    }
    let caption = match sight.scope {
        Scope::Region(_) => w.board_caption_region,
        _ => w.board_caption_wards,
    };
    let open = table_shell(sight, caption, w.ward, w.status, w.col_phone);
    Node::around("tavla", open, groups, "</table></div></div>")
}

fn ward_row(sight: &Sight<'_>, ward: &Ward, hospital: String) -> Node {
    let w = sight.words();
    let occupancy = &ward.occupancy;
    let belagda: Vec<_> = ward.hours.iter().map(|hour| Some(i64::from(hour.belagda))).collect();
    let disponibla: Vec<_> = ward.hours.iter().map(|hour| hour.disponibla.map(i64::from)).collect();
    let lost = ward.freshness == Freshness::Lost;
    let id = ward.element_id();
    let row = WardRow {
        w,
        id: id.clone(),
        fresh: ward.freshness.class(),
        href: sight.address(&Scope::Ward(ward.region.clone(), ward.code.clone())),
        name: &hyphen::soft(&ward.name),
        name_lang: swedish(sight.language, &ward.name),
        corrected: ward.corrected.is_some(),
        hospital_lang: swedish(sight.language, &hospital),
        hospital,
        technical: technical(sight.language, occupancy.left_out).filter(|_| !lost).unwrap_or_default(),
        kind: ward.status.kind().code(),
        shape: shape(ward.status.kind()),
        word: ward.status.kind().word(w),
        detail: status_detail(sight.language, sight.board.now, ward.status),
        free: aged(sight, ward, lediga(ward)),
        occupied: match (lost, ward.has_beds(), occupancy.belagda) {
            (true, ..) => figure(sight.language, Shown::Missing),
            (_, false, 0) => figure(sight.language, Shown::NotApplicable),
            (_, false, _) => figure(sight.language, Shown::Number(occupancy.belagda.into())),
            _ => text(&occupied(sight.language, occupancy.belagda, occupancy.disponibla)),
        },
        over: further(sight, ward, overbelaggningar(ward)),
        out: further(sight, ward, if ward.has_beds() { sight.hidden.ward(ward) } else { Shown::NotApplicable }),
        closed: if !ward.has_beds() {
            w.not_applicable.to_owned()
        } else if lost {
            w.missing.to_owned()
        } else {
            closed(sight.language, occupancy.stangda, ward.closed_reason())
        },
        spark: if lost {
            format!("<span class=\"word\">{}</span>", w.missing)
        } else {
            chart::sparkline(
                chart::Place::Row,
                &belagda,
                &disponibla,
                &finding(sight.language, "24 h", belagda.iter().copied()),
            )
        },
        heard: age(sight, ward.heard, Some(&feed(&ward.region, ward.source_system.as_deref())), Some(ward.freshness)),
        tel: dialled(ward.telephone.as_deref().unwrap_or_default()),
        phone: ward.telephone.as_deref().unwrap_or_default(),
    };
    Node::leaf(id, render(&row))
}

/// Staffed free beds, as they enter a sum: never below zero, the status word says how many too many there are. A word
/// when the beds are not known.
pub(super) fn lediga(ward: &Ward) -> Shown {
    match (ward.capacity, ward.lediga()) {
        _ if !ward.has_beds() => Shown::NotApplicable,
        (_, Some(free)) => Shown::Number(free.into()),
        (Some(_), None) => Shown::Unreadable,
        (None, None) => Shown::Missing,
    }
}

/// Överbeläggningar, or the word for why there is no number.
pub(super) fn overbelaggningar(ward: &Ward) -> Shown {
    if ward.has_beds() { ward.overbelaggningar() } else { Shown::NotApplicable }
}

/// A number as a phone dials it; empty when it holds no digits.
pub(super) fn dialled(phone: &str) -> String {
    let number: String = phone.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect();
    if number.chars().any(|letter| letter.is_ascii_digit()) { number } else { String::new() }
}
