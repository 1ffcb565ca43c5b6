//! What a definition has done with a column before it leaves, beside the pseudonyms that a column which names somebody has anyway. Pure.
//!
//! | word | what stands there then |
//! |---|---|
//! | `pseudonym` | the recipient's own number, also of what names nobody |
//! | `encrypted` | the value under AES-256-SIV (RFC 5297): the same value is the same text, and who has the series' key can open it |
//! | `masked` | one fixed text where there was any |
//! | `generalised` | the years of five in which somebody was born, the region somebody lives in, the category of a code that few have |
//! | `shifted` | every day and time moved by days of the person's own |
//! | `dropped` | nothing |

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

/// Below how many rows a code is rolled up, unless the definition says otherwise (`k_at_least`).
pub(crate) const ROWS_MIN: u64 = 5;

/// What stands in place of a value that is masked, and of a code that is rolled up beyond its chapters.
pub(crate) const MASK: &str = "*";

/// The word by which a definition names all days and times of its files.
pub(crate) const TIMES: &str = "times";

/// Days by which times are moved at most, either way.
const SHIFT_DAYS_MAX: u32 = 182;

/// What is done with a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Treatment {
    /// It leaves as the store has it.
    #[default]
    #[serde(skip)]
    Plain,
    /// The recipient's own number or name.
    Pseudonym,
    /// Under the series' key, which opens it again.
    Encrypted,
    /// A fixed text.
    Masked,
    /// What it is a part of.
    Generalised,
    /// Moved by days of the person's own.
    Shifted,
    /// Nothing.
    Dropped,
}

impl Treatment {
    /// Its word in definitions and manifests.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Pseudonym => "pseudonym",
            Self::Encrypted => "encrypted",
            Self::Masked => "masked",
            Self::Generalised => "generalised",
            Self::Shifted => "shifted",
            Self::Dropped => "dropped",
        }
    }
}

/// The first of the five years in which somebody was born. Who is 90 or older in a year has that of those who are 90.
pub(crate) fn birth_band(birth_year: i32, in_year: i32) -> i32 {
    let band = |year: i32| year - year.rem_euclid(5);
    band(birth_year.max(in_year - 90))
}

/// The län of a municipality of residence.
pub(crate) fn region_of(lkf: &str) -> &str {
    lkf.get(..2).unwrap_or(MASK)
}

/// The days by which a code moves somebody's times: every number from 182 back to 182 on is as likely as any other.
pub(crate) fn shift_days(code: u32) -> i32 {
    let span = 2 * SHIFT_DAYS_MAX + 1;
    i32::try_from(code % span).expect("a small number") - SHIFT_DAYS_MAX as i32
}

/// A moment, moved by days on Swedish clocks; nothing beyond the calendar.
pub(crate) fn moved(micros: i64, days: i32) -> Option<i64> {
    let local = swedish_time::local(micros).checked_add(days.days()).ok()?;
    swedish_time::instant(local)
}

/// A day or time as a text that begins with its day. What has no day is not told.
pub(crate) fn moved_text(text: &str, days: i32) -> String {
    let moved = |text: &str| -> Option<String> {
        let (day, rest) = text.split_at_checked(10)?;
        let day: Date = day.parse().ok()?;
        Some(format!("{}{rest}", day.checked_add(days.days()).ok()?))
    };
    moved(text).unwrap_or_default()
}

/// A code system with categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// ICD-10-SE: category of three characters, then chapter.
    Icd,
    /// KVÅ: the letters that it begins with, then the first of them.
    Kva,
    /// ATC: therapeutic group of three characters, then anatomical group.
    Atc,
}

impl System {
    fn category(self, code: &str) -> Option<&str> {
        match self {
            Self::Icd | Self::Atc => code.get(..3),
            Self::Kva => {
                let letters = code.bytes().take_while(u8::is_ascii_alphabetic).take(3).count();
                code.get(..letters).filter(|letters| !letters.is_empty())
            }
        }
    }

    fn chapter(self, code: &str) -> Option<&str> {
        match self {
            Self::Icd => icd_chapter(code),
            Self::Kva | Self::Atc => code.get(..1),
        }
    }
}

/// The last categories of ICD-10's chapters, in their order.
const ICD_CHAPTERS: [(&str, &str); 22] = [
    ("B99", "I"),
    ("D48", "II"),
    ("D89", "III"),
    ("E90", "IV"),
    ("F99", "V"),
    ("G99", "VI"),
    ("H59", "VII"),
    ("H95", "VIII"),
    ("I99", "IX"),
    ("J99", "X"),
    ("K93", "XI"),
    ("L99", "XII"),
    ("M99", "XIII"),
    ("N99", "XIV"),
    ("O99", "XV"),
    ("P96", "XVI"),
    ("Q99", "XVII"),
    ("R99", "XVIII"),
    ("T98", "XIX"),
    ("Y98", "XX"),
    ("Z99", "XXI"),
    ("U99", "XXII"),
];

fn icd_chapter(code: &str) -> Option<&'static str> {
    let category = code.get(..3)?;
    // Codes for special purposes stand last in the classification, and before V in the alphabet.
    let chapters = if category.starts_with('U') { &ICD_CHAPTERS[21..] } else { &ICD_CHAPTERS[..21] };
    chapters.iter().find(|(last, _)| category <= *last).map(|(_, chapter)| *chapter)
}

