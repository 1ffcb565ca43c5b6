//! The examples in `examples/` are shared truth: each is encoded by apache-avro and by us, to the same bytes.

use std::{collections::BTreeMap, fs};

use apache_avro::types::Value;
use schemas::Kind;

use crate::{
    files, kind,
    value::{Choices, choices_offered, read, record_bytes, schema, through_our_records, to_json, write},
};

/// One file of `examples/`: `<Kind>.<what it shows>.json`.
pub(crate) struct Example {
    pub kind: Kind,
    pub name: String,
    pub value: Value,
    /// As apache-avro writes it with the current schema.
    pub datum: Vec<u8>,
}

/// Every example, and which choices of its schema the examples of each kind take.
pub(crate) fn all() -> (Vec<Example>, BTreeMap<Kind, Choices>) {
    let mut choices: BTreeMap<Kind, Choices> = BTreeMap::new();
    let examples = files("examples").into_iter().map(|(file, path)| {
        let stem = file.strip_suffix(".json").unwrap_or_else(|| panic!("{file} is not JSON"));
        let (kind_name, name) = stem.split_once('.').unwrap_or_else(|| panic!("{file} is not <Kind>.<what>.json"));
        let kind = kind(kind_name);
        let text = fs::read_to_string(path).expect("readable");
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let schema = schema(kind.avsc());
        let value = choices.entry(kind).or_default().value(&schema, &json);
        let datum = write(&schema, &value);
        Example { kind, name: name.to_owned(), value, datum }
    });
    (examples.collect(), choices)
}

#[test]
fn each_is_encoded_to_the_same_bytes_by_us_and_by_apache_avro() {
    for example in all().0 {
        let Example { kind, name, value, datum } = example;
        let bytes = record_bytes(kind, kind.versions().len() as u32, &datum);
        assert_eq!(through_our_records(kind, &bytes), Ok(bytes), "{kind:?} {name}");
        assert_eq!(to_json(&read(&schema(kind.avsc()), &datum)), to_json(&value), "{kind:?} {name}");
    }
}

#[test]
fn each_kind_has_several_and_together_they_take_every_choice_of_their_schema() {
    let (examples, choices) = all();
    for kind in Kind::ALL {
        let count = examples.iter().filter(|example| example.kind == kind).count();
        assert!(count >= 3, "{kind:?} has {count} examples");
        let offered = choices_offered(&schema(kind.avsc()));
        let missing: Vec<_> =
            offered.difference(&choices[&kind].taken).filter(|choice| !is_shown_elsewhere(kind, choice)).collect();
        assert!(missing.is_empty(), "no example of {kind:?} has {missing:?}");
    }
}

/// What kinds share is shown by one of them: the envelope and the first place by encounters, an envelope without a
/// subject by events about units.
fn is_shown_elsewhere(kind: Kind, choice: &str) -> bool {
    let without_subject = ["/envelope/subject_token: null", "/envelope/key_id: null"].contains(&choice);
    let envelope = kind != Kind::Encounter && choice.starts_with("/envelope/");
    without_subject || envelope || choice.starts_with("/prior_place/")
}

#[test]
fn ids_in_the_examples_are_distinct() {
    let mut seen = BTreeMap::new();
    for example in all().0 {
        let json = to_json(&example.value);
        if let Some(id) = json["envelope"]["event_id"].as_str() {
            let other = seen.insert(id.to_owned(), example.name.clone());
            assert_eq!(other, None, "{} has the event id of another example", example.name);
        }
    }
}
