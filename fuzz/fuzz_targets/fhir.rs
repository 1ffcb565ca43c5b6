//! Pages and resources of a FHIR server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use processor::directory::Directory;
use processor::dry_run::{self, Input, Language};

fuzz_target!(|bytes: &[u8]| {
    connector::fuzzing::fhir(bytes);
    let options = dry_run::Options {
        region: "14".to_owned(),
        directory: Directory::default(),
        program: None,
        code_lists: None,
        format: Some(Input::Fhir),
        census: false,
        stays: true,
        language: Language::En,
        received_at: schemas::Timestamp(1_767_700_000_000_000),
    };
    let _ = dry_run::run(options, bytes, &mut std::io::sink());
});
