//! When it happened, when it was recorded, when it was sent.
//!
//! EVN-6 if there is one, else the earlier of EVN-2 and MSH-7. Times are Swedish wall-clock times unless an offset says
//! otherwise; what the wall clock leaves open is noted.

use hl7::Message;
use hl7::field;
use hl7::time::{Doubt, Stockholm};
use schemas::Timestamp;

use super::findings::Findings;
use super::stop::Stop;
use crate::rules::Rule;

/// A sender's clock may be ahead by so much before it is noted: clocks of hospital systems drift by minutes.
pub(crate) const FUTURE_TOLERANCE_MICROS: i64 = 5 * 60 * 1_000_000;

/// The times of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times<'a> {
    /// When it happened.
    pub occurred: Stated<'a>,
    /// The source gave it itself (EVN-6).
    pub given: bool,
    /// EVN-2.
    pub recorded: Option<Stated<'a>>,
    /// MSH-7.
    pub sent: Option<Stated<'a>>,
}

/// A time and the source's own text of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stated<'a> {
    pub at: Timestamp,
    pub text: &'a str,
}

/// Reads the three times of a message; without any there is no event.
pub(crate) fn of<'a>(
    message: &Message<'a>,
    received_at: Timestamp,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Result<Times<'a>, Stop> {
    let given = read(message.at(field::EVN_OCCURRED), "EVN-6", stockholm, findings);
    let recorded = read(message.at(field::EVN_RECORDED), "EVN-2", stockholm, findings);
    let sent = read(message.at(field::MSH_SENT), "MSH-7", stockholm, findings);
    for (stated, path) in [(recorded, "EVN-2"), (sent, "MSH-7")] {
        if stated.is_some_and(|stated| stated.at.0 > received_at.0.saturating_add(FUTURE_TOLERANCE_MICROS)) {
            findings.add(Rule::TimeInFuture, path);
        }
    }
    // EVN-2 wins a tie: it is the event's own segment.
    let earlier = match (recorded, sent) {
        (Some(recorded), Some(sent)) if sent.at < recorded.at => Some(sent),
        (recorded, sent) => recorded.or(sent),
    };
    let occurred = given.or(earlier).ok_or(Stop::refuse(Rule::TimeMissing, "EVN-2"))?;
    Ok(Times { occurred, given: given.is_some(), recorded, sent })
}

/// Reads a time field; a text that is no time is noted and not used.
pub(crate) fn read<'a>(
    value: hl7::Value<'a>,
    path: &'static str,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Option<Stated<'a>> {
    let text = value.component(1).given()?;
    match stockholm.read(text) {
        Ok(moment) => {
            match moment.doubt {
                None => {}
                Some(Doubt::Repeated) => findings.add(Rule::TimeAmbiguous, path),
                Some(Doubt::Skipped) => findings.add(Rule::TimeNonexistent, path),
            }
            Some(Stated { at: Timestamp(moment.micros), text })
        }
        Err(_) => {
            findings.add(Rule::TimeUnreadable, path);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Timestamp = Timestamp(1_767_700_000_000_000); // 2026-01-06T11:46:40Z

    #[track_caller]
    fn check(msh7: &str, evn2: &str, evn6: &str, expected: Option<(&str, bool)>, rules: &[&str]) {
        let text = format!("MSH|^~\\&|A|B|C|D|{msh7}||ADT^A01|1|P|2.5\rEVN|A01|{evn2}||||{evn6}\r");
        let message = Message::parse(&text).expect("a message");
        let mut findings = Findings::default();
        let times = of(&message, RECEIVED, &mut Stockholm::new(), &mut findings);
        assert_eq!(times.ok().map(|times| (times.occurred.text, times.given)), expected, "{text:?}");
        assert_eq!(findings.list().iter().map(|finding| finding.rule).collect::<Vec<_>>(), rules, "{text:?}");
    }

    #[test]
    fn the_event_time_is_evn6_else_the_earlier_of_evn2_and_msh7() {
        check("20260106080000", "20260106070000", "20260106060000", Some(("20260106060000", true)), &[]);
        check("20260106080000", "20260106070000", "", Some(("20260106070000", false)), &[]);
        check("20260106065959", "20260106070000", "", Some(("20260106065959", false)), &[]);
        check("20260106080000", "", "", Some(("20260106080000", false)), &[]);
        check("", "20260106080000", "\"\"", Some(("20260106080000", false)), &[]);
        check("", "", "", None, &[]);
    }

    #[test]
    fn odd_times_are_noted() {
        check(
            "20260106080000",
            "x",
            "20261306",
            Some(("20260106080000", false)),
            &["time-unreadable", "time-unreadable"],
        );
        check("20260106125200", "20260106124500", "", Some(("20260106124500", false)), &["time-in-future"]);
        check("20251026023000", "", "", Some(("20251026023000", false)), &["time-ambiguous"]);
        check("20251026023000+0100", "", "", Some(("20251026023000+0100", false)), &[]);
        check("20250330023000", "", "", Some(("20250330023000", false)), &["time-nonexistent"]);
    }
}
