//! Messages of a Debezium topic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| connector::fuzzing::debezium(input.0, input.1));
