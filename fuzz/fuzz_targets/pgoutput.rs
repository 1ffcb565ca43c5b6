//! Messages of PostgreSQL's logical replication.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use replication::pgoutput;

fuzz_target!(|bytes: &[u8]| {
    let _ = pgoutput::table_of_head(bytes);
    let _ = pgoutput::read(Bytes::copy_from_slice(bytes));
});
