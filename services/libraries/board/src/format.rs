//! Numbers, times and ages as text, by the conventions of each language. Pure functions; the clock is passed in.

use jiff::civil;
use schemas::Timestamp;

use crate::language::Language;

/// No-break space: between thousands, and between a number and its unit.
pub const NBSP: char = '\u{a0}';
/// The real minus sign.
pub const MINUS: char = '\u{2212}';

const MONTHS_SV: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a month, counted from 0.
pub fn month_name(language: Language, month: usize) -> &'static str {
    match language {
        Language::Sv => MONTHS_SV[month],
        Language::En => MONTHS_EN[month],
    }
}

/// A whole number: `9 876` in Swedish, `9,876` in English, a real minus in both.
pub fn number(language: Language, value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    if value < 0 {
        text.push(MINUS);
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(match language {
                Language::Sv => NBSP,
                Language::En => ',',
            });
        }
        text.push(digit);
    }
    text
}

/// With its sign always written: `+2`, `−3`, `0`.
pub fn signed(language: Language, value: i64) -> String {
    if value > 0 { format!("+{}", number(language, value)) } else { number(language, value) }
}

/// `numerator / denominator * scale` with one decimal; `None` when the denominator is not positive.
///
/// Computed in integers, rounded half away from zero, so that a figure is the same wherever it is shown.
pub fn ratio(language: Language, numerator: i64, denominator: i64, scale: i64) -> Option<String> {
    let tenths = ratio_tenths(numerator, denominator, scale)?;
    let mark = match language {
        Language::Sv => ',',
        Language::En => '.',
    };
    let whole = number(language, tenths / 10);
    let sign = if tenths < 0 && tenths > -10 { MINUS.to_string() } else { String::new() };
    Some(format!("{sign}{whole}{mark}{}", (tenths % 10).abs()))
}

/// `numerator / denominator * scale` in tenths, rounded half away from zero.
pub fn ratio_tenths(numerator: i64, denominator: i64, scale: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let scaled = numerator * scale * 10;
    Some((scaled.abs() * 2 + denominator) / (denominator * 2) * scaled.signum())
}

/// A share in per cent: `94,3 %`.
pub fn percent(language: Language, numerator: i64, denominator: i64) -> Option<String> {
    let value = ratio(language, numerator, denominator, 100)?;
    Some(match language {
        Language::Sv => format!("{value}{NBSP}%"),
        Language::En => format!("{value}%"),
    })
}

/// A number in so many decimals: 12345 with one is `1 234,5`.
pub fn decimal(language: Language, value: i64, decimals: usize) -> String {
    let bare = decimal_bare(language, value, decimals);
    let (whole, rest) = bare.split_at(bare.find([',', '.']).unwrap_or(bare.len()));
    let digits: i64 = whole.trim_start_matches(MINUS).parse().unwrap_or(0);
    let sign = if value < 0 { MINUS.to_string() } else { String::new() };
    format!("{sign}{}{rest}", number(language, digits))
}

/// The same without grouping, for files.
pub fn decimal_bare(language: Language, value: i64, decimals: usize) -> String {
    let sign = if value < 0 { MINUS.to_string() } else { String::new() };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let mark = match language {
        Language::Sv => ',',
        Language::En => '.',
    };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}{mark}{fraction}") }
}

/// A distance: `350 m`, `3,2 km`, `14 km`.
pub fn kilometres(language: Language, metres: u32) -> String {
    match metres {
        0..1_000 => format!("{}{NBSP}m", number(language, (metres / 10 * 10).into())),
        1_000..10_000 => format!("{}{NBSP}km", decimal(language, ((metres + 50) / 100).into(), 1)),
        _ => format!("{}{NBSP}km", number(language, ((metres + 500) / 1_000).into())),
    }
}

/// Swedish local time of an instant.
pub fn local(at: Timestamp) -> civil::DateTime {
    swedish_time::local(at.0)
}

