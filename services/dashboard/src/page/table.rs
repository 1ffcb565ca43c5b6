//! The board's table at every level: regions, or wards under their hospitals, with what needs attention beside it.

use askama::Template;
use board::age::Freshness;
use board::collate;
use board::format;
use board::shown::Shown;
use board::status::Kind;
use board::ward::{Ward, element_id};
use board::words::Words;
use board::{Scope, Sums};
use figures::chart;
use figures::escape::escape;
use topics::Region;

use super::cell::{
    age, aged, closed, feed, figure, finding, further, occupied, shape, status_detail, statuses, technical, text,
};
use super::{Sight, attention, render, tiles};
use crate::address::{self, Order};
use crate::node::Node;

#[derive(Template)]
#[template(path = "ward_row.html")]
struct WardRow<'a> {
    w: &'static Words,
    id: String,
    fresh: &'static str,
    href: String,
    name: &'a str,
    corrected: bool,
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
    specialties: Vec<String>,
    statuses: Vec<(&'static str, &'static str, bool)>,
    order: &'static str,
    filtered: bool,
}

/// The page of the country, a region or a hospital.
pub(super) fn tree(sight: &Sight<'_>) -> Node {
    let wards = sight.wards();
    let sums = Sums::over(wards.iter().copied());
    let mut children = tiles::nodes(sight, &wards, &sums);
    children.push(find(sight));
    let table = match sight.scope {
        Scope::Country if !sight.query.filters() => regions(sight, &wards),
        _ => hospitals(sight, &wards),
    };
    let aside = Node::around(
        "sidospalt",
        "<div id=\"sidospalt\" class=\"aside\">".into(),
        vec![attention::short(sight), attention::missing(sight, &sums)],
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

/// The order of rows that the address asks for, which the page offers and never forces.
fn order(table: &Node) -> Node {
    let rows: Vec<&str> = table.children.iter().flat_map(|body| &body.children).map(|row| row.id.as_str()).collect();
    Node::leaf("ordning", format!("<span id=\"ordning\" data-order=\"{}\" hidden></span>", rows.join(" ")))
}

fn find(sight: &Sight<'_>) -> Node {
    let w = sight.words();
    let mut specialties: Vec<String> =
        sight.board.wards(sight.scope).filter_map(|ward| ward.mvo.as_deref().map(str::to_owned)).collect();
    specialties.sort_unstable();
    specialties.dedup();
    let statuses =
        Kind::ALL.into_iter().map(|kind| (kind.code(), kind.word(w), sight.query.status == Some(kind))).collect();
    let form = Find {
        w,
        action: sight.address(sight.scope),
        query: sight.query,
        care: sight.query.care.and_then(address::care_code).unwrap_or_default(),
        specialties,
        statuses,
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
         <table id=\"tabell\" class=\"board\"><caption id=\"tabell-rubrik\" class=\"vh\">{}</caption><thead><tr>\
         <th scope=\"col\">{}</th><th scope=\"col\"><a href=\"{}\">{}</a></th>{}{}{}{}{}<th scope=\"col\">{}</th><th scope=\"col\">{}</th>\
         <th scope=\"col\"{}>{}</th></tr></thead>",
        escape(caption),
        escape(first),
        sight.definition("lagen"),
        escape(status),
        head(w.col_free, w.beds_unit, "lediga"),
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
                    absent: sight.absent(Some(region.code())),
                    share: true,
                },
            );
            (region.short_name().to_owned(), sums, row)
        })
        .collect();
    rows.sort_by(|(name, sums, _), (other_name, other, _)| {
        let silent = |sums: &Sums| sums.total.units_counted == 0;
        let by_name = || collate::compare(name, other_name);
        silent(sums).cmp(&silent(other)).then_with(|| match sight.query.order {
            Order::Name => by_name(),
            Order::Free => other.total.lediga.cmp(&sums.total.lediga).then_with(by_name),
            Order::Need => {
                let need =
                    |sums: &Sums| format::ratio_tenths(sums.total.belagda.into(), sums.total.disponibla.into(), 1000);
                need(other).cmp(&need(sums)).then_with(by_name)
            }
        })
    });
    let rows = rows.into_iter().map(|(_, _, row)| row).collect();
    let body = Node::around("rader", "<tbody id=\"rader\" data-rows>".into(), rows, "</tbody>");
    let open = table_shell(sight, w.board_caption_country, w.region, w.col_statuses, w.col_share);
    Node::around("tavla", open, vec![body], "</table></div></div>")
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

