//! When it happened, when it was recorded, when it was sent.
//!
//! ZBE-2 where the message states a movement, else EVN-6, else the earlier of EVN-2 and MSH-7. Times are Swedish wall-clock
//! times unless an offset says otherwise, their own or that of MSH-7 where it is not Sweden's; what the wall clock leaves
//! open is noted.
//!
//! A time that is written to the day or the hour says no more than that: the event is put at the latest moment of it that
//! another time of the message supports. Where none does, an arrival is put at its beginning and anything else at its end.

use hl7::time::{Assumed, Doubt, Precision, Stockholm};
use hl7::{Message, Segment, field};
use schemas::Timestamp;

use super::trigger::Trigger;
use crate::calendar;
use crate::findings::Findings;
use crate::rules::Rule;
use crate::stop::Stop;

/// A sender's clock may be ahead by so much before it is noted: clocks of hospital systems drift by minutes.
pub(crate) const FUTURE_TOLERANCE_MICROS: i64 = 5 * 60 * 1_000_000;

/// A message that comes at once is at most this far from its sender's clock.
const FRESH_MICROS: i64 = 2 * 60 * 1_000_000;

/// The times of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times<'a> {
    pub occurred: Stated<'a>,
    /// First and last moment that the written time can mean, where it is coarser than a second or happens twice.
    pub between: Option<(Timestamp, Timestamp)>,
    /// The source gave it itself (ZBE-2 or EVN-6).
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

/// A time with what its text leaves open.
#[derive(Clone, Copy)]
struct Written<'a> {
    stated: Stated<'a>,
    latest: Timestamp,
    precision: Precision,
    path: &'static str,
}

impl Written<'_> {
    fn is_coarse(&self) -> bool {
        self.precision < Precision::Minute
    }

    fn takes_in(&self, other: &Written<'_>) -> bool {
        (self.stated.at..=self.latest).contains(&other.stated.at)
    }
}

/// Reads the times of a message; without any there is no event. What they say of the offset holds for the rest of the
/// message: the clock is told.
pub(crate) fn of<'a>(
    message: &Message<'a>,
    trigger: &Trigger,
    received_at: Timestamp,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Result<Times<'a>, Stop> {
    stockholm.assume(None);
    let sent = written(message.at(field::MSH_SENT), "MSH-7", stockholm, findings);
    let assumed = sent.and_then(|(_, assumed)| assumed);
    stockholm.assume(assumed);
    let sent = sent.map(|(sent, _)| sent);
    let movement = movement_time(message.segment("ZBE"), trigger, stockholm, findings);
    let evn = message.segment("EVN");
    let mut read = |address, path| written(evn?.at(address), path, stockholm, findings).map(|(written, _)| written);
    let occurred = read(field::EVN_OCCURRED, "EVN-6");
    let recorded = read(field::EVN_RECORDED, "EVN-2");
    // A discharge is never before the end of its movement.
    let given = match (movement, occurred) {
        (Some(movement), Some(occurred)) if trigger.code == "A03" && occurred.stated.at > movement.stated.at => {
            Some(occurred)
        }
        (movement, occurred) => movement.or(occurred),
    };
    for stated in [recorded, sent].into_iter().flatten() {
        if stated.stated.at.0 > received_at.0.saturating_add(FUTURE_TOLERANCE_MICROS) {
            findings.add(Rule::TimeInFuture, stated.path);
        }
    }
    if sent.is_some_and(|sent| is_fresh_by_utc(&sent, received_at)) {
        findings.add(Rule::ClockOfUtc, "MSH-7");
    }
    // EVN-2 wins a tie: it is the event's own segment. What is written to the day is no earlier than a time of that day.
    let earlier = match (recorded, sent) {
        (Some(recorded), Some(sent)) if sent.stated.at < recorded.stated.at && !sent.is_coarse() => Some(sent),
        (recorded, sent) => recorded.or(sent),
    };
    let occurred = given.or(earlier).ok_or(Stop::refuse(Rule::TimeMissing, "EVN-2"))?;
    if let Some(Assumed::Other(_)) = assumed
        && has_no_offset(occurred.stated.text)
    {
        findings.add(Rule::ZoneOfMessage, occurred.path);
    }
    let at = if occurred.is_coarse() {
        findings.add(Rule::TimeImprecise, occurred.path);
        supported(&occurred, trigger, [recorded, sent])
    } else {
        occurred.stated.at
    };
    let is_open = occurred.latest > occurred.stated.at;
    let precise = |stated: Option<Written<'a>>, other: Option<Written<'a>>| {
        let stated = stated?;
        let at = other.filter(|other| stated.is_coarse() && !other.is_coarse() && stated.takes_in(other));
        Some(Stated { at: at.map_or(stated.stated.at, |other| other.stated.at), ..stated.stated })
    };
    Ok(Times {
        occurred: Stated { at, ..occurred.stated },
        between: is_open.then_some((occurred.stated.at, occurred.latest)),
        given: given.is_some(),
        recorded: precise(recorded, sent),
        sent: precise(sent, recorded),
    })
}

