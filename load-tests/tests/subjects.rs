//! One file lists the common subjects, and what each service does with one follows from it.

use std::collections::BTreeSet;

use schemas::{Kind, Subject, topic};
use topics::{Catalogue, Region};

use crate::sources::{code, sources};

/// Where a subject is declared.
const LIST: &str = "schemas/src/kind.rs";

/// The subjects that code decides by: a variant called as the record (`Subject::Wait`, `Target::Wait`), or the name as a text.
fn named(code: &str) -> BTreeSet<Subject> {
    let is_end = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let has = |what: &str| code.match_indices(what).any(|(at, _)| is_end(&code[at + what.len()..]));
    let is_named =
        |subject: &Subject| has(&format!("::{}", subject.kind().name())) || has(&format!("\"{}\"", subject.name()));
    Subject::ALL.into_iter().filter(is_named).collect()
}

#[test]
fn one_file_lists_the_subjects() {
    let counts: Vec<(String, usize)> = sources().into_iter().map(|(path, code)| (path, named(&code).len())).collect();
    assert!(counts.contains(&(LIST.to_owned(), Subject::ALL.len())), "{LIST} names every subject");
    // Some have to do with the wards' subjects, or with those that a table can fill, which are the statements and capacity: a
    // second list would have more.
    let statements = Subject::ALL.len() - Subject::WARDS.len();
    let is_list = |count: usize| count > Subject::WARDS.len().max(statements + 1);
    let lists: Vec<&str> = counts.iter().filter(|(_, count)| is_list(*count)).map(|(path, _)| path.as_str()).collect();
    assert_eq!(lists, [LIST], "a second list of subjects: let it follow from schemas::Subject");
}

#[test]
fn the_reading_finds_a_list() {
    let of = |text: &str| named(&code(text)).len();
    assert_eq!(of("match kind {\n    Kind::Wait => 1,\n    Kind::Waiting => 2,\n}"), 1);
    assert_eq!(of("[\"encounter\", \"bed-status\", \"encounters\"]"), 2);
    assert_eq!(of("// Kind::Wait\n#[cfg(test)]\nmod tests { Kind::Cost }"), 0);
    let list: Vec<String> = Subject::ALL.iter().map(|subject| format!("Kind::{}", subject.kind().name())).collect();
    assert_eq!(of(&list.join(" | ")), Subject::ALL.len());
}

#[test]
fn every_subject_has_a_schema_a_topic_and_a_place_in_the_store() {
    let catalogue = Catalogue::load();
    for subject in Subject::ALL {
        assert!(!subject.kind().versions().is_empty(), "{subject:?}");
        let name = topic::common("<nn>", subject);
        let declared = catalogue.declarations.iter().find(|declaration| declaration.name == name);
        let declared = declared.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        assert_eq!(declared.kind(), Some(subject.kind()), "{name}");
        assert_eq!(declared.producers, ["processor"], "{name}");
        let is_read_by = |service: &str| declared.consumers.iter().any(|consumer| consumer == service);
        assert!(is_read_by("sink-store"), "{name}");
    }
    for region in Region::all() {
        let stored = sink_store::Source::of_region(region.code());
        let topics = stored.each_ref().map(|source| (source.subject, Kind::of_topic(&source.topic)));
        assert_eq!(topics, Subject::ALL.map(|subject| (subject, Some(subject.kind()))));
    }
}