/// `06:00`, for tables and axes.
pub fn time(at: Timestamp) -> String {
    let local = local(at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `06.00` in Swedish running text, `06:00` in English.
pub fn time_in_text(language: Language, at: Timestamp) -> String {
    let local = local(at);
    match language {
        Language::Sv => format!("{:02}.{:02}", local.hour(), local.minute()),
        Language::En => format!("{:02}:{:02}", local.hour(), local.minute()),
    }
}

/// `06.04.31`: the page's clock.
pub fn clock(language: Language, at: Timestamp) -> String {
    let local = local(at);
    let mark = if language == Language::Sv { '.' } else { ':' };
    format!("{:02}{mark}{:02}{mark}{:02}", local.hour(), local.minute(), local.second())
}

/// `2026-11-22`, for tables.
pub fn date(at: Timestamp) -> String {
    local(at).date().to_string()
}

/// `2026-11-22 06:00`, for tables.
pub fn date_time(at: Timestamp) -> String {
    format!("{} {}", date(at), time(at))
}

/// `22 november 2026`, for prose.
pub fn date_in_text(language: Language, at: Timestamp) -> String {
    let date = local(at).date();
    let months = if language == Language::Sv { &MONTHS_SV } else { &MONTHS_EN };
    let month = months[usize::from(date.month().unsigned_abs()) - 1];
    format!("{} {month} {}", date.day(), date.year())
}

/// Week number with its year, as Swedish calendars count: `v. 47 2026`.
pub fn week(language: Language, at: Timestamp) -> String {
    let week = local(at).date().iso_week_date();
    match language {
        Language::Sv => format!("v.{NBSP}{} {}", week.week(), week.year()),
        Language::En => format!("week{NBSP}{} {}", week.week(), week.year()),
    }
}

/// How long ago: `nyss`, `38 min`, `sedan 04.12`, and with the date when it was not today.
pub fn age(language: Language, now: Timestamp, at: Timestamp) -> String {
    let minutes = now.0.saturating_sub(at.0).max(0) / 60_000_000;
    match (minutes, language) {
        (0, Language::Sv) => "nyss".into(),
        (0, Language::En) => "just now".into(),
        (1..60, _) => format!("{minutes}{NBSP}min"),
        _ => since(language, now, at),
    }
}

/// `sedan 04.12`, with the date when it was not today.
pub fn since(language: Language, now: Timestamp, at: Timestamp) -> String {
    let word = if language == Language::Sv { "sedan" } else { "since" };
    format!("{word} {}", moment(language, now, at))
}

/// `04.12`, with the date when it was not today.
pub fn moment(language: Language, now: Timestamp, at: Timestamp) -> String {
    let clock = time_in_text(language, at);
    if local(now).date() == local(at).date() { clock } else { format!("{} {clock}", date(at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_grouped() {
        for (value, decimals, sv, en) in [
            (12_345, 1, "1\u{a0}234,5", "1,234.5"),
            (5, 2, "0,05", "0.05"),
            (-25, 1, "\u{2212}2,5", "\u{2212}2.5"),
            (700, 0, "700", "700"),
        ] {
            assert_eq!(
                (decimal(Language::Sv, value, decimals), decimal(Language::En, value, decimals)),
                (sv.into(), en.into())
            );
        }
    }

    #[test]
    fn distances_are_as_exact_as_they_are_near() {
        for (metres, expected) in [
            (354, "350\u{a0}m"),
            (3_249, "3,2\u{a0}km"),
            (9_960, "10,0\u{a0}km"),
            (13_501, "14\u{a0}km"),
            (1_012_000, "1\u{a0}012\u{a0}km"),
        ] {
            assert_eq!(kilometres(Language::Sv, metres), expected);
        }
        assert_eq!(kilometres(Language::En, 3_249), "3.2\u{a0}km");
    }

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn thousands_are_grouped_also_in_four_digits() {
        for (value, sv, en) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (9_876, "9\u{a0}876", "9,876"),
            (-3, "\u{2212}3", "\u{2212}3"),
            (1_234_567, "1\u{a0}234\u{a0}567", "1,234,567"),
            (-12_345, "\u{2212}12\u{a0}345", "\u{2212}12,345"),
        ] {
            assert_eq!((number(Language::Sv, value).as_str(), number(Language::En, value).as_str()), (sv, en));
        }
    }

    #[test]
    fn ratios_have_one_decimal_and_no_denominator_gives_nothing() {
        for (numerator, denominator, expected) in [
            (612, 649, Some("94,3\u{a0}%")),
            (7, 8, Some("87,5\u{a0}%")),
            (0, 10, Some("0,0\u{a0}%")),
            (1, 2000, Some("0,1\u{a0}%")),
            (26, 24, Some("108,3\u{a0}%")),
            (-1, 2000, Some("\u{2212}0,1\u{a0}%")),
            (5, 0, None),
            (0, 0, None),
        ] {
            assert_eq!(percent(Language::Sv, numerator, denominator).as_deref(), expected);
        }
        assert_eq!(percent(Language::En, 7, 8).as_deref(), Some("87.5%"));
        assert_eq!(ratio(Language::Sv, 14, 649, 100).as_deref(), Some("2,2"));
    }

    #[test]
    fn times_follow_the_place_they_stand_in() {
        let summer = at("2026-07-01T04:00:31Z");
        let winter = at("2026-11-22T05:00:00Z");
        assert_eq!(time(summer), "06:00");
        assert_eq!(time_in_text(Language::Sv, winter), "06.00");
        assert_eq!(clock(Language::Sv, summer), "06.00.31");
        assert_eq!(date_time(winter), "2026-11-22 06:00");
        assert_eq!(date_in_text(Language::Sv, winter), "22 november 2026");
        assert_eq!(date_in_text(Language::En, winter), "22 November 2026");
        assert_eq!(week(Language::Sv, winter), "v.\u{a0}47 2026");
    }

    #[test]
    fn ages_become_times_after_an_hour() {
        let now = at("2026-11-22T05:00:00Z");
        for (then, expected) in [
            ("2026-11-22T04:59:30Z", "nyss"),
            ("2026-11-22T04:58:00Z", "2\u{a0}min"),
            ("2026-11-22T04:22:00Z", "38\u{a0}min"),
            ("2026-11-22T03:12:00Z", "sedan 04.12"),
            ("2026-11-21T21:00:00Z", "sedan 2026-11-21 22.00"),
            ("2026-11-22T05:00:30Z", "nyss"),
        ] {
            assert_eq!(age(Language::Sv, now, at(then)), expected);
        }
    }
}
