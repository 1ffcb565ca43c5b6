//! Each rule of an episode by example, and the promise over all orders of arrival.

mod cancellation;
mod findings;
mod identity;
mod ledger;
mod nesting;
mod occupancy;
mod order;
mod rules;
mod time;

use schemas::{BedKind, CareType, MovementAction, PatientClass, Timestamp, content_hash};
use timeline::{Details, Event, Issuer, Location, Timeline, Trigger, timeline};

/// Builds events: `event("A01", 10, "v1").at("A/1/1")`. Hash and message times follow from what is given.
#[derive(Clone)]
struct Build(Event);

fn event(trigger: &str, minute: i64, episode: &str) -> Build {
    Build(Event {
        id: (content_hash(format!("{trigger} {minute} {episode}").as_bytes()), 0),
        trigger: Trigger::from_code(trigger),
        occurred_at: Timestamp(minute * 60_000_000),
        occurred_given: true,
        occurred_between: None,
        recorded_at: Some(Timestamp(minute * 60_000_000)),
        sent_at: Some(Timestamp(minute * 60_000_000)),
        sequence: None,
        received: (Timestamp(0), 0),
        source_system: "SE2321000131-S1".into(),
        subject: Some("p1".into()),
        subject_aliases: Vec::new(),
        prior_subjects: Vec::new(),
        episode: (!episode.is_empty()).then(|| episode.into()),
        issuer: None,
        prior_episode: None,
        prior_authority: None,
        place: None,
        prior_place: None,
        movement: None,
        details: Details {
            patient_class: PatientClass::Unknown,
            hospital_code: None,
            care_type: CareType::Somatic,
            responsible_unit: None,
            bed_kind: BedKind::Unknown,
            left_out: false,
        },
    })
}

fn location(text: &str) -> Location {
    let mut parts = text.split('/');
    Location {
        unit: parts.next().unwrap_or("").into(),
        room: parts.next().map(Into::into),
        bed: parts.next().map(Into::into),
        facility: parts.next().map(Into::into),
    }
}

impl Build {
    fn at(mut self, place: &str) -> Self {
        self.0.place = Some(location(place));
        self.marked(&format!("at {place}"))
    }

    fn from(mut self, place: &str) -> Self {
        self.0.prior_place = Some(location(place));
        self.marked(&format!("from {place}"))
    }

    fn of(mut self, subject: &str) -> Self {
        self.0.subject = Some(subject.into());
        self.marked(&format!("of {subject}"))
    }

    fn prior(mut self, subject: &str, episode: &str) -> Self {
        self.0.prior_subjects = vec![subject.into()];
        self.0.prior_episode = (!episode.is_empty()).then(|| episode.into());
        self.marked(&format!("prior {subject} {episode}"))
    }

    fn without_event_time(mut self) -> Self {
        self.0.occurred_given = false;
        self.marked("without event time")
    }

    /// Recorded and sent at this minute.
    fn sent(mut self, minute: i64) -> Self {
        self.0.recorded_at = Some(Timestamp(minute * 60_000_000));
        self.0.sent_at = self.0.recorded_at;
        self.marked(&format!("sent {minute}"))
    }

    fn received(mut self, offset: i64) -> Self {
        self.0.received = (Timestamp(0), offset);
        self.marked(&format!("received {offset}"))
    }

    /// Its time can mean any from one minute to another.
    fn between(mut self, earliest: i64, latest: i64) -> Self {
        self.0.occurred_between = Some(Box::new((Timestamp(earliest * 60_000_000), Timestamp(latest * 60_000_000))));
        self.marked(&format!("between {earliest} {latest}"))
    }

    fn by(mut self, authority: &str) -> Self {
        self.0.issuer = Some(Issuer::Authority(authority.into()));
        self.marked(&format!("by {authority}"))
    }

    fn at_facility(mut self, facility: &str) -> Self {
        self.0.issuer = Some(Issuer::Facility(facility.into()));
        self.marked(&format!("at facility {facility}"))
    }

    fn with_alias(mut self, alias: &str) -> Self {
        self.0.subject_aliases.push(alias.into());
        self.marked(&format!("alias {alias}"))
    }

    fn movement(mut self, id: &str, action: MovementAction) -> Self {
        self.0.movement = Some((id.into(), action));
        self.marked(&format!("movement {id} {action:?}"))
    }

    fn seconds(mut self, seconds: i64) -> Self {
        self.0.occurred_at.0 += seconds * 1_000_000;
        self.marked(&format!("and {seconds} s"))
    }

    fn recorded(mut self, minute: i64) -> Self {
        self.0.recorded_at = Some(Timestamp(minute * 60_000_000));
        self.marked(&format!("recorded {minute}"))
    }

    /// Events that differ have ids that differ, as contents have hashes.
    fn marked(mut self, mark: &str) -> Self {
        self.0.id.0 = content_hash(&[&self.0.id.0.0, mark.as_bytes()].concat());
        self
    }
}

fn run(events: &[Build]) -> Timeline {
    timeline(events.iter().map(|build| &build.0))
}

/// Stays as text, `episode place from-to`, an open end left out; the same for the events reversed and repeated.
fn check(events: &[Build], expected: &[&str]) {
    let shown = |timeline: &Timeline| -> Vec<String> {
        timeline
            .stays
            .iter()
            .map(|stay| {
                let place = [Some(&stay.place.unit), stay.place.room.as_ref(), stay.place.bed.as_ref()];
                let place: Vec<&str> = place.into_iter().flatten().map(|part| &**part).collect();
                let minute = |time: Timestamp| time.0 / 60_000_000;
                let to = stay.to.map(|to| minute(to).to_string()).unwrap_or_default();
                format!("{} {} {}-{to}", stay.episode.episode, place.join("/"), minute(stay.from))
            })
            .collect()
    };
    let result = run(events);
    assert_eq!(shown(&result), expected);
    let again = timeline(events.iter().rev().chain(events).map(|build| &build.0));
    assert_eq!(again, result, "order and repeats must not matter");
}

fn rules_found(events: &[Build]) -> Vec<&'static str> {
    run(events).findings.iter().map(|finding| finding.rule.code()).collect()
}
