//! The sums at the head of a board: five figures, each with unit, denominator, coverage and a way to its definition.

use askama::Template;
use board::Sums;
use board::format;
use board::hyphen;
use board::language::Language;
use board::shown::Shown;
use board::ward::{Hour, Ward};
use board::words::Words;
use figures::chart;
use schemas::Timestamp;

use super::cell::{finding, technical};
use super::{Sight, render};
use crate::node::Node;

pub(super) struct Tile {
    pub definition: String,
    pub label: &'static str,
    /// The label with its joints marked.
    pub jointed: String,
    pub value: String,
    pub class: &'static str,
    pub unit: String,
    pub side: String,
    pub foot: String,
    pub morning: String,
    pub spark: String,
}

#[derive(Template)]
#[template(path = "tiles.html")]
struct Tiles<'a> {
    tiles: &'a [Tile],
}

#[derive(Template)]
#[template(path = "coverage.html")]
struct Coverage {
    valid: String,
    counted: String,
    left_out: Vec<String>,
}

/// The five figures and the line that says what they cover.
pub(super) fn nodes(sight: &Sight<'_>, wards: &[&Ward], sums: &Sums) -> Vec<Node> {
    let tiles = tiles(sight, wards, sums);
    vec![Node::leaf("summor", render(&Tiles { tiles: &tiles })), Node::leaf("tackning", render(&coverage(sight, sums)))]
}

pub(super) fn tiles(sight: &Sight<'_>, wards: &[&Ward], sums: &Sums) -> Vec<Tile> {
    let w = sight.words();
    let total = &sums.total;
    let counted = total.units_counted > 0;
    let coverage = sight.coverage(sums);
    // What is usual is compared with the sum, so it is of the wards in it: an emergency department has no beds in any week.
    let summed = wards.iter().filter(|ward| ward.is_in_sums());
    let keys: Vec<(&str, &str)> = summed.map(|ward| (&*ward.region, &*ward.code)).collect();
    let absent = sight.absent_of(sight.scope.region(), sums);
    let count = |value: u32| if counted { Shown::Number(value.into()) } else { absent };
    let outlying = match (counted, sight.hidden.sum_shown(wards.iter().copied())) {
        (true, false) => Shown::FewerThan(sight.hidden.limit(sight.scope.region())),
        _ => count(total.utlokaliserade),
    };
    let per_100 = |shown: Shown| match shown {
        Shown::Number(value) if counted => format!(
            "{} {}",
            format::ratio(sight.language, value, total.disponibla.into(), 100)
                .unwrap_or_else(|| w.not_applicable.to_owned()),
            w.per_100
        ),
        _ => String::new(),
    };
    let at_six_none = if absent == Shown::Loading { w.loading } else { w.at_six_none }.to_owned();
    let morning = |value: u32| {
        let shown = if sums.morning.units_counted > 0 {
            format::number(sight.language, value.into())
        } else {
            at_six_none.clone()
        };
        format!("{}: {shown}", w.at_six)
    };
    let usual_text = |spread: Option<board::usual::Spread>| match spread {
        Some(spread) => format!(
            "{} {} ({}–{})",
            w.usually,
            format::number(sight.language, spread.middle),
            format::number(sight.language, spread.low),
            format::number(sight.language, spread.high)
        ),
        None => w.usually_unknown.to_owned(),
    };
    let spark = |figure: fn(&Hour) -> Option<i64>, limit: fn(&Hour) -> Option<i64>| {
        if !counted {
            return String::new();
        }
        let values: Vec<_> = sums.hours.iter().map(figure).collect();
        let limits: Vec<_> = sums.hours.iter().map(limit).collect();
        chart::sparkline(chart::Place::Tile, &values, &limits, &finding(sight.language, "24 h", values.iter().copied()))
    };
    let share = if counted {
        format::percent(sight.language, total.belagda.into(), total.disponibla.into())
            .unwrap_or_else(|| w.not_applicable.to_owned())
    } else {
        String::new()
    };
    let beds = w.beds_unit.to_owned();
    let patients = w.patients_unit.to_owned();
    let closed = if sums.stangda_said > 0 { Shown::Number(total.stangda.into()) } else { absent };
    vec![
        Tile {
            definition: sight.definition("lediga"),
            label: w.free_staffed,
            jointed: hyphen::soft(w.free_staffed).into_owned(),
            value: count(total.lediga).text(sight.language),
            class: count(total.lediga).class(),
            unit: beds.clone(),
            side: usual_text(sight.usual.lediga(&keys)),
            foot: coverage.clone(),
            morning: morning(sums.morning.lediga),
            spark: spark(|hour| hour.disponibla.map(|beds| i64::from(beds.saturating_sub(hour.belagda))), |_| None),
        },
        Tile {
            definition: sight.definition("belagda"),
            label: w.occupied_of,
            jointed: hyphen::soft(w.occupied_of).into_owned(),
            value: if counted {
                format!(
                    "{}/{}",
                    format::number(sight.language, total.belagda.into()),
                    format::number(sight.language, total.disponibla.into())
                )
            } else {
                absent.text(sight.language)
            },
            class: count(total.belagda).class(),
            unit: share,
            side: usual_text(sight.usual.belagda(&keys)),
            foot: coverage.clone(),
            morning: if sums.morning.units_counted > 0 {
                format!(
                    "{}: {}/{}",
                    w.at_six,
                    format::number(sight.language, sums.morning.belagda.into()),
                    format::number(sight.language, sums.morning.disponibla.into())
                )
            } else {
                format!("{}: {at_six_none}", w.at_six)
            },
            spark: spark(|hour| Some(hour.belagda.into()), |hour| hour.disponibla.map(Into::into)),
        },
        Tile {
            definition: sight.definition("overbelaggning"),
            label: w.overbelaggningar,
            jointed: hyphen::soft(w.overbelaggningar).into_owned(),
            value: count(total.overbelaggningar).text(sight.language),
            class: count(total.overbelaggningar).class(),
            unit: patients.clone(),
            side: per_100(count(total.overbelaggningar)),
            foot: coverage.clone(),
            morning: morning(sums.morning.overbelaggningar),
            spark: spark(|hour| Some(hour.overbelaggningar.into()), |_| None),
        },
        Tile {
            definition: sight.definition("utlokaliserad"),
            label: w.utlokaliserade,
            jointed: hyphen::soft(w.utlokaliserade).into_owned(),
            value: outlying.text(sight.language),
            class: outlying.class(),
            unit: patients,
            side: per_100(outlying),
            foot: coverage.clone(),
            // Another instant's number beside a hidden one would tell it.
            morning: match outlying {
                Shown::Number(_) if !sight.hidden.hides(sight.scope.region()) => morning(sums.morning.utlokaliserade),
                _ => String::new(),
            },
            spark: match outlying {
                Shown::Number(_) if !sight.hidden.hides(sight.scope.region()) => {
                    spark(|hour| Some(hour.utlokaliserade.into()), |_| None)
                }
                _ => String::new(),
            },
        },
        Tile {
            definition: sight.definition("stangda"),
            label: w.closed_beds,
            jointed: hyphen::soft(w.closed_beds).into_owned(),
            value: closed.text(sight.language),
            class: closed.class(),
            unit: beds,
            side: reasons(sight, w, sums),
            foot: format!(
                "{} {} {} {}",
                format::number(sight.language, sums.stangda_said.into()),
                w.of,
                format::number(sight.language, total.units.into()),
                w.wards_short
            ),
            morning: String::new(),
            spark: spark(|hour| hour.stangda.map(Into::into), |_| None),
        },
    ]
}

