//! Messages of PostgreSQL's logical replication.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| connector::fuzzing::pgoutput(bytes));
