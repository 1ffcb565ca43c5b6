//! Datums written with every published version stay readable for ever.
//!
//! `golden/<Kind>.v<n>/<example>.hex` holds what version n wrote. Files of the current version are drawn from the
//! examples (`UPDATE_GOLDEN=1 cargo test -p schemas golden` writes them); files of older versions are never touched.

use std::{collections::BTreeMap, env, fs};

use schemas::{Compatibility, Kind};

use crate::{
    examples, files, folder, kind,
    value::{hex, read, read_as, record_bytes, schema, through_our_records, to_json, unhex},
};

struct Golden {
    kind: Kind,
    version: u32,
    name: String,
    datum: Vec<u8>,
}

fn all() -> Vec<Golden> {
    let mut all = Vec::new();
    for (folder_name, _) in files("golden") {
        let (kind_name, version) = folder_name.split_once(".v").expect("<Kind>.v<n>");
        for (file, path) in files(&format!("golden/{folder_name}")) {
            let name = file.strip_suffix(".hex").unwrap_or_else(|| panic!("{file} is not <example>.hex")).to_owned();
            let datum = unhex(&fs::read_to_string(path).expect("readable").replace('\n', ""));
            all.push(Golden { kind: kind(kind_name), version: version.parse().expect("a version"), name, datum });
        }
    }
    all
}

fn drawn_from_examples() -> BTreeMap<String, String> {
    let drawn = examples::all().0.into_iter().map(|example| {
        let file = format!("golden/{}.v{}/{}.hex", example.kind.name(), example.kind.versions().len(), example.name);
        let digits = hex(&example.datum);
        let lines: Vec<_> = digits.as_bytes().chunks(128).map(|line| str::from_utf8(line).expect("digits")).collect();
        (file, lines.join("\n") + "\n")
    });
    drawn.collect()
}

#[test]
fn the_current_version_writes_what_it_wrote_before() {
    let drawn = drawn_from_examples();
    if env::var_os("UPDATE_GOLDEN").is_some() {
        for (file, text) in &drawn {
            let path = folder(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, text).expect("written");
        }
    }
    for (file, text) in drawn {
        let golden = fs::read_to_string(folder(&file)).unwrap_or_else(|error| {
            panic!("{file}: {error}; after adding an example run UPDATE_GOLDEN=1 cargo test -p schemas golden")
        });
        assert!(golden == text, "{file}: the same example is encoded otherwise than before; publish a new version");
    }
}

#[test]
fn every_version_has_datums_and_every_datum_a_version() {
    let mut count: BTreeMap<_, usize> = BTreeMap::new();
    let drawn = drawn_from_examples();
    for golden in all() {
        let Golden { kind, version, name, .. } = golden;
        *count.entry((kind, version)).or_default() += 1;
        assert!((1..=kind.versions().len()).contains(&(version as usize)), "{kind:?} has no version {version}");
        let file = format!("golden/{}.v{version}/{name}.hex", kind.name());
        let is_current = version as usize == kind.versions().len();
        assert!(!is_current || drawn.contains_key(&file), "{file} belongs to no example");
    }
    for kind in Kind::ALL {
        for version in 1..=kind.versions().len() as u32 {
            assert!(count.get(&(kind, version)).is_some_and(|count| *count >= 3), "{kind:?} version {version}");
        }
    }
}

#[test]
fn every_datum_is_read_by_our_records_and_by_every_version_that_must() {
    for Golden { kind, version, name, datum } in all() {
        let what = format!("{kind:?} version {version}, {name}");
        let bytes = record_bytes(kind, version, &datum);
        through_our_records(kind, &bytes).unwrap_or_else(|error| panic!("{what}: {error}"));

        let writer = schema(kind.versions()[version as usize - 1]);
        let written = to_json(&read(&writer, &datum));
        for (reader_version, avsc) in (1..).zip(kind.versions()) {
            if kind.compatibility() == Compatibility::BackwardTransitive && reader_version < version {
                continue;
            }
            let value = read_as(&writer, &schema(avsc), &datum);
            let value = value.unwrap_or_else(|error| panic!("{what}, read by version {reader_version}: {error}"));
            if reader_version == version {
                assert_eq!(to_json(&value), written, "{what}");
            }
        }
    }
}