fn hospitals(sight: &Sight<'_>, wards: &[&Ward]) -> Node {
    let w = sight.words();
    let mut groups = Vec::new();
    let grouped = !matches!(sight.scope, Scope::Hospital(..));
    for hospital in sight.board.hospitals(sight.scope) {
        let inside: Vec<&Ward> = wards
            .iter()
            .copied()
            .filter(|ward| &*ward.region == hospital.region && &*ward.hospital_code == hospital.code)
            .collect();
        if inside.is_empty() {
            continue;
        }
        let id = element_id("h", &[hospital.region, hospital.code]);
        let mut rows = Vec::with_capacity(inside.len() + 1);
        if grouped {
            let name = if hospital.name.is_empty() { w.hospital_unknown } else { hospital.name };
            let name = if *sight.scope == Scope::Country {
                format!("{name}, {}", board::region_name(hospital.region))
            } else {
                name.to_owned()
            };
            rows.push(sum_row(
                sight,
                &inside,
                &Sums::over(inside.iter().copied()),
                &Sum {
                    id: format!("{id}-sum"),
                    href: sight.address(&Scope::Hospital(hospital.region.into(), hospital.code.into())),
                    name,
                    absent: sight.absent(Some(hospital.region)),
                    share: false,
                },
            ));
        }
        rows.extend(inside.iter().map(|ward| ward_row(sight, ward)));
        let open = format!("<tbody id=\"{id}\" data-rows>");
        groups.push(Node::around(id, open, rows, "</tbody>"));
    }
    if groups.is_empty() {
        let heard = sight.board.wards(sight.scope).next().is_some();
        let text = match (heard, sight.absent(sight.scope.region())) {
            (true, _) => w.none_match,
            (false, Shown::Loading) => w.loading_more,
            (false, _) => w.none_yet,
        };
        groups.push(Node::leaf(
            "rader",
            format!("<tbody id=\"rader\"><tr><td class=\"empty\" colspan=\"10\">{}</td></tr></tbody>", escape(text)),
        ));
    }
    let caption = match sight.scope {
        Scope::Region(_) => w.board_caption_region,
        _ => w.board_caption_wards,
    };
    let open = table_shell(sight, caption, w.ward, w.status, w.col_phone);
    Node::around("tavla", open, groups, "</table></div></div>")
}

fn ward_row(sight: &Sight<'_>, ward: &Ward) -> Node {
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
        name: &ward.name,
        corrected: ward.corrected.is_some(),
        technical: technical(sight.language, occupancy.left_out).filter(|_| !lost).unwrap_or_default(),
        kind: ward.status.kind().code(),
        shape: shape(ward.status.kind()),
        word: ward.status.kind().word(w),
        detail: status_detail(sight.language, sight.board.now, ward.status),
        free: aged(sight, ward, lediga(ward)),
        occupied: if lost {
            figure(sight.language, Shown::Missing)
        } else {
            text(&occupied(sight.language, occupancy.belagda, occupancy.disponibla))
        },
        over: further(sight, ward, ward.overbelaggningar()),
        out: further(sight, ward, sight.hidden.ward(ward)),
        closed: if lost {
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
        (_, Some(free)) => Shown::Number(free.into()),
        (Some(_), None) => Shown::Unreadable,
        (None, None) => Shown::Missing,
    }
}

/// A number as a phone dials it; empty when it holds no digits.
pub(super) fn dialled(phone: &str) -> String {
    let number: String = phone.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect();
    if number.chars().any(|letter| letter.is_ascii_digit()) { number } else { String::new() }
}