/// Whether a time without offset is just now by UTC, and so an hour or two old by Swedish time. The zone is only asked
/// about those that are.
fn is_fresh_by_utc(sent: &Written<'_>, received_at: Timestamp) -> bool {
    const HOUR: i64 = 3_600 * 1_000_000;
    let age = received_at.0.saturating_sub(sent.stated.at.0);
    (HOUR - FRESH_MICROS..=2 * HOUR + FRESH_MICROS).contains(&age)
        && !sent.is_coarse()
        && has_no_offset(sent.stated.text)
        && (age - swedish_time::offset_seconds(sent.stated.at.0) * 1_000_000).abs() <= FRESH_MICROS
}

/// The moment within a coarse time that the message supports best.
fn supported(coarse: &Written<'_>, trigger: &Trigger, others: [Option<Written<'_>>; 2]) -> Timestamp {
    let within = others.into_iter().flatten().filter(|other| !other.is_coarse() && coarse.takes_in(other));
    match within.map(|other| other.stated.at).max() {
        Some(at) => at,
        None if trigger.arrives() => coarse.stated.at,
        // To the second, as sources write.
        None => Timestamp(coarse.latest.0.div_euclid(1_000_000) * 1_000_000),
    }
}

/// ZBE-2: when the movement began; of a discharge ZBE-3 if there is one, for its movement is the one that ends.
fn movement_time<'a>(
    zbe: Option<Segment<'_, 'a>>,
    trigger: &Trigger,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Option<Written<'a>> {
    let zbe = zbe?;
    zbe.at(field::ZBE_MOVEMENT).component(1).given()?;
    let end = if trigger.code == "A03" { written(zbe.at(field::ZBE_END), "ZBE-3", stockholm, findings) } else { None };
    end.or_else(|| written(zbe.at(field::ZBE_START), "ZBE-2", stockholm, findings)).map(|(written, _)| written)
}

/// Whether a message says when its movement happened, beside when it was recorded and sent.
pub(crate) fn says_when(message: &Message<'_>) -> bool {
    [field::ZBE_START, field::EVN_OCCURRED].iter().any(|address| message.at(*address).component(1).given().is_some())
}

fn has_no_offset(text: &str) -> bool {
    !text.contains(['+', '-', 'Z'])
}

/// Reads a time field; a text that is no time is noted and not used.
pub(crate) fn read<'a>(
    value: hl7::Value<'a>,
    path: &'static str,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Option<Stated<'a>> {
    written(value, path, stockholm, findings).map(|(written, _)| written.stated)
}

/// A time field, and what it says of the offset of times without one.
fn written<'a>(
    value: hl7::Value<'a>,
    path: &'static str,
    stockholm: &mut Stockholm,
    findings: &mut Findings,
) -> Option<(Written<'a>, Option<Assumed>)> {
    let text = value.component(1).given()?;
    let Ok(moment) = stockholm.read(text) else {
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
    let stated = Stated { at: Timestamp(moment.micros), text };
    let written = Written { stated, latest: Timestamp(moment.latest), precision: moment.precision, path };
    Some((written, stockholm.assumed_of(&moment)))
}

#[cfg(test)]
mod tests {
    use super::super::trigger;
    use super::*;

    const RECEIVED: Timestamp = Timestamp(1_767_700_000_000_000); // 2026-01-06T11:46:40Z

    #[track_caller]
    fn check(msh7: &str, evn2: &str, evn6: &str, expected: Option<(&str, bool)>, rules: &[&str]) {
        let text = format!("MSH|^~\\&|A|B|C|D|{msh7}||ADT^A01|1|P|2.5\rEVN|A01|{evn2}||||{evn6}\r");
        let message = Message::parse(&text).expect("a message");
        let mut findings = Findings::default();
        let Ok(trigger) = trigger::of(&message, &mut findings) else { panic!("{text:?} has a trigger") };
        let times = of(&message, trigger, RECEIVED, &mut Stockholm::new(), &mut findings);
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
        // Received at 11.46.40 UTC, which is 12.46.40 in Sweden in winter.
        check("20260106114600", "20260106114500", "", Some(("20260106114500", false)), &["clock-of-utc"]);
        check("20260106114600+0100", "", "", Some(("20260106114600+0100", false)), &[]);
        check("20260106114430", "", "", Some(("20260106114430", false)), &[]);
        check("20260106104600", "", "", Some(("20260106104600", false)), &[]);
        let twice = &["time-impossible", "time-impossible"];
        check("20260106080000", "00010101", "99991231235959", Some(("20260106080000", false)), twice);
        check("20251026023000", "", "", Some(("20251026023000", false)), &["time-ambiguous"]);
        check("20251026023000+0100", "", "", Some(("20251026023000+0100", false)), &[]);
        check("20250330023000", "", "", Some(("20250330023000", false)), &["time-nonexistent"]);
    }
}
