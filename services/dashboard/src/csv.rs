//! A page's table as CSV: semicolons, UTF-8 with a mark so that spreadsheets read it, a decimal point nowhere needed.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use board::age::Freshness;
use board::detail::Step;
use board::instant::rfc3339;
use board::shown::Shown;
use board::ward::Ward;
use board::{Scope, Sums};
use schemas::Timestamp;
use spreadsheet::line;
use topics::Region;

use crate::page::{Sight, lately};

/// The table of the page as a file.
pub(crate) fn answer(sight: &Sight<'_>) -> Response {
    let name = match sight.scope {
        Scope::Country => "vardplatser-sverige".to_owned(),
        Scope::Region(region) => format!("vardplatser-{region}"),
        Scope::Hospital(region, _) => format!("vardplatser-{region}-sjukhus"),
        Scope::Ward(region, _) => format!("vardplatser-{region}-avdelning"),
    };
    file(&name, sight.board.now, table(sight))
}

/// A text as a file whose name says what it is and when it was taken.
pub(crate) fn file(name: &str, at: Timestamp, text: String) -> Response {
    let disposition = disposition(name, at, "csv");
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)], text)
        .into_response()
}

/// How an answer is kept as a file: its name says when it was taken, in UTC.
pub(crate) fn disposition(name: &str, at: Timestamp, extension: &str) -> String {
    let at = rfc3339(at).replace([':', '-'], "");
    format!("attachment; filename=\"{name}_{at}.{extension}\"")
}

fn table(sight: &Sight<'_>) -> String {
    let mut lines = vec![];
    match sight.scope {
        _ if sight.lately.is_some() => {
            lines.push(line(&[
                "lanskod",
                "sjukhuskod",
                "sjukhus",
                "enhet",
                "avdelning",
                "inskrivna",
                "utskrivna",
                "hit",
                "harifran",
                "rattelser",
                "disponibla_fore",
                "disponibla_efter",
            ]));
            lines.extend(sight.wards().into_iter().filter_map(|ward| lately_line(sight, ward)));
        }
        Scope::Ward(..) => {
            lines.push(line(&["tid", "belagda", "disponibla"]));
            if let Some(detail) = sight.detail {
                let mut turns: Vec<_> =
                    detail.week.belagda.iter().chain(&detail.week.disponibla).map(|(at, _)| *at).collect();
                turns.sort_unstable();
                turns.dedup();
                for at in turns {
                    let value = |steps: &[Step]| {
                        let index = steps.partition_point(|(from, _)| *from <= at);
                        let held = index.checked_sub(1).and_then(|index| steps[index].1);
                        plain(sight, Shown::or_missing(held))
                    };
                    lines.push(line(&[&rfc3339(at), &value(&detail.week.belagda), &value(&detail.week.disponibla)]));
                }
            }
        }
        Scope::Country => {
            lines.push(line(&[
                "lanskod",
                "region",
                "avdelningar",
                "raknade",
                "lediga",
                "belagda",
                "disponibla",
                "faststallda",
                "stangda",
                "overbelaggningar",
                "utlokaliserade",
                "hort",
                "andrat",
                "tekniska_utanfor",
            ]));
            let wards = sight.wards();
            for region in Region::all() {
                let inside: Vec<&Ward> = wards.iter().copied().filter(|ward| &*ward.region == region.code()).collect();
                let sums = Sums::over(inside.iter().copied());
                let total = &sums.total;
                let number = |value: u32| {
                    if total.units_counted > 0 { value.to_string() } else { sight.words().missing.to_owned() }
                };
                let outlying = if sight.hidden.sum_shown(inside.iter().copied()) {
                    number(total.utlokaliserade)
                } else {
                    plain(sight, Shown::FewerThan(sight.hidden.limit(Some(region.code()))))
                };
                lines.push(line(&[
                    region.code(),
                    region.name(),
                    &total.units.to_string(),
                    &total.units_counted.to_string(),
                    &number(total.lediga),
                    &number(total.belagda),
                    &number(total.disponibla),
                    &number(total.faststallda),
                    &number(total.stangda),
                    &number(total.overbelaggningar),
                    &outlying,
                    &sums.heard.map(rfc3339).unwrap_or_else(|| sight.words().missing.to_owned()),
                    &sums.changed.map(rfc3339).unwrap_or_else(|| sight.words().missing.to_owned()),
                    &plain(sight, Shown::or_missing(sums.technical_left_out())),
                ]));
            }
        }
        Scope::Region(_) | Scope::Hospital(..) => {
            lines.push(line(&[
                "lanskod",
                "sjukhuskod",
                "sjukhus",
                "enhet",
                "avdelning",
                "lage",
                "lediga",
                "belagda",
                "disponibla",
                "faststallda",
                "stangda",
                "overbelaggningar",
                "utlokaliserade",
                "farskhet",
                "hort",
                "andrat",
                "telefon",
                "tekniska_utanfor",
            ]));
            for ward in sight.wards() {
                lines.push(ward_line(sight, ward));
            }
        }
    }
    format!("\u{feff}{}", lines.concat())
}

/// A ward of the view of the last hour; nothing where nothing changed.
fn lately_line(sight: &Sight<'_>, ward: &Ward) -> Option<String> {
    let moves = lately::moves(sight, ward)?;
    let mut cells: Vec<String> = [&ward.region, &ward.hospital_code, &ward.hospital_name, &ward.code, &ward.name]
        .map(ToString::to_string)
        .into();
    cells.extend(sight.hidden.row(&ward.region, moves.counts()).map(|count| plain(sight, count)));
    let unchanged = ward.occupancy.disponibla.map(i64::from);
    let (before, after) = moves.beds.unwrap_or((unchanged, unchanged));
    cells.extend([before, after].map(|beds| plain(sight, Shown::or_missing(beds))));
    Some(line(&cells.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn ward_line(sight: &Sight<'_>, ward: &Ward) -> String {
    let w = sight.words();
    let occupancy = &ward.occupancy;
    let lost = ward.freshness == Freshness::Lost;
    let number = |value: Option<i64>| match ward.has_beds() {
        true => plain(sight, Shown::or_missing(value.filter(|_| !lost))),
        false => w.not_applicable.to_owned(),
    };
    let outlying = if !ward.has_beds() {
        w.not_applicable.to_owned()
    } else if lost {
        w.missing.to_owned()
    } else {
        plain(sight, sight.hidden.ward(ward))
    };
    line(&[
        &ward.region,
        &ward.hospital_code,
        &ward.hospital_name,
        &ward.code,
        &ward.name,
        ward.status.kind().word(w),
        &number(ward.lediga().map(i64::from)),
        &number(Some(occupancy.belagda.into())),
        &number(occupancy.disponibla.map(i64::from)),
        &number(occupancy.faststallda.map(i64::from)),
        &number(occupancy.stangda.map(i64::from)),
        &number(occupancy.overbelaggningar_known().map(i64::from)),
        &outlying,
        ward.freshness.class(),
        &ward.heard.map(rfc3339).unwrap_or_else(|| w.missing.to_owned()),
        &ward.changed.map(rfc3339).unwrap_or_else(|| w.missing.to_owned()),
        ward.telephone.as_deref().unwrap_or(w.missing),
        &number(Some(occupancy.left_out.into())),
    ])
}

/// Digits without grouping, or the word.
fn plain(sight: &Sight<'_>, shown: Shown) -> String {
    shown.number().map_or_else(|| shown.text(sight.language), |number| number.to_string())
}
