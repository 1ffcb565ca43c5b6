//! Which contacts a delivery is about. No clock: the same statements and days are the same contacts whenever it is asked.

use crate::moment::Moment;

/// The days that a delivery covers, both included, as YYYY-MM-DD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    pub(crate) first: String,
    pub(crate) last: String,
}

/// Where a contact of inpatient care stands to these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Discharged on one of them.
    Discharged,
    /// Admitted on the last of them, or before it, and not discharged by then.
    Admitted,
    /// Discharged before them, or admitted after them.
    Elsewhere,
    /// Not discharged by the last of them, and nobody says when it was admitted.
    Unknown,
}

impl Days {
    /// The register wants the patients who have been admitted in the months: those discharged in them, and those who still were
    /// when they ended (HSLF-FS 2016:91, annex 1, and the register's own page; read in November 2026).
    pub(crate) fn standing(&self, admitted: Option<Moment>, discharged: Option<Moment>) -> Standing {
        let discharged = discharged.map(Moment::day);
        match (admitted.map(Moment::day), discharged.filter(|day| *day <= self.last)) {
            (_, Some(day)) if day >= self.first => Standing::Discharged,
            (_, Some(_)) => Standing::Elsewhere,
            (None, None) => Standing::Unknown,
            (Some(day), None) if day <= self.last => Standing::Admitted,
            (Some(_), None) => Standing::Elsewhere,
        }
    }
}

#[cfg(test)]
mod tests {
    use schemas::Timestamp;

    use super::*;

    /// Noon in Sweden of a day; nothing of none.
    fn noon(day: &str) -> Option<Moment> {
        let at = format!("{day}T11:00:00Z").parse::<jiff::Timestamp>().ok()?;
        Moment::new(Some(Timestamp(at.as_microsecond())), false)
    }

    #[test]
    fn who_was_admitted_in_the_three_months() {
        let days = Days { first: "2026-01-01".to_owned(), last: "2026-03-31".to_owned() };
        for (admitted, discharged, want) in [
            ("2026-01-03", "2026-01-31", Standing::Discharged),
            ("2025-06-03", "2026-01-01", Standing::Discharged),
            ("2026-03-31", "2026-03-31", Standing::Discharged),
            ("", "2026-02-01", Standing::Discharged),
            // Told the wrong way round, it ended in the months all the same.
            ("2026-04-02", "2026-03-31", Standing::Discharged),
            ("2026-03-31", "", Standing::Admitted),
            ("2019-01-01", "", Standing::Admitted),
            ("2026-03-31", "2026-04-01", Standing::Admitted),
            ("2025-12-01", "2025-12-31", Standing::Elsewhere),
            ("", "2025-12-31", Standing::Elsewhere),
            ("2026-04-01", "", Standing::Elsewhere),
            ("2026-04-01", "2026-04-02", Standing::Elsewhere),
            ("", "", Standing::Unknown),
            ("", "2026-04-01", Standing::Unknown),
        ] {
            assert_eq!(days.standing(noon(admitted), noon(discharged)), want, "{admitted} to {discharged}");
        }
    }
}
