//! Pages and resources of a FHIR server.
#![no_main]

use libfuzzer_sys::fuzz_target;
use processor::dry_run::Input;

fuzz_target!(|bytes: &[u8]| {
    connector::fuzzing::fhir(bytes);
    fuzz::dry_run(bytes, |options| {
        options.format = Some(Input::Fhir);
        options.stays = true;
    });
});