/// Codes of rows, of which those that fewer rows have than `least` are rolled up: to their category, with all that came to it; if those are
/// few too, to their chapter; else to nothing but that there is one.
pub(crate) fn rolled_up(system: System, codes: &[&str], least: u64) -> Vec<String> {
    let mut rolled: Vec<Cow<'_, str>> = codes.iter().map(|code| Cow::Borrowed(*code)).collect();
    let levels: [fn(System, &str) -> Option<&str>; 3] = [System::category, System::chapter, |_, _| Some(MASK)];
    for level in levels {
        let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
        rolled.iter().filter(|code| !code.is_empty()).for_each(|code| *rows.entry(code).or_default() += 1);
        let few: Vec<bool> = rolled.iter().map(|code| rows.get(&**code).is_some_and(|rows| *rows < least)).collect();
        for ((rolled, few), code) in rolled.iter_mut().zip(few).zip(codes) {
            if few {
                let plain = code.replace('.', "").to_ascii_uppercase();
                *rolled = Cow::Owned(level(system, &plain).unwrap_or(MASK).to_owned());
            }
        }
    }
    rolled.into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_birth_are_bands_of_five_and_the_oldest_are_one() {
        let bands = [1948, 1945, 1949, 1950, 2026, 1936, 1935, 1920, 1890].map(|year| birth_band(year, 2026));
        assert_eq!(bands, [1945, 1945, 1945, 1950, 2025, 1935, 1935, 1935, 1935]);
    }

    #[test]
    fn who_lives_where_is_a_region() {
        assert_eq!(["1480", "0180", "14", "9", ""].map(region_of), ["14", "01", "14", "*", "*"]);
    }

    #[test]
    fn moved_times_keep_their_distance_and_their_hour() {
        let at = |text: &str| swedish_time::instant(text.parse().unwrap()).unwrap();
        // Over a change of clocks: eight in the morning stays eight.
        assert_eq!(moved(at("2026-03-20T08:00:00"), 14), Some(at("2026-04-03T08:00:00")));
        assert_eq!(moved(at("2026-07-01T00:00:00"), -182), Some(at("2025-12-31T00:00:00")));
        for days in [-182, -1, 0, 1, 182] {
            let of = |text: &str| moved_text(text, days).get(..10).unwrap().parse::<Date>().unwrap();
            let apart = of("2026-03-09T10:30:00").since(of("2026-02-27")).unwrap().get_days();
            assert_eq!(apart, 10, "{days}");
        }
        assert_eq!(moved_text("2026-02-27T23:59:00", 2), "2026-03-01T23:59:00");
        assert_eq!(["", "soon", "2026-02-30", "20260227"].map(|text| moved_text(text, 1)), [""; 4]);
    }

    #[test]
    fn every_number_of_days_is_as_likely() {
        assert_eq!([0, 182, 364, 365].map(shift_days), [-182, 0, 182, -182]);
    }

    fn check(system: System, codes: &[(&str, usize)], expected: &[(&str, usize)]) {
        let rows: Vec<&str> = codes.iter().flat_map(|(code, rows)| std::iter::repeat_n(*code, *rows)).collect();
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        rolled_up(system, &rows, 5).into_iter().for_each(|code| *found.entry(code).or_default() += 1);
        let expected = expected.iter().map(|(code, rows)| ((*code).to_owned(), *rows)).collect();
        assert_eq!(found, expected, "{codes:?}");
    }

    #[test]
    fn codes_of_few_are_rolled_up_as_far_as_it_takes() {
        // Enough: as they are. Few in enough: their category. Few: their chapter. Few in a chapter: that there is one.
        check(
            System::Icd,
            &[("S7200", 6), ("S7210", 3), ("S7220", 2), ("S82.6", 2), ("T84.0", 4), ("I219", 1), ("", 2)],
            &[("S7200", 6), ("S72", 5), ("XIX", 6), ("*", 1), ("", 2)],
        );
        check(System::Icd, &[("S72", 2), ("s820", 3)], &[("XIX", 5)]);
        check(
            System::Kva,
            &[("NFJ59", 3), ("NFJ49", 2), ("NFB09", 4), ("NCA", 1), ("AA001", 1)],
            &[("NFJ", 5), ("N", 5), ("*", 1)],
        );
        check(System::Atc, &[("C07AB02", 4), ("C07AA05", 1), ("C10AA01", 2), ("C03CA01", 3)], &[("C07", 5), ("C", 5)]);
    }

    #[test]
    fn chapters_are_those_of_the_classification() {
        for (code, chapter) in [
            ("A00", "I"),
            ("C509", "II"),
            ("D50", "III"),
            ("E11", "IV"),
            ("H60", "VIII"),
            ("U071", "XXII"),
            ("W01", "XX"),
            ("Z99", "XXI"),
        ] {
            assert_eq!(icd_chapter(code), Some(chapter), "{code}");
        }
        assert_eq!((icd_chapter("ZZZ"), icd_chapter("S7")), (None, None));
    }
}
