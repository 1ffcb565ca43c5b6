//! Records, headers and metadata of Kafka that somebody else wrote.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use schemas::{Common, Decoder, Parked, SourceRecord, Subject, Visitor};

static DECODER: LazyLock<Decoder> = LazyLock::new(Decoder::development);

struct Decoding<'a>(&'a [u8]);

impl<'a> Visitor<'a> for Decoding<'a> {
    type Output = ();

    fn visit<E: Common<'a>>(self) {
        let _ = DECODER.decode::<E>(self.0);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = DECODER.decode::<SourceRecord<'_>>(bytes);
    for subject in Subject::ALL {
        subject.visit(Decoding(bytes));
    }
    let _ = DECODER.decode::<Parked<'_>>(bytes);
    let _ = runtime::origin::Origin::parse(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<runtime::fate::FateCounts>().map(|counts| {
            assert_eq!(counts.to_string().parse(), Ok(counts));
        });
    }
});
