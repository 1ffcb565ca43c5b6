//! What a reader of a region's figures must know: a figure never stands without its flags.

use runtime::config::Fault;
use serde::{Deserialize, Serialize};
use topics::Region;

use crate::period::Period;

/// Longest text of a flag, in characters.
const TEXT_MAX: usize = 300;

/// What is known of the figures of some periods. Said by the region, in the configuration, and carried by every parcel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// The region whose figures it is about.
    pub region: Region,
    /// The extract; without it every extract.
    pub extract: Option<String>,
    /// The first period, `2026-02` or `2026`.
    pub from: Period,
    /// The last period; without it the flag still holds.
    pub to: Option<Period>,
    /// What kind of thing it is.
    pub code: Code,
    /// For readers of the figures, in Swedish.
    pub text: String,
}

/// What kind of thing a flag tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The region changes its record system: figures before and after are not made alike.
    ChangingRecordSystem,
    /// What is registered, or how, has changed.
    ChangedRoutine,
    /// Something that belongs here has not come.
    Incomplete,
    /// More is expected; the figures will change.
    Provisional,
}

/// A flag as a parcel carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What kind of thing it is.
    pub code: Code,
    /// For readers of the figures.
    pub text: String,
}

impl Declared {
    fn covers(&self, period: Period) -> bool {
        // A year holds its months, and a month belongs to its year: as texts one begins with the other.
        let (from, period) = (self.from.to_string(), period.to_string());
        let begun = period >= from || from.starts_with(&period);
        let ended = self.to.is_some_and(|to| {
            let to = to.to_string();
            period > to && !period.starts_with(&to)
        });
        begun && !ended
    }
}

/// The flags of an extract's period, in a fixed order.
#[must_use]
pub fn of(declared: &[Declared], region: Region, extract: &str, period: Period) -> Vec<Flag> {
    let mut flags: Vec<Flag> = declared
        .iter()
        .filter(|flag| flag.region == region && flag.extract.as_deref().is_none_or(|name| name == extract))
        .filter(|flag| flag.covers(period))
        .map(|flag| Flag { code: flag.code, text: flag.text.clone() })
        .collect();
    flags.sort_by(|left, right| (left.code, &left.text).cmp(&(right.code, &right.text)));
    flags
}

/// Whether every flag can be shown.
///
/// # Errors
/// Names the flag whose text is empty or too long, or whose last period is before the first.
pub fn check(declared: &[Declared]) -> Result<(), Fault> {
    for (n, flag) in declared.iter().enumerate() {
        if flag.text.trim().is_empty() || flag.text.chars().count() > TEXT_MAX {
            return Err(Fault::new(format!("flag.{n}.text"), format!("must have 1 to {TEXT_MAX} characters")));
        }
        if flag.to.is_some_and(|to| to.to_string() < flag.from.to_string() && !flag.covers(to)) {
            return Err(Fault::new(format!("flag.{n}.to"), "is before `from`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Code, Declared, check, of};

    fn declared(from: &str, to: Option<&str>, extract: Option<&str>) -> Declared {
        Declared {
            region: "14".parse().unwrap(),
            extract: extract.map(str::to_owned),
            from: from.parse().unwrap(),
            to: to.map(|to| to.parse().unwrap()),
            code: Code::ChangingRecordSystem,
            text: "Nytt journalsystem".to_owned(),
        }
    }

    #[test]
    fn a_flag_covers_its_periods_and_no_others() {
        let covers = |from, to, period: &str| {
            of(&[declared(from, to, None)], "14".parse().unwrap(), "waiting-times", period.parse().unwrap()).len() == 1
        };
        for (from, to, inside, outside) in [
            ("2026-02", None, ["2026-02", "2027-01", "2026"], ["2026-01", "2025", "2025-12"]),
            ("2026-02", Some("2026-03"), ["2026-02", "2026-03", "2026"], ["2026-04", "2027", "2026-01"]),
            ("2025", Some("2026"), ["2025", "2026-12", "2025-01"], ["2024-12", "2027-01", "2027"]),
        ] {
            assert!(inside.iter().all(|period| covers(from, to, period)), "{from} {to:?}");
            assert!(!outside.iter().any(|period| covers(from, to, period)), "{from} {to:?}");
        }
    }

    #[test]
    fn a_flag_is_of_its_region_and_extract() {
        let flags = [declared("2026", None, Some("kpp"))];
        let found = |region: &str, extract| of(&flags, region.parse().unwrap(), extract, "2026".parse().unwrap()).len();
        assert_eq!([found("14", "kpp"), found("14", "waiting-times"), found("13", "kpp")], [1, 0, 0]);
    }

    #[test]
    fn a_flag_that_cannot_be_shown_is_refused() {
        assert!(check(&[declared("2026-02", Some("2026"), None)]).is_ok());
        assert!(check(&[declared("2026-02", Some("2026-01"), None)]).is_err());
        let blank = Declared { text: " ".to_owned(), ..declared("2026", None, None) };
        assert!(check(&[blank]).unwrap_err().to_string().contains("flag.0.text"));
    }
}
