//! Every common subject is what the list says, and its records say what they are found by and tied with.

use std::collections::BTreeSet;

use schemas::{Common, Decoder, Event, Kind, Node, Subject, Visitor};

use crate::{
    examples::{self, Example},
    value::record_bytes,
};

/// What an event says of itself, in one line.
struct Said<'a> {
    example: &'a Example,
    bytes: &'a [u8],
}

impl<'a> Visitor<'a> for Said<'a> {
    type Output = String;

    fn visit<E: Common<'a>>(self) -> String {
        let name = format!("{}.{}", self.example.kind.name(), self.example.name);
        let event: E = Decoder::development().decode(self.bytes).expect("an example");
        assert_eq!((E::SUBJECT.kind(), E::KIND), (self.example.kind, self.example.kind), "{name}");
        let is_statement = matches!(event.event(), Event::Statement(_));
        assert_eq!(is_statement, !E::SUBJECT.moves_horizon(), "{name}");
        assert_eq!(is_statement, E::SUBJECT.period().is_some(), "{name}");
        assert!(is_statement || event.envelope().subject_token.is_none() || E::SUBJECT.is_personal(), "{name}");
        let index = event.index();
        assert!(is_statement || (index.contact, index.period) == (None, None), "{name}");
        assert!(!is_statement || (index.contact.is_some(), event.nodes().count()) == (true, 0), "{name}");
        let short = |token: &str| token.rsplit('.').next().unwrap_or(token)[..2].to_owned();
        let node = |node| match node {
            Node::Person(token) => format!("s:{}", short(token)),
            Node::Episode(number) => format!("e:{number}"),
            Node::Unit(unit) => format!("u:{unit}"),
        };
        let nodes: Vec<String> = event.nodes().map(node).collect();
        let key = event.key().map(|key| if key.starts_with("r14.") { short(key) } else { key.to_owned() });
        let found: Vec<&str> = [index.trigger, index.episode, index.unit, index.contact, index.period]
            .map(Option::unwrap_or_default)
            .into();
        format!("{name}: {} | {} | {}", key.unwrap_or_default(), found.join(","), nodes.join(" "))
    }
}

#[test]
fn every_event_says_what_it_is_found_by_and_tied_with() {
    let mut said = BTreeSet::new();
    for example in &examples::all().0 {
        let Some(subject) = example.kind.subject() else { continue };
        let bytes = record_bytes(example.kind, example.kind.versions().len() as u32, &example.datum);
        said.insert(subject.visit(Said { example, bytes: &bytes }));
    }
    // One of each shape: key | trigger, episode, unit, contact, period | nodes.
    for expected in [
        "BedCapacity.staffed: AVD41 | ,,AVD41,, | u:AVD41",
        "BedStatus.free: PSYK 3 | ,,PSYK 3,, | ",
        "Clinical.hip-fracture: AA | ,4711001,,PAR-2026-1,2026-02 | ",
        "Clinical.cancelled: AA | ,,,PAR-2026-9, | ",
        "Cost.hip-fracture: AA | ,,,KPP-2025-1,2025 | ",
        "Cost.visit: KPP-2025-2 | ,,,KPP-2025-2,2025 | ",
        "Encounter.admitted: jx | A01,V2601050017,AVD41,, | s:jx e:V2601050017",
        "Encounter.merged: jx | A40,,,, | s:jx e:V2601050001 s:uf s:xg s:af",
        "Person.merged: jx | A40,,,, | s:jx s:uf s:af s:ai",
        "Person.without-identifier:  | A08,,,, | ",
        "Wait.completed: OPT101-2026-00017 | ,,,OPT101-2026-00017,2026-02 | ",
        "Wait.unclear: BUP8 | ,,,BUP8, | ",
    ] {
        assert!(said.contains(expected), "no {expected:?} in {said:#?}");
    }
}

#[test]
fn every_subject_is_found_by_its_name_and_at_its_place() {
    for (at, subject) in Subject::ALL.into_iter().enumerate() {
        assert_eq!(Subject::of_name(subject.name()), Some(subject));
        assert_eq!(subject as usize, at);
        assert_eq!(Subject::WARDS.contains(&subject), subject.moves_horizon());
        assert_eq!(subject.kind().subject(), Some(subject));
        let json = format!("\"{}\"", subject.name());
        assert_eq!(serde_json::from_str::<Subject>(&json).expect("a name"), subject);
    }
    assert_eq!(Subject::of_name("bed"), None);
}

#[test]
fn the_kinds_keep_their_places_in_the_development_registry() {
    let names: Vec<&str> = Kind::ALL.map(Kind::name).into();
    let kept = [
        "SourceRecord",
        "Encounter",
        "BedCapacity",
        "BedStatus",
        "Person",
        "Parked",
        "Wait",
        "Cost",
        "Clinical",
        "Protection",
        "Objection",
    ];
    assert_eq!(names[..kept.len()], kept);
}
