//! Schemas of a registry and datums of them, as a Debezium topic has them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &[u8])| connector::fuzzing::avro(input.0, input.1));
