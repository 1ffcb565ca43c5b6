//! What the tests share: a pipeline with a fixed key, and a sink that keeps what it is given as JSON.

use identity::Key;
use processor::code_lists::CodeLists;
use processor::directory::Directory;
use processor::dry_run::{Language, Options};
use processor::pipeline::{Outcome, Pipeline, Settings, Sink};
use schemas::{Common, Format, Origin, Parked, Protection, SourceRecord, Timestamp};
use serde_json::Value;

/// 2026-01-15T12:00:00Z, after every example but the ones that are meant to be early.
pub(crate) const RECEIVED_AT: Timestamp = Timestamp(1_768_478_400_000_000);

/// A dry run of region 14 without directory, mapping or code lists: one line for each record, in English.
pub(crate) fn dry_run_options() -> Options {
    Options {
        region: "14".into(),
        directory: Directory::default(),
        program: None,
        code_lists: None,
        format: None,
        census: false,
        stays: false,
        language: Language::En,
        received_at: RECEIVED_AT,
    }
}

/// A pipeline of region 14 whose key is the same in every test.
pub(crate) fn pipeline(directory: Directory) -> Pipeline {
    let key = Key::from_bytes(&std::array::from_fn(|at| at as u8)).expect("a key");
    Pipeline::new(Settings {
        region: "14".into(),
        key,
        key_id: "v1".into(),
        directory,
        programs: Vec::new(),
        interim: false,
    })
    .expect("a pipeline")
}

/// A region's own complete lists: few diagnoses and one procedure, some of them for a time.
pub(crate) fn complete_code_lists() -> CodeLists {
    let folder = tempfile::tempdir().expect("a folder");
    let list = |system: &str, file: &str| {
        format!(
            "[list]\nsystem = \"{system}\"\nversion = \"2026\"\nsource = \"test\"\nvalid_from = \"2020-01-01\"\n\
             complete = true\ncodes = \"{file}\"\n"
        )
    };
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    write("icd.toml", list("ICD_10_SE", "icd.csv"));
    write("icd.csv", "code;name;valid_from;valid_to\nS72.00;Collum;;\nI48.9;Flimmer;;2025-12-31\n".into());
    write("kva.toml", list("KVA", "kva.csv"));
    write("kva.csv", "code;name;valid_from;valid_to\nNFJ59;Osteosyntes;2026-02-04;\n".into());
    CodeLists::with_folder(folder.path()).expect("read")
}

/// The sample unit directory.
pub(crate) fn sample_directory() -> Directory {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/mapping.sample.toml");
    Directory::load(path.as_ref(), "14").expect("the sample mapping file").0
}

/// A unit directory of region 14 that says this.
pub(crate) fn directory(text: &str) -> Directory {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("units.toml");
    std::fs::write(&path, text).expect("written");
    Directory::load(&path, "14").expect("a mapping file").0
}

/// A record of region 14.
pub(crate) fn source(format: Format, payload: &[u8]) -> SourceRecord<'_> {
    SourceRecord {
        region: "14",
        source_system: "SE2321000131-EXEMPEL",
        feed: match format {
            Format::Delimited => "capacity",
            Format::Fhir => "fhir",
            Format::Hl7v2 | Format::Debezium => "adt",
        },
        format,
        message_id: "file-1/2",
        received_at: RECEIVED_AT,
        recorded_at: None,
        source_position: "test",
        payload,
        seal: None,
    }
}

/// Coordinates of a record.
pub(crate) const ORIGIN: Origin<'static> =
    Origin { topic: "region.14.source.adt", partition: 1, offset: 42, ordinal: 0 };

/// What a record became.
#[derive(Default)]
pub(crate) struct Kept {
    pub events: Vec<Value>,
    pub parked: Vec<Value>,
    pub protections: Vec<Value>,
}

impl Kept {
    /// Everything that leaves the pipeline.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.events.iter().chain(&self.parked).chain(&self.protections)
    }
}

impl Sink for Kept {
    fn event<'e, E: Common<'e>>(&mut self, event: &E) {
        self.events.push(serde_json::to_value(event).expect("records serialise"));
    }

    fn protection(&mut self, said: &Protection<'_>) {
        self.protections.push(serde_json::json!([said.key(), serde_json::to_value(said).expect("records serialise")]));
    }

    fn parked(&mut self, record: &Parked<'_>) {
        self.parked.push(serde_json::to_value(record).expect("records serialise"));
    }
}

/// Runs one payload.
pub(crate) fn process(pipeline: &mut Pipeline, format: Format, payload: &[u8]) -> (Outcome, Kept) {
    let mut kept = Kept::default();
    let outcome = pipeline.process(&source(format, payload), ORIGIN, &mut kept);
    match outcome {
        Outcome::Mapped(count) => {
            assert!(count > 0, "a mapped record has an event");
            assert_eq!((kept.events.len(), kept.parked.len()), (count as usize, 0));
        }
        Outcome::Ignored(_) => assert_eq!((kept.events.len(), kept.parked.len()), (0, 0)),
        Outcome::Rejected(_) => {
            let is_mark = |event: &Value| event["envelope"]["event_type"] == schemas::Person::MARK;
            assert!(kept.events.iter().all(is_mark) && kept.parked.len() == 1);
        }
    }
    (outcome, kept)
}
