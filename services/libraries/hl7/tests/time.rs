//! Swedish wall-clock time.

use hl7::time::{Doubt, Error, Moment, Precision, Stockholm};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, utc: &str, precision: Precision, doubt: Option<Doubt>) {
    let stamp: jiff::Timestamp = utc.parse().unwrap();
    let want = Ok((stamp.as_microsecond(), precision, doubt));
    let mut clock = Stockholm::new();
    let mut read = || clock.read(text).map(|Moment { micros, precision, doubt, .. }| (micros, precision, doubt));
    assert_eq!(read(), want, "{text}");
    assert_eq!(read(), want, "{text}, from the kept offset");
}

#[test]
fn winter_and_summer() {
    check("20260105004015", "2026-01-04T23:40:15Z", Precision::Second, None);
    check("20260705004015", "2026-07-04T22:40:15Z", Precision::Second, None);
    check(" 202601050040 ", "2026-01-04T23:40:00Z", Precision::Minute, None);
    check("2026010500", "2026-01-04T23:00:00Z", Precision::Hour, None);
    check("20260105", "2026-01-04T23:00:00Z", Precision::Day, None);
    check("202601", "2025-12-31T23:00:00Z", Precision::Month, None);
    check("2026", "2025-12-31T23:00:00Z", Precision::Year, None);
    check("20260105004015.5", "2026-01-04T23:40:15.5Z", Precision::Fraction, None);
    check("20260105004015.1234567", "2026-01-04T23:40:15.123456Z", Precision::Fraction, None);
    check("20240229235959", "2024-02-29T22:59:59Z", Precision::Second, None);
}

#[test]
fn offsets_are_honoured() {
    check("20260105004015+0100", "2026-01-04T23:40:15Z", Precision::Second, None);
    check("20260705004015+01:00", "2026-07-04T23:40:15Z", Precision::Second, None);
    check("20260105004015-0530", "2026-01-05T06:10:15Z", Precision::Second, None);
    check("20260105004015Z", "2026-01-05T00:40:15Z", Precision::Second, None);
    check("20260105004015.25+0000", "2026-01-05T00:40:15.25Z", Precision::Fraction, None);
    check("202601050040+0100", "2026-01-04T23:40:00Z", Precision::Minute, None);
}

#[test]
fn the_repeated_autumn_hour_is_the_first() {
    check("20251026015959", "2025-10-25T23:59:59Z", Precision::Second, None);
    check("20251026020000", "2025-10-26T00:00:00Z", Precision::Second, Some(Doubt::Repeated));
    check("20251026023000", "2025-10-26T00:30:00Z", Precision::Second, Some(Doubt::Repeated));
    check("20251026023000+0100", "2025-10-26T01:30:00Z", Precision::Second, None);
    check("20251026023000+0200", "2025-10-26T00:30:00Z", Precision::Second, None);
    check("20251026030000", "2025-10-26T02:00:00Z", Precision::Second, None);
}

#[test]
fn the_missing_spring_hour_is_an_hour_later() {
    check("20260329015959", "2026-03-29T00:59:59Z", Precision::Second, None);
    check("20260329020000", "2026-03-29T01:00:00Z", Precision::Second, Some(Doubt::Skipped));
    check("20260329023000", "2026-03-29T01:30:00Z", Precision::Second, Some(Doubt::Skipped));
    check("20260329030000", "2026-03-29T01:00:00Z", Precision::Second, None);
    check("20260329", "2026-03-28T23:00:00Z", Precision::Day, None);
}

#[test]
fn refusals() {
    let mut clock = Stockholm::new();
    for text in [
        "",
        "hemligt",
        "202601050",
        "2026010500401",
        "20260105004015.",
        "20260105.5",
        "20260105+1",
        "20260105004015+01:0",
        "２０２６",
    ] {
        assert_eq!(clock.read(text), Err(Error::Shape), "{text}");
    }
    for text in [
        "20261301",
        "20260001",
        "20260132",
        "20250229",
        "2026010524",
        "202601050060",
        "20260105000060",
        "00000101",
        "20260105+1500",
        "20260105+0160",
    ] {
        assert_eq!(clock.read(text), Err(Error::Range), "{text}");
    }
}

