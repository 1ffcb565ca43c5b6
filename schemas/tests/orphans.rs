//! Every file under `avro/`, `examples/` and `golden/` is used by something.

use std::fs;

use schemas::Kind;

use crate::{files, folder};

#[test]
fn every_schema_file_is_a_version_of_a_kind_and_every_version_has_its_file() {
    let folders: Vec<_> = files("avro").into_iter().map(|(name, _)| name).collect();
    let mut kinds: Vec<_> = Kind::ALL.map(|kind| kind.name().to_owned()).into();
    kinds.sort();
    assert_eq!(folders, kinds);
    for kind in Kind::ALL {
        let names: Vec<_> = files(&format!("avro/{}", kind.name())).into_iter().map(|(name, _)| name).collect();
        let mut expected: Vec<_> = (1..=kind.versions().len()).map(|version| format!("v{version}.avsc")).collect();
        expected.sort();
        assert_eq!(names, expected, "{kind:?}");
        for (version, avsc) in (1..).zip(kind.versions()) {
            let path = folder(&format!("avro/{}/v{version}.avsc", kind.name()));
            assert_eq!(fs::read_to_string(path).expect("readable"), *avsc, "{kind:?} version {version}");
        }
    }
}

#[test]
fn every_schema_says_its_kind_and_what_it_is_for() {
    for kind in Kind::ALL {
        for avsc in kind.versions() {
            let json: serde_json::Value = serde_json::from_str(avsc).expect("JSON");
            assert_eq!(json["name"], kind.name());
            assert!(json["doc"].as_str().is_some_and(|doc| doc.len() > 20), "{kind:?}");
            let namespace = match kind {
                Kind::SourceRecord => "se.vardstrom.source",
                Kind::Parked | Kind::Protection | Kind::Objection => "se.vardstrom.region",
                _ => "se.vardstrom.common",
            };
            assert_eq!(json["namespace"], namespace);
        }
    }
}
