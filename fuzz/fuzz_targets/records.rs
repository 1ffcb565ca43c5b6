//! Records, headers and metadata of Kafka that somebody else wrote.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use schemas::{BedCapacity, BedStatus, Clinical, Cost, Decoder, Encounter, Parked, Person, SourceRecord, Wait};

static DECODER: LazyLock<Decoder> = LazyLock::new(Decoder::development);

fuzz_target!(|bytes: &[u8]| {
    let _ = DECODER.decode::<SourceRecord<'_>>(bytes);
    let _ = DECODER.decode::<Encounter<'_>>(bytes);
    let _ = DECODER.decode::<BedCapacity<'_>>(bytes);
    let _ = DECODER.decode::<BedStatus<'_>>(bytes);
    let _ = DECODER.decode::<Person<'_>>(bytes);
    let _ = DECODER.decode::<Wait<'_>>(bytes);
    let _ = DECODER.decode::<Cost<'_>>(bytes);
    let _ = DECODER.decode::<Clinical<'_>>(bytes);
    let _ = DECODER.decode::<Parked<'_>>(bytes);
    let _ = runtime::origin::Origin::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<runtime::fate::FateCounts>().map(|counts| {
            assert_eq!(counts.to_string().parse(), Ok(counts));
        });
    }
});