fn reasons(sight: &Sight<'_>, w: &Words, sums: &Sums) -> String {
    let names = [w.personal, w.hygien, w.material, w.lokal, w.other_reason];
    let parts: Vec<String> = names
        .iter()
        .zip(sums.closed)
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", format::number(sight.language, count.into())))
        .collect();
    parts.join(" · ")
}

fn coverage(sight: &Sight<'_>, sums: &Sums) -> Coverage {
    let w = sight.words();
    let number = |value: u32| format::number(sight.language, value.into());
    let mut left_out = Vec::new();
    if sums.stale > 0 {
        left_out.push(format!("{} {}", number(sums.stale), w.not_counted_stale));
    }
    if sums.no_capacity > 0 {
        let mut text = format!("{} {} {}", number(sums.no_capacity), w.left_out, w.left_out_missing);
        if sums.outside > 0 {
            text.push_str(&format!(" ({} {})", number(sums.outside), w.patients_outside));
        }
        left_out.push(text);
    }
    if sums.without_beds > 0 {
        let mut text = format!("{} {}", number(sums.without_beds), w.without_beds);
        if sums.without_a_bed > 0 {
            text.push_str(&format!(" ({} {})", number(sums.without_a_bed), w.without_a_bed));
        }
        left_out.push(text);
    }
    left_out.extend(technical(sight.language, sums.total.left_out));
    let valid = match sums.newest {
        Some(newest) => as_of(sight.language, newest),
        None => sight.absent_of(sight.scope.region(), sums).text(sight.language),
    };
    Coverage { valid: format!("{} {valid}", w.valid), counted: sight.coverage(sums), left_out }
}

/// `16 mars 2026 kl. 06.00`.
fn as_of(language: Language, at: Timestamp) -> String {
    let (date, time) = (format::date_in_text(language, at), format::time_in_text(language, at));
    match language {
        Language::Sv => format!("{date} kl. {time}"),
        Language::En => format!("{date} {time}"),
    }
}
