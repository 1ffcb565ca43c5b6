//! The open stays after a whole file: one JSON line each, sorted as text, so that two programs or two files can be compared.

use schemas::{Encounter, Timestamp};
use serde::Serialize;
use timeline::{Event, Stay};

use super::shown::is_guarded;
use crate::pipeline::rfc3339;

/// Collects what the timeline needs.
#[derive(Default)]
pub struct Census {
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Line<'a> {
    episode: &'a str,
    unit: Option<&'a str>,
    room: Option<&'a str>,
    bed: Option<&'a str>,
    since: String,
}

/// What stands for a text that the guard replaced: its keyed code differs from run to run.
const GUARDED: &str = "guarded";

impl Census {
    /// Adds an event; order and repeats do not matter.
    pub fn add(&mut self, encounter: &Encounter<'_>) {
        self.events.push(Event::from(encounter));
    }

    /// The lines, and how many findings the timeline has.
    pub fn lines(&self) -> (Vec<String>, Vec<timeline::Finding>) {
        let timeline = timeline::timeline(&self.events);
        let open = timeline.stays.iter().filter(|stay| stay.to.is_none());
        let mut lines: Vec<String> = open.map(line).collect();
        lines.sort_unstable();
        (lines, timeline.findings)
    }
}

fn line(stay: &Stay) -> String {
    let Timestamp(micros) = stay.from;
    let line = Line {
        episode: shown(&stay.episode.episode),
        unit: Some(shown(&stay.place.unit)).filter(|unit| !unit.is_empty()),
        room: stay.place.room.as_deref().map(shown),
        bed: stay.place.bed.as_deref().map(shown),
        // To the second: sources write seconds, and a fraction would only make programs differ.
        since: rfc3339(Timestamp(micros.div_euclid(1_000_000) * 1_000_000)),
    };
    // Five texts in a struct always serialise.
    serde_json::to_string(&line).unwrap_or_default()
}

fn shown(text: &str) -> &str {
    if is_guarded(text) { GUARDED } else { text }
}
