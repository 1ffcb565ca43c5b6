//! Bytes of a connection, in pieces: frames come out, and memory stays bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;

const MESSAGE_MAX: usize = 2048;

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = input;
    let mut frames = hl7::mllp::Frames::new(MESSAGE_MAX);
    for piece in bytes.chunks(usize::from(step).max(1)) {
        frames.push(piece);
        while frames.next().is_some() {}
        assert!(frames.unfinished().len() <= MESSAGE_MAX + 512, "what is not finished is bounded");
        if frames.doubt().is_some() && step % 2 == 0 {
            frames.settle();
            while frames.next().is_some() {}
        }
    }
});