#[test]
fn moments_are_written_with_their_offset() {
    let mut clock = Stockholm::new();
    for text in ["20260105004015+0100", "20260705004015+0200", "20251026023000+0100", "20251026023000+0200"] {
        let micros = clock.read(text).unwrap().micros;
        assert_eq!(clock.write(micros), text);
    }
    assert_eq!(clock.date(clock.clone().read("20260105000000").unwrap().micros), (2026, 1, 5));
    // Beyond every calendar, but no panic.
    clock.write(i64::MAX);
    clock.date(i64::MIN);
}

proptest! {
    #[test]
    fn the_kept_offsets_agree_with_the_database(days in prop::collection::vec((2_000_i16..2040, 1_i8..=12, 1_i8..=28, 0_i8..24, 0_i8..60), 1..200)) {
        let mut clock = Stockholm::new();
        let zone = jiff::tz::TimeZone::get("Europe/Stockholm").unwrap();
        for (year, month, day, hour, minute) in days {
            let local = jiff::civil::date(year, month, day).at(hour, minute, 7, 0);
            let want = zone.to_ambiguous_timestamp(local).compatible().unwrap().as_microsecond();
            let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}07");
            prop_assert_eq!(clock.read(&text).unwrap().micros, want);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9+.:Z-]{0,24}") {
        let _ = Stockholm::new().read(&text);
    }
}

#[test]
fn what_is_written_to_the_day_or_happens_twice_can_mean_later_moments() {
    let mut clock = Stockholm::new();
    let mut check = |text: &str, latest: &str| {
        let latest: jiff::Timestamp = latest.parse().unwrap();
        assert_eq!(clock.read(text).map(|moment| moment.latest), Ok(latest.as_microsecond()), "{text}");
    };
    check("2026", "2026-12-31T22:59:59.999999Z");
    check("202602", "2026-02-28T22:59:59.999999Z");
    check("20260106", "2026-01-06T22:59:59.999999Z");
    check("20260106+0000", "2026-01-06T23:59:59.999999Z");
    check("2026010616", "2026-01-06T15:59:59.999999Z");
    check("202601061600", "2026-01-06T15:00:59.999999Z");
    check("20260106160000", "2026-01-06T15:00:00Z");
    check("20251026023000", "2025-10-26T01:30:00Z");
    check("20251026", "2025-10-26T22:59:59.999999Z");
}

#[test]
fn the_messages_offset_tells_what_its_other_times_mean() {
    let mut clock = Stockholm::new();
    let mut check = |sent: &str, text: &str, utc: &str, doubt: Option<Doubt>| {
        let sent = clock.read(sent).unwrap();
        let assumed = clock.assumed_of(&sent);
        clock.assume(assumed);
        let utc: jiff::Timestamp = utc.parse().unwrap();
        let moment = clock.read(text).unwrap();
        assert_eq!((moment.micros, moment.doubt), (utc.as_microsecond(), doubt), "{text}");
        clock.assume(None);
    };
    check("20260106080000+0000", "20260106073000", "2026-01-06T07:30:00Z", None);
    check("20260106080000+0100", "20260106073000", "2026-01-06T06:30:00Z", None);
    // A winter message about the summer is Swedish time all the same.
    check("20260106080000+0100", "20250706073000", "2025-07-06T05:30:00Z", None);
    check("20251026025900+0100", "20251026023000", "2025-10-26T01:30:00Z", None);
    check("20251026025900+0200", "20251026023000", "2025-10-26T00:30:00Z", None);
    check("20251026025900", "20251026023000", "2025-10-26T00:30:00Z", Some(Doubt::Repeated));
}
