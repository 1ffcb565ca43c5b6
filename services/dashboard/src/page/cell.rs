//! Cells of tables: a figure with its freshness, never a bare blank.

use board::age::Freshness;
use board::format;
use board::language::Language;
use board::shown::Shown;
use board::status::{Kind, Status};
use board::ward::Ward;
use figures::escape::escape;
use schemas::{ClosedReason, Timestamp};

use super::{Sight, seconds};

/// The drawn shape of a status, hidden from whoever hears the page: the word beside it says the same.
pub(super) fn shape(kind: Kind) -> String {
    format!(
        "<svg class=\"shape\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\">{}</svg>",
        kind.shape()
    )
}

const HOURGLASS: &str = "<svg class=\"hourglass\" viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" aria-hidden=\"true\"><path d=\"M2 1h8M2 11h8M3 1c0 3 6 3 6 5s-6 2-6 5M9 1c0 3-6 3-6 5s6 2 6 5\"/></svg>";

/// A cell with one figure.
pub(super) fn figure(language: Language, shown: Shown) -> String {
    format!("<td class=\"n {}\">{}</td>", shown.class(), escape(&shown.text(language)))
}

/// A cell with text that stands as a figure.
pub(super) fn text(text: &str) -> String {
    format!("<td class=\"n\">{}</td>", escape(text))
}

/// A ward's main figure, marked by how fresh it is.
pub(super) fn aged(sight: &Sight<'_>, ward: &Ward, shown: Shown) -> String {
    let w = sight.words();
    match (ward.freshness, shown) {
        (_, Shown::NotApplicable) => figure(sight.language, shown),
        (Freshness::Lost, _) => {
            let since = ward.heard.map_or_else(
                || w.missing.to_owned(),
                |heard| format!("{} {}", w.missing, format::since(sight.language, sight.board.now, heard)),
            );
            format!("<td class=\"n word\">{}</td>", escape(&since))
        }
        (Freshness::Stale, Shown::Number(_)) => format!(
            "<td class=\"n number stale-figure\">{HOURGLASS}<span class=\"as-of\">{}</span> <span class=\"dashed\">{}</span></td>",
            w.last_known,
            shown.text(sight.language)
        ),
        _ => figure(sight.language, shown),
    }
}

/// A ward's further figure: as it is, or the word for nothing received when the source is lost.
pub(super) fn further(sight: &Sight<'_>, ward: &Ward, shown: Shown) -> String {
    if ward.freshness == Freshness::Lost && shown != Shown::NotApplicable {
        figure(sight.language, Shown::Missing)
    } else {
        figure(sight.language, shown)
    }
}

/// `26/24`, or the patients alone with a word where the beds would stand.
pub(super) fn occupied(language: Language, belagda: u32, disponibla: Option<u32>) -> String {
    let beds = Shown::or_missing(disponibla).text(language);
    format!("{}/{beds}", format::number(language, belagda.into()))
}

/// `2 personal`, `0`, or a word.
pub(super) fn closed(language: Language, stangda: Option<u32>, reason: Option<ClosedReason>) -> String {
    let w = language.words();
    match (stangda, reason) {
        (None, _) => w.missing.to_owned(),
        (Some(0), _) => "0".to_owned(),
        (Some(count), Some(reason)) => {
            format!("{} {}", format::number(language, count.into()), w.closed_reason(reason))
        }
        (Some(count), None) => format::number(language, count.into()),
    }
}

/// `2 i tekniska platser, räknas inte`; nothing when there are none.
pub(super) fn technical(language: Language, left_out: u32) -> Option<String> {
    let count = format::number(language, left_out.into());
    (left_out > 0).then(|| format!("{count} {}", language.words().technical_left_out))
}

/// An age that ticks in the browser. `feed` names the source whose clock it follows; without one it follows `at`.
pub(super) fn age(
    sight: &Sight<'_>,
    at: Option<Timestamp>,
    feed: Option<&str>,
    freshness: Option<Freshness>,
) -> String {
    let Some(at) = at else { return format!("<span class=\"word\">{}</span>", sight.words().missing) };
    let text = format::age(sight.language, sight.board.now, at);
    let class = freshness.map_or("", Freshness::class);
    match feed {
        Some(feed) => format!("<span class=\"age {class}\" data-feed=\"{}\">{}</span>", escape(feed), escape(&text)),
        None => format!("<span class=\"age {class}\" data-at=\"{}\">{}</span>", seconds(at), escape(&text)),
    }
}

/// A source's name in a page's attributes.
pub(super) fn feed(region: &str, source_system: Option<&str>) -> String {
    board::ward::element_id("f", &[region, source_system.unwrap_or_default()])
}

/// What stands after a status word: `+2`, `3`, or why and until when.
pub(super) fn status_detail(language: Language, now: Timestamp, status: Status) -> String {
    let w = language.words();
    match status {
        Status::Overbelagd { by } => format::signed(language, by.into()),
        Status::TarInteEmot { reason, until } => {
            let until = match until {
                Some(until) if format::date(until) == format::date(now) => {
                    format!("{} {}", w.until, format::time_in_text(language, until))
                }
                Some(until) => format!("{} {}", w.until, format::date_time(until)),
                None => w.until_unknown.to_owned(),
            };
            format!("{}, {until}", w.closed_reason(reason))
        }
        Status::Full | Status::FaLediga { .. } | Status::Lediga { .. } | Status::Okant | Status::UtanPlatser => {
            String::new()
        }
    }
}

/// Counts of wards per status word: shape, count, and the word for whoever hears the page.
pub(super) fn statuses(language: Language, counts: &[u32; Kind::ALL.len()], absent: Shown) -> String {
    let w = language.words();
    let mut markup = String::new();
    for (kind, count) in Kind::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
        markup.push_str(&format!(
            "<span class=\"count-of status {}\">{}<span class=\"vh\">{} </span>{}</span> ",
            kind.code(),
            shape(kind),
            kind.word(w),
            format::number(language, (*count).into())
        ));
    }
    if markup.is_empty() {
        format!("<span class=\"word\">{}</span>", escape(&absent.text(language)))
    } else {
        markup.trim_end().to_owned()
    }
}

/// `24 h: lägst 14, högst 26, nu 26`.
pub(super) fn finding(language: Language, span: &str, values: impl Iterator<Item = Option<i64>> + Clone) -> String {
    let w = language.words();
    let known: Vec<i64> = values.clone().flatten().collect();
    let (Some(low), Some(high)) = (known.iter().min(), known.iter().max()) else {
        return format!("{span}: {}", w.no_history);
    };
    let now = match values.last().flatten() {
        Some(now) => format::number(language, now),
        None => w.missing.to_owned(),
    };
    format!(
        "{span}: {} {}, {} {}, {} {now}",
        w.lowest,
        format::number(language, *low),
        w.highest,
        format::number(language, *high),
        w.now_low
    )
}
