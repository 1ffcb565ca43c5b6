//! FHIR's dateTime and instant: a year, a month, a day, or a time with its offset.

use hl7::time::{Doubt, Precision, Stockholm};
use schemas::Timestamp;

use crate::calendar;
use crate::findings::Findings;
use crate::pipeline::event_time::Stated;
use crate::rules::Rule;

/// Longest text that is a time: `2026-01-06T08:00:00.123456789+01:00`.
const TEXT_MAX: usize = 40;

/// A time, or a day of which only the date is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// The time; of a day, where it begins in Swedish time.
    pub at: Timestamp,
    /// As the source wrote it.
    pub text: &'a str,
    /// Only the day is known.
    pub is_date: bool,
}

impl<'a> Moment<'a> {
    pub(crate) fn stated(self) -> Stated<'a> {
        Stated { at: self.at, text: self.text }
    }
}

/// Reads a time. One that names no more than a month says nothing of a day and is noted, as is one that cannot be read.
pub(crate) fn read<'a>(
    text: Option<&'a str>,
    path: &'static str,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Option<Moment<'a>> {
    let text = text?;
    let moment = compact(text).and_then(|digits| stockholm.read(&digits).ok());
    let Some(moment) = moment else {
        findings.add(Rule::TimeUnreadable, path);
        return None;
    };
    if !calendar::holds(Timestamp(moment.micros)) {
        findings.add(Rule::TimeImpossible, path);
        return None;
    }
    match moment.doubt {
        None => {}
        Some(Doubt::Repeated) => findings.add(Rule::TimeAmbiguous, path),
        Some(Doubt::Skipped) => findings.add(Rule::TimeNonexistent, path),
    }
    if moment.precision < Precision::Day {
        findings.add(Rule::FhirTimeImprecise, path);
        return None;
    }
    Some(Moment { at: Timestamp(moment.micros), text, is_date: moment.precision == Precision::Day })
}

/// The time without the signs that HL7 v2 does not write; `None` where the signs are not those of a FHIR time.
fn compact(text: &str) -> Option<String> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let dated = matches!(date.len(), 4 | 7 | 10)
        && date
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if !dated || (time.is_some() && date.len() != 10) {
        return None;
    }
    let mut digits = date.replace('-', "");
    if let Some(time) = time {
        let clock = time.find(|letter: char| !letter.is_ascii_digit() && letter != ':').unwrap_or(time.len());
        let (clock, rest) = time.split_at(clock);
        let shaped = matches!(clock.len(), 5 | 8)
            && clock
                .bytes()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 2 | 5) { byte == b':' } else { byte != b':' });
        if !shaped {
            return None;
        }
        digits.push_str(&clock.replace(':', ""));
        digits.push_str(rest);
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(i64, bool)>, rules: &[&str]) {
        let mut findings = Findings::default();
        let moment = read(Some(text), "Encounter.period", &mut Stockholm::new(), &mut findings);
        assert_eq!(moment.map(|moment| (moment.at.0, moment.is_date)), expected, "{text}");
        assert_eq!(findings.list().iter().map(|finding| finding.rule).collect::<Vec<_>>(), rules, "{text}");
    }

    #[test]
    fn times_of_every_precision_are_read_and_a_day_stays_a_day() {
        let eight = 1_767_682_800_000_000; // 2026-01-06T07:00:00Z
        check("2026-01-06T08:00:00+01:00", Some((eight, false)), &[]);
        check("2026-01-06T07:00:00Z", Some((eight, false)), &[]);
        check("2026-01-06T07:00:00.25Z", Some((eight + 250_000, false)), &[]);
        check("2026-01-06T08:00", Some((eight, false)), &[]);
        check("2026-01-06", Some((eight - 8 * 3_600_000_000, true)), &[]);
        check("2026-01", None, &["fhir-time-imprecise"]);
        check("2026", None, &["fhir-time-imprecise"]);
        check("2025-10-26T02:30:00", Some((1_761_438_600_000_000, false)), &["time-ambiguous"]);
    }

    #[test]
    fn what_is_no_time_is_noted() {
        for text in [
            "20260106",
            "2026-1-6",
            "2026-01-06T",
            "2026-01-06T8:00:00",
            "2026-01-06T08:00:00+1",
            "2026-13-01",
            "T08:00:00",
            "2026-01T08:00:00",
            "2026-01-06T24:00:00Z",
            "2026-01-06T08:00:00:00",
            "åäö-01-06",
            "2026-01-06T08.00.00",
            "x",
        ] {
            check(text, None, &["time-unreadable"]);
        }
    }
}
