//! Dates as identifiers hold them: whole, or with parts unknown.

/// A calendar date. The reference date that decides the century of a ten-digit number is one; it comes from the event,
/// never from the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date that exists; `None` otherwise.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        if year == 0 || month == 0 || month > 12 || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Date { year, month, day })
    }

    /// The date of a moment in UTC. At most two hours off the Swedish date, which no century hangs on.
    pub const fn of_utc_micros(micros: i64) -> Date {
        Date::of_epoch_day(micros.div_euclid(86_400_000_000))
    }

    /// The date that many days after 1970-01-01. Days outside the years 1 to 9999 are their ends.
    pub const fn of_epoch_day(day: i64) -> Date {
        // Years run from March, so that the leap day is a year's last; 400 years have 146,097 days.
        let day = if day < -719_162 {
            -719_162
        } else if day > 2_932_896 {
            2_932_896
        } else {
            day
        };
        let shifted = day + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + (month <= 2) as i64;
        Date { year: year as u16, month: month as u8, day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8 }
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month.
    pub const fn day(self) -> u8 {
        self.day
    }
}

/// What an identifier says of a birth date. A samordningsnummer may leave month or day unknown.
///
/// It is personal data in itself: no `Debug`, no `Display`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    /// The year.
    pub year: u16,
    /// The month, when known.
    pub month: Option<u8>,
    /// The day, when known.
    pub day: Option<u8>,
}

/// What an identifier says of legal sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// An even serial.
    Female,
    /// An odd serial.
    Male,
}

impl Sex {
    pub(crate) const fn of_serial(digit: u8) -> Sex {
        if digit.is_multiple_of(2) { Sex::Female } else { Sex::Male }
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of a month of a year; 31 for a month out of range.
pub(crate) const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_days() {
        let check = |day, (y, m, d)| assert_eq!(Date::of_epoch_day(day), Date { year: y, month: m, day: d });
        check(0, (1970, 1, 1));
        check(-1, (1969, 12, 31));
        check(11_016, (2000, 2, 29));
        check(20_458, (2026, 1, 5));
        check(i64::MIN, (1, 1, 1));
        check(i64::MAX, (9999, 12, 31));
        assert_eq!(Date::of_utc_micros(1_767_570_015_000_000), Date { year: 2026, month: 1, day: 4 });
    }

    #[test]
    fn only_real_dates() {
        assert!(Date::new(2024, 2, 29).is_some());
        assert!(Date::new(2023, 2, 29).is_none());
        assert!(Date::new(1900, 2, 29).is_none());
        assert!(Date::new(2024, 13, 1).is_none());
        assert!(Date::new(2024, 4, 31).is_none());
    }
}
