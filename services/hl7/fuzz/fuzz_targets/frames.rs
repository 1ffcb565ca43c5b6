//! A stream gives the same frames however it is cut. The first byte chooses the cut.
#![no_main]

use hl7::mllp::Frames;

fn decode(chunks: &[&[u8]]) -> (Vec<String>, u64, Vec<u8>) {
    let mut frames = Frames::new(64);
    let mut found = Vec::new();
    for chunk in chunks {
        frames.push(chunk);
        while let Some(frame) = frames.next() {
            found.push(format!("{frame:?}"));
        }
    }
    (found, frames.junk_bytes(), frames.unfinished().to_vec())
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((&cut, stream)) = bytes.split_first() else { return };
    let chunks: Vec<&[u8]> = stream.chunks(usize::from(cut).max(1)).collect();
    assert_eq!(decode(&chunks), decode(&[stream]));
});
