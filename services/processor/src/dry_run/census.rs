//! The open stays after a whole file, or all stays: one JSON line each, sorted as text, so that two programs or two files can be compared.

use schemas::{Encounter, Timestamp};
use serde::Serialize;
use timeline::{Event, Stay};

use super::shown::is_guarded;
use crate::directory::FACILITY_MARK;
use crate::verbatim::rfc3339;

/// Collects what the timeline needs.
pub(super) struct Census {
    events: Vec<Event>,
    /// Ended stays are shown too.
    all: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    episode: &'a str,
    unit: Option<&'a str>,
    room: Option<&'a str>,
    bed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facility: Option<&'a str>,
    since: String,
    /// Only where ended stays are shown; null while the patient is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Option<String>>,
}

/// What stands for a text that the guard replaced: its keyed code differs from run to run.
const GUARDED: &str = "guarded";

impl Census {
    /// An empty one, of open stays or of all.
    pub(super) fn of(all: bool) -> Self {
        Self { events: Vec::new(), all }
    }

    /// Adds an event; order and repeats do not matter.
    pub(super) fn add(&mut self, encounter: &Encounter<'_>) {
        self.events.push(Event::from(encounter));
    }

    /// The lines, and how many findings the timeline has.
    pub(super) fn lines(&self) -> (Vec<String>, Vec<timeline::Finding>) {
        let timeline = timeline::timeline(&self.events);
        let shown = timeline.stays.iter().filter(|stay| self.all || stay.to.is_none());
        let mut lines: Vec<String> = shown.map(|stay| line(stay, self.all)).collect();
        lines.sort_unstable();
        (lines, timeline.findings)
    }
}

fn line(stay: &Stay, with_end: bool) -> String {
    let facility = stay.place.facility.as_deref();
    // Where the unit directory tells two units of one code apart by facility, the code stands here as ADT sends it.
    let code = facility.and_then(|facility| stay.place.unit.strip_suffix(facility)?.strip_suffix(FACILITY_MARK));
    let line = Line {
        episode: shown(&stay.episode.episode),
        unit: Some(shown(code.unwrap_or(&stay.place.unit))).filter(|unit| !unit.is_empty()),
        room: stay.place.room.as_deref().map(shown),
        bed: stay.place.bed.as_deref().map(shown),
        facility: facility.filter(|_| code.is_some()).map(shown),
        since: to_the_second(stay.from),
        until: with_end.then(|| stay.to.map(to_the_second)),
    };
    // Texts in a struct always serialise.
    serde_json::to_string(&line).unwrap_or_default()
}

/// Sources write seconds, and a fraction would only make programs differ.
fn to_the_second(Timestamp(micros): Timestamp) -> String {
    rfc3339(Timestamp(micros.div_euclid(1_000_000) * 1_000_000))
}

fn shown(text: &str) -> &str {
    if is_guarded(text) { GUARDED } else { text }
}
